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
    syntax::parse(&file, text.into()).map(Arc::new)
}
