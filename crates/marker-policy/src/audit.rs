//! A catalog held against the policy.

use foldhash::HashMap;
use rayon::prelude::*;
use test_catalog::{Catalog, Import};

use crate::evidence::{Evidence, EvidenceKind};
use crate::finding::Finding;
use crate::lane::Lanes;
use crate::policy::{Policy, RuleLevel};
use crate::resolve::ResolvedCase;
use crate::rules::{self, Rule};
use crate::timings::Timings;

/// What a rule looks at.
pub(crate) struct Audited<'x> {
    pub(crate) policy: &'x Policy,
    pub(crate) catalog: &'x Catalog,
    pub(crate) cases: &'x [ResolvedCase<'x>],
    pub(crate) lanes: &'x Lanes,
    pub(crate) timings: &'x Timings,
    /// What each file imports, in the order of its text.
    pub(crate) imports: HashMap<&'x str, Vec<&'x Import>>,
}

/// Checks every rule that the policy has on. One finding is one cause; they are in the order of their places.
///
/// `cases` are those of the catalog, in its order. Rules about what CI runs say nothing where there are no lanes.
#[must_use]
pub fn audit(policy: &Policy, catalog: &Catalog, cases: &[ResolvedCase<'_>], lanes: &Lanes) -> Vec<Finding> {
    audit_measured(policy, catalog, cases, lanes, &Timings::default())
}

/// The same, with what tests took: it shows what stage they fit into, and what time-out they need.
#[must_use]
pub fn audit_measured(
    policy: &Policy,
    catalog: &Catalog,
    cases: &[ResolvedCase<'_>],
    lanes: &Lanes,
    timings: &Timings,
) -> Vec<Finding> {
    checked(policy, catalog, cases, lanes, timings, |_| true)
}

/// The markers that measured times and memory propose, by the rules that can tell: each finding has its insertion.
#[must_use]
pub fn measured_proposals(
    policy: &Policy,
    catalog: &Catalog,
    cases: &[ResolvedCase<'_>],
    timings: &Timings,
) -> Vec<Finding> {
    if timings.is_empty() {
        return Vec::new();
    }
    let lanes = Lanes::none();
    let mut found = checked(policy, catalog, cases, &lanes, timings, |rule| MEASURED.contains(&rule.code.as_str()));
    let is_measured = |evidence: &Evidence| evidence.kind == EvidenceKind::Measured;
    found.retain(|finding| finding.insertion.is_some() && finding.evidence.iter().any(is_measured));
    found
}

/// The rules that measured times and memory speak to.
const MEASURED: [&str; 3] = ["missing-lifecycle", "missing-timeout", "missing-vram-profile"];

fn checked(
    policy: &Policy,
    catalog: &Catalog,
    cases: &[ResolvedCase<'_>],
    lanes: &Lanes,
    timings: &Timings,
    asked: impl Fn(&Rule) -> bool + Sync,
) -> Vec<Finding> {
    let mut imports: HashMap<&str, Vec<&Import>> = HashMap::default();
    for import in &catalog.imports {
        imports.entry(import.at.file.as_str()).or_default().push(import);
    }
    let audited = Audited { policy, catalog, cases, lanes, timings, imports };
    let of_rule = |rule: &Rule| match policy.level(rule) {
        RuleLevel::On(severity) if asked(rule) => {
            (rule.check)(&audited).into_iter().map(|finding| Finding { severity, ..finding }).collect()
        }
        RuleLevel::On(_) | RuleLevel::Off => Vec::new(),
    };
    // Each rule for itself, on all processors; what they find stays in the order of the rules.
    let found: Vec<Vec<Finding>> = rules::ALL.par_iter().map(of_rule).collect();
    let mut findings: Vec<Finding> = found.into_iter().flatten().collect();
    findings.sort_by(|one, other| one.at.cmp(&other.at));
    findings
}
