//! Every test of a tree.

use foldhash::HashMap;

use crate::{Import, NodeId, Observation, SourceSpan, TestCase, TreePath};

/// Every test of a tree, in the order in which the real tools would list them, and what could not be read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Catalog {
    /// The tests.
    pub cases: Vec<TestCase>,
    /// Files that cost themselves, and other facts that an author has to know.
    pub problems: Vec<Problem>,
    /// What the source shows beside the tests, as far as it was asked for.
    pub observations: Vec<Observation>,
    /// What the files of Python tests import by name, in the order of the files and of their text: where nothing but an
    /// exception decides whether they do.
    pub imports: Vec<Import>,
    /// Markers that pytest's configuration or a conftest declares.
    pub declared_markers: Vec<DeclaredMarker>,
    /// What pytest was taken to be; `None` where no Python was looked for.
    pub pytest: Option<PytestFacts>,
    /// How many files were read to find all this.
    pub files_read: usize,
}

/// What pytest's half of a catalog was read for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PytestFacts {
    /// pytest's release, such as `9.2.0`.
    pub version: String,
    /// Python's, such as `3.11`.
    pub python: String,
    /// pytest's rootdir, which node ids are relative to; empty for the tree itself.
    pub rootdir: TreePath,
    /// The configuration file, if any.
    pub config_file: Option<TreePath>,
    /// `-m` of the tree's own `addopts`, which holds where a command gives none.
    pub mark_expression: Option<String>,
    /// `-k` of the tree's own `addopts`.
    pub keyword_expression: Option<String>,
    /// Whether the configuration gives every test a time-out, as pytest-timeout's.
    pub has_timeout: bool,
}

/// A marker that is declared, by `markers =` or `addinivalue_line("markers", ...)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredMarker {
    /// Its name: `profiled_vram_gib` of the line `profiled_vram_gib(N): peak VRAM in GiB`.
    pub name: String,
    /// Where; `None` for the markers of pytest itself and of its plugins.
    pub at: Option<SourceSpan>,
}

/// Something that kept tests from being read. It costs its own file only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What kind of thing.
    pub kind: ProblemKind,
    /// What was found and what to do, as a fragment.
    pub message: String,
    /// The place; its line is 1 where only the file is known.
    pub at: SourceSpan,
}

/// What kept tests from being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ProblemKind {
    /// A source file does not parse.
    Syntax,
    /// A file or folder cannot be read.
    Unreadable,
    /// A `Cargo.toml` cannot be understood.
    Manifest,
    /// pytest would fail or drop this module or class when collecting it.
    Collection,
    /// A Rust file with tests that no `mod` reaches: it is never compiled.
    Orphan,
}

impl ProblemKind {
    /// The word for it in output for other tools.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::Unreadable => "unreadable",
            Self::Manifest => "manifest",
            Self::Collection => "collection",
            Self::Orphan => "orphan",
        }
    }
}

impl Catalog {
    /// Puts another language's half behind this one.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.cases.extend(other.cases);
        self.problems.extend(other.problems);
        self.observations.extend(other.observations);
        self.imports.extend(other.imports);
        self.declared_markers.extend(other.declared_markers);
        self.pytest = self.pytest.or(other.pytest);
        self.files_read += other.files_read;
        self
    }

    /// Numbers the cases that share an id. Discovery calls it once, when the order is final.
    pub fn number_occurrences(&mut self) {
        let mut numbers = Occurrences::default();
        self.cases.iter_mut().for_each(|case| numbers.number(case));
    }
}

/// Numbers cases that share an id, one after the other.
#[derive(Debug, Default)]
pub struct Occurrences(HashMap<NodeId, u32>);

impl Occurrences {
    /// Numbers the next one.
    pub fn number(&mut self, case: &mut TestCase) {
        let next = self.0.entry(case.id.clone()).or_default();
        case.occurrence = *next;
        *next += 1;
    }
}
