//! What reading can be sure of.

use crate::SourceSpan;

/// Why something is not known, and the place that says so.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reason {
    /// A fragment such as ``argument values come from `load_cases()` ``.
    pub text: String,
    /// The construct that could not be followed.
    pub at: SourceSpan,
}

/// Whether a case is just what the real tool would list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Certainty {
    /// Its id, its place in the order and its markers are what the real tool gives.
    Exact,
    /// Something of it is not known. An inexact Python function is one case with the function's own id, and runs
    /// as one unit.
    Inexact(Box<Reason>),
}

impl Certainty {
    /// Whether it is exact.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        matches!(self, Self::Exact)
    }

    /// Why it is not.
    #[must_use]
    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Self::Exact => None,
            Self::Inexact(reason) => Some(reason),
        }
    }
}

/// What may remove a case when it is run: `importorskip`, `skipif`, a conftest's ignore under a condition.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Condition {
    /// The source text, such as `pytest.importorskip("vllm")`.
    pub text: String,
    /// Where it stands.
    pub at: SourceSpan,
}

impl Condition {
    /// It as why something is not known that is so only where it holds.
    #[must_use]
    pub fn reason(&self) -> Reason {
        Reason { text: self.text.clone(), at: self.at.clone() }
    }
}
