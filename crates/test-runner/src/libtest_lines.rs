//! What the lines of libtest and rustdoc tell, one after the other.
//!
//! Mostly a result is one line, `test NAME ... ok`. Where tests run one by one (`RUST_TEST_THREADS=1`, or a machine with one
//! processor), the name is printed before the test runs and the word behind what it writes past libtest's capture, as
//! programs that it starts do. What such a test came to is the last word before the next name, or is told by the list of failures
//! at the end.

use std::collections::{HashMap, HashSet};

use crate::Outcome;
use crate::libtest::verdict;

/// The modes that libtest and rustdoc write behind a name.
pub(crate) const MODES: [&str; 3] = [" - should panic", " - compile fail", " - compile"];

/// What a line tells of a test, by its number.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Told {
    /// It began; so the one before it has ended.
    Began,
    /// It has ended. How is told later.
    Ended(usize),
    /// What came of it.
    Verdict(usize, Outcome),
}

/// Reads the lines of one process.
pub(crate) struct Lines<'n> {
    /// The numbers of the tests that are wanted.
    names: &'n HashMap<&'n str, usize>,
    open: Option<Open>,
    /// Those that have ended without a word that is sure.
    unsure: Vec<usize>,
    /// Those that a list of failures names.
    failed: HashSet<usize>,
    is_in_list: bool,
    /// A line has summed up the tests since the last one began.
    is_over: bool,
}

/// A test whose name was printed without a word behind it.
struct Open {
    test: usize,
    /// The last line that had something ended with `ok`.
    ends_well: bool,
    /// One ended with `FAILED`: libtest may have said it, or the test.
    has_failed: bool,
}

impl Open {
    fn line(&mut self, line: &str) {
        if !line.is_empty() {
            self.ends_well = line.ends_with("ok");
            self.has_failed |= line.ends_with("FAILED");
        }
    }
}

impl<'n> Lines<'n> {
    pub(crate) fn of(names: &'n HashMap<&'n str, usize>) -> Self {
        Self { names, open: None, unsure: Vec::new(), failed: HashSet::new(), is_in_list: false, is_over: false }
    }

    /// Takes the next line, without its end.
    pub(crate) fn take(&mut self, line: &str) -> Vec<Told> {
        let mut told = Vec::new();
        let verdict = verdict(line, self.names);
        let head = if verdict.is_none() { head(line, self.names) } else { None };
        if verdict.is_some() || head.is_some() {
            (self.is_over, self.is_in_list) = (false, false);
            told.extend(self.close());
        }
        if let Some((test, outcome)) = verdict {
            told.push(Told::Verdict(test, outcome));
        } else if let Some((test, rest)) = head {
            told.push(Told::Began);
            let mut open = Open { test, ends_well: false, has_failed: false };
            open.line(rest);
            self.open = Some(open);
        } else if line == "failures:" {
            self.is_in_list = true;
        } else if line.starts_with("test result: ") {
            (self.is_over, self.is_in_list) = (true, false);
        } else if self.is_in_list {
            self.failed.extend(line.strip_prefix("    ").and_then(|name| self.names.get(name)));
        } else if let Some(open) = &mut self.open {
            open.line(line);
        }
        told
    }

    /// Whether the tests were summed up in the end.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over
    }

    /// What came of the others, where the process came to its end; `is_good` says whether that was a good one. A sum alone proves
    /// nothing: a test may run tests itself.
    pub(crate) fn finish(mut self, is_good: bool) -> Vec<(usize, Outcome)> {
        if !self.is_over {
            return Vec::new();
        }
        self.unsure.extend(self.open.map(|open| open.test));
        let is_failure = |test: usize| !is_good && self.failed.contains(&test);
        let outcome = |test| if is_failure(test) { Outcome::Failed } else { Outcome::Passed };
        self.unsure.into_iter().map(|test| (test, outcome(test))).collect()
    }

    /// Another test began: the one before has said its last word.
    fn close(&mut self) -> Option<Told> {
        let open = self.open.take()?;
        if open.ends_well && !open.has_failed {
            return Some(Told::Verdict(open.test, Outcome::Passed));
        }
        self.unsure.push(open.test);
        Some(Told::Ended(open.test))
    }
}

