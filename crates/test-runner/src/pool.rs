//! Tests of the CPU that no pytest process has begun, file by file: a process that is done with its own takes over files
//! of others.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use camino::Utf8PathBuf;
use execution_plan::{PlannedCase, Step, StepId};
use test_catalog::TreePath;

/// What a file has to be expected to take that a process is started to take it over.
const WORTH_A_PROCESS: Duration = Duration::from_millis(500);

/// The planned tests of one file in one round, and how far they are.
pub(crate) struct FileCases<'p> {
    pub(crate) cases: Vec<&'p PlannedCase>,
    pub(crate) round: u32,
    /// The cases that have all their results.
    pub(crate) over: HashSet<usize>,
    /// The tests that have a result; pytest may make several of an inexact case.
    pub(crate) done: HashSet<(String, u32)>,
    /// The conftests around the file that work only where pytest reads them when it starts.
    pub(crate) early: Vec<Utf8PathBuf>,
}

impl<'p> FileCases<'p> {
    /// The cases of each file, in the order of the files' first cases.
    pub(crate) fn of(step: &'p Step, round: u32, early: impl Fn(&TreePath) -> Vec<Utf8PathBuf>) -> Vec<Self> {
        let mut files: Vec<Self> = Vec::new();
        let mut known: HashMap<&TreePath, usize> = HashMap::new();
        for case in &step.cases {
            let at = *known.entry(&case.file).or_insert_with(|| {
                let early = early(&case.file);
                let (over, done) = (HashSet::new(), HashSet::new());
                files.push(Self { cases: Vec::new(), round, over, done, early });
                files.len() - 1
            });
            files[at].cases.push(case);
        }
        files
    }

    /// The file's own name: modules of one name can shadow each other in one process.
    pub(crate) fn name(&self) -> &'p str {
        self.cases.first().map_or("", |case| case.file.file_name())
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.len() == self.cases.len()
    }

    fn expected(&self) -> Duration {
        self.cases.iter().map(|case| case.estimate.duration).sum()
    }
}

/// A file in the pool, as its process names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

/// What a process can take over.
pub(crate) struct Taker<'t> {
    pub(crate) step: StepId,
    pub(crate) env: &'t [(String, String)],
    /// The names of the files that it was given; `None` where it would be started for what it takes.
    pub(crate) process: Option<(&'t HashSet<&'t str>, &'t [Utf8PathBuf])>,
}

/// Tests that no process has begun, by the step whose process is to run them.
#[derive(Default)]
pub(crate) struct Pool<'p> {
    lines: Mutex<Lines<'p>>,
}

#[derive(Default)]
struct Lines<'p> {
    last: u64,
    by_step: HashMap<StepId, Line<'p>>,
}

struct Line<'p> {
    env: &'p [(String, String)],
    files: VecDeque<(Ticket, FileCases<'p>)>,
}

impl<'p> Pool<'p> {
    /// Adds files in front of those that a step has left.
    pub(crate) fn add(&self, step: &'p Step, files: Vec<FileCases<'p>>) {
        let mut lines = self.lock();
        lines.add(step.id, &step.env, files);
    }

    /// What a step has left, without taking it out: a process collects all of it, and claims each file when it begins it.
    pub(crate) fn left(&self, step: StepId) -> Vec<(Ticket, Vec<&'p PlannedCase>, Left)> {
        let lines = self.lock();
        let files = lines.by_step.get(&step).into_iter().flat_map(|line| &line.files);
        files
            .map(|(ticket, file)| {
                let left = Left { over: file.over.clone(), done: file.done.clone(), early: file.early.clone() };
                (*ticket, file.cases.clone(), left)
            })
            .collect()
    }

    /// Takes a file out, to be begun; `None` where another process has it.
    pub(crate) fn claim(&self, step: StepId, ticket: Ticket) -> Option<FileCases<'p>> {
        let mut lines = self.lock();
        let files = &mut lines.by_step.get_mut(&step)?.files;
        let at = files.iter().position(|(known, _)| *known == ticket)?;
        files.remove(at).map(|(_, file)| file)
    }

    /// Moves half of what another step has left to the taker's step, from the end; false where there is nothing for it.
    /// Who has most to do gives.
    pub(crate) fn take_over(&self, taker: &Taker<'_>) -> bool {
        let mut lines = self.lock();
        let length = |line: &Line<'_>| line.files.iter().map(|(_, file)| file.expected()).sum::<Duration>();
        let from = lines
            .by_step
            .iter()
            .filter(|(step, line)| **step != taker.step && line.env == taker.env)
            .filter(|(_, line)| line.files.iter().any(|(_, file)| taker.takes(file)))
            // The last file of a step is left to its process, which may be about to begin it: two that start for each
            // other's would go on for ever.
            .filter(|(_, line)| taker.process.is_some() || (line.files.len() > 1 && length(line) >= WORTH_A_PROCESS))
            .max_by_key(|(step, line)| (length(line), **step))
            .map(|(step, _)| *step);
        let Some(line) = from.and_then(|from| lines.by_step.get_mut(&from)) else { return false };
        let (env, half) = (line.env, line.files.len().div_ceil(2));
        let mut names: HashSet<&str> = HashSet::new();
        let mut taken = Vec::new();
        for at in (0..line.files.len()).rev() {
            let (_, file) = &line.files[at];
            if taken.len() < half && taker.takes(file) && names.insert(file.name()) {
                taken.extend(line.files.remove(at).map(|(_, file)| file));
            }
        }
        taken.reverse();
        let found = !taken.is_empty();
        lines.add(taker.step, env, taken);
        found
    }

    /// Takes out all that a step has left: it will not be run.
    pub(crate) fn give_up(&self, step: StepId) -> Vec<FileCases<'p>> {
        let line = self.lock().by_step.remove(&step);
        line.into_iter().flat_map(|line| line.files).map(|(_, file)| file).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Lines<'p>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a file in the pool still needs.
pub(crate) struct Left {
    pub(crate) over: HashSet<usize>,
    pub(crate) done: HashSet<(String, u32)>,
    pub(crate) early: Vec<Utf8PathBuf>,
}

impl<'p> Lines<'p> {
    fn add(&mut self, step: StepId, env: &'p [(String, String)], files: Vec<FileCases<'p>>) {
        let line = self.by_step.entry(step).or_insert_with(|| Line { env, files: VecDeque::new() });
        for file in files.into_iter().rev() {
            self.last += 1;
            line.files.push_front((Ticket(self.last), file));
        }
    }
}

impl Taker<'_> {
    fn takes(&self, file: &FileCases<'_>) -> bool {
        self.process.is_none_or(|(names, early)| {
            !names.contains(file.name()) && file.early.iter().all(|conftest| early.contains(conftest))
        })
    }
}
