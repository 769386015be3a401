//! Trees made for one rule each.
#![allow(clippy::unwrap_used)]

use camino::Utf8PathBuf;
use cargo_discovery::{FeatureSelection, Settings, discover};
use tempfile::TempDir;
use test_catalog::{Catalog, ProblemKind};

const PACKAGE: &str = "[package]\nname = \"p\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
const TEST: &str = "#[test] fn t() {}";

struct Tree(TempDir);

impl Tree {
    fn new(files: &[(&str, &str)]) -> Self {
        let tree = tempfile::tempdir().unwrap();
        for (file, text) in files {
            let path = tree.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Self(tree)
    }

    fn settings(&self) -> Settings {
        Settings::new(Utf8PathBuf::try_from(self.0.path().to_owned()).unwrap())
    }

    fn catalog(&self) -> Catalog {
        discover(&self.settings()).unwrap()
    }
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
fn modules_lie_beside_or_below_their_file() {
    let tree = Tree::new(&[
        ("Cargo.toml", PACKAGE),
        (
            "src/lib.rs",
            "mod a; mod b; mod c { mod d; #[path = \"e_file.rs\"] mod e; } #[path = \"other/f_file.rs\"] mod f;",
        ),
        ("src/a.rs", "#[test] fn t() {} mod inner; mod inline { mod deep; }"),
        ("src/a/inner.rs", TEST),
        ("src/a/inline/deep.rs", TEST),
        ("src/b/mod.rs", "mod inner; #[test] fn t() {}"),
        ("src/b/inner.rs", TEST),
        ("src/c/d.rs", TEST),
        ("src/c/e_file.rs", TEST),
        ("src/other/f_file.rs", "mod g;"),
        ("src/other/g.rs", TEST),
    ]);
    let catalog = tree.catalog();
    assert_eq!(catalog.problems, []);
    assert_eq!(
        shown(&catalog),
        [
            "p a::inline::deep::t",
            "p a::inner::t",
            "p a::t",
            "p b::inner::t",
            "p b::t",
            "p c::d::t",
            "p c::e::t",
            "p f::g::t"
        ]
    );
}

#[test]
fn a_test_under_a_feature_is_enabled_with_it() {
    let tree = Tree::new(&[
        ("Cargo.toml", &format!("{PACKAGE}[features]\nslow = []\n")),
        ("src/lib.rs", "#[cfg(all(test, feature = \"slow\"))] mod tests { #[test] #[ignore = \"long\"] fn t() {} }"),
    ]);
    let catalog = tree.catalog();
    assert_eq!(shown(&catalog), ["p tests::t-"]);
    assert_eq!(catalog.cases[0].as_rust().unwrap().cfg.as_deref(), Some("feature = \"slow\""));
    let features = FeatureSelection { features: vec!["slow".into()], ..FeatureSelection::default() };
    assert_eq!(shown(&discover(&Settings { features, ..tree.settings() }).unwrap()), ["p tests::t"]);
}

#[test]
fn what_others_may_turn_on_is_inexact() {
    let tree = Tree::new(&[
        ("Cargo.toml", "[workspace]\nmembers = [\"p\", \"q\"]\n"),
        ("p/Cargo.toml", &format!("{PACKAGE}[features]\nx = []\ny = []\n")),
        (
            "p/src/lib.rs",
            "#[cfg(feature = \"x\")] mod x { #[test] fn t() {} } #[cfg(feature = \"y\")] mod y { #[test] fn t() {} }",
        ),
        ("q/Cargo.toml", "[package]\nname = \"q\"\n[dependencies]\np = { path = \"../p\", features = [\"x\"] }\n"),
        ("q/src/lib.rs", ""),
    ]);
    assert_eq!(shown(&tree.catalog()), ["p x::t?", "p y::t-"]);
}

#[test]
fn macros_of_the_tree_are_expanded_and_those_of_others_are_inexact() {
    let tree = Tree::new(&[
        ("Cargo.toml", PACKAGE),
        (
            "src/lib.rs",
            "macro_rules! check { ($n:ident) => { #[test] fn $n() {} } }
             check!(a);
             proptest! { #[test] fn holds(x in 0..3) {} }
             wrap! { #[test] fn inside() {} }
             macro_rules! plain { () => {} } plain!();",
        ),
    ]);
    assert_eq!(shown(&tree.catalog()), ["p a", "p holds", "p inside?"]);
}

#[test]
fn an_included_file_is_part_of_the_module_and_a_generated_one_may_hold_tests() {
    let generated = "include!(concat!(env!(\"OUT_DIR\"), \"/x.rs\"));";
    let tree = Tree::new(&[
        ("Cargo.toml", PACKAGE),
        ("src/lib.rs", &format!("{generated} #[cfg(test)] mod tests {{ include!(\"cases.rs\"); {generated} }}")),
        ("src/cases.rs", TEST),
        ("tests/a.rs", "include!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/src/cases.rs\"));"),
    ]);
    assert_eq!(shown(&tree.catalog()), ["p tests::include!?", "p tests::t", "p::a t"]);
}

#[test]
fn the_modules_of_a_folder_are_those_of_automod() {
    let tree = Tree::new(&[
        ("Cargo.toml", PACKAGE),
        ("tests/all.rs", "mod cases { automod::dir!(\"tests/cases\"); }"),
        ("tests/cases/a.rs", TEST),
        ("tests/cases/b-c.rs", TEST),
        ("tests/cases/mod.rs", TEST),
    ]);
    assert_eq!(shown(&tree.catalog()), ["p::all cases::a::t", "p::all cases::b_c::t"]);
}

#[test]
fn a_name_that_a_use_gives_elsewhere_is_none_here() {
    let tree = Tree::new(&[
        ("Cargo.toml", PACKAGE),
        ("src/lib.rs", "#[cfg(target_arch = \"wasm32\")] use browser::browser_test as test; #[test] fn t() {}"),
    ]);
    assert_eq!(shown(&tree.catalog()), ["p t"]);
}

#[test]
fn a_target_without_harness_is_one_inexact_case() {
    let tree = Tree::new(&[
        ("Cargo.toml", &format!("{PACKAGE}[[test]]\nname = \"own\"\nharness = false\n")),
        ("tests/own.rs", "fn main() {} #[test] fn never() {}"),
    ]);
    assert_eq!(shown(&tree.catalog()), ["p::own own?"]);
}

#[test]
fn a_broken_file_costs_itself_and_makes_no_orphans() {
    let tree = Tree::new(&[
        ("Cargo.toml", PACKAGE),
        ("src/lib.rs", "mod good; mod bad;"),
        ("src/good.rs", TEST),
        ("src/bad.rs", "mod below; fn ("),
        ("src/bad/below.rs", TEST),
    ]);
    let catalog = tree.catalog();
    assert_eq!(shown(&catalog), ["p good::t"]);
    let problems: Vec<_> = catalog.problems.iter().map(|one| (one.kind, one.at.file.as_str())).collect();
    assert_eq!(problems, [(ProblemKind::Syntax, "src/bad.rs")]);
}

#[test]
fn a_circle_of_paths_ends_in_a_problem() {
    let tree = Tree::new(&[
        ("Cargo.toml", PACKAGE),
        ("src/lib.rs", "#[path = \"lib.rs\"] mod a; #[path = \"lib.rs\"] mod b;"),
    ]);
    let catalog = tree.catalog();
    assert!(catalog.cases.is_empty());
    assert!(catalog.problems.iter().any(|one| one.kind == ProblemKind::Syntax), "{:?}", catalog.problems);
}

#[test]
fn paths_limit_the_cases_and_pytest_ids_match_none() {
    let tree = Tree::new(&[("Cargo.toml", PACKAGE), ("src/lib.rs", TEST), ("tests/a.rs", TEST)]);
    let with = |path: &str| shown(&discover(&Settings { paths: vec![path.into()], ..tree.settings() }).unwrap());
    assert_eq!(with("./tests/"), ["p::a t"]);
    assert_eq!(with("src/lib.rs"), ["p t"]);
    assert_eq!(with("test"), [] as [&str; 0]);
    assert_eq!(with("tests/a.rs::t"), [] as [&str; 0]);
    assert_eq!(with(".").len(), 2);
}

#[test]
fn a_manifest_that_hides_the_paths_asked_for_stays_a_problem() {
    let tree = Tree::new(&[("a/Cargo.toml", "[package"), ("a/src/lib.rs", TEST), ("b/Cargo.toml", "[package")]);
    let settings = Settings { paths: vec!["a/src".into()], ..tree.settings() };
    let problems = discover(&settings).unwrap().problems;
    let places: Vec<_> = problems.iter().map(|one| (one.kind, one.at.file.as_str())).collect();
    assert_eq!(places, [(ProblemKind::Manifest, "a/Cargo.toml")]);
}

#[test]
fn a_declared_file_that_the_walk_passes_over_is_read_all_the_same() {
    let manifest = format!("{PACKAGE}[[test]]\nname = \"hidden\"\npath = \".hidden/t.rs\"\n");
    let tree = Tree::new(&[("Cargo.toml", &manifest), (".hidden/t.rs", TEST)]);
    let catalog = tree.catalog();
    assert_eq!((shown(&catalog), catalog.problems), (vec!["p::hidden t".to_owned()], vec![]));
}

#[test]
fn an_attribute_on_a_module_that_speaks_of_tests_makes_them_inexact() {
    let tree = Tree::new(&[
        ("Cargo.toml", PACKAGE),
        ("src/lib.rs", "#[test_suite] mod a { #[test] fn t() {} } #[allow(x)] mod b { #[test] fn t() {} }"),
    ]);
    assert_eq!(shown(&tree.catalog()), ["p a::t?", "p b::t"]);
}

#[test]
fn a_tree_that_is_not_there_is_a_mistake_of_usage() {
    assert!(discover(&Settings::new("/nonexistent/tree".into())).is_err());
}
