//! What is asked of the store.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};
use rusqlite::{OptionalExtension, params};
use test_catalog::NodeId;

use super::{HistoryError, Place, Row, RunState, Store, Typical, VramPeak, typical};
use crate::Both;
use crate::recorded::RecordedOutcome;

/// A case by its name: the id, and which of the cases with this id.
pub type CaseKey = (NodeId, u32);

/// How many of the latest runs are looked at, so that asking takes no longer as the store grows.
pub(super) const RUNS: u32 = 200;

/// Results of the latest runs, the latest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Past {
    /// One for each result.
    pub rows: Vec<Row>,
    /// How many runs they are of.
    pub runs: usize,
    /// What they took of GPUs.
    pub vram: Vec<VramPeak>,
}

/// A run that a new one may continue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastRun {
    /// Its id.
    pub id: String,
    /// The commit that the tree was at.
    pub revision: Option<String>,
    /// How far it came.
    pub state: RunState,
    /// The run that it continued itself.
    pub resumes: Option<String>,
    /// The stage that was asked for.
    pub stage: Option<String>,
}

impl Store {
    /// The results of the latest runs.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn past(&self) -> Result<Past, HistoryError> {
        let mut rows = Vec::new();
        self.each_past(|row| rows.push(row))?;
        let runs = rows.chunk_by(|one, next| one.run == next.run).count();
        // Looking for peaks reads all results once more.
        let had_gpus = rows.iter().any(|row| !row.gpu_class.is_empty());
        Ok(Past { rows, runs, vram: if had_gpus { self.vram_peaks()? } else { Vec::new() } })
    }

    /// The same one by one, in that order, for who need not hold all of them.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn each_past(&self, mut take: impl FnMut(Row)) -> Result<(), HistoryError> {
        let mut read = || {
            let mut runs = self.connection.prepare(
                "SELECT id, started_ms, CASE WHEN clean THEN revision END, CASE WHEN selection = '' THEN machine END FROM runs
                 ORDER BY started_ms DESC, id DESC LIMIT ?",
            )?;
            // Run by run and try by try, in whose order they lie there: any other order takes longer than reading them.
            let mut results = self.connection.prepare(
                "SELECT id, occurrence, outcome, seconds, gpu_class, cpu_seconds, memory_peak FROM results WHERE run = ?
                 ORDER BY id, occurrence, attempt",
            )?;
            // What one run tells of one case, the first try first.
            let mut of_case: Vec<Row> = Vec::new();
            // Mostly that of the row before.
            let mut gpu_class: Arc<str> = Arc::default();
            let mut runs = runs.query([RUNS])?;
            while let Some(run) = runs.next()? {
                let (id, started_ms): (Arc<str>, i64) = (run.get(0)?, run.get(1)?);
                let revision: Option<Arc<str>> = run.get(2)?;
                // Only what is merged in has no selection.
                let place = run.get::<_, Option<String>>(3)?.map_or(Place::Here, Place::Elsewhere);
                let mut rows = results.query([&id])?;
                while let Some(row) = rows.next()? {
                    // A word of a later release says nothing here.
                    let Some(outcome) = RecordedOutcome::from_word(row.get_ref(2)?.as_str()?) else { continue };
                    let (id_text, occurrence) = (row.get_ref(0)?.as_str()?, row.get(1)?);
                    let is_another =
                        of_case.last().is_some_and(|last| (last.id.as_str(), last.occurrence) != (id_text, occurrence));
                    if is_another {
                        of_case.drain(..).rev().for_each(&mut take);
                    }
                    let class = row.get_ref(4)?.as_str()?;
                    if *gpu_class != *class {
                        gpu_class = class.into();
                    }
                    of_case.push(Row {
                        id: NodeId::from_text(id_text),
                        occurrence,
                        run: id.clone(),
                        started_ms,
                        revision: revision.clone(),
                        outcome,
                        seconds: row.get(3)?,
                        gpu_class: gpu_class.clone(),
                        place: place.clone(),
                        cpu_seconds: row.get(5)?,
                        memory_peak: row.get::<_, Option<i64>>(6)?.and_then(|bytes| u64::try_from(bytes).ok()),
                    });
                }
                of_case.drain(..).rev().for_each(&mut take);
            }
            Ok(())
        };
        read().map_err(|error: rusqlite::Error| self.failed(error))
    }

    /// The cases that have a result in one of these runs, so that they need not run again, with how many rounds have one.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn finished(&self, runs: &[String]) -> Result<BTreeMap<CaseKey, u32>, HistoryError> {
        let read = |run: &String| {
            let mut statement = self.connection.prepare(
                "SELECT id, occurrence, attempt FROM results
                 WHERE run = ? AND detail NOT NULL
                     AND (outcome <> 'not-run' OR json_extract(detail, '$.cause') = 'deselected')
                     AND json_extract(detail, '$.retried') IS NULL",
            )?;
            let rows = statement.query_map([run], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            rows.collect::<rusqlite::Result<Vec<(String, u32, u32)>>>()
        };
        let mut rounds = HashSet::new();
        for run in runs {
            rounds.extend(read(run).map_err(|error| self.failed(error))?);
        }
        let mut finished = BTreeMap::new();
        for (id, occurrence, _) in rounds {
            *finished.entry((NodeId::from_text(id), occurrence)).or_default() += 1;
        }
        Ok(finished)
    }

    /// The cases by which the latest of the latest runs failed that has a result of them: in any of its rounds, or since the file
    /// could not be collected. That a test did not run since for another reason tells nothing, and neither does a failure that was
    /// tried again: what is merged in does not say which that are, but that another result follows.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn failed_last(&self) -> Result<HashSet<CaseKey>, HistoryError> {
        let read = || {
            let mut statement = self.connection.prepare(
                "WITH latest AS (SELECT id, started_ms FROM runs ORDER BY started_ms DESC, id DESC LIMIT ?),
                 judged AS (
                     SELECT one.id, one.occurrence, one.run, started_ms, CASE
                         WHEN outcome = 'not-run' THEN
                             CASE WHEN json_extract(detail, '$.cause') IN ('collection', 'missing', 'stopped') THEN 1 END
                         WHEN outcome NOT IN ('failed', 'timed-out', 'crashed') THEN 0
                         WHEN json_extract(detail, '$.retried') THEN NULL
                         WHEN detail IS NULL AND EXISTS (
                             SELECT 1 FROM results AS next WHERE next.run = one.run AND next.id = one.id
                                 AND next.occurrence = one.occurrence AND next.attempt > one.attempt
                         ) THEN NULL
                         ELSE 1
                     END AS fails
                     FROM latest JOIN results AS one ON one.run = latest.id
                 ),
                 by_run AS (
                     SELECT id, occurrence, MAX(fails) AS fails, ROW_NUMBER() OVER (
                         PARTITION BY id, occurrence ORDER BY started_ms DESC, run DESC
                     ) AS place
                     FROM judged WHERE fails NOT NULL GROUP BY id, occurrence, run
                 )
                 SELECT id, occurrence FROM by_run WHERE place = 1 AND fails",
            )?;
            let rows =
                statement.query_map([RUNS], |row| Ok((NodeId::from_text(row.get::<_, String>(0)?), row.get(1)?)))?;
            rows.collect::<rusqlite::Result<HashSet<CaseKey>>>()
        };
        read().map_err(|error| self.failed(error))
    }

    /// The cases that passed and failed in the latest runs of a tree that was just that revision, with how often each.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn flaky_on(&self, revision: &str) -> Result<BTreeMap<CaseKey, Both>, HistoryError> {
        let read = || {
            let mut statement = self.connection.prepare(
                "SELECT results.id, occurrence, SUM(outcome = 'passed') AS passes,
                     SUM(outcome IN ('failed', 'timed-out', 'crashed')) AS failures
                 FROM (
                     SELECT id FROM runs WHERE revision = ? AND clean ORDER BY started_ms DESC, id DESC LIMIT ?
                 ) AS latest
                 JOIN results ON results.run = latest.id
                 GROUP BY results.id, occurrence HAVING passes > 0 AND failures > 0",
            )?;
            let rows = statement.query_map(params![revision, RUNS], |row| {
                let case = (NodeId::from_text(row.get::<_, String>(0)?), row.get(1)?);
                Ok((case, Both { passed: row.get(2)?, failed: row.get(3)? }))
            })?;
            rows.collect::<rusqlite::Result<BTreeMap<CaseKey, Both>>>()
        };
        read().map_err(|error| self.failed(error))
    }

    /// The run of that id.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn run(&self, id: &str) -> Result<Option<PastRun>, HistoryError> {
        self.one_run("id = ?", id)
    }

    /// The ids of all cases of which a run has a result of its own, not of a run that it continued.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn ids_of(&self, run: &str) -> Result<HashSet<NodeId>, HistoryError> {
        let read = || {
            let mut statement = self.connection.prepare("SELECT DISTINCT id FROM results WHERE run = ?")?;
            let rows = statement.query_map([run], |row| Ok(NodeId::from_text(row.get::<_, String>(0)?)))?;
            rows.collect::<rusqlite::Result<HashSet<NodeId>>>()
        };
        read().map_err(|error| self.failed(error))
    }

    /// The latest run of a selection.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn last_of(&self, selection: &str) -> Result<Option<PastRun>, HistoryError> {
        self.one_run("selection = ? ORDER BY started_ms DESC, id DESC LIMIT 1", selection)
    }

    /// A run and those that it continued, the latest first.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn chain(&self, run: &PastRun) -> Result<Vec<String>, HistoryError> {
        let mut chain = vec![run.id.clone()];
        let mut next = run.resumes.clone();
        while let Some(id) = next.filter(|id| !chain.contains(id)) {
            next = self.one_run("id = ?", &id)?.and_then(|run| run.resumes);
            chain.push(id);
        }
        Ok(chain)
    }

    fn one_run(&self, condition: &str, value: &str) -> Result<Option<PastRun>, HistoryError> {
        let sql = format!("SELECT id, revision, state, resumes, stage FROM runs WHERE {condition}");
        let run = self.connection.query_row(&sql, params![value], |row| {
            Ok(PastRun {
                id: row.get(0)?,
                revision: row.get(1)?,
                state: RunState::from_word(&row.get::<_, String>(2)?),
                resumes: row.get(3)?,
                stage: row.get(4)?,
            })
        });
        run.optional().map_err(|error| self.failed(error))
    }
}

