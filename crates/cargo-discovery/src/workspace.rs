//! Which manifests make a workspace: the root that each package has, and the members that each root has.
//!
//! The rules are the Cargo book's, "Workspaces". What it leaves open is as cargo 1.95 does it: `exclude` is no pattern,
//! a package below a member that is named as such is not excluded, and path dependencies are members too.

mod named;

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use glob::{MatchOptions, Pattern};
use test_catalog::Problem;
use toml::Spanned;

use crate::manifest::{Dependency, PlacedManifest, Root, Workspace, normal};

use named::folders_of;
pub(crate) use named::{Entry, Tree, add_named};

/// How many entries of `members` are looked at. Each may be a pattern for a folder of any size.
const MOST_ENTRIES: usize = 1_000;

/// How patterns match: `*` stays in its folder, and takes what is hidden.
const IN_ONE_FOLDER: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };

fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// The manifests of a tree, by their place in the list, as workspaces.
pub(crate) struct Workspaces<'t> {
    manifests: &'t [PlacedManifest],
    by_folder: BTreeMap<&'t Utf8Path, usize>,
    /// For each manifest the root of its workspace; a package outside of all has none.
    roots: Vec<Option<usize>>,
    members: BTreeMap<usize, Members>,
}

/// The members of one workspace.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Members {
    pub all: BTreeSet<usize>,
    /// Those that `cargo test` in the folder of the root is about.
    pub default: BTreeSet<usize>,
}

impl<'t> Workspaces<'t> {
    /// Finds the roots.
    pub(crate) fn find(manifests: &'t [PlacedManifest]) -> (Self, Vec<Problem>) {
        let by_folder = manifests.iter().enumerate().map(|(index, one)| (one.folder.as_path(), index)).collect();
        let mut workspaces = Self { manifests, by_folder, roots: Vec::new(), members: BTreeMap::new() };
        let mut problems = Vec::new();
        for index in 0..manifests.len() {
            match workspaces.root(index) {
                Ok(root) => workspaces.roots.push(root),
                Err(problem) => {
                    workspaces.roots.push(None);
                    problems.push(problem);
                }
            }
        }
        (workspaces, problems)
    }

    /// The manifest in a folder.
    pub(crate) fn at(&self, folder: &Utf8Path) -> Option<usize> {
        self.by_folder.get(folder).copied()
    }

