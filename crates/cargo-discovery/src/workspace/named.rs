//! The manifests that others name as members or path dependencies and that the walk passed over.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use glob::Pattern;
use test_catalog::Problem;

use super::{IN_ONE_FOLDER, MOST_ENTRIES, literal_part};
use crate::manifest::{PlacedManifest, Root, normal};

/// How many manifests that the walk passed over are read because others name them.
const MOST_LATE: usize = 1_000;

/// What can be asked of the tree itself.
pub(crate) trait Tree {
    /// Whether there is a file.
    fn is_file(&self, file: &Utf8Path) -> bool;
    /// The names of what lies in a folder, in their order: nothing where it is none.
    fn entries(&self, folder: &Utf8Path) -> Vec<Entry>;
    /// Reads a manifest.
    fn manifest(&self, file: &Utf8Path) -> Result<PlacedManifest, Problem>;
}

/// Something that lies in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub name: String,
    pub is_folder: bool,
}

/// Adds the manifests that others name as members or path dependencies and that the walk passed over.
pub(crate) fn add_named(manifests: &mut Vec<PlacedManifest>, tree: &impl Tree) -> Vec<Problem> {
    let mut seen: BTreeSet<Utf8PathBuf> = manifests.iter().map(|one| one.folder.clone()).collect();
    let mut problems = Vec::new();
    let mut next = 0;
    let most = manifests.len() + MOST_LATE;
    while next < manifests.len() && manifests.len() < most {
        let named = named_folders(&manifests[next], tree);
        next += 1;
        for folder in named {
            let file = folder.join("Cargo.toml");
            if seen.insert(folder) && tree.is_file(&file) {
                match tree.manifest(&file) {
                    Ok(manifest) => manifests.push(manifest),
                    Err(problem) => problems.push(problem),
                }
            }
        }
    }
    problems
}

/// Folders in which a manifest says that others are.
fn named_folders(manifest: &PlacedManifest, tree: &impl Tree) -> Vec<Utf8PathBuf> {
    let workspace = manifest.manifest.workspace.as_ref();
    let root = workspace.map(|workspace| Root { folder: &manifest.folder, workspace });
    let dependencies = manifest.dependencies(root);
    let mut named: Vec<Utf8PathBuf> = dependencies.into_iter().filter_map(|one| one.folder).collect();
    for member in workspace.into_iter().flat_map(|workspace| workspace.members.iter().take(MOST_ENTRIES)) {
        let (literal, pattern) = literal_part(member.get_ref());
        let Some(folder) = normal(&manifest.folder.join(literal)) else { continue };
        if pattern.as_str().is_empty() {
            named.push(folder);
        } else {
            named.extend(folders_of(&folder, &pattern, tree));
        }
    }
    named
}

/// The folders that a pattern of one part matches. Those of longer ones are known by their manifests only.
pub(super) fn folders_of(folder: &Utf8Path, pattern: &Utf8Path, tree: &impl Tree) -> Vec<Utf8PathBuf> {
    if pattern.components().count() > 1 || pattern.as_str().contains("**") {
        return Vec::new();
    }
    let Ok(pattern) = Pattern::new(pattern.as_str()) else { return Vec::new() };
    let entries = tree.entries(folder).into_iter();
    // A link to a folder counts where a manifest is behind it.
    let is_folder = |one: &Entry| one.is_folder || tree.is_file(&folder.join(&one.name).join("Cargo.toml"));
    let matching = entries.filter(|one| pattern.matches_with(&one.name, IN_ONE_FOLDER) && is_folder(one));
    matching.map(|one| folder.join(one.name)).collect()
}
