//! Finds the tests that pytest would collect, without running Python

mod arguments;
pub mod config;
mod fnmatch;
mod imports;
pub mod options;
mod paths;
mod shell_words;
// Read by evaluation, which is not written yet.
#[allow(dead_code)]
mod syntax;
mod version;
mod walk;

pub use arguments::Argument;
pub use config::{Config, ConfigError, Invocation};
pub use version::{PytestVersion, PythonVersion, VersionError};
