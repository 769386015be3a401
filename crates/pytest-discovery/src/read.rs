//! Reading and parsing source files.

use std::fs;
use std::sync::Arc;

use camino::Utf8Path;
use test_catalog::{Problem, ProblemKind, SourceSpan, TreePath};

use crate::syntax::{self, SourceFile};

/// One file, parsed.
///
/// # Errors
/// A problem at its place: the file cannot be read, is not UTF-8, or does not parse.
pub(crate) fn source(path: &Utf8Path, tree: &Utf8Path) -> Result<Arc<SourceFile>, Problem> {
    let file = TreePath::relative_to(path, tree).unwrap_or_else(|| TreePath::new(path));
    let unreadable =
        |message: String| Problem { kind: ProblemKind::Unreadable, message, at: SourceSpan::line(file.clone(), 1) };
    let bytes = fs::read(path).map_err(|error| unreadable(format!("cannot be read: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|_| unreadable("is not UTF-8: save it as UTF-8".to_owned()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    syntax::parse(&file, line_feeds(text)).map(Arc::new)
}

/// The text with Python's line ends: what a string literal spans is the same wherever it was checked out. Lines and
/// columns stay what they were.
fn line_feeds(text: &str) -> Arc<str> {
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
