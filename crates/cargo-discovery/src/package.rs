//! The packages of a tree: each with its workspace, its targets and what is set when its tests are compiled.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use test_catalog::Problem;
use toml::Value;

use crate::cfg::{CrateCfg, TargetCfg, Truth};
use crate::features;
use crate::manifest::{Dependency, Package, PlacedManifest};
use crate::target::{self, Place, Target};
use crate::{Settings, sources};

/// A package, ready to be searched.
pub(crate) struct ReadyPackage<'t> {
    pub manifest: &'t PlacedManifest,
    pub package: &'t Package,
    /// Whether it is of the edition of 2024, or of a later one.
    pub is_recent: bool,
    /// The folder of its workspace, or its own.
    pub workspace: Utf8PathBuf,
    pub targets: Vec<Target>,
    pub cfg: CrateCfg<'t>,
}

/// All packages of the manifests, and what is wrong with their targets.
pub(crate) fn all<'t>(
    manifests: &'t [PlacedManifest],
    files: &BTreeSet<Utf8PathBuf>,
    settings: &'t Settings,
) -> (Vec<ReadyPackage<'t>>, Vec<Problem>) {
    let members: Vec<Member<'_>> = manifests.iter().filter_map(|manifest| Member::of(manifest, manifests)).collect();
    // What the packages of one workspace ask of each other, by workspace and package.
    let mut asked: BTreeMap<(&Utf8Path, String), Vec<String>> = BTreeMap::new();
    for member in &members {
        for (package, feature) in features::asked_of_others(&member.manifest.manifest, &member.dependencies) {
            asked.entry((member.root.folder.as_path(), package)).or_default().push(feature);
        }
    }
    let exists = |file: &Utf8Path| settings.tree.join(file).is_file();
    let mut packages = Vec::new();
    let mut problems = Vec::new();
    for member in &members {
        let workspace = member.root.manifest.workspace.as_ref();
        let place = Place { manifest: member.manifest, package: member.package, workspace, files, exists: &exists };
        let (targets, missing) = target::find(&place);
        problems.extend(missing);
        let key = (member.root.folder.as_path(), member.package.name.clone());
        let features = features::resolve(
            &member.package.name,
            &member.manifest.manifest,
            &member.dependencies,
            &settings.features,
            asked.get(&key).cloned().unwrap_or_default(),
        );
        packages.push(ReadyPackage {
            manifest: member.manifest,
            package: member.package,
            is_recent: member.package.is_recent(workspace),
            workspace: member.root.folder.clone(),
            targets,
            cfg: CrateCfg {
                target: &settings.target,
                features: features.on,
                possible_features: features.maybe,
                flags: flags(&settings.tree, &member.root.folder, &settings.target),
                build_script_sets: build_script_sets(&settings.tree, member),
            },
        });
    }
    (packages, problems)
}

struct Member<'t> {
    manifest: &'t PlacedManifest,
    package: &'t Package,
    /// The manifest of its workspace, or its own.
    root: &'t PlacedManifest,
    dependencies: Vec<Dependency>,
}

impl<'t> Member<'t> {
    fn of(manifest: &'t PlacedManifest, manifests: &'t [PlacedManifest]) -> Option<Self> {
        let package = manifest.manifest.package.as_ref()?;
        let root = root_of(manifest, manifests);
        let dependencies = manifest.manifest.dependencies(root.manifest.workspace.as_ref());
        Some(Self { manifest, package, root, dependencies })
    }
}

/// The nearest workspace at or above a package that does not exclude it, or the package itself.
fn root_of<'t>(manifest: &'t PlacedManifest, manifests: &'t [PlacedManifest]) -> &'t PlacedManifest {
    let above = manifest.folder.ancestors();
    let mut roots = above.filter_map(|folder| manifests.iter().find(|one| one.folder == folder));
    roots
        .find(|root| {
            let inside = manifest.folder.strip_prefix(&root.folder).unwrap_or(&manifest.folder);
            root.manifest.workspace.as_ref().is_some_and(|workspace| !workspace.excludes(inside))
        })
        .unwrap_or(manifest)
}

/// Whether the build script has anything to do with `cfg`.
fn build_script_sets(tree: &Utf8Path, member: &Member<'_>) -> bool {
    member.package.build_scripts().iter().any(|script| {
        let file = member.manifest.folder.join(script);
        tree.join(&file).is_file() && sources::read(tree, &file).map_or(true, |text| text.contains("cfg"))
    })
}

/// Names that `--cfg` sets in the cargo configuration of a workspace and the folders above it in the tree.
///
/// The Cargo book, "Configuration", "Hierarchical structure": the files beside and above the folder apply.
fn flags(tree: &Utf8Path, workspace: &Utf8Path, target: &TargetCfg) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for folder in workspace.ancestors() {
        for name in [".cargo/config.toml", ".cargo/config"] {
            let file = folder.join(name);
            if !tree.join(&file).is_file() {
                continue;
            }
            let Ok(text) = sources::read(tree, &file) else { continue };
            let Ok(table) = toml::from_str::<toml::Table>(&text) else { continue };
            let by_target = table.get("target").and_then(Value::as_table).into_iter().flatten();
            let taken = by_target.filter(|(key, _)| target.takes(key) == Truth::Yes).map(|(_, value)| value);
            for section in table.get("build").into_iter().chain(taken) {
                names.extend(section.get("rustflags").map(cfg_names).unwrap_or_default());
            }
        }
    }
    names
}

fn cfg_names(rustflags: &Value) -> Vec<String> {
    let words: Vec<&str> = match rustflags {
        Value::String(text) => text.split_whitespace().collect(),
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let mut names = Vec::new();
    for (index, word) in words.iter().enumerate() {
        match word.strip_prefix("--cfg") {
            Some("") => names.extend(words.get(index + 1).map(|name| (*name).to_owned())),
            Some(rest) => names.extend(rest.strip_prefix('=').map(str::to_owned)),
            None => {}
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_cfg_flags_are_read() {
        let flags = Value::Array(["--cfg", "a", "--cfg=b", "-C", "x"].map(|flag| Value::String(flag.into())).to_vec());
        assert_eq!(cfg_names(&flags), ["a", "b"]);
        assert_eq!(cfg_names(&Value::String("--cfg tokio_unstable".into())), ["tokio_unstable"]);
    }
}
