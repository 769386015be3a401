//! `missing-vram-profile`: a GPU test says how much memory it takes.

use super::machine::Machine;
use super::{Rule, RuleCode, Severity, missing, skipping};
use crate::audit::Audited;
use crate::finding::Finding;
use crate::grouping::{counted, group, ids};
use crate::resolve::ResolvedCase;

pub(super) const RULE: Rule = Rule {
    code: RuleCode("missing-vram-profile"),
    severity: Severity::Warning,
    needs: &[],
    summary: "a test of one GPU says how much of its memory it takes",
    explanation: "A test without a measured peak has a GPU to itself: no other test runs beside it, whatever it needs. \
                  Checked where the policy describes the marker of `planning.vram-marker` and the tree uses it; tests of \
                  several GPUs, of clusters and of other accelerators are left alone, and so are those that are always \
                  skipped.",
    check,
};

fn check(audited: &Audited<'_>) -> Vec<Finding> {
    let policy = audited.policy;
    let marker = policy.vram_marker();
    let has_profile = |case: &ResolvedCase<'_>| case.authored().any(|one| policy.current_name(&one.name) == marker);
    if policy.marker(marker).is_none() || !audited.cases.iter().any(has_profile) {
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
    group(audited.cases, lacks)
        .into_iter()
        .map(|group| Finding {
            label: Some(group.site.label(group.cases.len())),
            cases: ids(&group.cases),
            has: missing::has(&group.cases),
            needs: vec![marker.to_owned()],
            effect: Some("no other test can share the GPU with it".to_owned()),
            help: format!(
                "measure it, and {}; 0 where it takes no memory",
                group.site.instruction(&format!("{marker}(...)"))
            ),
            ..Finding::new(
                &RULE,
                format!("{} one GPU and no `{marker}`", counted(group.cases.len(), "test has", "tests have")),
                group.site.at,
            )
        })
        .collect()
}
