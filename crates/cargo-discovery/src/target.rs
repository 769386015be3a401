//! The targets of a package: those that its manifest declares, and those that cargo finds by their place.
//!
//! The rules are the Cargo book's, "Cargo Targets" with "Target auto-discovery". Where cargo refuses a manifest, the
//! mistake is a problem, and the targets are those that it most likely means.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use test_catalog::{Problem, TargetKind};

pub(crate) use crate::manifest::normal;
use crate::manifest::{DeclaredTarget, Edition, MOST_PROBLEMS, Package, PlacedManifest};
use crate::workspace::Tree;

/// One target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub kind: TargetKind,
    pub name: String,
    /// Its root file, relative to the tree.
    pub root: Utf8PathBuf,
    pub harness: bool,
    /// Whether `cargo test` runs it.
    pub tested: bool,
    /// Whether `cargo test` runs the tests in its documentation.
    pub documented: bool,
    pub required_features: Vec<String>,
}

impl Target {
    /// The documentation of a library as a target of its own.
    pub(crate) fn documentation(&self) -> Self {
        Self { kind: TargetKind::Doc, harness: true, ..self.clone() }
    }

    /// nextest's id of its test binary.
    pub(crate) fn binary(&self, package: &str) -> String {
        let name = &self.name;
        match self.kind {
            TargetKind::Lib | TargetKind::Doc => package.to_owned(),
            TargetKind::Test => format!("{package}::{name}"),
            TargetKind::Bin => format!("{package}::bin/{name}"),
            TargetKind::Example => format!("{package}::example/{name}"),
            TargetKind::Bench => format!("{package}::bench/{name}"),
        }
    }
}

/// What a search needs to know.
pub(crate) struct Place<'t, T> {
    pub manifest: &'t PlacedManifest,
    pub package: &'t Package,
    pub edition: Edition,
    pub tree: &'t T,
}

/// A target that is where cargo looks for targets of its kind.
#[derive(Debug)]
struct Inferred {
    name: String,
    /// Relative to the tree.
    root: Utf8PathBuf,
}

/// Names in the build's output that no binary may have.
const OUTPUT_NAMES: [&str; 4] = ["deps", "examples", "build", "incremental"];

/// Finds the targets of a package, and what is wrong with them.
pub(crate) fn find<T: Tree>(place: &Place<'_, T>) -> (Vec<Target>, Vec<Problem>) {
    let manifest = &place.manifest.manifest;
    let mut targets = Vec::new();
    let mut problems = Vec::new();
    library(place, &mut targets, &mut problems);
    let package = place.package;
    for (kind, declared, auto) in [
        (TargetKind::Bin, &manifest.bin, package.autobins),
        (TargetKind::Test, &manifest.test, package.autotests),
        (TargetKind::Example, &manifest.example, package.autoexamples),
        (TargetKind::Bench, &manifest.bench, package.autobenches),
    ] {
        let inferred = place.inferred(kind);
        let before = targets.len();
        for target in declared.iter().flatten() {
            match place.declared(kind, target, &inferred) {
                Ok(target) => targets.push(target),
                Err(problem) => problems.push(problem),
            }
        }
        // A declared target turns the search off in the edition of 2015.
        if auto.unwrap_or(declared.is_none() || place.edition > Edition::E2015) {
            let taken = place.taken(declared.iter().flatten());
            let free = inferred.into_iter().filter(|one| !taken.holds(one));
            targets.extend(free.map(|one| plain(kind, one.name, one.root)));
        }
        problems.extend(place.same_names(kind, &targets[before..]));
        problems.truncate(MOST_PROBLEMS);
    }
    (targets, problems)
}

fn plain(kind: TargetKind, name: String, root: Utf8PathBuf) -> Target {
    let tested = !matches!(kind, TargetKind::Example | TargetKind::Bench);
    let documented = kind == TargetKind::Lib;
    Target { kind, name, root, harness: true, tested, documented, required_features: Vec::new() }
}

fn configured(mut target: Target, declared: &DeclaredTarget) -> Target {
    target.harness = declared.harness.unwrap_or(target.harness);
    target.tested = declared.test.unwrap_or(target.tested);
    // A library is built whatever features it says that it needs.
    if target.kind != TargetKind::Lib {
        target.required_features.clone_from(&declared.required_features);
    }
    target.documented &= declared.is_documented();
    target
}

