//! Finds the tests that pytest would collect, without running Python.
//!
//! [`discover()`] reads a tree as pytest does: configuration and rootdir, arguments, folders and conftests, then the
//! module-level code of each test file, evaluated abstractly, down to node ids, their order and their markers. What
//! cannot be known is [`inexact`](test_catalog::Certainty::Inexact), with the reason and its place; a file that
//! cannot be read costs itself only.
//!
//! Data flows one way: `config` (rootdir, options, arguments) → `walk` (which files, and when) → `session` (one file or conftest
//! after the other) → `sources` (each file parsed once, ahead of evaluation) → `syntax` (source to our own tree; the only place that
//! names a parser) → `eval` (what module-level names are bound to) → `collect` (classes, marks, parameters, ids) → the catalog.
//!
//! Assumptions, which a listing holds under: libraries are importable; the environment is
//! [`Settings::env`] and nothing else; the platform is Linux; options of plugins and conftests that nobody gave have
//! their defaults.
//!
//! ```
//! use pytest_discovery::{Settings, discover};
//!
//! let folder = tempfile::tempdir()?;
//! std::fs::write(
//!     folder.path().join("test_sizes.py"),
//!     "import pytest\nSIZES = [1, 2]\n@pytest.mark.parametrize('size', SIZES + [8])\ndef test_size(size): ...\n",
//! )?;
//! let tree = camino::Utf8PathBuf::try_from(folder.path().canonicalize()?)?;
//! let catalog = discover(&Settings::new(tree))?;
//! let ids: Vec<_> = catalog.cases.iter().map(|case| case.id.as_str()).collect();
//! assert_eq!(ids, ["test_sizes.py::test_size[1]", "test_sizes.py::test_size[2]", "test_sizes.py::test_size[8]"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod arguments;
mod collect;
mod comments;
pub mod config;
mod conftests;
mod discover;
mod doctest;
mod eval;
mod find_spec;
mod fnmatch;
mod folders;
mod imported;
mod imports;
mod module_names;
mod moment;
mod observe;
pub mod options;
mod paths;
mod pinned;
mod projects;
mod pytest_names;
mod read;
mod session;
mod shell_words;
mod sources;
mod standard_library;
mod syntax;
mod version;
mod walk;

pub use arguments::Argument;
pub use comments::comments;
pub use config::{Config, ConfigError, Invocation};
pub use discover::{DiscoveryError, Running, Settings, discover, start};
pub use pinned::PinnedPytest;
pub use pytest_names::pytest_names;
pub use shell_words::{ShellWordsError, split as split_words};
pub use version::{PytestVersion, PythonVersion, VersionError};
