//! A test that passed and failed in two runs of one revision.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::process::Command;

use support::{answer, xtask};

#[test]
fn the_run_that_shows_a_test_to_be_flaky_says_so() {
    let (tree, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let flag = outside.path().join("passes");
    let source = format!("import pathlib\ndef test_a(): assert pathlib.Path({flag:?}).exists()\ndef test_b(): pass\n");
    fs::write(tree.path().join("test_a.py"), source).unwrap();
    fs::write(tree.path().join(".gitignore"), "target\n__pycache__\n.pytest_cache\n").unwrap();
    let git = |words: &[&str]| {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=a", "-c", "user.email=a@b"]).args(words).current_dir(tree.path());
        assert!(command.output().unwrap().status.success(), "{words:?}");
    };
    git(&["init", "--quiet"]);
    let commit = |message: &str| {
        git(&["add", "--all"]);
        git(&["commit", "--quiet", "--allow-empty", "--message", message]);
    };
    commit("one");
    let python = oracle::python();
    let run = || {
        let tree = tree.path().to_str().unwrap();
        answer(&mut xtask(&["test", "--tree", tree, "-j", "1", "--python", python.to_str().unwrap()]))
    };
    let told = "flaky: test_a.py::test_a: passed 1 of 2 times on this revision\n";
    let first = run();
    assert_eq!((first.code, first.stdout.contains("flaky")), (1, false), "{}", first.stdout);
    fs::write(&flag, "").unwrap();
    let second = run();
    assert_eq!((second.code, second.stdout.contains(told)), (0, true), "{}", second.stdout);
    assert_eq!(second.stdout.matches("flaky").count(), 1, "{}", second.stdout);
    // What passes with a change was repaired, for all that is known.
    commit("two");
    let third = run();
    assert_eq!((third.code, third.stdout.contains("flaky")), (0, false), "{}", third.stdout);
}
