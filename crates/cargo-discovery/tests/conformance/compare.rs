//! The cases of one workspace beside what cargo lists of it.

use std::collections::{BTreeMap, HashSet};

use test_catalog::comparison::cargo::{Comparison, ListedBinary};
use test_catalog::{NodeId, TargetKind, TestCase};

use crate::case::{Binary, Case, Listing, Tests};

/// What agrees, and each thing that does not, as a line.
#[derive(Default)]
pub(crate) struct Outcome {
    /// cargo's tests.
    pub(crate) listed: usize,
    /// Those that are exact cases, as much ignored as cargo says.
    pub(crate) exact: usize,
    /// Those that only inexact cases stand for.
    pub(crate) covered: usize,
    pub(crate) problems: Vec<String>,
}

/// Holds the cases of a workspace against its listing.
pub(crate) fn compare(cases: &[&TestCase], listing: &Listing, case: &Case) -> Outcome {
    let enabled = cases.iter().copied().filter(|one| one.as_rust().is_some_and(|rust| rust.enabled));
    let (documented, of_binaries): (Vec<&TestCase>, Vec<&TestCase>) = cases.iter().partition(|one| is_doc(one));
    let mut outcome = Outcome::default();
    for one in enabled.filter(|one| case.doc || !is_doc(one)) {
        if case.exact && !one.certainty.is_exact() {
            outcome.problems.push(format!("{} is inexact: {:?}", one.id, one.certainty));
        }
        outcome.problems.extend(other_binary(one, &listing.binaries));
    }
    outcome.hold(&of_binaries, listing.binaries.iter().map(|(id, binary)| (id, &binary.tests)));
    if case.doc {
        outcome.hold(&documented, listing.doc.iter());
        outcome.problems.extend(other_counts(&documented, &listing.doc));
    }
    outcome
}

impl Outcome {
    /// Adds what the comparison of these cases says.
    fn hold<'l>(&mut self, cases: &[&TestCase], listed: impl Iterator<Item = (&'l String, &'l Tests)>) {
        let listed: Vec<ListedBinary> = listed.map(|(id, tests)| tests.of_binary(id)).collect();
        let cases = cases.iter().copied();
        let Comparison { exact, covered, missing, invented, ignored, not_compiled: _, left_out: _ } =
            test_catalog::comparison::cargo::compare(cases, &listed, &HashSet::new());
        self.listed += listed.iter().map(|binary| binary.tests.len()).sum::<usize>();
        self.exact += exact;
        self.covered += covered;
        self.problems.extend(missing.iter().map(|one| match &one.not_compiled {
            None => format!("{} is missing", one.id),
            Some(_) => format!("{} is held not to be compiled", one.id),
        }));
        self.problems.extend(invented.iter().map(|one| format!("{} is exact, and cargo does not list it", one.id)));
        let by_one = |id: &NodeId, by_cargo| format!("{id} is ignored by one side only, cargo: {by_cargo}");
        self.problems.extend(ignored.iter().map(|one| by_one(&one.case.id, one.by_cargo)));
    }
}

fn is_doc(case: &TestCase) -> bool {
    case.as_rust().is_some_and(|rust| rust.target.kind == TargetKind::Doc)
}

/// The names that exact cases share otherwise than documentation tests do.
fn other_counts(cases: &[&TestCase], listed: &BTreeMap<String, Tests>) -> Vec<String> {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for rust in cases.iter().filter(|one| one.certainty.is_exact()).filter_map(|one| one.as_rust()) {
        if rust.enabled {
            *counts.entry((&rust.target.binary, &rust.name)).or_default() += 1;
        }
    }
    let other = counts.into_iter().filter_map(|((package, name), count)| {
        // One that is not listed at all is told as invented.
        let by_cargo = listed.get(package)?.count(name);
        let is_other = by_cargo != count && by_cargo > 0;
        is_other.then(|| format!("{package} {name} is there {count} times, for cargo {by_cargo} times"))
    });
    other.collect()
}

/// What cargo says otherwise of the binary of a case: its package, or its kind.
fn other_binary(case: &TestCase, binaries: &BTreeMap<String, Binary>) -> Option<String> {
    let target = &case.as_rust()?.target;
    let Binary { package, kind, .. } = binaries.get(&target.binary).filter(|_| target.kind != TargetKind::Doc)?;
    let is_same = target.package == *package && is_kind(target.kind, kind);
    let (id, own, of) = (&target.binary, target.kind, &target.package);
    (!is_same).then(|| format!("{id} is a {own:?} of {of}, for cargo a {kind} of {package}"))
}

/// Whether nextest's word for a kind of target is the catalog's.
fn is_kind(kind: TargetKind, word: &str) -> bool {
    match kind {
        TargetKind::Lib => matches!(word, "lib" | "proc-macro"),
        TargetKind::Bin => word == "bin",
        TargetKind::Test => word == "test",
        TargetKind::Example => word == "example",
        TargetKind::Bench => word == "bench",
        TargetKind::Doc => false,
    }
}
