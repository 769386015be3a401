//! The cases of one workspace beside what cargo lists of it.

use std::collections::BTreeMap;

use test_catalog::{RustCase, TargetKind, TestCase};

use crate::case::{Binary, Listing, Tests};

/// What agrees, and each thing that does not, as a line.
#[derive(Default)]
pub(crate) struct Outcome {
    /// cargo's tests.
    pub(crate) listed: usize,
    /// Those that are exact cases, as much ignored as cargo says.
    pub(crate) exact: usize,
    pub(crate) problems: Vec<String>,
}

/// What one binary is held to have.
#[derive(Default)]
struct Found<'c> {
    exact: BTreeMap<&'c str, &'c RustCase>,
    inexact: Vec<(&'c TestCase, &'c RustCase)>,
}

/// Holds the cases of a workspace against its listing; `all_exact` where nothing may be inexact.
pub(crate) fn compare(cases: &[&TestCase], listing: &Listing, doc: bool, all_exact: bool) -> Outcome {
    let mut outcome = Outcome::default();
    let mut found: BTreeMap<(bool, &str), Found<'_>> = BTreeMap::new();
    for case in cases {
        let Some(rust) = case.as_rust().filter(|rust| rust.enabled) else { continue };
        let is_doc = rust.target.kind == TargetKind::Doc;
        if is_doc && !doc {
            continue;
        }
        let of_binary = found.entry((is_doc, rust.target.binary.as_str())).or_default();
        if case.certainty.is_exact() {
            of_binary.exact.insert(&rust.name, rust);
        } else {
            of_binary.inexact.push((case, rust));
        }
    }
    for (id, binary) in &listing.binaries {
        let found = found.remove(&(false, id.as_str())).unwrap_or_default();
        found.is_part_of(id, binary, &mut outcome);
        found.held_against(id, &binary.tests, &mut outcome);
        found.may_be_inexact(all_exact, &mut outcome);
    }
    for (package, tests) in &listing.doc {
        let found = found.remove(&(true, package.as_str())).unwrap_or_default();
        found.held_against(&format!("{package} (doc)"), tests, &mut outcome);
        found.may_be_inexact(all_exact, &mut outcome);
    }
    for ((_, id), found) in found {
        outcome
            .problems
            .extend(found.exact.keys().map(|name| format!("{id} {name} is exact, and cargo has no binary {id}")));
        found.may_be_inexact(all_exact, &mut outcome);
    }
    outcome
}

impl Found<'_> {
    fn all(&self) -> impl Iterator<Item = &RustCase> {
        self.exact.values().copied().chain(self.inexact.iter().map(|(_, rust)| *rust))
    }

    /// The package and the kind of a binary are cargo's.
    fn is_part_of(&self, id: &str, binary: &Binary, outcome: &mut Outcome) {
        let (package, kind) = (binary.package.as_str(), binary.kind.as_str());
        let is_other = |rust: &&RustCase| rust.target.package != package || !is_kind(rust.target.kind, kind);
        if let Some(other) = self.all().find(is_other) {
            let (own, of) = (other.target.kind, &other.target.package);
            outcome.problems.push(format!("{id} is a {own:?} of {of}, for cargo a {kind} of {package}"));
        }
    }

    fn held_against(&self, id: &str, tests: &Tests, outcome: &mut Outcome) {
        outcome.listed += tests.names.len();
        for name in &tests.names {
            let ignored = tests.ignored.contains(name);
            match self.exact.get(name.as_str()) {
                Some(rust) if rust.ignored.is_some() == ignored => outcome.exact += 1,
                Some(_) => outcome.problems.push(format!("{id} {name} is ignored by one side only, cargo: {ignored}")),
                None if self.inexact.iter().any(|(_, rust)| covers(rust, name)) => {}
                None => outcome.problems.push(format!("{id} {name} is missing")),
            }
        }
        let invented = self.exact.keys().filter(|name| !tests.names.contains(**name));
        outcome.problems.extend(invented.map(|name| format!("{id} {name} is exact, and cargo does not list it")));
    }

    fn may_be_inexact(&self, all_exact: bool, outcome: &mut Outcome) {
        if all_exact {
            let told = self.inexact.iter().map(|(case, _)| format!("{} is inexact: {:?}", case.id, case.certainty));
            outcome.problems.extend(told);
        }
    }
}

/// Whether an inexact case stands for a test of that name: by its name, as the function or module around it, as the
/// call of a macro in such a module (`module::name!`), or as a program without libtest's harness.
fn covers(case: &RustCase, name: &str) -> bool {
    if !case.target.harness || case.name == name {
        return true;
    }
    if case.name.ends_with('!') {
        return case.name.rsplit_once("::").is_none_or(|(module, _)| is_inside(name, module));
    }
    is_inside(name, &case.name)
}

fn is_inside(name: &str, module: &str) -> bool {
    name.strip_prefix(module).is_some_and(|rest| rest.starts_with("::"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_and_a_module_cover_what_is_inside() {
        assert!(is_inside("a::b::c", "a") && is_inside("a::b::c", "a::b"));
        assert!(!is_inside("ab::c", "a") && !is_inside("a", "a"));
    }
}
