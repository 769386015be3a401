//! The rules of the audit: a module each, with what it is for, its code and its tests.

mod always_skipped;
mod case_in_no_lane;
mod catalog_problem;
mod colliding_names;
mod companion_marker;
mod conflicting_markers;
mod deprecated_marker;
pub(crate) mod exemption;
mod feature_in_no_lane;
mod file_name;
mod ignored_path;
mod ignored_without_reason;
mod lane_in_another;
mod lane_selects_nothing;
mod machine;
mod marker_argument;
mod misplaced_type;
mod missing;
mod missing_component;
mod missing_hardware;
mod missing_lifecycle;
mod missing_timeout;
mod missing_type;
mod missing_vram_profile;
mod never_collected;
mod nondeterminism;
mod observed;
mod package_in_no_lane;
mod profile_above_gpus;
mod shadowed_file;
mod skip_without_reason;
mod skipping;
pub(crate) mod suppression;
mod unbounded_retries;
mod uncapped_engine;
mod undeclared_marker;
mod ungated_integration_test;
mod unmarked_import;
mod workflow;

use std::fmt;

use crate::audit::Audited;
use crate::finding::Finding;

/// A rule: its stable code, what `--explain` says of it, and how it is checked.
#[derive(Debug)]
pub struct Rule {
    /// The code.
    pub code: RuleCode,
    /// What a finding weighs where the policy does not say.
    pub severity: Severity,
    /// What it says nothing without.
    pub needs: &'static [Needs],
    /// What the rule asks for, in one sentence.
    pub summary: &'static str,
    /// Why, and what to do, in a few sentences.
    pub explanation: &'static str,
    pub(crate) check: fn(&Audited<'_>) -> Vec<Finding>,
}

impl Rule {
    /// Whether a comment can allow its findings: not those about such comments, nor in files of which none are read.
    #[must_use]
    pub fn can_be_allowed(&self) -> bool {
        let cannot = [
            suppression::UNUSED.code,
            suppression::WITHOUT_REASON.code,
            exemption::EXPIRED.code,
            exemption::UNUSED.code,
            catalog_problem::SYNTAX.code,
            catalog_problem::UNREADABLE.code,
            catalog_problem::MANIFEST.code,
            workflow::RULE.code,
            lane_selects_nothing::RULE.code,
            lane_in_another::RULE.code,
        ];
        !cannot.contains(&self.code)
    }

    /// Whether the policy can exempt tests from it: not where exemptions themselves are judged.
    #[must_use]
    pub fn can_be_exempt(&self) -> bool {
        ![exemption::EXPIRED.code, exemption::UNUSED.code].contains(&self.code)
    }
}

/// What a rule looks at beside the tests. Where it is not there, the rule finds nothing, and nobody can say that there is
/// nothing to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Needs {
    /// What CI runs.
    Lanes,
    /// What bodies of functions show, which discovery looks for only where it is asked to.
    Observations,
}

/// A rule's stable name, such as `missing-lifecycle`. Only rules have one: see [`ALL`] and [`find`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleCode(&'static str);

impl RuleCode {
    /// The name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for RuleCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Warning,
    /// Breaks the policy.
    Error,
}

impl Severity {
    /// `warning` or `error`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// The rule that CI's workflows can be read: where it finds something, lanes may be missing.
pub const WORKFLOW: RuleCode = RuleCode("workflow");

/// Every rule, in the order in which findings of one place are printed.
pub const ALL: &[Rule] = &[
    missing_lifecycle::RULE,
    missing_type::RULE,
    missing_hardware::RULE,
    missing_component::RULE,
    unmarked_import::RULE,
    misplaced_type::RULE,
    file_name::RULE,
    ungated_integration_test::RULE,
    ignored_without_reason::RULE,
    colliding_names::RULE,
    case_in_no_lane::RULE,
    feature_in_no_lane::RULE,
    package_in_no_lane::RULE,
    lane_selects_nothing::RULE,
    lane_in_another::RULE,
    workflow::RULE,
    undeclared_marker::RULE,
    deprecated_marker::RULE,
    marker_argument::RULE,
    conflicting_markers::RULE,
    companion_marker::RULE,
    always_skipped::RULE,
    skip_without_reason::RULE,
    unbounded_retries::RULE,
    missing_timeout::RULE,
    missing_vram_profile::RULE,
    profile_above_gpus::RULE,
    uncapped_engine::RULE,
    catalog_problem::SYNTAX,
    catalog_problem::UNREADABLE,
    catalog_problem::MANIFEST,
    catalog_problem::COLLECTION,
    catalog_problem::ORPHAN,
    suppression::UNUSED,
    suppression::WITHOUT_REASON,
    exemption::EXPIRED,
    exemption::UNUSED,
    shadowed_file::RULE,
    ignored_path::RULE,
    never_collected::CLASS,
    never_collected::REDEFINED,
    never_collected::NESTED,
    never_collected::BEHIND_MAIN,
    never_collected::OTHER_FILE_NAME,
    nondeterminism::RANDOM,
    nondeterminism::WALL_CLOCK,
    nondeterminism::FIXED_PORT,
    nondeterminism::NETWORK,
    nondeterminism::SLEEP,
    nondeterminism::SAMPLING,
    nondeterminism::ENVIRONMENT,
];

/// The rule of that code.
#[must_use]
pub fn find(code: &str) -> Option<&'static Rule> {
    ALL.iter().find(|rule| rule.code.as_str() == code)
}
