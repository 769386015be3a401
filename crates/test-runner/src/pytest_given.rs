//! The files that one pytest process was given, and what it made of them.

use execution_plan::PlannedCase;

use crate::executor::Job;
use crate::pool::{FileCases, Left, Pool, Ticket};
use crate::pytest_end::NOTHING;
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
        let cause = match cause {
            "skipped" => return job.finished(result(job, file, case, Outcome::Skipped { reason })),
            "collection" => NotRunCause::Collection,
            "deselected" => NotRunCause::Deselected,
            _ => NotRunCause::Missing,
        };
        job.finished(not_run(job, file, case, cause, &reason));
    }

    /// What of it has no result, where it is this process's.
    pub(crate) fn rest(self) -> Option<FileCases<'p>> {
        match self.state {
            State::Mine(file) if !file.is_over() => Some(file),
            State::Mine(_) | State::Waiting(_) | State::Gone => None,
        }
    }
}

/// The result of a case of a file, in the file's round: the file may be that of a step which is in another one than this.
pub(crate) fn result(job: &Job<'_, '_>, file: &FileCases<'_>, case: usize, outcome: Outcome) -> CaseResult {
    let case = file.cases[case];
    CaseResult { round: file.round + job.before.tries(case), ..job.result(case, outcome) }
}

/// The same of one that did not run. Of a file that cannot be collected, `said` is all that pytest says of it: one line of that
/// is the reason.
pub(crate) fn not_run(
    job: &Job<'_, '_>,
    file: &FileCases<'_>,
    case: usize,
    cause: NotRunCause,
    said: &str,
) -> CaseResult {
    let is_all = matches!(cause, NotRunCause::Collection | NotRunCause::Usage);
    let reason = if is_all { headline(said) } else { said.to_owned() };
    let message = if is_all && reason != said { said.to_owned() } else { String::new() };
    CaseResult { message, ..result(job, file, case, Outcome::NotRun { cause, reason }) }
}

/// The exception that ends a file's traceback as pytest shows it; else the first line, which tells of a whole process.
fn headline(said: &str) -> String {
    let first = said.lines().next().unwrap_or_default();
    if first.starts_with(NOTHING) {
        return first.to_owned();
    }
    let shown = said.lines().filter_map(|line| line.trim_start().strip_prefix("E   "));
    let shown = shown.filter(|line| !line.starts_with(' '));
    let is_exception = |line: &&str| {
        let name = line.split(':').next().unwrap_or_default();
        !name.is_empty() && name.chars().all(|character| character.is_alphanumeric() || "._".contains(character))
    };
    match shown.clone().rfind(is_exception).or_else(|| shown.clone().next_back()) {
        Some(line) => format!("cannot be collected: {line}"),
        None => first.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::headline;

    #[test]
    fn one_line_says_why_a_file_cannot_be_collected() {
        for (said, expected) in [
            (
                "ImportError while importing test module 'a.py'.\nTraceback:\na.py:2: in <module>\n    import x\n\
                 E   ModuleNotFoundError: No module named 'x'",
                "cannot be collected: ModuleNotFoundError: No module named 'x'",
            ),
            (
                "E     File \"a.py\", line 1\nE       def (\nE           ^\nE   SyntaxError: invalid syntax",
                "cannot be collected: SyntaxError: invalid syntax",
            ),
            ("a.py:1: in <module>\nE   a.b.Odd: one\nE   and more: two", "cannot be collected: a.b.Odd: one"),
            ("a.py:1: in <module>\nE   assert 1 == 2", "cannot be collected: assert 1 == 2"),
            (
                "pytest collected nothing (exit code 4): no such option\nE   ValueError: other",
                "pytest collected nothing (exit code 4): no such option",
            ),
            ("one\ntwo", "one"),
            ("", ""),
        ] {
            assert_eq!(headline(said), expected, "{said}");
        }
    }
}
