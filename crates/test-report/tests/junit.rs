//! JUnit XML, held against the schema that Jenkins publishes.
#![allow(clippy::unwrap_used)]

mod support;

use quick_junit::{FlakyOrRerun, Report, TestCase, TestCaseStatus};
use support::{HOSTILE, hostile, result, rounds, run};
use test_catalog::NodeId;
use test_report::junit::xml;
use test_report::summary;
use test_report::terminal::Styles;
use test_runner::{Both, CaseResult, NotRunCause, Outcome, RunOutcome};

/// The document, once it is known to be valid.
fn valid(outcome: &RunOutcome, properties: &[(&str, String)]) -> Report {
    let text = xml(outcome, properties).unwrap();
    let file = tempfile::NamedTempFile::with_suffix(".xml").unwrap();
    std::fs::write(file.path(), &text).unwrap();
    assert_eq!(oracle::junit_problems(file.path()), Vec::<String>::new());
    Report::deserialize_from_str(&text).unwrap()
}

fn cases(report: &Report) -> Vec<&TestCase> {
    report.test_suites.iter().flat_map(|suite| &suite.test_cases).collect()
}

#[test]
fn no_name_and_no_output_breaks_the_schema_and_no_test_is_missing() {
    let outcome = hostile();
    let properties: Vec<(&str, String)> = HOSTILE.map(|name| ("revision", name.to_owned())).to_vec();
    let report = valid(&outcome, &properties);
    // Of nine results one was deselected, and one test was refused.
    assert_eq!(cases(&report).len(), HOSTILE.len() * (9 - 1 + 1) + 4);
    assert!(report.test_suites.iter().all(|suite| suite.properties.len() == HOSTILE.len()));
}

#[test]
fn a_megabyte_of_any_bytes_is_valid() {
    let bytes: Vec<u8> = (0..1 << 20).map(|number: u32| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let output = String::from_utf8_lossy(&bytes).into_owned() + "]]>";
    let big = CaseResult { output: output.clone(), message: output, ..result("test_a.py::a", Outcome::Failed) };
    let report = valid(&run(vec![big]), &[]);
    assert!(cases(&report)[0].system_out.as_ref().unwrap().as_str().len() > 1 << 19);
}

#[test]
fn a_test_that_ran_several_times_is_one_case() {
    let outcome = run([
        rounds("test_a.py::flaky", &[Outcome::Passed, Outcome::Failed, Outcome::Failed]),
        rounds("test_a.py::never", &[Outcome::Failed, Outcome::Crashed { how: "signal 11".to_owned() }]),
        rounds("test_a.py::always", &[Outcome::Passed, Outcome::Passed]),
    ]
    .concat());
    let report = valid(&outcome, &[]);
    let runs: Vec<_> = cases(&report)
        .into_iter()
        .map(|case| match &case.status {
            TestCaseStatus::NonSuccess { reruns, .. } => Some((reruns.kind, reruns.runs.len())),
            _ => None,
        })
        .collect();
    assert_eq!(runs, [Some((FlakyOrRerun::Flaky, 2)), Some((FlakyOrRerun::Rerun, 1)), None]);
    assert_eq!((report.tests, report.failures, report.errors), (3, 2, 0));
}

#[test]
fn what_was_skipped_and_what_did_not_run_is_skipped_with_its_reason() {
    let reason = || "no GPU".to_owned();
    let outcome = run(vec![
        result("test_a.py::a", Outcome::Skipped { reason: reason() }),
        result("test_a.py::b", Outcome::NotRun { cause: NotRunCause::Machine, reason: reason() }),
        result("test_a.py::c", Outcome::XFailed { reason: reason() }),
    ]);
    for case in cases(&valid(&outcome, &[])) {
        match &case.status {
            TestCaseStatus::Skipped { message, .. } => assert!(message.as_ref().unwrap().as_str().contains("no GPU")),
            other => panic!("{other:?}"),
        }
    }
}

/// A file that cannot be collected fails the run: a reader that sees nothing but skipped tests calls it a good one.
#[test]
fn what_did_not_run_and_fails_the_run_is_an_error_with_what_was_said() {
    let result = |cause| CaseResult {
        message: "Traceback\nE   NameError".to_owned(),
        ..result("test_a.py::a", Outcome::NotRun { cause, reason: "cannot be collected: NameError".to_owned() })
    };
    for cause in [NotRunCause::Collection, NotRunCause::Missing, NotRunCause::Stopped] {
        let report = valid(&run(vec![result(cause)]), &[]);
        assert_eq!((report.tests, report.failures, report.errors), (1, 0, 1), "{cause:?}");
        match &cases(&report)[0].status {
            TestCaseStatus::NonSuccess { message, ty, description, .. } => {
                assert!(message.as_ref().unwrap().as_str().contains("NameError"), "{message:?}");
                assert_eq!(ty.as_ref().unwrap().as_str(), cause.as_str());
                assert!(description.as_ref().unwrap().as_str().contains("Traceback"), "{description:?}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_earlier_runs_of_the_revision_show_to_be_flaky_is_told_where_this_run_does_not() {
    let mut outcome = run(vec![
        result("test_a.py::passes", Outcome::Passed),
        result("test_a.py::fails", Outcome::Failed),
        result("test_a.py::other", Outcome::Passed),
    ]);
    let both = Both { passed: 1, failed: 2 };
    for name in ["test_a.py::passes", "test_a.py::fails"] {
        outcome.flaky_on_revision.insert((NodeId::from_text(name), 0), both);
    }
    let report = valid(&outcome, &[]);
    let cases = cases(&report);
    match &cases[0].status {
        TestCaseStatus::Success { flaky_runs, .. } => {
            let message = flaky_runs[0].message.as_ref().unwrap().as_str();
            assert_eq!(message, "flaky, passed 1 of 3 times on this revision");
        }
        other => panic!("{other:?}"),
    }
    match &cases[1].status {
        TestCaseStatus::NonSuccess { message, .. } => {
            assert_eq!(message.as_ref().unwrap().as_str(), "flaky, passed 1 of 3 times on this revision: failed");
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(&cases[2].status, TestCaseStatus::Success { flaky_runs, .. } if flaky_runs.is_empty()));
    let told = summary::text(&outcome, &[], &Styles::default());
    assert!(told.contains("flaky: test_a.py::passes: passed 1 of 3 times on this revision\n"), "{told}");
    assert!(!told.contains("flaky: test_a.py::other"), "{told}");
}

#[test]
fn a_test_that_got_through_by_another_try_passes_with_its_failures_beside_it() {
    let retried = |result: CaseResult| CaseResult { retried: result.outcome.is_failure(), ..result };
    let passes = rounds("test_a.py::a", &[Outcome::Failed, Outcome::Passed]).into_iter().map(retried);
    let mut fails: Vec<CaseResult> = rounds("test_a.py::b", &[Outcome::Failed, Outcome::Failed]);
    fails[0].retried = true;
    let outcome = run(passes.chain(fails).collect());
    let report = valid(&outcome, &[]);
    assert_eq!((report.tests, report.failures), (2, 1));
    let cases = cases(&report);
    assert!(
        matches!(&cases[0].status, TestCaseStatus::Success { flaky_runs, .. } if flaky_runs.len() == 1),
        "{cases:#?}"
    );
    assert!(matches!(&cases[1].status, TestCaseStatus::NonSuccess { .. }), "{cases:#?}");
}
