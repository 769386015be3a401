//! What a run tells while it goes on, and what it hands over at its end.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::time::Duration;

use camino::Utf8PathBuf;
use execution_plan::StepId;
use test_catalog::{Language, NodeId};

use crate::coverage::Coverage;
use crate::shim::Usage;

/// Something that happened, in the order in which it happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The run begins.
    RunStarted {
        /// The run's id, which names its folder.
        run: String,
        /// Where results and outputs are written.
        folder: Utf8PathBuf,
        /// How many tests are planned, an inexact function counting as one.
        cases: usize,
    },
    /// A step begins.
    StepStarted {
        /// The step.
        step: StepId,
        /// Since the start of the run.
        at: Duration,
        /// The GPUs that it has, as in `CUDA_VISIBLE_DEVICES`: not always those that it was planned on.
        gpus: Vec<String>,
    },
    /// A test begins. Tests of a Rust binary that run side by side are not announced.
    CaseStarted {
        /// The step that it is part of.
        step: StepId,
        /// Its id.
        id: NodeId,
        /// Which of the cases with this id.
        occurrence: u32,
        /// Since the start of the run.
        at: Duration,
    },
    /// A test is over. Its result is on disk already, unless a warning said that results cannot be kept.
    CaseFinished(CaseResult),
    /// A step is over.
    StepFinished(StepResult),
    /// The run was asked to stop: running tests are ended, no others are started.
    Interrupted {
        /// Whether it was asked more than once, so that nothing is waited for.
        at_once: bool,
    },
    /// Something that people should know, such as a result that could not be written.
    Warning(String),
}

/// One test's result.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseResult {
    /// Its id. Of an inexact function each test that pytest made of it has a result.
    pub id: NodeId,
    /// Which of the cases with this id.
    pub occurrence: u32,
    /// Of `--repeat`: the round, from 0. Of a test that is tried again: the try, from 0, by whomever.
    pub round: u32,
    /// Whether it failed by what the policy knows for a start-up race, and runs again: the run does not fail by this result.
    pub retried: bool,
    /// The language it is written in.
    pub language: Language,
    /// The step that ran it.
    pub step: StepId,
    /// What came of it.
    pub outcome: Outcome,
    /// When it began, since the start of the run.
    pub start: Duration,
    /// How long it took, with set-up and teardown.
    pub duration: Duration,
    /// What pytest, libtest or the compiler says of a failure, or of a file that cannot be collected; empty where there is nothing
    /// to say.
    pub message: String,
    /// The end of what the test printed, where it did not pass or output was asked for.
    pub output: String,
    /// The file with what it printed, bounded in size; `None` where it printed nothing.
    pub output_file: Option<Utf8PathBuf>,
    /// The most GPU memory that was in use while it ran beyond what was before the run, on all its GPUs together, in bytes. Where
    /// other tests had its GPUs, too, what its own processes had; `None` where nothing was measured, or that is not known.
    pub vram_peak: Option<u64>,
    /// The GPUs that it had, as in `CUDA_VISIBLE_DEVICES`.
    pub gpus: Vec<String>,
    /// What it took of processors and memory; `None` where that is not known: its process was ended, or ran other tests
    /// beside it.
    pub usage: Option<CaseUsage>,
}

/// What a test took, with set-up and teardown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CaseUsage {
    /// Time on processors, in its process and in those programs that this waited for, in all their threads.
    pub processor_time: Duration,
    /// The most memory that its process held while it ran (resident set, in bytes), what was there before the test included, and
    /// programs that it started not. `None` where the system does not tell.
    pub peak_memory: Option<u64>,
}

impl CaseResult {
    /// Whether the run fails by it.
    #[must_use]
    pub fn fails_run(&self) -> bool {
        self.outcome.is_failure() && !self.retried
    }
}

