//! `workflow`: CI's workflows can be read.

use super::{Rule, Severity};
use crate::audit::Audited;
use crate::finding::Finding;

pub(super) const RULE: Rule = Rule {
    code: super::WORKFLOW,
    severity: Severity::Warning,
    needs: &[],
    summary: "the workflows that say what CI runs can be read",
    explanation: "Lanes are the commands in the workflows that the policy names (`[ci] workflows`, by default all of \
                  `.github/workflows`). Where one cannot be read, lanes may be missing, and the rules about lanes may \
                  find tests that CI runs after all.",
    check,
};

fn check(audited: &Audited<'_>) -> Vec<Finding> {
    let problems = audited.lanes.problems().iter();
    problems
        .map(|problem| Finding {
            effect: Some("lanes may be missing".to_owned()),
            help: "repair it, or name in `[ci] workflows` only those that run tests".to_owned(),
            ..Finding::new(&RULE, problem.text.clone(), problem.at.clone())
        })
        .collect()
}
