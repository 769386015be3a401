//! A package of files and declared targets, against the targets that `cargo metadata` says it has.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use camino::{Utf8Path, Utf8PathBuf};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::Value;
use test_catalog::TargetKind;

use super::{Tree, cases};
use crate::package::BuiltPackage;

/// Kind, name, file, `test` and `required-features` of each target, as cargo tells them.
fn targets_of_cargo(metadata: &Value, root: &Utf8Path) -> BTreeSet<String> {
    let packages = metadata["packages"].as_array().unwrap();
    let targets = packages.iter().flat_map(|package| package["targets"].as_array().unwrap());
    let mut shown = BTreeSet::new();
    for target in targets {
        let kind = match target["kind"][0].as_str().unwrap() {
            "custom-build" => continue,
            kind @ ("bin" | "test" | "example" | "bench") => kind,
            _ => "lib",
        };
        let file = Utf8Path::new(target["src_path"].as_str().unwrap());
        // A file that is not there fails when it is compiled.
        if file.is_file() {
            let file = Utf8PathBuf::try_from(file.canonicalize().unwrap()).unwrap();
            let file = file.strip_prefix(root).unwrap();
            let name = target["name"].as_str().unwrap();
            let features = target.get("required-features").map(ToString::to_string).unwrap_or_default();
            shown.insert(format!("{kind} {name} {file} {} {features}", target["test"]));
        }
    }
    shown
}

fn targets_read(packages: &[BuiltPackage<'_, '_>]) -> BTreeSet<String> {
    let mut shown = BTreeSet::new();
    for target in packages.iter().flat_map(|package| &package.found.targets) {
        let kind = match target.kind {
            TargetKind::Lib | TargetKind::Doc => "lib",
            TargetKind::Bin => "bin",
            TargetKind::Test => "test",
            TargetKind::Example => "example",
            TargetKind::Bench => "bench",
        };
        let features = &target.required_features;
        let features = if features.is_empty() { String::new() } else { serde_json::to_string(features).unwrap() };
        shown.insert(format!("{kind} {} {} {} {features}", target.name, target.root, target.tested));
    }
    shown
}

const FILES: [&str; 22] = [
    "src/lib.rs",
    "src/main.rs",
    "src/a.rs",
    "src/bench.rs",
    "src/bin/a.rs",
    "src/bin/p.rs",
    "src/bin/main.rs",
    "src/bin/x/main.rs",
    "src/bin/x/other.rs",
    "tests/a.rs",
    "tests/a/main.rs",
    "tests/b.rs",
    "tests/target/main.rs",
    "tests/.hidden.rs",
    "tests/data/x.txt",
    "examples/a.rs",
    "examples/x/main.rs",
    "benches/a.rs",
    "benches/bench.rs",
    "build.rs",
    "odd/file.rs",
    ".cargo/none",
];

fn declared_target() -> impl Strategy<Value = String> {
    let kind = select(vec!["lib", "[bin]", "[test]", "[example]", "[bench]"]);
    let name = prop::option::weighted(0.9, select(vec!["a", "b", "p", "x", "bench", "main", "deps", "q-r"]));
    let path = prop::option::of(select(vec![
        "src/lib.rs",
        "src/a.rs",
        "tests/a.rs",
        "./tests/b.rs",
        "tests/../tests/b.rs",
        "src/main.rs",
        "odd/file.rs",
        "examples/a.rs",
    ]));
    let more = subsequence(vec!["harness = false", "test = false", "test = true", "required-features = [\"f\"]"], 0..3);
    (kind, name, path, more).prop_map(|(kind, name, path, more)| {
        let mut text = format!("[{kind}]\n");
        name.into_iter().for_each(|name| writeln!(text, "name = \"{name}\"").unwrap());
        path.into_iter().for_each(|path| writeln!(text, "path = \"{path}\"").unwrap());
        let tests = more.iter().filter(|line| line.starts_with("test")).count();
        let kept = more.into_iter().filter(|line| tests < 2 || *line != "test = false");
        kept.for_each(|line| writeln!(text, "{line}").unwrap());
        text
    })
}

fn package_with_targets() -> impl Strategy<Value = BTreeMap<String, String>> {
    let edition = select(vec![
        "",
        "edition = \"2015\"\n",
        "edition = \"2018\"\n",
        "edition = \"2021\"\n",
        "edition = \"2024\"\n",
    ]);
    let auto = subsequence(
        vec![
            "autobins = false\n",
            "autotests = false\n",
            "autoexamples = false\n",
            "autobenches = true\n",
            "autolib = false\n",
        ],
        0..3,
    );
    let declared = prop::collection::vec(declared_target(), 0..4);
    (subsequence(FILES.to_vec(), 2..14), edition, auto, declared).prop_map(|(files, edition, auto, mut declared)| {
        let mut seen_lib = false;
        declared.retain(|one| !one.starts_with("[lib]") || !std::mem::replace(&mut seen_lib, true));
        // Tables of one kind stand together.
        declared.sort_by_key(|one| one.lines().next().map(str::to_owned));
        let manifest = format!(
            "[package]\nname = \"p\"\nversion = \"0.1.0\"\n{edition}{}[features]\nf = []\n{}",
            auto.concat(),
            declared.concat()
        );
        let files = files.into_iter().map(|file| (file.to_owned(), String::new()));
        files.chain([("Cargo.toml".to_owned(), manifest)]).collect()
    })
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn targets_are_those_of_cargo_metadata(files in package_with_targets()) {
        let tree = Tree::of(&files);
        tree.read(tree.settings(), |packages, problems| {
            match tree.metadata("") {
                Ok(metadata) => {
                    let expected = targets_of_cargo(&metadata, &tree.root);
                    prop_assert_eq!(targets_read(packages), expected, "{}\n{:?}", &files["Cargo.toml"], problems);
                }
                // Without any target cargo refuses a package, and nothing is lost.
                Err(said) => prop_assert!(
                    !problems.is_empty() || said.contains("no targets specified"),
                    "{}\ncargo says {said}", &files["Cargo.toml"]
                ),
            }
            Ok(())
        })?;
    }
}
