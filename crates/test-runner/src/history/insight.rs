//! What stands out in the past of a tree's tests. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Past, Place, RECENT, Row, Typical, typical};
use crate::recorded::RecordedOutcome;

/// What stands out, each list with the most striking first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Insights {
    /// Tests that passed and failed on one revision.
    pub flaky: Vec<Flaky>,
    /// The tests that take longest.
    pub slow: Vec<Slow>,
    /// Tests that take longer than they did.
    pub slower: Vec<Slower>,
    /// The tests whose processes held most memory.
    pub heavy: Vec<Heavy>,
    /// Tests that were skipped whenever they were asked for lately.
    pub skipped: Vec<Skipped>,
}

/// A test with both outcomes on one revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaky {
    /// Its id.
    pub id: String,
    /// The latest such revision.
    pub revision: String,
    /// How often it passed there.
    pub passed: usize,
    /// How often it failed there.
    pub failed: usize,
}

/// What a test takes on GPUs of one model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slow {
    /// Its id.
    pub id: String,
    /// The model; empty where it had no GPU.
    pub gpu_class: String,
    /// What it takes.
    pub takes: Typical,
}

/// A test that takes longer than it did, on GPUs of one model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slower {
    /// Its id.
    pub id: String,
    /// The model; empty where it had no GPU.
    pub gpu_class: String,
    /// Lately.
    pub now: Typical,
    /// In the runs before.
    pub before: Typical,
}

/// What a test takes of a machine's memory and processors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heavy {
    /// Its id.
    pub id: String,
    /// The most memory that its process held in the latest runs that it went through, in bytes. Programs that it started are
    /// not in it.
    pub memory: u64,
    /// Its time on processors; `None` where none was measured that can be true.
    pub processors: Option<Typical>,
}

/// A test that has not run for long, although it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Its id.
    pub id: String,
    /// In how many of the latest runs in a row.
    pub runs: usize,
    /// When the first of these began, in milliseconds since 1970.
    pub since_ms: i64,
}

/// How many of the latest times are held against those before.
const LATELY: usize = 3;
/// And how many of those there have to be.
const BEFORE: usize = 5;
/// Slower by less than half, or by less than a second, is what machines do.
const MIN_DIFFERENCE: Duration = Duration::from_secs(1);
/// Fewer skips in a row are no habit.
const LONG: usize = 5;

/// What stands out.
#[must_use]
pub fn insights(past: &Past) -> Insights {
    let mut cases: BTreeMap<(&str, u32), Vec<&Row>> = BTreeMap::new();
    for row in &past.rows {
        cases.entry((row.id.as_str(), row.occurrence)).or_default().push(row);
    }
    let mut found = Insights::default();
    for ((id, _), rows) in cases {
        found.flaky.extend(flaky(id, &rows));
        found.skipped.extend(skipped(id, &rows));
        found.heavy.extend(heavy(id, &rows));
        let mut classes: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        let mut places: BTreeMap<(&str, &Place), Vec<f64>> = BTreeMap::new();
        for row in rows.iter().filter(|row| row.outcome.tells_time()) {
            classes.entry(&row.gpu_class).or_default().push(row.seconds);
            places.entry((&row.gpu_class, &row.place)).or_default().push(row.seconds);
        }
        for (class, times) in classes {
            let Some(takes) = typical(times.iter().copied()) else { continue };
            found.slow.push(Slow { id: id.to_owned(), gpu_class: class.to_owned(), takes });
        }
        // Of one place: that another machine is slower is nothing that happened to the test.
        found.slower.extend(places.into_iter().filter_map(|((class, _), times)| slower(id, class, &times)));
    }
    found.flaky.sort_by_key(|test| std::cmp::Reverse(test.failed));
    found.slow.sort_by_key(|test| std::cmp::Reverse(test.takes.median));
    found.slower.sort_by_key(|test| std::cmp::Reverse(test.now.median.saturating_sub(test.before.median)));
    found.heavy.sort_by_key(|test| std::cmp::Reverse(test.memory));
    found.skipped.sort_by_key(|test| test.since_ms);
    found
}

fn flaky(id: &str, rows: &[&Row]) -> Option<Flaky> {
    // Of one revision, which may be met again in a later run.
    let count = |revision: &str, wanted: fn(RecordedOutcome) -> bool| {
        rows.iter().filter(|row| row.revision.as_deref() == Some(revision) && wanted(row.outcome)).count()
    };
    rows.iter().filter_map(|row| row.revision.as_deref()).find_map(|revision| {
        let passed = count(revision, |outcome| outcome == RecordedOutcome::Passed);
        let failed = count(revision, RecordedOutcome::is_failure);
        (passed > 0 && failed > 0).then(|| Flaky { id: id.to_owned(), revision: revision.to_owned(), passed, failed })
    })
}

fn slower(id: &str, class: &str, times: &[f64]) -> Option<Slower> {
    let (now, before) = times.split_at_checked(LATELY)?;
    let (now, before) = (typical(now.iter().copied())?, typical(before.iter().copied())?);
    let is_slower = now.runs as usize >= LATELY
        && before.runs as usize >= BEFORE
        && now.median.saturating_sub(before.median) >= MIN_DIFFERENCE
        && now.median > before.median.mul_f64(1.5);
    is_slower.then(|| Slower { id: id.to_owned(), gpu_class: class.to_owned(), now, before })
}