fn library<T: Tree>(place: &Place<'_, T>, targets: &mut Vec<Target>, problems: &mut Vec<Problem>) {
    let Some(declared) = place.manifest.manifest.lib.as_ref() else {
        let root = place.manifest.folder.join("src/lib.rs");
        if place.package.autolib != Some(false) && place.tree.is_file(&root) {
            targets.push(plain(TargetKind::Lib, place.package.name.replace('-', "_"), root));
        }
        return;
    };
    let written = declared.name.as_ref().map(|name| name.get_ref().clone());
    if written.as_ref().is_some_and(|name| name.contains('-')) {
        problems.push(place.wrong(declared, "lib", "the name of a library has no hyphens: write `_`"));
    }
    let name = written.unwrap_or_else(|| place.package.name.replace('-', "_"));
    match place.library_root(declared, &name) {
        Ok(root) => targets.push(configured(plain(TargetKind::Lib, name, root), declared)),
        Err(problem) => problems.push(problem),
    }
}

impl<T: Tree> Place<'_, T> {
    fn library_root(&self, declared: &DeclaredTarget, name: &str) -> Result<Utf8PathBuf, Problem> {
        if let Some(path) = &declared.path {
            return self.written_root(declared, "lib", path.get_ref());
        }
        let usual = self.manifest.folder.join("src/lib.rs");
        if self.tree.is_file(&usual) {
            return Ok(usual);
        }
        let old = self.manifest.folder.join(format!("src/{name}.rs"));
        if self.edition == Edition::E2015 && self.tree.is_file(&old) {
            return Ok(old);
        }
        Err(self.wrong(declared, "lib", "the library has no file `src/lib.rs`: create it, or write its `path`"))
    }

    /// The file that `path` names.
    fn written_root(&self, declared: &DeclaredTarget, table: &str, path: &str) -> Result<Utf8PathBuf, Problem> {
        let root = normal(&self.manifest.folder.join(path)).filter(|root| self.tree.is_file(root));
        root.ok_or_else(|| {
            let what = format!("the target has no file `{path}` in the tree: create it, or correct `path`");
            self.wrong(declared, table, &what)
        })
    }

    fn wrong(&self, declared: &DeclaredTarget, table: &str, what: &str) -> Problem {
        let span = declared.name.as_ref().map(toml::Spanned::span);
        match span.or_else(|| declared.path.as_ref().map(toml::Spanned::span)) {
            Some(span) => self.manifest.problem_at(span.start, what.to_owned()),
            None => self.manifest.problem_of_table(table, what.to_owned()),
        }
    }

    fn declared(&self, kind: TargetKind, declared: &DeclaredTarget, inferred: &[Inferred]) -> Result<Target, Problem> {
        let table = format!("[{}]", word(kind));
        let wrong = |what: &str| self.wrong(declared, &table, what);
        let Some(name) = declared.name.as_ref().map(|name| name.get_ref().as_str()).filter(|name| !name.is_empty())
        else {
            return Err(wrong("a target has no `name`: give it one"));
        };
        if kind == TargetKind::Bin && OUTPUT_NAMES.contains(&name) {
            return Err(wrong("no binary may have the name of a folder of cargo's own: rename it"));
        }
        let root = match &declared.path {
            Some(path) => self.written_root(declared, &table, path.get_ref())?,
            None => self.root_by_name(kind, name, inferred).map_err(|what| wrong(&what))?,
        };
        Ok(configured(plain(kind, name.to_owned(), root), declared))
    }

    fn root_by_name(&self, kind: TargetKind, name: &str, inferred: &[Inferred]) -> Result<Utf8PathBuf, String> {
        let mut matching = inferred.iter().filter(|one| one.name == name);
        match (matching.next(), matching.next()) {
            (Some(one), None) => Ok(one.root.clone()),
            (one, other) => {
                let old = if self.edition == Edition::E2015 { self.root_of_2015(kind, name) } else { None };
                old.ok_or_else(|| match (one, other) {
                    (Some(one), Some(other)) => format!(
                        "the target `{name}` has two files, `{}` and `{}`: write the `path` of one, or remove the other",
                        one.root, other.root
                    ),
                    _ => format!("the target `{name}` has no file: create it, or write its `path`"),
                })
            }
        }
    }

    /// Where the edition of 2015 looks for the file of a target besides.
    fn root_of_2015(&self, kind: TargetKind, name: &str) -> Option<Utf8PathBuf> {
        let candidates = match kind {
            TargetKind::Bench if name == "bench" => vec!["src/bench.rs".to_owned()],
            TargetKind::Bin => {
                let has_library = self.manifest.manifest.lib.is_some() || self.is_file("src/lib.rs");
                let own = (!has_library).then(|| format!("src/{name}.rs"));
                own.into_iter().chain(["src/main.rs".to_owned(), "src/bin/main.rs".to_owned()]).collect()
            }
            _ => Vec::new(),
        };
        candidates.into_iter().find(|file| self.is_file(file)).map(|file| self.manifest.folder.join(file))
    }

    fn is_file(&self, inside: &str) -> bool {
        self.tree.is_file(&self.manifest.folder.join(inside))
    }

    fn taken<'d>(&self, declared: impl Iterator<Item = &'d DeclaredTarget>) -> Taken<'d> {
        let mut taken = Taken::default();
        for one in declared {
            taken.names.extend(one.name.as_ref().map(|name| name.get_ref().as_str()));
            taken.paths.extend(one.path.as_ref().map(|path| plain_path(path.get_ref(), &self.manifest.folder)));
        }
        taken
    }

    /// What stands where cargo looks for targets of a kind. A name that is hidden is no target.
    fn inferred(&self, kind: TargetKind) -> Vec<Inferred> {
        let folder = match kind {
            TargetKind::Bin => "src/bin",
            TargetKind::Test => "tests",
            TargetKind::Example => "examples",
            TargetKind::Bench => "benches",
            TargetKind::Lib | TargetKind::Doc => return Vec::new(),
        };
        let mut found = Vec::new();
        if kind == TargetKind::Bin && self.is_file("src/main.rs") {
            let root = self.manifest.folder.join("src/main.rs");
            found.push(Inferred { name: self.package.name.clone(), root });
        }
        let folder = self.manifest.folder.join(folder);
        for entry in self.tree.entries(&folder) {
            if entry.name.starts_with('.') {
                continue;
            }
            match (entry.name.strip_suffix(".rs"), entry.is_folder) {
                (Some(name), false) => {
                    found.push(Inferred { name: name.to_owned(), root: folder.join(&entry.name) });
                }
                (None, true) => {
                    let root = folder.join(&entry.name).join("main.rs");
                    if self.tree.is_file(&root) {
                        found.push(Inferred { name: entry.name, root });
                    }
                }
                _ => {}
            }
        }
        found
    }

    fn same_names(&self, kind: TargetKind, targets: &[Target]) -> Vec<Problem> {
        let mut first: BTreeMap<&str, &Target> = BTreeMap::new();
        let mut told = BTreeSet::new();
        let mut problems = Vec::new();
        for target in targets {
            let Some(other) = first.insert(&target.name, target) else { continue };
            if told.insert(&target.name) {
                let message = format!(
                    "two targets of kind {} are named `{}`, `{}` and `{}`, so cargo refuses the package: rename one",
                    word(kind),
                    target.name,
                    other.root,
                    target.root
                );
                problems.push(self.manifest.problem_of_table(&format!("[{}]", word(kind)), message));
            }
        }
        problems
    }
}

