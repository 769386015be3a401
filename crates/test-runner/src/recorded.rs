//! Results of an earlier run, read from its `results.jsonl`.

use std::time::Duration;

use serde::Deserialize;
use test_catalog::NodeId;

use crate::NotRunCause;

/// One result as a file has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// The test's id.
    pub id: NodeId,
    /// What came of it.
    pub outcome: RecordedOutcome,
    /// Why it was skipped, failed as expected, or did not run; how it crashed.
    pub reason: Option<String>,
    /// What kind of thing kept it from running, where the file says.
    pub cause: Option<NotRunCause>,
    /// Whether it failed by a race that the policy names, and ran again.
    pub retried: bool,
    /// How long it took, with set-up and teardown.
    pub took: Duration,
    /// When it began, since the start of its run; `None` where the file does not say.
    pub start: Option<Duration>,
    /// The step that ran it; `None` where the file does not say.
    pub step: Option<u64>,
    /// The GPUs that it had.
    pub gpus: Vec<String>,
    /// What was said of a failure.
    pub message: String,
    /// The end of what it printed.
    pub output: String,
    /// The most memory of a GPU that it took, in bytes; `None` where that was not measured.
    pub vram_peak: Option<u64>,
}

/// What came of a test, without what [`Outcome`](crate::Outcome) knows beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordedOutcome {
    /// It passed.
    Passed,
    /// It failed.
    Failed,
    /// It decided not to run.
    Skipped,
    /// It failed as expected.
    #[serde(rename = "xfailed")]
    XFailed,
    /// It passed unexpectedly.
    #[serde(rename = "xpassed")]
    XPassed,
    /// It took longer than it may, and was ended.
    TimedOut,
    /// Its process ended while it ran.
    Crashed,
    /// It was planned and did not run.
    NotRun,
}

impl Recorded {
    /// Whether the run failed by it.
    #[must_use]
    pub fn fails_run(&self) -> bool {
        let kept = self.cause.filter(|_| self.outcome == RecordedOutcome::NotRun);
        (self.outcome.is_failure() && !self.retried) || kept.is_some_and(NotRunCause::fails_run)
    }
}

impl RecordedOutcome {
    /// Whether its time is what the test takes: it went through to its end.
    #[must_use]
    pub fn tells_time(self) -> bool {
        matches!(self, Self::Passed | Self::XPassed)
    }

    /// Whether a run fails by it.
    #[must_use]
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::TimedOut | Self::Crashed)
    }

    /// The outcome of that word; `None` for a word of a later release.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        use serde::de::IntoDeserializer;
        Self::deserialize(IntoDeserializer::<serde::de::value::Error>::into_deserializer(word)).ok()
    }

    /// The word for it, as in the file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::XFailed => "xfailed",
            Self::XPassed => "xpassed",
            Self::TimedOut => "timed-out",
            Self::Crashed => "crashed",
            Self::NotRun => "not-run",
        }
    }
}

/// A line that is no result.
#[derive(Debug, thiserror::Error)]
#[error("line {line} is no result of a run: {source}; name a `results.jsonl` that `test` wrote")]
pub struct RecordedError {
    /// The line, from 1.
    pub line: usize,
    /// Why not.
    #[source]
    pub source: serde_json::Error,
}

#[derive(Deserialize)]
struct Line {
    id: String,
    outcome: RecordedOutcome,
    reason: Option<String>,
    #[serde(default)]
    cause: Option<String>,
    #[serde(default)]
    retried: bool,
    duration_s: f64,
    #[serde(default)]
    start_s: Option<f64>,
    #[serde(default)]
    step: Option<u64>,
    #[serde(default)]
    gpus: Vec<String>,
    #[serde(default)]
    message: String,
    #[serde(default)]
    output: String,
    #[serde(default)]
    vram_peak_bytes: Option<u64>,
}

