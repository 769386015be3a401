//! `missing-vram-profile`: a GPU test says how much memory it takes.

use super::machine::Machine;
use super::{Rule, RuleCode, Severity, missing, skipping};
use crate::audit::Audited;
use crate::evidence::{Evidence, EvidenceKind};
use crate::finding::{Finding, Safety};
use crate::grouping::{Group, counted, group_measured, ids};
use crate::resolve::ResolvedCase;

pub(super) const RULE: Rule = Rule {
    code: RuleCode("missing-vram-profile"),
    severity: Severity::Warning,
    needs: &[],
    summary: "a test of one GPU says how much of its memory it takes",
    explanation: "A test without a measured peak has a GPU to itself: no other test runs beside it, whatever it needs. \
                  Checked where the policy describes the marker of `planning.vram-marker` and the tree uses it, and of \
                  tests that were measured in any tree; tests of several GPUs, of clusters and of other accelerators are \
                  left alone, and so are those that are always skipped.",
    check,
};

fn check(audited: &Audited<'_>) -> Vec<Finding> {
    let policy = audited.policy;
    let marker = policy.vram_marker();
    let has_profile = |case: &ResolvedCase<'_>| case.authored().any(|one| policy.current_name(&one.name) == marker);
    let is_used = audited.cases.iter().any(has_profile);
    if policy.marker(marker).is_none() || !(is_used || audited.timings.has_memory()) {
        return Vec::new();
    }
    let lacks = |case: &ResolvedCase<'_>| {
        case.is_judged()
            // A hook may give it one.
            && case.case.markers.hooks.is_none()
            && policy.binds(case.case.file().as_str())
            && !has_profile(case)
            && Machine::of(policy, case).is_one_gpu()
            && skipping::always_skipped(case).is_none()
    };
    let is_measured = |case: &ResolvedCase<'_>| audited.timings.memory_of(&case.case.id).is_some();
    let findings =
        group_measured(audited.cases, lacks, is_measured).into_iter().map(|group| finding(audited, marker, group));
    // A tree has its first profiles from what was measured.
    findings.filter(|finding| is_used || finding.insertion.is_some()).collect()
}

fn finding(audited: &Audited<'_>, marker: &str, Group { site, cases }: Group<'_>) -> Finding {
    let proposal = proposed(audited, marker, &cases);
    let help = match &proposal {
        Some(evidence) => format!("{} ({})", site.instruction(&evidence.marker), evidence.because),
        None => {
            format!("measure it, and {}; 0 where it takes no memory", site.instruction(&format!("{marker}(...)")))
        }
    };
    Finding {
        label: Some(site.label(cases.len())),
        cases: ids(&cases),
        has: missing::has(&cases),
        needs: vec![marker.to_owned()],
        effect: Some("no other test can share the GPU with it".to_owned()),
        help,
        insertion: proposal.as_ref().and_then(|evidence| site.insertion(&evidence.marker, Safety::Proposal)),
        evidence: proposal.into_iter().collect(),
        ..Finding::new(
            &RULE,
            format!("{} one GPU and no `{marker}`", counted(cases.len(), "test has", "tests have")),
            site.at,
        )
    }
}

/// The most that any of them took, in GiB, up to the next tenth: what a scheduler gives them must be enough. Where one of
/// the tests was not measured, nothing is known to be.
fn proposed(audited: &Audited<'_>, marker: &str, cases: &[&ResolvedCase<'_>]) -> Option<Evidence> {
    if !audited.policy.proposes_by(EvidenceKind::Measured) {
        return None;
    }
    let peaks: Vec<u64> = cases.iter().map(|case| audited.timings.memory_of(&case.case.id)).collect::<Option<_>>()?;
    let peak = peaks.into_iter().max()?;
    let tenths = u128::from(peak).saturating_mul(10).div_ceil(1 << 30);
    let gib = match (tenths / 10, tenths % 10) {
        (whole, 0) => whole.to_string(),
        (whole, tenth) => format!("{whole}.{tenth}"),
    };
    Some(Evidence {
        kind: EvidenceKind::Measured,
        marker: format!("{marker}({gib})"),
        because: format!(
            "the most that {} was {} MiB",
            if cases.len() == 1 { "it took" } else { "they took" },
            peak.div_ceil(1 << 20)
        ),
        at: None,
    })
}
