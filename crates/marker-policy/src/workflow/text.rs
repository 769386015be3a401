//! Texts of which only a part may be known.

use std::fmt;

/// A text, parts of which may be known to CI only.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Text {
    parts: Vec<Part>,
}

/// A stretch of a [`Text`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Part {
    /// Known.
    Known(String),
    /// The path of the checkout: `${{ github.workspace }}`, `$GITHUB_WORKSPACE`.
    Workspace,
    /// Only CI knows it.
    Unknown {
        /// What it comes from, as written: `matrix.dir`, `$FEATURES`.
        source: String,
        /// In a command, it may also be no word, or several.
        splits: bool,
    },
}

impl Text {
    /// What is all known.
    #[must_use]
    pub fn known(text: impl Into<String>) -> Self {
        let mut whole = Self::default();
        whole.push(Part::Known(text.into()));
        whole
    }

    /// What only CI knows.
    #[must_use]
    pub fn unknown(source: impl Into<String>) -> Self {
        Self { parts: vec![Part::Unknown { source: source.into(), splits: false }] }
    }

    /// The text, where all of it is known.
    #[must_use]
    pub fn as_known(&self) -> Option<&str> {
        match &*self.parts {
            [] => Some(""),
            [Part::Known(text)] => Some(text),
            _ => None,
        }
    }

    /// What is known of its beginning.
    #[must_use]
    pub fn known_start(&self) -> &str {
        match &*self.parts {
            [Part::Known(start), ..] => start,
            _ => "",
        }
    }

    /// Its parts, in order. No two known ones follow each other, and none is empty.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Whether it may turn out to be no word of a command, or several.
    #[must_use]
    pub fn splits(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Unknown { splits: true, .. }))
    }

    /// The text behind the checkout's path, where it begins with that and the rest is known: `/lib` of
    /// `${{ github.workspace }}/lib`.
    #[must_use]
    pub fn in_workspace(&self) -> Option<&str> {
        match &*self.parts {
            [Part::Workspace] => Some(""),
            [Part::Workspace, Part::Known(rest)] => Some(rest),
            _ => None,
        }
    }

    /// What stands between characters `separator` of what is known of it.
    pub(super) fn split(&self, separator: char) -> Vec<Self> {
        let mut pieces = vec![Self::default()];
        for part in &self.parts {
            let Part::Known(text) = part else {
                pieces.last_mut().into_iter().for_each(|piece| piece.push(part.clone()));
                continue;
            };
            for (index, piece) in text.split(separator).enumerate() {
                if index > 0 {
                    pieces.push(Self::default());
                }
                pieces.last_mut().into_iter().for_each(|last| last.push(Part::Known(piece.to_owned())));
            }
        }
        pieces
    }

    /// What stands behind `start`, if it begins with that.
    pub(super) fn strip_prefix(&self, start: &str) -> Option<Self> {
        let rest = self.known_start().strip_prefix(start)?;
        let behind = self.parts.iter().skip(usize::from(!self.known_start().is_empty())).cloned();
        Some(std::iter::once(Part::Known(rest.to_owned())).chain(behind).collect())
    }

    /// Adds a part at the end.
    pub(super) fn push(&mut self, part: Part) {
        match (self.parts.last_mut(), part) {
            (_, Part::Known(text)) if text.is_empty() => {}
            (Some(Part::Known(before)), Part::Known(text)) => before.push_str(&text),
            (_, part) => self.parts.push(part),
        }
    }
}

impl FromIterator<Part> for Text {
    fn from_iter<T: IntoIterator<Item = Part>>(parts: T) -> Self {
        let mut text = Self::default();
        parts.into_iter().for_each(|part| text.push(part));
        text
    }
}

/// What is not known stands in `<` and `>`.
impl fmt::Display for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Known(text) => formatter.write_str(text),
            Part::Workspace => formatter.write_str("<github.workspace>"),
            Part::Unknown { source, .. } => write!(formatter, "<{source}>"),
        })
    }
}
