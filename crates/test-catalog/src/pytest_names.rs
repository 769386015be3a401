//! By which names the code of a Python file reaches `pytest.mark`.

use crate::Position;

/// What a file's text shows of that: what has to be known to write a marker into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PytestNames {
    /// What is `pytest.mark` for sure, the best first: `pytest.mark`, then under other names.
    pub marks: Vec<MarkName>,
    /// Whether `import pytest` can be added.
    pub import: ImportPlaces,
}

impl PytestNames {
    /// The expressions that are `pytest.mark` at a place, the best first.
    pub fn marks_at(&self, place: Position) -> impl Iterator<Item = &str> {
        self.marks.iter().filter(move |mark| mark.from <= place).map(|mark| mark.text.as_str())
    }
}

/// An expression that is `pytest.mark`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkName {
    /// The expression: `pytest.mark`, `pt.mark` or `mark`.
    pub text: String,
    /// The end of the import that binds it: it holds for all code that stands behind.
    pub from: Position,
}

/// Where `import pytest` can become a statement of the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportPlaces {
    /// There, the best place first. None where statements share their lines too closely.
    At(Vec<ImportPlace>),
    /// Nowhere: the file gives the name `pytest` to something else, here first.
    Taken(Position),
}

/// One such place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportPlace {
    /// It goes above this line, from 1. One more than the file has lines stands for its end.
    pub line: u32,
    /// Whether blank lines have to keep it apart from what stands around.
    pub apart: bool,
}
