//! The targets of a package: those that its manifest declares, and those that cargo finds by their place.
//!
//! The rules are the Cargo book's, "Cargo Targets" with "Target auto-discovery".

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use test_catalog::{Problem, TargetKind};

use crate::manifest::{self, DeclaredTarget, Package, PlacedManifest, Workspace};

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

/// What a search needs to know of the tree.
pub(crate) struct Place<'t> {
    pub manifest: &'t PlacedManifest,
    pub package: &'t Package,
    pub workspace: Option<&'t Workspace>,
    /// The Rust files that the walk found, in which targets are searched.
    pub files: &'t BTreeSet<Utf8PathBuf>,
    /// Whether a file exists in the tree: a manifest may name one that the walk passes over.
    pub exists: &'t dyn Fn(&Utf8Path) -> bool,
}

/// Finds the targets of a package. One that is declared but has no file is a problem.
pub(crate) fn find(place: &Place<'_>) -> (Vec<Target>, Vec<Problem>) {
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
        let found = inferred(place, kind);
        let declared_of_kind = targets.len();
        for target in declared.iter().flatten() {
            match declared_target(place, kind, target, &found) {
                Ok(target) => targets.push(target),
                Err(problem) => problems.push(problem),
            }
        }
        let auto = auto.unwrap_or(declared.is_none() || !package.is_edition_2015(place.workspace));
        if !auto {
            continue;
        }
        let taken: Vec<(String, Utf8PathBuf)> =
            targets[declared_of_kind..].iter().map(|target| (target.name.clone(), target.root.clone())).collect();
        let free = found.into_iter().filter(|(name, root)| taken.iter().all(|(n, r)| n != name && r != root));
        targets.extend(free.map(|(name, root)| plain(kind, name, root)));
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
    target.documented &= declared.is_documented();
    target.required_features.clone_from(&declared.required_features);
    target
}

fn library(place: &Place<'_>, targets: &mut Vec<Target>, problems: &mut Vec<Problem>) {
    let declared = place.manifest.manifest.lib.as_ref();
    if declared.is_none() && place.package.autolib == Some(false) {
        return;
    }
    let path = declared.and_then(|lib| lib.path.as_deref()).unwrap_or("src/lib.rs");
    let root = normal(&place.manifest.folder.join(path));
    let exists = root.as_ref().is_some_and(|root| (place.exists)(root));
    match (root, declared) {
        (Some(root), _) if exists => {
            let name = declared.and_then(|lib| lib.name.as_ref()).map(|name| name.get_ref().clone());
            let name = name.unwrap_or_else(|| place.package.name.replace('-', "_"));
            let target = plain(TargetKind::Lib, name, root);
            targets.push(match declared {
                Some(declared) => configured(target, declared),
                None => target,
            });
        }
        (_, Some(lib)) => problems.push(without_file(place, lib, &format!("the library has no file `{path}`"))),
        (_, None) => {}
    }
}

fn without_file(place: &Place<'_>, declared: &DeclaredTarget, what: &str) -> Problem {
    let line = declared.name.as_ref().map_or(1, |name| manifest::line_of(&place.manifest.text, name.span().start));
    manifest::problem(place.manifest.file.clone(), line, format!("{what}: create it, or correct the manifest"))
}

fn declared_target(
    place: &Place<'_>,
    kind: TargetKind,
    declared: &DeclaredTarget,
    found: &[(String, Utf8PathBuf)],
) -> Result<Target, Problem> {
    let Some(name) = declared.name.as_ref().map(|name| name.get_ref().clone()) else {
        return Err(without_file(place, declared, "a target has no `name`"));
    };
    let root = match &declared.path {
        Some(path) => normal(&place.manifest.folder.join(path)).filter(|root| (place.exists)(root)),
        None => found.iter().find(|(inferred, _)| *inferred == name).map(|(_, root)| root.clone()),
    };
    match root {
        Some(root) => Ok(configured(plain(kind, name, root), declared)),
        None => Err(without_file(place, declared, &format!("the target `{name}` has no file"))),
    }
}

/// What stands where cargo looks for targets of a kind: by name, with the root file.
fn inferred(place: &Place<'_>, kind: TargetKind) -> Vec<(String, Utf8PathBuf)> {
    let folder = match kind {
        TargetKind::Bin => "src/bin",
        TargetKind::Test => "tests",
        TargetKind::Example => "examples",
        TargetKind::Bench => "benches",
        TargetKind::Lib | TargetKind::Doc => return Vec::new(),
    };
    let mut found = Vec::new();
    let main = place.manifest.folder.join("src/main.rs");
    if kind == TargetKind::Bin && place.files.contains(&main) {
        found.push((place.package.name.clone(), main));
    }
    let folder = place.manifest.folder.join(folder);
    for file in below(place.files, &folder) {
        let Ok(inside) = file.strip_prefix(&folder) else { continue };
        let mut parts = inside.components().map(|part| part.as_str());
        let name = match (parts.next(), parts.next(), parts.next()) {
            (Some(only), None, None) => only.strip_suffix(".rs"),
            (Some(name), Some("main.rs"), None) => Some(name),
            _ => None,
        };
        if let Some(name) = name {
            found.push((name.to_owned(), file.clone()));
        }
    }
    found
}

/// The files below a folder.
pub(crate) fn below<'f>(
    files: &'f BTreeSet<Utf8PathBuf>,
    folder: &'f Utf8Path,
) -> impl Iterator<Item = &'f Utf8PathBuf> {
    files.range(folder.to_owned()..).take_while(move |file| file.starts_with(folder))
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

    fn targets(text: &str, files: &[&str]) -> (Vec<String>, usize) {
        let manifest = manifest::read(Utf8Path::new("p/Cargo.toml"), text.to_owned()).unwrap();
        let files: BTreeSet<_> = files.iter().map(|file| Utf8PathBuf::from(format!("p/{file}"))).collect();
        let package = manifest.manifest.package.as_ref().unwrap();
        let (targets, problems) = find(&Place {
            manifest: &manifest,
            package,
            workspace: None,
            files: &files,
            exists: &|file| files.contains(file),
        });
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
}
