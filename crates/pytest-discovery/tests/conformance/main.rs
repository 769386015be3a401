//! Discovery held against what real pytest collected of the cases of `fixtures/pytest`, for each release.
//!
//! The rule: an exact case is pytest's, with the same markers in the same order and in pytest's order; every test of
//! pytest is an exact case, or covered by an inexact case of its function or file. A case under a condition may be
//! missing in pytest.

// The counts are what a reader of the test wants to see.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod compare;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use camino::Utf8PathBuf;
use oracle::{RELEASES, Release};
use pytest_discovery::{DiscoveryError, Settings, discover};
use serde_json::Value as Json;
use test_catalog::Catalog;

use crate::compare::{compared, lines};

/// pytest's exit codes where it ends without collecting: a traceback, an internal error, wrong usage.
const ENDED: [u64; 3] = [1, 3, 4];

#[test]
fn what_is_called_exact_is_pytests_and_nothing_of_pytests_is_missing() {
    let folders = case_folders();
    let mut differences = Vec::new();
    let mut counts = [(0, 0); RELEASES.len()];
    for folder in &folders {
        let name = folder.file_name().unwrap().to_str().unwrap();
        let copy = tempfile::tempdir().unwrap();
        let tree = Utf8PathBuf::try_from(copy.path().canonicalize().unwrap()).unwrap().join("tree");
        copy_folder(&folder.join("tree"), tree.as_std_path());
        for (release, (ids, exact)) in RELEASES.into_iter().zip(&mut counts) {
            let expected = expected(folder, release);
            let found = discover(&settings(folder, tree.clone(), release));
            *ids += expected["tests"].as_array().unwrap().len();
            let (right, problems) = held_against(&found, &expected);
            *exact += right;
            differences.extend(problems.into_iter().map(|what| format!("{name}@{}: {what}", release.name)));
        }
    }
    for (release, (ids, exact)) in RELEASES.into_iter().zip(counts) {
        println!("pytest {}: {exact} of {ids} ids are exact", release.pytest());
    }
    println!("{} cases", folders.len());
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
    // Cases that are all inexact would differ in nothing.
    assert!(counts.iter().all(|(ids, exact)| exact * 10 > ids * 8), "too few ids are exact: {counts:?}");
}

#[test]
fn the_records_are_what_the_newest_pytest_says() {
    // The other releases are held against theirs by `cargo xtask ci --full`.
    let mut command = Command::new("python3");
    command.arg(cases().join("record.py")).args(["--check", "--release", RELEASES[0].name]);
    let output = command.arg("--environments").arg(oracle::environments()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{command:?}:\n{said}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_table_of_edge_cases_names_cases_that_exist() {
    let readme = fs::read_to_string(cases().join("README.md")).unwrap();
    let (_, table) = readme.split_once("## Edge cases").unwrap();
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with('|')).skip(2).collect();
    assert!(!rows.is_empty());
    for row in rows {
        let named = row.trim_end_matches([' ', '|']).rsplit('|').next().unwrap();
        for case in named.split(',').map(|case| case.trim().trim_matches('`')) {
            assert!(cases().join(case).join("case.toml").is_file(), "there is no case {case}: {row}");
        }
    }
}

/// How many of pytest's tests are exact cases, and what differs.
fn held_against(found: &Result<Catalog, DiscoveryError>, expected: &Json) -> (usize, Vec<String>) {
    let ended = ENDED.iter().any(|code| expected["exit"] == *code);
    match found {
        Ok(catalog) => {
            let comparison = compared(catalog, expected["tests"].as_array().unwrap());
            let mut differences = lines(&comparison);
            if ended && catalog.problems.is_empty() {
                differences.push("pytest ends without collecting, here there is not even a problem".to_owned());
            }
            (comparison.exact, differences)
        }
        Err(_) if ended => (0, Vec::new()),
        Err(error) => (0, vec![error.to_string()]),
    }
}

/// The folder of all cases.
fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/pytest")
}

fn case_folders() -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = cases().read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.join("case.toml").is_file());
    cases.sort();
    assert!(!cases.is_empty());
    cases
}

/// What that release says: its own record where it differs from the newest.
fn expected(case: &Path, release: Release) -> Json {
    let own = case.join(format!("expected-{}.json", release.name));
    let file = if own.is_file() { own } else { case.join("expected.json") };
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

fn settings(case: &Path, tree: Utf8PathBuf, release: Release) -> Settings {
    let text = fs::read_to_string(case.join("case.toml")).unwrap();
    let options: toml::Table = text.parse().unwrap();
    let mut settings = Settings { pytest: release.pytest().parse().unwrap(), ..Settings::new(tree) };
    if let Some(args) = options.get("args") {
        settings.args = args.clone().try_into().unwrap();
    }
    if let Some(env) = options.get("env") {
        settings.env = env.clone().try_into().unwrap();
    }
    // The one library that no case has.
    settings.absent_modules.insert("module_that_is_nowhere".to_owned());
    settings
}

/// Each tree is read where no other configuration lies above it.
fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in from.read_dir().unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(entry.path()).unwrap(), target).unwrap();
        } else if kind.is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
