//! A case of `fixtures/cargo`: its tree, its runs, and what cargo recorded of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use camino::Utf8PathBuf;
use cargo_discovery::{Build, FeatureSelection, Settings};
use serde::Deserialize;
use test_catalog::comparison::cargo::ListedBinary;

/// `case.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    #[serde(skip)]
    pub(crate) name: String,
    #[serde(rename = "subject")]
    _subject: String,
    /// Arguments of cargo, a run each.
    #[serde(default = "whole_workspace")]
    pub(crate) runs: Vec<String>,
    /// The folders of the tree's workspaces, and of packages that are in none.
    #[serde(default = "top")]
    pub(crate) workspaces: Vec<String>,
    /// Whether nothing may be inexact.
    #[serde(default = "yes")]
    pub(crate) exact: bool,
    /// How many tests only inexact cases stand for, where that is held.
    pub(crate) covered: Option<usize>,
    /// Whether documentation tests are recorded, and held against.
    #[serde(default)]
    pub(crate) doc: bool,
    /// Whether the runs say more than which packages and features: they are held against commands only.
    #[serde(default)]
    pub(crate) commands: bool,
    #[serde(default, rename = "registry")]
    _registry: bool,
}

fn whole_workspace() -> Vec<String> {
    vec!["--workspace".to_owned()]
}

fn top() -> Vec<String> {
    vec![".".to_owned()]
}

fn yes() -> bool {
    true
}

/// `expected.json`: by run, then by workspace.
pub(crate) type Truth = BTreeMap<String, BTreeMap<String, Listing>>;

/// What cargo lists of one workspace.
#[derive(Debug, Deserialize)]
pub(crate) struct Listing {
    pub(crate) binaries: BTreeMap<String, Binary>,
    #[serde(default)]
    pub(crate) doc: BTreeMap<String, Tests>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Binary {
    pub(crate) package: String,
    pub(crate) kind: String,
    #[serde(flatten)]
    pub(crate) tests: Tests,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Tests {
    /// Documentation tests of one line share a name, which stands here for each.
    #[serde(rename = "tests")]
    names: Vec<String>,
    #[serde(default)]
    ignored: BTreeSet<String>,
}

impl Tests {
    /// How many there are of a name.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.names.iter().filter(|one| *one == name).count()
    }

    /// Whether one of that name is ignored.
    pub(crate) fn is_ignored(&self, name: &str) -> bool {
        self.ignored.contains(name)
    }

    /// Under the id of their binary, as a lister gives them.
    pub(crate) fn of_binary(&self, id: &str) -> ListedBinary {
        let tests = self.names.iter().map(|name| (name.clone(), self.ignored.contains(name))).collect();
        ListedBinary { binary: id.to_owned(), tests }
    }
}

impl Case {
    pub(crate) fn all() -> Vec<Self> {
        let mut folders: Vec<PathBuf> = root().read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
        folders.retain(|path| path.join("case.toml").is_file());
        folders.sort();
        assert!(!folders.is_empty());
        folders.iter().map(|folder| Self::read(folder)).collect()
    }

    fn read(folder: &Path) -> Self {
        let text = fs::read_to_string(folder.join("case.toml")).unwrap();
        let mut case: Self = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        folder.file_name().unwrap().to_str().unwrap().clone_into(&mut case.name);
        case
    }

    pub(crate) fn tree(&self) -> PathBuf {
        root().join(&self.name).join("tree")
    }

    /// What cargo said. A record that lacks a run or a workspace is an old one.
    pub(crate) fn truth(&self) -> Truth {
        let file = root().join(&self.name).join("expected.json");
        let text = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}: record it", file.display()));
        let truth: Truth = serde_json::from_slice(&text).unwrap();
        assert!(truth.keys().collect::<BTreeSet<_>>() == self.runs.iter().collect(), "{}: record it anew", self.name);
        for listings in truth.values() {
            assert!(listings.keys().collect::<BTreeSet<_>>() == self.workspaces.iter().collect(), "{}", self.name);
        }
        truth
    }
}

/// The folder of all cases.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/cargo")
}

/// What discovery is asked for where cargo is called with these arguments.
pub(crate) fn settings(tree: Utf8PathBuf, run: &str) -> Settings {
    let mut features = FeatureSelection::default();
    let mut packages = Vec::new();
    let mut build = Build::DefaultMembers;
    let mut words = run.split_whitespace();
    while let Some(word) = words.next() {
        match word {
            "--workspace" => build = Build::Workspace,
            "--all-features" => features.all = true,
            "--no-default-features" => features.no_default = true,
            "--features" => features.features.extend(words.next().unwrap().split(',').map(str::to_owned)),
            "-p" => packages.push(words.next().unwrap().to_owned()),
            other => panic!("the option {other} of a run is not known here"),
        }
    }
    if !packages.is_empty() {
        build = Build::Packages(packages);
    }
    Settings { features, build, ..Settings::new(tree) }
}
