//! `missing-hardware`: every test has a hardware marker.

use super::{Rule, RuleCode, Severity, missing};
use crate::category::Category;

pub(super) const RULE: Rule = Rule {
    code: RuleCode("missing-hardware"),
    severity: Severity::Error,
    needs: &[],
    summary: "every test has at least one hardware marker",
    explanation: "The hardware marker says what a machine must have. A test without one is placed on no machine by lanes that select by hardware. A test that needs no GPU says so with gpu_0.",
    check: |audited| missing::check(&RULE, Category::Hardware, audited),
};
