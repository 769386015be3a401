//! The text of a file behind its tree.

use std::fmt;
use std::sync::LazyLock;

/// A text, or how to read it again: most files are asked for nothing behind their trees, and all texts together are more than
/// those.
pub(crate) struct SourceText(LazyLock<Option<Box<str>>, Read>);

type Read = Box<dyn FnOnce() -> Option<Box<str>> + Send>;

impl SourceText {
    /// One that is held.
    pub(crate) fn held(text: &str) -> Self {
        let text: Box<str> = text.into();
        let held = Self::again(|| Some(text));
        held.get();
        held
    }

    /// One that is read again when it is asked for, and held from then on. `None` stands for another text than was parsed.
    pub(crate) fn again(read: impl FnOnce() -> Option<Box<str>> + Send + 'static) -> Self {
        Self(LazyLock::new(Box::new(read)))
    }

    /// The text; `None` where it has changed since it was parsed.
    pub(crate) fn get(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl fmt::Debug for SourceText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("SourceText").finish_non_exhaustive()
    }
}
