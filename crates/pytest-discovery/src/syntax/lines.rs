//! Where the lines of a text are, and which column a place in one has.

use memchr::memchr_iter;
use test_catalog::Position;

/// Most files have longer lines: room for so many is enough.
const SHORT_LINE: usize = 24;

/// Bytes that are looked at together for one that is not ASCII.
const STRETCH: usize = 64;

/// The lines of a text, for places that are asked for when the text is not at hand any more.
#[derive(Debug)]
pub(crate) struct Lines {
    /// Where each line starts.
    starts: Box<[u32]>,
    /// Where a byte belongs to a character that started before it. Columns are counted in characters.
    continuations: Box<[u32]>,
}

impl Lines {
    /// Reading has left line feeds as the only ends of lines.
    pub(super) fn of(text: &str) -> Self {
        let mut starts = Vec::with_capacity(text.len() / SHORT_LINE + 1);
        starts.push(0);
        for index in memchr_iter(b'\n', text.as_bytes()) {
            starts.push(offset(index + 1));
        }
        Self { starts: starts.into(), continuations: continuations(text.as_bytes()) }
    }

    /// The line, from 1.
    pub(crate) fn line(&self, offset: u32) -> u32 {
        u32::try_from(self.starts.partition_point(|start| *start <= offset)).unwrap_or(u32::MAX)
    }

    /// Where a line starts that is counted from 1; 0 where there is none.
    pub(super) fn start(&self, line: u32) -> u32 {
        let index = (line as usize).checked_sub(1);
        index.and_then(|index| self.starts.get(index)).copied().unwrap_or(0)
    }

    pub(super) fn position(&self, offset: u32) -> Position {
        let line = self.line(offset).max(1);
        let start = self.start(line);
        let before = |end: u32| self.continuations.partition_point(|at| *at < end);
        let inside = u32::try_from(before(offset) - before(start)).unwrap_or(u32::MAX);
        Position { line, column: (offset - start).saturating_sub(inside).saturating_add(1) }
    }
}

fn continuations(bytes: &[u8]) -> Box<[u32]> {
    let mut found = Vec::new();
    for (index, stretch) in bytes.chunks(STRETCH).enumerate().filter(|(_, stretch)| !stretch.is_ascii()) {
        let inside = stretch.iter().enumerate().filter(|(_, byte)| **byte & 0xC0 == 0x80);
        found.extend(inside.map(|(at, _)| offset(index * STRETCH + at)));
    }
    found.into()
}

fn offset(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Held against what the text itself says, at every character of it.
    #[test]
    fn columns_are_characters() {
        for text in
            ["", "\n", "a\n\nbc", "ä\n日本 x\n\u{1F600}é\u{301}\n", &("é".repeat(70) + "\nx\n" + &"日".repeat(50))]
        {
            let lines = Lines::of(text);
            for (at, _) in text.char_indices().chain([(text.len(), ' ')]) {
                let before = &text[..at];
                let line = before.matches('\n').count() + 1;
                let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
                let position = lines.position(u32::try_from(at).unwrap());
                assert_eq!((position.line as usize, position.column as usize), (line, column), "{text:?} at {at}");
            }
        }
    }
}
