//! Packages that ask features of each other, against the features that `cargo tree` shows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use test_catalog::TargetKind;

use super::{Tree, cases};
use crate::cfg::CrateCfg;
use crate::package::BuiltPackage;
use crate::{Build, FeatureSelection, Settings};

const PACKAGES: [&str; 4] = ["a", "b", "c", "d"];

/// A dependency of the package at one place of [`PACKAGES`] on the one at another: its table, the condition, whether it
/// is optional and has default features, the features that it asks for, and whether it is renamed.
type Drawn = (usize, usize, &'static str, Option<&'static str>, bool, bool, Vec<&'static str>, bool);

fn dependency() -> impl Strategy<Value = Drawn> {
    (
        0..PACKAGES.len(),
        0..PACKAGES.len(),
        select(vec![
            "dependencies",
            "dependencies",
            "dependencies",
            "build-dependencies",
            "dev-dependencies",
            "dev-dependencies",
        ]),
        select(vec![None, None, None, Some("cfg(unix)"), Some("cfg(windows)")]),
        any::<bool>(),
        any::<bool>(),
        subsequence(vec!["f0", "f1", "f2"], 0..3),
        prop::bool::weighted(0.2),
    )
}

#[derive(Debug, Clone)]
struct FeatureCase {
    files: BTreeMap<String, String>,
    resolver: &'static str,
}

/// A workspace whose packages ask features of each other. Normal and build dependencies go one way.
fn workspace_with_features() -> impl Strategy<Value = FeatureCase> {
    let features = prop::collection::vec((0..PACKAGES.len(), 0..4usize, 0..9usize, 0..3usize), 0..14);
    let dependencies = prop::collection::vec(dependency(), 0..10);
    (dependencies, features, select(vec!["1", "2", "3"]), prop::bool::weighted(0.3)).prop_map(
        |(dependencies, features, resolver, proc_macro)| {
            let mut files = BTreeMap::new();
            files.insert(
                "Cargo.toml".to_owned(),
                format!("[workspace]\nresolver = \"{resolver}\"\nmembers = [\"a\", \"b\", \"c\", \"d\"]\n"),
            );
            for (index, name) in PACKAGES.iter().enumerate() {
                let (tables, keys) = tables_of(index, &dependencies);
                let mut text = format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
                if proc_macro && *name == "d" {
                    text.push_str("[lib]\nproc-macro = true\n");
                }
                text.push_str(&features_of(index, &features, &keys));
                for (header, lines) in tables {
                    writeln!(text, "[{header}]\n{}", lines.values().cloned().collect::<Vec<_>>().join("\n")).unwrap();
                }
                files.insert(format!("{name}/Cargo.toml"), text);
                files.insert(format!("{name}/src/lib.rs"), String::new());
            }
            FeatureCase { files, resolver }
        },
    )
}

type Keys = BTreeMap<String, bool>;
type Tables = BTreeMap<String, BTreeMap<String, String>>;

fn tables_of(index: usize, dependencies: &[Drawn]) -> (Tables, Keys) {
    let mut tables = Tables::new();
    let mut keys = Keys::new();
    for &(from, to, table, target, optional, default, ref asked, renamed) in dependencies {
        let is_dev = table == "dev-dependencies";
        if from != index || (!is_dev && to <= from) {
            continue;
        }
        let name = PACKAGES[to];
        let key = if renamed { format!("{name}_too") } else { name.to_owned() };
        let optional = optional && !is_dev;
        let header = target.map_or(table.to_owned(), |target| format!("target.'{target}'.{table}"));
        let line = format!(
            "{key} = {{ path = \"../{name}\", package = \"{name}\", default-features = {default}, optional = {optional}, \
             features = {asked:?} }}"
        );
        if tables.entry(header).or_default().insert(key.clone(), line).is_none() {
            *keys.entry(key).or_default() |= optional;
        }
    }
    (tables, keys)
}

fn features_of(index: usize, features: &[(usize, usize, usize, usize)], keys: &Keys) -> String {
    let names = ["f0", "f1", "f2", "default"];
    let keys: Vec<(&String, bool)> = keys.iter().map(|(key, optional)| (key, *optional)).collect();
    let mut entries: BTreeMap<&str, BTreeSet<String>> = names.iter().map(|name| (*name, BTreeSet::new())).collect();
    for &(_, name, entry, third) in features.iter().filter(|one| one.0 == index) {
        let other = keys.get(third % keys.len().max(1));
        let text = match (entry, other) {
            (0..=2, _) | (_, None) => format!("f{third}"),
            (3..=4, Some((key, true))) => format!("dep:{key}"),
            (5..=6, Some((key, true))) => format!("{key}?/f{}", entry % 3),
            (_, Some((key, _))) => format!("{key}/f{}", entry % 3),
        };
        // cargo refuses a feature that names itself, once it is on.
        if text != names[name] {
            entries.entry(names[name]).or_default().insert(text);
        }
    }
    let line =
        |(name, entries): (&str, BTreeSet<String>)| format!("{name} = {:?}\n", entries.into_iter().collect::<Vec<_>>());
    format!("[features]\n{}", entries.into_iter().map(line).collect::<String>())
}

/// The features of each root that `cargo tree` shows: two sets, where a package is built for build scripts as well.
fn features_of_cargo(tree: &Tree, arguments: &[&str]) -> Result<BTreeMap<String, Vec<BTreeSet<String>>>, String> {
    let output = tree.cargo("", &[&["tree", "--depth=0", "--prefix=none", "--format={p}|{f}"], arguments].concat());
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().filter_map(|line| line.split_once('|'));
    let mut shown: BTreeMap<String, Vec<BTreeSet<String>>> = BTreeMap::new();
    for (package, features) in lines {
        let features = features.trim_end_matches(" (*)").split(',').filter(|one| !one.is_empty());
        let name = package.split(' ').next().unwrap();
        shown.entry(name.to_owned()).or_default().push(features.map(str::to_owned).collect());
    }
    Ok(shown)
}

/// `cargo tree` shows a procedural macro as the compiler uses it.
fn of_library<'p>(package: &'p BuiltPackage<'_, '_>) -> &'p CrateCfg {
    let library = package.found.targets.iter().find(|target| target.kind == TargetKind::Lib).unwrap();
    package.cfg.of(library.kind)
}

