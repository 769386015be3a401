//! What is read of manifests against what real cargo says of the same: targets, members and features.
//!
//! Generated trees, few by default: `PROPTEST_CASES=2000` makes more. Nothing is compiled but in the last test.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::process::{Command, Output};

use camino::{Utf8Path, Utf8PathBuf};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::Value;
use tempfile::TempDir;
use test_catalog::{Problem, TargetKind};

use crate::cfg::{CrateCfg, Truth};
use crate::manifest::{PlacedManifest, Root};
use crate::package::{BuiltPackage, Manifests, Packages};
use crate::sources::{self, Disk};
use crate::workspace::{self, Tree as _, Workspaces};
use crate::{Build, FeatureSelection, Settings};

struct Tree {
    _folder: TempDir,
    root: Utf8PathBuf,
}

impl Tree {
    fn of(files: &BTreeMap<String, String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::try_from(folder.path().canonicalize().unwrap()).unwrap();
        for (file, text) in files {
            let path = root.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Self { _folder: folder, root }
    }

    fn cargo(&self, folder: &str, arguments: &[&str]) -> Output {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("CARGO_") && name != "CARGO_HOME" || name == "RUSTFLAGS" {
                command.env_remove(name);
            }
        }
        command.env("CARGO_TARGET_DIR", self.root.join("target"));
        command.arg("--offline").args(arguments).current_dir(self.root.join(folder)).output().unwrap()
    }