/// The results that the text of a file has, in its order. The last line of a run that was killed may be cut off: it is
/// passed over.
///
/// # Errors
/// Where any other line is no result.
pub fn read(text: &str) -> Result<Vec<Recorded>, RecordedError> {
    let mut results = Vec::new();
    for (index, line) in text.split_inclusive('\n').enumerate() {
        match serde_json::from_str::<Line>(line) {
            Ok(line) => results.push(Recorded {
                id: NodeId::from_text(line.id),
                outcome: line.outcome,
                reason: line.reason,
                cause: line.cause.as_deref().and_then(NotRunCause::from_word),
                retried: line.retried,
                // A time that is none says nothing, and costs nothing else.
                took: Duration::try_from_secs_f64(line.duration_s).unwrap_or_default(),
                start: line.start_s.and_then(|start| Duration::try_from_secs_f64(start).ok()),
                step: line.step,
                gpus: line.gpus,
                message: line.message,
                output: line.output,
                vram_peak: line.vram_peak_bytes,
            }),
            Err(_) if !line.ends_with('\n') => {}
            Err(_) if line.trim().is_empty() => {}
            Err(source) => return Err(RecordedError { line: index + 1, source }),
        }
    }
    Ok(results)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use execution_plan::{Capacity, PlanSettings, plan_demands};
    use test_catalog::Language;

    use super::*;
    use crate::{CaseResult, Outcome};

    fn result(outcome: Outcome) -> CaseResult {
        let capacity = Capacity { units: Vec::new(), cpu_slots: 1, headroom: 0.0, ..Capacity::default() };
        let plan = plan_demands(Vec::new(), capacity, &PlanSettings::default());
        let step = plan.steps().next().unwrap().id;
        CaseResult {
            id: NodeId::from_text("tests/test_a.py::test_a[x\n]"),
            occurrence: 0,
            round: 0,
            retried: false,
            usage: None,
            language: Language::Python,
            step,
            outcome,
            start: Duration::ZERO,
            duration: Duration::from_millis(1500),
            message: String::new(),
            output: "line\nline\n".to_owned(),
            output_file: None,
            vram_peak: None,
            gpus: Vec::new(),
        }
    }

    #[test]
    fn every_outcome_that_is_written_is_read_again() {
        let outcomes = [
            Outcome::Passed,
            Outcome::Failed,
            Outcome::Skipped { reason: "no GPU".to_owned() },
            Outcome::XFailed { reason: String::new() },
            Outcome::XPassed,
            Outcome::TimedOut { limit: Duration::from_secs(1) },
            Outcome::Crashed { how: "signal 11".to_owned() },
            Outcome::NotRun { cause: NotRunCause::Machine, reason: "no python".to_owned() },
            Outcome::NotRun { cause: NotRunCause::FailFast, reason: "an earlier test failed".to_owned() },
        ];
        let text: String = outcomes.iter().map(|outcome| crate::json::line(&result(outcome.clone()))).collect();
        let read = read(&text).unwrap();
        assert_eq!(read.len(), outcomes.len());
        for (recorded, outcome) in read.iter().zip(&outcomes) {
            assert_eq!(recorded.outcome.as_str(), outcome.as_str());
            assert_eq!(recorded.reason.as_deref(), outcome.reason());
            assert_eq!(recorded.cause, outcome.cause());
            assert_eq!(recorded.took, Duration::from_millis(1500));
            assert_eq!(recorded.id, result(Outcome::Passed).id);
        }
    }

    #[test]
    fn only_the_end_of_a_file_may_be_cut_off() {
        let line = crate::json::line(&result(Outcome::Passed));
        let cut = format!("{line}{}", &line[..20]);
        assert_eq!(read(&cut).unwrap().len(), 1);
        let broken = format!("{line}nonsense\n{line}");
        assert_eq!(read(&broken).unwrap_err().line, 2);
        assert_eq!(read("").unwrap(), []);
        let odd = line.replace("1.5", "-1e300");
        assert_eq!(read(&odd).unwrap()[0].took, Duration::ZERO);
    }
}
