//! What a policy says.

use std::collections::{BTreeMap, BTreeSet};

use test_catalog::RustTestKind;

use crate::argument::Argument;
use crate::category::{Category, CategoryRules};
use crate::ci::Ci;
use crate::combinations::{Combinations, Companions};
use crate::container::Container;
use crate::evidence::EvidenceKind;
use crate::exemption::Exemption;
use crate::location::{FileNamePattern, FolderPattern};
use crate::origin::Origins;
use crate::planning::{Budget, EngineCap, Hardware, Planning, Timeouts};
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

/// What the policy makes of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleLevel {
    /// It is not checked.
    Off,
    /// It is, and findings have this severity.
    On(Severity),
}

impl Policy {
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
    pub fn current_name<'n>(&'n self, name: &'n str) -> &'n str {
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
