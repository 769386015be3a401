//! `ignored-without-reason`: `#[ignore]` says why.

use std::collections::BTreeMap;

use test_catalog::{RustTestKind, SourceSpan};

use super::{Rule, RuleCode, Severity};
use crate::audit::Audited;
use crate::finding::Finding;
use crate::grouping::counted;
use crate::resolve::ResolvedCase;

pub(super) const RULE: Rule = Rule {
    code: RuleCode("ignored-without-reason"),
    severity: Severity::Warning,
    needs: &[],
    summary: "`#[ignore]` says why a Rust test does not run",
    explanation: "Nobody can tell an ignored test that waits for hardware from one that was forgotten. The reason \
                  stands in the attribute, `#[ignore = \"needs two GPUs\"]`, and libtest prints it.",
    check,
};

fn check(audited: &Audited<'_>) -> Vec<Finding> {
    // The cases of one function share its attribute.
    let mut functions: BTreeMap<&SourceSpan, Vec<&ResolvedCase<'_>>> = BTreeMap::new();
    for case in audited.cases {
        // Code in documentation is ignored by another word, and no attribute.
        let rust = case.case.as_rust().filter(|rust| rust.kind != RustTestKind::Doc);
        let ignored = rust.and_then(|rust| rust.ignored.as_ref());
        if ignored.is_some_and(|ignored| ignored.reason.as_deref().is_none_or(|reason| reason.trim().is_empty())) {
            functions.entry(&case.case.span).or_default().push(case);
        }
    }
    functions
        .into_iter()
        .map(|(at, cases)| Finding {
            rule: RULE.code,
            severity: RULE.severity,
            message: format!("{} ignored without a reason", counted(cases.len(), "test is", "tests are")),
            at: at.clone(),
            label: None,
            cases: cases.iter().map(|case| case.case.id.clone()).collect(),
            has: vec!["#[ignore]".to_owned()],
            needs: vec!["#[ignore = \"...\"]".to_owned()],
            effect: None,
            help: "say in the attribute what the test waits for, or let it run".to_owned(),
            insertion: None,
            evidence: Vec::new(),
            note: None,
        })
        .collect()
}
