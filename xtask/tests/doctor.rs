//! What a machine has of what tests need.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;

use support::{answer, xtask};

const TESTS: &str = "import pytest
@pytest.mark.unit
@pytest.mark.timeout(5)
def test_small(): pass
@pytest.mark.e2e
@pytest.mark.model('a/here')
def test_here(): pass
@pytest.mark.e2e
@pytest.mark.model('a/there')
def test_there(): pass
";

#[test]
fn only_what_selected_tests_need_is_asked_for_and_nothing_is_run() {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    fs::create_dir(&tree).unwrap();
    fs::write(tree.join("test_a.py"), format!("open('imported', 'w')\n{TESTS}")).unwrap();
    fs::create_dir_all(folder.path().join("hub/models--a--here/snapshots")).unwrap();
    let python = oracle::python();
    let doctor = |options: &[&str], token: Option<&str>| {
        let mut command = xtask(&["doctor", "--tree", tree.to_str().unwrap(), "--python", python.to_str().unwrap()]);
        command.args(options).env("HF_HOME", folder.path()).env_remove("HF_TOKEN").env_remove("HF_HUB_CACHE");
        command.env_remove("HF_TOKEN_PATH");
        if let Some(token) = token {
            command.env("HF_TOKEN", token);
        }
        answer(&mut command)
    };
    let state = |text: &str, what: &str| {
        let line = text.lines().find(|line| line.contains(&format!(" {what} ")));
        line.map(|line| line.split("  ").next().unwrap_or_default().to_owned())
    };
    let all = doctor(&[], None);
    assert_eq!(all.code, 0, "{}{}", all.stdout, all.stderr);
    for (what, expected) in [("pytest", "ok"), ("pytest-timeout", "ok"), ("models", "look at"), ("HF_TOKEN", "look at")]
    {
        assert_eq!(state(&all.stdout, what).as_deref(), Some(expected), "{what}: {}", all.stdout);
    }
    // How much is free is the machine's.
    let is_scarce = all.stdout.contains("make room");
    let expected = if is_scarce { "look at" } else { "ok" };
    assert_eq!(state(&all.stdout, "disk").as_deref(), Some(expected), "{}", all.stdout);
    assert!(all.stdout.contains("a/there") && !all.stdout.contains("a/here"), "{}", all.stdout);
    assert!(all.stdout.contains("export HF_TOKEN="), "{}", all.stdout);
    let with_token = doctor(&[], Some("hf_0123456789"));
    assert_eq!(state(&with_token.stdout, "HF_TOKEN").as_deref(), Some("ok"));
    assert!(!with_token.stdout.contains("hf_0123456789"));
    let unit = doctor(&["-m", "unit"], None).stdout;
    assert!(!unit.contains("models") && !unit.contains("HF_TOKEN") && !unit.contains("etcd"), "{unit}");
    let none = doctor(&["--python", "/no/such/python"], None);
    assert_eq!(none.code, 2, "an option is given once: {}", none.stderr);
    assert!(!tree.join("imported").exists());
}
