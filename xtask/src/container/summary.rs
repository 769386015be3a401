//! The page of a GitHub job, of a run in a container: its file is none of the tree's, which is all that the container sees. The run
//! inside writes into one beside it.

use std::fs::{self, OpenOptions};
use std::io::Write as _;

use camino::{Utf8Path, Utf8PathBuf};

use crate::progress::note;

/// The variable that names the file.
pub(super) const VARIABLE: &str = "GITHUB_STEP_SUMMARY";

/// The file of the job, and the one that the container sees.
pub(super) struct Summary {
    outside: Utf8PathBuf,
    pub(super) inside: Utf8PathBuf,
    /// How much stood there before, in bytes: it counts against what GitHub takes.
    before: usize,
}

impl Summary {
    /// Begins with what is there. `None` where that cannot be copied: the summary is not what the run is for.
    pub(super) fn begin(folder: &Utf8Path, container: &str, outside: &Utf8Path) -> Option<Self> {
        let inside = folder.join(format!("{container}.md"));
        let there = fs::read(outside).unwrap_or_default();
        match fs::write(&inside, &there) {
            Ok(()) => Some(Self { outside: outside.to_owned(), inside, before: there.len() }),
            Err(error) => {
                note(&format!("warning: no summary is written: cannot write {inside}: {error}"));
                None
            }
        }
    }
}

impl Drop for Summary {
    /// Hands over what the run has written.
    fn drop(&mut self) {
        let written = fs::read(&self.inside).unwrap_or_default();
        if let Some(new) = written.get(self.before..).filter(|new| !new.is_empty()) {
            let opened = OpenOptions::new().create(true).append(true).open(&self.outside);
            if let Err(error) = opened.and_then(|mut file| file.write_all(new)) {
                note(&format!("warning: cannot write {}: {error}", self.outside));
            }
        }
        // One that stays is in nobody's way.
        let _ = fs::remove_file(&self.inside);
    }
}
