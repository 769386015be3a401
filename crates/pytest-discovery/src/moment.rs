//! When a plugin of the tree is loaded.

use crate::PytestVersion;

/// A conftest is loaded when its folder is collected; before, all were when the first module was.
const LOADED_ON_THE_WAY: PytestVersion = PytestVersion::new(8, 0, 0);

/// Whether every conftest that the walk comes to is loaded before any module is collected, unless an argument names a test
/// in it.
///
/// Source: `Session.collect` and `genitems`.
pub(crate) fn loads_at_once(pytest: PytestVersion) -> bool {
    pytest < LOADED_ON_THE_WAY
}

/// When a plugin is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Before anything is collected: initial conftests, and the plugins that `-p` names.
    Start,
    /// When its folder is collected, or the module that names it.
    OnTheWay,
    /// Not in this run: the tree's configuration leaves the folder out.
    Never,
}
