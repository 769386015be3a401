//! Finds the tests that pytest would collect, without running Python

mod fnmatch;
mod shell_words;
mod version;

pub use version::{PytestVersion, PythonVersion, VersionError};
