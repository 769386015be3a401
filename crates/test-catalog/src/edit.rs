//! Where an author can put a marker.

use crate::SourceSpan;

/// How far a marker reaches that is put at an [`EditSite`]. Ordered from the narrowest to the widest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// One parameter set: `pytest.param(..., marks=...)`.
    Param,
    /// One test function.
    Function,
    /// One test class.
    Class,
    /// One module.
    Module,
}

/// What has to be written there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EditForm {
    /// A decorator line `@pytest.mark.NAME` above the site's line, with its indentation.
    Decorator,
    /// One more element `pytest.mark.NAME` of the list that the site spans.
    ListElement,
    /// The single mark that the site spans becomes a list of two.
    WrapInList,
    /// A new line `pytestmark = [pytest.mark.NAME]` above the site's line.
    NewPytestmark,
    /// `marks=` of the `pytest.param(...)` call that the site spans.
    ParamMarks,
}

/// A place where a marker can be put so that a case gets it, and every other case that has the same site.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EditSite {
    /// How far it reaches.
    pub scope: Scope,
    /// The place.
    pub at: SourceSpan,
    /// What to write.
    pub form: EditForm,
}
