//! Files that people name: a policy, a baseline.

use std::fs;
use std::io;

use camino::Utf8Path;

use crate::error::Error;

/// The text of a file.
///
/// # Errors
/// It cannot be read, or is not UTF-8.
pub(crate) fn text(path: &Utf8Path) -> Result<String, Error> {
    let failed = |source| Error::Read { path: path.to_owned(), source };
    // Opening a folder works, and reading it says nothing that helps.
    if path.is_dir() {
        return Err(failed(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder, where a file is needed")));
    }
    let bytes = fs::read(path).map_err(failed)?;
    String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        Error::NotText { path: path.to_owned(), line: 1 + before.iter().filter(|byte| **byte == b'\n').count() }
    })
}
