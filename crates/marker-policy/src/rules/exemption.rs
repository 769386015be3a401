//! `expired-exemption`, `unused-exemption`: what the policy lets stay for a while. [`exempt`](crate::exempt()) reports
//! them, when all other rules have spoken.

use super::{Rule, RuleCode, Severity};

pub(crate) const EXPIRED: Rule = Rule {
    code: RuleCode("expired-exemption"),
    severity: Severity::Error,
    needs: &[],
    summary: "an exemption is gone when its last day is over",
    explanation: "An entry of `[[exemptions]]` holds findings back until the day that its owner agreed to. From then on \
                  they are reported again, and so is the entry, with its owner and its line: repair what it held back and \
                  take it out, or agree on another day. No baseline takes it in, and nothing is exempt from it.",
    check: |_| Vec::new(),
};

pub(crate) const UNUSED: Rule = Rule {
    code: RuleCode("unused-exemption"),
    severity: Severity::Warning,
    needs: &[],
    summary: "an exemption has a finding to hold back",
    explanation: "An entry of `[[exemptions]]` whose findings are gone would hold back the next ones. So would one that \
                  names more rules or tests than it needs, or a folder that was moved. Take out what is not needed.",
    check: |_| Vec::new(),
};
