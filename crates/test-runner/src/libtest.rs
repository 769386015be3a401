//! How libtest and rustdoc name tests and tell results, as text. The stable toolchain has no other interface.

use std::collections::{HashMap, HashSet};

use execution_plan::PlannedCase;
use test_catalog::{lies_within, named_around};

use crate::Outcome;
use crate::libtest_lines::MODES;

/// How many bytes of names one command line gets. Linux takes 2 MiB of arguments and environment together by
/// default, and a pointer for each.
const NAMES_LIMIT: usize = 512 << 10;
/// How many names a binary gets without having been asked for its tests: it compares each of its tests with each of them.
const MOST_CERTAIN: usize = 1_000;

/// A test that a binary lists and the plan wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The number of the planned case within its step.
    pub(crate) planned: usize,
    pub(crate) name: String,
}

/// The names of `--list --format terse`.
pub(crate) fn listed(text: &str) -> Vec<String> {
    let name = |line: &str| Some(line.strip_suffix(": test").or(line.strip_suffix(": benchmark"))?.to_owned());
    text.lines().filter_map(name).collect()
}

/// Which listed test belongs to which planned case: the one with its very name, else the inexact one that names the
/// function or module around it, or is a macro's call there, the innermost first. An inexact case without a name stands for the
/// whole binary. What has a case of its own, planned or not, belongs to no other: `is_known` says so.
pub(crate) fn wanted(
    cases: &[PlannedCase],
    numbers: &[usize],
    listed: &[String],
    is_known: impl Fn(&str) -> bool,
) -> Vec<Wanted> {
    let name_of = |number: usize| cases.get(number)?.rust.as_ref().map(|rust| rust.name.as_str());
    let by_name: HashMap<&str, usize> = numbers.iter().filter_map(|&number| Some((name_of(number)?, number))).collect();
    let own: HashSet<&str> = cases.iter().filter_map(|case| Some(case.rust.as_ref()?.name.as_str())).collect();
    let around = |name: &str| {
        let inexact = numbers.iter().copied().filter(|&number| cases.get(number).is_some_and(|case| !case.exact));
        inexact
            .filter_map(|number| Some((named_around(name_of(number)?), number)))
            .filter(|(outer, _)| {
                !own.contains(name) && !is_known(name) && (outer.is_empty() || lies_within(name, outer))
            })
            .max_by_key(|(outer, _)| outer.len())
            .map(|(_, number)| number)
    };
    let planned = |name: &String| by_name.get(name.as_str()).copied().or_else(|| around(name));
    listed.iter().filter_map(|name| Some(Wanted { planned: planned(name)?, name: name.clone() })).collect()
}

/// Planned cases as tests, where a binary need not be asked for its list before it runs them: several, since a single one is
/// told apart from one that is not there; not so many that finding each of its tests among the names takes longer than a
/// list; each under a name of its own, and a name that is known for certain. Doc tests have none: rustdoc's names have
/// spaces, at which it splits arguments.
pub(crate) fn certain(cases: &[PlannedCase], numbers: &[usize]) -> Option<Vec<Wanted>> {
    if !(2..=MOST_CERTAIN).contains(&numbers.len()) {
        return None;
    }
    let test = |&number: &usize| {
        let case = cases.get(number).filter(|case| case.exact)?;
        let name = &case.rust.as_ref()?.name;
        (!name.is_empty() && !name.contains(' ')).then(|| Wanted { planned: number, name: name.clone() })
    };
    let tests: Vec<Wanted> = numbers.iter().map(test).collect::<Option<_>>()?;
    let names: HashSet<&str> = tests.iter().map(|test| test.name.as_str()).collect();
    let fit = tests.iter().map(size).sum::<usize>() <= NAMES_LIMIT;
    (fit && names.len() == tests.len()).then_some(tests)
}

/// What a name takes on a command line, in bytes.
fn size(test: &Wanted) -> usize {
    test.name.len() + 1 + size_of::<usize>()
}

/// Groups of tests whose names fit on a command line.
pub(crate) fn chunks(tests: Vec<Wanted>) -> Vec<Vec<Wanted>> {
    let mut chunks: Vec<Vec<Wanted>> = Vec::new();
    let mut room = 0;
    for test in tests {
        let size = size(&test);
        match chunks.last_mut() {
            Some(chunk) if size <= room => chunk.push(test),
            _ => {
                room = NAMES_LIMIT;
                chunks.push(vec![test]);
            }
        }
        room = room.saturating_sub(size);
    }
    chunks
}

/// `test NAME ... ok` of a wanted test, whatever a test wrote before it on the line.
pub(crate) fn verdict<T: Copy>(line: &str, names: &HashMap<&str, T>) -> Option<(T, Outcome)> {
    let (head, word) = line.rsplit_once(" ... ")?;
    let head = MODES.iter().find_map(|mode| head.strip_suffix(mode)).unwrap_or(head);
    // A name may hold "test " itself: the longest one that is known counts.
    let starts = head.match_indices("test ").map(|(at, found)| at + found.len());
    let test = *starts.filter_map(|at| names.get(head.get(at..)?)).next()?;
    match word {
        "ok" => Some((test, Outcome::Passed)),
        "FAILED" => Some((test, Outcome::Failed)),
        word => {
            let reason = word.strip_prefix("ignored")?.trim_start_matches([',', ' ']);
            let reason = if reason.is_empty() { "ignored" } else { reason };
            Some((test, Outcome::Skipped { reason: reason.to_owned() }))
        }
    }
}

