//! `Cargo.toml`: packages, their declared targets, features and dependencies, as far as these decide about tests.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;
use test_catalog::{Problem, ProblemKind, SourceSpan, TreePath};
use toml::{Spanned, Value};

use crate::cfg::TargetCfg;

/// How many mistakes of one kind are told of a manifest. A file of millions is no manifest.
pub(crate) const MOST_PROBLEMS: usize = 100;

/// One manifest. Keys that do not matter here are not looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(crate) struct Manifest {
    #[serde(alias = "project")]
    pub package: Option<Package>,
    pub workspace: Option<Workspace>,
    pub lib: Option<DeclaredTarget>,
    pub bin: Option<Vec<DeclaredTarget>>,
    pub test: Option<Vec<DeclaredTarget>>,
    pub example: Option<Vec<DeclaredTarget>>,
    pub bench: Option<Vec<DeclaredTarget>>,
    pub features: BTreeMap<String, Vec<Spanned<String>>>,
    dependencies: DependencyTable,
    #[serde(alias = "dev_dependencies")]
    dev_dependencies: DependencyTable,
    #[serde(alias = "build_dependencies")]
    build_dependencies: DependencyTable,
    target: BTreeMap<String, DependencyTables>,
    /// What replaces packages of a registry, by the registry and the package.
    patch: BTreeMap<String, BTreeMap<String, Value>>,
    profile: BTreeMap<String, Value>,
}

type DependencyTable = BTreeMap<String, Spanned<Value>>;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Package {
    pub name: String,
    /// A text, or `{ workspace = true }`.
    edition: Option<Spanned<Value>>,
    /// A path, several, or whether there is a build script.
    build: Option<Value>,
    /// The folder of the workspace's manifest, where it is not above.
    pub workspace: Option<Spanned<String>>,
    resolver: Option<String>,
    pub autolib: Option<bool>,
    pub autobins: Option<bool>,
    pub autotests: Option<bool>,
    pub autoexamples: Option<bool>,
    pub autobenches: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(crate) struct Workspace {
    pub exclude: Vec<String>,
    pub members: Vec<Spanned<String>>,
    pub default_members: Option<Vec<Spanned<String>>>,
    resolver: Option<String>,
    package: BTreeMap<String, Value>,
    dependencies: BTreeMap<String, Value>,
}

/// `[lib]`, or an element of `[[bin]]`, `[[test]]`, `[[example]]` or `[[bench]]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(crate) struct DeclaredTarget {
    pub name: Option<Spanned<String>>,
    pub path: Option<Spanned<String>>,
    pub harness: Option<bool>,
    pub test: Option<bool>,
    doctest: Option<bool>,
    pub required_features: Vec<String>,
    #[serde(alias = "proc_macro")]
    proc_macro: Option<bool>,
    #[serde(alias = "crate_type")]
    crate_type: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct DependencyTables {
    dependencies: DependencyTable,
    #[serde(alias = "dev_dependencies")]
    dev_dependencies: DependencyTable,
    #[serde(alias = "build_dependencies")]
    build_dependencies: DependencyTable,
}

/// What a dependency is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DependencyKind {
    Normal,
    Build,
    Dev,
}

/// One entry of a dependency table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dependency {
    /// Its key, which is its name in this package's features.
    pub key: String,
    /// The package's name, which `package = "..."` may change.
    pub package: String,
    /// Its folder relative to the tree, where it is named by `path` and lies in the tree.
    pub folder: Option<Utf8PathBuf>,
    pub optional: bool,
    pub kind: DependencyKind,
    /// Features that this dependency turns on; `default` among them unless it says otherwise.
    pub features: Vec<String>,
    /// The key of the `[target.'...']` table around it.
    pub target: Option<String>,
    /// Whether a `path` says where it is, in the tree or out of it.
    pub is_path: bool,
    /// Where it is written, as a byte of the manifest.
    pub at: usize,
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

/// What a manifest inherits from, and where that lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Root<'t> {
    pub folder: &'t Utf8Path,
    pub workspace: &'t Workspace,
}

/// The editions of Rust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Edition {
    E2015,
    E2018,
    E2021,
    E2024,
}

/// Keywords of every edition, strict and reserved (the Rust reference, "Keywords").
const KEYWORDS: [&str; 44] = [
    "abstract", "as", "become", "box", "break", "const", "continue", "do", "else", "enum", "extern", "false", "final",
    "fn", "for", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub",
    "ref", "return", "static", "struct", "trait", "true", "type", "typeof", "unsafe", "unsized", "use", "virtual",
    "where", "while", "yield", "_",
];

impl Edition {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "2015" => Some(Self::E2015),
            "2018" => Some(Self::E2018),
            "2021" => Some(Self::E2021),
            "2024" => Some(Self::E2024),
            _ => None,
        }
    }

    /// A name as the compiler writes it: with `r#` where it is a keyword of the edition.
    pub(crate) fn written(self, name: &str) -> &str {
        let Some(plain) = name.strip_prefix("r#") else { return name };
        let is_keyword = match plain {
            "async" | "await" | "dyn" | "try" => self >= Self::E2018,
            "gen" => self >= Self::E2024,
            plain => KEYWORDS.contains(&plain),
        };
        if is_keyword { name } else { plain }
    }
}

