//! Discovery held against what real pytest collected of the cases of `fixtures/pytest`.
//!
//! The rule: an exact case is pytest's, with the same markers in the same order and in pytest's order; every test of
//! pytest is an exact case, or covered by an inexact case of its function or file. A case under a condition may be
//! missing in pytest.

// The counts are what a reader of the test wants to see.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use camino::Utf8PathBuf;
use pytest_discovery::{Settings, discover};
use serde_json::Value as Json;
use test_catalog::{Catalog, Marker, TestCase, Value};

/// pytest's exit code where it was used wrongly, or where its configuration or an initial conftest is wrong.
const USAGE_ERROR: u64 = 4;

#[test]
fn what_is_called_exact_is_pytests_and_nothing_of_pytests_is_missing() {
    let cases = case_folders();
    let (mut ids, mut exact) = (0, 0);
    let mut differences = Vec::new();
    let known = known_differences();
    let mut known_still = Vec::new();
    for case in &cases {
        let before = differences.len();
        let name = case.file_name().unwrap().to_str().unwrap();
        let expected: Json = serde_json::from_slice(&fs::read(case.join("expected.json")).unwrap()).unwrap();
        let copy = tempfile::tempdir().unwrap();
        let tree = Utf8PathBuf::try_from(copy.path().canonicalize().unwrap()).unwrap().join("tree");
        copy_folder(&case.join("tree"), tree.as_std_path());
        let found = discover(&settings(case, tree));
        let tests = expected["tests"].as_array().unwrap();
        ids += tests.len();
        match found {
            Ok(catalog) => {
                exact += exact_of(&catalog, tests);
                let problems = compare(&catalog, tests);
                differences.extend(problems.into_iter().map(|what| format!("{name}: {what}")));
                if expected["exit"] == USAGE_ERROR && catalog.problems.is_empty() {
                    differences.push(format!("{name}: pytest gives a usage error, here there is not even a problem"));
                }
            }
            Err(error) if expected["exit"] != USAGE_ERROR => differences.push(format!("{name}: {error}")),
            Err(_) => {}
        }
        if known.iter().any(|one| one == name) && differences.len() > before {
            differences.truncate(before);
            known_still.push(name.to_owned());
        }
    }
    println!("known to differ: {}", known_still.join(" "));
    // The list only shrinks: a case that is right now must leave it.
    let mended: Vec<&String> = known.iter().filter(|name| !known_still.contains(name)).collect();
    assert!(mended.is_empty(), "no longer differ, or do not exist: take them out of known-differences.txt: {mended:?}");
    println!("{} cases: {exact} of pytest's {ids} ids are exact; {} differences", cases.len(), differences.len());
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
    // Cases that are all inexact would differ in nothing.
    assert!(exact * 2 > ids, "only {exact} of {ids} ids are exact");
}

/// Exact, with markers that are all known.
fn is_exact(case: &TestCase) -> bool {
    case.certainty.is_exact() && case.markers.doubt().is_none()
}

/// The cases that `fixtures/pytest/known-differences.txt` names, each with what is wrong.
fn known_differences() -> Vec<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/pytest/known-differences.txt");
    let text = fs::read_to_string(file).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split_whitespace().next().unwrap().to_owned()).collect()
}

fn case_folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/pytest");
    let mut cases: Vec<PathBuf> = root.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.join("case.toml").is_file());
    cases.sort();
    assert!(!cases.is_empty());
    cases
}

