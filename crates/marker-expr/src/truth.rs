//! Three-valued logic.

use std::ops::Not;

/// What is known of a statement: Kleene's three values, in the order `No < Unknown < Yes`.
///
/// ```
/// use marker_expr::Truth;
///
/// assert_eq!(Truth::Unknown.and(Truth::No), Truth::No);
/// assert_eq!(Truth::Unknown.or(Truth::No), Truth::Unknown);
/// assert_eq!(!Truth::Unknown, Truth::Unknown);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Truth {
    /// It is false.
    No,
    /// It may be either.
    Unknown,
    /// It is true.
    Yes,
}

impl Truth {
    /// Both hold: the lesser of the two.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.min(other)
    }

    /// At least one holds: the greater of the two.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.max(other)
    }
}

impl Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
            Self::Yes => Self::No,
        }
    }
}

impl From<bool> for Truth {
    fn from(known: bool) -> Self {
        if known { Self::Yes } else { Self::No }
    }
}
