//! What a command of CI builds and runs of the tests of a tree.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use camino::Utf8Path;
use rayon::prelude::*;
use test_catalog::{Obstacle, Reach, RustCase, TargetKind, TestCase, TreePath};

use crate::cfg::{Predicate, Truth};
use crate::command::{Ignored, TestCommand};
use crate::module_tree::FoundTest;
use crate::nextest;
use crate::package::{FoundPackage, NotBuilt, PackageCfg, Packages};
use crate::search::Search;

/// How long a condition may be that is read. What reads it recurses.
const LONGEST_CONDITION: usize = 4096;

/// A [`TestCommand`] in a tree: it tells for each test whether it is run.
#[derive(Debug, Clone)]
pub struct RustLane {
    command: TestCommand,
    /// The packages whose tests are built, by their manifest; `None` where that is not known.
    packages: Option<BTreeMap<TreePath, Arc<BuiltTests>>>,
    /// Why cargo refuses the command.
    refused: Option<String>,
    /// Why it may run fewer tests than it says.
    narrowed: Option<String>,
    conditions: Arc<Conditions>,
}

/// The conditions of a catalog's cases by their text, each read once for all commands; `None` for what cannot be read.
type Conditions = HashMap<String, Option<Predicate>>;

/// The tests of a package in one build.
#[derive(Debug)]
struct BuiltTests {
    cfg: PackageCfg,
    targets: HashMap<(TargetKind, String), TargetTests>,
}

/// The tests of a target by their names; a condition may choose among several of one name.
#[derive(Debug, Default)]
struct TargetTests {
    by_name: HashMap<String, Vec<FoundTest>>,
    /// Whether it may have others.
    has_more: bool,
}

/// The packages of a command by their place in the list, each with what is set there.
type Cfgs = Result<Vec<(usize, PackageCfg)>, NotBuilt>;

/// What each command builds and runs of the cases.
pub(crate) fn all<'t>(
    commands: &'t [TestCommand],
    packages: &Packages<'t>,
    search: &Search<'_>,
    tree: &Utf8Path,
    cases: &[TestCase],
) -> Vec<RustLane> {
    if commands.is_empty() {
        return Vec::new();
    }
    let mut conditions = Conditions::new();
    for text in cases.iter().filter_map(|case| case.as_rust()?.cfg.as_ref()) {
        if !conditions.contains_key(text) {
            conditions.insert(text.clone(), condition(text));
        }
    }
    let conditions = Arc::new(conditions);
    let cfgs: Vec<Cfgs> = commands.iter().map(|command| packages.of_command(command, tree)).collect();
    // Most commands have the same features for most packages: each of these is searched once.
    let mut variants: Vec<(usize, &PackageCfg)> = Vec::new();
    for (place, cfg) in cfgs.iter().flatten().flatten() {
        if !variants.contains(&(*place, cfg)) {
            variants.push((*place, cfg));
        }
    }
    let list = packages.list();
    let search_variant = |&(place, cfg): &(usize, &PackageCfg)| BuiltTests::search(&list[place], cfg.clone(), search);
    let built: Vec<Arc<BuiltTests>> = variants.par_iter().map(search_variant).map(Arc::new).collect();
    let tests_of = |place: usize, cfg: &PackageCfg| {
        let index = variants.iter().position(|one| *one == (place, cfg))?;
        Some((list[place].manifest.file.clone(), Arc::clone(&built[index])))
    };
    let lane = |(command, cfgs): (&TestCommand, &Cfgs)| {
        let mut lane = RustLane {
            command: command.clone(),
            packages: None,
            refused: None,
            narrowed: None,
            conditions: Arc::clone(&conditions),
        };
        match cfgs {
            Ok(cfgs) => {
                let workspace = packages.workspace_of(command);
                lane.narrowed = workspace.and_then(|workspace| nextest::default_filter(command, tree, workspace));
                lane.packages = Some(cfgs.iter().filter_map(|(place, cfg)| tests_of(*place, cfg)).collect());
            }
            Err(NotBuilt::Unknown) => {}
            Err(NotBuilt::Refused(why)) => lane.refused = Some(why.clone()).filter(|_| command.doubt().is_none()),
        }
        lane
    };
    commands.iter().zip(&cfgs).map(lane).collect()
}

impl BuiltTests {
    fn search(package: &FoundPackage<'_>, cfg: PackageCfg, search: &Search<'_>) -> Self {
        let mut targets = HashMap::new();
        for target in package.targets.iter().filter(|target| target.tested || target.documented) {
            let modules = search.modules(package, &cfg, target);
            let is_broken = !modules.problems.is_empty();
            if target.documented {
                let tests = search.documentation(package, &cfg, target, &modules);
                targets.insert((TargetKind::Doc, target.name.clone()), TargetTests::new(tests, is_broken));
            }
            if target.tested {
                let tests = TargetTests::new(modules.tests, is_broken || !target.harness);
                targets.insert((target.kind, target.name.clone()), tests);
            }
        }
        Self { cfg, targets }
    }
}

