//! From a tree to its catalog.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use test_catalog::{
    CargoTarget, Catalog, Certainty, Problem, ProblemKind, Reason, RustCase, RustTestKind, SourceSpan, TargetKind,
    TestCase, TreePath,
};

use crate::Settings;
use crate::cfg::{CrateCfg, Predicate, Truth};
use crate::doc_test::{self, Library};
use crate::lock::Releases;
use crate::macros::TreeMacros;
use crate::manifest::{Edition, PlacedManifest};
use crate::module_tree::{self, FoundTest, ModuleTree, Surroundings};
use crate::orphan;
use crate::package::{self, ReadyPackage};
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

/// Finds the Rust tests of a tree.
///
/// # Errors
/// Where the tree is no readable folder, or the system gives no threads. A broken file is a problem in the catalog and
/// costs only itself.
pub fn discover(settings: &Settings) -> Result<Catalog, DiscoveryError> {
    std::fs::read_dir(&settings.tree).map_err(|source| DiscoveryError::Tree { tree: settings.tree.clone(), source })?;
    let filter = PathFilter::new(settings);
    // Where nothing of Rust was asked for, the rest of the tree need not be looked at.
    if !filter.all && !filter.paths.iter().any(|path| sources::has_rust(&settings.tree, path)) {
        return Ok(Catalog::default());
    }
    let pool = rayon::ThreadPoolBuilder::new().stack_size(STACK).build()?;
    Ok(pool.install(|| catalog(settings, &filter)))
}

/// The `Cargo.toml`s that [`discover`] reads, relative to the tree.
///
/// # Errors
/// Where the tree is no readable folder.
pub fn manifests(tree: &Utf8Path) -> Result<Vec<Utf8PathBuf>, DiscoveryError> {
    std::fs::read_dir(tree).map_err(|source| DiscoveryError::Tree { tree: tree.to_owned(), source })?;
    Ok(sources::walk(tree).manifests)
}

fn catalog(settings: &Settings, filter: &PathFilter) -> Catalog {
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
    let (packages, wrong) = package::all(&manifests, &tree, settings);
    problems.extend(wrong);
    let sources = Sources::parse(&settings.tree, &walk.rust);
    let macros = TreeMacros::of(sources.walked());

    let mut cases = Vec::new();
    let mut reached = BTreeSet::new();
    // Of packages whose modules are all known; elsewhere an orphan may be a module of a file that does not parse.
    let mut known: Vec<&Utf8Path> = Vec::new();
    let mut locked: BTreeMap<&Utf8Path, Releases> = BTreeMap::new();
    for package in &packages {
        let mut is_known = true;
        let releases =
            *locked.entry(&package.workspace).or_insert_with(|| Releases::of(&settings.tree, &package.workspace));
        for target in &package.targets {
            let surroundings = Surroundings {
                sources: &sources,
                cfg: package.cfg_of(target),
                macros: &macros,
                releases,
                package: &package.manifest.folder,
                edition: package.edition,
                generates_tests: package.generates_tests,
                is_of_tests: target.kind == TargetKind::Test,
            };
            let tree = module_tree::walk(&target.root, surroundings);
            if target.documented && package.is_selected {
                cases.extend(doc_cases(package, target, &tree, &sources));
            }
            is_known &= tree.problems.is_empty();
            reached.extend(tree.reached);
            for problem in tree.problems {
                if !problems.contains(&problem) {
                    problems.push(problem);
                }
            }
            if target.tested && package.is_selected {
                cases.extend(cases_of(package, target, tree.tests));
            }
        }
        if is_known {
            known.push(&package.manifest.folder);
        }
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
    catalog
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

/// The tests in a library's documentation, which rustdoc builds and runs however the library itself is tested.
fn doc_cases(package: &ReadyPackage<'_>, target: &Target, tree: &ModuleTree, sources: &Sources<'_>) -> Vec<TestCase> {
    let library = Library {
        cfg: package.cfg_of(target),
        workspace: &package.workspace,
        package: &package.manifest.folder,
        is_recent: package.edition >= Edition::E2024,
    };
    let target = Target { kind: TargetKind::Doc, harness: true, ..target.clone() };
    cases_of(package, &target, doc_test::find(&library, tree, sources))
}

fn cases_of(package: &ReadyPackage<'_>, target: &Target, tests: Vec<FoundTest>) -> Vec<TestCase> {
    let built = is_built(&package.cfg, target);
    let root = TreePath::new(&target.root);
    let cargo = Arc::new(CargoTarget {
        binary: target.binary(&package.package.name),
        package: package.package.name.clone(),
        manifest: package.manifest.file.clone(),
        workspace: TreePath::new(&package.workspace),
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
    let certainty = |reason: Option<Reason>| reason.map_or(Certainty::Exact, Certainty::Inexact);
    let kind = kind(target.kind);
    if !target.harness {
        let at = SourceSpan::line(root, 1);
        let text = "without libtest's harness only the program itself knows its tests".to_owned();
        let name = target.name.clone();
        let enabled = cargo.enabled;
        let case = RustCase { name, kind, ignored: None, cfg: None, enabled, target: cargo };
        return vec![TestCase::rust(case, at.clone(), Certainty::Inexact(Reason { text, at }))];
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

/// Whether the target's `required-features` are on.
fn is_built(cfg: &CrateCfg, target: &Target) -> Truth {
    target.required_features.iter().map(|entry| cfg.required(entry)).min().unwrap_or(Truth::Yes)
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
