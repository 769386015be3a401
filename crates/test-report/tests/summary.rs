//! What people read at the end of a run.
#![allow(clippy::unwrap_used)]

mod support;

use support::{result, run};
use test_report::summary::text;
use test_report::terminal::Styles;
use test_runner::{NotRunCause, Outcome};

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

#[test]
fn a_test_that_did_not_run_in_many_rounds_is_named_once_here_and_on_the_page_of_a_job() {
    let not_run = || Outcome::NotRun { cause: NotRunCause::Stopped, reason: "pytest ended before it".to_owned() };
    let mut results: Vec<_> =
        [not_run(), not_run(), not_run()].map(|outcome| result("a.py::test_gone", outcome)).into();
    results.push(result("a.py::test_one", not_run()));
    let told = text(&run(results.clone()), &[], &Styles::default());
    let first = "not run: 4: pytest ended before it\n  a.py::test_gone: 3 times\n  a.py::test_one\n0 run";
    assert!(told.starts_with(first), "{told}");
    results.extend([Outcome::Failed, Outcome::Failed].map(|outcome| result("a.py::test_bad", outcome)));
    let page = test_report::job_summary::text(&run(results), &[], "failed", 100_000);
    assert!(
        page.contains("| 4 | pytest ended before it | a\\.py\\:\\:test\\_gone: 3 times<br>a\\.py\\:\\:test\\_one |"),
        "{page}"
    );
    let failures: Vec<&str> = page.lines().filter(|line| line.contains("<summary>")).collect();
    assert_eq!(failures, ["<details><summary>a.py::test_bad: failed (1.23 s): 2 times</summary>"], "{page}");
}