/// What a binary's output says of one failed test: what it printed, and its failure. Without a part of its own, as where
/// nothing is captured, the failure is that of the thread with its name, else the first one.
pub(crate) fn failure<'t>(output: &'t str, name: &str) -> (&'t str, &'t str) {
    let mark = format!("---- {name} stdout ----\n");
    let until = |text: &'t str, end: &str| text.split_once(end).map_or(text, |(before, _)| before);
    let body = output.split_once(&mark).map_or(output, |(_, rest)| until(rest, "\n---- "));
    let body = until(until(body, "\n\nfailures:"), &format!("\ntest {name} ... FAILED")).trim_start();
    let body = body.strip_prefix("running 1 test\n").unwrap_or(body);
    let line = |start: &str| {
        body.match_indices(start).map(|(at, _)| at).find(|at| body[..*at].is_empty() || body[..*at].ends_with('\n'))
    };
    match line(&format!("thread '{name}'")).or_else(|| line("thread '")) {
        Some(at) => (body[..at].trim(), body[at..].trim()),
        None => ("", body.trim()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use execution_plan::{Estimate, EstimateSource, PlannedRust};
    use test_catalog::{NodeId, TreePath};

    use super::*;

    fn test(name: &str) -> Wanted {
        Wanted { planned: 0, name: name.to_owned() }
    }

    #[test]
    fn a_result_is_read_behind_what_a_test_wrote() {
        let names = HashMap::from([("a::b", 0)]);
        assert_eq!(verdict("noise test a::b ... ok", &names), Some((0, Outcome::Passed)));
        assert_eq!(verdict("test a::b - should panic ... FAILED", &names), Some((0, Outcome::Failed)));
        assert_eq!(verdict("test other ... ok", &names), None);
        let ignored = Outcome::Skipped { reason: "too slow".to_owned() };
        assert_eq!(verdict("test a::b ... ignored, too slow", &names), Some((0, ignored)));
    }

    #[test]
    fn only_names_that_are_certain_are_run_unasked() {
        let case = |name: &str, exact: bool| PlannedCase {
            id: NodeId::rust("tiny", name),
            occurrence: 0,
            function: NodeId::rust("tiny", name),
            file: TreePath::new("src/lib.rs"),
            exact,
            undecided: false,
            timeout: Duration::from_secs(60),
            estimate: Estimate { duration: Duration::ZERO, source: EstimateSource::TypeDefault, p90: None },
            rust: Some(PlannedRust { name: name.to_owned(), ignored: false }),
        };
        let cases =
            [case("a", true), case("b::c", true), case("d", false), case("a", true), case("src/lib.rs - e", true)];
        let names = |numbers: &[usize]| {
            certain(&cases, numbers).map(|tests| tests.into_iter().map(|test| test.name).collect::<Vec<_>>())
        };
        assert_eq!(names(&[0, 1]), Some(vec!["a".to_owned(), "b::c".to_owned()]));
        for (numbers, why) in [
            (&[0][..], "a single one"),
            (&[0, 2], "an inexact one"),
            (&[0, 3], "two of one name"),
            (&[0, 4], "a doc test"),
            (&[0, 9], "one that is not there"),
        ] {
            assert_eq!(names(numbers), None, "{why}");
        }
        let many: Vec<_> = (0..=MOST_CERTAIN).map(|number| case(&number.to_string(), true)).collect();
        assert_eq!(certain(&many, &(0..MOST_CERTAIN).collect::<Vec<_>>()).map(|tests| tests.len()), Some(MOST_CERTAIN));
        assert_eq!(certain(&many, &(0..=MOST_CERTAIN).collect::<Vec<_>>()), None);
    }

    #[test]
    fn names_are_split_where_a_command_line_would_be_too_long() {
        let tests: Vec<_> = (0..20_000).map(|number| test(&format!("{}::{number}", "m".repeat(100)))).collect();
        let chunks = chunks(tests.clone());
        assert!(chunks.len() > 1);
        for chunk in &chunks {
            assert!(chunk.iter().map(|test| test.name.len() + 9).sum::<usize>() <= NAMES_LIMIT);
        }
        assert_eq!(chunks.concat(), tests);
    }

    #[test]
    fn what_a_failed_test_printed_is_told_from_its_failure() {
        let output = "\nfailures:\n\n---- a::b stdout ----\nhello\n\nthread 'a::b' (7) panicked at src/lib.rs:1:1:\nno\n\n\
                      ---- c stdout ----\nother\n\n\nfailures:\n    a::b\n";
        let expected = ("hello", "thread 'a::b' (7) panicked at src/lib.rs:1:1:\nno");
        assert_eq!(failure(output, "a::b"), expected);
        let output = "\nrunning 1 test\nhello\n\nthread 'a::b' (7) panicked at src/lib.rs:1:1:\nno\ntest a::b ... FAILED\n\nfailures:\n\n\
                      failures:\n    a::b\n";
        assert_eq!(failure(output, "a::b"), expected);
    }
}
