//! Discovery held against what real cargo listed of the cases of `fixtures/cargo`.
//!
//! The rule is that of `test_catalog::comparison::cargo`. Unless its `case.toml` says otherwise, a case also leaves
//! nothing inexact, and a tree that cargo builds has no broken file.

// The counts are what a reader of the test wants to see.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod case;
mod commands;
mod compare;
mod known;

use std::fs;
use std::path::Path;
use std::process::Command;

use camino::Utf8PathBuf;
use cargo_discovery::discover;
use tempfile::TempDir;
use test_catalog::{Catalog, ProblemKind, TestCase};

use crate::case::{Case, settings};
use crate::commands::Counts;
use crate::compare::{Outcome, compare};
use crate::known::Known;

#[test]
fn what_is_called_exact_is_cargos_and_nothing_of_cargos_is_missing() {
    let cases: Vec<Case> = Case::all().into_iter().filter(|case| !case.commands).collect();
    let mut known = Known::read();
    let mut differences = Vec::new();
    let (mut listed, mut exact, mut runs) = (0, 0, 0);
    for case in &cases {
        let outcomes: Vec<(String, Outcome)> = outcomes(case);
        runs += case.runs.len();
        listed += outcomes.iter().map(|(_, outcome)| outcome.listed).sum::<usize>();
        exact += outcomes.iter().map(|(_, outcome)| outcome.exact).sum::<usize>();
        let covered: usize = outcomes.iter().map(|(_, outcome)| outcome.covered).sum();
        let other_covered = case.covered.filter(|held| *held != covered);
        let problems = outcomes.into_iter().flat_map(|(run, outcome)| {
            outcome.problems.into_iter().map(move |what| format!("{} `{run}`: {what}", case.name))
        });
        let problems =
            problems.chain(other_covered.map(|held| {
                format!("{}: inexact cases stand for {covered} tests, and `covered` says {held}", case.name)
            }));
        let problems: Vec<String> = problems.collect();
        if !problems.is_empty() && !known.expects(&case.name) {
            differences.extend(problems);
        }
    }
    println!("{} cases, {runs} runs: {exact} of {listed} tests are exact", cases.len());
    println!("{} known differences hold", known.still());
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
    // The list only shrinks: a case that is right now must leave it.
    let mended = known.mended();
    assert!(mended.is_empty(), "no longer differ, or do not exist: take them out of known-differences.txt: {mended:?}");
}

#[test]
fn a_command_runs_what_cargo_runs() {
    let mut counts = Counts::default();
    for case in Case::all() {
        commands::compare(&case, &mut counts);
    }
    println!("{} answers, {} of them unknown", counts.told, counts.unknown);
    assert!(counts.wrong.is_empty(), "\n{}", counts.wrong.join("\n"));
    // Where all were unknown, none could be wrong.
    assert!(counts.unknown * 50 < counts.told, "{} of {} answers are unknown", counts.unknown, counts.told);
}

#[test]
#[ignore = "builds every case with cargo, which takes minutes"]
fn the_records_are_what_cargo_says() {
    let mut command = Command::new("python3");
    command.arg(case::root().join("record.py")).arg("--check");
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{command:?}:\n{said}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_table_of_clauses_names_all_cases_and_no_others() {
    let readme = fs::read_to_string(case::root().join("README.md")).unwrap();
    let (_, table) = readme.split_once("## Clauses").unwrap();
    let rows = table.lines().filter(|line| line.starts_with('|')).skip(2);
    let mut named: Vec<&str> = rows
        .flat_map(|row| row.trim_end_matches([' ', '|']).rsplit('|').next().unwrap().split(','))
        .map(|case| case.trim().trim_matches('`'))
        .collect();
    named.sort_unstable();
    named.dedup();
    let cases = Case::all();
    let existing: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    let unknown: Vec<_> = named.iter().filter(|name| !existing.contains(name)).collect();
    let unnamed: Vec<_> = existing.iter().filter(|name| !named.contains(name)).collect();
    assert!(unknown.is_empty() && unnamed.is_empty(), "no such case: {unknown:?}; not in the table: {unnamed:?}");
}

/// What each run comes to.
fn outcomes(case: &Case) -> Vec<(String, Outcome)> {
    let truth = case.truth();
    let (_copy, tree) = fresh_copy(case);
    let mut outcomes = Vec::new();
    for (run, listings) in truth {
        let catalog = discover(&settings(tree.clone(), &run)).unwrap();
        for (workspace, listing) in &listings {
            let own: Vec<&TestCase> = catalog.cases.iter().filter(|one| workspace_of(one) == workspace).collect();
            outcomes.push((run.clone(), compare(&own, listing, case)));
        }
        outcomes.push((run, leftovers(&catalog, case)));
    }
    outcomes
}

/// The tree of a case where no other manifest lies above it.
fn fresh_copy(case: &Case) -> (TempDir, Utf8PathBuf) {
    let copy = tempfile::tempdir().unwrap();
    let tree = Utf8PathBuf::try_from(copy.path().canonicalize().unwrap()).unwrap().join("tree");
    copy_folder(&case.tree(), tree.as_std_path());
    for workspace in &case.workspaces {
        // As the recorder does: names of generated tests may depend on the release of what makes them.
        let lock = tree.join(workspace).join("Cargo.lock");
        if !lock.is_file() {
            fs::copy(case::root().join("dependencies/Cargo.lock"), lock).unwrap();
        }
    }
    (copy, tree)
}

fn workspace_of(case: &TestCase) -> &str {
    match case.as_rust().unwrap().target.workspace.as_str() {
        "" => ".",
        folder => folder,
    }
}

/// Exact cases in workspaces that the case does not know of, and files said to be broken that cargo builds.
fn leftovers(catalog: &Catalog, case: &Case) -> Outcome {
    let elsewhere = |one: &&TestCase| !case.workspaces.iter().any(|workspace| workspace == workspace_of(one));
    let exact = |one: &&TestCase| one.certainty.is_exact() && one.as_rust().unwrap().enabled;
    let elsewhere = catalog.cases.iter().filter(elsewhere).filter(exact);
    let mut problems: Vec<String> =
        elsewhere.map(|one| format!("{} is held to be in the workspace {}", one.id, workspace_of(one))).collect();
    let broken = catalog.problems.iter().filter(|problem| problem.kind != ProblemKind::Orphan);
    problems.extend(broken.map(|problem| format!("{}:{:?} {}", problem.at.file, problem.kind, problem.message)));
    Outcome { problems, ..Outcome::default() }
}

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
