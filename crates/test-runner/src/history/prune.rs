//! Taking old runs out of the store.

use std::fs;
use std::io;

use camino::Utf8Path;
use rusqlite::params;

use super::query::RUNS;
use super::{HistoryError, Life, Store};

/// What was taken out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Runs.
    pub runs: usize,
    /// Results of these.
    pub results: usize,
    /// Folders of these, with what their tests printed.
    pub folders: usize,
}

impl Store {
    /// How many runs are kept where nobody says otherwise: those that anything is asked of.
    pub const KEPT: u32 = RUNS;

    /// Takes out all but the latest `keep` runs, with their folders. A run that goes on stays, however old it is; folders of
    /// which the store knows nothing stay, too.
    ///
    /// # Errors
    /// Where the store cannot be written, or a folder not be removed. What was taken out before stays out, and the rest can be
    /// taken out by another try.
    pub fn prune(&mut self, state_dir: &Utf8Path, keep: u32) -> Result<Pruned, HistoryError> {
        let mut pruned = Pruned::default();
        for run in self.older_than(keep).map_err(|error| self.failed(error))? {
            if Life::of(state_dir, &run) == Life::Running {
                continue;
            }
            // The folder first: one that nothing in the store names would never be found again.
            pruned.folders += usize::from(remove_folder(state_dir, &run)?);
            let transaction = self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate);
            let removed = transaction.and_then(|transaction| {
                let results = transaction.execute("DELETE FROM results WHERE run = ?", params![run])?;
                let runs = transaction.execute("DELETE FROM runs WHERE id = ?", params![run])?;
                transaction.commit().map(|()| (runs, results))
            });
            let (runs, results) = removed.map_err(|error| self.failed(error))?;
            pruned.runs += runs;
            pruned.results += results;
        }
        if pruned.runs > 0 {
            // The file becomes no smaller by itself.
            self.connection.execute_batch("VACUUM").map_err(|error| self.failed(error))?;
        }
        Ok(pruned)
    }

    fn older_than(&self, keep: u32) -> rusqlite::Result<Vec<String>> {
        let mut statement =
            self.connection.prepare("SELECT id FROM runs ORDER BY started_ms DESC, id DESC LIMIT -1 OFFSET ?")?;
        let ids = statement.query_map([keep], |row| row.get(0))?;
        ids.collect()
    }
}

/// Whether there was a folder of that run. An id that was merged in could be any text: it names no folder of this machine unless
/// it is a plain name.
fn remove_folder(state_dir: &Utf8Path, run: &str) -> Result<bool, HistoryError> {
    if run.is_empty() || run.contains(['/', '\\']) || run.starts_with('.') {
        return Ok(false);
    }
    let path = state_dir.join("runs").join(run);
    match fs::remove_dir_all(&path) {
        Ok(()) => Ok(true),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(false),
        Err(source) => Err(HistoryError::Folder { path, source }),
    }
}
