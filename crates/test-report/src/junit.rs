//! A run as JUnit XML, in the form that CI systems read.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use test_catalog::{Language, NodeId};
use test_runner::{CaseResult, NotRunCause, Outcome, RunOutcome};

/// The document. Python tests are grouped by file and Rust tests by test binary; what did not run is `skipped` with
/// the reason, so that no test is missing. Each round of a test is a case, with the property `flaky` where rounds differ.
///
/// # Errors
/// When the XML writer fails; on these types it does not.
pub fn xml(outcome: &RunOutcome) -> Result<String, quick_junit::SerializeError> {
    let mut report = Report::new("dynamo-test-kit");
    report.set_time(outcome.wall);
    let mut suites: Vec<(String, TestSuite)> = Vec::new();
    let mut add = |suite: &str, case: TestCase| {
        let index = suites.iter().position(|(name, _)| name == suite).unwrap_or_else(|| {
            suites.push((suite.to_owned(), TestSuite::new(suite)));
            suites.len() - 1
        });
        suites[index].1.add_test_case(case);
    };
    // What pytest itself deselected was not asked for.
    let deselected =
        |result: &&CaseResult| matches!(result.outcome, Outcome::NotRun { cause: NotRunCause::Deselected, .. });
    let flaky = outcome.flaky();
    for result in outcome.results.iter().filter(|result| !deselected(result)) {
        let (suite, name) = parts(&result.id, result.language);
        let mut case = case(result, suite, name);
        if let Some(both) = flaky.get(&(&result.id, result.occurrence)) {
            case.add_property(("flaky", both.to_string().as_str()));
        }
        add(suite, case);
    }
    for refused in &outcome.refused {
        let language = if refused.at.file.as_str().ends_with(".rs") { Language::Rust } else { Language::Python };
        let (suite, name) = parts(&refused.id, language);
        let mut status = TestCaseStatus::skipped();
        status.set_message(format!("not run: {}", refused.reason));
        let mut case = TestCase::new(name, status);
        case.set_classname(suite);
        add(suite, case);
    }
    report.add_test_suites(suites.into_iter().map(|(_, suite)| suite));
    report.to_string()
}

fn case(result: &CaseResult, suite: &str, name: &str) -> TestCase {
    let status = match &result.outcome {
        Outcome::Passed | Outcome::XPassed => TestCaseStatus::success(),
        Outcome::Failed => failure(NonSuccessKind::Failure, result),
        Outcome::TimedOut { .. } | Outcome::Crashed { .. } => failure(NonSuccessKind::Error, result),
        Outcome::Skipped { .. } | Outcome::XFailed { .. } | Outcome::NotRun { .. } => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(result.outcome.to_string());
            status
        }
    };
    let mut case = TestCase::new(name, status);
    case.set_classname(suite).set_time(result.duration);
    if !result.output.is_empty() {
        case.set_system_out(result.output.as_str());
    }
    case
}

fn failure(kind: NonSuccessKind, result: &CaseResult) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(result.outcome.to_string()).set_description(result.message.as_str());
    status
}

/// The suite and the name within it.
fn parts(id: &NodeId, language: Language) -> (&str, &str) {
    let separator = match language {
        Language::Python => "::",
        Language::Rust => " ",
    };
    id.as_str().split_once(separator).unwrap_or((id.as_str(), id.as_str()))
}
