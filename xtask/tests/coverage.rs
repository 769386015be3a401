//! `test --coverage` as people and programs read it, and what it says where something is missing.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use support::{answer, repository, xtask};

fn tree() -> tempfile::TempDir {
    let tree = tempfile::tempdir().unwrap();
    fs::write(tree.path().join("code.py"), "def sign(x):\n    if x < 0:\n        return -1\n    return 1\n").unwrap();
    fs::write(tree.path().join("conftest.py"), "import os, sys\nsys.path.insert(0, os.path.dirname(__file__))\n")
        .unwrap();
    fs::write(
        tree.path().join("test_a.py"),
        "import importlib.util as u\ndef test_a():\n    \
         spec = u.spec_from_file_location('own', 'code.py')\n    \
         own = u.module_from_spec(spec)\n    spec.loader.exec_module(own)\n    assert own.sign(1) == 1\n",
    )
    .unwrap();
    tree
}

fn test(tree: &Path, python: &Path, options: &[&str]) -> Command {
    let (tree, python) = (tree.to_str().unwrap(), python.to_str().unwrap());
    let mut command = xtask(&["test", "--tree", tree, "-j", "2", "--python", python, "--coverage"]);
    command.args(options);
    command
}

#[test]
fn the_figures_stand_in_the_summary_in_events_and_on_the_page_of_a_job() {
    let tree = tree();
    let python = oracle::python_with_coverage();
    let summary = tree.path().join("summary.md");
    let mut command = test(tree.path(), &python, &["--message-format", "jsonl"]);
    let found = answer(command.env("GITHUB_STEP_SUMMARY", &summary));
    assert_eq!(found.code, 0, "{}", found.stderr);
    let schema = fs::read_to_string(repository().join("docs/events.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let events: Vec<Value> = found.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let event = events.iter().find(|event| event["event"] == "coverage").unwrap();
    let wrong: Vec<_> = schema.iter_errors(event).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{event}: {wrong:#?}");
    // code.py has four lines of which three ran, conftest.py two, test_a.py seven.
    let root = serde_json::json!([{ "language": "python", "folder": "", "covered": 11, "lines": 12 }]);
    assert_eq!(event["parts"], root, "{event}");
    assert!(Path::new(event["lcov"].as_str().unwrap()).is_file());
    assert!(found.stderr.contains("91.6%"), "{}", found.stderr);
    let page = fs::read_to_string(&summary).unwrap();
    assert!(page.contains("| Python all | 11 | 12 | 91.6% |"), "{page}");
}

#[test]
fn what_is_missing_is_told_with_its_remedy_before_anything_runs() {
    let tree = tree();
    let python = oracle::python();
    let found = answer(&mut test(tree.path(), &python, &[]));
    assert_eq!(found.code, 3, "{}", found.stderr);
    assert!(found.stderr.contains("pip install pytest-cov"), "{}", found.stderr);
    assert!(!tree.path().join("target/xtask/runs").exists());
    let (path, python) = (tree.path().to_str().unwrap(), python.to_str().unwrap());
    let doctor = answer(&mut xtask(&["doctor", "--tree", path, "--python", python, "--coverage"]));
    assert_eq!(doctor.code, 3, "{}", doctor.stdout);
    assert!(doctor.stdout.contains("pytest-cov"), "{}", doctor.stdout);
}
