//! Inexact cases, and which ids the tests have that they turn out to be when they run.

use std::collections::HashSet;

use marker_policy::Chosen;
use test_catalog::{NodeId, TestCase, TestKind, lies_within, named_around};

/// Ids of tests, of which some are of exact cases.
pub(crate) struct Ids<'i> {
    /// Those of no exact case.
    others: Vec<&'i NodeId>,
    /// What they are without parameters.
    functions: HashSet<&'i str>,
}

impl<'i> Ids<'i> {
    /// `chosen` has all cases that the tests may be of.
    pub(crate) fn new(ids: impl Iterator<Item = &'i NodeId>, chosen: &[Chosen<'_, '_>]) -> Self {
        let exact: HashSet<&NodeId> = exact(chosen).collect();
        let others: Vec<_> = ids.filter(|id| !exact.contains(id)).collect();
        let functions = others.iter().map(|id| function(id.as_str())).collect();
        Self { others, functions }
    }

    /// Whether one of them may be of an inexact case.
    pub(crate) fn has_some_of(&self, case: &TestCase) -> bool {
        match &case.kind {
            TestKind::Python => self.functions.contains(case.function.as_str()),
            TestKind::Rust(_) => self.others.iter().any(|id| is_of(case, id)),
        }
    }
}

/// The ids of exact cases.
pub(crate) fn exact<'c>(chosen: &[Chosen<'_, 'c>]) -> impl Iterator<Item = &'c NodeId> {
    chosen.iter().map(|chosen| chosen.case.case).filter(|case| case.certainty.is_exact()).map(|case| &case.id)
}

/// Those of Rust in a catalog; none where nothing is inexact there.
pub(crate) fn known_of_rust(cases: &[TestCase]) -> HashSet<NodeId> {
    let of_rust = || cases.iter().filter(|case| matches!(case.kind, TestKind::Rust(_)));
    if of_rust().all(|case| case.certainty.is_exact()) {
        return HashSet::new();
    }
    of_rust().filter(|case| case.certainty.is_exact()).map(|case| case.id.clone()).collect()
}

/// Whether a test of that id, which is of no exact case, may be of this inexact one.
pub(crate) fn is_of(case: &TestCase, id: &NodeId) -> bool {
    let TestKind::Rust(rust) = &case.kind else { return function(id.as_str()) == case.function.as_str() };
    let around = named_around(&rust.name);
    let name = id.as_str().strip_prefix(rust.target.binary.as_str()).and_then(|rest| rest.strip_prefix(' '));
    name.is_some_and(|name| name == rust.name || around.is_empty() || lies_within(name, around))
}

/// A Python id without its parameters.
fn function(id: &str) -> &str {
    id.split('[').next().unwrap_or(id)
}
