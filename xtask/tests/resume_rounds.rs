//! A repeated run that is killed goes on with the rounds that are missing.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use support::{answer, xtask};

#[test]
fn each_test_has_all_its_rounds_when_a_repeated_run_goes_on() {
    let tree = tempfile::tempdir().unwrap();
    let tests: String = (0..4).map(|test| format!("def test_{test}(): time.sleep(0.05)\n")).collect();
    for file in ["test_a.py", "test_b.py"] {
        fs::write(tree.path().join(file), format!("import time\n{tests}")).unwrap();
    }
    let python = oracle::python();
    let test = |options: &[&str]| {
        let tree = tree.path().to_str().unwrap();
        let mut command = xtask(&["test", "--tree", tree, "-j", "2", "--python", python.to_str().unwrap()]);
        command.args(options);
        command
    };
    let mut runner = test(&["--repeat", "3", "--message-format", "jsonl"]);
    let mut runner = runner.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(runner.stdout.take().unwrap()).lines();
    // Twice in the middle of rounds: killed, and continued and killed again.
    let is_second_round = |line: &String| line.contains("\"case-finished\"") && line.contains("\"round\":1");
    assert!(lines.map(Result::unwrap).any(|line| is_second_round(&line)));
    runner.kill().unwrap();
    runner.wait().unwrap();
    let other = answer(&mut test(&["--resume"]));
    assert_eq!(other.code, 2, "a run with other options: {} {}", other.stdout, other.stderr);
    let mut runner = test(&["--repeat", "3", "--resume", "--message-format", "jsonl"]);
    let mut runner = runner.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(runner.stdout.take().unwrap()).lines();
    assert!(lines.map(Result::unwrap).any(|line| line.contains("\"case-started\"")));
    runner.kill().unwrap();
    runner.wait().unwrap();
    let found = answer(&mut test(&["--repeat", "3", "--resume", "--message-format", "jsonl"]));
    assert_eq!(found.code, 0, "{} {}", found.stdout, found.stderr);
    let events: Vec<serde_json::Value> = found.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let run = events[0]["folder"].as_str().unwrap();
    let mut rounds: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for line in fs::read_to_string(format!("{run}/results.jsonl")).unwrap().lines() {
        let result: serde_json::Value = serde_json::from_str(line).unwrap();
        let round = result["round"].as_u64().unwrap_or_default();
        rounds.entry(result["id"].as_str().unwrap().to_owned()).or_default().push(round);
    }
    rounds.values_mut().for_each(|rounds| rounds.sort_unstable());
    assert_eq!(rounds.len(), 8, "{rounds:?}");
    assert!(rounds.values().all(|rounds| *rounds == [0, 1, 2]), "{rounds:?}");
}
