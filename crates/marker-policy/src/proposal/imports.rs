//! Evidence of what a module imports.

use std::collections::BTreeMap;

use test_catalog::Import;

use super::Lacking;
use crate::audit::Audited;
use crate::evidence::{Evidence, EvidenceKind};
use crate::policy::Policy;

/// For each marker that imports of the tests' files speak for, the first such import. Tests of several files are spoken for
/// only by what all of the files import.
pub(super) fn evidence(audited: &Audited<'_>, lacking: Lacking<'_>) -> Vec<Evidence> {
    let files = lacking.files();
    let mut found: BTreeMap<&str, (usize, &Import)> = BTreeMap::new();
    for file in &files {
        for (marker, import) in of_file(audited, file) {
            if lacking.has_member(marker) {
                found.entry(marker).or_insert((0, import)).0 += 1;
            }
        }
    }
    let in_all = found.into_iter().filter(|(_, (count, _))| *count == files.len());
    in_all.map(|(marker, (_, import))| of_import(marker, import)).collect()
}

/// The markers that imports of a file speak for, each with the first such import.
pub(crate) fn of_file<'x>(audited: &Audited<'x>, file: &str) -> BTreeMap<&'x str, &'x Import> {
    let mut found = BTreeMap::new();
    for import in audited.imports.get(file).into_iter().flatten() {
        if let Some(marker) = marker_of(audited.policy, import) {
            found.entry(marker).or_insert(*import);
        }
    }
    found
}

/// The marker of the innermost package that the policy names.
fn marker_of<'p>(policy: &'p Policy, import: &Import) -> Option<&'p str> {
    let packages = policy.imports().filter(|(package, _)| import.is_of(package));
    packages.max_by_key(|(package, _)| package.len()).map(|(_, marker)| marker)
}

pub(crate) fn of_import(marker: &str, import: &Import) -> Evidence {
    Evidence {
        kind: EvidenceKind::Imports,
        marker: marker.to_owned(),
        because: format!("the module imports `{}`", import.name),
        at: Some(import.at.clone()),
    }
}
