//! Places in the files of a tree.

use std::fmt;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

/// A path relative to the tree, with `/` on every system. Cheap to clone: thousands of markers share one.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TreePath(Arc<str>);

impl TreePath {
    /// The path as given; back slashes of Windows become `/`.
    #[must_use]
    pub fn new(path: impl AsRef<str>) -> Self {
        let path = path.as_ref();
        if cfg!(windows) && path.contains('\\') { Self(path.replace('\\', "/").into()) } else { Self(path.into()) }
    }

    /// `path` relative to `tree`, or `None` where it lies outside.
    #[must_use]
    pub fn relative_to(path: &Utf8Path, tree: &Utf8Path) -> Option<Self> {
        path.strip_prefix(tree).ok().map(|inside| Self::new(inside.as_str()))
    }

    /// The text, such as `tests/serve/test_vllm.py`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same as a path.
    #[must_use]
    pub fn as_path(&self) -> &Utf8Path {
        Utf8Path::new(&*self.0)
    }

    /// Where the file lies on this machine.
    #[must_use]
    pub fn in_tree(&self, tree: &Utf8Path) -> Utf8PathBuf {
        tree.join(&*self.0)
    }

    /// The last component, or the empty text for the tree itself.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.as_path().file_name().unwrap_or_default()
    }
}

impl fmt::Display for TreePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for TreePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, formatter)
    }
}

impl From<&str> for TreePath {
    fn from(path: &str) -> Self {
        Self::new(path)
    }
}

/// A place in a file. Lines and columns count from 1; columns are characters, as editors count them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

/// A stretch of a file, from the first character to just behind the last.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceSpan {
    /// The file.
    pub file: TreePath,
    /// Its first character.
    pub start: Position,
    /// Just behind its last character; equal to `start` where only the place is known.
    pub end: Position,
}

impl SourceSpan {
    /// A place without extent.
    #[must_use]
    pub fn at(file: TreePath, start: Position) -> Self {
        Self { file, start, end: start }
    }

    /// The first character of a line.
    #[must_use]
    pub fn line(file: TreePath, line: u32) -> Self {
        Self::at(file, Position { line, column: 1 })
    }
}

/// `file:line:column`, which terminals and editors make a link of.
impl fmt::Display for SourceSpan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}", self.file, self.start.line, self.start.column)
    }
}