    /// The name of the package in a manifest.
    pub(crate) fn name(&self, index: usize) -> Option<&'t str> {
        self.manifests.get(index)?.manifest.package.as_ref().map(|package| package.name.as_str())
    }

    /// The root manifest of a package's workspace, or the package's own.
    pub(crate) fn root_or_own(&self, index: usize) -> usize {
        self.roots.get(index).copied().flatten().unwrap_or(index)
    }

    /// What a manifest inherits from.
    pub(crate) fn inherited(&self, index: usize) -> Option<Root<'t>> {
        let root = self.manifests.get(self.root_or_own(index))?;
        let workspace = root.manifest.workspace.as_ref()?;
        Some(Root { folder: &root.folder, workspace })
    }

    /// The members of the workspace with that root manifest; of a lone package itself.
    pub(crate) fn members(&self, root: usize) -> Option<&Members> {
        self.members.get(&root)
    }

    /// The nearest workspace at or above a package that does not exclude it, or the one that it names.
    fn root(&self, index: usize) -> Result<Option<usize>, Problem> {
        let manifest = &self.manifests[index];
        if manifest.manifest.workspace.is_some() {
            return Ok(Some(index));
        }
        if let Some(named) = named_root(manifest) {
            return self.named(manifest, named).map(Some);
        }
        for folder in manifest.folder.ancestors().skip(1) {
            let Some(above) = self.at(folder) else { continue };
            let other = &self.manifests[above];
            match (&other.manifest.workspace, named_root(other)) {
                (Some(workspace), _) if !workspace.excludes(folder, manifest.file.as_path()) => return Ok(Some(above)),
                (Some(_), _) | (None, None) => {}
                (None, Some(named)) => return self.named(other, named).map(Some),
            }
        }
        Ok(None)
    }

    fn named(&self, manifest: &PlacedManifest, named: &Spanned<String>) -> Result<usize, Problem> {
        let root = normal(&manifest.folder.join(named.get_ref())).and_then(|folder| self.at(&folder));
        let root = root.filter(|&root| self.manifests[root].manifest.workspace.is_some());
        root.ok_or_else(|| {
            let message = format!(
                "`package.workspace` names `{}`, where no manifest of the tree has a `[workspace]`: correct the path",
                named.get_ref()
            );
            manifest.problem_at(named.span().start, message)
        })
    }

    /// Finds the members of each root. `dependencies` are those of each manifest; they are read anew, with `read`, where
    /// a manifest turns out to inherit from another root than the nearest.
    pub(crate) fn find_members(
        &mut self,
        dependencies: &mut [Vec<Dependency>],
        read: impl Fn(&PlacedManifest, Option<Root<'t>>) -> Vec<Dependency>,
        tree: &impl Tree,
    ) -> Vec<Problem> {
        let mut problems = Vec::new();
        for index in 0..self.manifests.len() {
            let members = match &self.manifests[index].manifest.workspace {
                Some(workspace) => self.members_of(index, workspace, dependencies, tree, &mut problems),
                None if self.roots[index].is_none() => {
                    let own = BTreeSet::from([index]);
                    Members { all: own.clone(), default: own }
                }
                None => continue,
            };
            self.members.insert(index, members);
        }
        for (index, manifest) in self.manifests.iter().enumerate() {
            if let Some(other) = self.farther_root(index) {
                self.roots[index] = Some(other);
                dependencies[index] = read(manifest, self.inherited(index));
            }
        }
        for (index, manifest) in self.manifests.iter().enumerate() {
            problems.extend(self.misplaced(index, manifest));
        }
        problems
    }

    /// The root above a package that has it as a member, where the nearest root has not: a build in the folder of
    /// that root knows of no other.
    fn farther_root(&self, index: usize) -> Option<usize> {
        let nearest = self.roots[index]?;
        let has = |root: usize| self.members.get(&root).is_some_and(|members| members.all.contains(&index));
        if has(nearest) {
            return None;
        }
        let above = self.manifests[index].folder.ancestors().skip(1).filter_map(|folder| self.at(folder));
        above.into_iter().find(|&root| has(root))
    }

    fn members_of(
        &self,
        root: usize,
        workspace: &Workspace,
        dependencies: &[Vec<Dependency>],
        tree: &impl Tree,
        problems: &mut Vec<Problem>,
    ) -> Members {
        let manifest = &self.manifests[root];
        let mut open: Vec<(usize, bool)> =
            self.expand(manifest, &workspace.members, tree, problems).into_iter().map(|one| (one, false)).collect();
        open.push((root, false));
        let mut all = BTreeSet::new();
        while let Some((index, is_dependency)) = open.pop() {
            let member = &self.manifests[index];
            let is_elsewhere = is_dependency && !member.folder.starts_with(&manifest.folder);
            if all.contains(&index)
                || (is_elsewhere && self.roots[index] != Some(root))
                || workspace.excludes(&manifest.folder, member.file.as_path())
            {
                continue;
            }
            all.insert(index);
            let folders = dependencies.get(index).into_iter().flatten().filter_map(|one| one.folder.as_deref());
            open.extend(folders.filter_map(|folder| self.at(folder)).map(|index| (index, true)));
        }
        problems.extend(all.iter().filter_map(|&member| self.of_another(root, member)));
        all.retain(|&index| self.manifests[index].manifest.package.is_some());
        problems.extend(self.same_names(&all));
        let default = self.default_members(root, workspace, &all, tree, problems);
        Members { all, default }
    }

    fn default_members(
        &self,
        root: usize,
        workspace: &Workspace,
        all: &BTreeSet<usize>,
        tree: &impl Tree,
        problems: &mut Vec<Problem>,
    ) -> BTreeSet<usize> {
        let manifest = &self.manifests[root];
        let Some(written) = &workspace.default_members else {
            return if all.contains(&root) { BTreeSet::from([root]) } else { all.clone() };
        };
        let (inside, outside): (Vec<usize>, Vec<usize>) =
            self.expand(manifest, written, tree, problems).into_iter().partition(|one| all.contains(one));
        for index in outside {
            let message = format!(
                "`default-members` names `{}`, which is no member of the workspace: name it in `members` too",
                self.manifests[index].folder
            );
            problems.push(manifest.problem_at(written.first().map_or(0, |one| one.span().start), message));
        }
        inside.into_iter().collect()
    }

    /// The manifests that the entries of `members` or `default-members` mean.
    fn expand(
        &self,
        root: &PlacedManifest,
        entries: &[Spanned<String>],
        tree: &impl Tree,
        problems: &mut Vec<Problem>,
    ) -> Vec<usize> {
        let mut found = Vec::new();
        if let Some(entry) = entries.get(MOST_ENTRIES) {
            let message = format!("only the first {MOST_ENTRIES} entries are looked at: write patterns");
            problems.push(root.problem_at(entry.span().start, message));
        }
        for entry in entries.iter().take(MOST_ENTRIES) {
            let (some, wrong) = self.expand_one(root, entry.get_ref(), tree);
            found.extend(some);
            problems.extend(wrong.map(|message| root.problem_at(entry.span().start, message)));
        }
        found
    }

    /// The manifests that one entry means, and what is wrong with it.
    fn expand_one(&self, root: &PlacedManifest, entry: &str, tree: &impl Tree) -> (Vec<usize>, Option<String>) {
        let wrong = |what: &str| (Vec::new(), Some(format!("the workspace member `{entry}` {what}")));
        let (literal, pattern) = literal_part(entry);
        let Some(folder) = normal(&root.folder.join(literal)) else {
            return wrong("lies outside of the tree: look at the tree that holds it");
        };
        if pattern.as_str().is_empty() {
            return match self.at(&folder) {
                Some(index) => (vec![index], None),
                // What is wrong with a manifest that is there is told at the manifest.
                None if tree.is_file(&folder.join("Cargo.toml")) => (Vec::new(), None),
                None => wrong("has no Cargo.toml: create it, or take the member out"),
            };
        }
        let Ok(compiled) = Pattern::new(pattern.as_str()) else {
            return wrong("is no pattern that cargo reads: correct its brackets");
        };
        let below = self.by_folder.range(folder.as_path()..).take_while(|(one, _)| one.starts_with(&folder));
        let matching = below.filter(|(one, _)| {
            let inside = one.strip_prefix(&folder).unwrap_or(one);
            compiled.matches_with(inside.as_str(), IN_ONE_FOLDER)
        });
        let found: Vec<usize> = matching.map(|(_, &index)| index).collect();
        // cargo takes each folder that matches for a member.
        let without = folders_of(&folder, &pattern, tree)
            .into_iter()
            .find(|folder| !tree.is_file(&folder.join("Cargo.toml")))
            .map(|folder| {
                format!(
                    "the pattern `{entry}` takes `{folder}` for a member, and it has no Cargo.toml: remove the folder"
                )
            });
        match without {
            None if found.is_empty() => wrong("matches no package: correct it, or take it out"),
            without => (found, without),
        }
    }

    /// A problem, where a member of `root` has another root.
    fn of_another(&self, root: usize, member: usize) -> Option<Problem> {
        let manifest = &self.manifests[member];
        let root = &self.manifests[root].folder;
        if manifest.folder != *root && manifest.manifest.workspace.is_some() {
            let message = format!(
                "this is the root of a workspace, and a member of the one in `{}/`: exclude it there, or remove \
                 `[workspace]`",
                root
            );
            return Some(manifest.problem_of_table("workspace", message));
        }
        let own = &self.manifests[self.root_or_own(member)].folder;
        // Of two roots above it, the one in whose folder the build is counts.
        (own != root && !manifest.folder.starts_with(root)).then(|| {
            let message = format!(
                "the package is a member of the workspace in `{root}/`, and takes the one in `{own}/` for its own: name \
                 it in one only, or say `package.workspace`"
            );
            manifest.problem_of_table("package", message)
        })
    }

    fn same_names(&self, members: &BTreeSet<usize>) -> Vec<Problem> {
        let mut first: BTreeMap<&str, &PlacedManifest> = BTreeMap::new();
        let mut problems = Vec::new();
        for &index in members {
            let manifest = &self.manifests[index];
            let Some(package) = &manifest.manifest.package else { continue };
            if let Some(other) = first.insert(&package.name, manifest) {
                let message = format!(
                    "two packages of the workspace are named `{}`, the other in `{}/`: rename one",
                    package.name, other.folder
                );
                problems.push(manifest.problem_of_table("package", message));
            }
        }
        problems
    }

    /// A problem, where a manifest is nothing, or a package is below a workspace and not in it.
    fn misplaced(&self, index: usize, manifest: &PlacedManifest) -> Option<Problem> {
        if manifest.manifest.package.is_none() {
            let message = "the manifest has neither `[package]` nor `[workspace]`: add one".to_owned();
            return manifest.manifest.workspace.is_none().then(|| manifest.problem_at(0, message));
        }
        let root = self.roots[index]?;
        let is_member = self.members.get(&root).is_some_and(|members| members.all.contains(&index));
        (!is_member).then(|| {
            let message = format!(
                "the package lies in the workspace of `{}`, and is no member of it, so cargo refuses to build it: add \
                 it to `members` or `exclude` there, or give it an empty `[workspace]`",
                self.manifests[root].file
            );
            manifest.problem_of_table("package", message)
        })
    }
}

fn named_root(manifest: &PlacedManifest) -> Option<&Spanned<String>> {
    manifest.manifest.package.as_ref().and_then(|package| package.workspace.as_ref())
}

/// An entry's parts up to the first with a wildcard, and the rest.
fn literal_part(entry: &str) -> (Utf8PathBuf, Utf8PathBuf) {
    let parts: Vec<_> = Utf8Path::new(entry).components().collect();
    let first = parts.iter().position(|part| is_pattern(part.as_str())).unwrap_or(parts.len());
    (parts[..first].iter().collect(), parts[first..].iter().collect())
}

impl Workspace {
    /// Whether a manifest is left out of the workspace in `root`. Entries are folders, never patterns.
    fn excludes(&self, root: &Utf8Path, manifest: &Utf8Path) -> bool {
        let inside = manifest.strip_prefix(root).unwrap_or(manifest);
        let holds = |entry: &str| {
            let entry = entry.trim_start_matches("./");
            inside.starts_with(entry) || (entry == "." || entry.is_empty())
        };
        self.exclude.iter().any(|entry| holds(entry)) && !self.members.iter().any(|entry| holds(entry.get_ref()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) mod tests;
