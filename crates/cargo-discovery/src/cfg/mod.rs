//! `#[cfg(...)]`: predicates, and what they come to for a feature set and a target.

mod compiled;
mod predicate;
mod target;

pub(crate) use compiled::{BuildScript, CrateCfg};
pub(crate) use predicate::{Predicate, separated};
use target::GATED;
pub use target::TargetCfg;

/// What a predicate comes to. Unknown is what only a build script or rustc itself could tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Truth {
    No,
    Unknown,
    Yes,
}

impl Truth {
    pub(crate) fn and(self, other: Self) -> Self {
        self.min(other)
    }

    fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
            Self::Yes => Self::No,
        }
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::Yes } else { Self::No }
    }
}

/// Names that rustc and its tools own, so that no build script sets them.
fn is_builtin(name: &str) -> bool {
    const NAMES: [&str; 12] = [
        "unix",
        "windows",
        "debug_assertions",
        "panic",
        "proc_macro",
        "doc",
        "doctest",
        "miri",
        "clippy",
        "rustfmt",
        "feature",
        "test",
    ];
    name.starts_with("target_") || NAMES.contains(&name) || GATED.contains(&name)
}
