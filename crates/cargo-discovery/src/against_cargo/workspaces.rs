//! Manifests that claim each other, against the workspaces, members and default members of `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use camino::Utf8Path;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use super::{Tree, cases};
use crate::manifest::{PlacedManifest, Root};
use crate::sources::{self, Disk};
use crate::workspace::{self, Tree as _, Workspaces};

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

proptest! {
    #![proptest_config(cases())]

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
}
