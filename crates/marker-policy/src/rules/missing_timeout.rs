//! `missing-timeout`: a GPU test and a slow test say how long they may take.

use super::machine::Machine;
use super::{Rule, RuleCode, Severity, missing, skipping};
use crate::audit::Audited;
use crate::finding::Finding;
use crate::grouping::{counted, group, ids};
use crate::resolve::ResolvedCase;

pub(super) const RULE: Rule = Rule {
    code: RuleCode("missing-timeout"),
    severity: Severity::Warning,
    needs: &[],
    summary: "a GPU test and a slow test say how long they may take",
    explanation: "A test that hangs holds its machine until the whole job is stopped, and every test behind it is lost. \
                  The time-out also tells a scheduler what to expect. Checked are tests that ask for a GPU, or are marked \
                  `slow`; where pytest's own configuration sets a time-out, all have one.",
    check,
};

/// The guidelines' marker for what takes its time.
const SLOW: &str = "slow";

fn check(audited: &Audited<'_>) -> Vec<Finding> {
    let policy = audited.policy;
    if audited.catalog.pytest.as_ref().is_some_and(|pytest| pytest.has_timeout) {
        return Vec::new();
    }
    let marker = policy.timeout_marker();
    let lacks = |case: &ResolvedCase<'_>| {
        case.is_judged()
            // A hook may give it one.
            && case.case.markers.hooks.is_none()
            && !case.effective.iter().any(|one| policy.current_name(&one.name) == marker)
            && policy.binds(case.case.file().as_str())
            && (case.authored().any(|one| one.name == SLOW) || Machine::of(policy, case).gpus > 0)
            && skipping::always_skipped(case).is_none()
    };
    group(audited.cases, lacks)
        .into_iter()
        .map(|group| Finding {
            label: Some(group.site.label(group.cases.len())),
            cases: ids(&group.cases),
            has: missing::has(&group.cases),
            needs: vec![marker.to_owned()],
            effect: Some("one that hangs holds its machine until the job is stopped".to_owned()),
            help: group.site.instruction(&format!("{marker}(...)")),
            ..Finding::new(
                &RULE,
                format!("{} no time-out", counted(group.cases.len(), "GPU or slow test has", "GPU or slow tests have")),
                group.site.at,
            )
        })
        .collect()
}
