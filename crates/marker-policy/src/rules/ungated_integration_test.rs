//! `ungated-integration-test`: Rust integration tests stand behind a cargo feature.

use std::collections::BTreeMap;

use test_catalog::{RustTestKind, SourceSpan, TargetKind, TreePath};

use super::{Rule, RuleCode, Severity};
use crate::audit::Audited;
use crate::finding::Finding;
use crate::grouping::counted;
use crate::resolve::{ResolvedCase, needs_feature};

pub(super) const RULE: Rule = Rule {
    code: RuleCode("ungated-integration-test"),
    severity: Severity::Error,
    needs: &[],
    summary: "Rust integration tests stand behind the `integration` feature",
    explanation: "Integration tests are behind a feature so that `cargo test` alone runs what is quick. The whole file \
                  can be gated with `#![cfg(feature = \"integration\")]` or with required-features of its [[test]].",
    check,
};

fn check(audited: &Audited<'_>) -> Vec<Finding> {
    let Some(feature) = audited.policy.integration_feature() else { return Vec::new() };
    let mut files: BTreeMap<&TreePath, Vec<&ResolvedCase<'_>>> = BTreeMap::new();
    for case in audited.cases {
        if let Some(rust) = case.case.as_rust()
            && rust.kind == RustTestKind::Integration
            && rust.target.kind == TargetKind::Test
            && !needs_feature(rust, feature)
        {
            files.entry(&rust.target.root).or_default().push(case);
        }
    }
    files
        .into_iter()
        .map(|(root, cases)| Finding {
            rule: RULE.code,
            severity: RULE.severity,
            message: format!(
                "{} not behind the feature `{feature}`",
                counted(cases.len(), "integration test is", "integration tests are")
            ),
            at: SourceSpan::line(root.clone(), 1),
            label: None,
            cases: cases.iter().map(|case| case.case.id.clone()).collect(),
            has: Vec::new(),
            needs: vec![format!("feature = \"{feature}\"")],
            effect: Some("a plain `cargo test` runs it".to_owned()),
            help: format!("add `#![cfg(feature = \"{feature}\")]` as the first line of the file"),
            insertion: None,
            evidence: Vec::new(),
            note: None,
        })
        .collect()
}
