//! Reading and parsing source files.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, Read};
use std::sync::Arc;

use camino::Utf8Path;
use test_catalog::{Problem, ProblemKind, SourceSpan, TreePath};

use crate::PythonVersion;
use crate::syntax::{self, SourceFile};

/// No source file comes near it.
const LARGEST: u64 = 64 << 20;

thread_local! {
    /// For what is read, one file after the other.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// One file, parsed.
///
/// # Errors
/// A problem at its place: the file cannot be read, is not UTF-8, or does not parse.
pub(crate) fn source(path: &Utf8Path, tree: &Utf8Path, python: PythonVersion) -> Result<Arc<SourceFile>, Problem> {
    let file = TreePath::relative_to(path, tree).unwrap_or_else(|| TreePath::new(path));
    let unreadable =
        |message: String| Problem { kind: ProblemKind::Unreadable, message, at: SourceSpan::line(file.clone(), 1) };
    let mut bytes = BUFFER.take();
    let text = match read(path, &mut bytes) {
        Err(error) => Err(unreadable(format!("cannot be read: {error}"))),
        Ok(length) => match std::str::from_utf8(&bytes[..length]) {
            Err(_) => Err(unreadable("is not UTF-8: save it as UTF-8".to_owned())),
            Ok(text) => Ok(line_feeds(text.strip_prefix('\u{feff}').unwrap_or(text))),
        },
    };
    BUFFER.set(bytes);
    syntax::parse(&file, text?, python).map(Arc::new)
}

/// The text of a file of the tree, which need not be a source file.
///
/// # Errors
/// It cannot be read, is no file, is not UTF-8, or is too large.
pub(crate) fn text(path: &Utf8Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    let length = read(path, &mut bytes)?;
    bytes.truncate(length);
    String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Reads what is a file, by itself or as a link, into a buffer, which may have more in it from before: how many bytes it has. A pipe
/// would wait for somebody to write, and a device need not end.
fn read(path: &Utf8Path, bytes: &mut Vec<u8>) -> io::Result<usize> {
    let found = fs::metadata(path)?;
    if !found.is_file() && !found.is_dir() {
        return Err(io::Error::other("it is a pipe, a device or a socket: put a file there"));
    }
    if found.len() > LARGEST {
        return Err(io::Error::other(format!("it has {} bytes, and no more than {LARGEST} are read", found.len())));
    }
    let mut file = File::open(path)?;
    // One more than it has, so that the end is seen without asking the system for the size once more.
    let mut room = usize::try_from(found.len()).unwrap_or(0) + 1;
    let mut length = 0;
    loop {
        if bytes.len() < room {
            bytes.resize(room, 0);
        }
        match file.read(&mut bytes[length..room]) {
            Ok(0) => return Ok(length),
            Ok(more) => length += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        // It grows while it is read.
        if length == room {
            if length as u64 > LARGEST {
                return Err(io::Error::other(format!("more than {LARGEST} bytes are written while it is read")));
            }
            room *= 2;
        }
    }
}

/// The text with Python's line ends: what a string literal spans is the same wherever it was checked out. Lines and
/// columns stay what they were.
pub(crate) fn line_feeds(text: &str) -> Arc<str> {
    if memchr::memchr(b'\r', text.as_bytes()).is_none() {
        return text.into();
    }
    text.replace("\r\n", "\n").replace('\r', "\n").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_with_a_line_feed() {
        assert_eq!(&*line_feeds("a\r\nb\rc\n"), "a\nb\nc\n");
    }

    #[test]
    #[cfg(unix)]
    #[allow(clippy::unwrap_used)]
    fn what_need_not_end_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        let link = folder.join("test_a.py");
        std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
        assert!(text(&link).unwrap_err().to_string().contains("a device"));
        assert!(source(&link, folder, PythonVersion::LATEST).unwrap_err().message.contains("a device"));
        let sparse = folder.join("test_b.py");
        File::create(&sparse).unwrap().set_len(LARGEST + 1).unwrap();
        assert!(text(&sparse).unwrap_err().to_string().contains("67108865 bytes"));
    }
}
