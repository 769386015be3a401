//! What a policy says.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use test_catalog::RustTestKind;

use crate::argument::Argument;
use crate::category::{Category, CategoryRules};
use crate::combinations::{Combinations, Companions};
use crate::container::Container;
use crate::evidence::EvidenceKind;
use crate::exemption::Exemption;
use crate::location::{FileNamePattern, FolderPattern};
use crate::origin::Origins;
use crate::resolve::ResolvedCase;
use crate::rules::{self, Needs, Rule, RuleCode, Severity};
use crate::running::{Ports, Retry};

/// A policy: what a policy file says, on top of what it extends.
///
/// [`Policy::embedded`] is the policy without any file, [`Policy::parse`] reads one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Policy {
    pub(crate) name: String,
    pub(crate) tree: Option<String>,
    pub(crate) categories: BTreeMap<Category, CategoryRules>,
    pub(crate) combinations: Combinations,
    pub(crate) hardware: BTreeMap<String, Hardware>,
    /// Memory in GiB, by model.
    pub(crate) gpus: BTreeMap<String, f64>,
    pub(crate) markers: BTreeMap<String, KnownMarker>,
    pub(crate) plugin_markers: BTreeMap<String, Vec<String>>,
    pub(crate) aliases: BTreeMap<String, Alias>,
    pub(crate) locations: Locations,
    pub(crate) files: Option<FileNamePattern>,
    pub(crate) rust: RustRules,
    pub(crate) defaults: Option<Defaults>,
    pub(crate) planning: Planning,
    pub(crate) engine_caps: Vec<EngineCap>,
    /// By the marker: what its tests have alone.
    pub(crate) exclusive: BTreeMap<String, String>,
    pub(crate) budgets: Vec<Budget>,
    pub(crate) timeouts: Timeouts,
    pub(crate) rules: BTreeMap<RuleCode, RuleLevel>,
    pub(crate) required_under: Vec<FolderPattern>,
    pub(crate) tickets: Vec<String>,
    pub(crate) proposals: Proposals,
    /// By the package: the marker of tests whose module imports it.
    pub(crate) imports: BTreeMap<String, String>,
    pub(crate) exemptions: Vec<Exemption>,
    pub(crate) container: Container,
    pub(crate) retry: Retry,
    pub(crate) ports: Ports,
    pub(crate) ci: Ci,
    pub(crate) origins: Origins,
}

/// What the audit proposes markers by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proposals(pub(crate) BTreeSet<EvidenceKind>);

impl Default for Proposals {
    fn default() -> Self {
        Self(EvidenceKind::by_default())
    }
}

/// What the policy says of CI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ci {
    /// Files, and folders with files.
    pub(crate) workflows: Vec<String>,
    /// Folders of the runner that hold the tree.
    pub(crate) checkouts: Vec<String>,
    /// What runs none of the tree's tests, though it is not read.
    pub(crate) runs_no_tests: Vec<String>,
    /// Files of pre-commit.
    pub(crate) hooks: Vec<String>,
    /// By the stage: names of workflows.
    pub(crate) stages: BTreeMap<String, Vec<String>>,
    pub(crate) actions: Vec<PolicyAction>,
    pub(crate) lanes: Vec<PolicyLane>,
}

impl Default for Ci {
    fn default() -> Self {
        Self {
            workflows: vec![Policy::WORKFLOWS.to_owned()],
            checkouts: Vec::new(),
            runs_no_tests: Vec::new(),
            hooks: Vec::new(),
            stages: BTreeMap::new(),
            actions: Vec::new(),
            lanes: Vec::new(),
        }
    }
}

/// What a call of an action of the tree runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyAction {
    /// The action's folder, as `uses` names it: `.github/actions/pytest`.
    pub uses: String,
    /// What it runs, as a shell takes it. The action's inputs are variables: `pytest -m "$markers"`.
    pub run: String,
    /// Where the policy says so.
    pub line: u32,
}

/// A lane that the policy lists, because no workflow shows it: a script runs it, or another system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyLane {
    /// What people call it.
    pub name: String,
    /// The folder that it runs in, relative to the tree; empty for the tree itself.
    pub folder: String,
    /// What it runs, as a shell takes it: `cargo test --features integration`.
    pub run: String,
    /// Where the policy lists it.
    pub line: u32,
}

