//! From a tree to its catalog.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;
use test_catalog::{
    CargoTarget, Catalog, Certainty, Problem, ProblemKind, Reason, RustCase, RustTestKind, SourceSpan, TargetKind,
    TestCase, TreePath,
};

use crate::Settings;
use crate::cfg::{Predicate, Truth};
use crate::command::TestCommand;
use crate::lane::{self, RustLane};
use crate::manifest::PlacedManifest;
use crate::module_tree::FoundTest;
use crate::orphan;
use crate::package::{BuiltPackage, Manifests, Packages};
use crate::search::Search;
use crate::sources::{self, Disk, Sources};
use crate::target::{self, Target};
use crate::workspace::{self, Tree};

/// Modules and macros nest as deep as their author likes; what parses them recurses.
const STACK: usize = 32 * 1024 * 1024;

/// Why no catalog could be made at all. What is wrong inside the tree is a [`Problem`] of the catalog instead.
#[derive(Debug, thiserror::Error)]
pub enum DiscoveryError {
    /// The tree is no folder that can be read.
    #[error("{tree} cannot be read as a folder: {source}; name the root of a checkout")]
    Tree {
        /// As it was given.
        tree: Utf8PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The threads that parse cannot be started.
    #[error("no threads to parse with can be started: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

/// What [`discover_with_lanes`] finds.
#[derive(Debug, Clone, Default)]
pub struct Discovery {
    /// The tests.
    pub catalog: Catalog,
    /// What each of the commands builds and runs of them, in the order of the commands.
    pub lanes: Vec<RustLane>,
}

/// Finds the Rust tests of a tree.
///
/// # Errors
/// Where the tree is no readable folder, or the system gives no threads. A broken file is a problem in the catalog and
/// costs only itself.
pub fn discover(settings: &Settings) -> Result<Catalog, DiscoveryError> {
    Ok(discover_with_lanes(settings, &[])?.catalog)
}

/// Finds the Rust tests of a tree, and what commands of CI run of them.
///
/// # Errors
/// As [`discover`] has them.
pub fn discover_with_lanes(settings: &Settings, commands: &[TestCommand]) -> Result<Discovery, DiscoveryError> {
    std::fs::read_dir(&settings.tree).map_err(|source| DiscoveryError::Tree { tree: settings.tree.clone(), source })?;
    let filter = PathFilter::new(settings);
    // Where nothing of Rust was asked for, the rest of the tree need not be looked at.
    if !filter.all && !filter.paths.iter().any(|path| sources::has_rust(&settings.tree, path)) {
        return Ok(Discovery::default());
    }
    let pool = rayon::ThreadPoolBuilder::new().stack_size(STACK).build()?;
    Ok(pool.install(|| discovery(settings, commands, &filter)))
}

/// The `Cargo.toml`s that [`discover`] reads, relative to the tree.
///
/// # Errors
/// Where the tree is no readable folder.
pub fn manifests(tree: &Utf8Path) -> Result<Vec<Utf8PathBuf>, DiscoveryError> {
    std::fs::read_dir(tree).map_err(|source| DiscoveryError::Tree { tree: tree.to_owned(), source })?;
    Ok(sources::walk(tree).manifests)
}

fn discovery(settings: &Settings, commands: &[TestCommand], filter: &PathFilter) -> Discovery {
    let walk = sources::walk(&settings.tree);
    let mut problems = walk.problems;
    let tree = Disk { tree: &settings.tree };
    let mut manifests: Vec<PlacedManifest> = Vec::new();
    for file in &walk.manifests {
        match tree.manifest(file) {
            Ok(manifest) => manifests.push(manifest),
            Err(problem) => problems.push(problem),
        }
    }
    problems.extend(workspace::add_named(&mut manifests, &tree));
    let (manifests, wrong) = Manifests::read(&manifests, &tree);
    problems.extend(wrong);
    let (packages, wrong) = Packages::find(&manifests, &tree, settings);
    problems.extend(wrong);
    let sources = Sources::parse(&settings.tree, &walk.rust);
    let search = Search::new(&settings.tree, packages.list(), &sources);

    let in_build = packages.in_build(&settings.features, &settings.build);
    let searched: Vec<Searched> = in_build.par_iter().map(|package| Searched::new(package, &search)).collect();
    let mut cases = Vec::new();
    let mut reached = HashSet::new();
    // Of packages whose modules are all known; elsewhere an orphan may be a module of a file that does not parse.
    let mut known: Vec<&Utf8Path> = Vec::new();
    for (package, found) in in_build.iter().zip(searched) {
        if found.problems.is_empty() {
            known.push(&package.found.manifest.folder);
        }
        for problem in found.problems {
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
        reached.extend(found.reached);
        cases.extend(found.cases);
    }
    let folders: BTreeSet<Utf8PathBuf> =
        walk.manifests.iter().filter_map(|file| file.parent()).map(Utf8Path::to_owned).collect();
    problems.extend(orphan::find(&known, &folders, &reached, &sources));

    cases.retain(|case| filter.takes(case.file().as_path()));
    problems.retain(|problem| filter.takes_problem(problem));
    cases.sort_by(|a, b| order(a).cmp(&order(b)));
    let files_read = sources.files_read() + walk.manifests.len();
    let mut catalog = Catalog { cases, problems, files_read, ..Catalog::default() };
    catalog.number_occurrences();
    let lanes = lane::all(commands, &packages, &search, &settings.tree, &catalog.cases);
    Discovery { catalog, lanes }
}

/// What the search of a package's targets comes to.
#[derive(Default)]
struct Searched {
    cases: Vec<TestCase>,
    problems: Vec<Problem>,
    /// The files that its modules are in.
    reached: HashSet<Utf8PathBuf>,
}

impl Searched {
    fn new(package: &BuiltPackage<'_, '_>, search: &Search<'_>) -> Self {
        let mut searched = Self::default();
        for target in &package.found.targets {
            let tree = search.modules(package.found, &package.cfg, target);
            if target.documented && package.is_selected {
                let tests = search.documentation(package.found, &package.cfg, target, &tree);
                searched.cases.extend(cases_of(package, &target.documentation(), tests));
            }
            searched.reached.extend(tree.reached);
            searched.problems.extend(tree.problems);
            if target.tested && package.is_selected {
                searched.cases.extend(cases_of(package, target, tree.tests));
            }
        }
        searched
    }
}

/// nextest lists binaries by their id, and libtest the tests of one by name. Those of the documentation come behind.
fn order(case: &TestCase) -> impl Ord + '_ {
    let rust = case.as_rust();
    (
        rust.map(|rust| {
            (
                &rust.target.workspace,
                &rust.target.manifest,
                &rust.target.binary,
                rust.kind == RustTestKind::Doc,
                &rust.name,
            )
        }),
        case.span.start,
    )
}

fn cases_of(package: &BuiltPackage<'_, '_>, target: &Target, tests: Vec<FoundTest>) -> Vec<TestCase> {
    let BuiltPackage { found, cfg, .. } = package;
    let built = cfg.builds(&target.required_features);
    let root = TreePath::new(&target.root);
    let cargo = Arc::new(CargoTarget {
        binary: target.binary(&found.package.name),
        package: found.package.name.clone(),
        manifest: found.manifest.file.clone(),
        workspace: TreePath::new(found.workspace),
        kind: target.kind,
        name: target.name.clone(),
        root: root.clone(),
        harness: target.harness,
        required_features: target.required_features.clone(),
        enabled: built != Truth::No,
    });
    let required = |at: &SourceSpan| {
        let text = "its target needs features that are not on in every build, or that only a package outside of the tree knows".to_owned();
        (built == Truth::Unknown).then(|| Reason { text, at: at.clone() })
    };
    let certainty =
        |reason: Option<Reason>| reason.map_or(Certainty::Exact, |reason| Certainty::Inexact(Box::new(reason)));
    let kind = kind(target.kind);
    if !target.harness {
        let at = SourceSpan::line(root, 1);
        let text = "without libtest's harness only the program itself knows its tests".to_owned();
        let name = target.name.clone();
        let enabled = cargo.enabled;
        let case = RustCase { name, kind, ignored: None, cfg: None, enabled, target: cargo };
        return vec![TestCase::rust(case, at.clone(), Certainty::Inexact(Box::new(Reason { text, at })))];
    }
    let case = |test: FoundTest| {
        let reason = test.inexact.or_else(|| required(&test.at));
        let case = RustCase {
            name: test.name,
            kind,
            ignored: test.ignored,
            cfg: (test.cfg != Predicate::Literal(true)).then(|| test.cfg.to_string()),
            enabled: built.and(test.exists) != Truth::No,
            target: Arc::clone(&cargo),
        };
        TestCase::rust(case, test.at, certainty(reason))
    };
    tests.into_iter().map(case).collect()
}

fn kind(kind: TargetKind) -> RustTestKind {
    match kind {
        TargetKind::Lib | TargetKind::Bin => RustTestKind::Unit,
        TargetKind::Test => RustTestKind::Integration,
        TargetKind::Example => RustTestKind::Example,
        TargetKind::Bench => RustTestKind::Bench,
        TargetKind::Doc => RustTestKind::Doc,
    }
}

/// Files and folders that were asked for.
struct PathFilter {
    all: bool,
    paths: Vec<Utf8PathBuf>,
}

impl PathFilter {
    fn new(settings: &Settings) -> Self {
        let inside = |text: &String| {
            let path = Utf8Path::new(text);
            target::normal(path.strip_prefix(&settings.tree).unwrap_or(path))
        };
        let named = settings.paths.iter().filter(|text| !text.contains("::"));
        Self { all: settings.paths.is_empty(), paths: named.filter_map(inside).collect() }
    }

    fn takes(&self, file: &Utf8Path) -> bool {
        self.all || self.paths.iter().any(|path| file.starts_with(path))
    }

    /// A manifest or a module that is broken can hide tests in the folders below it.
    fn takes_problem(&self, problem: &Problem) -> bool {
        let file = problem.at.file.as_path();
        let folder = file.parent().unwrap_or(file);
        let may_hide = problem.kind != ProblemKind::Orphan;
        self.takes(file) || (may_hide && self.paths.iter().any(|path| path.starts_with(folder)))
    }
}
