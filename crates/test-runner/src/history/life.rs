//! Whether a run goes on: it holds a lock in its folder, which goes with its process, however that ends.

use std::fs::{File, TryLockError};
use std::io;

use camino::{Utf8Path, Utf8PathBuf};

/// What is known of a run's process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// It goes on.
    Running,
    /// It is over.
    Over,
    /// It was on another machine, or its folder was removed.
    NotHere,
}

impl Life {
    /// That of a run of this state folder.
    #[must_use]
    pub fn of(state_dir: &Utf8Path, run: &str) -> Self {
        // Runs of other machines were merged in, and an id of theirs could be any text.
        if run.contains(['/', '\\']) || run.starts_with('.') {
            return Self::NotHere;
        }
        match File::open(lock_file(&state_dir.join("runs").join(run))) {
            Err(_) => Self::NotHere,
            Ok(file) => match file.try_lock() {
                Err(TryLockError::WouldBlock) => Self::Running,
                Ok(()) | Err(TryLockError::Error(_)) => Self::Over,
            },
        }
    }
}

/// Says that a run goes on as long as the file is open.
pub(crate) fn claim(folder: &Utf8Path) -> io::Result<File> {
    let file = File::create(lock_file(folder))?;
    file.lock()?;
    Ok(file)
}

fn lock_file(folder: &Utf8Path) -> Utf8PathBuf {
    folder.join("lock")
}
