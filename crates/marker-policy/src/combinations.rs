//! Which markers may stand together on one test.

use std::collections::BTreeMap;

/// What the policy says of markers beside other markers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Combinations {
    /// By name: markers of which a test has at most one.
    pub(crate) conflicts: BTreeMap<String, Vec<String>>,
    /// By name: markers that may stand together, whatever else says that they may not.
    pub(crate) coexist: BTreeMap<String, Vec<String>>,
    /// By name: what a test with one marker needs beside it.
    pub(crate) companions: BTreeMap<String, Companions>,
}

/// One of these if one of those: `[companions.NAME]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Companions {
    /// Tests with one of these markers are meant.
    pub of: Vec<String>,
    /// They name one of these too.
    pub one_of: Vec<String>,
    /// Whether they name exactly one, and not several.
    pub exactly: bool,
}

/// Of so many markers at most it is looked whether all may stand together.
const MOST_PAIRED: usize = 30;

impl Combinations {
    /// The group that lets all of the conflict's markers stand together, so that it says nothing.
    pub(crate) fn allowed_by(&self, conflict: &[String]) -> Option<&str> {
        if !(2..=MOST_PAIRED).contains(&conflict.len()) {
            return None;
        }
        let allows = |group: &Vec<String>| conflict.iter().all(|marker| group.contains(marker));
        self.coexist.iter().find(|(_, group)| allows(group)).map(|(name, _)| name.as_str())
    }

    /// Empties conflicts that say nothing.
    pub(crate) fn drop_idle_conflicts(&mut self) {
        let idle: Vec<String> = self
            .conflicts
            .iter()
            .filter(|(_, markers)| self.allowed_by(markers).is_some())
            .map(|(name, _)| name.clone())
            .collect();
        for name in idle {
            self.conflicts.insert(name, Vec::new());
        }
    }

    /// Whether two markers may stand together, though a conflict or a category says that a test has at most one of them.
    pub(crate) fn may_coexist(&self, one: &str, other: &str) -> bool {
        let names = |group: &Vec<String>| [one, other].iter().all(|name| group.iter().any(|member| member == name));
        self.coexist.values().any(names)
    }
}