/// How a workspace's features are unified: `resolver` of the Cargo book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resolver {
    /// All targets, build scripts and procedural macros at once.
    One,
    /// 2 and 3: each for itself.
    Two,
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

impl DeclaredTarget {
    pub(crate) fn is_proc_macro(&self) -> bool {
        self.proc_macro == Some(true) || self.crate_type.iter().any(|kind| kind == "proc-macro")
    }
}

impl Manifest {
    /// What is set in the profile that tests are built in, by the root manifest of a workspace.
    pub(crate) fn with_profile(&self, target: TargetCfg) -> TargetCfg {
        const KEY: &str = "debug-assertions";
        let profiles = || ["test", "dev"].into_iter().filter_map(|name| self.profile.get(name));
        let by_package = profiles().filter_map(|profile| profile.get("package")?.as_table()).flatten();
        if by_package.into_iter().any(|(_, package)| package.get(KEY).is_some()) {
            return target.with_doubt("debug_assertions");
        }
        match profiles().find_map(|profile| profile.get(KEY)?.as_bool()) {
            Some(false) => target.without_name("debug_assertions"),
            _ => target,
        }
    }
}

impl PlacedManifest {
    /// A problem at a span of the manifest.
    pub(crate) fn problem_at(&self, byte: usize, message: String) -> Problem {
        problem(self.file.clone(), line_of(&self.text, byte), message)
    }

    /// A problem at the header of a table.
    pub(crate) fn problem_of_table(&self, table: &str, message: String) -> Problem {
        let header = format!("[{table}]");
        let line = self.text.lines().position(|line| line.trim().starts_with(&header)).unwrap_or(0);
        problem(self.file.clone(), u32::try_from(line).unwrap_or(u32::MAX).saturating_add(1), message)
    }

    /// The edition of its package, and what is wrong with it.
    pub(crate) fn edition(&self, root: Option<Root<'_>>) -> (Edition, Option<Problem>) {
        let Some(written) = self.manifest.package.as_ref().and_then(|package| package.edition.as_ref()) else {
            return (Edition::E2015, None);
        };
        let text = match written.get_ref() {
            Value::String(text) => Some(text.as_str()),
            _ => root.and_then(|root| root.workspace.package.get("edition")).and_then(Value::as_str),
        };
        let wrong = |message: String| Some(self.problem_at(written.span().start, message));
        match text.map(|text| (text, Edition::parse(text))) {
            Some((_, Some(edition))) => (edition, None),
            Some((text, None)) => {
                let message = format!("there is no edition `{text}`: write 2015, 2018, 2021 or 2024");
                (Edition::E2024, wrong(message))
            }
            None => {
                let message = "the edition is inherited, and no workspace has one: write `edition` in \
                               `[workspace.package]`, or here"
                    .to_owned();
                (Edition::E2015, wrong(message))
            }
        }
    }

    /// The resolver of the workspace, or of the lone package, whose root manifest this is.
    pub(crate) fn resolver(&self) -> Resolver {
        let package = self.manifest.package.as_ref();
        let workspace = self.manifest.workspace.as_ref();
        let written = workspace
            .and_then(|workspace| workspace.resolver.as_deref())
            .or_else(|| package.and_then(|package| package.resolver.as_deref()));
        let root = workspace.map(|workspace| Root { folder: &self.folder, workspace });
        match written {
            Some("1") => Resolver::One,
            Some(_) => Resolver::Two,
            None if package.is_some() && self.edition(root).0 >= Edition::E2021 => Resolver::Two,
            None => Resolver::One,
        }
    }

    /// All dependencies, with what they inherit from the workspace.
    pub(crate) fn dependencies(&self, root: Option<Root<'_>>) -> Vec<Dependency> {
        self.written().map(|written| written.read(root)).collect()
    }

    /// A problem for each dependency that inherits what is not there.
    pub(crate) fn not_inherited(&self, root: Option<Root<'_>>) -> Vec<Problem> {
        self.written().filter_map(|written| written.not_inherited(root)).take(MOST_PROBLEMS).collect()
    }

    fn written(&self) -> impl Iterator<Item = Written<'_>> {
        let manifest = &self.manifest;
        let own = (None, [&manifest.dependencies, &manifest.build_dependencies, &manifest.dev_dependencies]);
        let by_target = manifest.target.iter().map(|(key, tables)| {
            (Some(key), [&tables.dependencies, &tables.build_dependencies, &tables.dev_dependencies])
        });
        let kinds = [DependencyKind::Normal, DependencyKind::Build, DependencyKind::Dev];
        std::iter::once(own).chain(by_target).flat_map(move |(target, tables)| {
            tables.into_iter().zip(kinds).flat_map(move |(table, kind)| {
                table.iter().map(move |(key, value)| Written { manifest: self, key, value, kind, target })
            })
        })
    }

    /// Folders in the tree whose packages replace those of a registry, by the package's name.
    pub(crate) fn patches(&self) -> Vec<(&str, Option<Utf8PathBuf>)> {
        let entries = self.manifest.patch.values().flatten();
        let placed = entries.filter_map(|(key, value)| {
            let path = value.get("path").and_then(Value::as_str)?;
            let name = value.get("package").and_then(Value::as_str).unwrap_or(key);
            Some((name, normal(&self.folder.join(path))))
        });
        placed.collect()
    }
}

