//! What keeps the store from being read or written.

use camino::Utf8PathBuf;

/// What keeps the store from being read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// SQLite refuses: a full disk, a read-only folder, a file that is no store.
    #[error("{path}: {source}{remedy}", remedy = remedy(source))]
    Store {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// A folder or a lock beside the store cannot be made, or a corrupt store cannot be set aside.
    #[error("{path}: {source}")]
    Folder {
        /// Which.
        path: Utf8PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A later release of this tool wrote the store.
    #[error("{path} has version {found}, and this release reads up to {known}: use the release that wrote it")]
    Newer {
        /// The file.
        path: Utf8PathBuf,
        /// Its version.
        found: i64,
        /// The last that is known.
        known: i64,
    },
}

impl HistoryError {
    /// Whether the file itself is broken, so that nothing in it can be trusted.
    #[must_use]
    pub fn is_corrupt(&self) -> bool {
        matches!(self, Self::Store { source, .. } if is_corrupt(source))
    }
}

pub(super) fn is_corrupt(source: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    matches!(source.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase))
}

fn remedy(source: &rusqlite::Error) -> &'static str {
    use rusqlite::ErrorCode::{
        CannotOpen, DatabaseBusy, DatabaseCorrupt, DatabaseLocked, DiskFull, NotADatabase, PermissionDenied, ReadOnly,
    };
    match source.sqlite_error_code() {
        Some(DiskFull) => ": make room on the disk",
        Some(ReadOnly | PermissionDenied | CannotOpen) => ": make the folder writable",
        Some(DatabaseBusy | DatabaseLocked) => ": another program holds it",
        Some(DatabaseCorrupt | NotADatabase) => {
            ": the file is broken: move it away, or let the next run of tests keep it under another name and begin a new one"
        }
        _ => "",
    }
}
