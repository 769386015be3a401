//! How much memory of a GPU tests took.

use std::collections::BTreeMap;

use test_catalog::NodeId;

use super::query::CaseKey;
use super::{HistoryError, Store};

/// How many of the latest runs are looked at.
const RUNS: u32 = 200;

/// What a case took of GPUs of one model, in the latest runs that it went through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VramPeak {
    /// The case.
    pub case: CaseKey,
    /// The model of the GPUs, such as `NVIDIA L4`.
    pub gpu_class: String,
    /// The most of all its GPUs together, in bytes.
    pub bytes: u64,
    /// In how many runs it was measured.
    pub runs: u32,
}

impl Store {
    /// The most memory of a GPU that each case took in the latest runs that it went through, in bytes. A case of which no
    /// run was measured is not there.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn memory_peaks(&self) -> Result<BTreeMap<CaseKey, u64>, HistoryError> {
        let mut peaks = BTreeMap::new();
        for VramPeak { case, bytes, .. } in self.vram_peaks()? {
            let most = peaks.entry(case).or_insert(bytes);
            *most = bytes.max(*most);
        }
        Ok(peaks)
    }

    /// The same by the model of the GPUs.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn vram_peaks(&self) -> Result<Vec<VramPeak>, HistoryError> {
        let read = || {
            let mut statement = self.connection.prepare(
                "SELECT results.id, occurrence, gpu_class, MAX(vram_peak), COUNT(DISTINCT results.run)
                 FROM (SELECT id FROM runs ORDER BY started_ms DESC, id DESC LIMIT ?) AS latest
                 JOIN results ON results.run = latest.id
                 WHERE outcome IN ('passed', 'xpassed') AND vram_peak >= 0
                 GROUP BY results.id, occurrence, gpu_class",
            )?;
            let rows = statement.query_map([RUNS], |row| {
                Ok(VramPeak {
                    case: (NodeId::from_text(row.get::<_, String>(0)?), row.get(1)?),
                    gpu_class: row.get(2)?,
                    bytes: u64::try_from(row.get::<_, i64>(3)?).unwrap_or_default(),
                    runs: row.get(4)?,
                })
            })?;
            rows.collect::<rusqlite::Result<Vec<VramPeak>>>()
        };
        read().map_err(|error| self.failed(error))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use camino::Utf8PathBuf;

    use super::*;
    use crate::history::RunFacts;

    #[test]
    fn the_peak_is_the_most_of_the_runs_that_went_through_and_were_measured() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::try_from(folder.path().to_owned()).unwrap();
        let store = Store::open(&path).unwrap().store;
        for (run, id, outcome, peak) in [
            ("1", "a", "passed", Some(3_i64)),
            ("2", "a", "passed", Some(5)),
            ("3", "a", "failed", Some(9)),
            ("4", "a", "passed", None),
            ("5", "a", "passed", Some(-1)),
            ("1", "b", "passed", None),
            ("1", "c", "xpassed", Some(0)),
        ] {
            // A run that is there already has more than one result.
            let _ = store.begin(run, 1, &RunFacts::default(), None);
            store
                .connection
                .execute(
                    "INSERT INTO results (run, id, occurrence, attempt, outcome, seconds, gpu_class, vram_peak)
                     VALUES (?, ?, 0, 0, ?, 1.0, '', ?)",
                    rusqlite::params![run, id, outcome, peak],
                )
                .unwrap();
        }
        let case = |id: &str| (NodeId::from_text(id), 0);
        assert_eq!(store.memory_peaks().unwrap(), [(case("a"), 5), (case("c"), 0)].into());
    }
}
