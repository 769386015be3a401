//! The history as a document, for machines that do not last: what one exports, another merges.

use std::collections::BTreeMap;

use rusqlite::params;
use serde::{Deserialize, Serialize};

use super::{HistoryError, RunState, Store};

/// The document's name for itself.
const SCHEMA: &str = "dynamo-test-kit/history";
/// Its version.
const VERSION: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
struct Document {
    schema: String,
    version: u32,
    /// By id.
    runs: Vec<Run>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Run {
    id: String,
    started_ms: i64,
    revision: Option<String>,
    clean: bool,
    machine: String,
    stage: Option<String>,
    state: String,
    /// By id, occurrence and attempt.
    results: Vec<Result>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Result {
    id: String,
    occurrence: u32,
    attempt: u32,
    outcome: String,
    seconds: f64,
    gpu_class: String,
    vram_peak_bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cpu_seconds: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    memory_peak_bytes: Option<u64>,
}

/// A document that cannot be merged.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// It is no export of a history.
    #[error("this is no history: {0}; name a file that `history export` wrote")]
    NoHistory(#[source] serde_json::Error),
    /// It is another document, or one of a later release.
    #[error("this is {found}, and {SCHEMA} {VERSION} is read: name a file that `history export` of this release wrote")]
    Unknown {
        /// What it calls itself.
        found: String,
    },
    /// The store refuses.
    #[error(transparent)]
    Store(#[from] HistoryError),
}

/// What a merge added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Merged {
    /// Runs that were not there.
    pub runs: usize,
    /// Results that were not there.
    pub results: usize,
}

impl Store {
    /// All runs and results, without what tests printed and what was typed. The same history gives the same bytes.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn export(&self) -> std::result::Result<String, HistoryError> {
        let mut runs = self.exported().map_err(|error| self.failed(error))?;
        let document = Document {
            schema: SCHEMA.to_owned(),
            version: VERSION,
            runs: std::mem::take(&mut runs).into_values().collect(),
        };
        let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
        text.push('\n');
        Ok(text)
    }

    fn exported(&self) -> rusqlite::Result<BTreeMap<String, Run>> {
        // Both from one moment: a run that goes on writes between two questions.
        let moment = self.connection.unchecked_transaction()?;
        let mut statement =
            moment.prepare("SELECT id, started_ms, revision, clean, machine, stage, state FROM runs")?;
        let runs = statement.query_map([], |row| {
            Ok(Run {
                id: row.get(0)?,
                started_ms: row.get(1)?,
                revision: row.get(2)?,
                clean: row.get(3)?,
                machine: row.get(4)?,
                stage: row.get(5)?,
                state: row.get(6)?,
                results: Vec::new(),
            })
        })?;
        let mut by_id = BTreeMap::new();
        for run in runs {
            let run = run?;
            by_id.insert(run.id.clone(), run);
        }
        let mut statement = moment.prepare(
            "SELECT run, id, occurrence, attempt, outcome, seconds, gpu_class, vram_peak, cpu_seconds, memory_peak FROM results
             ORDER BY run, id, occurrence, attempt",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let Some(run) = by_id.get_mut(&row.get::<_, String>(0)?) else { continue };
            run.results.push(Result {
                id: row.get(1)?,
                occurrence: row.get(2)?,
                attempt: row.get(3)?,
                outcome: row.get(4)?,
                seconds: row.get(5)?,
                gpu_class: row.get(6)?,
                vram_peak_bytes: row.get::<_, Option<i64>>(7)?.and_then(|bytes| u64::try_from(bytes).ok()),
                cpu_seconds: row.get(8)?,
                memory_peak_bytes: row.get::<_, Option<i64>>(9)?.and_then(|bytes| u64::try_from(bytes).ok()),
            });
        }
        Ok(by_id)
    }

    /// Takes in what another machine exported: all of the document or nothing. What is here already stays as it is, so
    /// that merging twice changes nothing; of a run that came further there, the end is taken over.
    ///
    /// # Errors
    /// Where the text is no history, or it cannot be written.
    pub fn merge(&mut self, text: &str) -> std::result::Result<Merged, MergeError> {
        let document: Document = serde_json::from_str(text).map_err(MergeError::NoHistory)?;
        if document.schema != SCHEMA || document.version != VERSION {
            return Err(MergeError::Unknown { found: format!("{} {}", document.schema, document.version) });
        }
        let merged = self.take_in(&document);
        merged.map_err(|error| MergeError::Store(self.failed(error)))
    }

    fn take_in(&mut self, document: &Document) -> rusqlite::Result<Merged> {
        let transaction = self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let mut merged = Merged::default();
        {
            let mut add_run = transaction.prepare(
                "INSERT OR IGNORE INTO runs (id, started_ms, revision, clean, machine, arguments, stage, selection, state)
                 VALUES (?, ?, ?, ?, ?, '[]', ?, '', ?)",
            )?;
            let mut add_result = transaction.prepare(
                "INSERT OR IGNORE INTO results (run, id, occurrence, attempt, outcome, seconds, gpu_class, vram_peak, cpu_seconds, memory_peak)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?;
            for run in &document.runs {
                let state = RunState::from_word(&run.state);
                merged.runs += add_run.execute(params![
                    run.id,
                    run.started_ms,
                    run.revision,
                    run.clean,
                    run.machine,
                    run.stage,
                    state.as_str()
                ])?;
                if state > RunState::Running {
                    transaction.execute(
                        "UPDATE runs SET state = ?1 WHERE id = ?2 AND (state = 'running' OR ?1 = 'complete')",
                        params![state.as_str(), run.id],
                    )?;
                }
                for result in &run.results {
                    let peak = result.vram_peak_bytes.and_then(|bytes| i64::try_from(bytes).ok());
                    let memory = result.memory_peak_bytes.and_then(|bytes| i64::try_from(bytes).ok());
                    merged.results += add_result.execute(params![
                        run.id,
                        result.id,
                        result.occurrence,
                        result.attempt,
                        result.outcome,
                        result.seconds,
                        result.gpu_class,
                        peak,
                        result.cpu_seconds,
                        memory
                    ])?;
                }
            }
        }
        transaction.commit()?;
        Ok(merged)
    }
}
