//! The packages of a tree: each with its workspace, its targets and what is set when its tests are compiled.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use glob::Pattern;
use test_catalog::{Problem, TargetKind};

use crate::cfg::{BuildScript, CrateCfg, TargetCfg};
use crate::features::{self, Features, For, Graph, Node, Resolution};
use crate::manifest::{Dependency, Edition, MOST_PROBLEMS, Package, PlacedManifest, Root};
use crate::target::{self, Place, Target};
use crate::workspace::{Members, Tree, Workspaces};
use crate::{Build, Settings, build_script, configuration, sources};

/// A package, ready to be searched.
pub(crate) struct ReadyPackage<'t> {
    pub manifest: &'t PlacedManifest,
    pub package: &'t Package,
    /// The folder of its workspace, or its own.
    pub workspace: Utf8PathBuf,
    /// Whether its tests are in the build that is meant.
    pub is_selected: bool,
    pub edition: Edition,
    /// Whether a build script writes tests, as far as its text tells.
    pub generates_tests: bool,
    pub targets: Vec<Target>,
    pub cfg: CrateCfg,
    /// What is set for its library, where that is built for the compiler: a procedural macro's.
    library_cfg: Option<CrateCfg>,
}

impl ReadyPackage<'_> {
    /// What is set when a target's tests are compiled.
    pub(crate) fn cfg_of(&self, target: &Target) -> &CrateCfg {
        self.library_cfg.as_ref().filter(|_| target.kind == TargetKind::Lib).unwrap_or(&self.cfg)
    }
}

/// All packages of the manifests, and what is wrong with them.
pub(crate) fn all<'t>(
    manifests: &'t [PlacedManifest],
    tree: &impl Tree,
    settings: &Settings,
) -> (Vec<ReadyPackage<'t>>, Vec<Problem>) {
    let (mut workspaces, mut problems) = Workspaces::find(manifests);
    let read = |manifest: &PlacedManifest, root: Option<Root<'_>>| manifest.dependencies(root);
    let mut dependencies: Vec<Vec<Dependency>> =
        manifests.iter().enumerate().map(|(index, one)| read(one, workspaces.inherited(index))).collect();
    problems.extend(workspaces.find_members(&mut dependencies, read, tree));
    for (index, manifest) in manifests.iter().enumerate() {
        problems.extend(manifest.not_inherited(workspaces.inherited(index)));
        let wrong = dependencies[index].iter().filter_map(|one| without_manifest(one, manifest, &workspaces, tree));
        problems.extend(wrong.take(MOST_PROBLEMS));
    }

    let mut builds: BTreeMap<usize, WorkspaceBuild<'_>> = BTreeMap::new();
    let mut nodes = BTreeMap::new();
    for (index, manifest) in manifests.iter().enumerate() {
        let Some(package) = &manifest.manifest.package else { continue };
        let root = workspaces.root_or_own(index);
        let build = builds.entry(root).or_insert_with(|| {
            let (build, wrong) = WorkspaceBuild::of(root, &manifests[root], &workspaces, settings);
            problems.extend(wrong);
            build
        });
        let place_of = |one: &Dependency| one.folder.as_deref().and_then(|folder| workspaces.at(folder));
        let node = Node::new(&package.name, &manifest.manifest, &dependencies[index], &build.target, place_of);
        problems.extend(dangling(manifest, &node));
        nodes.insert(index, node);
    }
    let graph = Graph::new(nodes, &settings.features);
    let whole: BTreeMap<usize, Resolution<'_, '_>> =
        builds.iter().filter_map(|(&root, build)| Some((root, build.whole(&graph, &settings.build)?))).collect();

    let mut packages = Vec::new();
    for (index, manifest) in manifests.iter().enumerate() {
        let root = workspaces.root_or_own(index);
        let (Some(package), Some(build)) = (&manifest.manifest.package, builds.get(&root)) else { continue };
        let (edition, wrong) = manifest.edition(workspaces.inherited(index));
        problems.extend(wrong);
        let (targets, wrong) = target::find(&Place { manifest, package, edition, tree });
        problems.extend(wrong);
        // A package that is no member is built by itself, if at all.
        let together = whole.get(&root).filter(|_| build.members.contains(&index));
        let alone = || graph.resolve(&build.features, BTreeSet::from([index]));
        let alone = (together.is_none() || settings.build == Build::Unknown).then(alone);
        let resolutions: Vec<&Resolution<'_, '_>> = alone.iter().chain(together).collect();
        let scripts = build_scripts(&settings.tree, manifest, package);
        let build_script = build_script(scripts.as_deref());
        let cfg = cfg(&resolutions, index, &targets, build, build_script);
        let library = graph.kind_of_library(index, &build.features);
        packages.push(ReadyPackage {
            manifest,
            package,
            workspace: manifests[root].folder.clone(),
            is_selected: build.takes(index, &package.name, &settings.build),
            library_cfg: (library == For::Host).then(|| library_cfg(&cfg, &resolutions, index)),
            cfg,
            edition,
            generates_tests: scripts.iter().flatten().any(|text| build_script::writes_tests(text)),
            targets,
        });
    }
    (packages, problems)
}

