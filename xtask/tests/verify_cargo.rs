//! `verify --language rust`: real cargo, with nextest and without, on small trees.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use support::{Answer, answer, xtask};
use tempfile::TempDir;

/// A tree of these files. It lies outside of this repository, whose workspace would claim its packages.
fn tree(files: &[(&str, &str)]) -> TempDir {
    let tree = tempfile::tempdir().unwrap();
    for (file, text) in files {
        let path = tree.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    tree
}

/// Where cargo builds; several tests share it, and what one of them has built.
fn target_folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("verify-cargo")
}

fn verify(tree: &Path, arguments: &[&str]) -> Command {
    let mut command = xtask(&["verify", "--language", "rust", "--tree"]);
    command.arg(tree).arg("--target-dir").arg(target_folder()).args(arguments).env_remove("RUSTFLAGS");
    command
}

fn json(answer: &Answer) -> Value {
    serde_json::from_str(&answer.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", answer.stdout, answer.stderr))
}

fn package(name: &str) -> String {
    format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n")
}

#[test]
fn real_cargo_agrees_on_the_fixture() {
    agrees_on_the_fixture("cargo");
}

#[test]
fn what_real_cargo_has_otherwise_is_said_id_by_id_with_its_place() {
    says_each_difference("cargo");
}

#[test]
fn one_binary_that_cannot_list_its_tests_costs_no_other() {
    lists_the_others("cargo");
}

#[test]
#[ignore = "needs cargo-nextest: `cargo xtask ci --full` asks it"]
fn the_same_holds_with_nextest() {
    agrees_on_the_fixture("nextest");
    says_each_difference("nextest");
    lists_the_others("nextest");
    asks_for_a_shared_name("nextest");
}

fn agrees_on_the_fixture(lister: &str) {
    for (features, found) in [(&[][..], 18), (&["--all-features"][..], 28)] {
        let mut command = verify(Path::new("fixtures/dynamo"), &["--format", "json", "--lister", lister]);
        let answer = answer(command.args(features));
        let document = json(&answer);
        let counts = &document["workspaces"][0]["binaries"]["counts"];
        assert_eq!((answer.code, &counts["exact"]), (0, &found.into()), "{lister} {features:?}: {document:#}");
        assert_eq!((&counts["cargo"], &counts["wrong"]), (&found.into(), &0.into()), "{document:#}");
    }
}

/// Discovery reads no environment: of what `RUSTFLAGS=--cfg=lie` changes it knows nothing.
const LYING_LIBRARY: &str = "\
#[test] fn agrees() {}
#[cfg(lie)]
#[test] fn only_cargo() {}
#[cfg(not(lie))]
#[test] fn only_catalog() {}
#[cfg_attr(lie, ignore)]
#[test] fn ignored_by_cargo() {}
#[cfg_attr(not(lie), ignore)]
#[test] fn ignored_by_catalog() {}
";

fn says_each_difference(lister: &str) {
    let tree = tree(&[("Cargo.toml", &package("lying")), ("src/lib.rs", LYING_LIBRARY)]);
    let honest = answer(&mut verify(tree.path(), &["--lister", lister]));
    assert_eq!(honest.code, 0, "{}{}", honest.stdout, honest.stderr);
    assert!(honest.stdout.contains("\n        0 wrong\n"), "{}", honest.stdout);

    let mut command = verify(tree.path(), &["--lister", lister]);
    let text = answer(command.env("RUSTFLAGS", "--cfg=lie"));
    assert_eq!(text.code, 1, "{}{}", text.stdout, text.stderr);
    for expected in [
        " lists 4 tests in 1 binary of .; the catalog has 5 cases\n",
        "        1 found, exact\n",
        "        4 wrong\n",
        "only cargo has: 1\n  lying\n    only_cargo  the catalog takes it for not compiled with these features (src/lib.rs:3:9)\n",
        "only the catalog has, as exact: 1\n  lying\n    only_catalog  (src/lib.rs:5:9)\n",
        "ignored on one side only: 2\n  lying\n    ignored_by_cargo  only cargo ignores it (src/lib.rs:7:9)\n    \
         ignored_by_catalog  only the catalog ignores it (src/lib.rs:9:9)\n",
    ] {
        assert!(text.stdout.contains(expected), "{expected:?} is not in {}", text.stdout);
    }
    assert!(
        !tree.path().join("Cargo.lock").exists() && !tree.path().join("target").exists(),
        "the tree is left as it was"
    );
}

fn lists_the_others(lister: &str) {
    let manifest = package("mixed") + "[[test]]\nname = \"program\"\nharness = false\n";
    let tree = tree(&[
        ("Cargo.toml", &manifest),
        ("src/lib.rs", "#[test] fn unit() {}"),
        ("tests/program.rs", "fn main() { println!(\"no list\"); }"),
        ("tests/usual.rs", "#[test] fn integration() {}"),
    ]);
    let answer = answer(&mut verify(tree.path(), &["--lister", lister, "--format", "json"]));
    let document = json(&answer);
    let part = &document["workspaces"][0]["binaries"];
    assert_eq!((answer.code, &part["counts"]["exact"]), (0, &2.into()), "{lister}: {document:#}");
    let why = part["instead"].as_str().unwrap_or_default();
    assert_eq!(why.contains("mixed::program"), lister == "nextest", "{document:#}");
}

#[test]
fn a_workspace_that_does_not_build_is_exit_3_with_the_command_and_what_the_compiler_says() {
    let tree = tree(&[
        ("good/Cargo.toml", &package("good")),
        ("good/src/lib.rs", "#[test] fn a() {}"),
        ("broken/Cargo.toml", &package("broken")),
        ("broken/src/lib.rs", "fn a() -> u8 { \"text\" }"),
    ]);
    let whole = answer(&mut verify(tree.path(), &["--lister", "cargo"]));
    assert_eq!(whole.code, 3, "{}{}", whole.stdout, whole.stderr);
    assert!(whole.stdout.contains(" lists 1 test in 1 binary of good;"), "the others are compared: {}", whole.stdout);
    assert!(whole.stdout.contains("does not build here, left out: 1\n  broken\n"), "{}", whole.stdout);
    for expected in ["`cargo test --workspace", "expected `u8`", "src/lib.rs:1:16"] {
        assert!(whole.stderr.contains(expected), "{expected:?} is not in {}", whole.stderr);
    }
    for narrower in [&["good"][..], &["good/src/lib.rs"], &["-p", "good"]] {
        let answer = answer(verify(tree.path(), &["--lister", "cargo"]).args(narrower));
        assert_eq!(answer.code, 0, "{narrower:?}: {}{}", answer.stdout, answer.stderr);
    }
}

#[test]
fn a_member_that_a_dependency_shares_its_name_with_can_be_asked_for() {
    asks_for_a_shared_name("cargo");
}

fn asks_for_a_shared_name(lister: &str) {
    let tree = tree(&[
        (
            "Cargo.toml",
            "[workspace]\nmembers = [\"one\", \"two\", \"other\"]\nexclude = [\"apart\"]\nresolver = \"3\"\n",
        ),
        (
            "one/Cargo.toml",
            &(package("one") + "[dev-dependencies]\nolder = { package = \"two\", path = \"../apart\" }\n"),
        ),
        ("one/src/lib.rs", "#[test] fn a() {}"),
        ("two/Cargo.toml", &(package("two") + "version = \"2.0.0\"\n[features]\nmore = []\n")),
        ("two/src/lib.rs", "#[test] fn b() {} #[cfg(feature = \"more\")] #[test] fn c() {}"),
        ("other/Cargo.toml", &package("other")),
        ("other/src/lib.rs", ""),
        ("apart/Cargo.toml", &(package("two") + "version = \"1.0.0\"\n")),
        ("apart/src/lib.rs", ""),
    ]);
    // Only where both are built is the name ambiguous for cargo.
    let arguments = ["--lister", lister, "--format", "json", "--features", "more", "one", "two"];
    let answer = answer(&mut verify(tree.path(), &arguments));
    let document = json(&answer);
    let workspace = &document["workspaces"][0];
    assert_eq!((answer.code, &workspace["packages"]), (0, &serde_json::json!(["one", "two"])), "{document:#}");
    assert_eq!(workspace["binaries"]["counts"]["exact"], 3, "{document:#}");
}

#[test]
fn what_cannot_be_meant_is_exit_2() {
    let tree = tree(&[("Cargo.toml", &package("p")), ("src/lib.rs", "#[test] fn a() {}")]);
    for (arguments, expected) in [
        (&["-p", "q"][..], "--package q: no workspace of the tree has such a package"),
        (&["--features", "fast"], "--features fast: no package that is asked for has such a feature"),
        (&["nowhere"], "nowhere: no Rust package lies there"),
        (&["--", "-W", "ignore"], "--language rust"),
    ] {
        let answer = answer(&mut verify(tree.path(), arguments));
        assert_eq!(answer.code, 2, "{arguments:?}: {}{}", answer.stdout, answer.stderr);
        assert!(answer.stderr.contains(expected), "{arguments:?}: {expected:?} is not in {}", answer.stderr);
    }
    let python = answer(&mut xtask(&["verify", "-p", "q"]));
    assert_eq!(python.code, 2, "an option of the other language: {}", python.stderr);
}
