//! Results by their tests: one that is repeated has a result of each round, and is named once.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use test_catalog::NodeId;
use test_runner::{CaseResult, NotRunCause, Outcome, RunOutcome};

use crate::count::grouped;

/// Tests with how many results each has, in the order in which they came first.
#[derive(Debug, Default)]
pub(crate) struct Named<'o> {
    tests: IndexMap<(&'o NodeId, u32), usize>,
}

impl<'o> Named<'o> {
    fn add(&mut self, id: &'o NodeId, occurrence: u32) {
        *self.tests.entry((id, occurrence)).or_default() += 1;
    }

    /// How many tests there are.
    pub(crate) fn len(&self) -> usize {
        self.tests.len()
    }

    /// How many results they have together, as [`crate::summary::counts`] has it.
    pub(crate) fn results(&self) -> usize {
        self.tests.values().sum()
    }

    /// The tests, each with what is said of its results: nothing of one, else `: 3 times`.
    pub(crate) fn tests(&self) -> impl Iterator<Item = (&'o str, String)> {
        self.tests.iter().map(|((id, _), count)| (id.as_str(), times(*count)))
    }
}

/// Nothing of one, else `: 3 times`.
pub(crate) fn times(count: usize) -> String {
    if count > 1 { format!(": {} times", grouped(count)) } else { String::new() }
}

/// The tests that the run fails by.
pub(crate) fn failed(outcome: &RunOutcome) -> Named<'_> {
    let mut named = Named::default();
    for result in outcome.results.iter().filter(|result| result.fails_run()) {
        named.add(&result.id, result.occurrence);
    }
    named
}

/// The first result of each test that the run fails by, with how many it has.
pub(crate) fn first_failures(outcome: &RunOutcome) -> Vec<(&CaseResult, usize)> {
    let mut tests: IndexMap<(&NodeId, u32), (&CaseResult, usize)> = IndexMap::new();
    for result in outcome.results.iter().filter(|result| result.fails_run()) {
        tests.entry((&result.id, result.occurrence)).or_insert((result, 0)).1 += 1;
    }
    tests.into_values().collect()
}

/// The tests that did not run, by the first line of the reason.
pub(crate) fn not_run(outcome: &RunOutcome) -> BTreeMap<String, Named<'_>> {
    let mut by_reason: BTreeMap<String, Named<'_>> = BTreeMap::new();
    let first_line = |reason: &str| reason.lines().next().unwrap_or_default().to_owned();
    for refused in &outcome.refused {
        by_reason.entry(first_line(&refused.reason.to_string())).or_default().add(&refused.id, refused.occurrence);
    }
    for result in outcome.not_run().filter(|result| !is_deselected(result)) {
        let reason = first_line(result.outcome.reason().unwrap_or_default());
        by_reason.entry(reason).or_default().add(&result.id, result.occurrence);
    }
    by_reason
}

/// What pytest says of each file that it could not collect, with the tests that did not run for it and the first result of them.
pub(crate) fn uncollected(outcome: &RunOutcome) -> IndexMap<&str, (&CaseResult, Named<'_>)> {
    let mut files: IndexMap<&str, (&CaseResult, Named<'_>)> = IndexMap::new();
    for result in outcome.not_run().filter(|result| !result.message.is_empty()) {
        let (_, named) = files.entry(&result.message).or_insert_with(|| (result, Named::default()));
        named.add(&result.id, result.occurrence);
    }
    files
}

/// Whether pytest itself decided that a test is not selected: then it is none of those that were asked for.
pub(crate) fn is_deselected(result: &CaseResult) -> bool {
    matches!(result.outcome, Outcome::NotRun { cause: NotRunCause::Deselected, .. })
}
