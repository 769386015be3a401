//! Whether a lane of CI runs a test.

use std::sync::Arc;

/// Whether a lane runs a case, as far as that can be known without running it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// It does.
    Runs,
    /// It may: something that decides it is not known.
    Maybe,
    /// It does not.
    Not(Obstacle),
}

/// What keeps a lane from running a case: the first of these that applies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Obstacle {
    /// The lane runs tests of the other language.
    Language,
    /// It is about other files.
    Path,
    /// It builds another package, or none of the tree.
    Package,
    /// It builds other targets of the package, or leaves the documentation tests out.
    Target,
    /// Features are off that the case needs: all of one of these sets, each of them sorted. Shared, and behind one
    /// pointer, for every lane has a reach for every test.
    Features(Arc<Vec<Vec<String>>>),
    /// It does not compile the case for another reason, such as the machine.
    Condition,
    /// Its marker expression leaves the case out.
    Markers,
    /// It runs no `#[ignore]`d tests, or nothing else.
    Ignored,
    /// It selects tests by name.
    Name,
    /// It leaves out what claims more memory of a GPU, or does not say how much.
    Vram,
}

impl Reach {
    /// Whether the lane certainly leaves the case out.
    #[must_use]
    pub fn is_not(&self) -> bool {
        matches!(self, Self::Not(_))
    }
}