/// `test NAME ... ` of a wanted test, with what is behind it.
fn head<'l>(line: &'l str, names: &HashMap<&str, usize>) -> Option<(usize, &'l str)> {
    line.match_indices("test ").find_map(|(at, found)| {
        let (name, rest) = line.get(at + found.len()..)?.split_once(" ... ")?;
        let name = MODES.iter().find_map(|mode| name.strip_suffix(mode)).unwrap_or(name);
        Some((*names.get(name)?, rest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of the tests `a`, `b`, `c` while the lines come, and then at the end.
    fn outcomes(text: &str, is_good: bool) -> [Vec<(&'static str, Outcome)>; 2] {
        const NAMES: [&str; 3] = ["a", "b", "c"];
        let names: HashMap<&str, usize> = NAMES.into_iter().enumerate().map(|(at, name)| (name, at)).collect();
        let mut lines = Lines::of(&names);
        let told: Vec<Told> = text.lines().flat_map(|line| lines.take(line)).collect();
        let verdicts = told.into_iter().filter_map(|told| match told {
            Told::Verdict(test, outcome) => Some((test, outcome)),
            Told::Began | Told::Ended(_) => None,
        });
        [verdicts.collect(), lines.finish(is_good)]
            .map(|found: Vec<_>| found.into_iter().map(|(test, outcome)| (NAMES[test], outcome)).collect())
    }

    #[test]
    fn a_word_is_found_behind_what_a_test_printed_past_the_capture() {
        use Outcome::{Failed, Passed};
        let ignored = || Outcome::Skipped { reason: "ignored".to_owned() };
        let good = "\ntest result: ok. 1 passed\n";
        let bad = "\nfailures:\n\n---- b stdout ----\n    no\n\nfailures:\n    b\n\ntest result: FAILED. 1 passed\n";
        for (text, expected) in [
            (format!("test a ... ok\ntest b ... FAILED\n{bad}"), [vec![("a", Passed), ("b", Failed)], vec![]]),
            // The word comes on a line of its own, or behind a text without an end.
            (format!("test a ... hello\nok\ntest b ... ok\n{good}"), [vec![("a", Passed), ("b", Passed)], vec![]]),
            (
                format!("test a ... parok\ntest b - should panic ... x\nok\n{good}"),
                [vec![("a", Passed)], vec![("b", Passed)]],
            ),
            (format!("test a ... x\nok\ntest c ... ignored\n{good}"), [vec![("a", Passed), ("c", ignored())], vec![]]),
            // One that says the word itself, and fails.
            (
                format!("test b ... ok so far\nok\nFAILED\ntest a ... ok\n{bad}"),
                [vec![("a", Passed)], vec![("b", Failed)]],
            ),
            (format!("test b ... x\nFAILED\nok\ntest a ... ok\n{bad}"), [vec![("a", Passed)], vec![("b", Failed)]]),
            // One that says the other, and passes; one whose word is cut by what somebody else prints.
            (format!("test a ... FAILED once\nFAILED\nok\n{bad}"), [vec![], vec![("a", Passed)]]),
            (
                format!("test a ... x\no noise\nk\ntest b ... y\nFAILED\n{bad}"),
                [vec![], vec![("a", Passed), ("b", Failed)]],
            ),
            // One that runs tests itself, which may have its own name.
            (
                format!("test b ... \ntest x ... ok\n\n{good}\nFAILED\ntest a ... ok\n{bad}"),
                [vec![("a", Passed)], vec![("b", Failed)]],
            ),
            (
                format!("test a ... \nrunning 1 test\n{bad}\nok\ntest c ... ok\n{good}"),
                [vec![("a", Passed), ("c", Passed)], vec![]],
            ),
            // A process that ends in the middle of a test says nothing of it.
            (
                "test a ... x\nok\ntest b ... ok\ntest c ... x\nok\n".to_owned(),
                [vec![("a", Passed), ("b", Passed)], vec![]],
            ),
            (format!("test a ... {good}test b ... x\n"), [vec![], vec![]]),
        ] {
            assert_eq!(outcomes(&text, !text.ends_with(bad)), expected, "{text}");
        }
    }
}
