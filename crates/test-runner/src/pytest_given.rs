//! The files that one pytest process was given, and what it made of them.

use execution_plan::PlannedCase;

use crate::executor::Job;
use crate::pool::{FileCases, Left, Pool, Ticket};
use crate::{CaseResult, NotRunCause, Outcome};

/// A file that a process was given to collect.
pub(crate) struct Given<'p> {
    pub(crate) cases: Vec<&'p PlannedCase>,
    left: Left,
    state: State<'p>,
    /// Cases without a test: told once the file is claimed.
    absent: Vec<(usize, String, String)>,
}

enum State<'p> {
    /// Any process may still begin it.
    Waiting(Ticket),
    Mine(FileCases<'p>),
    /// Another process has it.
    Gone,
}

impl<'p> Given<'p> {
    pub(crate) fn waiting(ticket: Ticket, cases: Vec<&'p PlannedCase>, left: Left) -> Self {
        Self { cases, left, state: State::Waiting(ticket), absent: Vec::new() }
    }

    /// One that no other process may begin.
    pub(crate) fn own(file: FileCases<'p>) -> Self {
        let left = Left { over: file.over.clone(), done: file.done.clone() };
        Self { cases: file.cases.clone(), left, state: State::Mine(file), absent: Vec::new() }
    }

    pub(crate) fn left(&self) -> &Left {
        &self.left
    }

    /// Its state, once it is claimed.
    pub(crate) fn mine(&mut self) -> Option<&mut FileCases<'p>> {
        match &mut self.state {
            State::Mine(file) => Some(file),
            State::Waiting(_) | State::Gone => None,
        }
    }

    /// Takes it out of the pool; whether it is this process's to run.
    pub(crate) fn claim(&mut self, job: &Job<'p, '_>, pool: &Pool<'p>) -> bool {
        if let State::Waiting(ticket) = self.state {
            self.state = pool.claim(job.step.id, ticket).map_or(State::Gone, State::Mine);
            for (case, cause, reason) in std::mem::take(&mut self.absent) {
                self.tell_absent(job, case, &cause, reason);
            }
        }
        matches!(self.state, State::Mine(_))
    }

    /// pytest has no test of a case.
    pub(crate) fn absent(&mut self, job: &Job<'_, '_>, case: usize, cause: String, reason: String) {
        match self.state {
            State::Waiting(_) => self.absent.push((case, cause, reason)),
            State::Mine(_) => self.tell_absent(job, case, &cause, reason),
            State::Gone => {}
        }
    }

    fn tell_absent(&mut self, job: &Job<'_, '_>, case: usize, cause: &str, reason: String) {
        let State::Mine(file) = &mut self.state else { return };
        if !file.over.insert(case) {
            return;
        }
        let outcome = match cause {
            "skipped" => Outcome::Skipped { reason },
            "collection" => Outcome::NotRun { cause: NotRunCause::Collection, reason },
            "deselected" => Outcome::NotRun { cause: NotRunCause::Deselected, reason },
            _ => Outcome::NotRun { cause: NotRunCause::Missing, reason },
        };
        job.finished(result(job, file, case, outcome));
    }

    /// What of it has no result, where it is this process's.
    pub(crate) fn rest(self) -> Option<FileCases<'p>> {
        match self.state {
            State::Mine(file) if !file.is_over() => Some(file),
            State::Mine(_) | State::Waiting(_) | State::Gone => None,
        }
    }
}

/// The result of a case of a file, in the file's round.
pub(crate) fn result(job: &Job<'_, '_>, file: &FileCases<'_>, case: usize, outcome: Outcome) -> CaseResult {
    CaseResult { round: file.round, ..job.result(file.cases[case], outcome) }
}
