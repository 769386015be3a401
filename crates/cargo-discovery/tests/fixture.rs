//! The static list of the fixture tree against what `cargo nextest list` found in it.
//!
//! To record again, in `fixtures/dynamo`, with E=../../crates/cargo-discovery/tests/expected:
//!
//!     cargo nextest list --workspace --run-ignored all --message-format oneline > $E/default.txt
//!     cargo nextest list --workspace --all-features --run-ignored all --message-format oneline > $E/all-features.txt
//!     cargo nextest list --workspace --all-features --run-ignored only --message-format oneline > $E/ignored.txt
//!     cargo test --workspace --doc -- --list 2> /dev/null | grep ': test$' > $E/doc.txt
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use cargo_discovery::{FeatureSelection, Settings, discover};
use test_catalog::{Catalog, ProblemKind, RustTestKind, TestCase};

fn fixture(folder: &str, all_features: bool) -> Catalog {
    let tree = Utf8PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/dynamo")).join(folder);
    let features = FeatureSelection { all: all_features, ..FeatureSelection::default() };
    discover(&Settings { features, ..Settings::new(tree) }).unwrap()
}

fn ids(catalog: &Catalog, takes: impl Fn(&TestCase) -> bool) -> BTreeSet<String> {
    let enabled = catalog.cases.iter().filter(|case| case.as_rust().unwrap().enabled && takes(case));
    enabled.map(|case| case.id.as_str().to_owned()).collect()
}

fn lines(text: &str) -> BTreeSet<String> {
    text.lines().map(str::to_owned).collect()
}

/// nextest lists no documentation tests.
fn is_doc(case: &TestCase) -> bool {
    case.as_rust().unwrap().kind == RustTestKind::Doc
}

#[test]
fn the_static_list_is_the_one_of_nextest() {
    for (all_features, recorded) in
        [(false, include_str!("expected/default.txt")), (true, include_str!("expected/all-features.txt"))]
    {
        let catalog = fixture("", all_features);
        assert_eq!(ids(&catalog, |case| !is_doc(case)), lines(recorded), "all features: {all_features}");
        let cases = catalog.cases.iter().filter(|case| !is_doc(case));
        assert_eq!(cases.count(), lines(include_str!("expected/all-features.txt")).len());
        assert!(catalog.cases.iter().all(|case| case.certainty.is_exact()), "the fixture leaves nothing open");
        assert!(catalog.problems.is_empty(), "{:?}", catalog.problems);
    }
}

#[test]
fn the_documentation_tests_are_those_of_rustdoc() {
    let catalog = fixture("", false);
    let names = catalog.cases.iter().filter(|case| is_doc(case)).map(|case| case.as_rust().unwrap().name.clone());
    let recorded = include_str!("expected/doc.txt").lines().map(|line| line.trim_end_matches(": test").to_owned());
    assert_eq!(names.collect::<BTreeSet<_>>(), recorded.collect());
}

#[test]
fn what_is_ignored_is_what_nextest_calls_ignored() {
    let ignored = ids(&fixture("", true), |case| case.as_rust().unwrap().ignored.is_some());
    assert_eq!(ignored, lines(include_str!("expected/ignored.txt")));
}

#[test]
fn the_mistakes_of_the_broken_tree_are_problems() {
    let catalog = fixture("mistakes", false);
    let problems: Vec<_> = catalog.problems.iter().map(|one| (one.kind, one.at.file.as_str())).collect();
    assert_eq!(
        problems,
        [(ProblemKind::Manifest, "lib/broken/Cargo.toml"), (ProblemKind::Orphan, "lib/runtime/src/orphan.rs")]
    );
    let ungated = catalog.cases.iter().find(|case| case.file().as_str() == "lib/llm/tests/ungated.rs").unwrap();
    let ungated = ungated.as_rust().unwrap();
    assert_eq!((ungated.kind, ungated.enabled, ungated.cfg.as_deref()), (RustTestKind::Integration, true, None));
}
