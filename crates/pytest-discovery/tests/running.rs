//! A listing that is taken part by part is the one that is waited for.
#![allow(clippy::unwrap_used)]

use std::fs;

use camino::Utf8PathBuf;
use pytest_discovery::{DiscoveryError, Running, Settings, discover, start};
use tempfile::TempDir;

/// More tests than a part has, two of them under one id, and a marker that nothing registers.
const TESTS: &str = "
import pytest

@pytest.mark.parametrize('x', range(600))
@pytest.mark.slow
def test_many(x): ...

@pytest.mark.odd
def test_odd(): ...
";

fn tree() -> (TempDir, Settings) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("test_many.py"), TESTS).unwrap();
    fs::write(folder.path().join("pytest.ini"), "[pytest]\naddopts = --strict-markers\nmarkers = slow\n").unwrap();
    let tree = Utf8PathBuf::try_from(folder.path().canonicalize().unwrap()).unwrap();
    let twice = ["--keep-duplicates", "test_many.py", "test_many.py"].map(str::to_owned);
    let settings = Settings { args: twice.into(), ..Settings::new(tree) };
    (folder, settings)
}

#[test]
fn its_parts_are_the_whole() {
    let (_folder, settings) = tree();
    let whole = discover(&settings).unwrap();
    assert_eq!(whole.cases.len(), 2 * 601);
    assert!(
        whole.cases.iter().any(|case| case.occurrence == 1)
            && whole.cases.iter().all(|case| !case.conditions.is_empty())
    );
    let take = |running: &mut Running, parts: usize| -> Vec<_> {
        std::iter::from_fn(|| running.next_cases()).take(parts).flatten().collect()
    };
    for (waits, parts) in [(true, usize::MAX), (false, usize::MAX), (true, 1), (false, 2), (true, 0), (false, 0)] {
        let mut running = start(&settings).unwrap();
        if waits {
            running = running.wait().unwrap();
        }
        assert_eq!(Some(running.facts()), whole.pytest.as_ref());
        let mut cases = take(&mut running, parts);
        let rest = running.finish().unwrap();
        assert_eq!(rest.cases.is_empty(), parts == usize::MAX);
        cases.extend(rest.cases);
        assert_eq!(cases, whole.cases, "{parts} parts taken");
        assert_eq!((rest.problems, rest.declared_markers), (whole.problems.clone(), whole.declared_markers.clone()));
    }
}

#[test]
fn a_tree_that_cannot_be_listed_has_no_part() {
    let (_folder, settings) = tree();
    let settings = Settings { args: vec!["test_many.py::test_few".to_owned()], ..settings };
    assert!(matches!(start(&settings).unwrap().wait(), Err(DiscoveryError::Config(_))));
    let mut running = start(&settings).unwrap();
    assert_eq!(running.next_cases(), None);
    assert!(matches!(running.finish(), Err(DiscoveryError::Config(_))));
}