/// A dependency as it is written.
struct Written<'t> {
    manifest: &'t PlacedManifest,
    key: &'t str,
    value: &'t Spanned<Value>,
    kind: DependencyKind,
    target: Option<&'t String>,
}

impl Written<'_> {
    fn inherits(&self) -> bool {
        flag(self.value.get_ref(), "workspace") == Some(true)
    }

    /// A problem, where it inherits what is not there.
    fn not_inherited(&self, root: Option<Root<'_>>) -> Option<Problem> {
        let is_there = root.is_some_and(|root| root.workspace.dependencies.contains_key(self.key));
        (self.inherits() && !is_there).then(|| {
            let message = format!(
                "the dependency `{}` is inherited, and `[workspace.dependencies]` has none of that name: write it there",
                self.key
            );
            self.manifest.problem_at(self.value.span().start, message)
        })
    }

    fn read(&self, root: Option<Root<'_>>) -> Dependency {
        let value = self.value.get_ref();
        let root = root.filter(|_| self.inherits());
        let inherited = root.and_then(|root| root.workspace.dependencies.get(self.key));
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
        let path_of = |source: &Value| source.get("path").and_then(Value::as_str).map(str::to_owned);
        let own = path_of(value).map(|path| self.manifest.folder.join(path));
        let path = own.or_else(|| Some(root?.folder.join(path_of(inherited?)?)));
        Dependency {
            key: self.key.to_owned(),
            package: renamed.unwrap_or(self.key).to_owned(),
            is_path: path.is_some(),
            folder: path.and_then(|path| normal(&path)),
            optional: flag(value, "optional") == Some(true),
            kind: self.kind,
            features,
            target: self.target.cloned(),
            at: self.value.span().start,
        }
    }
}

fn flag(value: &Value, name: &str) -> Option<bool> {
    value.get(name).and_then(Value::as_bool)
}

/// The path without `.` and `..`; `None` where it leaves the tree.
pub(crate) fn normal(path: &Utf8Path) -> Option<Utf8PathBuf> {
    let mut plain = Utf8PathBuf::new();
    for part in path.components() {
        match part {
            camino::Utf8Component::CurDir => {}
            camino::Utf8Component::Normal(name) => plain.push(name),
            camino::Utf8Component::ParentDir => {
                if !plain.pop() {
                    return None;
                }
            }
            camino::Utf8Component::RootDir | camino::Utf8Component::Prefix(_) => return None,
        }
    }
    Some(plain)
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
        let root = parse("[workspace.dependencies]\nb = { path = \"b\", package = \"bee\", default-features = false, features = [\"x\"] }").unwrap();
        let own =
            parse("[dev-dependencies]\nb = { workspace = true, features = [\"y\"] }\nc.workspace = true").unwrap();
        let root = Root { folder: Utf8Path::new("root"), workspace: root.manifest.workspace.as_ref().unwrap() };
        let (list, problems) = (own.dependencies(Some(root)), own.not_inherited(Some(root)));
        assert_eq!((list[0].package.as_str(), list[0].kind), ("bee", DependencyKind::Dev));
        assert_eq!(
            (list[0].folder.as_deref(), &list[0].features[..]),
            (Some(Utf8Path::new("root/b")), &["y".to_owned(), "x".to_owned()][..])
        );
        let lines: Vec<u32> = problems.iter().map(|one| one.at.start.line).collect();
        assert_eq!(lines, [3], "`c` is not in the workspace");
    }

    #[test]
    fn the_resolver_is_the_one_that_is_written_or_the_edition_s() {
        let resolver = |text: &str| parse(text).unwrap().resolver();
        assert_eq!(resolver("[workspace]"), Resolver::One);
        assert_eq!(resolver("[workspace]\nresolver = \"3\""), Resolver::Two);
        assert_eq!(resolver("[package]\nname = \"a\"\nedition = \"2018\""), Resolver::One);
        assert_eq!(resolver("[package]\nname = \"a\"\nedition = \"2018\"\nresolver = \"2\""), Resolver::Two);
        assert_eq!(
            resolver("[package]\nname = \"a\"\nedition.workspace = true\n[workspace.package]\nedition = \"2021\""),
            Resolver::Two
        );
    }

    #[test]
    fn an_edition_that_is_not_known_is_a_problem() {
        let (_, problem) = parse("[package]\nname = \"a\"\nedition = \"2030\"").unwrap().edition(None);
        assert_eq!(problem.unwrap().at.start.line, 3);
        let (_, problem) = parse("[package]\nname = \"a\"\nedition.workspace = true").unwrap().edition(None);
        assert_eq!(problem.unwrap().at.start.line, 3);
    }
}
