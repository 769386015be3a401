//! `unbounded-retries`: `flaky` says which failures are run again.

use super::{Rule, RuleCode, Severity};
use crate::audit::Audited;
use crate::finding::Finding;
use crate::grouping::{by_cause, counted, ids};

pub(super) const RULE: Rule = Rule {
    code: RuleCode("unbounded-retries"),
    severity: Severity::Warning,
    needs: &[],
    summary: "`flaky` says which failures are run again",
    explanation: "`flaky` without more runs every failure again: an assertion that fails one time in three becomes green, \
                  and a machine that lost its GPU costs its time-out several times over. `only_rerun` names the errors \
                  that are worth another try, `rerun_except` those that are not.",
    check,
};

/// What narrows the failures that are run again, in pytest-rerunfailures and in flaky.
const NARROWING: [&str; 3] = ["only_rerun", "rerun_except", "rerun_filter"];

fn check(audited: &Audited<'_>) -> Vec<Finding> {
    let causes = by_cause(audited.cases, |case| {
        let (_, at) = case.written().find(|(marker, _)| {
            marker.name == "flaky" && !marker.kwargs.iter().any(|(name, _)| NARROWING.contains(&name.as_str()))
        })?;
        Some((at, ()))
    });
    causes
        .into_iter()
        .map(|((at, ()), cases)| Finding {
            label: Some(format!("on {}", counted(cases.len(), "test", "tests"))),
            cases: ids(&cases),
            has: vec!["flaky".to_owned()],
            needs: vec!["only_rerun=[\"...\"]".to_owned()],
            effect: Some("a wrong result that comes and goes is never seen".to_owned()),
            help: "say which errors are worth another try: `only_rerun=[\"...\"]`".to_owned(),
            ..Finding::new(&RULE, "`flaky` runs every failure again".to_owned(), at.clone())
        })
        .collect()
}
