//! How much memory of a GPU tests took.

use std::collections::BTreeMap;

use test_catalog::NodeId;

use super::query::CaseKey;
use super::{HistoryError, Store};

/// How many of the latest runs are looked at.
const RUNS: u32 = 200;

impl Store {
    /// The most memory of a GPU that each case took in the latest runs that it went through, in bytes. A case of which no
    /// run was measured is not there.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn memory_peaks(&self) -> Result<BTreeMap<CaseKey, u64>, HistoryError> {
        let read = || {
            let mut statement = self.connection.prepare(
                "SELECT results.id, occurrence, MAX(vram_peak)
                 FROM (SELECT id FROM runs ORDER BY started_ms DESC, id DESC LIMIT ?) AS latest
                 JOIN results ON results.run = latest.id
                 WHERE outcome IN ('passed', 'xpassed') AND vram_peak >= 0
                 GROUP BY results.id, occurrence",
            )?;
            let rows = statement.query_map([RUNS], |row| {
                let (id, peak): (String, i64) = (row.get(0)?, row.get(2)?);
                Ok(((NodeId::from_text(id), row.get(1)?), u64::try_from(peak).unwrap_or_default()))
            })?;
            rows.collect::<rusqlite::Result<BTreeMap<CaseKey, u64>>>()
        };
        read().map_err(|error| self.failed(error))
    }
}
