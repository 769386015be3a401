//! The hook of pre-commit and the step of the GitHub action, as their hosts start them.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::{Answer, answer, repository};

fn tree() -> PathBuf {
    repository().join("fixtures/outputs/tree")
}

/// A script with the tool that is built already.
fn script(name: &str, folder: &Path) -> Command {
    let mut command = Command::new(repository().canonicalize().unwrap().join(".ci").join(name));
    command.current_dir(folder).env("TEST_KIT", env!("CARGO_BIN_EXE_xtask"));
    for variable in ["CI", "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"] {
        command.env_remove(variable);
    }
    command
}

#[test]
fn the_hook_audits_the_folder_that_it_is_started_in() {
    let audited = answer(&mut script("audit", &tree()));
    assert_eq!(audited.code, 1, "{}", audited.stderr);
    assert!(audited.stdout.contains("error[missing-type]"), "{}", audited.stdout);
    let explained = answer(script("audit", &tree()).args(["--explain", "missing-type"]));
    assert_eq!(explained.code, 0, "{}", explained.stderr);
}

#[test]
fn the_action_writes_sarif_and_annotates() {
    let out = tempfile::tempdir().unwrap();
    let path = |name: &str| out.path().join(name);
    let act = |variables: &[(&str, &str)]| -> Answer {
        let mut command = script("action", &tree());
        command.envs(variables.iter().copied()).env("INPUT_SARIF", path("a b.sarif"));
        answer(command.env("GITHUB_OUTPUT", path("output")).env("GITHUB_STEP_SUMMARY", path("summary")))
    };
    let audited = act(&[]);
    assert_eq!(audited.code, 1, "{}", audited.stderr);
    assert!(
        audited.stdout.starts_with("::error file=fixtures/outputs/tree/tests/test_broken.py,"),
        "{}",
        audited.stdout
    );
    assert!(fs::read_to_string(path("a b.sarif")).unwrap().contains("\"version\": \"2.1.0\""));
    assert_eq!(fs::read_to_string(path("output")).unwrap(), format!("sarif={}\n", path("a b.sarif").display()));
    assert!(fs::read_to_string(path("summary")).unwrap().starts_with("## audit-markers"));

    // An input is a value, whatever stands in it.
    let hostile = format!("$(touch {0}); `touch {0}`; touch {0}", path("touched").display());
    for input in ["INPUT_TREE", "INPUT_POLICY", "INPUT_BASELINE", "INPUT_SINCE", "INPUT_FORMAT"] {
        let refused = act(&[(input, &hostile)]);
        assert_eq!(refused.code, 2, "{input}: {}", refused.stderr);
        assert!(!path("touched").exists(), "{input}");
    }
}

#[test]
fn the_action_hands_each_input_to_its_script() {
    let action = fs::read_to_string(repository().join("action.yml")).unwrap();
    let script = fs::read_to_string(repository().join(".ci/action")).unwrap();
    let inputs = action.split("\ninputs:\n").nth(1).unwrap().split("\noutputs:\n").next().unwrap();
    let names = inputs.lines().filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'));
    let names: Vec<&str> = names.filter(|name| !name.starts_with(' ')).collect();
    assert_eq!(names, ["tree", "policy", "format", "baseline", "since", "sarif"]);
    for name in names {
        let variable = format!("INPUT_{}", name.to_uppercase());
        assert!(action.contains(&format!("{variable}: ${{{{ inputs.{name} }}}}\n")), "{name}");
        assert!(script.contains(&format!("${{{variable}")), "{name}");
    }
}
