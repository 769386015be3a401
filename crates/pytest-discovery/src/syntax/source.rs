//! A source file: its tree, its text, and where its lines begin.

use std::sync::Arc;

use test_catalog::{SourceSpan, TreePath};

use super::ast::{Range, Stmt};
use super::lines::Lines;
use super::text::SourceText;

/// A file that parsed.
#[derive(Debug)]
pub(crate) struct SourceFile {
    pub(crate) path: TreePath,
    pub(crate) body: Vec<Stmt>,
    text: Arc<SourceText>,
    lines: Lines,
}

impl SourceFile {
    pub(super) fn new(path: TreePath, body: Vec<Stmt>, text: Arc<SourceText>, lines: Lines) -> Self {
        Self { path, body, text, lines }
    }

    /// A file that is no source: nothing of it is looked at by its place.
    pub(crate) fn of_text(path: TreePath) -> Self {
        Self::new(path, Vec::new(), Arc::new(SourceText::held("")), Lines::of(""))
    }

    /// The text; `None` where the file has changed since it was parsed.
    pub(crate) fn text(&self) -> Option<&str> {
        self.text.get()
    }

    /// The text of a range; `None` where it is not one of this file, or that has changed.
    pub(crate) fn slice(&self, range: Range) -> Option<&str> {
        self.text()?.get(range.start as usize..range.end as usize)
    }

    /// The text of a range on one line, as messages show it.
    pub(crate) fn one_line(&self, range: Range) -> String {
        self.slice(range).unwrap_or("...").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The range as a place of the tree.
    pub(crate) fn span(&self, range: Range) -> SourceSpan {
        let (start, end) = (self.lines.position(range.start), self.lines.position(range.end));
        SourceSpan { file: self.path.clone(), start, end }
    }

    /// The line, from 1.
    pub(crate) fn line(&self, offset: u32) -> u32 {
        self.lines.line(offset)
    }
}
