//! Generated patterns held against real git: a pattern has what git would ignore by it, but for GitHub's exceptions.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use marker_policy::code_owners::CodeOwners;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// Which of the paths git ignores by the pattern. Nothing of them is there: git asks for no file.
fn ignored(repository: &Path, pattern: &str, paths: &[String]) -> Vec<String> {
    fs::write(repository.join("excludes"), format!("{pattern}\n")).unwrap();
    let mut git = Command::new("git")
        .args(["-c", "core.excludesFile=excludes", "-c", "core.ignoreCase=false", "check-ignore", "--no-index", "-z"])
        .arg("--stdin")
        .current_dir(repository)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = git.stdin.take().unwrap();
    input.write_all(paths.iter().map(|path| format!("{path}\0")).collect::<String>().as_bytes()).unwrap();
    drop(input);
    let output = git.wait_with_output().unwrap();
    assert!(output.status.code().is_some_and(|code| code < 2), "{pattern}");
    String::from_utf8(output.stdout).unwrap().split_terminator('\0').map(str::to_owned).collect()
}

fn pattern() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        3 => "[ab]",
        2 => Just("*".to_owned()),
        2 => Just("**".to_owned()),
        1 => "[ab*?]{1,3}",
        1 => Just("\\*a".to_owned()),
    ];
    (any::<bool>(), vec(part, 1..4), any::<bool>()).prop_map(|(root, parts, folder)| {
        format!("{}{}{}", if root { "/" } else { "" }, parts.join("/"), if folder { "/" } else { "" })
    })
}

/// GitHub's one exception among patterns that both take: `docs/*` reaches no deeper. And `a**/b`, where git does not do as
/// it is documented: it strips `a` before it looks at the asterisks.
fn is_exception(pattern: &str) -> bool {
    pattern.ends_with("/*") || pattern.split('/').any(|part| part.contains("**") && part != "**")
}

#[test]
fn a_pattern_has_what_git_would_ignore_by_it() {
    let repository = tempfile::tempdir().unwrap();
    assert!(Command::new("git").arg("init").arg("-q").current_dir(repository.path()).status().unwrap().success());
    // All paths of one to four parts.
    let mut paths: Vec<String> = Vec::new();
    let mut longest: Vec<String> = vec![String::new()];
    for _ in 0..4 {
        longest = longest
            .iter()
            .flat_map(|path| ["a", "b", "ab", "*a"].map(|part| format!("{path}/{part}").trim_matches('/').to_owned()))
            .collect();
        paths.extend(longest.clone());
    }
    let mut runner = TestRunner::new(Config { cases: 200, failure_persistence: None, ..Config::default() });
    let strategy = pattern().prop_filter("another meaning", |pattern| !is_exception(pattern));
    runner
        .run(&strategy, |pattern| {
            let owners = CodeOwners::parse(&format!("{pattern} @o"));
            prop_assert_eq!(owners.problems(), []);
            let ours: Vec<String> = paths.iter().filter(|path| owners.rule_of(path).is_some()).cloned().collect();
            prop_assert_eq!(ours, ignored(repository.path(), &pattern, &paths), "{}", pattern);
            Ok(())
        })
        .unwrap();
}
