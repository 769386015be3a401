//! What is wrong with a configuration or with arguments.

use camino::{Utf8Path, Utf8PathBuf};

use crate::shell_words::ShellWordsError;

/// A mistake for which pytest would end with a usage error before it collects anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A configuration file cannot be read.
    #[error("{file}: cannot be read ({what}); make it a readable file in UTF-8")]
    Unreadable {
        /// The file.
        file: Utf8PathBuf,
        /// What the system said.
        what: String,
    },
    /// A configuration file breaks the rules of its format.
    #[error("{file}:{line}: {what}")]
    Malformed {
        /// The file.
        file: Utf8PathBuf,
        /// The line, from 1.
        line: u32,
        /// What was found and what to do.
        what: String,
    },
    /// An option has a value that its type does not allow.
    #[error("{place}: option `{option}` takes {expected}, found {found}")]
    Value {
        /// File and line, or `-o`.
        place: String,
        /// The option.
        option: String,
        /// What it takes.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// Words cannot be told apart.
    #[error("{place}: `{text}` cannot be split into words: {what}")]
    Words {
        /// File and line, the environment variable, or `-o`.
        place: String,
        /// The text.
        text: String,
        /// Why.
        what: String,
    },
    /// The tree asks for a newer pytest than discovery follows.
    #[error("{file}:{line}: minversion is {wanted}, but discovery follows pytest {followed}: ask for {wanted}")]
    MinVersion {
        /// The file.
        file: Utf8PathBuf,
        /// The line, from 1.
        line: u32,
        /// What the file asks for.
        wanted: String,
        /// What is followed.
        followed: String,
    },
    /// An option on the command line, in `addopts` or in `PYTEST_ADDOPTS` is used wrongly.
    #[error("pytest option {option}: {what}")]
    Option {
        /// The option as written.
        option: String,
        /// What is wrong and what to do.
        what: String,
    },
    /// An argument names nothing that could be collected.
    #[error("argument `{argument}`: {what}")]
    Argument {
        /// The argument as written.
        argument: String,
        /// What is wrong and what to do.
        what: String,
    },
}

impl ConfigError {
    pub(super) fn malformed(file: &Utf8Path, line: u32, what: impl Into<String>) -> Self {
        Self::Malformed { file: file.to_owned(), line, what: what.into() }
    }

    pub(crate) fn words(place: impl Into<String>, text: &str, cause: ShellWordsError) -> Self {
        Self::Words { place: place.into(), text: text.to_owned(), what: cause.to_string() }
    }

    pub(crate) fn option(option: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Option { option: option.into(), what: what.into() }
    }

    pub(crate) fn argument(argument: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Argument { argument: argument.into(), what: what.into() }
    }
}
