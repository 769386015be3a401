//! Discovery held against real pytest over generated programs: families of small trees, each family about one part of
//! what decides the ids, their order and their markers.
//!
//! The rule is that of the conformance test. A program is known by its seed alone, and one that differs is printed whole.

// The counts are what a reader of the test wants to see.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "../conformance/compare.rs"]
mod compare;
mod fixtures;
mod flow;
mod hooks;
mod imports;
mod namespaces;
mod parametrize;
mod program;
mod scopes;
mod state;
mod trees;
mod turns;

use std::process::{Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use compare::{compared, lines};
use fastrand::Rng;
use oracle::{RELEASES, Release};
use program::Program;
use pytest_discovery::{Settings, discover};
use serde_json::Value as Json;

/// How many programs of each family; `PROGRAMS=5000` makes it a campaign.
const PROGRAMS: u64 = 100;

fn programs() -> u64 {
    std::env::var("PROGRAMS").map_or(PROGRAMS, |count| count.parse().unwrap())
}

/// Of those that differ, the shortest are printed: they say most.
const PRINTED: usize = 5;

/// The shares of pytest's tests, in percent, that must be exact: what is all inexact differs in nothing.
const FLOOR_OF_NAMESPACES: usize = 99;
const FLOOR_OF_NAMESPACES_IN_DOUBT: usize = 85;
const FLOOR_OF_FIXTURES: usize = 99;
const FLOOR_OF_PARAMETRIZE: usize = 75;
const FLOOR_OF_SCOPES: usize = 99;
const FLOOR_OF_STATE: usize = 99;
const FLOOR_OF_STATE_IN_DOUBT: usize = 25;
const FLOOR_OF_GENERATORS: usize = 60;
const FLOOR_OF_HOOKS: usize = 99;
const FLOOR_OF_HOOKS_IN_DOUBT: usize = 30;
const FLOOR_OF_HOOKS_AMONG_VAGUE: usize = 20;
const FLOOR_OF_IMPORTS: usize = 97;
const FLOOR_OF_TURNS: usize = 97;
const FLOOR_OF_TREES: usize = 95;

/// pytest's exit codes where it ends without collecting: a traceback, an internal error, wrong usage.
const ENDED: [u64; 3] = [1, 3, 4];

struct Family {
    /// Program N is made from seed + N.
    seed: u64,
    floor: usize,
    generate: fn(&mut Rng) -> Program,
}

#[test]
fn namespaces_are_those_of_pytest() {
    let generate = |rng: &mut Rng| namespaces::program(rng, flow::DECIDED);
    hold(&Family { seed: 6_000, floor: FLOOR_OF_NAMESPACES, generate });
}

#[test]
fn namespaces_in_doubt_are_not_told() {
    let generate = |rng: &mut Rng| namespaces::program(rng, flow::UNDECIDED);
    hold(&Family { seed: 6_000, floor: FLOOR_OF_NAMESPACES_IN_DOUBT, generate });
}

#[test]
fn fixture_graphs_are_those_of_pytest() {
    hold(&Family { seed: 9_000, floor: FLOOR_OF_FIXTURES, generate: fixtures::program });
}

#[test]
fn parametrizations_are_those_of_pytest() {
    hold(&Family { seed: 10_000, floor: FLOOR_OF_PARAMETRIZE, generate: parametrize::program });
}

#[test]
fn the_order_by_scopes_is_that_of_pytest() {
    hold(&Family { seed: 12_000, floor: FLOOR_OF_SCOPES, generate: scopes::program });
}

#[test]
fn a_modules_state_is_that_of_pytest() {
    let generate = |rng: &mut Rng| state::program(rng, flow::DECIDED);
    hold(&Family { seed: 14_000, floor: FLOOR_OF_STATE, generate });
}

#[test]
fn what_hooks_change_is_what_pytest_has() {
    let generate = |rng: &mut Rng| hooks::program(rng, flow::DECIDED);
    hold(&Family { seed: 16_000, floor: FLOOR_OF_HOOKS, generate });
}

#[test]
fn what_generators_change_is_what_pytest_has() {
    hold(&Family { seed: 20_000, floor: FLOOR_OF_GENERATORS, generate: state::with_generators });
}

#[test]
fn a_modules_state_in_doubt_is_not_told() {
    let generate = |rng: &mut Rng| state::program(rng, flow::UNDECIDED);
    hold(&Family { seed: 14_000, floor: FLOOR_OF_STATE_IN_DOUBT, generate });
}

#[test]
fn what_hooks_change_in_doubt_is_not_told() {
    let generate = |rng: &mut Rng| hooks::program(rng, flow::UNDECIDED);
    hold(&Family { seed: 16_000, floor: FLOOR_OF_HOOKS_IN_DOUBT, generate });
}

#[test]
fn what_hooks_change_among_vague_tests_is_not_told() {
    hold(&Family { seed: 18_000, floor: FLOOR_OF_HOOKS_AMONG_VAGUE, generate: hooks::among_vague });
}

#[test]
fn what_modules_are_by_their_names_is_what_pytest_has() {
    hold(&Family { seed: 24_000, floor: FLOOR_OF_IMPORTS, generate: imports::program });
}

#[test]
fn what_others_changed_before_is_what_pytest_has() {
    hold(&Family { seed: 26_000, floor: FLOOR_OF_TURNS, generate: turns::program });
}

#[test]
fn what_arguments_give_of_a_tree_is_what_the_newest_pytest_gives() {
    hold_of(&TREES, RELEASES[0]);
}

#[test]
fn what_arguments_give_of_a_tree_is_what_older_ones_give() {
    RELEASES[1..].iter().for_each(|release| hold_of(&TREES, *release));
}

const TREES: Family = Family { seed: 22_000, floor: FLOOR_OF_TREES, generate: trees::program };

/// Held against the newest release; `RELEASE=8.4` makes it another one.
fn hold(family: &Family) {
    let asked = std::env::var("RELEASE").ok();
    let release = RELEASES.into_iter().find(|release| asked.as_deref().is_none_or(|name| name == release.name));
    hold_of(family, release.unwrap());
}

fn hold_of(family: &Family, release: Release) {
    let folder = tempfile::tempdir().unwrap();
    let folder = Utf8PathBuf::try_from(folder.path().canonicalize().unwrap()).unwrap();
    let seeds: Vec<u64> = (0..programs()).map(|number| family.seed + number).collect();
    let programs: Vec<Program> = seeds.iter().map(|seed| (family.generate)(&mut Rng::with_seed(*seed))).collect();
    let trees: Vec<Utf8PathBuf> = seeds.iter().map(|seed| folder.join(format!("tree-{seed}"))).collect();
    for (program, tree) in programs.iter().zip(&trees) {
        program.write(tree);
    }

    let records = pytests_records(release, programs.iter().zip(&trees).map(|(program, tree)| (tree, &*program.args)));
    let (mut ids, mut exact, mut lost) = (0, 0, 0);
    let mut differing = Vec::new();
    for (((seed, program), tree), record) in seeds.iter().zip(&programs).zip(&trees).zip(records) {
        let tests = record["tests"].as_array().unwrap();
        let ended = ENDED.iter().any(|code| record["exit"] == *code);
        ids += tests.len();
        lost += usize::from(ended || record["errors"] != Json::Array(Vec::new()));
        let pytest = release.pytest().parse().unwrap();
        let settings = Settings { pytest, args: program.args.clone(), ..Settings::new(tree.clone()) };
        let problems = match discover(&settings) {
            Ok(catalog) => {
                let comparison = compared(&catalog, tests);
                exact += comparison.exact;
                let mut differences = lines(&comparison);
                if ended && catalog.problems.is_empty() {
                    differences.push("pytest ends without collecting, here there is not even a problem".to_owned());
                }
                differences
            }
            Err(_) if ended => Vec::new(),
            Err(error) => vec![error.to_string()],
        };
        if !problems.is_empty() {
            differing.push(format!("pytest {}, seed {seed}:\n{program}  {}\n", release.name, problems.join("\n  ")));
        }
    }

    let share = 100 * exact / ids.max(1);
    println!(
        "pytest {}: {} programs, {lost} with a collection error: {exact} of pytest's {ids} ids are exact, {share} %; {} \
         differ",
        release.name,
        programs.len(),
        differing.len()
    );
    differing.sort_by_key(String::len);
    differing.truncate(PRINTED);
    assert!(differing.is_empty(), "\n{}", differing.join("\n"));
    assert!(share >= family.floor, "only {share} % are exact");
    // A generator of nothing, or of nothing but failures, would show nothing.
    let programs = programs.len();
    assert!(ids > 2 * programs && lost < programs / 4, "{ids} ids, {lost} of {programs} programs with an error");
}

fn pytests_records<'a>(release: Release, cases: impl Iterator<Item = (&'a Utf8PathBuf, &'a [String])>) -> Vec<Json> {
    let cases: Vec<_> = cases.collect();
    let here = Utf8Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pytest = Command::new(oracle::python_of(release))
        .arg(here.join("tests/generated/oracle.py"))
        .arg(here.join("../../fixtures/pytest"))
        // The order of a set of strings must not differ from run to run.
        .env("PYTHONHASHSEED", "0")
        .env_remove("PYTEST_ADDOPTS")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // pytest reads all trees before it collects the first.
    serde_json::to_writer(pytest.stdin.take().unwrap(), &cases).unwrap();
    let output = pytest.wait_with_output().unwrap();
    assert!(output.status.success());
    let records: Vec<Json> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(records.len(), cases.len());
    records
}
