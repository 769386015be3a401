//! What shows which marker a test without one needs.

use std::collections::BTreeSet;

use test_catalog::SourceSpan;

/// What speaks for one marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// What it was found by.
    pub kind: EvidenceKind,
    /// The marker that it speaks for.
    pub marker: String,
    /// What was found, as a fragment of a sentence: `` the module imports `vllm.engine` ``.
    pub because: String,
    /// Where that can be looked at: the import, the marker of a neighbour. `None` for what is no place in a file, such as
    /// the name of a folder.
    pub at: Option<SourceSpan>,
}

impl Evidence {
    /// What was found, and where.
    #[must_use]
    pub fn text(&self) -> String {
        match &self.at {
            Some(at) => format!("{}: {}:{}", self.because, at.file, at.start.line),
            None => self.because.clone(),
        }
    }
}

/// What a marker can be proposed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EvidenceKind {
    /// The module imports a package that the policy's `imports` name.
    Imports,
    /// A folder on the way to the file has the marker's name.
    Folder,
    /// The tests of the other modules of the folder, of those of the same type and components, all have the one marker.
    Neighbours,
    /// What tests took when they were run last, against the policy's budgets.
    Measured,
    /// The policy's `locations` have one type, or one component, at this place.
    Location,
    /// The file's name has the marker's name as one of its words.
    FileName,
    /// Most of the other modules of the folder have the marker. Asked only where nothing above speaks.
    Majority,
    /// Most modules below the nearest folder above have the marker. Asked only where nothing else speaks.
    Above,
}

impl EvidenceKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Imports,
        Self::Folder,
        Self::Neighbours,
        Self::Measured,
        Self::Location,
        Self::FileName,
        Self::Majority,
        Self::Above,
    ];

    /// Those that propose where the policy does not say. Of the others, one proposal in eleven or more was wrong on
    /// Dynamo's tree of August 2026: `fixtures/trials/proposals.py` measures it.
    #[must_use]
    pub fn by_default() -> BTreeSet<Self> {
        [Self::Imports, Self::Folder, Self::Neighbours, Self::Majority, Self::Above, Self::Measured].into()
    }

    /// The word in a policy file and in the audit's JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Imports => "imports",
            Self::Folder => "folder",
            Self::Neighbours => "neighbours",
            Self::Measured => "measured",
            Self::Location => "location",
            Self::FileName => "file-name",
            Self::Majority => "majority",
            Self::Above => "above",
        }
    }

    /// What it goes by, for people.
    #[must_use]
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Imports => "the module imports a package that `imports` names",
            Self::Folder => "a folder on the way to the file has the marker's name",
            Self::Neighbours => {
                "all other modules of the folder with tests of the same type and components have it, two at least"
            }
            Self::Measured => {
                "what the tests took in a run (`--results`), against `budgets`: the earliest stage that fits"
            }
            Self::Location => "`locations` have one type or component at this place",
            Self::FileName => "a word of the file's name is the marker's name",
            Self::Majority => "most of the other modules of the folder have it; asked where nothing above speaks",
            Self::Above => {
                "most modules below the nearest folder above with any have it; asked where nothing else speaks"
            }
        }
    }

    /// The kind of that word.
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}