/// What came of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It passed.
    Passed,
    /// It failed, in its body, its set-up or its teardown.
    Failed,
    /// It decided not to run.
    Skipped {
        /// Its reason.
        reason: String,
    },
    /// It failed, as its `xfail` says that it does.
    XFailed {
        /// The reason that `xfail` gives.
        reason: String,
    },
    /// It passed, although its `xfail` says that it fails; a strict one is [`Outcome::Failed`].
    XPassed,
    /// It took longer than it may, and was ended.
    TimedOut {
        /// How long it may take.
        limit: Duration,
    },
    /// Its process ended while it ran.
    Crashed {
        /// How, such as `signal 11 (SIGSEGV)` or `exit code 3`.
        how: String,
    },
    /// It was planned and did not run.
    NotRun {
        /// What kind of thing kept it.
        cause: NotRunCause,
        /// Why, as a fragment.
        reason: String,
    },
}

/// What kind of thing kept a planned test from running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotRunCause {
    /// pytest failed to collect its file, or the binary could not say what it holds: an author has to act.
    Collection,
    /// pytest takes an argument of the person or of its configuration for wrong, and runs nothing.
    Usage,
    /// The real tool knows no such test: reading the tree was wrong, or the tree changed.
    Missing,
    /// The real tool's own `-m` and `-k`, or a hook of the tree, left it out.
    Deselected,
    /// What runs it could not be prepared on this machine.
    Machine,
    /// The run was interrupted.
    Interrupted,
    /// An earlier test failed, and `--fail-fast` was given.
    FailFast,
    /// pytest ended before it, such as by `--maxfail`, or the step's time was up.
    Stopped,
}

impl NotRunCause {
    /// Whether the run fails by it: an author has to act, which neither the machine nor whoever stopped the run can.
    #[must_use]
    pub fn fails_run(self) -> bool {
        matches!(self, Self::Collection | Self::Usage | Self::Missing | Self::Stopped)
    }

    /// The cause of that word; `None` for a word of a later release.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        let all = [
            Self::Collection,
            Self::Usage,
            Self::Missing,
            Self::Deselected,
            Self::Machine,
            Self::Interrupted,
            Self::FailFast,
            Self::Stopped,
        ];
        all.into_iter().find(|cause| cause.as_str() == word)
    }

    /// The word for it in output for other tools.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Collection => "collection",
            Self::Usage => "usage",
            Self::Missing => "missing",
            Self::Deselected => "deselected",
            Self::Machine => "machine",
            Self::Interrupted => "interrupted",
            Self::FailFast => "fail-fast",
            Self::Stopped => "stopped",
        }
    }
}

impl Outcome {
    /// The word for it in output for other tools: `passed`, `timed-out`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Skipped { .. } => "skipped",
            Self::XFailed { .. } => "xfailed",
            Self::XPassed => "xpassed",
            Self::TimedOut { .. } => "timed-out",
            Self::Crashed { .. } => "crashed",
            Self::NotRun { .. } => "not-run",
        }
    }

    /// Whether the run fails by it.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Failed | Self::TimedOut { .. } | Self::Crashed { .. })
    }

    /// Whether it was run, to whatever end.
    #[must_use]
    pub fn has_run(&self) -> bool {
        !matches!(self, Self::NotRun { .. })
    }

    /// What kind of thing kept it from running; `None` where it ran, to whatever end.
    #[must_use]
    pub fn cause(&self) -> Option<NotRunCause> {
        match self {
            Self::NotRun { cause, .. } => Some(*cause),
            _ => None,
        }
    }

    /// Why it was skipped, failed as expected, or did not run; how it crashed.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Skipped { reason } | Self::XFailed { reason } | Self::NotRun { reason, .. } => Some(reason),
            Self::Crashed { how } => Some(how),
            Self::Passed | Self::Failed | Self::XPassed | Self::TimedOut { .. } => None,
        }
    }
}

/// Such as `passed`, `timed out after 30 s`, `not run: needs 2 GPUs, 1 visible`.
impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => formatter.write_str("passed"),
            Self::Failed => formatter.write_str("failed"),
            Self::Skipped { reason } => write!(formatter, "skipped: {reason}"),
            Self::XFailed { reason } if reason.is_empty() => formatter.write_str("failed as expected"),
            Self::XFailed { reason } => write!(formatter, "failed as expected: {reason}"),
            Self::XPassed => formatter.write_str("passed unexpectedly"),
            Self::TimedOut { limit } => write!(formatter, "timed out after {:.0} s", limit.as_secs_f64()),
            Self::Crashed { how } => write!(formatter, "crashed: {how}"),
            Self::NotRun { reason, .. } => write!(formatter, "not run: {reason}"),
        }
    }
}

