//! What people read at the end of a run.
#![allow(clippy::unwrap_used)]

mod support;

use support::{result, run};
use test_report::summary::text;
use test_report::terminal::Styles;
use test_runner::Outcome;

#[test]
fn a_test_that_passed_and_failed_is_named_once_as_flaky() {
    let outcomes = [Outcome::Passed, Outcome::Failed, Outcome::Passed];
    let mut results: Vec<_> = outcomes.map(|outcome| result("a.py::test_both", outcome)).into();
    results.push(result("a.py::test_one", Outcome::Passed));
    let told = text(&run(results), &[], &Styles::default());
    let flaky: Vec<&str> = told.lines().filter(|line| line.contains("flaky")).collect();
    assert_eq!(flaky, ["flaky: a.py::test_both: passed 2 of 3 times"], "{told}");
}

#[test]
fn a_test_that_failed_in_many_rounds_is_named_once() {
    let outcomes = [Outcome::Failed, Outcome::Failed, Outcome::Failed];
    let mut results: Vec<_> = outcomes.map(|outcome| result("a.py::test_both", outcome)).into();
    results.push(result("a.py::test_one", Outcome::Failed));
    let told = text(&run(results), &[], &Styles::default());
    let failed: Vec<&str> = told.lines().filter(|line| line.starts_with("FAILED")).collect();
    assert_eq!(failed, ["FAILED a.py::test_both: 3 times", "FAILED a.py::test_one"], "{told}");
}
