//! Which marker tests without one most likely need, and what shows it.
//!
//! Each kind of evidence that the policy lets propose is asked for itself. Where they speak for one marker, it is proposed;
//! where they speak for several, none is, and the finding says what speaks for what. A proposal is never more than that:
//! nobody writes it without being asked to.

mod imports;
mod measured;
mod neighbours;
mod place;

use std::collections::BTreeSet;

use crate::audit::Audited;
use crate::category::Category;
use crate::evidence::{Evidence, EvidenceKind};
use crate::grouping::Site;
use crate::resolve::ResolvedCase;
pub(crate) use imports::{of_file as imports_of_file, of_import};
pub(crate) use neighbours::Neighbourhoods;

/// What tests lack: one of these markers of a category.
#[derive(Clone, Copy)]
pub(crate) struct Lacking<'x> {
    pub(crate) category: Category,
    /// In the policy's order.
    pub(crate) members: &'x [String],
    pub(crate) cases: &'x [&'x ResolvedCase<'x>],
}

impl Lacking<'_> {
    fn has_member(&self, marker: &str) -> bool {
        self.members.iter().any(|member| member == marker)
    }

    /// The files that the tests stand in: one, unless they inherit from a class of another file.
    fn files(&self) -> BTreeSet<&str> {
        self.cases.iter().map(|case| case.case.file().as_str()).collect()
    }
}

/// What the evidence comes to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Proposal {
    /// All of it speaks for one marker.
    Marker { marker: String, evidence: Vec<Evidence> },
    /// It speaks for several.
    Contradicted(Vec<Evidence>),
    /// There is none.
    Nothing,
}

/// What can be proposed to tests that lack a marker.
pub(crate) fn propose(audited: &Audited<'_>, near: &Neighbourhoods<'_>, lacking: Lacking<'_>) -> Proposal {
    let mut evidence = Vec::new();
    for kind in EvidenceKind::ALL.into_iter().filter(|kind| audited.policy.proposes_by(*kind)) {
        evidence.extend(match kind {
            EvidenceKind::Imports => imports::evidence(audited, lacking),
            EvidenceKind::Folder => place::folder(audited.policy, lacking),
            EvidenceKind::Neighbours => near.unanimous(audited.policy, lacking),
            // It does not tell the marker, but the earliest that it can be.
            EvidenceKind::Measured => Vec::new(),
            EvidenceKind::Location => place::location(audited.policy, lacking),
            EvidenceKind::FileName => place::file_name(audited.policy, lacking),
            // The weakest: they neither strengthen nor contradict what else there is.
            EvidenceKind::Majority | EvidenceKind::Above if !evidence.is_empty() => Vec::new(),
            EvidenceKind::Majority => near.majority(audited.policy, lacking),
            EvidenceKind::Above => near.above(audited.policy, lacking),
        });
    }
    if audited.policy.proposes_by(EvidenceKind::Measured) {
        measured::weigh(audited, lacking, &mut evidence);
    }
    decided(evidence)
}

fn decided(evidence: Vec<Evidence>) -> Proposal {
    let markers: BTreeSet<&str> = evidence.iter().map(|one| &*one.marker).collect();
    match (markers.first(), markers.len()) {
        (None, _) => Proposal::Nothing,
        (Some(marker), 1) => Proposal::Marker { marker: (*marker).to_owned(), evidence },
        _ => Proposal::Contradicted(evidence),
    }
}

impl Proposal {
    /// What to do, as a sentence: the line to write and why, or what there is instead of one. `what` is what is lacking:
    /// `lifecycle`.
    pub(crate) fn help(&self, site: &Site, what: &str) -> String {
        let open = || site.instruction(&format!("<{what}>"));
        match self {
            Self::Marker { marker, evidence } => {
                let because: Vec<String> = evidence.iter().map(Evidence::text).collect();
                format!("{} ({})", site.instruction(marker), because.join("; "))
            }
            Self::Contradicted(evidence) => {
                let each: Vec<String> =
                    evidence.iter().map(|one| format!("`{}`, for {}", one.marker, one.text())).collect();
                format!("{}: nothing is proposed, for the evidence disagrees: {}", open(), each.join("; "))
            }
            Self::Nothing => format!("{}: nothing shows which one it is", open()),
        }
    }

    /// The marker that is proposed.
    pub(crate) fn marker(&self) -> Option<&str> {
        match self {
            Self::Marker { marker, .. } => Some(marker),
            Self::Contradicted(_) | Self::Nothing => None,
        }
    }

    /// All that was found.
    pub(crate) fn into_evidence(self) -> Vec<Evidence> {
        match self {
            Self::Marker { evidence, .. } | Self::Contradicted(evidence) => evidence,
            Self::Nothing => Vec::new(),
        }
    }
}
