//! What a run writes: itself, its results as they come, its end.

use std::time::Duration;

use camino::Utf8PathBuf;
use execution_plan::StepId;
use rusqlite::config::DbConfig;
use rusqlite::{CachedStatement, Statement, params};
use serde::{Deserialize, Serialize};
use test_catalog::{Language, NodeId};

use super::{HistoryError, RunFacts, RunState, Store};
use crate::{CaseResult, CaseUsage, NotRunCause, Outcome};

/// Adds a result. Of two of one name the first is kept: it was told.
const INSERT: &str = "
    INSERT INTO results (run, id, occurrence, attempt, outcome, seconds, gpu_class, vram_peak, detail, cpu_seconds, memory_peak)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (run, id, occurrence, attempt) DO NOTHING";

/// What only showing a result again needs. What is not there is not written: most tests pass and say nothing.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Detail {
    rust: bool,
    start_s: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit_s: Option<f64>,
    #[serde(skip_serializing_if = "String::is_empty")]
    message: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    output: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_file: Option<Utf8PathBuf>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gpus: Vec<String>,
    /// It runs again, and this result does not count for its run's end.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    retried: bool,
}

impl Store {
    /// Begins a run; `resumes` is the one that it continues.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn begin(
        &self,
        run: &str,
        started_ms: i64,
        facts: &RunFacts,
        resumes: Option<&str>,
    ) -> Result<(), HistoryError> {
        let arguments = serde_json::Value::from(facts.arguments.clone()).to_string();
        let RunFacts { revision, clean, machine, stage, selection, .. } = facts;
        let state = RunState::Running.as_str();
        self.connection
            .execute(
                "INSERT INTO runs (id, started_ms, revision, clean, machine, arguments, stage, selection, state, resumes)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                params![run, started_ms, revision, clean, machine, arguments, stage, selection, state, resumes],
            )
            .map(drop)
            .map_err(|error| self.failed(error))
    }

    /// Adds a result, which is kept when this returns. `gpu_class` is the model of the GPUs that it had.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn add(&self, run: &str, result: &CaseResult, gpu_class: &str) -> Result<(), HistoryError> {
        let add = |mut statement: CachedStatement<'_>| insert(&mut statement, run, result, gpu_class);
        self.connection.prepare_cached(INSERT).and_then(add).map_err(|error| self.failed(error))
    }

    /// The same for several results with the GPUs of each, in one transaction: it costs little more than that of one.
    ///
    /// # Errors
    /// Where they cannot be written; then none of them is kept.
    pub fn add_all<'r>(
        &self,
        run: &str,
        results: impl IntoIterator<Item = (&'r CaseResult, String)>,
    ) -> Result<(), HistoryError> {
        let add = || {
            let transaction = self.connection.unchecked_transaction()?;
            let mut statement = transaction.prepare_cached(INSERT)?;
            for (result, gpu_class) in results {
                insert(&mut statement, run, result, &gpu_class)?;
            }
            drop(statement);
            transaction.commit()
        };
        add().map_err(|error| self.failed(error))
    }

    /// Says how a run ended. The log is left as it is: writing it back waits for the disk, and who opens the store for the next run
    /// has the time for it while that builds.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn end(&self, run: &str, state: RunState) -> Result<(), HistoryError> {
        let end = || {
            self.connection.execute("UPDATE runs SET state = ? WHERE id = ?", params![state.as_str(), run])?;
            self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map(drop)
        };
        end().map_err(|error| self.failed(error))
    }

    /// The results of a run with all that they said, those of tests that ran, in the order in which they began. `step` is
    /// the step of the new plan that they count as.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn results(&self, run: &str, step: StepId) -> Result<Vec<CaseResult>, HistoryError> {
        let read = || {
            let mut statement = self.connection.prepare(
                "SELECT id, occurrence, attempt, outcome, seconds, detail, vram_peak, cpu_seconds, memory_peak
                 FROM results WHERE run = ? AND detail NOT NULL",
            )?;
            let rows = statement.query_map([run], |row| {
                let (id, outcome, detail): (String, String, String) = (row.get(0)?, row.get(3)?, row.get(5)?);
                let (occurrence, round, seconds): (u32, u32, f64) = (row.get(1)?, row.get(2)?, row.get(4)?);
                let (vram_peak, peak_memory): (Option<i64>, Option<i64>) = (row.get(6)?, row.get(8)?);
                let peak_memory = peak_memory.and_then(|bytes| u64::try_from(bytes).ok());
                let processor: Option<f64> = row.get(7)?;
                let usage = processor.map(|seconds| CaseUsage { processor_time: time(seconds), peak_memory });
                let Ok(detail) = serde_json::from_str::<Detail>(&detail) else { return Ok(None) };
                Ok(detail.outcome(&outcome).map(|outcome| CaseResult {
                    id: NodeId::from_text(id),
                    occurrence,
                    round,
                    language: if detail.rust { Language::Rust } else { Language::Python },
                    step,
                    outcome,
                    start: time(detail.start_s),
                    duration: time(seconds),
                    message: detail.message,
                    output: detail.output,
                    output_file: detail.output_file,
                    vram_peak: vram_peak.and_then(|bytes| u64::try_from(bytes).ok()),
                    gpus: detail.gpus,
                    retried: detail.retried,
                    usage,
                }))
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        let mut results: Vec<CaseResult> = read().map_err(|error| self.failed(error))?.into_iter().flatten().collect();
        // What a plugin ran again began at one moment.
        results.sort_by(|a, b| (a.start, &a.id, a.occurrence, a.round).cmp(&(b.start, &b.id, b.occurrence, b.round)));
        Ok(results)
    }
}

fn insert(statement: &mut Statement<'_>, run: &str, result: &CaseResult, gpu_class: &str) -> rusqlite::Result<()> {
    let detail = serde_json::to_string(&Detail::of(result)).unwrap_or_default();
    statement
        .execute(params![
            run,
            result.id.as_str(),
            result.occurrence,
            result.round,
            result.outcome.as_str(),
            result.duration.as_secs_f64(),
            gpu_class,
            result.vram_peak.and_then(|bytes| i64::try_from(bytes).ok()),
            detail,
            result.usage.map(|usage| usage.processor_time.as_secs_f64()),
            result.usage.and_then(|usage| usage.peak_memory).and_then(|bytes| i64::try_from(bytes).ok())
        ])
        .map(drop)
}

fn time(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

impl Detail {
    fn of(result: &CaseResult) -> Self {
        Self {
            rust: result.language == Language::Rust,
            start_s: result.start.as_secs_f64(),
            reason: result.outcome.reason().map(str::to_owned),
            cause: result.outcome.cause().map(|cause| cause.as_str().to_owned()),
            limit_s: match &result.outcome {
                Outcome::TimedOut { limit } => Some(limit.as_secs_f64()),
                _ => None,
            },
            message: result.message.clone(),
            output: result.output.clone(),
            output_file: result.output_file.clone(),
            gpus: result.gpus.clone(),
            retried: result.retried,
        }
    }

    /// `None` for what did not run, and for a word that this release does not know: such a test runs again.
    fn outcome(&self, word: &str) -> Option<Outcome> {
        let reason = || self.reason.clone().unwrap_or_default();
        Some(match word {
            "passed" => Outcome::Passed,
            "failed" => Outcome::Failed,
            "skipped" => Outcome::Skipped { reason: reason() },
            "xfailed" => Outcome::XFailed { reason: reason() },
            "xpassed" => Outcome::XPassed,
            "timed-out" => Outcome::TimedOut { limit: time(self.limit_s.unwrap_or_default()) },
            "crashed" => Outcome::Crashed { how: reason() },
            "not-run" if self.cause.as_deref() == Some(NotRunCause::Deselected.as_str()) => {
                Outcome::NotRun { cause: NotRunCause::Deselected, reason: reason() }
            }
            _ => return None,
        })
    }
}
