//! Which lines tests ran: real pytest-cov, and programs that real rustc builds with counters.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use execution_plan::Demand;
use support::{Tree, library, python, run, rust, target};
use test_catalog::{Language, TargetKind};
use test_runner::coverage::{Coverage, CoverageSettings, LlvmTools};
use test_runner::{PythonSettings, RunOutcome, RunSettings};

const MANIFEST: &str = "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
const LIBRARY: &str = "pub fn sign(x: i32) -> i32 {\n    if x < 0 {\n        return -1;\n    }\n    1\n}\n\
                       pub fn never() {\n    println!(\"never\");\n}\n\
                       #[test]\nfn is_one() {\n    assert_eq!(sign(3), 1);\n}\n";
const PROGRAM: &str = "fn main() {\n    println!(\"{}\", tiny::sign(-2));\n}\n";
const STARTS: &str = "#[test]\nfn starts_it() {\n    \
                      let ended = std::process::Command::new(env!(\"CARGO_BIN_EXE_tiny\")).status();\n    \
                      assert!(ended.unwrap().success());\n}\n";
const MODULE: &str = "def sign(x):\n    if x < 0:\n        return -1\n    return 1\n\ndef never():\n    return 0\n";

fn settings(tree: &Tree) -> RunSettings {
    oracle::llvm_tools();
    let interpreter = Some(Utf8PathBuf::try_from(oracle::python_with_coverage()).unwrap());
    RunSettings {
        python: PythonSettings { interpreter, ..PythonSettings::default() },
        coverage: Some(CoverageSettings { llvm: Some(LlvmTools::of_toolchain(Utf8Path::new(".")).unwrap()) }),
        ..tree.settings()
    }
}

fn measured(outcome: &RunOutcome) -> &Coverage {
    outcome.coverage.as_ref().unwrap()
}

/// The lines of each file: those that ran, and all.
fn lines(coverage: &Coverage) -> BTreeMap<&str, (u64, u64)> {
    coverage.files.iter().map(|file| (file.path.as_str(), (file.lines.covered, file.lines.all))).collect()
}

#[test]
fn what_batches_and_programs_ran_is_added_up_over_both_languages() {
    let tree = Tree::new(&[
        ("lib/tiny/Cargo.toml", MANIFEST),
        ("pkg/a/b/c/module.py", MODULE),
        ("conftest.py", "import sys, os\nsys.path.insert(0, os.path.join(os.path.dirname(__file__), 'pkg/a/b/c'))\n"),
        ("test_a.py", "import module\ndef test_one(): assert module.sign(1) == 1\n"),
        (
            "test_b.py",
            "import module, os\ndef test_minus(): assert module.sign(-1) == -1\ndef test_dies(): os._exit(3)\n",
        ),
        ("Cargo.toml", MANIFEST),
        ("src/lib.rs", LIBRARY),
        ("src/main.rs", PROGRAM),
        ("tests/starts.rs", STARTS),
    ]);
    let settings = settings(&tree);
    let demands: Vec<Demand> = vec![
        python("test_a.py", "test_one", 30),
        python("test_b.py", "test_minus", 30),
        rust(&library(), "is_one"),
        rust(&target(TargetKind::Test, "starts", "tests/starts.rs"), "starts_it"),
    ];
    let outcome = run(demands, &settings);
    assert!(outcome.results.iter().all(|result| !result.outcome.is_failure()), "{outcome:#?}");
    let coverage = measured(&outcome);
    assert_eq!(coverage.missing, Vec::<String>::new());
    let lines = lines(coverage);
    // Each batch ran one of the branches, and nobody `never`.
    assert_eq!(lines.get("pkg/a/b/c/module.py"), Some(&(5, 6)), "{lines:#?}");
    // The test ran one branch, and the program that a test started the other.
    let (covered, all) = lines["src/lib.rs"];
    assert_eq!(all - covered, 3, "the three lines of `never`: {lines:#?}");
    assert_eq!(lines.get("src/main.rs"), Some(&(3, 3)), "{lines:#?}");
    assert!(lines.keys().all(|path| !path.starts_with("target")), "{lines:#?}");
    let parts: Vec<_> = coverage.parts().into_keys().map(|(language, part)| (language, part.as_str())).collect();
    assert_eq!(parts, [(Language::Python, ""), (Language::Python, "pkg/a/b"), (Language::Rust, "")]);
    let lcov = std::fs::read_to_string(coverage.lcov.as_ref().unwrap()).unwrap();
    for name in ["SF:pkg/a/b/c/module.py\n", "SF:src/lib.rs\n"] {
        assert_eq!(lcov.matches(name).count(), 1, "{lcov}");
    }
}

#[test]
fn what_cannot_be_measured_is_said_and_costs_no_result() {
    let tree = Tree::new(&[
        ("test_a.py", "import os\ndef test_dies(): os._exit(3)\n"),
        ("Cargo.toml", MANIFEST),
        ("src/lib.rs", LIBRARY),
    ]);
    let settings = RunSettings { coverage: Some(CoverageSettings { llvm: None }), ..settings(&tree) };
    let outcome = run(vec![python("test_a.py", "test_dies", 30), rust(&library(), "is_one")], &settings);
    assert_eq!(outcome.results.len(), 2, "{outcome:#?}");
    let coverage = measured(&outcome);
    assert_eq!((&coverage.files[..], &coverage.lcov), (&[][..], &None));
    let missing = coverage.missing.join("\n");
    assert!(missing.contains("Python is not measured: no pytest process left data"), "{missing}");
    assert!(missing.contains("Rust is not measured"), "{missing}");
}
