//! Files that people name: a policy, a baseline.

use std::fs::File;
use std::io::{self, Read};

use camino::Utf8Path;

use crate::error::Error;

/// The text of a file, or a little more than `most` bytes of it: who parses it says that it is too large.
///
/// # Errors
/// It cannot be read, or is not UTF-8.
pub(crate) fn text(path: &Utf8Path, most: usize) -> Result<String, Error> {
    let failed = |source| Error::Read { path: path.to_owned(), source };
    // Opening a folder works, and reading it says nothing that helps.
    if path.is_dir() {
        return Err(failed(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder, where a file is needed")));
    }
    let mut bytes = Vec::new();
    let limit = most as u64 + 1;
    File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)).map_err(failed)?;
    String::from_utf8(bytes).or_else(|error| {
        let (valid, bytes) = (error.utf8_error().valid_up_to(), error.into_bytes());
        // Cut off in the middle of a character, a file is too large and not wrong.
        if bytes.len() as u64 == limit {
            return Ok(String::from_utf8_lossy(&bytes).into_owned());
        }
        let line = 1 + bytes[..valid].iter().filter(|byte| **byte == b'\n').count();
        Err(Error::NotText { path: path.to_owned(), line })
    })
}
