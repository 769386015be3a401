//! `missing-lifecycle`: every test has a lifecycle marker.

use super::{Rule, RuleCode, Severity, missing};
use crate::category::Category;

pub(super) const RULE: Rule = Rule {
    code: RuleCode("missing-lifecycle"),
    severity: Severity::Error,
    needs: &[],
    summary: "every test has at least one lifecycle marker",
    explanation: "The lifecycle marker names the earliest stage at which the test must run; that stage and every later one select it. A test without one is selected by no stage. Mark it with the earliest stage that has to catch it.",
    check: |audited| missing::check(&RULE, Category::Lifecycle, audited),
};
