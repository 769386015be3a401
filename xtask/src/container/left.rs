//! Containers that a run left behind which was killed.
//!
//! A run holds the lock of a file that is called as its container, for as long as it lives. A file that is not locked is
//! that of a run which is no more. The run inside writes into it that it has begun.

use std::fs::{self, File, TryLockError};
use std::process::{Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};

use crate::error::Error;
use crate::progress::note;

/// What the names of these files end in.
const ENDING: &str = ".running";

/// A container's name, and the file that tells others of it.
pub(super) struct Left {
    pub(super) name: String,
    file: Utf8PathBuf,
    /// Locked until this process ends.
    _lock: File,
}

impl Left {
    pub(super) fn new(folder: &Utf8Path, name: &str) -> Result<Self, Error> {
        let file = folder.join(format!("{name}{ENDING}"));
        let failed = |source| Error::Write { path: file.clone(), source };
        let lock = File::create(&file).map_err(failed)?;
        lock.lock().map_err(failed)?;
        Ok(Self { name: name.to_owned(), file, _lock: lock })
    }
}

impl Left {
    /// Whether the run inside has begun.
    pub(super) fn has_started(&self) -> bool {
        fs::metadata(&self.file).is_ok_and(|file| file.len() > 0)
    }
}

/// Tells whoever waits outside that the run in this container has begun.
pub(super) fn started(folder: &Utf8Path, name: &str) {
    // Nobody who waits is told less by that than by nothing.
    let _ = fs::write(folder.join(format!("{name}{ENDING}")), "started\n");
}

impl Drop for Left {
    fn drop(&mut self) {
        // One that stays costs the next run a question.
        let _ = fs::remove_file(&self.file);
    }
}

/// Stops the containers of runs that are no more.
pub(super) fn stop(folder: &Utf8Path, engine: &str) {
    let Ok(entries) = folder.read_dir_utf8() else { return };
    for entry in entries.flatten() {
        let Some(name) = entry.file_name().strip_suffix(ENDING) else { continue };
        let Ok(file) = File::open(entry.path()) else { continue };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => continue,
        }
        if tell(engine, &["rm", "--force", name]) {
            note(&format!("stopped the container {name}: the run that started it is no more"));
        }
        let _ = fs::remove_file(entry.path());
    }
}

/// Has the engine do something; whether it did. What it prints is for nobody.
pub(super) fn tell(engine: &str, words: &[&str]) -> bool {
    let mut command = Command::new(engine);
    command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