fn heavy(id: &str, rows: &[&Row]) -> Option<Heavy> {
    let through = || rows.iter().filter(|row| row.outcome.tells_time()).take(RECENT);
    let memory = through().filter_map(|row| row.memory_peak).max()?;
    let processors = typical(through().filter_map(|row| row.cpu_seconds));
    Some(Heavy { id: id.to_owned(), memory, processors })
}

fn skipped(id: &str, rows: &[&Row]) -> Option<Skipped> {
    let asked = rows.iter().filter(|row| row.outcome != RecordedOutcome::NotRun);
    let row: Vec<_> = asked.take_while(|row| row.outcome == RecordedOutcome::Skipped).collect();
    let since_ms = row.last()?.started_ms;
    (row.len() >= LONG).then(|| Skipped { id: id.to_owned(), runs: row.len(), since_ms })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use test_catalog::NodeId;

    use super::*;
    use RecordedOutcome::{Failed, NotRun, Passed, Skipped as Skip};

    /// Results of one test, the latest first: outcome, revision, seconds.
    fn found(rows: &[(RecordedOutcome, Option<&str>, f64)]) -> Insights {
        let rows = rows.iter().zip((0..1000).rev()).map(|((outcome, revision, seconds), started_ms)| Row {
            id: NodeId::from_text("test_a.py::test_a"),
            occurrence: 0,
            run: started_ms.to_string().into(),
            started_ms,
            revision: revision.map(Into::into),
            outcome: *outcome,
            seconds: *seconds,
            gpu_class: "".into(),
            place: Place::Here,
            cpu_seconds: Some(*seconds),
            memory_peak: (*seconds < 1e6).then_some(*seconds as u64),
        });
        insights(&Past { rows: rows.collect(), ..Past::default() })
    }

    #[test]
    fn flaky_is_both_outcomes_on_one_known_revision() {
        for (name, expected, rows) in [
            ("both", true, [(Passed, Some("a")), (Failed, Some("a"))]),
            ("a repair", false, [(Passed, Some("b")), (Failed, Some("a"))]),
            ("changed in between, for all we know", false, [(Passed, None), (Failed, None)]),
            ("skipped once", false, [(Skip, Some("a")), (Failed, Some("a"))]),
            ("not run once", false, [(NotRun, Some("a")), (Passed, Some("a"))]),
        ] {
            let rows = rows.map(|(outcome, revision)| (outcome, revision, 1.0));
            assert_eq!(!found(&rows).flaky.is_empty(), expected, "{name}");
        }
    }

    #[test]
    fn slower_needs_three_times_against_five_and_half_as_much_again() {
        let rows = |now: &[f64], before: &[f64]| -> Vec<_> {
            now.iter().chain(before).map(|seconds| (Passed, None, *seconds)).collect()
        };
        for (name, expected, now, before) in [
            ("twice", true, &[20.0; 3][..], &[10.0; 5][..]),
            ("a little", false, &[14.0; 3], &[10.0; 5]),
            ("a tenth of a second", false, &[0.2; 3], &[0.1; 5]),
            ("once", false, &[20.0, 10.0, 10.0], &[10.0; 5]),
            ("too little to tell", false, &[20.0; 3], &[10.0; 4]),
            ("absurd", false, &[1e9; 3], &[10.0; 5]),
        ] {
            assert_eq!(!found(&rows(now, before)).slower.is_empty(), expected, "{name}");
        }
    }

    #[test]
    fn another_machine_that_is_slower_makes_no_test_slower() {
        let with_places = |place_of: fn(usize) -> Place| {
            let rows = (0..10).map(|index| Row {
                id: NodeId::from_text("test_a.py::test_a"),
                occurrence: 0,
                run: index.to_string().into(),
                started_ms: 10 - i64::try_from(index).unwrap(),
                revision: None,
                outcome: Passed,
                seconds: if index < 3 { 20.0 } else { 10.0 },
                gpu_class: "".into(),
                place: place_of(index),
                cpu_seconds: None,
                memory_peak: None,
            });
            insights(&Past { rows: rows.collect(), runs: 10, ..Past::default() }).slower.len()
        };
        assert_eq!(with_places(|_| Place::Here), 1);
        assert_eq!(with_places(|_| Place::Elsewhere("2x NVIDIA L4".to_owned())), 1);
        assert_eq!(with_places(|index| if index < 3 { Place::Elsewhere(String::new()) } else { Place::Here }), 0);
        assert_eq!(with_places(|index| Place::Elsewhere(if index < 3 { "one" } else { "other" }.to_owned())), 0);
    }

    #[test]
    fn what_a_test_holds_is_the_most_of_what_was_measured_when_it_went_through() {
        let memory = |rows: &[(RecordedOutcome, Option<&str>, f64)]| found(rows).heavy.first().map(|test| test.memory);
        assert_eq!(memory(&[(Passed, None, 3.0), (Passed, None, 7.0), (Failed, None, 90.0)]), Some(7));
        assert_eq!(memory(&[(Failed, None, 90.0)]), None);
        assert_eq!(memory(&[(Passed, None, 1e9)]), None, "not measured");
    }

    #[test]
    fn skipped_for_long_is_five_times_in_a_row_up_to_now() {
        let times = |count: usize, then| {
            let rows: Vec<_> = std::iter::repeat_n((Skip, None, 0.0), count).chain([(then, None, 1.0)]).collect();
            found(&rows).skipped.first().map(|test| test.runs)
        };
        assert_eq!(times(5, Passed), Some(5));
        assert_eq!(times(4, Passed), None);
        assert_eq!(times(4, Skip), Some(5));
    }
}
