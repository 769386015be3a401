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

impl Combinations {
    /// Whether two markers may stand together, though a conflict or a category says that a test has at most one of them.
    pub(crate) fn may_coexist(&self, one: &str, other: &str) -> bool {
        let names = |group: &Vec<String>| [one, other].iter().all(|name| group.iter().any(|member| member == name));
        self.coexist.values().any(names)
    }
}
