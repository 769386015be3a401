//! A file that is collected, and its position among all.

use camino::Utf8PathBuf;
use test_catalog::{Condition, Reason};

use crate::arguments::Argument;

/// What a file is collected as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Collector {
    /// `Module`: of tests.
    Module,
    /// `DoctestModule`: of the docstrings that `--doctest-modules` asks for.
    Docstrings,
    /// `DoctestTextfile`.
    Text,
    /// What a hook of the tree may make of it.
    Other,
}

impl Collector {
    /// Whether it imports the file.
    pub(crate) fn imports(self) -> bool {
        matches!(self, Self::Module | Self::Docstrings)
    }
}

/// A file that is collected.
#[derive(Debug, Clone)]
pub(crate) struct ModuleFile {
    /// Absolute.
    pub(crate) path: Utf8PathBuf,
    pub(crate) collector: Collector,
    /// The argument's names and parameters that it is narrowed to; `None` for all of it.
    pub(crate) narrowed: Option<Argument>,
    /// How often its node was made anew before: an argument that narrows the same node again gives the same tests.
    pub(crate) made_anew: usize,
    /// Conditions under which a conftest leaves it out.
    pub(crate) conditions: Vec<Condition>,
    /// Why a conftest may leave it out, or keep it.
    pub(crate) doubt: Option<Reason>,
    /// The option of the tree's configuration that leaves it out.
    pub(crate) ignored_by: Option<Condition>,
    pub(crate) position: Position,
}

impl ModuleFile {
    /// Why a conftest may leave it out.
    pub(crate) fn perhaps(&self) -> Option<Reason> {
        perhaps(&self.conditions, self.doubt.as_ref())
    }
}

/// Why what is under conditions or a doubt may not be there.
pub(super) fn perhaps(conditions: &[Condition], doubt: Option<&Reason>) -> Option<Reason> {
    conditions.first().map(Condition::reason).or_else(|| doubt.cloned())
}

/// The position of a file among all that pytest collects, which may be another one than when it is collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Position {
    /// Which of what the session collects itself leads to it: of the arguments, or of their nodes.
    pub(crate) node: usize,
    /// How many files were found before, twice; and one where it is one of those.
    pub(super) file: usize,
    /// Of what is left out, and walked behind all else: how many files of that were found before.
    pub(super) left_out: usize,
}
