//! Tests that are repeated, in a run that is killed and gone on with.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use support::{answer, xtask};

const ROUNDS: usize = 4;
const PYTHON: &str = "import time\ndef test_a(): time.sleep(0.1)\ndef test_b(): time.sleep(0.1)\n";
const MANIFEST: &str = "[package]\nname = \"small\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n";
const RUST: &str = "#[test] fn c() { std::thread::sleep(std::time::Duration::from_millis(100)); }\n#[test] fn d() {}\n";

fn test(tree: &Path, options: &[&str]) -> Command {
    let python = oracle::python();
    let mut command =
        xtask(&["test", "--tree", tree.to_str().unwrap(), "-j", "1", "--python", python.to_str().unwrap()]);
    command.args(["--repeat", "4", "--message-format", "jsonl"]).args(options);
    command
}

fn finished(line: &str) -> Option<(String, u64)> {
    let event: serde_json::Value = serde_json::from_str(line).unwrap();
    let is_passed = event["event"] == "case-finished" && event["outcome"] == "passed";
    is_passed.then(|| (event["id"].as_str().unwrap().to_owned(), event["round"].as_u64().unwrap()))
}

#[test]
fn a_run_that_goes_on_runs_the_rounds_that_are_missing_and_no_other() {
    let tree = tempfile::tempdir().unwrap();
    fs::create_dir(tree.path().join("src")).unwrap();
    for (file, text) in [("test_a.py", PYTHON), ("Cargo.toml", MANIFEST), ("src/lib.rs", RUST)] {
        fs::write(tree.path().join(file), text).unwrap();
    }
    let mut rounds: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for (number, kill_after) in [2, 5, usize::MAX].into_iter().enumerate() {
        let options: &[&str] = if number == 0 { &[] } else { &["--resume"] };
        if number == 1 {
            let other = answer(&mut xtask(&["test", "--tree", tree.path().to_str().unwrap(), "--resume"]));
            assert_eq!(other.code, 2, "how often tests run is one of the options: {} {}", other.stdout, other.stderr);
        }
        let mut run = test(tree.path(), options).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(run.stdout.take().unwrap()).lines().map(Result::unwrap);
        let told = lines.filter_map(|line| finished(&line)).take(kill_after);
        told.for_each(|(id, round)| rounds.entry(id).or_default().push(round));
        if kill_after < usize::MAX {
            run.kill().unwrap();
        }
        assert_eq!(run.wait().unwrap().success(), kill_after == usize::MAX);
    }
    // What was kept and not read before a kill is not run again: each round ran once at most, as far as it was told.
    assert_eq!(rounds.len(), 4, "{rounds:?}");
    for (id, rounds) in rounds {
        assert_eq!(rounds.iter().collect::<BTreeSet<_>>().len(), rounds.len(), "{id}: {rounds:?}");
    }
    let last = fs::read_dir(tree.path().join("target/xtask/runs")).unwrap().map(|run| run.unwrap().path()).max();
    let results = fs::read_to_string(last.unwrap().join("results.jsonl")).unwrap();
    let mut of_last: Vec<(String, u64)> = results
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|line| (line["id"].as_str().unwrap().to_owned(), line["round"].as_u64().unwrap()))
        .collect();
    of_last.sort();
    let told = of_last.len();
    of_last.dedup();
    assert_eq!((told, of_last.len()), (4 * ROUNDS, 4 * ROUNDS), "{of_last:?}");
    let again = answer(&mut test(tree.path(), &["--resume"]));
    assert_eq!(again.code, 2, "{}", again.stderr);
}
