//! The packages of a tree: each with its workspace, its targets and what is set when its tests are compiled.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::Utf8Path;
use test_catalog::{Problem, TargetKind};

use crate::cfg::{BuildScript, CrateCfg, TargetCfg, Truth};
use crate::command::{PackageChoice, TestCommand, is_match};
use crate::features::{self, Features, For, Graph, Node, Resolution};
use crate::manifest::{Dependency, Edition, MOST_PROBLEMS, Package, PlacedManifest, Resolver, Root};
use crate::target::{self, Place, Target};
use crate::workspace::{Members, Tree, Workspaces};
use crate::{Build, FeatureSelection, Settings, build_script, configuration, lock, sources};

/// The manifests of a tree, with the workspaces that they make and what each depends on.
pub(crate) struct Manifests<'t> {
    list: &'t [PlacedManifest],
    workspaces: Workspaces<'t>,
    dependencies: Vec<Vec<Dependency>>,
}

impl<'t> Manifests<'t> {
    /// Finds workspaces and dependencies, and what is wrong with them.
    pub(crate) fn read(list: &'t [PlacedManifest], tree: &impl Tree) -> (Self, Vec<Problem>) {
        let (mut workspaces, mut problems) = Workspaces::find(list);
        let read = |manifest: &PlacedManifest, root: Option<Root<'_>>| manifest.dependencies(root);
        let mut dependencies: Vec<Vec<Dependency>> =
            list.iter().enumerate().map(|(index, one)| read(one, workspaces.inherited(index))).collect();
        problems.extend(workspaces.find_members(&mut dependencies, read, tree));
        for (index, manifest) in list.iter().enumerate() {
            problems.extend(manifest.not_inherited(workspaces.inherited(index)));
            let wrong = dependencies[index].iter().filter_map(|one| without_manifest(one, manifest, &workspaces, tree));
            problems.extend(wrong.take(MOST_PROBLEMS));
        }
        (Self { list, workspaces, dependencies }, problems)
    }

    /// The manifest that cargo takes in a folder.
    fn nearest(&self, folder: &Utf8Path) -> Option<usize> {
        folder.ancestors().find_map(|folder| self.workspaces.at(folder))
    }
}

/// The packages of a tree, whatever is built of them.
pub(crate) struct Packages<'t> {
    manifests: &'t Manifests<'t>,
    workspaces: BTreeMap<usize, WorkspaceBuild<'t>>,
    graph: Graph<'t>,
    list: Vec<FoundPackage<'t>>,
}

/// A package as cargo finds it.
pub(crate) struct FoundPackage<'t> {
    /// The place of its manifest in the list, and that of its workspace's root.
    index: usize,
    root: usize,
    pub manifest: &'t PlacedManifest,
    pub package: &'t Package,
    /// The folder of its workspace, or its own.
    pub workspace: &'t Utf8Path,
    pub edition: Edition,
    /// Whether a build script writes tests, as far as its text tells.
    pub generates_tests: bool,
    pub targets: Vec<Target>,
    build_script: BuildScript,
}

/// A package in a build.
pub(crate) struct BuiltPackage<'p, 't> {
    pub found: &'p FoundPackage<'t>,
    /// Whether its tests are in the build that is meant.
    pub is_selected: bool,
    pub cfg: PackageCfg,
}

/// What is set when the targets of a package are compiled.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PackageCfg {
    of_targets: CrateCfg,
    /// What is set for its library, where that is built for the compiler: a procedural macro's.
    of_library: Option<CrateCfg>,
}

impl PackageCfg {
    /// What is set when a target of that kind is compiled.
    pub(crate) fn of(&self, kind: TargetKind) -> &CrateCfg {
        self.of_library.as_ref().filter(|_| kind == TargetKind::Lib).unwrap_or(&self.of_targets)
    }

    /// The same features where it is not known for which machine, profile and with which flags is built.
    fn with_features_only(mut self) -> Self {
        for cfg in [Some(&mut self.of_targets), self.of_library.as_mut()].into_iter().flatten() {
            cfg.target = Arc::new((*cfg.target).clone().for_triple(""));
            cfg.build_script = BuildScript::Anything;
        }
        self
    }

    /// Whether the `required-features` of a target are on.
    pub(crate) fn builds<'e>(&self, required_features: impl IntoIterator<Item = &'e String>) -> Truth {
        required_features.into_iter().map(|entry| self.of_targets.required(entry)).min().unwrap_or(Truth::Yes)
    }
}

