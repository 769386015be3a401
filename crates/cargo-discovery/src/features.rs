//! Which features of each package are on: cargo's resolver of features over the packages of the tree.
//!
//! The rules are the Cargo book's, "Features" and "Features, Resolver version 2". Packages from outside of the tree are
//! taken to ask nothing of those in it, except where a `[patch]` puts one in their place.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::FeatureSelection;
use crate::cfg::{TargetCfg, Truth};
use crate::manifest::{Dependency, DependencyKind, Manifest, Resolver};

/// How many steps all resolutions of a tree may take together.
const MOST_STEPS: u64 = 20_000_000;

/// The features of one package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Features {
    /// On, whichever packages are built beside this one.
    pub on: BTreeSet<String>,
    /// On in some of the builds that are meant, or where a condition holds that is not known.
    pub maybe: BTreeSet<String>,
}

/// A package as the resolver sees it.
pub(crate) struct Node<'t> {
    name: &'t str,
    is_proc_macro: bool,
    /// What each feature turns on; the ones that optional dependencies make are among them.
    features: BTreeMap<&'t str, Vec<Entry<'t>>>,
    edges: Vec<Edge<'t>>,
    by_key: HashMap<&'t str, Vec<usize>>,
}

/// A dependency.
struct Edge<'t> {
    dependency: &'t Dependency,
    /// The package, where it is in the tree by `path`.
    to: Option<usize>,
    /// Whether its `[target]` table applies.
    applies: Truth,
}

/// One entry of a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry<'t> {
    /// `feature`
    Feature(&'t str),
    /// `dep:dependency`
    Dependency(&'t str),
    /// `dependency/feature`, or `dependency?/feature`
    Of { dependency: &'t str, feature: &'t str, weak: bool },
}

impl<'t> Entry<'t> {
    fn parse(text: &'t str) -> Self {
        if let Some(dependency) = text.strip_prefix("dep:") {
            return Self::Dependency(dependency);
        }
        match text.split_once('/') {
            Some((dependency, feature)) => {
                let plain = dependency.strip_suffix('?');
                Self::Of { dependency: plain.unwrap_or(dependency), feature, weak: plain.is_some() }
            }
            None => Self::Feature(text),
        }
    }
}

impl<'t> Node<'t> {
    pub(crate) fn new(
        name: &'t str,
        manifest: &'t Manifest,
        dependencies: &'t [Dependency],
        target: &TargetCfg,
        place_of: impl Fn(&Dependency) -> Option<usize>,
    ) -> Self {
        let mut features: BTreeMap<&str, Vec<Entry<'_>>> = BTreeMap::new();
        for (feature, entries) in &manifest.features {
            features.insert(feature, entries.iter().map(|entry| Entry::parse(entry.get_ref())).collect());
        }
        let named: BTreeSet<&str> = features
            .values()
            .flatten()
            .filter_map(|entry| match entry {
                Entry::Dependency(dependency) => Some(*dependency),
                _ => None,
            })
            .collect();
        let optional = dependencies.iter().filter(|one| one.optional && !named.contains(one.key.as_str()));
        for dependency in optional {
            features.entry(&dependency.key).or_insert_with(|| vec![Entry::Dependency(&dependency.key)]);
        }
        let edges: Vec<Edge<'_>> = dependencies
            .iter()
            .map(|dependency| Edge {
                dependency,
                to: place_of(dependency),
                applies: dependency.target.as_ref().map_or(Truth::Yes, |key| target.takes(key)),
            })
            .collect();
        let mut by_key: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, edge) in edges.iter().enumerate() {
            by_key.entry(&edge.dependency.key).or_default().push(index);
        }
        let is_proc_macro = manifest.lib.as_ref().is_some_and(|lib| lib.is_proc_macro());
        Self { name, is_proc_macro, features, edges, by_key }
    }

    /// The dependencies of that key: one may stand in several tables.
    fn named(&self, key: &str) -> impl Iterator<Item = &Edge<'t>> {
        self.by_key.get(key).into_iter().flatten().filter_map(|&index| self.edges.get(index))
    }

    /// What the library of the package is built for. Its other targets are never for the host.
    pub(crate) fn kind_of_library(&self, build: &Build<'_>) -> For {
        if self.is_proc_macro && build.resolver == Resolver::Two { For::Host } else { For::Target }
    }

    /// Entries of features that name nothing, or the feature itself: as the feature's name and what it names.
    pub(crate) fn dangling(&self) -> Vec<(&'t str, &'t str)> {
        let has = |key: &str| self.named(key).next().is_some();
        let is_optional = |key: &str| self.named(key).any(|edge| edge.dependency.optional);
        let mut dangling = Vec::new();
        for (&feature, entries) in &self.features {
            dangling.extend(entries.iter().filter_map(|entry| match *entry {
                Entry::Feature(name) => {
                    (name == feature || !self.features.contains_key(name)).then_some((feature, name))
                }
                Entry::Dependency(name) => (!is_optional(name)).then_some((feature, name)),
                Entry::Of { dependency, .. } => (!has(dependency)).then_some((feature, dependency)),
            }));
        }
        dangling
    }

    /// What the command line's selection comes to in this package.
    fn selected(&self, selection: &'t FeatureSelection) -> Vec<Entry<'t>> {
        if selection.all {
            return self.features.keys().map(|&name| Entry::Feature(name)).collect();
        }
        let mut entries = if selection.no_default { Vec::new() } else { vec![Entry::Feature("default")] };
        for text in selection.features.iter().flat_map(|text| text.split([',', ' '])) {
            match Entry::parse(text) {
                Entry::Of { dependency, feature, .. }
                    if dependency == self.name && self.named(dependency).next().is_none() =>
                {
                    entries.push(Entry::Feature(feature));
                }
                Entry::Dependency(_) => {}
                entry => entries.push(entry),
            }
        }
        entries
    }
}

