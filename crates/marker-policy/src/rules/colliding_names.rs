//! `colliding-names`: a Rust test's id is its own.

use std::collections::BTreeMap;

use test_catalog::NodeId;

use super::{Rule, RuleCode, Severity};
use crate::audit::Audited;
use crate::finding::Finding;
use crate::resolve::ResolvedCase;

pub(super) const RULE: Rule = Rule {
    code: RuleCode("colliding-names"),
    severity: Severity::Warning,
    needs: &[],
    summary: "no two Rust tests have one id",
    explanation: "A test is run, reported and remembered by its binary and its name. Two that share both, such as those \
                  of packages of one name in two workspaces, cannot be told apart in any of these.",
    check,
};

fn check(audited: &Audited<'_>) -> Vec<Finding> {
    let mut by_id: BTreeMap<&NodeId, Vec<&ResolvedCase<'_>>> = BTreeMap::new();
    for case in audited.cases {
        // Of two under opposite conditions there is only one, and an inexact case may stand for any name.
        if case.case.as_rust().is_some_and(|rust| rust.enabled) && case.case.certainty.is_exact() {
            by_id.entry(&case.case.id).or_default().push(case);
        }
    }
    by_id
        .into_iter()
        .filter_map(|(id, cases)| {
            let [first, second, rest @ ..] = &cases[..] else { return None };
            let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
            Some(Finding {
                rule: RULE.code,
                severity: RULE.severity,
                message: format!("`{id}` is also the id of the test at {}{more}", first.case.span),
                at: second.case.span.clone(),
                label: None,
                cases: vec![id.clone()],
                has: Vec::new(),
                needs: Vec::new(),
                effect: Some("a report cannot tell them apart".to_owned()),
                help: "rename the test, its module or its package".to_owned(),
                insertion: None,
                evidence: Vec::new(),
                note: None,
            })
        })
        .collect()
}
