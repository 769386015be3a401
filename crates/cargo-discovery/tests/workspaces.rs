//! Workspaces, and which packages are built together.
#![allow(clippy::unwrap_used)]

use camino::Utf8PathBuf;
use cargo_discovery::{Build, FeatureSelection, Settings, discover};
use tempfile::TempDir;
use test_catalog::{Catalog, ProblemKind};

const A: &str = "[package]\nname = \"a\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[features]\nx = []\n";
const B: &str = "[package]\nname = \"b\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
                 [dependencies]\na = { path = \"../a\", features = [\"x\"] }\n";
const X: &str = "#[cfg(feature = \"x\")] #[test] fn t() {}";

fn tree(files: &[(&str, &str)]) -> (TempDir, Settings) {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in files {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let tree = Utf8PathBuf::try_from(folder.path().to_owned()).unwrap();
    (folder, Settings::new(tree))
}

/// Each case's id, with `?` behind an inexact one and `-` behind one that is not enabled.
fn shown(catalog: &Catalog) -> Vec<String> {
    let show = |case: &test_catalog::TestCase| {
        let mut text = case.id.as_str().to_owned();
        text.extend((!case.certainty.is_exact()).then_some('?'));
        text.extend((!case.as_rust().unwrap().enabled).then_some('-'));
        text
    };
    catalog.cases.iter().map(show).collect()
}

#[test]
fn who_says_what_is_built_together_gets_exact_answers() {
    let root = "[workspace]\nresolver = \"3\"\nmembers = [\"a\", \"b\"]\ndefault-members = [\"a\"]\n";
    let (_folder, settings) = tree(&[
        ("Cargo.toml", root),
        ("a/Cargo.toml", A),
        ("a/src/lib.rs", X),
        ("b/Cargo.toml", B),
        ("b/src/lib.rs", ""),
    ]);
    let with = |build: Build| shown(&discover(&Settings { build, ..settings.clone() }).unwrap());
    assert_eq!(with(Build::Unknown), ["a t?"]);
    assert_eq!(with(Build::EachPackage), ["a t-"]);
    assert_eq!(with(Build::Workspace), ["a t"]);
    assert_eq!(with(Build::DefaultMembers), ["a t-"]);
    assert_eq!(with(Build::Packages(vec!["a".into()])), ["a t-"]);
    assert_eq!(with(Build::Packages(vec!["[ab]".into()])), ["a t"]);
    assert_eq!(with(Build::Packages(vec!["b".into()])), [] as [&str; 0], "it is built, and its tests are not");
}

#[test]
fn a_package_that_no_workspace_takes_is_a_problem_and_has_its_tests() {
    let (_folder, settings) =
        tree(&[("Cargo.toml", "[workspace]\n"), ("a/Cargo.toml", A), ("a/src/lib.rs", "#[test] fn t() {}")]);
    let catalog = discover(&settings).unwrap();
    assert_eq!(shown(&catalog), ["a t"]);
    let problem = &catalog.problems[0];
    assert_eq!(
        (problem.kind, problem.at.file.as_str(), problem.at.start.line),
        (ProblemKind::Manifest, "a/Cargo.toml", 1)
    );
    assert!(problem.message.contains("add it to `members` or `exclude`"), "{}", problem.message);
}

#[test]
fn required_features_of_a_dependency_are_followed() {
    let b = format!(
        "{B}out = {{ version = \"1\", features = [\"asked\"] }}\n\
         [[test]]\nname = \"on\"\nrequired-features = [\"a/x\"]\n[[test]]\nname = \"off\"\nrequired-features = [\"a/y\"]\n\
         [[test]]\nname = \"asked\"\nrequired-features = [\"out/asked\"]\n\
         [[test]]\nname = \"open\"\nrequired-features = [\"out/other\"]\n"
    );
    let test = "#[test] fn t() {}";
    let mut files = vec![("a/Cargo.toml", A), ("a/src/lib.rs", ""), ("b/Cargo.toml", b.as_str())];
    files.extend(["b/tests/on.rs", "b/tests/off.rs", "b/tests/asked.rs", "b/tests/open.rs"].map(|file| (file, test)));
    let (_folder, settings) = tree(&files);
    assert_eq!(shown(&discover(&settings).unwrap()), ["b::asked t", "b::off t-", "b::on t", "b::open t?"]);
}

#[test]
fn what_a_patch_puts_in_place_may_be_asked_for_anything() {
    let root = "[workspace]\nmembers = [\"a\"]\n[patch.crates-io]\na = { path = \"a\" }\n";
    let (_folder, settings) = tree(&[("Cargo.toml", root), ("a/Cargo.toml", A), ("a/src/lib.rs", X)]);
    let with = |features: FeatureSelection| shown(&discover(&Settings { features, ..settings.clone() }).unwrap());
    assert_eq!(with(FeatureSelection::default()), ["a t?"]);
    assert_eq!(with(FeatureSelection { all: true, ..FeatureSelection::default() }), ["a t"]);
}

#[test]
fn a_dependency_of_the_same_name_from_elsewhere_asks_for_nothing() {
    let b = B.replace("path = \"../a\"", "version = \"1\"");
    let root = "[workspace]\nmembers = [\"a\", \"b\"]\n";
    let (_folder, settings) = tree(&[
        ("Cargo.toml", root),
        ("a/Cargo.toml", A),
        ("a/src/lib.rs", X),
        ("b/Cargo.toml", &b),
        ("b/src/lib.rs", ""),
    ]);
    assert_eq!(shown(&discover(&settings).unwrap()), ["a t-"]);
}

#[test]
fn a_build_script_leaves_only_the_names_open_that_it_prints() {
    let lib = "#[cfg(fast)] #[test] fn fast() {} #[cfg(slow)] #[test] fn slow() {}";
    let build = "fn main() { println!(\"cargo::rustc-cfg=fast\"); }";
    let (_folder, settings) = tree(&[("Cargo.toml", A), ("src/lib.rs", lib), ("build.rs", build)]);
    assert_eq!(shown(&discover(&settings).unwrap()), ["a fast?", "a slow-"]);
}

#[test]
fn flags_and_profiles_of_the_tree_count() {
    let lib = "#[cfg(own = \"1\")] #[test] fn own() {} #[cfg(debug_assertions)] #[test] fn debug() {}";
    let manifest = format!("{A}[profile.dev]\ndebug-assertions = false\n");
    let flags = "build.rustflags = ['--cfg', 'own=\"1\"']";
    let (_folder, settings) = tree(&[("Cargo.toml", &manifest), ("src/lib.rs", lib), (".cargo/config.toml", flags)]);
    assert_eq!(shown(&discover(&settings).unwrap()), ["a debug-", "a own"]);
}