/// What is the same for all packages of a workspace.
struct WorkspaceBuild<'t> {
    features: features::Build<'t>,
    target: Arc<TargetCfg>,
    members: BTreeSet<usize>,
    default_members: BTreeSet<usize>,
    names: BTreeMap<usize, &'t str>,
}

impl<'t> WorkspaceBuild<'t> {
    fn of(
        root: usize,
        manifest: &'t PlacedManifest,
        workspaces: &Workspaces<'t>,
        settings: &Settings,
    ) -> (Self, Vec<Problem>) {
        let (target, problems) = configuration::apply(&settings.tree, &manifest.folder, &settings.target);
        let target = manifest.manifest.with_profile(target);
        let patches = manifest.patches().into_iter();
        let patches = patches.filter_map(|(name, folder)| Some((name, workspaces.at(&folder?)?)));
        let features = features::Build { resolver: manifest.resolver(), patches: patches.collect() };
        let (members, default_members) = match workspaces.members(root) {
            Some(Members { all, default }) => (all.clone(), default.clone()),
            None => (BTreeSet::new(), BTreeSet::new()),
        };
        let names = members.iter().filter_map(|&index| Some((index, workspaces.name(index)?))).collect();
        (Self { features, target: Arc::new(target), members, default_members, names }, problems)
    }

    /// Whether the tests of a package are in a build.
    fn takes(&self, package: usize, name: &str, build: &Build) -> bool {
        match build {
            Build::Unknown | Build::EachPackage => true,
            Build::Workspace => self.members.contains(&package),
            Build::DefaultMembers => self.default_members.contains(&package),
            Build::Packages(specs) => specs.iter().any(|spec| is_named(name, spec)),
        }
    }

    /// What its packages come to when several of them are built together.
    fn whole<'g>(&'g self, graph: &'g Graph<'t>, build: &Build) -> Option<Resolution<'g, 't>> {
        let all = || self.members.iter().copied();
        let roots: BTreeSet<usize> = match build {
            Build::EachPackage => return None,
            Build::Unknown | Build::Workspace => self.members.clone(),
            _ => all().filter(|one| self.takes(*one, self.names.get(one).unwrap_or(&""), build)).collect(),
        };
        (!roots.is_empty()).then(|| graph.resolve(&self.features, roots))
    }
}

/// Whether `-p spec` means the package: cargo takes patterns, and a version behind `@`.
fn is_named(name: &str, spec: &str) -> bool {
    let spec = spec.split_once('@').map_or(spec, |(name, _)| name);
    spec == name || Pattern::new(spec).is_ok_and(|pattern| pattern.matches(name))
}

/// What is set for the library of a procedural macro.
fn library_cfg(of_package: &CrateCfg, resolutions: &[&Resolution<'_, '_>], package: usize) -> CrateCfg {
    let (features, possible_features) = features_of(resolutions, package, For::Host);
    CrateCfg { features, possible_features, ..of_package.clone() }
}

