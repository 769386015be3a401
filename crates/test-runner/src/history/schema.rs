//! Opening the store: its schema, brought up to date, and what becomes of a broken file.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;
use std::time::{SystemTime, UNIX_EPOCH};

use camino::{Utf8Path, Utf8PathBuf};
use rusqlite::{Connection, OpenFlags};

use super::error::is_corrupt;
use super::{BUSY, HistoryError};

/// The store's name in the state folder.
pub const FILE: &str = "history.sqlite";

/// What turns each version of the schema into the next. Entries are never changed, only added.
const MIGRATIONS: [&str; 2] = [
    "
    CREATE TABLE runs (
        id TEXT PRIMARY KEY,
        started_ms INTEGER NOT NULL,
        revision TEXT,
        clean INTEGER NOT NULL,
        machine TEXT NOT NULL,
        arguments TEXT NOT NULL,
        stage TEXT,
        selection TEXT NOT NULL,
        state TEXT NOT NULL,
        resumes TEXT
    ) STRICT;
    CREATE INDEX runs_by_start ON runs (started_ms);
    CREATE TABLE results (
        run TEXT NOT NULL REFERENCES runs (id),
        id TEXT NOT NULL,
        occurrence INTEGER NOT NULL,
        attempt INTEGER NOT NULL,
        outcome TEXT NOT NULL,
        seconds REAL NOT NULL,
        gpu_class TEXT NOT NULL,
        vram_peak INTEGER,
        detail TEXT,
        PRIMARY KEY (run, id, occurrence, attempt)
    ) STRICT, WITHOUT ROWID;
",
    "
    ALTER TABLE results ADD COLUMN cpu_seconds REAL;
    ALTER TABLE results ADD COLUMN memory_peak INTEGER;
",
];

/// The store of a tree's results.
#[derive(Debug)]
pub struct Store {
    pub(super) connection: Connection,
    pub(super) path: Utf8PathBuf,
    /// The file that was opened, as its file system knows it.
    file: Option<u64>,
}

/// A store, and what happened to the file that was there.
#[derive(Debug)]
pub struct Opened {
    /// The store.
    pub store: Store,
    /// What was broken and under which name it is kept, for people; `None` where all was well.
    pub set_aside: Option<String>,
}

impl Store {
    /// Opens the store of a state folder, making it where there is none. A broken file is renamed, and an empty store
    /// takes its place.
    ///
    /// # Errors
    /// Where it cannot be written, or a later release wrote it.
    pub fn open(state_dir: &Utf8Path) -> Result<Opened, HistoryError> {
        let path = state_dir.join(FILE);
        let failed = |path: &Utf8Path, source| HistoryError::Folder { path: path.to_owned(), source };
        fs::create_dir_all(state_dir).map_err(|source| failed(state_dir, source))?;
        // Two runs that both find a broken file must not both set it aside: the second would take the first one's new
        // store. The lock goes with the file handle.
        let lock_path = state_dir.join("history.lock");
        let lock = File::options().create(true).truncate(false).write(true).open(&lock_path);
        let lock = lock.map_err(|source| failed(&lock_path, source))?;
        lock.lock().map_err(|source| failed(&lock_path, source))?;
        match Self::connect(&path) {
            Ok(store) => Ok(Opened { store, set_aside: None }),
            Err(HistoryError::Store { source, .. }) if is_corrupt(&source) => {
                let kept = set_aside(&path)?;
                let said = format!(
                    "{path}: {source}; it is kept as {kept}, and a new one was begun: times of earlier runs are unknown"
                );
                Ok(Opened { store: Self::connect(&path)?, set_aside: Some(said) })
            }
            Err(error) => Err(error),
        }
    }

