//! `unused-suppression`, `suppression-without-reason`: comments that allow a finding. [`suppress`](crate::suppress)
//! reports them, when all other rules have spoken.

use super::{Rule, RuleCode, Severity};

pub(crate) const UNUSED: Rule = Rule {
    code: RuleCode("unused-suppression"),
    severity: Severity::Warning,
    needs: &[],
    summary: "a comment that allows a finding has a finding to allow",
    explanation: "A `test-kit: allow(RULE)` comment whose finding is gone would hide the next one. So would one that is \
                  misspelt, or stands where it reaches nothing: its author believes that something is allowed, and it is \
                  not. Take it out, or repair it.",
    check: |_| Vec::new(),
};

pub(crate) const WITHOUT_REASON: Rule = Rule {
    code: RuleCode("suppression-without-reason"),
    severity: Severity::Error,
    needs: &[],
    summary: "a comment that allows a finding says why",
    explanation: "Whoever reads the test next has to know whether the reason still holds: \
                  `test-kit: allow(missing-lifecycle) run by hand before a release`. Without a reason the comment allows \
                  nothing.",
    check: |_| Vec::new(),
};
