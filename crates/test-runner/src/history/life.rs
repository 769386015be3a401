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
            // Shared, so that two that look at once do not take each other for the run.
            Ok(file) => match file.try_lock_shared() {
                Err(TryLockError::WouldBlock) => Self::Running,
                Ok(()) | Err(TryLockError::Error(_)) => Self::Over,
            },
        }
    }
}

/// Lets one process at a time continue a run of this state folder: the others are told `false` as long as the file is open. Where it
/// cannot be made, nobody is kept from it.
#[must_use]
pub fn continue_alone(state_dir: &Utf8Path, run: &str) -> (Option<File>, bool) {
    let file = state_dir.join("runs").join(run).join("continued");
    match File::options().create(true).append(true).open(file) {
        Err(_) => (None, true),
        Ok(file) => {
            let is_alone = !matches!(file.try_lock(), Err(TryLockError::WouldBlock));
            (Some(file), is_alone)
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn who_looks_at_a_run_or_continues_it_is_not_taken_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let state_dir = Utf8PathBuf::try_from(folder.path().to_owned()).unwrap();
        let run = state_dir.join("runs/1-1-0");
        std::fs::create_dir_all(&run).unwrap();
        let claimed = claim(&run).unwrap();
        assert_eq!(Life::of(&state_dir, "1-1-0"), Life::Running);
        drop(claimed);
        let looks = File::open(lock_file(&run)).unwrap();
        looks.try_lock_shared().unwrap();
        let first = continue_alone(&state_dir, "1-1-0");
        assert!(first.1 && !continue_alone(&state_dir, "1-1-0").1);
        assert_eq!(Life::of(&state_dir, "1-1-0"), Life::Over);
        drop(first);
        assert!(continue_alone(&state_dir, "1-1-0").1);
    }
}
