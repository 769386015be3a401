//! What stands in a file, as messages show it.

use std::fmt;
use std::sync::Arc;

use super::Frame;
use crate::syntax::SourceFile;
use crate::syntax::ast::Range;

/// A stretch of a file, read when it is shown.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    file: Arc<SourceFile>,
    range: Range,
}

impl Source {
    pub(super) fn new(file: &Arc<SourceFile>, range: Range) -> Self {
        Self { file: file.clone(), range }
    }

    /// A stretch of the file that is evaluated.
    pub(super) fn of(frame: &Frame, range: Range) -> Self {
        Self::new(&frame.module.file, range)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.file.slice(self.range).unwrap_or("..."))
    }
}

/// What a message says of an exception.
#[derive(Debug, Clone)]
pub(crate) enum Said {
    Text(String),
    /// The statement that raises it, on one line.
    Written(Source),
}

impl From<String> for Said {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Source> for Said {
    fn from(source: Source) -> Self {
        Self::Written(source)
    }
}

impl fmt::Display for Said {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => formatter.write_str(text),
            Self::Written(Source { file, range }) => formatter.write_str(&file.one_line(*range)),
        }
    }
}
