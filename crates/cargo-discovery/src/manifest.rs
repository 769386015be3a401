//! `Cargo.toml`: packages, their declared targets, features and dependencies, as far as these decide about tests.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;
use test_catalog::{Problem, ProblemKind, SourceSpan, TreePath};
use toml::{Spanned, Value};

/// One manifest. Keys that do not matter here are not looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(crate) struct Manifest {
    pub package: Option<Package>,
    pub workspace: Option<Workspace>,
    pub lib: Option<DeclaredTarget>,
    pub bin: Option<Vec<DeclaredTarget>>,
    pub test: Option<Vec<DeclaredTarget>>,
    pub example: Option<Vec<DeclaredTarget>>,
    pub bench: Option<Vec<DeclaredTarget>>,
    pub features: BTreeMap<String, Vec<String>>,
    #[serde(flatten)]
    dependencies: DependencyTables,
    target: BTreeMap<String, DependencyTables>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Package {
    pub name: String,
    /// A text, or `{ workspace = true }`.
    edition: Option<Value>,
    /// A path, several, or whether there is a build script.
    build: Option<Value>,
    pub autolib: Option<bool>,
    pub autobins: Option<bool>,
    pub autotests: Option<bool>,
    pub autoexamples: Option<bool>,
    pub autobenches: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(crate) struct Workspace {
    exclude: Vec<String>,
    members: Vec<String>,
    package: BTreeMap<String, Value>,
    dependencies: BTreeMap<String, Value>,
}

/// `[lib]`, or an element of `[[bin]]`, `[[test]]`, `[[example]]` or `[[bench]]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(crate) struct DeclaredTarget {
    pub name: Option<Spanned<String>>,
    pub path: Option<String>,
    pub harness: Option<bool>,
    pub test: Option<bool>,
    doctest: Option<bool>,
    #[serde(alias = "crate_type")]
    crate_type: Vec<String>,
    #[serde(alias = "proc_macro")]
    proc_macro: Option<bool>,
    pub required_features: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct DependencyTables {
    dependencies: BTreeMap<String, Value>,
    #[serde(alias = "dev_dependencies")]
    dev_dependencies: BTreeMap<String, Value>,
    #[serde(alias = "build_dependencies")]
    build_dependencies: BTreeMap<String, Value>,
}

/// One entry of a dependency table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dependency {
    /// Its key, which is its name in this package's features.
    pub key: String,
    /// The package's name, which `package = "..."` may change.
    pub package: String,
    pub optional: bool,
    pub dev: bool,
    /// Features that this dependency turns on; `default` among them unless it says otherwise.
    pub features: Vec<String>,
    /// The key of the `[target.'...']` table around it.
    pub target: Option<String>,
}

/// A manifest with its place.
#[derive(Debug)]
pub(crate) struct PlacedManifest {
    pub file: TreePath,
    /// Its folder, relative to the tree.
    pub folder: Utf8PathBuf,
    pub text: String,
    pub manifest: Manifest,
}

/// Reads a manifest.
///
/// # Errors
/// What is wrong with it, at its line.
pub(crate) fn read(file: &Utf8Path, text: String) -> Result<PlacedManifest, Problem> {
    let place = TreePath::new(file);
    match toml::from_str::<Manifest>(&text) {
        Ok(manifest) => {
            let folder = file.parent().map(Utf8Path::to_owned).unwrap_or_default();
            Ok(PlacedManifest { file: place, folder, text, manifest })
        }
        Err(error) => {
            let line = error.span().map_or(1, |span| line_of(&text, span.start));
            Err(problem(place, line, format!("the manifest cannot be understood: {}", error.message())))
        }
    }
}

pub(crate) fn problem(file: TreePath, line: u32, message: String) -> Problem {
    Problem { kind: ProblemKind::Manifest, message, at: SourceSpan::line(file, line) }
}

/// The line of a byte, from 1.
pub(crate) fn line_of(text: &str, byte: usize) -> u32 {
    let before = text.as_bytes().iter().take(byte).filter(|&&byte| byte == b'\n').count();
    u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1)
}

impl Workspace {
    /// Whether a package in `folder`, relative to the workspace, is left out of it.
    ///
    /// A member that is named as such is in, whatever `exclude` says (the Cargo book, "The members and exclude fields").
    pub(crate) fn excludes(&self, folder: &Utf8Path) -> bool {
        let names = |list: &[String], matches: fn(&Utf8Path, &Utf8Path) -> bool| {
            list.iter()
                .any(|entry| matches(folder, Utf8Path::new(entry.trim_start_matches("./").trim_end_matches('/'))))
        };
        names(&self.exclude, |folder, entry| folder.starts_with(entry))
            && !names(&self.members, |folder, entry| folder == entry)
    }
}

impl DeclaredTarget {
    /// Whether `cargo test` runs the documentation tests of this library: other crates must be able to link it.
    pub(crate) fn is_documented(&self) -> bool {
        let links = |kind: &String| matches!(kind.as_str(), "lib" | "rlib" | "proc-macro");
        let is_linked =
            self.crate_type.is_empty() || self.proc_macro == Some(true) || self.crate_type.iter().any(links);
        is_linked && self.doctest != Some(false)
    }
}

