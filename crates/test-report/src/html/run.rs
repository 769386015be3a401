//! What an earlier run gave, beside the tests and lanes of the tree.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use test_catalog::{self as catalog, NodeId};
use test_runner::recorded::{Recorded, RecordedOutcome};

use super::data::{self, Index};
use super::subject::{Results, Subject};
use super::tables::index;
use super::timeline;
use crate::summary::BudgetUse;
use crate::terminal::{printable, printable_lines};

/// How many of the slowest tests are named.
const SLOWEST: usize = 10;
/// How many failures have what they printed, and how much of it, in bytes.
const WITH_OUTPUT: usize = 200;
const OUTPUT: usize = 8 << 10;

/// A run in the document.
pub(super) fn run(results: Results<'_>, subject: &Subject<'_>) -> data::Run {
    let places = places(subject);
    let result = |recorded: &Recorded| data::RunResult {
        test: places.get(&recorded.id).copied(),
        id: printable(recorded.id.as_str()).into_owned(),
        outcome: recorded.outcome.as_str(),
        reason: recorded.reason.as_deref().map(|reason| printable(reason).into_owned()),
        took_ms: millis(recorded.took),
        output: None,
    };
    let failure = |(place, recorded): (usize, &Recorded)| data::RunResult {
        output: (place < WITH_OUTPUT).then(|| output(recorded)).flatten(),
        ..result(recorded)
    };
    let mut counts: HashMap<RecordedOutcome, u32> = HashMap::new();
    for recorded in results.results.iter().filter(|one| !one.retried) {
        *counts.entry(recorded.outcome).or_default() += 1;
    }
    let mut outcomes: Vec<_> = counts.into_iter().collect();
    outcomes.sort_unstable();
    let mut timed: Vec<&Recorded> = results.results.iter().filter(|one| !one.took.is_zero()).collect();
    timed.sort_by(|one, other| other.took.cmp(&one.took).then_with(|| one.id.cmp(&other.id)));
    // Of a test that ran several times the slowest.
    let mut named = HashSet::new();
    timed.retain(|one| named.insert(&one.id));
    let again = Some(results.results.iter().filter(|one| one.retried).count()).filter(|count| *count > 0);
    let outcomes = outcomes.into_iter().map(|(outcome, count)| (outcome.as_str(), count));
    data::Run {
        source: printable(results.source).into_owned(),
        outcomes: outcomes.chain(again.map(|count| ("tried again", index(count)))).collect(),
        took_ms: results.results.iter().map(|one| millis(one.took)).fold(0, u64::saturating_add),
        absent: index(results.results.iter().filter(|one| !places.contains_key(&one.id)).count()),
        failures: results.results.iter().filter(|one| one.fails_run()).enumerate().map(failure).collect(),
        slowest: timed.into_iter().take(SLOWEST).map(result).collect(),
        timeline: results.is_one_run.then(|| timeline::of(results.results, results.parts)).flatten(),
        flaky: flaky(results.results),
        budgets: results.budgets.iter().map(budget).collect(),
    }
}

/// What a failure said and printed: the end of each, as much as a page should carry.
fn output(recorded: &Recorded) -> Option<String> {
    let end = |text: &str| {
        let from = text.len().saturating_sub(OUTPUT);
        let from = (from..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
        printable_lines(text[from..].trim_end().trim_start_matches('\n')).into_owned()
    };
    let parts = [end(&recorded.message), end(&recorded.output)];
    let said: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    (!said.is_empty()).then(|| said.join("\n\n"))
}

fn flaky(results: &[Recorded]) -> Vec<data::FlakyTest> {
    let mut counts: BTreeMap<&NodeId, (u32, u32)> = BTreeMap::new();
    for result in results {
        let (passed, failed) = counts.entry(&result.id).or_default();
        *passed += u32::from(result.outcome.tells_time());
        *failed += u32::from(result.outcome.is_failure());
    }
    let both = counts.into_iter().filter(|(_, (passed, failed))| *passed > 0 && *failed > 0);
    both.map(|(id, (passed, failed))| data::FlakyTest { id: printable(id.as_str()).into_owned(), passed, failed })
        .collect()
}

fn budget(budget: &BudgetUse) -> data::BudgetUse {
    data::BudgetUse {
        name: printable(&budget.name).into_owned(),
        used_ms: millis(budget.used),
        limit_ms: millis(budget.limit),
    }
}

/// What the tests of each lane took, in the order of the lanes: of those that it runs for certain. None where none of them
/// was measured.
pub(super) fn of_lanes(results: Results<'_>, subject: &Subject<'_>) -> Vec<Option<data::Measured>> {
    let mut longest: HashMap<&NodeId, Duration> = HashMap::new();
    for recorded in results.results.iter().filter(|one| one.outcome.tells_time()) {
        let took = longest.entry(&recorded.id).or_default();
        *took = (*took).max(recorded.took);
    }
    let mut lanes = vec![data::Measured::default(); subject.lanes.iter().count()];
    for (place, case) in subject.cases.iter().enumerate() {
        let Some(took) = longest.get(&case.case.id) else { continue };
        for (lane, (_, reach)) in lanes.iter_mut().zip(subject.lanes.of_case(place)) {
            if matches!(reach, catalog::Reach::Runs) {
                lane.tests += 1;
                lane.took_ms = lane.took_ms.saturating_add(millis(*took));
            }
        }
    }
    lanes.into_iter().map(|lane| (lane.tests > 0).then_some(lane)).collect()
}

/// Where a test stands in the document; the first of several with one id.
fn places<'s>(subject: &Subject<'s>) -> HashMap<&'s NodeId, Index> {
    let mut places = HashMap::new();
    for (place, case) in subject.cases.iter().enumerate() {
        places.entry(&case.case.id).or_insert_with(|| index(place));
    }
    places
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
