//! What a run tells others than its reader: JUnit XML, events as JSON lines, the page of a GitHub job.

use std::fs::{self, OpenOptions};
use std::io::Write;

use camino::Utf8Path;
use execution_plan::Plan;
use test_report::plan_facts::PlanFacts;
use test_report::summary::BudgetUse;
use test_report::{events, job_summary};
use test_runner::history::RunFacts;
use test_runner::{Event, RunOutcome};

use crate::error::Error;
use crate::exit::Exit;
use crate::output;

/// Writes events to stdout as they happen. Once nobody reads them, or they cannot be written, no more are.
pub(super) struct EventLines {
    failed: Option<Error>,
    read: bool,
}

impl EventLines {
    /// For a reader that is there.
    pub(super) fn new() -> Self {
        Self { failed: None, read: true }
    }

    /// Tells an event.
    pub(super) fn tell(&mut self, event: &Event, plan: &Plan) {
        if self.read {
            self.write(&events::lines(event, plan));
        }
    }

    /// Tells the end.
    ///
    /// # Errors
    /// Where any line could not be written.
    pub(super) fn finish(mut self, outcome: &RunOutcome, exit: Exit) -> Result<(), Error> {
        if self.read {
            self.write(&test_report::coverage::line(outcome));
            self.write(&events::finished(outcome, exit as u8));
        }
        self.failed.map_or(Ok(()), Err)
    }

    fn write(&mut self, lines: &str) {
        match output::write_on(lines) {
            Ok(read) => self.read = read,
            Err(error) => (self.failed, self.read) = (Some(error), false),
        }
    }
}

/// Written whole or not at all: a reader never sees half a file.
pub(super) fn write_junit(outcome: &RunOutcome, facts: &RunFacts, plan: &Plan, file: &Utf8Path) -> Result<(), Error> {
    let xml = test_report::junit::xml(outcome, &properties(outcome, facts, plan));
    let xml = xml.map_err(|error| Error::Internal(error.to_string()))?;
    output::to_file(file, xml.as_bytes()).map_err(|error| match error {
        Error::Target { path, source } => Error::Write { path, source },
        other => other,
    })
}

/// What readers of JUnit XML are told of the whole run.
fn properties(outcome: &RunOutcome, facts: &RunFacts, plan: &Plan) -> Vec<(&'static str, String)> {
    let revision = facts.revision.as_ref().map(|revision| {
        let changed = if facts.clean { "" } else { " with changes" };
        format!("{revision}{changed}")
    });
    let gpus = if facts.machine.is_empty() { "none".to_owned() } else { facts.machine.clone() };
    let plan = test_report::plan_json::text(plan, &PlanFacts::default()).unwrap_or_default();
    let plan = execution_plan::timings::digest(plan.as_bytes());
    let known = [
        ("run", Some(outcome.run.clone())),
        ("revision", revision),
        ("stage", facts.stage.clone()),
        ("gpus", Some(gpus)),
        ("plan", Some(format!("sha256:{plan}"))),
    ];
    known.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// Appends the summary to the file that GitHub shows on the job's page, as far as there is room.
pub(super) fn append_summary(
    outcome: &RunOutcome,
    budgets: &[BudgetUse],
    exit: Exit,
    file: &Utf8Path,
) -> Result<(), Error> {
    let there = fs::metadata(file).map_or(0, |found| usize::try_from(found.len()).unwrap_or(usize::MAX));
    let text = job_summary::text(outcome, budgets, verdict(exit), job_summary::LIMIT.saturating_sub(there));
    let opened = OpenOptions::new().create(true).append(true).open(file);
    opened
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|source| Error::Target { path: file.to_owned(), source })
}

/// What the tests of a run did that ended so.
fn verdict(exit: Exit) -> &'static str {
    match exit {
        Exit::Success => "passed",
        Exit::Interrupted => "interrupted",
        Exit::NotReady => "not all run",
        Exit::OverBudget => "over budget",
        Exit::Failure | Exit::Usage | Exit::NothingSelected | Exit::Internal => "failed",
    }
}
