//! A module that costs too much, which no pytest could record a case of.

#![allow(clippy::unwrap_used)]

use camino::Utf8PathBuf;
use pytest_discovery::{Settings, discover};
use test_catalog::Catalog;

fn discovered(source: &str) -> Catalog {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("test_endless.py"), source).unwrap();
    std::fs::write(folder.path().join("helper.py"), "def endless():\n    while True: pass\n").unwrap();
    discover(&Settings::new(Utf8PathBuf::try_from(folder.path().canonicalize().unwrap()).unwrap())).unwrap()
}

#[test]
fn a_module_that_does_not_end_is_told_and_its_tests_are_inexact() {
    for source in [
        "while True: pass\n",
        "while True: pass\ndef test_a(): ...\n",
        "def test_a(): ...\nwhile True: pass\n",
        "import helper\ndef test_a(): ...\nhelper.endless()\n",
    ] {
        let catalog = discovered(source);
        let told: Vec<&str> = catalog.problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(told, ["may have tests that are not seen: the module takes too long to evaluate"], "{source}");
        assert!(catalog.cases.iter().all(|case| !case.certainty.is_exact()), "{source}");
    }
}

#[test]
fn a_module_that_may_bind_more_is_told_or_its_tests_are_inexact() {
    let this = "import sys, library\nthis = sys.modules[__name__]\n";
    let sources = [
        "for name in library.names(): setattr(this, name, lambda: None)\n",
        "for name in library.names(): vars(this)[name] = lambda: None\n",
        "vars(this).update(library.tests())\n",
        "this.__dict__.update(library.tests())\n",
        "globals().update(**library.tests())\n",
        "globals().update({name: None for name in library.names()})\n",
        "class TestA: ...\nfor name in library.names(): setattr(TestA, name, lambda self: None)\n",
        "def test_a(): ...\nfor name in library.names(): delattr(this, name)\n",
        "def test_a(): ...\ndef down(n): return down(n + 1)\ndown(0)\n",
        "class TestA:\n    def test_a(self): ...\n    def __repr__(self): return repr(self)\nrepr(TestA())\n",
    ];
    for source in sources {
        let catalog = discovered(&format!("{this}{source}"));
        let is_told = catalog.problems.iter().any(|problem| problem.message.starts_with("may have tests"));
        let inexact = catalog.cases.iter().filter(|case| !case.certainty.is_exact()).count();
        assert!(inexact == catalog.cases.len() && (is_told || inexact > 0), "{source}: {catalog:?}");
    }
}

#[test]
fn a_class_behind_what_does_not_end_has_the_tests_of_its_text() {
    let source = "import unittest
class Base(unittest.TestCase):
    def test_a(self): ...
while True: pass
class TestB(Base):
    def test_b(self): ...
    def helper(self): ...
class Other(unittest.TestCase):
    def test_c(self): ...
class Helper:
    def test_d(self): ...
";
    let ids: Vec<String> = discovered(source).cases.iter().map(|case| case.id.to_string()).collect();
    let expected = ["Base::test_a", "TestB", "TestB::test_b", "TestB::test_a", "Other", "Other::test_c"];
    assert_eq!(ids, expected.map(|name| format!("test_endless.py::{name}")));
}