/// All packages of a tree.
pub(crate) struct Graph<'t> {
    nodes: BTreeMap<usize, Node<'t>>,
    steps_left: Cell<u64>,
}

/// What holds for the whole build of a workspace.
#[derive(Debug, Clone)]
pub(crate) struct Build<'t> {
    pub resolver: Resolver,
    /// Packages of the tree that stand in for those of a registry.
    pub patches: BTreeMap<&'t str, usize>,
}

/// Which kind of build a package is in: they are kept apart by the second resolver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum For {
    Target,
    /// Build scripts and procedural macros.
    Host,
}

/// How conditions count that are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unknown {
    Fails,
    Holds,
}

/// What some packages come to when they are built together, tests and all.
pub(crate) struct Resolution<'g, 't> {
    graph: &'g Graph<'t>,
    build: &'g Build<'t>,
    roots: BTreeSet<usize>,
    /// What is on for certain, and what may be.
    least: States<'t>,
    most: Option<States<'t>>,
    /// Whether the steps sufficed; any feature may be on where they did not.
    is_complete: bool,
}

type States<'t> = HashMap<(usize, For), State<'t>>;

#[derive(Debug, Default)]
struct State<'t> {
    /// Whether its dependencies have been asked.
    is_built: bool,
    features: BTreeSet<&'t str>,
    /// Optional dependencies that are on.
    dependencies: BTreeSet<&'t str>,
    /// Features that weak entries ask of dependencies that are off so far.
    weak: BTreeMap<&'t str, BTreeSet<&'t str>>,
    /// What is asked of dependencies outside of the tree: by key and feature.
    outside: BTreeSet<(&'t str, &'t str)>,
}

impl<'t> Graph<'t> {
    pub(crate) fn new(nodes: BTreeMap<usize, Node<'t>>) -> Self {
        Self { nodes, steps_left: Cell::new(MOST_STEPS) }
    }

    /// What the library of a package is built for.
    pub(crate) fn kind_of_library(&self, package: usize, build: &Build<'_>) -> For {
        self.nodes.get(&package).map_or(For::Target, |node| node.kind_of_library(build))
    }

    /// Whether a package has a feature of that name, be it made by an optional dependency.
    pub(crate) fn has_feature(&self, package: usize, name: &str) -> bool {
        name == "default" || self.nodes.get(&package).is_some_and(|node| node.features.contains_key(name))
    }

    /// Resolves the features of a build of `roots` with their tests, where `selection` is asked of each.
    pub(crate) fn resolve<'g>(
        &'g self,
        build: &'g Build<'t>,
        roots: BTreeSet<usize>,
        selection: &'t FeatureSelection,
    ) -> Resolution<'g, 't> {
        let run = |unknown| Run::new(self, build, &roots, selection, unknown).finish();
        let least = run(Unknown::Fails);
        let most = least.met_unknown.then(|| run(Unknown::Holds));
        let is_complete = least.is_complete && most.as_ref().is_none_or(|most| most.is_complete);
        let most = most.map(|most| most.states);
        Resolution { graph: self, build, roots, least: least.states, most, is_complete }
    }
}

