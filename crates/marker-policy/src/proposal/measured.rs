//! Evidence of what tests took: the earliest stage that they can be in.

use std::time::Duration;

use super::Lacking;
use crate::audit::Audited;
use crate::category::Category;
use crate::duration;
use crate::evidence::{Evidence, EvidenceKind};
use crate::planning::BudgetScope;
use crate::policy::Policy;
use crate::resolve::ResolvedCase;

/// Holds what speaks for a stage against what the tests took. One that takes longer by itself than all tests of a stage may
/// take is not of that stage: where the evidence speaks for such a stage, or where there is none, the earliest that fits is
/// put beside it. A test that fits into the first stage may be of any.
pub(super) fn weigh(audited: &Audited<'_>, lacking: Lacking<'_>, evidence: &mut Vec<Evidence>) {
    if lacking.category != Category::Lifecycle {
        return;
    }
    let bounds = lacking.cases.iter().filter_map(|case| Bound::of(audited, lacking.members, case));
    let Some(bound) = bounds.max_by_key(|bound| bound.stage) else { return };
    let Some(stage) = lacking.members.get(bound.stage) else {
        // It fits into no stage: no stage can be proposed.
        evidence.clear();
        return;
    };
    let place = |one: &Evidence| lacking.members.iter().position(|member| *member == one.marker);
    if evidence.iter().all(|one| place(one) > Some(bound.stage)) && !evidence.is_empty() {
        return;
    }
    evidence.push(Evidence { kind: EvidenceKind::Measured, marker: stage.clone(), because: bound.because, at: None });
}

/// That a test is of no earlier stage.
struct Bound {
    /// The earliest stage that fits, as its place among all.
    stage: usize,
    because: String,
}

impl Bound {
    /// Where the first stage does not fit.
    fn of(audited: &Audited<'_>, stages: &[String], case: &ResolvedCase<'_>) -> Option<Self> {
        let took = audited.timings.of(&case.case.id)?.longest;
        let limits: Vec<Option<Duration>> = stages.iter().map(|stage| limit(audited.policy, stage, case)).collect();
        let fits = |limit: &Option<Duration>| limit.is_none_or(|limit| took <= limit);
        let stage = limits.iter().position(fits).unwrap_or(stages.len());
        let before = stage.checked_sub(1)?;
        let (limit, name) = ((*limits.get(before)?)?, stages.get(before)?);
        let because = format!(
            "{} took {:.0} s, and all of {name} has {}",
            case.case.id.as_str(),
            took.as_secs_f64(),
            duration::write(limit)
        );
        Some(Self { stage, because })
    }
}

/// The smallest budget of a stage that the test counts in.
fn limit(policy: &Policy, stage: &str, case: &ResolvedCase<'_>) -> Option<Duration> {
    let counts = |test_type: &String| case.marker(test_type).is_some();
    let budgets = policy.budgets().iter().filter(|budget| {
        budget.scope == BudgetScope::Run
            && budget.stage.as_deref() == Some(stage)
            && budget.test_type.as_ref().is_none_or(counts)
    });
    budgets.map(|budget| budget.limit).min()
}