fn selections() -> Vec<(Vec<&'static str>, FeatureSelection)> {
    let of = |names: &[&str], all, no_default| FeatureSelection {
        features: names.iter().map(|&name| name.to_owned()).collect(),
        all,
        no_default,
    };
    vec![
        (vec![], of(&[], false, false)),
        (vec!["--all-features"], of(&[], true, false)),
        (vec!["--no-default-features", "--features=f0,f2"], of(&["f0", "f2"], false, true)),
    ]
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn features_are_those_of_cargo_tree(case in workspace_with_features(), which in 0..3usize) {
        let tree = Tree::of(&case.files);
        // The first resolver takes no features in the root of a virtual workspace.
        let (arguments, features) = selections().swap_remove(if case.resolver == "1" { 0 } else { which });
        let show = || case.files.values().map(String::as_str).collect::<Vec<_>>().join("\n---\n");
        let compare = |build: Build, more: &[&str]| {
            let expected = features_of_cargo(&tree, &[&arguments[..], more].concat());
            let settings = Settings { features: features.clone(), build, ..tree.settings() };
            tree.read(settings, |packages, problems| {
                match expected {
                    Ok(expected) => {
                        prop_assert!(problems.is_empty(), "{problems:?}\n{}", show());
                        for (package, expected) in expected {
                            let ours = packages.iter().find(|one| one.found.package.name == package).unwrap();
                            prop_assert!(expected.contains(&of_library(ours).features), "{package} {more:?} {arguments:?}: {:?}, not {expected:?}\n{}", of_library(ours).features, show());
                            prop_assert!(of_library(ours).possible_features.is_empty());
                            prop_assert!(ours.is_selected);
                        }
                    }
                    Err(said) => prop_assert!(!problems.is_empty(), "cargo says {said}\n{}", show()),
                }
                Ok(())
            })
        };
        compare(Build::Workspace, &["--workspace"])?;
        for name in PACKAGES {
            compare(Build::EachPackage, &["-p", name])?;
        }
        compare(Build::Packages(vec!["b".to_owned(), "c".to_owned()]), &["-p", "b", "-p", "c"])?;
    }
}