impl TargetTests {
    fn new(tests: Vec<FoundTest>, has_more: bool) -> Self {
        let mut all = Self { by_name: HashMap::new(), has_more };
        for test in tests {
            all.has_more |= test.inexact.is_some();
            all.by_name.entry(test.name.clone()).or_default().push(test);
        }
        all
    }
}

impl RustLane {
    /// The command.
    #[must_use]
    pub fn command(&self) -> &TestCommand {
        &self.command
    }

    /// Why cargo refuses the command, so that it runs nothing.
    #[must_use]
    pub fn refused(&self) -> Option<&str> {
        self.refused.as_deref()
    }

    /// Why it may run fewer tests than the command says.
    #[must_use]
    pub fn narrowed(&self) -> Option<&str> {
        self.narrowed.as_deref()
    }

    /// Whether the lane runs a case of the catalog, and the first thing that keeps it from doing so.
    #[must_use]
    pub fn reach(&self, case: &TestCase) -> Reach {
        let Some(rust) = case.as_rust() else { return Reach::Not(Obstacle::Language) };
        if self.command.doubt().is_some() {
            return Reach::Maybe;
        }
        if self.refused.is_some() {
            return Reach::Not(Obstacle::Package);
        }
        let Some(packages) = &self.packages else { return Reach::Maybe };
        let Some(package) = packages.get(&rust.target.manifest) else { return Reach::Not(Obstacle::Package) };
        let takes = self.command.takes(&rust.target);
        if takes == Truth::No {
            return Reach::Not(Obstacle::Target);
        }
        let required = package.cfg.builds(&rust.target.required_features);
        let target = package.targets.get(&(rust.target.kind, rust.target.name.clone()));
        let same = |test: &&FoundTest| test.at == case.span;
        let found =
            target.and_then(|target| target.by_name.get(&rust.name)?.iter().filter(same).max_by_key(|one| one.exists));
        let exists = match found {
            Some(test) if test.inexact.is_some() => Truth::Unknown,
            Some(test) => test.exists,
            None if target.is_none_or(|target| target.has_more) => Truth::Unknown,
            None => Truth::No,
        };
        if required == Truth::No || exists == Truth::No {
            return Reach::Not(self.obstacle(rust, package));
        }
        let is_ignored = found.is_some_and(|test| test.ignored.is_some());
        let by_fate = match self.command.tests.ignored {
            Ignored::LeftOut => !is_ignored,
            Ignored::Only => is_ignored,
            Ignored::Included => true,
        };
        let is_named = self.command.tests.takes(&rust.name);
        match takes.and(required).and(exists) {
            Truth::Yes if is_named == Truth::No => Reach::Not(Obstacle::Name),
            Truth::Yes if !by_fate => Reach::Not(Obstacle::Ignored),
            Truth::Yes if is_named == Truth::Yes && self.narrowed.is_none() => Reach::Runs,
            _ => Reach::Maybe,
        }
    }

    /// Why a case is not compiled: for want of features, or else for its condition.
    fn obstacle(&self, case: &RustCase, package: &BuiltTests) -> Obstacle {
        let cfg = package.cfg.of(case.target.kind);
        let condition = case.cfg.as_ref().and_then(|text| match self.conditions.get(text) {
            Some(known) => known.as_ref().map(Cow::Borrowed),
            None => condition(text).map(Cow::Owned),
        });
        let condition = condition.unwrap_or(Cow::Owned(Predicate::Literal(true)));
        let missing = condition.missing_features(&|feature| cfg.feature(feature) == Truth::No);
        let required = case.target.required_features.iter().filter(|&entry| package.cfg.builds([entry]) == Truth::No);
        let required: BTreeSet<&str> = required.map(String::as_str).collect();
        let sets: Vec<BTreeSet<&str>> = missing.iter().map(|set| set | &required).collect();
        // One way is open as far as features go.
        if sets.iter().any(BTreeSet::is_empty) {
            return Obstacle::Condition;
        }
        let sets = sets.into_iter().map(|set| set.into_iter().map(str::to_owned).collect());
        Obstacle::Features(Arc::new(sets.collect()))
    }
}

/// The condition under which a case is compiled; `None` where it cannot be read.
fn condition(text: &str) -> Option<Predicate> {
    (text.len() <= LONGEST_CONDITION).then(|| text.parse().ok().map(Predicate::parse))?
}
