//! A run as JUnit XML, in the form that CI systems read: it is valid by the schema that Jenkins publishes.

use std::time::Duration;

use execution_plan::NotRun;
use indexmap::IndexMap;
use quick_junit::{FlakyOrRerun, NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestRerun, TestSuite};
use test_catalog::{Language, NodeId};
use test_runner::{Both, CaseResult, NotRunCause, Outcome, RunOutcome};

use crate::gist::told;

/// The document. Python tests are grouped by file and Rust tests by test binary; what did not run is `skipped` with
/// the reason, so that no test is missing, and an `error` where the run fails by it. `properties` (the revision, the GPUs)
/// stand in every suite, since that is where readers look for them.
///
/// A test that ran several times is one test case. It passes where all its failures were tried again by the policy, with a
/// `flakyFailure` for each, and it passed then. Else it fails where it ever failed; where it passed as well, its failures
/// are `flakyFailure` elements too, and `rerunFailure` where it never did. One that only earlier runs of the same revision show to be
/// flaky says so in its message, or where it passed in a `flakyFailure`.
///
/// # Errors
/// When the XML writer fails; on these types it does not.
pub fn xml(outcome: &RunOutcome, properties: &[(&str, String)]) -> Result<String, quick_junit::SerializeError> {
    let mut suites: IndexMap<&str, Suite<'_>> = IndexMap::new();
    let tests = tests(outcome);
    for rounds in tests.values() {
        // Each test has a round at least.
        let Some(first) = rounds.first() else { continue };
        let (suite, name) = parts(&first.id, first.language);
        let known = outcome.flaky_on_revision.get(&(first.id.clone(), first.occurrence));
        suites.entry(suite).or_default().run.push((name, rounds, known));
    }
    for refused in &outcome.refused {
        let language = if refused.at.file.as_str().ends_with(".rs") { Language::Rust } else { Language::Python };
        let (suite, name) = parts(&refused.id, language);
        suites.entry(suite).or_default().refused.push((name, refused));
    }
    let mut all = Report::new("dynamo-test-kit");
    all.set_time(outcome.wall);
    // Suite by suite: the writer's own form of a hundred thousand tests takes several times what their text does.
    let mut written = String::new();
    for (name, suite) in suites {
        let mut one = Report::new("");
        one.add_test_suite(suite.made(name, properties));
        all.tests += one.tests;
        all.failures += one.failures;
        all.errors += one.errors;
        written.push_str(inside(&one.to_string()?));
    }
    let all = valid(all.to_string()?);
    let (begin, end) = all.split_once(END).unwrap_or((&all, ""));
    Ok(format!("{}{written}\n{END}{end}", begin.trim_end()))
}

/// Where the document's only element ends.
const END: &str = "</testsuites>";

/// What is inside of the document's only element. Texts and attributes have no bracket of their own.
fn inside(document: &str) -> &str {
    let begin = document.find("<testsuites").and_then(|at| Some(at + document[at..].find('>')? + 1));
    let end = document.rfind(END);
    begin.zip(end).and_then(|(begin, end)| document.get(begin..end)).unwrap_or_default().trim_end()
}

/// The tests of one file or test binary, by their names in it.
#[derive(Default)]
struct Suite<'o> {
    /// With what earlier runs tell of a flaky one.
    run: Vec<(&'o str, &'o [&'o CaseResult], Option<&'o Both>)>,
    refused: Vec<(&'o str, &'o NotRun)>,
}

impl Suite<'_> {
    fn made(&self, name: &str, properties: &[(&str, String)]) -> TestSuite {
        let mut suite = TestSuite::new(text(name));
        suite.add_properties(properties.iter().map(|(name, value)| Property::new(*name, text(value))));
        let mut time = Duration::ZERO;
        for (test, rounds, known) in &self.run {
            let case = case(rounds, name, test, *known);
            time += case.time.unwrap_or_default();
            suite.add_test_case(case);
        }
        for (test, refused) in &self.refused {
            let mut status = TestCaseStatus::skipped();
            status.set_message(text(&format!("not run: {}", refused.reason)));
            let mut case = TestCase::new(text(test), status);
            case.set_classname(text(name));
            suite.add_test_case(case);
        }
        suite.set_time(time);
        suite
    }
}

/// The results of each test, in the order in which the tests first came. What pytest itself deselected was not asked
/// for.
fn tests(outcome: &RunOutcome) -> IndexMap<(&NodeId, u32), Vec<&CaseResult>> {
    let deselected =
        |result: &&CaseResult| matches!(result.outcome, Outcome::NotRun { cause: NotRunCause::Deselected, .. });
    let mut tests: IndexMap<(&NodeId, u32), Vec<&CaseResult>> = IndexMap::new();
    for result in outcome.results.iter().filter(|result| !deselected(result)) {
        tests.entry((&result.id, result.occurrence)).or_default().push(result);
    }
    tests
}