/// One step's end.
#[derive(Debug, Clone, PartialEq)]
pub struct StepResult {
    /// The step.
    pub step: StepId,
    /// When it began, since the start of the run.
    pub start: Duration,
    /// How long it took.
    pub duration: Duration,
    /// Why it could not do its work, such as a failed build; `None` where it could, whatever its tests gave.
    pub error: Option<String>,
    /// What its processes took, with all that they started; `None` where nothing told it.
    pub usage: Option<Usage>,
}

/// Everything that came of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunOutcome {
    /// The run's id, which names its folder.
    pub run: String,
    /// Where results and outputs were written.
    pub folder: Utf8PathBuf,
    /// The tests' results, in the order in which they were finished, those that did not run at the end.
    pub results: Vec<CaseResult>,
    /// The steps that ran, in the order in which they ended.
    pub steps: Vec<StepResult>,
    /// Tests that this machine cannot run, as the plan says.
    pub refused: Vec<execution_plan::NotRun>,
    /// How long it all took.
    pub wall: Duration,
    /// Whether it was interrupted: the exit code is 130.
    pub interrupted: bool,
    /// What people should know, each told as an event as well.
    pub warnings: Vec<String>,
    /// How many of the results are of the interrupted run that this one continues; they come first.
    pub earlier: usize,
    /// Why not all results are on disk; `None` where they are. The run went on with all of them in memory.
    pub not_kept: Option<String>,
    /// Which lines the tests ran; `None` where that was not asked for.
    pub coverage: Option<Coverage>,
    /// The tests that ran, and that passed and failed on the tree's revision, with how often each in all runs of it together. None
    /// where the tree is not just that revision.
    pub flaky_on_revision: BTreeMap<(NodeId, u32), Both>,
}

/// How often a flaky test passed and failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Both {
    /// How often it passed.
    pub passed: u32,
    /// How often it failed, timed out or crashed.
    pub failed: u32,
}

/// Such as `passed 2 of 3 times`.
impl fmt::Display for Both {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "passed {} of {} times", self.passed, self.passed + self.failed)
    }
}

impl RunOutcome {
    /// Whether any test failed, timed out or crashed, and was not tried again.
    #[must_use]
    pub fn has_failures(&self) -> bool {
        self.results.iter().any(CaseResult::fails_run)
    }

    /// Results of planned tests that did not run.
    pub fn not_run(&self) -> impl Iterator<Item = &CaseResult> {
        self.results.iter().filter(|result| !result.outcome.has_run())
    }

    /// The tests that passed and failed in this run, with how often each: a test is the same in all rounds.
    #[must_use]
    pub fn flaky(&self) -> BTreeMap<(&NodeId, u32), Both> {
        let mut tests: BTreeMap<(&NodeId, u32), Both> = BTreeMap::new();
        for result in &self.results {
            let both = tests.entry((&result.id, result.occurrence)).or_default();
            match &result.outcome {
                outcome if outcome.is_failure() => both.failed += 1,
                Outcome::Passed | Outcome::XPassed => both.passed += 1,
                _ => {}
            }
        }
        tests.retain(|_, both| both.passed > 0 && both.failed > 0);
        tests
    }

    /// The results of tests that ran, the slowest first; of a test that ran several times the slowest alone.
    #[must_use]
    pub fn slowest(&self, count: usize) -> Vec<&CaseResult> {
        let mut results: Vec<_> = self.results.iter().filter(|result| result.outcome.has_run()).collect();
        results.sort_by(|a, b| b.duration.cmp(&a.duration).then_with(|| a.id.cmp(&b.id)));
        let mut named = HashSet::new();
        results.retain(|result| named.insert((&result.id, result.occurrence)));
        results.truncate(count);
        results
    }
}
