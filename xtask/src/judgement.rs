//! What the audit has against a tree, less what comments allow and the policy exempts.

use marker_policy::{
    Allowed, Exempt, Finding, Judged, Lanes, NaiveDate, ResolvedCase, Timings, audit_measured, exempt, suppress,
};
use test_catalog::Catalog;

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
        let found = audit_measured(&subject.policy, catalog, cases, lanes, timings);
        let policy_file = subject.policy_file();
        let with_exemptions =
            if subject.policy.exemptions().is_empty() { &[] } else { std::slice::from_ref(&policy_file) };
        let sources = Sources::read(&subject.tree, catalog, &found, with_exemptions);
        let judged = Judged { policy: &subject.policy, lanes, whole_tree };
        let suppressed = suppress(&judged, found, sources.comments());
        let exempted = exempt(&judged, &policy_file, today, suppressed.findings);
        Self { open: exempted.findings, allowed: suppressed.allowed, exempt: exempted.exempt, sources }
    }
}
