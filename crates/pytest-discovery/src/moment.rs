//! When a module is collected, and which conftests are loaded by then.

use crate::PytestVersion;

/// A conftest is loaded when its folder is collected; before, all were when the first module was.
const LOADED_ON_THE_WAY: PytestVersion = PytestVersion::new(8, 0, 0);

/// Whether every conftest that the walk comes to is loaded before any module is collected.
pub(crate) fn loads_at_once(pytest: PytestVersion) -> bool {
    pytest < LOADED_ON_THE_WAY
}

/// A moment of a collection, by the modules that the walk has found until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(usize);

impl Moment {
    /// Before the walk: initial conftests are loaded, and the plugins that `-p` names.
    pub(crate) const START: Self = Self(0);
    /// While arguments are looked for, before folders are walked.
    const ARGUMENTS: Self = Self(1);
    /// When the walk is over.
    pub(crate) const END: Self = Self(usize::MAX - 1);
    /// Not in this run: the tree's configuration leaves the folder out.
    pub(crate) const NEVER: Self = Self(usize::MAX);

    /// When the walk has found so many modules.
    pub(crate) fn behind(modules: usize) -> Self {
        Self(modules.saturating_add(2).min(Self::END.0))
    }

    /// When the module is collected that the walk finds behind so many others. One of which an argument names a test is
    /// searched for that test, before folders are collected.
    ///
    /// Source: `Session.collect` and `genitems`.
    pub(crate) fn of_module(modules: usize, is_searched: bool, pytest: PytestVersion) -> Self {
        match (loads_at_once(pytest), is_searched) {
            (false, true) => Self::ARGUMENTS,
            (true, false) => Self::END,
            _ => Self::behind(modules),
        }
    }

    /// Whether that is before the walk.
    pub(crate) fn is_initial(self) -> bool {
        self == Self::START
    }
}