impl Past {
    /// What each case takes, by the model of the GPUs that it had.
    #[must_use]
    pub fn typical(&self) -> BTreeMap<(CaseKey, &str), Typical> {
        // By hash: finding each of many rows its case by order takes longer than reading them.
        let mut times: HashMap<(&NodeId, u32, &str), Vec<f64>> =
            HashMap::with_capacity(self.rows.len() / self.runs.max(1));
        for row in self.rows.iter().filter(|row| row.outcome.tells_time()) {
            times.entry((&row.id, row.occurrence, &row.gpu_class)).or_default().push(row.seconds);
        }
        let case = |(id, occurrence, class): (&NodeId, u32, _)| ((id.clone(), occurrence), class);
        times.into_iter().filter_map(|(key, times)| Some((case(key), typical(times)?))).collect()
    }

    /// Whether all of it is of this machine: [`Past::of_here`] is the same then.
    #[must_use]
    pub fn is_of_here(&self) -> bool {
        self.rows.iter().all(|row| row.place == Place::Here)
    }

    /// Without what was merged in.
    #[must_use]
    pub fn of_here(&self) -> Self {
        let rows: Vec<Row> = self.rows.iter().filter(|row| row.place == Place::Here).cloned().collect();
        let runs = rows.iter().map(|row| &row.run).collect::<HashSet<_>>().len();
        Self { rows, runs, vram: self.vram.clone() }
    }
}

impl Row {
    /// The case.
    #[must_use]
    pub fn key(&self) -> CaseKey {
        (self.id.clone(), self.occurrence)
    }
}