impl<'t> Packages<'t> {
    /// Finds the packages, and what is wrong with their manifests.
    pub(crate) fn find(manifests: &'t Manifests<'t>, tree: &impl Tree, settings: &Settings) -> (Self, Vec<Problem>) {
        let places = &manifests.workspaces;
        let mut problems = Vec::new();
        let mut workspaces: BTreeMap<usize, WorkspaceBuild<'_>> = BTreeMap::new();
        let mut nodes = BTreeMap::new();
        let mut list = Vec::new();
        for (index, manifest) in manifests.list.iter().enumerate() {
            let Some(package) = &manifest.manifest.package else { continue };
            let root = places.root_or_own(index);
            let workspace = workspaces.entry(root).or_insert_with(|| {
                let (workspace, wrong) = WorkspaceBuild::of(root, &manifests.list[root], places, settings);
                problems.extend(wrong);
                workspace
            });
            let place_of = |one: &Dependency| one.folder.as_deref().and_then(|folder| places.at(folder));
            let dependencies = &manifests.dependencies[index];
            let node = Node::new(&package.name, &manifest.manifest, dependencies, &workspace.target, place_of);
            problems.extend(dangling(manifest, &node));
            nodes.insert(index, node);

            let (edition, wrong) = manifest.edition(places.inherited(index));
            problems.extend(wrong);
            let (targets, wrong) = target::find(&Place { manifest, package, edition, tree });
            problems.extend(wrong);
            let scripts = build_scripts(&settings.tree, manifest, package);
            list.push(FoundPackage {
                index,
                root,
                manifest,
                package,
                workspace: &manifests.list[root].folder,
                edition,
                generates_tests: scripts.iter().flatten().any(|text| build_script::writes_tests(text)),
                targets,
                build_script: build_script(scripts.as_deref()),
            });
        }
        (Self { manifests, workspaces, graph: Graph::new(nodes), list }, problems)
    }

    /// All of them, in the order of their manifests.
    pub(crate) fn list(&self) -> &[FoundPackage<'t>] {
        &self.list
    }

    /// All of them, as they are in a build.
    pub(crate) fn in_build<'p>(&'p self, features: &'t FeatureSelection, build: &Build) -> Vec<BuiltPackage<'p, 't>> {
        let whole: BTreeMap<usize, Resolution<'_, '_>> = self
            .workspaces
            .iter()
            .filter_map(|(&root, workspace)| Some((root, workspace.whole(&self.graph, features, build)?)))
            .collect();
        let built = |found: &'p FoundPackage<'t>| {
            let FoundPackage { index, root, package, .. } = found;
            let workspace = self.workspaces.get(root)?;
            // A package that is no member is built by itself, if at all.
            let together = whole.get(root).filter(|_| workspace.members.contains(index));
            let alone = || self.graph.resolve(&workspace.features, BTreeSet::from([*index]), features);
            let alone = (together.is_none() || *build == Build::Unknown).then(alone);
            let resolutions: Vec<&Resolution<'_, '_>> = alone.iter().chain(together).collect();
            let is_selected = workspace.takes(*index, &package.name, build);
            Some(BuiltPackage { found, is_selected, cfg: self.cfg(found, workspace, &resolutions) })
        };
        self.list.iter().filter_map(built).collect()
    }

    /// The folder of the workspace that a command is about, relative to the tree.
    pub(crate) fn workspace_of(&self, command: &TestCommand) -> Option<&'t Utf8Path> {
        let index = self.manifests.nearest(command.folder.as_deref()?)?;
        Some(&self.manifests.list[self.manifests.workspaces.root_or_own(index)].folder)
    }

    /// What a command builds: packages by their place in the list, and what is set for them.
    pub(crate) fn of_command(
        &self,
        command: &'t TestCommand,
        tree: &Utf8Path,
    ) -> Result<Vec<(usize, PackageCfg)>, NotBuilt> {
        let index = command.folder.as_deref().and_then(|folder| self.manifests.nearest(folder));
        let index = index.ok_or(NotBuilt::Unknown)?;
        let root = self.manifests.workspaces.root_or_own(index);
        let workspace = self.workspaces.get(&root).or_else(|| self.workspaces.get(&index)).ok_or(NotBuilt::Unknown)?;
        let is_locked = |name: &str| lock::has_package(tree, &self.manifests.list[root].folder, name);
        let roots = workspace.roots(index, root, &command.packages, &is_locked)?;
        if let Some(feature) = self.unknown_feature(command, workspace, &roots) {
            return Err(NotBuilt::Refused(format!(
                "cargo refuses it: no package that it builds has the feature `{feature}`"
            )));
        }
        let resolution = self.graph.resolve(&workspace.features, roots.clone(), &command.features);
        let cfg = |found: &FoundPackage<'t>| {
            let cfg = self.cfg(found, workspace, &[&resolution]);
            if command.has_other_cfg { cfg.with_features_only() } else { cfg }
        };
        let found = self.list.iter().enumerate().filter(|(_, found)| roots.contains(&found.index));
        Ok(found.map(|(place, found)| (place, cfg(found))).collect())
    }

    /// A feature of the command line that none of the packages has which it may mean.
    fn unknown_feature<'c>(
        &self,
        command: &'c TestCommand,
        workspace: &WorkspaceBuild<'t>,
        roots: &BTreeSet<usize>,
    ) -> Option<&'c str> {
        // With the first resolver, features may be those of another member than the one that is built.
        let meant = match workspace.features.resolver {
            Resolver::One => &workspace.members | roots,
            Resolver::Two => roots.clone(),
        };
        let names = command.features.features.iter().flat_map(|text| text.split([',', ' ']));
        let mut plain = names.filter(|name| !name.is_empty() && !name.contains(['/', ':']));
        let is_missing = |name: &&str| !meant.iter().any(|&package| self.graph.has_feature(package, name));
        plain.find(is_missing).filter(|_| !command.features.all)
    }

    /// What is set for a package that is in all of the resolutions.
    fn cfg(
        &self,
        found: &FoundPackage<'t>,
        workspace: &WorkspaceBuild<'t>,
        resolutions: &[&Resolution<'_, '_>],
    ) -> PackageCfg {
        let of_targets = cfg(resolutions, found, workspace);
        let library = self.graph.kind_of_library(found.index, &workspace.features);
        let of_library = (library == For::Host).then(|| library_cfg(&of_targets, resolutions, found.index));
        PackageCfg { of_targets, of_library }
    }
}

