//! What the audit has against a tree, less what comments allow and the policy exempts.

use std::collections::HashMap;

use marker_policy::{
    Allowed, Exempt, Finding, Judged, Lanes, NaiveDate, ResolvedCase, Timings, audit_measured, exempt, suppress,
};
use test_catalog::{Catalog, PytestNames, TreePath};

use crate::sources::Sources;
use crate::subject::Subject;

/// The findings, each in the one list where it belongs.
pub(crate) struct Judgement {
    /// Those that hold.
    pub(crate) open: Vec<Finding>,
    /// Those that a comment allows.
    pub(crate) allowed: Vec<Allowed>,
    /// Those that the policy exempts until a day.
    pub(crate) exempt: Vec<Exempt>,
    /// The files that were looked at for it.
    pub(crate) sources: Sources,
}

impl Judgement {
    /// Judges the cases of a catalog as of a day, with what tests took, where that is known. `whole_tree` tells whether the catalog is all of the tree: what is
    /// unused can be told only then.
    pub(crate) fn of(
        subject: &Subject,
        (catalog, cases): (&Catalog, &[ResolvedCase<'_>]),
        lanes: &Lanes,
        timings: &Timings,
        today: NaiveDate,
        whole_tree: bool,
    ) -> Self {
        let mut found = audit_measured(&subject.policy, catalog, cases, lanes, timings);
        let policy_file = subject.policy_file();
        let with_exemptions =
            if subject.policy.exemptions().is_empty() { &[] } else { std::slice::from_ref(&policy_file) };
        let sources = Sources::read(&subject.tree, catalog, &found, with_exemptions);
        in_words_of_their_files(&mut found, &sources);
        let judged = Judged { policy: &subject.policy, lanes, whole_tree };
        let suppressed = suppress(&judged, found, sources.comments());
        let exempted = exempt(&judged, &policy_file, today, suppressed.findings);
        Self { open: exempted.findings, allowed: suppressed.allowed, exempt: exempted.exempt, sources }
    }
}

/// Has findings write markers as the files that they go into do.
fn in_words_of_their_files(findings: &mut [Finding], sources: &Sources) {
    let mut known: HashMap<TreePath, Option<PytestNames>> = HashMap::new();
    for finding in findings {
        let file = finding.insertion.as_ref().map_or(&finding.at.file, |insertion| &insertion.at.file);
        let Some(text) = sources.text(file) else { continue };
        // Only these import it under another name, and most files need not be parsed for it.
        if text.contains("pytest as ") || text.contains("from pytest ") {
            let names = known.entry(file.clone()).or_insert_with(|| pytest_discovery::pytest_names(text));
            if let Some(names) = names {
                finding.in_words_of(names);
            }
        }
    }
}
