//! `uncapped-engine`: an engine is told to take no more memory than its test says.

use super::machine::profile;
use super::{Rule, RuleCode, Severity, missing};
use crate::audit::Audited;
use crate::finding::Finding;
use crate::grouping::{by_cause, counted, ids, listed};

pub(super) const RULE: Rule = Rule {
    code: RuleCode("uncapped-engine"),
    severity: Severity::Error,
    needs: &[],
    summary: "a test with measured GPU memory tells its engine to take no more",
    explanation: "Engines take most of a GPU's memory unless they are told otherwise, so that a measured peak holds only \
                  under the cap that it was measured with. The markers of `[[engine-caps]]` give the cap; a test that \
                  takes 0 GiB starts no engine on the GPU, and needs none.",
    check,
};

fn check(audited: &Audited<'_>) -> Vec<Finding> {
    let policy = audited.policy;
    let caps: Vec<&str> = policy.engine_caps().iter().map(|cap| cap.marker.as_str()).collect();
    if caps.is_empty() {
        return Vec::new();
    }
    let causes = by_cause(audited.cases, |case| {
        let (gib, _, at) = profile(policy, case)?;
        let has_cap = case.effective.iter().any(|marker| caps.contains(&policy.current_name(&marker.name)));
        let is_sure = case.is_judged() && case.case.markers.hooks.is_none();
        (gib > 0.0 && !has_cap && is_sure).then(|| (at, format!("{gib}")))
    });
    causes
        .into_iter()
        .map(|((at, gib), cases)| Finding {
            label: Some(format!("{gib} GiB, on {}", counted(cases.len(), "test", "tests"))),
            cases: ids(&cases),
            has: missing::has(&cases),
            needs: caps.iter().map(|&cap| cap.to_owned()).collect(),
            effect: Some("its engine may take the whole GPU, and break the tests beside it".to_owned()),
            help: format!("add the cap that it was measured with: {}", listed(&caps, "or")),
            ..Finding::new(
                &RULE,
                format!(
                    "{} `{}` and no engine cap",
                    counted(cases.len(), "test has", "tests have"),
                    policy.vram_marker()
                ),
                at.clone(),
            )
        })
        .collect()
}
