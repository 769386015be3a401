//! Conftests that work only where pytest reads them when it starts: those with options, plugins, or hooks of the start.
//!
//! pytest reads the conftests around the files of its command line before anything else, and others when it comes to their
//! folders; options that these add are not known then.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::sync::Mutex;

use camino::{Utf8Path, Utf8PathBuf};

/// What is read of a conftest, in bytes.
const READ: u64 = 1 << 20;
/// Names of hooks and variables that only a conftest of the start may have.
const WORDS: [&str; 4] = ["pytest_addoption", "pytest_plugins", "pytest_cmdline_", "pytest_load_initial_conftests"];

/// The folders that were looked at.
#[derive(Default)]
pub(crate) struct Conftests(Mutex<HashMap<Utf8PathBuf, bool>>);

impl Conftests {
    /// Those from the rootdir down to a file. One that merely mentions such a word counts as well.
    pub(crate) fn early(&self, rootdir: &Utf8Path, file: &Utf8Path) -> Vec<Utf8PathBuf> {
        let mut known = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let folders = file.ancestors().skip(1).take_while(|folder| folder.starts_with(rootdir));
        let early = folders.map(|folder| folder.join("conftest.py"));
        early.filter(|path| *known.entry(path.clone()).or_insert_with(|| is_early(path))).collect()
    }
}

fn is_early(conftest: &Utf8Path) -> bool {
    let mut text = Vec::new();
    let Ok(file) = File::open(conftest) else { return false };
    if file.take(READ).read_to_end(&mut text).is_err() {
        return false;
    }
    let text = String::from_utf8_lossy(&text);
    WORDS.iter().any(|word| text.contains(word))
}
