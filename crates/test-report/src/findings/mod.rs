//! The audit's findings: as text with the place shown, and in the forms that other tools read.
//!
//! - [`text`]: for people, each with its source lines; [`counts`] at the end;
//! - [`json`]: our own document;
//! - [`sarif`]: SARIF 2.1.0, for code scanning and editors;
//! - [`github`]: workflow commands that annotate a pull request, and the summary of a job;
//! - [`junit`]: a test case for each rule.

mod counts;
mod github;
mod identities;
mod json;
mod junit;
mod sarif;
mod text;

use marker_policy::{Allowed, Exempt, Finding, Policy};
use test_catalog::{NodeId, PytestNames, SourceSpan, TreePath};

pub use counts::{Audited, counts};
pub(crate) use github::markdown;
pub use github::{commands as github, job_summary};
pub use identities::Identities;
pub use json::json;
pub use junit::junit;
pub use sarif::sarif;
pub use text::{inexact, text};

/// An audit, for those forms that tell more than its findings.
#[derive(Clone, Copy)]
pub struct Audit<'a> {
    /// The findings.
    pub findings: &'a [Finding],
    /// Those that comments allow.
    pub allowed: &'a [Allowed],
    /// Those that the policy's exemptions hold back.
    pub exempt: &'a [Exempt],
    /// The policy that was audited against.
    pub policy: &'a Policy,
    /// The counts.
    pub audited: Audited,
    /// Where the tree lies in its repository: empty, or a path that ends with `/`.
    pub folder: &'a str,
    /// The text of a file, where it can be read.
    pub source: &'a dyn Fn(&TreePath) -> Option<&'a str>,
    /// What a file's code calls `pytest.mark`, where that shows.
    pub pytest_names: &'a dyn Fn(&TreePath) -> Option<PytestNames>,
    /// Where a test stands.
    pub test: &'a dyn Fn(&NodeId) -> Option<&'a SourceSpan>,
}

impl Audit<'_> {
    /// The path of a file from the repository's root.
    fn path(&self, file: &TreePath) -> String {
        if file.as_path().is_absolute() { file.to_string() } else { format!("{}{file}", self.folder) }
    }
}