/// Less two characters that are none of XML, which the writer lets through; it takes out all others itself.
fn text(text: &str) -> String {
    text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

/// The writer puts `skipped` on the root, where the schema has no such attribute.
pub(crate) fn valid(mut xml: String) -> String {
    const ROOT: &str = "<testsuites ";
    let attribute = xml.find(ROOT).and_then(|root| {
        let tag = root..root + xml[root..].find('>')?;
        let from = tag.start + xml[tag.clone()].find(" skipped=\"")?;
        let to = from + xml[from + 10..tag.end].find('"')? + 11;
        Some(from..to)
    });
    if let Some(attribute) = attribute {
        xml.replace_range(attribute, "");
    }
    xml
}

fn case(rounds: &[&CaseResult], suite: &str, name: &str, known: Option<&Both>) -> TestCase {
    let failures: Vec<&CaseResult> = rounds.iter().copied().filter(|result| result.outcome.is_failure()).collect();
    let passed = rounds.iter().any(|result| matches!(result.outcome, Outcome::Passed | Outcome::XPassed));
    let status = match (failures.split_first(), rounds.last()) {
        (Some(_), _) if passed && failures.iter().all(|result| result.retried) => {
            let mut status = TestCaseStatus::success();
            status.add_reruns(failures.iter().map(|result| rerun(result)));
            status
        }
        (Some((first, more)), _) => failure(first, more, rounds.len(), passed),
        (None, Some(last)) if !passed && last.outcome.cause().is_some_and(NotRunCause::fails_run) => {
            failure(last, &[], 1, false)
        }
        (None, Some(last)) if !passed => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(text(&last.outcome.to_string()));
            status
        }
        (None, _) => TestCaseStatus::success(),
    };
    let status = if passed && !failures.is_empty() { status } else { told_of(status, known) };
    let mut case = TestCase::new(text(name), status);
    case.set_classname(text(suite)).set_time(rounds.iter().map(|result| result.duration).sum());
    let shown = failures.first().or(rounds.last());
    if let Some(result) = shown.filter(|result| !result.output.is_empty()) {
        case.set_system_out(text(&result.output));
    }
    case
}

/// The same with what this and earlier runs of the revision tell together, where this one alone does not.
fn told_of(mut status: TestCaseStatus, known: Option<&Both>) -> TestCaseStatus {
    let Some(both) = known else { return status };
    let told = format!("flaky, {both} on this revision");
    match &mut status {
        TestCaseStatus::Success { .. } => {
            let mut rerun = TestRerun::new(NonSuccessKind::Failure);
            rerun.set_message(told).set_type("flaky");
            status.add_rerun(rerun);
        }
        TestCaseStatus::NonSuccess { message: Some(message), .. } => {
            *message = format!("{told}: {}", message.as_str()).into()
        }
        TestCaseStatus::NonSuccess { .. } | TestCaseStatus::Skipped { .. } => {}
    }
    status
}

fn failure(first: &CaseResult, more: &[&CaseResult], rounds: usize, passed: bool) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind(first));
    let mut message = told(first);
    if passed {
        message = format!("flaky, failed in {} of {rounds} runs: {message}", more.len() + 1);
        status.set_rerun_kind(FlakyOrRerun::Flaky);
        status.add_rerun(rerun(first));
    }
    status.set_message(text(&message)).set_type(word(first)).set_description(text(&first.message));
    status.add_reruns(more.iter().map(|result| rerun(result)));
    status
}

fn rerun(result: &CaseResult) -> TestRerun {
    let mut rerun = TestRerun::new(kind(result));
    rerun.set_message(text(&format!("round {}: {}", result.round + 1, told(result))));
    rerun.set_type(result.outcome.as_str()).set_stack_trace(text(&result.message));
    if !result.output.is_empty() {
        rerun.set_system_out(text(&result.output));
    }
    rerun
}

/// A failure is what the test says; an error is what happened to it.
fn kind(result: &CaseResult) -> NonSuccessKind {
    match result.outcome {
        Outcome::TimedOut { .. } | Outcome::Crashed { .. } | Outcome::NotRun { .. } => NonSuccessKind::Error,
        _ => NonSuccessKind::Failure,
    }
}

/// What became of it, and of what did not run what kept it from that.
fn word(result: &CaseResult) -> &'static str {
    result.outcome.cause().map_or(result.outcome.as_str(), NotRunCause::as_str)
}

/// The suite and the name within it.
fn parts(id: &NodeId, language: Language) -> (&str, &str) {
    let separator = match language {
        Language::Python => "::",
        Language::Rust => " ",
    };
    id.as_str().split_once(separator).unwrap_or((id.as_str(), id.as_str()))
}
