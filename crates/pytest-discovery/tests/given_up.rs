//! A module that costs too much, which no pytest could record a case of.

#![allow(clippy::unwrap_used)]

use camino::Utf8PathBuf;
use pytest_discovery::{Settings, discover};
use test_catalog::Catalog;

fn discovered(source: &str) -> Catalog {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("test_endless.py"), source).unwrap();
    discover(&Settings::new(Utf8PathBuf::try_from(folder.path().canonicalize().unwrap()).unwrap())).unwrap()
}

#[test]
fn a_module_that_does_not_end_is_told_and_its_tests_are_inexact() {
    for source in
        ["while True: pass\n", "while True: pass\ndef test_a(): ...\n", "def test_a(): ...\nwhile True: pass\n"]
    {
        let catalog = discovered(source);
        let told: Vec<&str> = catalog.problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(told, ["may have tests that are not seen: the module takes too long to evaluate"], "{source}");
        assert!(catalog.cases.iter().all(|case| !case.certainty.is_exact()), "{source}");
    }
}