    /// Opens the store of a state folder for reading; `None` where there is none. Nothing is written, but where SQLite
    /// has to take up what a run left in its log, or an earlier release wrote it: it is brought up to date then.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn read(state_dir: &Utf8Path) -> Result<Option<Self>, HistoryError> {
        let path = state_dir.join(FILE);
        match path.metadata() {
            Ok(found) if found.is_file() => {}
            // Not the same as no history at all: whoever looks for his runs is told where they cannot be.
            Ok(_) => {
                let source = std::io::Error::other("this is no file: move it away");
                return Err(HistoryError::Folder { path, source });
            }
            Err(_) => return Ok(None),
        }
        let failed = |source| HistoryError::Store { path: path.clone(), source };
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags).map_err(failed)?;
        connection.busy_timeout(BUSY).map_err(failed)?;
        let version = version(&connection).map_err(failed)?;
        check_known(&path, version)?;
        // One that was being made when its run was killed, or an empty file.
        if version <= 0 {
            return Ok(None);
        }
        if version < KNOWN {
            drop(connection);
            return Ok(Some(Self::open(state_dir)?.store));
        }
        Ok(Some(Self::new(connection, path)))
    }

    fn connect(path: &Utf8Path) -> Result<Self, HistoryError> {
        let failed = |source| HistoryError::Store { path: path.to_owned(), source };
        let mut connection = Connection::open(path).map_err(failed)?;
        connection.busy_timeout(BUSY).map_err(failed)?;
        check_known(path, version(&connection).map_err(failed)?)?;
        // A file system without shared memory keeps its old mode, which is slower and as safe.
        let _mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(failed)?;
        // With the log, this loses nothing when a process is killed: only a power cut costs the last transactions.
        connection.execute_batch("PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON").map_err(failed)?;
        migrate(&mut connection).map_err(failed)?;
        check(&connection).map_err(failed)?;
        // What the last run left in the log. Where it cannot be written back now, it is as safe there.
        let _ = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        Ok(Self::new(connection, path.to_owned()))
    }

    fn new(connection: Connection, path: Utf8PathBuf) -> Self {
        let file = fs::metadata(&path).ok().map(|found| found.ino());
        Self { connection, path, file }
    }

    /// The file that was opened: another may have taken its place since.
    pub(crate) fn file(&self) -> Option<u64> {
        self.file
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    pub(super) fn failed(&self, source: rusqlite::Error) -> HistoryError {
        HistoryError::Store { path: self.path.clone(), source }
    }
}

#[expect(clippy::cast_possible_wrap, reason = "a handful")]
const KNOWN: i64 = MIGRATIONS.len() as i64;

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

fn check_known(path: &Utf8Path, found: i64) -> Result<(), HistoryError> {
    if found > KNOWN { Err(HistoryError::Newer { path: path.to_owned(), found, known: KNOWN }) } else { Ok(()) }
}

/// Reads every page: one that is broken would otherwise be met in the middle of a run, or never, and answer wrongly.
fn check(connection: &Connection) -> rusqlite::Result<()> {
    let said: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if said == "ok" {
        return Ok(());
    }
    let corrupt = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
    // A heading in asterisks may come first.
    let reason = said.lines().find(|line| !line.starts_with("***")).unwrap_or("a page of the file is broken");
    Err(rusqlite::Error::SqliteFailure(corrupt, Some(reason.to_owned())))
}

/// All in one transaction that begins by writing: of two runs that find an old schema, one waits for the other.
fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    if version(connection)? == KNOWN {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let from = usize::try_from(version(&transaction)?).unwrap_or(0);
    for step in MIGRATIONS.iter().skip(from) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", KNOWN)?;
    transaction.commit()
}

/// Renames the file with its log: what is in it may still be worth a look.
fn set_aside(path: &Utf8Path) -> Result<Utf8PathBuf, HistoryError> {
    let millis = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let kept = Utf8PathBuf::from(format!("{path}.corrupt-{millis}"));
    fs::rename(path, &kept).map_err(|source| HistoryError::Folder { path: path.to_owned(), source })?;
    for suffix in ["-wal", "-shm"] {
        // Mostly not there.
        let _ = fs::rename(format!("{path}{suffix}"), format!("{kept}{suffix}"));
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_store_of_each_earlier_release_is_read_with_all_that_it_has() {
        for version in 1..MIGRATIONS.len() {
            let folder = tempfile::tempdir().unwrap();
            let state_dir = Utf8PathBuf::try_from(folder.path().to_owned()).unwrap();
            let old = Connection::open(state_dir.join(FILE)).unwrap();
            for step in &MIGRATIONS[..version] {
                old.execute_batch(step).unwrap();
            }
            old.execute_batch(
                "INSERT INTO runs (id, started_ms, clean, machine, arguments, selection, state)
                 VALUES ('1', 1, 1, '', '[]', '', 'complete');
                 INSERT INTO results (run, id, occurrence, attempt, outcome, seconds, gpu_class)
                 VALUES ('1', 'test_a.py::a', 0, 0, 'passed', 1.5, '');",
            )
            .unwrap();
            old.pragma_update(None, "user_version", i64::try_from(version).unwrap()).unwrap();
            drop(old);
            let past = Store::read(&state_dir).unwrap().unwrap().past().unwrap();
            assert_eq!((past.rows.len(), past.rows[0].seconds, past.rows[0].cpu_seconds), (1, 1.5, None));
        }
    }
}
