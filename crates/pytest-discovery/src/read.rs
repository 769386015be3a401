//! Reading and parsing source files.

use std::borrow::Cow;
use std::cell::Cell;
use std::fs::{self, File};
use std::hash::BuildHasher;
use std::io::{self, Read};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use foldhash::fast::FixedState;
use test_catalog::{Problem, ProblemKind, SourceSpan, TreePath};

use crate::PythonVersion;
use crate::folders::Folders;
use crate::syntax::{self, SourceFile, SourceText};

/// No source file comes near it.
const LARGEST: u64 = 64 << 20;

thread_local! {
    /// For what is read, one file after the other.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// What becomes of the text of a file that is parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Texts {
    /// It is read again where it is asked for.
    Dropped,
    /// It is held, to be asked for.
    Held,
}

/// One file, parsed.
///
/// # Errors
/// A problem at its place: the file cannot be read, is not UTF-8, or does not parse.
pub(crate) fn source(
    path: &Utf8Path,
    tree: &Utf8Path,
    python: PythonVersion,
    texts: Texts,
    folders: &Folders,
) -> Result<Arc<SourceFile>, Problem> {
    let file = TreePath::relative_to(path, tree).unwrap_or_else(|| TreePath::new(path));
    let unreadable =
        |message: String| Problem { kind: ProblemKind::Unreadable, message, at: SourceSpan::line(file.clone(), 1) };
    with_bytes(path, folders.has_plain_file(path), |bytes| match bytes.map(std::str::from_utf8) {
        Err(error) => Err(unreadable(format!("cannot be read: {error}"))),
        Ok(Err(_)) => Err(unreadable("is not UTF-8: save it as UTF-8".to_owned())),
        Ok(Ok(text)) => {
            let text = python_text(text);
            let again = match texts {
                Texts::Held => SourceText::held(&text),
                Texts::Dropped => again(path.to_owned(), fingerprint(&text)),
            };
            syntax::parse(&file, &text, again, python).map(Arc::new)
        }
    })
}

/// The text of a file that is read once more, if it still is what it was.
fn again(path: Utf8PathBuf, seen: u64) -> SourceText {
    SourceText::again(move || {
        with_bytes(&path, false, |bytes| {
            let text = python_text(std::str::from_utf8(bytes.ok()?).ok()?);
            (fingerprint(&text) == seen).then(|| text.into())
        })
    })
}

/// What is made of a file that is read into this thread's buffer.
fn with_bytes<T>(path: &Utf8Path, is_listed: bool, make: impl FnOnce(io::Result<&[u8]>) -> T) -> T {
    let mut buffer = BUFFER.take();
    let made = match read(path, is_listed, &mut buffer) {
        Ok(length) => make(Ok(&buffer[..length])),
        Err(error) => make(Err(error)),
    };
    BUFFER.set(buffer);
    made
}

/// Tells texts apart that a file had one after the other.
fn fingerprint(text: &str) -> u64 {
    FixedState::default().hash_one(text)
}

/// The text of a file of the tree, which need not be a source file.
///
/// # Errors
/// It cannot be read, is no file, is not UTF-8, or is too large.
pub(crate) fn text(path: &Utf8Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    let length = read(path, false, &mut bytes)?;
    bytes.truncate(length);
    String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Reads what is a file, by itself or as a link, into a buffer, which may have more in it from before: how many bytes it has. A pipe
/// would wait for somebody to write, and a device need not end, or does something when it is opened: what its folder did not list as
/// a file is looked at before.
fn read(path: &Utf8Path, is_listed: bool, bytes: &mut Vec<u8>) -> io::Result<usize> {
    if !is_listed {
        let found = fs::metadata(path)?;
        if !found.is_file() && !found.is_dir() {
            return Err(io::Error::other("it is a pipe, a device or a socket: put a file there"));
        }
    }
    let mut file = File::open(path)?;
    let found = file.metadata()?;
    if found.len() > LARGEST {
        return Err(io::Error::other(format!("it has {} bytes, and no more than {LARGEST} are read", found.len())));
    }
    let size = usize::try_from(found.len()).unwrap_or(0);
    // One more than it has: where no more comes, that is the end.
    let mut room = size + 1;
    let mut length = 0;
    loop {
        if bytes.len() < room {
            bytes.resize(room, 0);
        }
        match file.read(&mut bytes[length..room]) {
            Ok(0) => return Ok(length),
            // What the system makes up while it is read has no size.
            Ok(more) if length == 0 && more == size => return Ok(size),
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

/// The text as Python has it: without a byte order mark, and with Python's line ends: what a string literal spans is the same
/// wherever it was checked out. Lines and columns stay what they were.
pub(crate) fn python_text(text: &str) -> Cow<'_, str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match memchr::memchr(b'\r', text.as_bytes()) {
        None => text.into(),
        Some(_) => text.replace("\r\n", "\n").replace('\r', "\n").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::ast::StmtKind;

    #[test]
    fn a_line_ends_with_a_line_feed() {
        assert_eq!(python_text("a\r\nb\rc\n"), "a\nb\nc\n");
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
        assert!(
            source(&link, folder, PythonVersion::LATEST, Texts::Dropped, &Folders::default())
                .unwrap_err()
                .message
                .contains("a device")
        );
        let sparse = folder.join("test_b.py");
        File::create(&sparse).unwrap().set_len(LARGEST + 1).unwrap();
        assert!(text(&sparse).unwrap_err().to_string().contains("67108865 bytes"));
    }

    /// A body that was not read while its file was as it was parsed is nobody's any more.
    #[test]
    #[allow(clippy::unwrap_used)]
    fn a_text_that_has_changed_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        let path = folder.join("test_a.py");
        for (later, is_same) in [("\u{feff}def f():\r\n    return 1\r\n", true), ("def f():\n    return 2\n", false)] {
            std::fs::write(&path, "def f():\n    return 1\n").unwrap();
            let file = source(&path, folder, PythonVersion::LATEST, Texts::Dropped, &Folders::default()).unwrap();
            let held = source(&path, folder, PythonVersion::LATEST, Texts::Held, &Folders::default()).unwrap();
            std::fs::write(&path, later).unwrap();
            let StmtKind::Function(function) = &file.body[0].kind else { panic!("{file:?}") };
            assert_eq!((file.text().is_some(), held.text().is_some()), (is_same, true));
            assert_eq!(file.body == held.body, is_same);
            assert_eq!(function.body().len(), 1);
        }
    }
}