impl<'t> Resolution<'_, 't> {
    /// How certain it is that something holds of the states.
    fn truth(&self, holds: impl Fn(&States<'t>) -> bool) -> Truth {
        if holds(&self.least) {
            Truth::Yes
        } else if !self.is_complete || self.most.as_ref().is_some_and(holds) {
            Truth::Unknown
        } else {
            Truth::No
        }
    }

    /// Whether a feature of a package is on.
    fn feature(&self, package: usize, kind: For, feature: &str) -> Truth {
        let asked =
            self.truth(|states| states.get(&(package, kind)).is_some_and(|state| state.features.contains(feature)));
        // Whoever depends on what this package stands in for may ask for any of its features.
        let is_patch = self.build.patches.values().any(|&one| one == package);
        if is_patch { asked.max(Truth::Unknown) } else { asked }
    }

    /// The features that a target of a package has in the build of its tests.
    pub(crate) fn features(&self, package: usize, kind: For) -> Features {
        let mut features = Features::default();
        let names = self.graph.nodes.get(&package).into_iter().flat_map(|node| node.features.keys());
        for &name in names {
            match self.feature(package, kind, name) {
                Truth::Yes => features.on.insert(name.to_owned()),
                Truth::Unknown => features.maybe.insert(name.to_owned()),
                Truth::No => false,
            };
        }
        features
    }

    /// Whether `dependency/feature` of a target's `required-features` is on.
    pub(crate) fn of_dependency(&self, package: usize, key: &str, feature: &str) -> Truth {
        let Some(node) = self.graph.nodes.get(&package) else { return Truth::No };
        node.named(key).map(|edge| self.of_edge(package, edge, feature)).max().unwrap_or(Truth::No)
    }

    fn of_edge(&self, package: usize, edge: &Edge<'t>, feature: &str) -> Truth {
        let key = edge.dependency.key.as_str();
        let of_package = |states: &States<'t>, holds: &dyn Fn(&State<'t>) -> bool| {
            states.get(&(package, For::Target)).is_some_and(holds)
        };
        let is_on = self
            .truth(|states| of_package(states, &|state| !edge.dependency.optional || state.dependencies.contains(key)));
        let counts = edge.dependency.kind != DependencyKind::Dev || self.roots.contains(&package);
        let applies = if self.build.resolver == Resolver::One { Truth::Yes } else { edge.applies };
        let asked = match self.graph.target_of(self.build, edge) {
            Some(to) => {
                let kind = Run::kind_of(self.graph, self.build, For::Target, edge, to);
                self.feature(to, kind, feature)
            }
            // Its own manifest, which is not in the tree, may turn more on.
            None => {
                let by_us = |states: &States<'t>| of_package(states, &|state| state.outside.contains(&(key, feature)));
                self.truth(by_us).max(Truth::Unknown)
            }
        };
        Truth::from(counts).and(applies).and(is_on).and(asked)
    }
}

impl<'t> Graph<'t> {
    /// The package that a dependency means.
    fn target_of(&self, build: &Build<'t>, edge: &Edge<'t>) -> Option<usize> {
        let to = match edge.to {
            None if !edge.dependency.is_path => build.patches.get(edge.dependency.package.as_str()).copied(),
            to => to,
        };
        to.filter(|to| self.nodes.contains_key(to))
    }
}

/// One thing to be done.
#[derive(Debug, Clone, Copy)]
enum Step<'t> {
    /// A package is built.
    Package,
    Entry(Entry<'t>),
}

/// What a run came to.
struct Outcome<'t> {
    states: States<'t>,
    /// Whether the steps sufficed.
    is_complete: bool,
    /// Whether a condition was met that is not known.
    met_unknown: bool,
}

struct Run<'r, 't> {
    graph: &'r Graph<'t>,
    build: &'r Build<'t>,
    roots: &'r BTreeSet<usize>,
    unknown: Unknown,
    states: States<'t>,
    open: Vec<(usize, For, Step<'t>)>,
    met_unknown: bool,
    /// Steps that may still be taken.
    left: u64,
}

impl<'r, 't> Run<'r, 't> {
    fn new(
        graph: &'r Graph<'t>,
        build: &'r Build<'t>,
        roots: &'r BTreeSet<usize>,
        selection: &'t FeatureSelection,
        unknown: Unknown,
    ) -> Self {
        let mut open = Vec::new();
        for &root in roots {
            let Some(node) = graph.nodes.get(&root) else { continue };
            for kind in BTreeSet::from([For::Target, node.kind_of_library(build)]) {
                open.push((root, kind, Step::Package));
                open.extend(node.selected(selection).into_iter().map(|entry| (root, kind, Step::Entry(entry))));
            }
        }
        let left = graph.steps_left.get();
        Self { graph, build, roots, unknown, states: States::new(), open, met_unknown: false, left }
    }

    fn finish(mut self) -> Outcome<'t> {
        while self.left > 0
            && let Some((package, kind, step)) = self.open.pop()
        {
            self.left -= 1;
            match step {
                Step::Package => self.package(package, kind),
                Step::Entry(Entry::Feature(name)) => self.feature(package, kind, name),
                Step::Entry(Entry::Dependency(key)) => self.dependency(package, kind, key),
                Step::Entry(Entry::Of { dependency, feature, weak }) => {
                    self.feature_of(package, kind, dependency, feature, weak);
                }
            }
        }
        self.graph.steps_left.set(self.left);
        Outcome { states: self.states, is_complete: self.open.is_empty(), met_unknown: self.met_unknown }
    }

