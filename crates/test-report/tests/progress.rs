//! What is said of a test as soon as it is over.
#![allow(clippy::unwrap_used)]

mod support;

use support::result;
use test_report::progress::{failure, line};
use test_report::terminal::Styles;
use test_runner::{CaseResult, Outcome};

#[test]
fn a_line_without_an_end_takes_a_few_lines_of_a_screen() {
    let output = format!("{}\nlast line\n", "é".repeat(30_000));
    let told = failure(&CaseResult { output, ..result("test_a.py::a", Outcome::Failed) }, &Styles::default());
    assert!(told.chars().count() < 1200, "{}", told.chars().count());
    assert!(told.contains(" ... and 58,000 bytes more\n  last line\n"), "{told}");
}

#[test]
fn a_reason_stands_behind_its_test_and_nothing_does_where_there_is_none() {
    for (reason, end) in [("known", "test_a.py::a: known"), ("", "test_a.py::a")] {
        let told = line(&result("test_a.py::a", Outcome::XFailed { reason: reason.to_owned() }), &Styles::default());
        assert!(told.ends_with(end), "{told}");
    }
}
