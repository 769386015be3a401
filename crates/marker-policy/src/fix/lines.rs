//! The lines of a text, as Python reads them.

use test_catalog::Position;

/// Where the lines of a text begin.
pub(super) struct Lines {
    starts: Vec<usize>,
    /// How long the text is.
    end: usize,
    /// What ends the first line.
    pub(super) newline: &'static str,
}

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        // The first line begins behind the mark of byte order: positions count from there.
        let first = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let ends =
            text.match_indices(['\n', '\r']).filter(|(at, end)| *end == "\n" || !text[at + 1..].starts_with('\n'));
        let starts: Vec<usize> = std::iter::once(first).chain(ends.map(|(at, _)| at + 1)).collect();
        let newline = match starts.get(1) {
            Some(second) if text[..*second].ends_with("\r\n") => "\r\n",
            Some(second) if text[..*second].ends_with('\r') => "\r",
            _ => "\n",
        };
        Self { starts, end: text.len(), newline }
    }

    /// Where a line begins, from 1.
    pub(super) fn start(&self, line: u32) -> Option<usize> {
        self.starts.get(usize::try_from(line).ok()?.checked_sub(1)?).copied()
    }

    /// Whether a line begins there, and not only the end of a text whose last line has no end.
    pub(super) fn begin_at(&self, at: usize) -> bool {
        self.starts.binary_search(&at).is_ok()
    }

    /// Where a line begins; the one behind the last is the end of the text.
    pub(super) fn start_or_end(&self, line: u32) -> Option<usize> {
        let is_behind_last = || self.start(line.checked_sub(1)?).map(|_| self.end);
        self.start(line).or_else(is_behind_last)
    }

    /// The place of a byte.
    pub(super) fn position(&self, text: &str, at: usize) -> Position {
        let line = self.starts.partition_point(|start| *start <= at).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or_default();
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let before = text.get(start..at).unwrap_or_default();
        Position { line: count(line), column: count(before.chars().count() + 1) }
    }

    /// The byte of a place, which may be behind the last character of its line.
    pub(super) fn offset(&self, text: &str, at: Position) -> Option<usize> {
        let Some(start) = self.start(at.line) else {
            return self.start_or_end(at.line).filter(|_| at.column == 1);
        };
        let column = usize::try_from(at.column).ok()?.checked_sub(1)?;
        let line = text[start..].split(['\n', '\r']).next().unwrap_or_default();
        let inside = line.char_indices().map(|(at, _)| at).chain([line.len()]).nth(column)?;
        Some(start + inside)
    }
}