    fn package(&mut self, package: usize, kind: For) {
        if std::mem::replace(&mut self.state(package, kind).is_built, true) {
            return;
        }
        for edge in self.edges(package, None) {
            if !edge.dependency.optional {
                self.ask(package, kind, edge, &[]);
            }
        }
    }

    fn state(&mut self, package: usize, kind: For) -> &mut State<'t> {
        self.states.entry((package, kind)).or_default()
    }

    fn feature(&mut self, package: usize, kind: For, name: &'t str) {
        let graph = self.graph;
        let Some(entries) = graph.nodes.get(&package).and_then(|node| node.features.get(name)) else { return };
        if self.state(package, kind).features.insert(name) {
            self.open.extend(entries.iter().map(|&entry| (package, kind, Step::Entry(entry))));
        }
    }

    fn dependency(&mut self, package: usize, kind: For, key: &'t str) {
        let state = self.state(package, kind);
        if !state.dependencies.insert(key) {
            return;
        }
        let waiting: Vec<&str> = state.weak.remove(key).into_iter().flatten().collect();
        for edge in self.edges(package, Some(key)) {
            self.ask(package, kind, edge, &waiting);
        }
    }

    fn feature_of(&mut self, package: usize, kind: For, key: &'t str, feature: &'t str, weak: bool) {
        let graph = self.graph;
        for edge in self.edges(package, Some(key)) {
            if edge.dependency.optional {
                let state = self.state(package, kind);
                if weak && !state.dependencies.contains(key) {
                    state.weak.entry(key).or_default().insert(feature);
                    continue;
                }
                self.open.push((package, kind, Step::Entry(Entry::Dependency(key))));
                // `key/feature` also turns on the feature of the dependency's name, where there is one.
                let has = graph.nodes.get(&package).is_some_and(|node| node.features.contains_key(key));
                if !weak && has {
                    self.open.push((package, kind, Step::Entry(Entry::Feature(key))));
                }
            }
            self.turn_on(package, kind, edge, feature);
        }
    }

    /// Builds a dependency with what it is asked for.
    fn ask(&mut self, package: usize, kind: For, edge: &'r Edge<'t>, more: &[&'t str]) {
        if let Some(to) = self.graph.target_of(self.build, edge) {
            self.open.push((to, Self::kind_of(self.graph, self.build, kind, edge, to), Step::Package));
        }
        for feature in edge.dependency.features.iter().map(String::as_str).chain(more.iter().copied()) {
            self.turn_on(package, kind, edge, feature);
        }
    }

    fn turn_on(&mut self, package: usize, kind: For, edge: &'r Edge<'t>, feature: &'t str) {
        match self.graph.target_of(self.build, edge) {
            Some(to) => {
                let which = Self::kind_of(self.graph, self.build, kind, edge, to);
                self.open.push((to, which, Step::Entry(Entry::Feature(feature))));
            }
            None => {
                self.state(package, kind).outside.insert((&edge.dependency.key, feature));
            }
        }
    }

    /// The dependencies that count in this build.
    fn edges(&mut self, package: usize, key: Option<&str>) -> Vec<&'r Edge<'t>> {
        let graph = self.graph;
        let is_root = self.roots.contains(&package);
        let Some(node) = graph.nodes.get(&package) else { return Vec::new() };
        let named: Vec<&Edge<'_>> = match key {
            Some(key) => node.named(key).collect(),
            None => node.edges.iter().collect(),
        };
        self.left = self.left.saturating_sub(named.len() as u64);
        // Only what is built by its own name has its tests built, and needs what they need.
        let mine = named.into_iter().filter(|edge| is_root || edge.dependency.kind != DependencyKind::Dev);
        let mut edges = Vec::new();
        for edge in mine {
            let applies = match (self.build.resolver, edge.applies) {
                (Resolver::One, _) | (_, Truth::Yes) => true,
                (_, Truth::No) => false,
                (_, Truth::Unknown) => {
                    self.met_unknown = true;
                    self.unknown == Unknown::Holds
                }
            };
            if applies {
                edges.push(edge);
            }
        }
        edges
    }

    fn kind_of(graph: &Graph<'t>, build: &Build<'t>, kind: For, edge: &Edge<'t>, to: usize) -> For {
        let is_proc_macro = graph.nodes.get(&to).is_some_and(|node| node.is_proc_macro);
        let is_host = edge.dependency.kind == DependencyKind::Build || is_proc_macro;
        if build.resolver == Resolver::Two && (kind == For::Host || is_host) { For::Host } else { For::Target }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
