//! Why the walk passes a file or folder over.

use std::fmt;

use camino::Utf8PathBuf;

/// The rule by which pytest passes a path over. Written as a sentence whose subject is the file or folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PassedOver {
    /// No pattern of `python_files`, which are these, is for a file of that name.
    Name(Vec<String>),
    /// A pattern of `norecursedirs`.
    NoRecurse(String),
    /// A folder of an installed Python.
    Virtualenv,
    /// `__pycache__`.
    Cache,
    /// `--ignore` or `--ignore-glob`, as it was given.
    Option(String),
    /// An entry of `collect_ignore` or `collect_ignore_glob` of a conftest above.
    CollectIgnore(String),
    /// `pytest_ignore_collect` of this conftest, relative to the tree.
    Hook(Utf8PathBuf),
    /// The same hook of a plugin that is no conftest.
    Plugin,
    /// None of the folders that `testpaths` names, which are these, is above it.
    TestPaths(Vec<String>),
}

impl fmt::Display for PassedOver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(patterns) => {
                write!(formatter, "has a name that `python_files` does not look for ({})", patterns.join(" "))
            }
            Self::NoRecurse(pattern) => write!(formatter, "is not entered: `norecursedirs` has `{pattern}`"),
            Self::Virtualenv => formatter.write_str("is not entered: it is a virtual environment"),
            Self::Cache => formatter.write_str("is not entered: it is Python's cache"),
            Self::Option(option) => write!(formatter, "is left out by `{option}`"),
            Self::CollectIgnore(entry) => write!(formatter, "is left out by `collect_ignore` of a conftest: {entry}"),
            Self::Hook(conftest) => write!(formatter, "is left out by `pytest_ignore_collect` of {conftest}"),
            Self::Plugin => formatter.write_str("is left out by `pytest_ignore_collect` of a plugin"),
            Self::TestPaths(folders) => {
                write!(formatter, "lies below none of the folders of `testpaths` ({})", folders.join(" "))
            }
        }
    }
}
