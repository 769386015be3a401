//! Cases of which only a binary knows the tests, when a run is killed and goes on, and several that go on with one run.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use support::{Answer, answer, xtask};

/// A build script writes tests, of which reading knows the module alone.
#[test]
fn tests_that_only_the_binary_knows_have_one_result_when_a_run_goes_on_and_are_found_where_they_failed() {
    let tree = tempfile::tempdir().unwrap();
    let write = |file: &str, text: &str| fs::write(tree.path().join(file), text).unwrap();
    fs::create_dir(tree.path().join("src")).unwrap();
    write("Cargo.toml", "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[workspace]\n");
    let tests = "#[test] fn made() {}\n\
        #[test] fn made_too() {\n    \
            while std::path::Path::new(\"hang\").exists() { std::thread::sleep(std::time::Duration::from_millis(9)) }\n    \
            assert!(!std::path::Path::new(\"broken\").exists());\n\
        }\n";
    let build = format!(
        "fn main() {{ std::fs::write(format!(\"{{}}/tests.rs\", std::env::var(\"OUT_DIR\").unwrap()), {tests:?}).unwrap() }}\n"
    );
    write("build.rs", &build);
    let library = "#[cfg(test)]\nmod tests {\n    #[test] fn known() {}\n    \
        include!(concat!(env!(\"OUT_DIR\"), \"/tests.rs\"));\n}\n";
    write("src/lib.rs", library);
    let test = |options: &[&str]| {
        let mut command = xtask(&["test", "--tree", tree.path().to_str().unwrap(), "--message-format", "jsonl"]);
        command.args(options);
        command
    };
    write("hang", "");
    let mut runner = test(&[]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(runner.stdout.take().unwrap()).lines();
    let is_first = |line: &String| line.contains("\"case-finished\"") && line.contains("tests::made\"");
    assert!(lines.map(Result::unwrap).any(|line| is_first(&line)));
    runner.kill().unwrap();
    runner.wait().unwrap();
    fs::remove_file(tree.path().join("hang")).unwrap();
    write("broken", "");
    let outcomes = |found: &Answer| {
        let first: serde_json::Value = serde_json::from_str(found.stdout.lines().next().unwrap()).unwrap();
        let results = fs::read_to_string(format!("{}/results.jsonl", first["folder"].as_str().unwrap())).unwrap();
        let outcome = |line: &str| {
            let result: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| result[key].as_str().unwrap().to_owned();
            (text("id"), text("outcome"))
        };
        let mut outcomes: Vec<_> = results.lines().map(outcome).collect();
        outcomes.sort();
        outcomes
    };
    let expected = |named: &[(&str, &str)]| {
        let named = named.iter().map(|(name, outcome)| (format!("tiny tests::{name}"), (*outcome).to_owned()));
        named.collect::<Vec<_>>()
    };
    let found = answer(&mut test(&["--resume"]));
    assert_eq!(found.code, 1, "{} {}", found.stdout, found.stderr);
    assert_eq!(outcomes(&found), expected(&[("known", "passed"), ("made", "passed"), ("made_too", "failed")]));
    fs::remove_file(tree.path().join("broken")).unwrap();
    let found = answer(&mut test(&["--failed"]));
    assert_eq!(found.code, 0, "{} {}", found.stdout, found.stderr);
    assert!(outcomes(&found).contains(&expected(&[("made_too", "passed")])[0]), "{}", found.stdout);
}

#[test]
fn of_several_that_continue_a_run_at_once_one_does() {
    let python = oracle::python();
    for round in 0..3 {
        let tree = tempfile::tempdir().unwrap();
        let tests: String = (0..6).map(|test| format!("def test_{test}(): time.sleep(0.3)\n")).collect();
        fs::write(tree.path().join("test_a.py"), format!("import time\n{tests}")).unwrap();
        let test = |options: &[&str]| {
            let mut command = xtask(&["test", "--tree", tree.path().to_str().unwrap()]);
            command.arg("--python").arg(&python).args(options).stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().unwrap()
        };
        let mut runner = test(&["--message-format", "jsonl"]);
        let lines = BufReader::new(runner.stdout.take().unwrap()).lines();
        assert!(lines.map(Result::unwrap).any(|line| line.contains("\"case-finished\"")));
        runner.kill().unwrap();
        runner.wait().unwrap();
        let all = [(); 4].map(|()| test(&["--resume"])).map(|runner| runner.wait_with_output().unwrap());
        let codes = all.each_ref().map(|found| found.status.code().unwrap());
        let said: Vec<_> = all.iter().map(|found| String::from_utf8_lossy(&found.stderr)).collect();
        assert_eq!(codes.iter().filter(|code| **code == 0).count(), 1, "{round}: {codes:?} {said:#?}");
        assert_eq!(codes.iter().filter(|code| **code == 2).count(), 3, "{round}: {codes:?} {said:#?}");
    }
}
