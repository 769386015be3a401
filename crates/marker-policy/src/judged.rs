//! What an audit could tell: what it did not look at, it cannot miss.

use crate::lane::Lanes;
use crate::policy::{Policy, RuleLevel};
use crate::rules::{self, RuleCode};

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
        let is_on = rules::find(code.as_str()).is_some_and(|rule| self.policy.level(rule) != RuleLevel::Off);
        self.whole_tree && is_on && !(rules::needs_lanes(code) && self.lanes.is_empty())
    }
}
