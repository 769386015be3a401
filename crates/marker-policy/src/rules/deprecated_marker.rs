//! `deprecated-marker`: markers have the names that they have now.

use super::{Rule, RuleCode, Severity};
use crate::audit::Audited;
use crate::finding::Finding;
use crate::grouping::{by_cause, counted, ids};

pub(super) const RULE: Rule = Rule {
    code: RuleCode("deprecated-marker"),
    severity: Severity::Warning,
    needs: &[],
    summary: "no test has a marker by a name that it had before",
    explanation: "`[aliases]` of the policy lists markers that were renamed. Expressions of lanes and what reads the \
                  marker's arguments know the new name only, so that the old one marks nothing.",
    check,
};

fn check(audited: &Audited<'_>) -> Vec<Finding> {
    let causes = by_cause(audited.cases, |case| {
        let (marker, at) = case.written().find(|(marker, _)| audited.policy.alias(&marker.name).is_some())?;
        Some((at, marker.name.as_str()))
    });
    causes
        .into_iter()
        .filter_map(|((at, old), cases)| {
            let alias = audited.policy.alias(old)?;
            Some(Finding {
                label: Some(format!("on {}", counted(cases.len(), "test", "tests"))),
                cases: ids(&cases),
                has: vec![old.to_owned()],
                needs: vec![alias.name.clone()],
                effect: Some("what selects or reads the new name does not see it".to_owned()),
                help: format!("write `{}`", alias.name),
                note: alias.note.clone(),
                ..Finding::new(&RULE, format!("the marker `{old}` is called `{}` now", alias.name), at.clone())
            })
        })
        .collect()
}