fn settings(case: &Path, tree: Utf8PathBuf) -> Settings {
    let text = fs::read_to_string(case.join("case.toml")).unwrap();
    let options: toml::Table = text.parse().unwrap();
    let mut settings = Settings::new(tree);
    if let Some(args) = options.get("args") {
        settings.args = args.clone().try_into().unwrap();
    }
    if let Some(env) = options.get("env") {
        settings.env = env.clone().try_into().unwrap();
    }
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

fn exact_of(catalog: &Catalog, tests: &[Json]) -> usize {
    let mut left: HashMap<&str, usize> = HashMap::new();
    for case in catalog.cases.iter().filter(|case| is_exact(case)) {
        *left.entry(case.id.as_str()).or_default() += 1;
    }
    tests
        .iter()
        .filter(|test| {
            left.get_mut(test["id"].as_str().unwrap()).is_some_and(|count| {
                let some = *count > 0;
                *count = count.saturating_sub(1);
                some
            })
        })
        .count()
}

fn compare(catalog: &Catalog, tests: &[Json]) -> Vec<String> {
    let mut differences = Vec::new();
    // Each exact case takes one of pytest's tests of its id: ids are not unique.
    let mut taken = vec![false; tests.len()];
    let mut last = None;
    for case in catalog.cases.iter().filter(|case| is_exact(case)) {
        let place = (0..tests.len()).find(|place| !taken[*place] && tests[*place]["id"] == case.id.as_str());
        let Some(place) = place else {
            if case.conditions.is_empty() {
                differences.push(format!("{} is exact, and pytest has no such test", case.id));
            }
            continue;
        };
        taken[place] = true;
        if last.is_some_and(|last| place < last) {
            differences.push(format!("{} stands elsewhere in pytest's order", case.id));
        }
        last = Some(place);
        differences.extend(compare_markers(case, &tests[place]["marks"]));
    }
    for (test, taken) in tests.iter().zip(taken) {
        let id = test["id"].as_str().unwrap();
        let covered = || catalog.cases.iter().any(|case| !is_exact(case) && covers(case, id));
        if !taken && !covered() {
            differences.push(format!("{id} is missing"));
        }
    }
    differences
}

/// An inexact case stands for its function, or for all of its file.
fn covers(case: &TestCase, id: &str) -> bool {
    let function = case.function.as_str();
    let rest = id.strip_prefix(function);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('[') || rest.starts_with("::"))
}

fn compare_markers(case: &TestCase, expected: &Json) -> Option<String> {
    let expected = expected.as_array().unwrap();
    let here = &case.markers.list;
    if case.markers.open.is_some() {
        // What is known must be there in pytest's order; there may be more.
        let mut rest = expected.iter();
        return (!here.iter().all(|marker| rest.any(|expected| same_marker(marker, expected))))
            .then(|| format!("{}: pytest lacks some of {here:?}", case.id));
    }
    let same = here.len() == expected.len()
        && here.iter().zip(expected).all(|(marker, expected)| same_marker(marker, expected));
    (!same).then(|| {
        let here: Vec<String> = here.iter().map(ToString::to_string).collect();
        format!("{}: markers are {}, here {}", case.id, Json::from(expected.clone()), here.join(" "))
    })
}

fn same_marker(marker: &Marker, expected: &Json) -> bool {
    let args = expected["args"].as_array().unwrap();
    let kwargs = expected["kwargs"].as_object().unwrap();
    expected["name"] == marker.name.as_str()
        && marker.args.len() == args.len()
        && marker.args.iter().zip(args).all(|(here, expected)| same_value(here, expected))
        && marker.kwargs.len() == kwargs.len()
        && marker
            .kwargs
            .iter()
            .zip(kwargs)
            .all(|((name, here), (expected_name, expected))| name == expected_name && same_value(here, expected))
}

/// Where one side is no literal, there is nothing to hold the other against.
fn same_value(here: &Value, expected: &Json) -> bool {
    if expected.get("expr").is_some() {
        return true;
    }
    let same_items = |items: &[Value], expected: &Json| {
        expected.as_array().is_some_and(|expected| {
            items.len() == expected.len()
                && items.iter().zip(expected).all(|(here, expected)| same_value(here, expected))
        })
    };
    match here {
        Value::Expr(_) => true,
        Value::None => expected.is_null(),
        Value::Bool(value) => expected == value,
        Value::Int(value) => expected == value,
        Value::Float(value) => expected.is_f64() && expected == value,
        Value::Str(value) => expected == value,
        Value::List(items) => same_items(items, expected),
        Value::Tuple(items) => same_items(items, &expected["tuple"]),
        Value::Dict(items) => expected["dict"].as_object().is_some_and(|expected| {
            items.len() == expected.len()
                && items.iter().all(|(key, value)| {
                    key.as_str().and_then(|key| expected.get(key)).is_some_and(|expected| same_value(value, expected))
                })
        }),
    }
}