impl Package {
    /// Whether the package is of the edition of 2024, or of a later one.
    pub(crate) fn is_recent(&self, workspace: Option<&Workspace>) -> bool {
        let inherited = || workspace.and_then(|root| root.package.get("edition")).and_then(Value::as_str);
        let edition = match &self.edition {
            None => None,
            Some(Value::String(edition)) => Some(edition.as_str()),
            Some(_) => inherited(),
        };
        edition.is_some_and(|edition| edition >= "2024")
    }

    /// Whether the package is of the edition in which a declared target turns the search for others of its kind off.
    pub(crate) fn is_edition_2015(&self, workspace: Option<&Workspace>) -> bool {
        match &self.edition {
            None => true,
            Some(Value::String(edition)) => edition == "2015",
            Some(_) => workspace.and_then(|root| root.package.get("edition")).and_then(Value::as_str) == Some("2015"),
        }
    }

    /// Build scripts that the package may have.
    pub(crate) fn build_scripts(&self) -> Vec<String> {
        match &self.build {
            None | Some(Value::Boolean(true)) => vec!["build.rs".to_owned()],
            Some(Value::String(path)) => vec![path.clone()],
            Some(Value::Array(paths)) => paths.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Some(_) => Vec::new(),
        }
    }
}

impl Manifest {
    /// All dependencies, with what they inherit from the workspace.
    pub(crate) fn dependencies(&self, workspace: Option<&Workspace>) -> Vec<Dependency> {
        let own = std::iter::once((None, &self.dependencies));
        let by_target = self.target.iter().map(|(key, tables)| (Some(key), tables));
        let mut list = Vec::new();
        for (target, tables) in own.chain(by_target) {
            for (table, dev) in
                [(&tables.dependencies, false), (&tables.build_dependencies, false), (&tables.dev_dependencies, true)]
            {
                for (key, value) in table {
                    list.push(dependency(key, value, dev, target, workspace));
                }
            }
        }
        list
    }
}

fn dependency(
    key: &str,
    value: &Value,
    dev: bool,
    target: Option<&String>,
    workspace: Option<&Workspace>,
) -> Dependency {
    let flag = |value: &Value, name: &str| value.get(name).and_then(Value::as_bool);
    let inherited =
        workspace.filter(|_| flag(value, "workspace") == Some(true)).and_then(|root| root.dependencies.get(key));
    let sources: Vec<&Value> = std::iter::once(value).chain(inherited).collect();
    let mut features: Vec<String> = sources
        .iter()
        .filter_map(|source| source.get("features").and_then(Value::as_array))
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    // `default-features = false` on an inheriting entry does nothing unless the workspace says so too.
    let says_default = |source: &Value| flag(source, "default-features").or(flag(source, "default_features"));
    let default = match inherited {
        Some(root) => says_default(root).unwrap_or(true) || says_default(value) == Some(true),
        None => says_default(value).unwrap_or(true),
    };
    if default {
        features.push("default".to_owned());
    }
    let renamed = sources.iter().find_map(|source| source.get("package").and_then(Value::as_str));
    Dependency {
        key: key.to_owned(),
        package: renamed.unwrap_or(key).to_owned(),
        optional: flag(value, "optional") == Some(true),
        dev,
        features,
        target: target.cloned(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<PlacedManifest, Problem> {
        read(Utf8Path::new("a/Cargo.toml"), text.to_owned())
    }

    #[test]
    fn a_broken_manifest_is_a_problem_at_its_line() {
        let problem = parse("[package]\nname = \"a\"\nedition = = 1\n").unwrap_err();
        assert_eq!((problem.kind, problem.at.start.line), (ProblemKind::Manifest, 3));
        let problem = parse("[package]\nversion = \"1.0.0\"\n").unwrap_err();
        assert!(problem.message.contains("name"), "{}", problem.message);
    }

    #[test]
    fn a_dependency_adds_its_features_to_those_of_the_workspace() {
        let root: Manifest =
            toml::from_str("[workspace.dependencies]\nb = { path = \"b\", package = \"bee\", default-features = false, features = [\"x\"] }")
                .unwrap();
        let own: Manifest = toml::from_str("[dev-dependencies]\nb = { workspace = true, features = [\"y\"] }").unwrap();
        let list = own.dependencies(root.workspace.as_ref());
        assert_eq!((list[0].package.as_str(), list[0].dev), ("bee", true));
        assert_eq!(list[0].features, ["y", "x"]);
    }

    #[test]
    fn a_member_that_is_named_is_not_excluded() {
        let root: Workspace = toml::from_str("members = [\"a/b\"]\nexclude = [\"a\"]").unwrap();
        assert!(root.excludes(Utf8Path::new("a/c")));
        assert!(!root.excludes(Utf8Path::new("a/b")));
        assert!(!root.excludes(Utf8Path::new("ab")));
    }
}