/// The features that are on in all of the resolutions, and those that are in some.
fn features_of(resolutions: &[&Resolution<'_, '_>], package: usize, kind: For) -> (BTreeSet<String>, BTreeSet<String>) {
    let all: Vec<Features> = resolutions.iter().map(|one| one.features(package, kind)).collect();
    let any = all.iter().flat_map(|one| one.on.iter().chain(&one.maybe)).cloned().collect::<BTreeSet<_>>();
    any.into_iter().partition(|feature| all.iter().all(|one| one.on.contains(feature)))
}

fn cfg(
    resolutions: &[&Resolution<'_, '_>],
    package: usize,
    targets: &[Target],
    build: &WorkspaceBuild<'_>,
    build_script: BuildScript,
) -> CrateCfg {
    let (on, possible) = features_of(resolutions, package, For::Target);
    let required = targets.iter().flat_map(|target| &target.required_features);
    let of_dependencies = required.filter_map(|entry| {
        let (key, feature) = entry.split_once('/')?;
        let truths = resolutions.iter().map(|one| one.of_dependency(package, key, feature));
        let truth = truths.reduce(|a, b| if a == b { a } else { crate::cfg::Truth::Unknown })?;
        Some((entry.clone(), truth))
    });
    CrateCfg {
        target: Arc::clone(&build.target),
        features: on,
        possible_features: possible,
        dependency_features: of_dependencies.collect(),
        build_script,
    }
}

/// A problem, where a path in the tree is taken for a package and holds none.
fn without_manifest(
    dependency: &Dependency,
    manifest: &PlacedManifest,
    workspaces: &Workspaces<'_>,
    tree: &impl Tree,
) -> Option<Problem> {
    let folder = dependency.folder.as_deref()?;
    // What is wrong with a manifest that is there is told at the manifest.
    let is_there = workspaces.at(folder).is_some() || tree.is_file(&folder.join("Cargo.toml"));
    (!is_there).then(|| {
        let key = &dependency.key;
        let message = format!("the dependency `{key}` has no manifest in `{folder}/`: correct its `path`");
        manifest.problem_at(dependency.at, message)
    })
}

/// A problem for each entry of a feature that names nothing.
fn dangling(manifest: &PlacedManifest, node: &Node<'_>) -> Vec<Problem> {
    let problem = |(feature, name): (&str, &str)| {
        let entries = manifest.manifest.features.get(feature)?;
        let entry = entries.iter().find(|entry| entry.get_ref().contains(name))?;
        let message = format!(
            "the feature `{feature}` names `{name}`, which is no other feature and no such dependency of the package: \
             correct it"
        );
        Some(manifest.problem_at(entry.span().start, message))
    };
    node.dangling().into_iter().take(MOST_PROBLEMS).filter_map(problem).collect()
}

/// What the build script of a package may set.
fn build_script(scripts: Option<&[String]>) -> BuildScript {
    let Some(scripts) = scripts else { return BuildScript::Anything };
    let mut names = BTreeSet::new();
    for text in scripts {
        match build_script::read(text) {
            BuildScript::Names(some) => names.extend(some),
            BuildScript::Anything => return BuildScript::Anything,
        }
    }
    BuildScript::Names(names)
}

/// The texts of the build scripts; `None` where one cannot be read, or lies outside of the tree.
fn build_scripts(tree: &Utf8Path, manifest: &PlacedManifest, package: &Package) -> Option<Vec<String>> {
    let mut texts = Vec::new();
    for script in package.build_scripts() {
        let file = target::normal(&manifest.folder.join(&script))?;
        if tree.join(&file).is_file() {
            texts.push(sources::read(tree, &file).ok()?);
        }
    }
    Some(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_named_as_cargo_takes_them() {
        for spec in ["dynamo-llm", "dynamo-llm@1.0.0", "dynamo-*", "dynamo-l[lm]m"] {
            assert!(is_named("dynamo-llm", spec), "{spec}");
        }
        assert!(!is_named("dynamo-llm", "dynamo") && !is_named("dynamo-llm", "DYNAMO-LLM"));
    }
}
