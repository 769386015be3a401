//! What CI runs and nobody can see here.

use test_catalog::SourceSpan;

/// Something that CI runs, or may run, and that is not read: whether it runs tests of the tree is not known.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Unseen {
    /// What it is, without a release: `org/repo/.github/workflows/test.yml`, `org/action`, `make test`, `/opt/run.sh`.
    pub name: String,
    /// What is known of it, a fragment: ``calls `org/action@v1`, which is not in this tree``.
    pub text: String,
    /// Where CI runs it.
    pub at: SourceSpan,
}

impl Unseen {
    /// A workflow or an action that `uses` names and that is not in the tree.
    #[must_use]
    pub fn elsewhere(uses: &str, at: SourceSpan) -> Self {
        let name = uses.split('@').next().unwrap_or(uses).to_owned();
        Self { name, text: format!("calls `{uses}`, which is not in this tree"), at }
    }
}
