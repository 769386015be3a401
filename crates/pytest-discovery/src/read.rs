//! Reading and parsing source files.

use std::cell::Cell;
use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use camino::Utf8Path;
use test_catalog::{Problem, ProblemKind, SourceSpan, TreePath};

use crate::syntax::{self, SourceFile};

thread_local! {
    /// For what is read, one file after the other.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// One file, parsed.
///
/// # Errors
/// A problem at its place: the file cannot be read, is not UTF-8, or does not parse.
pub(crate) fn source(path: &Utf8Path, tree: &Utf8Path) -> Result<Arc<SourceFile>, Problem> {
    let file = TreePath::relative_to(path, tree).unwrap_or_else(|| TreePath::new(path));
    let unreadable =
        |message: String| Problem { kind: ProblemKind::Unreadable, message, at: SourceSpan::line(file.clone(), 1) };
    let mut bytes = BUFFER.take();
    bytes.clear();
    let read = File::open(path).and_then(|mut file| file.read_to_end(&mut bytes));
    let text = match (read, std::str::from_utf8(&bytes)) {
        (Err(error), _) => Err(unreadable(format!("cannot be read: {error}"))),
        (Ok(_), Err(_)) => Err(unreadable("is not UTF-8: save it as UTF-8".to_owned())),
        (Ok(_), Ok(text)) => Ok(line_feeds(text.strip_prefix('\u{feff}').unwrap_or(text))),
    };
    BUFFER.set(bytes);
    syntax::parse(&file, text?).map(Arc::new)
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
}