/// What a hardware marker asks of the machine. Several markers of one test add up: `gpu_2` and `h100` are two H100s.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hardware {
    /// How many GPUs; 0 where it asks for none or says nothing of their number.
    pub gpus: u32,
    /// A part of the GPUs' product name, such as `H100`.
    pub model: Option<String>,
    /// The least compute capability of the GPUs: the parts before and behind the point.
    pub capability: Option<(u32, u32)>,
    /// A resource other than a GPU, such as `k8s`.
    pub resource: Option<String>,
    /// How many of that resource; 1 unless the policy says otherwise.
    pub count: u32,
}

/// A marker that is a member of no category, and its positional arguments.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct KnownMarker {
    /// What it is for, in one line.
    pub description: Option<String>,
    /// Its positional arguments; `None` where the policy says nothing of them.
    pub args: Option<Vec<Argument>>,
}

/// The newer name of a marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// The name to write instead.
    pub name: String,
    /// Why it was renamed, or what else changed.
    pub note: Option<String>,
}

/// Where tests stand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Locations {
    /// By type: the folders in which its tests may stand.
    pub by_type: BTreeMap<String, Vec<FolderPattern>>,
    /// Where tests of several components stand, whatever their type.
    pub cross_component: Vec<FolderPattern>,
    /// The folders that are one component's own.
    pub component: Vec<FolderPattern>,
}

/// What holds for Rust tests, which carry no markers of their own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RustRules {
    /// Markers by the kind of test, as `RustTestKind::as_str` names it.
    pub(crate) by_kind: BTreeMap<&'static str, Vec<String>>,
    /// Markers of `#[ignore]`d tests.
    pub(crate) ignored: Vec<String>,
    /// Markers of tests that are compiled only with a feature.
    pub(crate) by_feature: BTreeMap<String, Vec<String>>,
    /// The feature behind which integration tests stand.
    pub(crate) integration_feature: Option<String>,
}

/// Markers that a test gets which has none of that category: what a hook of the tree does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Defaults {
    /// The marker of a test without one of the category.
    pub markers: BTreeMap<Category, String>,
    /// The marker that tells that another was added.
    pub tell: Option<String>,
    /// Folders whose tests get nothing.
    pub not_under: Vec<FolderPattern>,
}

/// What the plan is made by.
#[derive(Debug, Clone, PartialEq)]
pub struct Planning {
    /// The marker with the measured peak of GPU memory in GiB.
    pub vram_marker: String,
    /// The marker with the time-out in seconds.
    pub timeout_marker: String,
    /// The marker with the number of processors, if there is one.
    pub cpu_marker: Option<String>,
    /// The marker with the memory of the machine itself in GiB, if there is one.
    pub host_memory_marker: Option<String>,
    /// The marker of tests that may run beside others; where there is none, all may.
    pub parallel_marker: Option<String>,
    /// The share of a GPU's memory that stays free where several tests share it, from 0 to 1.
    pub headroom: f64,
    /// The least time between two starts on a GPU that tests share.
    pub stagger: Duration,
}

impl Default for Planning {
    fn default() -> Self {
        Self {
            vram_marker: "profiled_vram_gib".to_owned(),
            timeout_marker: "timeout".to_owned(),
            cpu_marker: None,
            host_memory_marker: None,
            parallel_marker: None,
            headroom: 0.15,
            stagger: Duration::ZERO,
        }
    }
}

/// How a test's engine is told how much it may take: the value of the marker's first argument goes into the
/// environment variable. Of several, the first whose marker the test has applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineCap {
    /// The marker.
    pub marker: String,
    /// The variable; `None` where the marker caps the engine by other means.
    pub env: Option<String>,
}

/// A limit of time that the policy sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// Only tests of this type; `None` for all.
    pub test_type: Option<String>,
    /// Only where this stage runs; `None` for every run.
    pub stage: Option<String>,
    /// What must not take longer.
    pub scope: BudgetScope,
    /// How long it may take.
    pub limit: Duration,
}

/// What a [`Budget`] limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BudgetScope {
    /// Each suite by itself, a suite being one component's tests of one type.
    Suite,
    /// All of them together.
    Run,
}

