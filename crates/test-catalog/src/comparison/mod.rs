//! A catalog beside what the real tools list: [`pytest`] for its Python half, [`cargo`] for its Rust half.

pub mod cargo;
pub mod pytest;

use crate::{NodeId, SourceSpan, TestCase};

/// A case and where it is defined.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Its id.
    pub id: NodeId,
    /// Which of the cases with this id.
    pub occurrence: u32,
    /// Its definition.
    pub span: SourceSpan,
}

impl Place {
    fn of(case: &TestCase) -> Self {
        Self { id: case.id.clone(), occurrence: case.occurrence, span: case.span.clone() }
    }
}