/// What the declared targets of a kind take the place of: by its name, or by a `path` that is just that file.
#[derive(Debug, Default)]
struct Taken<'d> {
    names: BTreeSet<&'d str>,
    paths: BTreeSet<Utf8PathBuf>,
}

impl Taken<'_> {
    fn holds(&self, found: &Inferred) -> bool {
        self.names.contains(found.name.as_str()) || self.paths.contains(&found.root)
    }
}

/// The path as cargo compares it with what it finds: `a/../b` is another than `b`.
fn plain_path(path: &str, folder: &Utf8Path) -> Utf8PathBuf {
    let inside: Utf8PathBuf =
        Utf8Path::new(path).components().filter(|part| *part != camino::Utf8Component::CurDir).collect();
    folder.join(inside)
}

/// The key of a kind of targets in a manifest.
fn word(kind: TargetKind) -> &'static str {
    match kind {
        TargetKind::Lib | TargetKind::Doc => "lib",
        TargetKind::Bin => "bin",
        TargetKind::Test => "test",
        TargetKind::Example => "example",
        TargetKind::Bench => "bench",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::manifest;
    use crate::workspace::tests::Memory;

    fn targets(text: &str, files: &[&str]) -> (Vec<String>, usize) {
        let manifest = manifest::read(Utf8Path::new("p/Cargo.toml"), text.to_owned()).unwrap();
        let tree = Memory::of(files.iter().map(|file| (format!("p/{file}"), "")));
        let package = manifest.manifest.package.as_ref().unwrap();
        let (edition, _) = manifest.edition(None);
        let (targets, problems) = find(&Place { manifest: &manifest, package, edition, tree: &tree });
        let show = |target: &Target| format!("{} {}", target.binary("p"), target.root);
        (targets.iter().filter(|target| target.tested).map(show).collect(), problems.len())
    }

    const P: &str = "[package]\nname = \"p\"\nedition = \"2024\"\n";

    #[test]
    fn targets_are_found_by_their_place() {
        let files = [
            "src/lib.rs",
            "src/main.rs",
            "src/bin/b.rs",
            "src/bin/c/main.rs",
            "tests/t.rs",
            "tests/u/main.rs",
            "tests/u/v.rs",
        ];
        let expected = [
            "p p/src/lib.rs",
            "p::bin/p p/src/main.rs",
            "p::bin/b p/src/bin/b.rs",
            "p::bin/c p/src/bin/c/main.rs",
            "p::t p/tests/t.rs",
            "p::u p/tests/u/main.rs",
        ];
        assert_eq!(targets(P, &files), (expected.map(String::from).to_vec(), 0));
    }

    #[test]
    fn a_declared_target_replaces_the_one_of_its_file() {
        let text = format!("{P}[[bin]]\nname = \"x\"\npath = \"src/main.rs\"\n[[test]]\nname = \"t\"\ntest = false\n");
        assert_eq!(targets(&text, &["src/main.rs", "tests/t.rs"]), (vec!["p::bin/x p/src/main.rs".to_owned()], 0));
    }

    #[test]
    fn a_declared_target_without_a_file_is_a_problem() {
        assert_eq!(targets(&format!("{P}[[test]]\nname = \"gone\"\n"), &[]), (vec![], 1));
        assert_eq!(targets(&format!("{P}[[test]]\nname = \"a\"\npath = \"../../x.rs\"\n"), &[]), (vec![], 1));
    }

    #[test]
    fn autotests_and_the_edition_of_2015_turn_the_search_off() {
        let files = ["tests/a.rs", "tests/b.rs"];
        assert_eq!(targets(&format!("{P}autotests = false\n"), &files), (vec![], 0));
        let old = "[package]\nname = \"p\"\n[[test]]\nname = \"a\"\n";
        assert_eq!(targets(old, &files), (vec!["p::a p/tests/a.rs".to_owned()], 0));
    }

    #[test]
    fn hidden_names_are_no_targets_and_folders_need_a_main() {
        let files = ["tests/.a.rs", "tests/.b/main.rs", "tests/c/mod.rs", "tests/target/main.rs", "src/bin/d/main.rs"];
        assert_eq!(targets(P, &files).0, ["p::bin/d p/src/bin/d/main.rs", "p::target p/tests/target/main.rs"]);
    }

    #[test]
    fn two_targets_of_one_name_are_a_problem_and_stay() {
        let (found, problems) = targets(P, &["src/main.rs", "src/bin/p.rs"]);
        assert_eq!((found.len(), problems), (2, 1));
        assert_eq!(targets(P, &["tests/a.rs", "tests/a/main.rs"]).1, 1);
        let text = format!("{P}[[test]]\nname = \"a\"\n");
        assert_eq!(targets(&text, &["tests/a.rs", "tests/a/main.rs"]), (vec![], 1), "which of them is meant?");
    }

    #[test]
    fn only_a_plain_path_takes_the_place_of_what_is_found() {
        let declared =
            |path: &str| targets(&format!("{P}[[test]]\nname = \"x\"\npath = \"{path}\"\n"), &["tests/a.rs"]).0;
        assert_eq!(declared("./tests/a.rs"), ["p::x p/tests/a.rs"]);
        assert_eq!(declared("tests/../tests/a.rs"), ["p::x p/tests/a.rs", "p::a p/tests/a.rs"]);
    }

    #[test]
    fn the_edition_of_2015_looks_in_more_places() {
        let old = "[package]\nname = \"p\"\n";
        let files = ["src/main.rs", "src/own.rs", "src/bench.rs"];
        let find = |text: &str| targets(&format!("{old}{text}"), &files);
        assert_eq!(find("[[bin]]\nname = \"own\"\n").0, ["p::bin/own p/src/own.rs"]);
        assert_eq!(find("[[bin]]\nname = \"other\"\n").0, ["p::bin/other p/src/main.rs"]);
        assert_eq!(
            find("[[bench]]\nname = \"bench\"\ntest = true\n").0,
            ["p::bin/p p/src/main.rs", "p::bench/bench p/src/bench.rs"]
        );
        assert_eq!(find("[lib]\nname = \"own\"\n").0, ["p p/src/own.rs", "p::bin/p p/src/main.rs"]);
        assert_eq!(targets(&format!("{P}[lib]\nname = \"own\"\n"), &files).1, 1);
    }

    #[test]
    fn names_that_cargo_refuses_are_problems() {
        for text in ["[[test]]\npath = \"tests/a.rs\"", "[[bin]]\nname = \"deps\"", "[lib]\nname = \"a-b\""] {
            assert_eq!(targets(&format!("{P}{text}\n"), &["src/lib.rs"]).1, 1, "{text}");
        }
    }
}