/// How long a test may take that says nothing itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeouts {
    pub(crate) default: Duration,
    pub(crate) by_type: BTreeMap<String, Duration>,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { default: Duration::from_mins(10), by_type: BTreeMap::new() }
    }
}

/// What the policy makes of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleLevel {
    /// It is not checked.
    Off,
    /// It is, and findings have this severity.
    On(Severity),
}

impl Policy {
    /// Where GitHub looks for workflows, and where they are looked for unless a policy says otherwise.
    pub const WORKFLOWS: &'static str = ".github/workflows";

    /// The name: a preset's own, or the file's.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The folder of the tree that the policy is for, relative to the policy file; `None` where it is the file's own.
    #[must_use]
    pub fn tree(&self) -> Option<&str> {
        self.tree.as_deref()
    }

    /// The markers of a category, in the policy's order.
    #[must_use]
    pub fn members(&self, category: Category) -> &[String] {
        self.categories.get(&category).map_or(&[], |rules| &rules.members)
    }

    /// Whether tests need a marker of a category, and which markers it has.
    #[must_use]
    pub fn category(&self, category: Category) -> CategoryRules {
        self.categories.get(&category).cloned().unwrap_or_default()
    }

    /// Whether the marker is a member of the category.
    #[must_use]
    pub fn is_member(&self, category: Category, marker: &str) -> bool {
        self.members(category).iter().any(|member| member == marker)
    }

    /// The category that the marker is a member of; the first of several.
    #[must_use]
    pub fn category_of(&self, marker: &str) -> Option<Category> {
        Category::ALL.into_iter().find(|category| self.is_member(*category, marker))
    }

    /// The markers that a stage selects: its own and those of every earlier stage. `None` for what is no stage.
    #[must_use]
    pub fn stage(&self, stage: &str) -> Option<&[String]> {
        let lifecycle = self.members(Category::Lifecycle);
        lifecycle.iter().position(|member| member == stage).map(|position| &lifecycle[..=position])
    }

    /// What a hardware marker asks of the machine; `None` for a marker that is not one.
    #[must_use]
    pub fn hardware(&self, marker: &str) -> Option<&Hardware> {
        self.hardware.get(marker)
    }

    /// What hardware markers ask for beyond GPUs, each once: `k8s`, `xpu`.
    #[must_use]
    pub fn resources(&self) -> BTreeSet<&str> {
        self.hardware.values().filter_map(|hardware| hardware.resource.as_deref()).collect()
    }

    /// A marker of no category that the policy describes.
    #[must_use]
    pub fn marker(&self, name: &str) -> Option<&KnownMarker> {
        self.markers.get(name)
    }

    /// The newer name of a marker that was renamed.
    #[must_use]
    pub fn renamed(&self, name: &str) -> Option<&str> {
        self.aliases.get(name).map(|alias| alias.name.as_str())
    }

    /// The name that a marker has now: its own, unless it was renamed.
    pub(crate) fn current_name<'n>(&'n self, name: &'n str) -> &'n str {
        self.renamed(name).unwrap_or(name)
    }

    /// What the policy says of a marker's older name.
    #[must_use]
    pub fn alias(&self, name: &str) -> Option<&Alias> {
        self.aliases.get(name)
    }

    /// Markers of which a test has at most one, by the name of their entry.
    pub fn conflicts(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.combinations.conflicts.iter().map(|(name, markers)| (name.as_str(), markers.as_slice()))
    }

    /// What tests with one marker need beside it, by the name of the entry.
    pub fn companions(&self) -> impl Iterator<Item = (&str, &Companions)> {
        self.combinations.companions.iter().map(|(name, companions)| (name.as_str(), companions))
    }

    /// The memory in GiB of each model of GPU that lanes run on.
    pub fn gpus(&self) -> impl Iterator<Item = (&str, f64)> {
        self.gpus.iter().map(|(model, gib)| (model.as_str(), *gib))
    }

