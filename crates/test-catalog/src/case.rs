//! One test.

use std::sync::Arc;

use crate::{Certainty, Condition, EditSite, Markers, NodeId, Reason, SourceSpan, TreePath};

/// The language a test is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// Collected by pytest.
    Python,
    /// Listed by libtest.
    Rust,
}

impl Language {
    /// `python` or `rust`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Rust => "rust",
        }
    }
}

/// One test with its id. A tree may have a hundred thousand: what few of them have is boxed.
#[derive(Debug, Clone, PartialEq)]
pub struct TestCase {
    /// pytest's node id, or nextest's binary id and the test's name.
    pub id: NodeId,
    /// The id without parameters: what `file::Class::function` names.
    pub function: NodeId,
    /// Which of the cases with this very id it is, from 0: ids are not unique.
    pub occurrence: u32,
    /// The function's definition, its first line being the one with `def` or `fn`.
    pub span: SourceSpan,
    /// Its markers. A Rust case has none here: they are derived by the policy.
    pub markers: Markers,
    /// Whether all of this is certain.
    pub certainty: Certainty,
    /// What may keep it from running.
    pub conditions: Vec<Condition>,
    /// The tree's own configuration leaves its file out: pytest collects it only where the file is named.
    pub ignored_by: Option<Box<Condition>>,
    /// Where a marker can be put so that this case gets it, the narrowest first. Shared by the cases of a function.
    pub edit_sites: Arc<[EditSite]>,
    /// What belongs to one language only.
    pub kind: TestKind,
}

/// What belongs to one language only.
#[derive(Debug, Clone, PartialEq)]
pub enum TestKind {
    /// pytest's.
    Python,
    /// libtest's. Boxed, since a tree has far more cases of the other kind.
    Rust(Box<RustCase>),
}

/// What a Rust case has beyond a Python one.
#[derive(Debug, Clone, PartialEq)]
pub struct RustCase {
    /// The name as libtest lists it, such as `streaming::backpressure`.
    pub name: String,
    /// Unit, integration, doc, example or bench.
    pub kind: RustTestKind,
    /// `#[ignore]`, and its reason.
    pub ignored: Option<Ignored>,
    /// The predicate under which it is compiled (`feature = "integration"`), without `test`; `None` where always.
    pub cfg: Option<String>,
    /// Whether the feature set that was asked for compiles it.
    pub enabled: bool,
    /// The test binary it is part of.
    pub target: Arc<CargoTarget>,
}

/// `#[ignore]` on a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// The text of `#[ignore = "..."]`.
    pub reason: Option<String>,
}

/// Where a Rust test stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RustTestKind {
    /// In the sources of a library or a program.
    Unit,
    /// In a target of its own, by default a file under `tests/`.
    Integration,
    /// In a documentation comment.
    Doc,
    /// In an example.
    Example,
    /// In a benchmark.
    Bench,
}

impl RustTestKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Unit, Self::Integration, Self::Doc, Self::Example, Self::Bench];

    /// The word in the catalog's JSON and in policy files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Integration => "integration",
            Self::Doc => "doc",
            Self::Example => "example",
            Self::Bench => "bench",
        }
    }
}

/// A target of a package: what cargo builds into one test binary.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CargoTarget {
    /// nextest's binary id: `package`, `package::test`, `package::bin/name`, `package::example/name`.
    pub binary: String,
    /// The package's name.
    pub package: String,
    /// The package's `Cargo.toml`.
    pub manifest: TreePath,
    /// The folder of the workspace's `Cargo.toml`; empty for the tree itself.
    pub workspace: TreePath,
    /// What it is.
    pub kind: TargetKind,
    /// The target's name, as `--test NAME` takes it.
    pub name: String,
    /// Its root file.
    pub root: TreePath,
    /// Whether libtest runs it; otherwise (`harness = false`) it is one case.
    pub harness: bool,
    /// `required-features`: all of them must be enabled, or cargo leaves the target out.
    pub required_features: Vec<String>,
    /// Whether the feature set that was asked for builds it.
    pub enabled: bool,
}

/// What a target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TargetKind {
    /// The package's library (also a proc macro).
    Lib,
    /// A program.
    Bin,
    /// An integration test.
    Test,
    /// An example.
    Example,
    /// A benchmark.
    Bench,
    /// The library's documentation tests, which `rustdoc --test` runs.
    Doc,
}

impl TestCase {
    /// A Python case without conditions, the first of its id.
    #[must_use]
    pub fn python(id: NodeId, span: SourceSpan, markers: Markers, certainty: Certainty) -> Self {
        let function = NodeId::from_text(id.without_param());
        Self {
            id,
            function,
            occurrence: 0,
            span,
            markers,
            certainty,
            conditions: Vec::new(),
            ignored_by: None,
            edit_sites: Arc::default(),
            kind: TestKind::Python,
        }
    }

    /// A Rust case without conditions, the first of its id. Its markers are the policy's to derive.
    #[must_use]
    pub fn rust(case: RustCase, span: SourceSpan, certainty: Certainty) -> Self {
        let id = NodeId::rust(&case.target.binary, &case.name);
        Self {
            function: id.clone(),
            id,
            occurrence: 0,
            span,
            markers: Markers::default(),
            certainty,
            conditions: Vec::new(),
            ignored_by: None,
            edit_sites: Arc::default(),
            kind: TestKind::Rust(Box::new(case)),
        }
    }

    /// The language it is written in.
    #[must_use]
    pub fn language(&self) -> Language {
        match self.kind {
            TestKind::Python => Language::Python,
            TestKind::Rust(_) => Language::Rust,
        }
    }

    /// What a Rust case has beyond a Python one.
    #[must_use]
    pub fn as_rust(&self) -> Option<&RustCase> {
        match &self.kind {
            TestKind::Python => None,
            TestKind::Rust(case) => Some(case),
        }
    }

    /// What of it is not known: of itself, or of its markers. To people and tools, a case with a doubt is inexact.
    #[must_use]
    pub fn doubt(&self) -> Option<&Reason> {
        self.certainty.reason().or_else(|| self.markers.doubt())
    }

    /// The file it stands in.
    #[must_use]
    pub fn file(&self) -> &TreePath {
        &self.span.file
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hundred thousand of them are held at once, and copied on the way.
    #[test]
    fn a_case_is_small() {
        assert!(size_of::<TestCase>() <= 192, "{} bytes", size_of::<TestCase>());
    }
}
