//! What an audit could tell: what it did not look at, it cannot miss.

use crate::lane::Lanes;
use crate::policy::{Policy, RuleLevel};
use crate::rules::{self, Needs, RuleCode};

/// What was audited, so that what it did not find can be told from what it did not look for.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'x> {
    /// The policy.
    pub policy: &'x Policy,
    /// The lanes that it knew.
    pub lanes: &'x Lanes,
    /// Whether it looked at the whole tree: at every file, and at both languages.
    pub whole_tree: bool,
}

impl Judged<'_> {
    /// Whether every finding of this rule in the tree was found.
    pub(crate) fn all_of(&self, code: RuleCode) -> bool {
        let Some(rule) = rules::find(code.as_str()) else { return false };
        let is_there = |needed: &Needs| match needed {
            Needs::Lanes => !self.lanes.is_empty(),
            // Who audits under a policy asks for what its rules need.
            Needs::Observations => true,
        };
        self.whole_tree && self.policy.level(rule) != RuleLevel::Off && rule.needs.iter().all(is_there)
    }
}
