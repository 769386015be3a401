//! Mistakes in a policy file.

use std::fmt;

/// So many lines are written of a file that has still more mistakes.
const MOST_SHOWN: usize = 200;

/// Every mistake of one policy file, in the order of the file. There is at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyErrors {
    /// The file's name as given to [`Policy::parse`](crate::Policy::parse).
    pub file: String,
    /// The mistakes.
    pub mistakes: Vec<PolicyMistake>,
}

/// One mistake in a policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyMistake {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// What was found, what was expected, and what was probably meant.
    pub message: String,
}

impl std::error::Error for PolicyErrors {}

/// A line `file:line:column: message` for each mistake.
impl fmt::Display for PolicyErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.mistakes.iter().take(MOST_SHOWN).enumerate() {
            let newline = if index == 0 { "" } else { "\n" };
            write!(formatter, "{newline}{}:{}:{}: {}", self.file, mistake.line, mistake.column, mistake.message)?;
        }
        match self.mistakes.len().saturating_sub(MOST_SHOWN) {
            0 => Ok(()),
            more => write!(formatter, "\nand {more} more"),
        }
    }
}
