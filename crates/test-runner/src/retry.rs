//! Failures that are tried again: those of GPU tests that the policy knows for start-up races, by what they print.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use execution_plan::{Step, StepKind};
use regex::{RegexSet, RegexSetBuilder};

use crate::clock::Instant;
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
    /// How many were begun after the first.
    begun: u32,
    /// Whether a failure of this one is tried again.
    wanted: AtomicBool,
}

impl<'r> Tries<'r> {
    /// Of a step. Where tests are repeated anyway, that tells more than trying again.
    pub(crate) fn of(retry: Option<&'r Retry>, step: &Step, rounds: u32) -> Self {
        let is_of_gpu = step.kind == StepKind::PythonGpu && !step.claim.gpus.is_empty();
        Self { retry: retry.filter(|_| is_of_gpu && rounds == 1), begun: 0, wanted: AtomicBool::new(false) }
    }

    /// Whether the test of this result runs again.
    pub(crate) fn takes(&self, result: &CaseResult, stop: &StopSignal) -> bool {
        let takes = self.retry.is_some_and(|retry| self.begun < retry.times && retry.knows(result));
        let takes = takes && !stop.is_raised();
        self.wanted.fetch_or(takes, Ordering::SeqCst);
        takes
    }

    /// Waits until the next try; `false` where there is none. A run that stops does not wait, and has one all the same: it tells
    /// why the test did not run again.
    pub(crate) fn next(&mut self, stop: &StopSignal) -> bool {
        let Some(retry) = self.retry.filter(|_| self.wanted.swap(false, Ordering::SeqCst)) else { return false };
        let factor = 1_u32.checked_shl(self.begun).unwrap_or(u32::MAX);
        let (pause, since) = (retry.pause.saturating_mul(factor).min(LONGEST), Instant::now());
        while since.elapsed() < pause && !stop.is_raised() {
            std::thread::sleep(TICK);
        }
        self.begun += 1;
        true
    }
}
