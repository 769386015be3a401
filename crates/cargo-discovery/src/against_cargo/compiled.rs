//! One workspace with all that decides about features, really compiled.

use std::collections::{BTreeMap, BTreeSet};

use test_catalog::TargetKind;

use super::Tree;
use crate::cfg::Truth;
use crate::{Build, FeatureSelection, Settings};

/// The names of the tests that `cargo test` lists, by package.
fn listed(tree: &Tree, arguments: &[&str]) -> BTreeSet<String> {
    let output = tree.cargo("", &[&["test", "--quiet", "--tests"], arguments, &["--", "--list"]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect()
}

/// Each test is named for its package and its feature.
#[test]
fn what_is_compiled_is_what_is_enabled() {
    let mut files = BTreeMap::new();
    let mut add = |name: &str, rest: &str, features: &[&str]| {
        let manifest = format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n{rest}");
        files.insert(format!("{name}/Cargo.toml"), manifest);
        let test = |feature: &&str| {
            format!("#[cfg(feature = \"{feature}\")] #[test] fn {name}_{}() {{}}\n", feature.replace('-', "_"))
        };
        files.insert(format!("{name}/src/lib.rs"), features.iter().map(test).collect());
    };
    add(
        "core",
        "[features]\ndefault = [\"std\"]\nstd = []\nhost = []\ndev = []\nother = []\nback = []\n",
        &["std", "host", "dev", "other", "back"],
    );
    add(
        "app",
        "[dependencies]\nderive = { path = \"../derive\", features = [\"asked\"] }\n\
         core = { path = \"../core\", default-features = false, features = [\"other\"] }\n\
         extra = { path = \"../extra\", optional = true }\n[build-dependencies]\ncore = { path = \"../core\", features = [\"host\"] }\n\
         [features]\ndefault = [\"x\"]\nx = [\"extra?/weak\"]\ny = [\"dep:extra\"]\n\
         [[test]]\nname = \"needs\"\nrequired-features = [\"core/other\"]\n[[test]]\nname = \"lacks\"\nrequired-features = [\"core/dev\"]\n",
        &["x", "y", "extra"],
    );
    add(
        "extra",
        "[features]\nweak = []\nback = []\n[dev-dependencies]\ncycle = { path = \"../cycle\" }\n",
        &["weak", "back"],
    );
    add(
        "cycle",
        "[dependencies]\nextra = { path = \"../extra\", features = [\"back\"] }\ncore = { path = \"../core\", features = [\"dev\"] }\n",
        &[],
    );
    add("derive", "[lib]\nproc-macro = true\n[features]\nasked = []\n", &["asked"]);
    // The library of a procedural macro is what the compiler uses, its integration tests are not.
    let outside = "#[cfg(feature = \"asked\")] #[test] fn derive_outside() {}";
    files.insert("derive/tests/outside.rs".into(), outside.into());
    let members = "members = [\"core\", \"app\", \"extra\", \"cycle\", \"derive\"]";
    files.insert("Cargo.toml".into(), format!("[workspace]\nresolver = \"2\"\n{members}\n"));
    files.insert("app/build.rs".into(), "fn main() {}".into());
    files.insert("app/tests/needs.rs".into(), "#[test] fn app_needs() {}".into());
    files.insert("app/tests/lacks.rs".into(), "#[test] fn app_lacks() {}".into());
    let tree = Tree::of(&files);
    for (build, features, arguments) in [
        (Build::Workspace, FeatureSelection::default(), vec!["--workspace"]),
        (Build::Packages(vec!["app".into()]), FeatureSelection::default(), vec!["-p", "app"]),
        (Build::Packages(vec!["extra".into()]), FeatureSelection::default(), vec!["-p", "extra"]),
        (
            Build::Packages(vec!["app".into(), "core".into()]),
            FeatureSelection { features: vec!["y".into(), "core/back".into()], ..FeatureSelection::default() },
            vec!["-p", "app", "-p", "core", "--features", "y,core/back"],
        ),
    ] {
        let catalog = crate::discover(&Settings { build, features, ..tree.settings() }).unwrap();
        assert_eq!(catalog.problems, []);
        assert!(catalog.cases.iter().all(|case| case.certainty.is_exact()));
        let rust = catalog.cases.iter().filter_map(|case| case.as_rust()).filter(|rust| rust.enabled);
        let ours: BTreeSet<String> = rust.map(|rust| rust.name.clone()).collect();
        assert_eq!(ours, listed(&tree, &arguments), "{arguments:?}");
    }
    // Where it is not known which packages are built together, only what differs is open.
    tree.read(tree.settings(), |packages, _| {
        let core = &packages.iter().find(|one| one.found.package.name == "core").unwrap().cfg;
        let truths = ["std", "other", "dev", "host", "back"].map(|feature| core.of(TargetKind::Lib).feature(feature));
        assert_eq!(truths, [Truth::Yes, Truth::Unknown, Truth::Unknown, Truth::No, Truth::No]);
    });
}
