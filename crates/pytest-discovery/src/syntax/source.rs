//! A source file: its text, its tree, and where its lines begin.

use std::sync::{Arc, OnceLock};

use memchr::memchr_iter;
use test_catalog::{Position, SourceSpan, TreePath};

use super::ast::{Range, Stmt};

/// Most files have longer lines: room for so many is enough.
const SHORT_LINE: usize = 24;

/// A file that parsed.
#[derive(Debug)]
pub(crate) struct SourceFile {
    pub(crate) path: TreePath,
    pub(crate) text: Arc<str>,
    pub(crate) body: Vec<Stmt>,
    /// Made when a place is asked for: of a file that is only imported nobody asks.
    line_starts: OnceLock<Vec<u32>>,
}

impl SourceFile {
    pub(super) fn new(path: TreePath, text: Arc<str>, body: Vec<Stmt>) -> Self {
        Self { path, text, body, line_starts: OnceLock::new() }
    }

    /// A file that is no source: nothing of it is looked at by its place.
    pub(crate) fn of_text(path: TreePath) -> Self {
        Self::new(path, "".into(), Vec::new())
    }

    /// The text of a range; empty where it is not one of this file.
    pub(crate) fn slice(&self, range: Range) -> &str {
        self.text.get(range.start as usize..range.end as usize).unwrap_or_default()
    }

    /// The range as a place of the tree.
    pub(crate) fn span(&self, range: Range) -> SourceSpan {
        SourceSpan { file: self.path.clone(), start: self.position(range.start), end: self.position(range.end) }
    }

    /// The line, from 1.
    pub(crate) fn line(&self, offset: u32) -> u32 {
        u32::try_from(self.line_starts().partition_point(|start| *start <= offset)).unwrap_or(u32::MAX)
    }

    /// Finds where lines start: evaluation asks for the places of what it finds, and need not wait for it then.
    pub(crate) fn find_lines(&self) {
        self.line_starts();
    }

    fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| line_starts(&self.text))
    }

    fn position(&self, offset: u32) -> Position {
        position(&self.text, self.line_starts(), offset)
    }
}

/// Reading has left line feeds as the only ends of lines.
pub(super) fn line_starts(text: &str) -> Vec<u32> {
    let mut starts = Vec::with_capacity(text.len() / SHORT_LINE + 1);
    starts.push(0);
    for index in memchr_iter(b'\n', text.as_bytes()) {
        starts.push(u32::try_from(index + 1).unwrap_or(u32::MAX));
    }
    starts
}

pub(super) fn position(text: &str, line_starts: &[u32], offset: u32) -> Position {
    let line = line_starts.partition_point(|start| *start <= offset).max(1);
    let start = line_starts.get(line - 1).copied().unwrap_or(0);
    let column = text.get(start as usize..offset as usize).map_or(0, |before| before.chars().count());
    Position {
        line: u32::try_from(line).unwrap_or(u32::MAX),
        column: u32::try_from(column).unwrap_or(u32::MAX).saturating_add(1),
    }
}
