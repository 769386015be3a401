//! `missing-timeout`: a GPU test and a slow test say how long they may take.

use super::machine::Machine;
use super::{Rule, RuleCode, Severity, missing, skipping};
use crate::audit::Audited;
use crate::evidence::{Evidence, EvidenceKind};
use crate::finding::{Finding, Safety};
use crate::grouping::{Group, counted, group_measured, ids};
use crate::resolve::ResolvedCase;
use crate::timings::Measured;

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
    let is_measured = |case: &ResolvedCase<'_>| audited.timings.of(&case.case.id).is_some();
    group_measured(audited.cases, lacks, is_measured).into_iter().map(|group| finding(audited, marker, group)).collect()
}

fn finding(audited: &Audited<'_>, marker: &str, Group { site, cases }: Group<'_>) -> Finding {
    let proposal = proposed(audited, marker, &cases);
    let help = match &proposal {
        Some(evidence) => format!("{} ({})", site.instruction(&evidence.marker), evidence.because),
        None => site.instruction(&format!("{marker}(...)")),
    };
    Finding {
        label: Some(site.label(cases.len())),
        cases: ids(&cases),
        has: missing::has(&cases),
        needs: vec![marker.to_owned()],
        effect: Some("one that hangs holds its machine until the job is stopped".to_owned()),
        help,
        insertion: proposal.as_ref().and_then(|evidence| site.insertion(&evidence.marker, Safety::Proposal)),
        evidence: proposal.into_iter().collect(),
        ..Finding::new(
            &RULE,
            format!("{} no time-out", counted(cases.len(), "GPU or slow test has", "GPU or slow tests have")),
            site.at,
        )
    }
}

/// Three times what the slowest took, in whole tens of seconds: a scheduler expects a third of the time-out. Where one of
/// the tests was not measured, there is none that is long enough for certain.
fn proposed(audited: &Audited<'_>, marker: &str, cases: &[&ResolvedCase<'_>]) -> Option<Evidence> {
    if !audited.policy.proposes_by(EvidenceKind::Measured) {
        return None;
    }
    let measured: Vec<Measured> = cases.iter().map(|case| audited.timings.of(&case.case.id)).collect::<Option<_>>()?;
    let longest = measured.iter().map(|one| one.longest).max()?;
    let runs: u32 = measured.iter().map(|one| one.runs).fold(0, u32::saturating_add);
    let seconds = longest.saturating_mul(TIMES).as_secs_f64();
    let tens = (seconds / 10.0).ceil().max(1.0) * 10.0;
    Some(Evidence {
        kind: EvidenceKind::Measured,
        marker: format!("{marker}({tens:.0})"),
        because: format!(
            "{TIMES} times what {} took at most, {:.1} s in {}",
            if cases.len() == 1 { "it" } else { "they" },
            longest.as_secs_f64(),
            counted(usize::try_from(runs).unwrap_or(usize::MAX), "run", "runs")
        ),
        at: None,
    })
}

/// How much longer than measured a test may take.
const TIMES: u32 = 3;
