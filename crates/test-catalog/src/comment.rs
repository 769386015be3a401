//! Comments of source files.

use std::ops::RangeInclusive;

use crate::Position;

/// A comment that is one to its language: what looks like it within a string is none, and neither is documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Where its mark (`#` or `//`) stands.
    pub at: Position,
    /// What it says, without the mark and the blanks around it.
    pub text: String,
    /// Whether nothing but comments stands above it in the file.
    pub at_top: bool,
    /// The lines that it is about. Behind code that is its own line. On a line of its own they are those of the code that
    /// begins right below: decorators or attributes down to the first line of what they decorate. Empty where none does.
    pub lines: RangeInclusive<u32>,
}

impl Comment {
    /// Whether it is about that line.
    #[must_use]
    pub fn is_about(&self, line: u32) -> bool {
        self.lines.contains(&line)
    }
}
