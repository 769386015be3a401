//! Documentation tests of small trees against what `cargo test -- --list` found in each.
//!
//! `fixtures/cargo/doc-*/doc.txt` holds the tests and then the ignored ones. To record again, in a copy of a `tree`:
//!
//!     cargo test --workspace -- --list | grep -E '\(line [0-9]+\): test$' | LC_ALL=C sort
//!     cargo test --workspace -- --list --ignored | grep -E '\(line [0-9]+\): test$' | LC_ALL=C sort | sed 's/test$/ignored/'
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use cargo_discovery::{Settings, discover};
use test_catalog::{RustTestKind, TestCase};

/// Each case, and how many of its tests only an inexact case stands for: macros make them, or types that the compiler
/// computes.
const CASES: [(&str, usize); 9] = [
    ("doc-comments-2021", 6),
    ("doc-comments-2024", 6),
    ("doc-conditions", 0),
    ("doc-fences", 0),
    ("doc-items-2021", 7),
    ("doc-items-2024", 7),
    ("doc-macros", 8),
    ("doc-targets", 0),
    ("doc-types", 7),
];

fn folder(case: &str) -> Utf8PathBuf {
    Utf8PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/cargo")).join(case)
}

/// The enabled documentation tests of a case.
fn found(case: &str) -> Vec<TestCase> {
    let catalog = discover(&Settings::new(folder(case).join("tree"))).unwrap();
    let takes = |case: &TestCase| case.as_rust().unwrap().kind == RustTestKind::Doc && case.as_rust().unwrap().enabled;
    catalog.cases.into_iter().filter(takes).collect()
}

fn name(case: &TestCase) -> &str {
    &case.as_rust().unwrap().name
}

/// The recorded names behind which `word` stands, with how often each is there: names are not unique.
fn recorded(case: &str, word: &str) -> BTreeMap<String, usize> {
    let text = std::fs::read_to_string(folder(case).join("doc.txt")).unwrap();
    let names = text.lines().filter_map(|line| line.strip_suffix(word)?.strip_suffix(": "));
    counted(names)
}

fn counted<'n>(names: impl Iterator<Item = &'n str>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for name in names {
        *counts.entry(name.to_owned()).or_default() += 1;
    }
    counts
}

fn covers(outer: &str, name: &str) -> bool {
    let rest = name.strip_prefix(outer);
    rest.is_some_and(|rest| rest.is_empty() || ["::", " - ", " ("].iter().any(|sign| rest.starts_with(sign)))
}

#[test]
fn every_documentation_test_is_found_and_none_is_invented() {
    let open = CASES.map(|(case, _)| {
        let (listed, found) = (recorded(case, "test"), found(case));
        let (exact, inexact): (Vec<_>, Vec<_>) = found.iter().partition(|case| case.certainty.is_exact());
        let exact = counted(exact.into_iter().map(name));
        for (name, count) in &exact {
            assert!(listed.get(name) >= Some(count), "{case}: rustdoc lists no `{name}`");
        }
        let mut covered = 0;
        for (listed, count) in &listed {
            let missing = count - exact.get(listed).copied().unwrap_or_default();
            let outer = inexact.iter().find(|one| covers(name(one), listed));
            assert!(missing == 0 || outer.is_some(), "{case}: `{listed}` is not found");
            covered += missing;
        }
        (case, covered)
    });
    assert_eq!(open, CASES, "how many are not known exactly");
}

#[test]
fn what_is_ignored_is_what_rustdoc_ignores() {
    for (case, _) in CASES {
        let found = found(case);
        let ignored =
            found.iter().filter(|case| case.certainty.is_exact() && case.as_rust().unwrap().ignored.is_some());
        assert_eq!(counted(ignored.map(name)), recorded(case, "ignored"), "{case}");
    }
}
