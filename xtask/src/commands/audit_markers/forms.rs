//! The audit in the form that was asked for, on stdout or in a file.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::Write;

use camino::Utf8Path;
use marker_policy::{Allowed, Exempt, Finding};
use test_catalog::{Catalog, NodeId, PytestNames, SourceSpan, TreePath};
use test_report::findings::{self, Audited};
use test_report::terminal::Styles;

use crate::cli::{AuditArgs, AuditFormat};
use crate::environment::Environment;
use crate::error::Error;
use crate::output;
use crate::sources::Sources;
use crate::subject::Subject;

/// What is to be written.
pub(super) struct Audit<'x> {
    pub(super) subject: &'x Subject,
    pub(super) catalog: &'x Catalog,
    pub(super) sources: &'x Sources,
    pub(super) open: &'x [Finding],
    pub(super) allowed: &'x [Allowed],
    pub(super) exempt: &'x [Exempt],
    pub(super) audited: Audited,
}

impl Audit<'_> {
    /// Writes the findings. Who has them in a file still reads the counts.
    pub(super) fn write(&self, args: &AuditArgs, environment: &Environment, inexact: &str) -> Result<(), Error> {
        let colour = environment.colour && args.output.is_none();
        let text = self.in_form(args.format, colour, inexact)?;
        match &args.output {
            None => output::write(&text)?,
            Some(file) => {
                output::to_file(file, text.as_bytes())?;
                output::write(&findings::counts(self.open, self.audited))?;
            }
        }
        match (&environment.github_step_summary, args.format) {
            (Some(file), AuditFormat::Github) => self.append_summary(file),
            _ => Ok(()),
        }
    }

    fn in_form(&self, format: AuditFormat, colour: bool, inexact: &str) -> Result<String, Error> {
        let internal = |error: &dyn std::error::Error| Error::Internal(error.to_string());
        let text = match format {
            AuditFormat::Text => return Ok(self.text(colour, inexact)),
            AuditFormat::Json => findings::json(self.open, self.audited).map_err(|error| internal(&error))?,
            AuditFormat::Sarif => self.with(findings::sarif).map_err(|error| internal(&error))?,
            AuditFormat::Junit => self.with(findings::junit).map_err(|error| internal(&error))?,
            AuditFormat::Github => self.with(findings::github),
        };
        Ok(if text.ends_with('\n') { text } else { text + "\n" })
    }

    fn text(&self, colour: bool, inexact: &str) -> String {
        let styles = Styles::for_terminal(colour);
        let mut text = String::new();
        for finding in self.open {
            text.push_str(&findings::text(finding, self.sources.text(&finding.at.file), &styles));
            text.push('\n');
        }
        text + inexact + &findings::counts(self.open, self.audited)
    }

    /// The summary belongs to the job: other steps have written to it.
    fn append_summary(&self, file: &Utf8Path) -> Result<(), Error> {
        let text = self.with(findings::job_summary);
        let opened = OpenOptions::new().create(true).append(true).open(file);
        let written = opened.and_then(|mut summary| summary.write_all(text.as_bytes()));
        written.map_err(|source| Error::Target { path: file.to_owned(), source })
    }

    fn with<T>(&self, write: impl FnOnce(&findings::Audit<'_>) -> T) -> T {
        let places: HashMap<&NodeId, &SourceSpan> =
            self.catalog.cases.iter().map(|case| (&case.id, &case.span)).collect();
        let source = |file: &TreePath| self.sources.text(file);
        // A file is read once, however many fixes it has.
        let known: RefCell<HashMap<TreePath, Option<PytestNames>>> = RefCell::default();
        let pytest_names = |file: &TreePath| {
            let read = || self.sources.text(file).and_then(pytest_discovery::pytest_names);
            known.borrow_mut().entry(file.clone()).or_insert_with(read).clone()
        };
        let test = |id: &NodeId| places.get(id).copied();
        write(&findings::Audit {
            findings: self.open,
            allowed: self.allowed,
            exempt: self.exempt,
            policy: &self.subject.policy,
            audited: self.audited,
            folder: &folder_in_repository(&self.subject.tree),
            source: &source,
            pytest_names: &pytest_names,
            test: &test,
        })
    }
}

/// Where the tree lies in the repository that it is a part of: other tools name files from its root.
fn folder_in_repository(tree: &Utf8Path) -> String {
    let root = tree.ancestors().find(|folder| folder.join(".git").exists());
    let inside = root.and_then(|root| tree.strip_prefix(root).ok()).filter(|inside| !inside.as_str().is_empty());
    inside.map_or_else(String::new, |inside| format!("{}/", inside.as_str().replace('\\', "/")))
}
