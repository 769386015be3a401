//! Failures that are tried again: those of GPU tests that the policy knows for start-up races, by what they print.

use std::collections::HashSet;
use std::fs;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use execution_plan::StepKind;
use regex::{RegexSet, RegexSetBuilder};
use test_catalog::NodeId;

use crate::clock::Instant;
use crate::executor::Job;
use crate::process::TICK;
use crate::stop::StopSignal;
use crate::{CaseResult, Outcome};

/// How large the expressions may become when they are compiled, in bytes.
const SIZE_LIMIT: usize = 16 << 20;
/// A file of what a test printed is looked through up to here, in bytes: it has no more by what keeps it.
const LARGEST: u64 = 4 << 20;
/// The longest pause.
const LONGEST: Duration = Duration::from_mins(10);

/// Which failures are tried again, and how.
#[derive(Debug, Clone)]
pub struct Retry {
    output: RegexSet,
    times: u32,
    pause: Duration,
}

impl Retry {
    /// Failures in whose output one of these regular expressions matches are tried again, so often at most; the pause before
    /// it doubles from time to time, up to ten minutes.
    ///
    /// # Errors
    /// What is wrong with an expression.
    pub fn new(output: &[impl AsRef<str>], times: u32, pause: Duration) -> Result<Self, String> {
        let output = RegexSetBuilder::new(output).size_limit(SIZE_LIMIT).build().map_err(|error| error.to_string())?;
        Ok(Self { output, times, pause })
    }

    /// Whether this failure is one of those. A test that took too long may have waited for anything.
    fn knows(&self, result: &CaseResult) -> bool {
        if !matches!(result.outcome, Outcome::Failed | Outcome::Crashed { .. }) {
            return false;
        }
        let file = result.output_file.as_ref();
        let small = file.filter(|file| fs::metadata(file).is_ok_and(|found| found.len() <= LARGEST));
        let printed = small.and_then(|file| fs::read(file).ok()).unwrap_or_default();
        [result.message.as_str(), &result.output, &String::from_utf8_lossy(&printed)]
            .into_iter()
            .any(|text| self.output.is_match(text))
    }
}

/// The tries of a step.
pub(crate) struct Tries<'r> {
    /// `None` where nothing is tried again.
    retry: Option<&'r Retry>,
    /// How many of its test were over before the run that this one continues was killed.
    before: u32,
    /// How many were begun after the first.
    begun: u32,
    told: Mutex<Told>,
}

/// What its results so far say.
#[derive(Default)]
struct Told {
    /// Whether a failure is tried again.
    wanted: bool,
    /// The number behind those of all results: what a plugin of the tree runs again has numbers of its own.
    next: u32,
    /// Tests that are not tried again: pytest may make several of an inexact one.
    over: HashSet<(NodeId, u32)>,
}

impl<'r> Tries<'r> {
    /// Of a step. Where tests are repeated anyway, that tells more than trying again.
    pub(crate) fn of(job: &Job<'_, 'r>, rounds: u32) -> Self {
        let step = job.step;
        let is_of_gpu = step.kind == StepKind::PythonGpu && !step.claim.gpus.is_empty();
        let retry = job.settings.retry.as_ref().filter(|_| is_of_gpu && rounds == 1);
        // A test that needs a GPU has a step to itself.
        let before = step.cases.first().map_or(0, |case| job.before.tries(case));
        Self { retry, before, begun: before, told: Mutex::default() }
    }

    /// Whether the test of this result runs again.
    pub(crate) fn takes(&self, result: &CaseResult, stop: &StopSignal) -> bool {
        let Some(retry) = self.retry else { return false };
        let takes = self.begun < retry.times && retry.knows(result) && !stop.is_raised();
        let mut told = self.told();
        told.wanted |= takes;
        told.next = told.next.max(result.round + 1);
        if !takes {
            told.over.insert((result.id.clone(), result.occurrence));
        }
        takes
    }

    /// The tests of the step that are not tried again, as far as it had results.
    pub(crate) fn over(&self) -> HashSet<(NodeId, u32)> {
        self.told().over.clone()
    }

    /// Waits until the next try, and gives its number; `None` where there is none. A run that stops does not wait, and has one all
    /// the same: it tells why the test did not run again.
    pub(crate) fn next(&mut self, stop: &StopSignal) -> Option<u32> {
        let retry = self.retry?;
        let next = {
            let mut told = self.told();
            std::mem::take(&mut told.wanted).then_some(told.next)?
        };
        let factor = 1_u32.checked_shl(self.begun).unwrap_or(u32::MAX);
        let (pause, since) = (retry.pause.saturating_mul(factor).min(LONGEST), Instant::now());
        while since.elapsed() < pause && !stop.is_raised() {
            std::thread::sleep(TICK);
        }
        self.begun += 1;
        // A result adds what was before by itself.
        Some(next - self.before)
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
