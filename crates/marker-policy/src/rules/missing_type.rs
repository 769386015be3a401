//! `missing-type`: every test has a type marker.

use super::{Rule, RuleCode, Severity, missing};
use crate::category::Category;

pub(super) const RULE: Rule = Rule {
    code: RuleCode("missing-type"),
    severity: Severity::Error,
    needs: &[],
    summary: "every test has at least one type marker",
    explanation: "The type says what kind of test it is: --type selects by it, and budgets and time-outs go by it. Mark the test with what it exercises: one function or class, several modules, or a whole workflow.",
    check: |audited| missing::check(&RULE, Category::Type, audited),
};
