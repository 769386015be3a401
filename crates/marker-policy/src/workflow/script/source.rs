//! The text of a script, after `${{ }}` has been replaced.

use super::super::expression::Contexts;
use super::super::template::Template;
use super::super::text::{Part, Text};

/// A script as the shell would get it.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Source {
    /// What is not known stands in it as `${{}}`; see [`Source::hole`].
    pub(super) text: String,
    /// Where what is not known stands, in order.
    holes: Vec<(usize, Part)>,
    /// Where lines of the file begin in the text, in order.
    lines: Vec<(usize, u32)>,
}

/// What stands in the text for what is not known.
const HOLE: &str = "${{}}";

impl Source {
    /// The script of a template.
    pub(super) fn new(template: &Template, contexts: &Contexts) -> Self {
        let mut source = Self::default();
        let written = &*template.scalar.text;
        let mut line = template.scalar.first_line.unwrap_or(template.at.line);
        // Folded text has other lines than the file.
        let counts = template.scalar.first_line.is_some();
        let mut counted = 0;
        for piece in template.pieces(contexts) {
            let before = written.get(counted..piece.offset).unwrap_or_default();
            line += if counts { newlines(before) } else { 0 };
            counted = piece.offset;
            source.lines.push((source.text.len(), line));
            match piece.part {
                Part::Known(text) => {
                    if piece.literal && counts {
                        let start = source.text.len();
                        for (at, _) in text.match_indices('\n') {
                            line += 1;
                            source.lines.push((start + at + 1, line));
                        }
                        counted = piece.offset + text.len();
                    }
                    source.text.push_str(&text);
                }
                unknown => {
                    source.holes.push((source.text.len(), unknown));
                    source.text.push_str(HOLE);
                }
            }
        }
        source
    }

    /// The whole text of a file.
    pub(super) fn of_file(text: &str) -> Self {
        // A mark of the order of bytes is no part of the first command.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
        Self { text: text.to_owned(), holes: Vec::new(), lines: starts.zip(1..).collect() }
    }

    /// A text that stands on one line of the file.
    pub(super) fn on_line(text: &str, line: u32) -> Self {
        Self { text: text.to_owned(), holes: Vec::new(), lines: vec![(0, line)] }
    }

    /// The same, where not all of the text is known.
    pub(super) fn of_text(text: &Text, line: u32) -> Self {
        let mut source = Self { lines: vec![(0, line)], ..Self::default() };
        for part in text.parts() {
            match part {
                Part::Known(text) => source.text.push_str(text),
                unknown => {
                    source.holes.push((source.text.len(), unknown.clone()));
                    source.text.push_str(HOLE);
                }
            }
        }
        source
    }

    /// What stands at `at` instead of text, and how long its placeholder is.
    pub(super) fn hole(&self, at: usize) -> Option<(&Part, usize)> {
        let index = self.holes.binary_search_by_key(&at, |(start, _)| *start).ok()?;
        self.holes.get(index).map(|(_, part)| (part, HOLE.len()))
    }

    /// Whether anything between the two is not known.
    pub(super) fn has_hole(&self, start: usize, end: usize) -> bool {
        let first = self.holes.partition_point(|(hole, _)| *hole < start);
        self.holes.get(first).is_some_and(|(hole, _)| *hole < end)
    }

    /// The line of the file on which `at` stands.
    pub(super) fn line(&self, at: usize) -> u32 {
        let behind = self.lines.partition_point(|(start, _)| *start <= at);
        behind.checked_sub(1).and_then(|index| self.lines.get(index)).map_or(1, |(_, line)| *line)
    }
}

fn newlines(text: &str) -> u32 {
    u32::try_from(text.bytes().filter(|byte| *byte == b'\n').count()).unwrap_or(u32::MAX)
}
