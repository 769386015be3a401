//! `always-skipped`: a test that a stage selects can run there.

use std::collections::BTreeSet;

use test_catalog::Value;

use super::{Rule, RuleCode, Severity, missing, skipping};
use crate::audit::Audited;
use crate::category::Category;
use crate::finding::Finding;
use crate::grouping::{by_cause, counted, ids, listed};

pub(super) const RULE: Rule = Rule {
    code: RuleCode("always-skipped"),
    severity: Severity::Warning,
    needs: &[],
    summary: "no test of a stage is skipped whatever happens",
    explanation: "A lifecycle marker promises that a stage runs the test; `skip` without a condition takes the promise \
                  back, and a stage that is green says nothing of it. What cannot run on some machines has `skipif` with \
                  the condition, what is broken a ticket and an owner, and what nobody will repair is deleted.",
    check,
};

fn check(audited: &Audited<'_>) -> Vec<Finding> {
    let policy = audited.policy;
    let causes = by_cause(audited.cases, |case| {
        let has_stage = case.authored().any(|marker| policy.is_member(Category::Lifecycle, &marker.name));
        let (marker, at) = skipping::always_skipped(case).filter(|_| has_stage && case.is_judged())?;
        let reason = skipping::reason(marker).map(|reason| match reason {
            Value::Str(text) => text.clone(),
            other => other.to_string(),
        });
        Some((at, reason))
    });
    causes
        .into_iter()
        .map(|((at, reason), cases)| {
            let has: BTreeSet<&str> =
                cases.iter().flat_map(|case| case.authored()).map(|marker| marker.name.as_str()).collect();
            let members = policy.members(Category::Lifecycle).iter().map(String::as_str);
            let stages: Vec<&str> = members.filter(|member| has.contains(member)).collect();
            Finding {
                label: Some(format!("{} skipped from here", counted(cases.len(), "test is", "tests are"))),
                cases: ids(&cases),
                has: missing::has(&cases),
                effect: Some("no run of any stage says anything of it".to_owned()),
                help: "give it a condition (`skipif`), repair it, or delete it".to_owned(),
                note: reason.map(|reason| format!("its reason: {reason}")),
                ..Finding::new(
                    &RULE,
                    format!(
                        "{} marked {} and never run",
                        counted(cases.len(), "test is", "tests are"),
                        listed(&stages, "or")
                    ),
                    at.clone(),
                )
            }
        })
        .collect()
}