/// Why nothing is known to be built by a command.
#[derive(Debug)]
pub(crate) enum NotBuilt {
    /// What it builds is not known: a folder without a manifest of the tree, a package that is no member.
    Unknown,
    /// cargo refuses it. Why, as people read it.
    Refused(String),
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

    /// The packages that a command is about in the folder of the manifest `here`, of the workspace with that root.
    fn roots(
        &self,
        here: usize,
        root: usize,
        choice: &PackageChoice,
        is_locked: &dyn Fn(&str) -> Option<bool>,
    ) -> Result<BTreeSet<usize>, NotBuilt> {
        let named = |specs: &[String]| {
            let name = |one: &usize| self.names.get(one).copied().unwrap_or_default();
            let is_named = |one: &usize| specs.iter().any(|spec| is_named(name(one), spec));
            self.members.iter().copied().filter(is_named).collect::<BTreeSet<_>>()
        };
        Ok(match choice {
            PackageChoice::Here if here == root && !self.default_members.is_empty() => self.default_members.clone(),
            PackageChoice::Here => BTreeSet::from([here]),
            // A dependency by its path can be named too, and packages have longer names than these.
            PackageChoice::Named(specs) => {
                let is_name = |spec: &str| spec.chars().all(|one| one.is_alphanumeric() || matches!(one, '-' | '_'));
                let missing = || specs.iter().filter(|spec| named(std::slice::from_ref(*spec)).is_empty());
                if let Some(spec) = missing().find(|spec| is_name(spec) && is_locked(spec) == Some(false)) {
                    return Err(NotBuilt::Refused(format!("cargo refuses it: there is no package `{spec}`")));
                }
                if missing().next().is_some() {
                    return Err(NotBuilt::Unknown);
                }
                named(specs)
            }
            PackageChoice::Workspace { without } => &self.members - &named(without),
        })
    }

    /// What its packages come to when several of them are built together.
    fn whole<'g>(
        &'g self,
        graph: &'g Graph<'t>,
        features: &'t FeatureSelection,
        build: &Build,
    ) -> Option<Resolution<'g, 't>> {
        let all = || self.members.iter().copied();
        let roots: BTreeSet<usize> = match build {
            Build::EachPackage => return None,
            Build::Unknown | Build::Workspace => self.members.clone(),
            _ => all().filter(|one| self.takes(*one, self.names.get(one).unwrap_or(&""), build)).collect(),
        };
        (!roots.is_empty()).then(|| graph.resolve(&self.features, roots, features))
    }
}

/// Whether `-p spec` means the package: cargo takes patterns, and a version behind `@`.
fn is_named(name: &str, spec: &str) -> bool {
    let spec = spec.split_once('@').map_or(spec, |(name, _)| name);
    is_match(name, spec)
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

fn cfg(resolutions: &[&Resolution<'_, '_>], found: &FoundPackage<'_>, workspace: &WorkspaceBuild<'_>) -> CrateCfg {
    let (on, possible) = features_of(resolutions, found.index, For::Target);
    let required = found.targets.iter().flat_map(|target| &target.required_features);
    let of_dependencies = required.filter_map(|entry| {
        let (key, feature) = entry.split_once('/')?;
        let truths = resolutions.iter().map(|one| one.of_dependency(found.index, key, feature));
        let truth = truths.reduce(|a, b| if a == b { a } else { Truth::Unknown })?;
        Some((entry.clone(), truth))
    });
    CrateCfg {
        target: Arc::clone(&workspace.target),
        features: on,
        possible_features: possible,
        dependency_features: of_dependencies.collect(),
        build_script: found.build_script.clone(),
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