    /// Every marker that the policy has an entry for, each once, sorted.
    #[must_use]
    pub fn known_markers(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .categories
            .values()
            .flat_map(|rules| &rules.members)
            .chain(self.markers.keys())
            .chain(self.plugin_markers.values().flatten())
            .chain(self.aliases.keys())
            .chain([&self.planning.vram_marker, &self.planning.timeout_marker])
            .chain(self.planning.cpu_marker.iter().chain(&self.planning.host_memory_marker))
            .chain(&self.planning.parallel_marker)
            .map(String::as_str)
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Whether the tests of a file must have the markers that the policy requires: everywhere, unless it names folders.
    #[must_use]
    pub fn binds(&self, file: &str) -> bool {
        self.required_under.is_empty() || self.required_under.iter().any(|folder| folder.contains(file))
    }

    /// How tickets begin that the reason of a skipped test names, each followed by a digit: `DYN-`. None where any
    /// reason will do.
    #[must_use]
    pub fn tickets(&self) -> &[String] {
        &self.tickets
    }

    /// What the audit may propose a marker by.
    #[must_use]
    pub fn proposes_by(&self, kind: EvidenceKind) -> bool {
        self.proposals.0.contains(&kind)
    }

    /// Which failures a run tries again.
    #[must_use]
    pub fn retry(&self) -> &Retry {
        &self.retry
    }

    /// Which ports the tests of a run get.
    #[must_use]
    pub fn ports(&self) -> &Ports {
        &self.ports
    }

    /// How tests run in a container.
    #[must_use]
    pub fn container(&self) -> &Container {
        &self.container
    }

    /// The packages that show what a module is about which imports them, each with the marker of its tests.
    pub fn imports(&self) -> impl Iterator<Item = (&str, &str)> {
        self.imports.iter().map(|(package, marker)| (package.as_str(), marker.as_str()))
    }

    /// The same policy, binding everywhere.
    #[must_use]
    pub fn everywhere(mut self) -> Self {
        self.required_under.clear();
        self
    }

    /// Where tests stand.
    #[must_use]
    pub fn locations(&self) -> &Locations {
        &self.locations
    }

    /// How test files are named; `None` where the policy does not say.
    #[must_use]
    pub fn file_names(&self) -> Option<&FileNamePattern> {
        self.files.as_ref()
    }

    /// The files and folders with the workflows of CI, relative to the tree.
    #[must_use]
    pub fn workflows(&self) -> &[String] {
        &self.ci.workflows
    }

    /// Folders of CI's machines that hold the tree, beside the checkout itself: `/workspace`.
    #[must_use]
    pub fn checkouts(&self) -> &[String] {
        &self.ci.checkouts
    }

    /// Whether the policy says of something that is not read that it runs none of the tree's tests: an action or a workflow of
    /// another repository (`actions/checkout`), a file (`*/bin/activate`), a command (`make lint`).
    #[must_use]
    pub fn runs_no_tests(&self, name: &str) -> bool {
        self.ci.runs_no_tests.iter().any(|pattern| matches_with_asterisks(pattern, name))
    }

    /// The files of pre-commit whose hooks are lanes: `.pre-commit-config.yaml`.
    #[must_use]
    pub fn hooks(&self) -> &[String] {
        &self.ci.hooks
    }

    /// The stage that a workflow belongs to, by the name of its file.
    #[must_use]
    pub fn stage_of_workflow(&self, file_name: &str) -> Option<&str> {
        let has = |(_, files): &(&String, &Vec<String>)| files.iter().any(|file| file == file_name);
        self.ci.stages.iter().find(has).map(|(stage, _)| stage.as_str())
    }

    /// What a call of the action in that folder runs, where the policy says.
    #[must_use]
    pub fn action(&self, folder: &str) -> Option<&PolicyAction> {
        self.ci.actions.iter().find(|action| action.uses == folder)
    }

    /// The lanes that the policy lists beside those of the workflows.
    #[must_use]
    pub fn lanes(&self) -> &[PolicyLane] {
        &self.ci.lanes
    }

    /// The findings that stay for a while.
    #[must_use]
    pub fn exemptions(&self) -> &[Exemption] {
        &self.exemptions
    }

    /// The markers that a tree's hook adds.
    #[must_use]
    pub fn defaults(&self) -> Option<&Defaults> {
        self.defaults.as_ref()
    }

    /// The markers that a Rust test of this kind derives.
    #[must_use]
    pub fn rust_markers(&self, kind: RustTestKind) -> &[String] {
        self.rust.by_kind.get(kind.as_str()).map_or(&[], Vec::as_slice)
    }

    /// The cargo feature behind which Rust integration tests have to stand.
    #[must_use]
    pub fn integration_feature(&self) -> Option<&str> {
        self.rust.integration_feature.as_deref()
    }

    /// The marker with the measured peak of GPU memory in GiB: `profiled_vram_gib`.
    #[must_use]
    pub fn vram_marker(&self) -> &str {
        &self.planning.vram_marker
    }

    /// The marker with the time-out in seconds: `timeout`.
    #[must_use]
    pub fn timeout_marker(&self) -> &str {
        &self.planning.timeout_marker
    }

    /// The marker with the number of processors that a test takes; `None` where the policy names none, and each takes one.
    #[must_use]
    pub fn cpu_marker(&self) -> Option<&str> {
        self.planning.cpu_marker.as_deref()
    }

    /// The marker with the memory of the machine itself that a test takes, in GiB; `None` where the policy names none, and
    /// none is planned with.
    #[must_use]
    pub fn host_memory_marker(&self) -> Option<&str> {
        self.planning.host_memory_marker.as_deref()
    }

    /// The marker of tests of pytest that may run beside others; those without it run one after the other, if they need no
    /// GPU. `None` where the policy names none, and all may run beside others.
    #[must_use]
    pub fn parallel_marker(&self) -> Option<&str> {
        self.planning.parallel_marker.as_deref()
    }

    /// The least time between two starts on a GPU that tests share; zero where none is kept.
    #[must_use]
    pub fn stagger(&self) -> Duration {
        self.planning.stagger
    }

    /// What the tests with a marker have alone, by its name; `None` where the policy names nothing.
    #[must_use]
    pub fn exclusive(&self, marker: &str) -> Option<&str> {
        self.exclusive.get(marker).map(String::as_str)
    }

    /// The share of a GPU's memory that stays free where several tests share it.
    #[must_use]
    pub fn headroom(&self) -> f64 {
        self.planning.headroom
    }

    /// How engines are told what they may take, in the order in which they apply.
    #[must_use]
    pub fn engine_caps(&self) -> &[EngineCap] {
        &self.engine_caps
    }

    /// The limits of time.
    #[must_use]
    pub fn budgets(&self) -> &[Budget] {
        &self.budgets
    }

    /// How long a test of this type may take that says nothing itself; of no type, the policy's default.
    #[must_use]
    pub fn default_timeout(&self, test_type: Option<&str>) -> Duration {
        test_type.and_then(|name| self.timeouts.by_type.get(name)).copied().unwrap_or(self.timeouts.default)
    }

    /// The members of a category that a case has, in the policy's order.
    pub fn members_of<'p>(&'p self, category: Category, case: &ResolvedCase<'_>) -> Vec<&'p str> {
        self.members(category).iter().map(String::as_str).filter(|member| case.marker(member).is_some()).collect()
    }

    /// What the policy makes of a rule; one that it does not name is on, with the rule's own severity.
    #[must_use]
    pub fn level(&self, rule: &Rule) -> RuleLevel {
        self.rules.get(&rule.code).copied().unwrap_or(RuleLevel::On(rule.severity))
    }

    /// Whether a rule is on that judges what discovery observes only where it is asked to.
    #[must_use]
    pub fn needs_observations(&self) -> bool {
        let mut on = rules::ALL.iter().filter(|rule| self.level(rule) != RuleLevel::Off);
        on.any(|rule| rule.needs.contains(&Needs::Observations))
    }
}

/// Whether a text is a pattern in which `*` stands for anything.
fn matches_with_asterisks(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(start) else { return false };
    let (between, end) = rest.rsplit_once('*').map_or((None, rest), |(between, end)| (Some(between), end));
    for part in between.into_iter().flat_map(|between| between.split('*')) {
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    left.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::matches_with_asterisks;

    #[test]
    fn asterisks_stand_for_anything() {
        let cases = [
            ("a/b", "a/b", true),
            ("a/b", "a/bc", false),
            ("a/*", "a/b/c", true),
            ("a/*", "a", false),
            ("*/env", "x/y/env", true),
            ("*/env", "x/environment", false),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "abc", true),
            ("a*b*c", "acb", false),
            ("*", "", true),
            ("a*a", "a", false),
            ("**x", "yx", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(matches_with_asterisks(pattern, text), expected, "{pattern} {text}");
        }
    }
}