    /// What `cargo metadata` says in a folder, or its error.
    fn metadata(&self, folder: &str) -> Result<Value, String> {
        let output = self.cargo(folder, &["metadata", "--no-deps", "--format-version=1"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() { Ok(serde_json::from_slice(&output.stdout).unwrap()) } else { Err(said) }
    }

    /// Hands over what is read of the tree.
    fn read<R>(&self, settings: Settings, look: impl FnOnce(&[BuiltPackage<'_, '_>], &[Problem]) -> R) -> R {
        let tree = Disk { tree: &settings.tree };
        let walk = sources::walk(&settings.tree);
        let mut manifests = Vec::new();
        let mut problems = Vec::new();
        for file in &walk.manifests {
            match tree.manifest(file) {
                Ok(manifest) => manifests.push(manifest),
                Err(problem) => problems.push(problem),
            }
        }
        problems.extend(workspace::add_named(&mut manifests, &tree));
        let (manifests, wrong) = Manifests::read(&manifests, &tree);
        problems.extend(wrong);
        let (packages, wrong) = Packages::find(&manifests, &tree, &settings);
        problems.extend(wrong);
        look(&packages.in_build(&settings.features, &settings.build), &problems)
    }

    fn settings(&self) -> Settings {
        Settings::new(self.root.clone())
    }
}

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

const FOLDERS: [&str; 6] = ["", "a", "a/b", "c", "c/d", "e"];

/// A manifest: whether it has a package, `[workspace]` with members, default members and excludes, a path dependency,
/// and `package.workspace`.
fn manifest_of_some_workspace() -> impl Strategy<Value = String> {
    let list = |most| {
        let entry = select(vec!["a", "./a/b", "c", "c/*", "*", "e", "b", "d", "../e", "*/d", "[ac]", "gone", "a/**"]);
        prop::collection::vec(entry, 0..most)
    };
    let workspace = prop::option::weighted(0.5, (list(4), list(3), prop::option::weighted(0.2, list(3))));
    let dependency = prop::option::weighted(0.4, select(vec!["a", "b", "c/d", "../e", "../c", "..", "../a/b", "gone"]));
    let named = prop::option::weighted(0.15, select(vec!["..", "../..", "../c", "."]));
    (prop::bool::weighted(0.8), workspace, dependency, named).prop_map(|(package, workspace, dependency, named)| {
        let mut text = String::new();
        if package {
            text.push_str("[package]\nname = \"NAME\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
            if let (Some(named), None) = (named, &workspace) {
                writeln!(text, "workspace = \"{named}\"").unwrap();
            }
            if let Some(path) = dependency {
                writeln!(text, "[dependencies]\nx = {{ path = \"{path}\", package = \"PACKAGE\" }}").unwrap();
            }
        }
        if let Some((members, exclude, default)) = &workspace {
            writeln!(text, "[workspace]\nresolver = \"2\"\nmembers = {members:?}\nexclude = {exclude:?}").unwrap();
            default.iter().for_each(|list| writeln!(text, "default-members = {list:?}").unwrap());
        }
        text
    })
}

fn tree_of_workspaces() -> impl Strategy<Value = BTreeMap<String, String>> {
    let manifests = prop::collection::vec(prop::option::weighted(0.8, manifest_of_some_workspace()), FOLDERS.len());
    manifests.prop_map(|manifests| {
        let mut files = BTreeMap::new();
        for (folder, text) in FOLDERS.iter().zip(manifests) {
            let Some(text) = text else { continue };
            let folder = if folder.is_empty() { String::new() } else { format!("{folder}/") };
            let name = format!("p{}", folder.replace('/', ""));
            files.insert(format!("{folder}Cargo.toml"), text.replace("NAME", &name));
            files.insert(format!("{folder}src/lib.rs"), String::new());
        }
        files
    })
}

/// The folder of the root, the members and the default members.
type Shown = (String, BTreeSet<String>, BTreeSet<String>);

fn workspace_of_cargo(metadata: &Value, root: &Utf8Path) -> Shown {
    let inside = |path: &str| Utf8Path::new(path).strip_prefix(root).unwrap().to_string();
    let packages = metadata["packages"].as_array().unwrap();
    let folder = |package: &Value| {
        inside(package["manifest_path"].as_str().unwrap())
            .trim_end_matches("Cargo.toml")
            .trim_end_matches('/')
            .to_owned()
    };
    let default = metadata["workspace_default_members"].as_array().unwrap();
    let defaults = packages.iter().filter(|package| default.contains(&package["id"]));
    (
        inside(metadata["workspace_root"].as_str().unwrap()),
        packages.iter().map(folder).collect(),
        defaults.map(folder).collect(),
    )
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

fn cases() -> ProptestConfig {
    let few =
        ProptestConfig { cases: 12, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() };
    match std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()) {
        Some(cases) => ProptestConfig { cases, ..few },
        None => few,
    }
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

    #[test]
    fn workspaces_are_those_of_cargo_metadata(files in tree_of_workspaces()) {
        let tree = Tree::of(&files);
        let show = || files.iter().map(|(file, text)| format!("--- {file}\n{text}")).collect::<String>();
        let disk = Disk { tree: &tree.root };
        let mut manifests: Vec<_> =
            sources::walk(&tree.root).manifests.iter().map(|file| disk.manifest(file).unwrap()).collect();
        let mut problems = workspace::add_named(&mut manifests, &disk);
        let (mut workspaces, wrong) = Workspaces::find(&manifests);
        problems.extend(wrong);
        let read = |one: &PlacedManifest, root: Option<Root<'_>>| one.dependencies(root);
        let mut dependencies: Vec<_> =
            manifests.iter().enumerate().map(|(index, one)| read(one, workspaces.inherited(index))).collect();
        problems.extend(workspaces.find_members(&mut dependencies, read, &disk));
        problems.extend(tree.read(tree.settings(), |_, problems| problems.to_vec()));
        let folder = |index: &usize| manifests[*index].folder.to_string();
        let mut refused = 0;
        for (index, manifest) in manifests.iter().enumerate() {
            let root = workspaces.root_or_own(index);
            match tree.metadata(manifest.folder.as_str()) {
                Ok(metadata) => {
                    let members = workspaces.members(root).unwrap();
                    let ours: Shown = (
                        folder(&root),
                        members.all.iter().map(folder).collect(),
                        members.default.iter().map(folder).collect(),
                    );
                    let mut expected = workspace_of_cargo(&metadata, &tree.root);
                    // In the folder of another package that package is the default.
                    if root != index {
                        expected.2.clone_from(&ours.2);
                    }
                    prop_assert_eq!(ours, expected, "in {}\n{}", &manifest.folder, show());
                }
                Err(said) => {
                    refused += 1;
                    prop_assert!(!problems.is_empty(), "in {}: {said}\n{}", &manifest.folder, show());
                }
            }
        }
        // `cargo metadata --no-deps` does not look at dependencies outside of a workspace.
        problems.retain(|problem| !problem.message.contains("has no manifest in"));
        prop_assert!(refused > 0 || problems.is_empty(), "{problems:?}\n{}", show());
    }

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

/// The names of the tests that `cargo test` lists, by package.
fn listed(tree: &Tree, arguments: &[&str]) -> BTreeSet<String> {
    let output = tree.cargo("", &[&["test", "--quiet", "--tests"], arguments, &["--", "--list"]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect()
}

/// All that decides about features at once, and really compiled: each test is named for its package and its feature.
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
