//! What rules about observations share: a finding for each construct, with the tests that it is about.

use std::collections::HashMap;

use test_catalog::{Observation, ObservationKind, Position, TreePath};

use super::Rule;
use crate::audit::Audited;
use crate::finding::Finding;
use crate::grouping::{counted, ids};
use crate::resolve::ResolvedCase;

/// Observations of one kind, where the policy binds.
pub(super) fn of_kind<'x>(audited: &Audited<'x>, kind: ObservationKind) -> impl Iterator<Item = &'x Observation> {
    let policy = audited.policy;
    let observations = audited.catalog.observations.iter();
    observations.filter(move |one| one.kind == kind && policy.binds(one.at.file.as_str()))
}

/// What a finding says of what was observed.
pub(super) struct Said {
    /// The message, of which the construct's text takes the place of `{}`.
    pub(super) message: &'static str,
    pub(super) effect: &'static str,
    pub(super) help: &'static str,
}

/// Findings for what stands in the bodies of tests, as far as the tests are such as `concerns` says.
pub(super) fn in_tests(
    rule: &Rule,
    kind: ObservationKind,
    said: &Said,
    audited: &Audited<'_>,
    concerns: impl Fn(&ResolvedCase<'_>) -> bool,
) -> Vec<Finding> {
    let observed: Vec<&Observation> = of_kind(audited, kind).collect();
    if observed.is_empty() {
        return Vec::new();
    }
    let mut of_function: HashMap<(&TreePath, Position), Vec<&ResolvedCase<'_>>> = HashMap::new();
    for case in audited.cases.iter().filter(|case| case.case.as_rust().is_none()) {
        of_function.entry((case.case.file(), case.case.span.start)).or_default().push(case);
    }
    observed
        .into_iter()
        .filter_map(|one| {
            let cases = of_function.get(&(&one.at.file, one.test?))?;
            let cases: Vec<_> = cases.iter().copied().filter(|case| concerns(case)).collect();
            (!cases.is_empty()).then(|| Finding {
                label: Some(format!("in {}", counted(cases.len(), "test", "tests"))),
                cases: ids(&cases),
                ..finding(rule, said, one)
            })
        })
        .collect()
}

/// Findings for what stands in no test.
pub(super) fn beside_tests(rule: &Rule, kind: ObservationKind, said: &Said, audited: &Audited<'_>) -> Vec<Finding> {
    of_kind(audited, kind).map(|one| finding(rule, said, one)).collect()
}

fn finding(rule: &Rule, said: &Said, one: &Observation) -> Finding {
    Finding {
        effect: Some(said.effect.to_owned()),
        help: said.help.to_owned(),
        ..Finding::new(rule, said.message.replace("{}", &one.text), one.at.clone())
    }
}

/// Whether a test is a unit test, as its author marked it.
pub(super) fn is_unit(case: &ResolvedCase<'_>) -> bool {
    case.authored().any(|marker| marker.name == UNIT)
}

/// The guidelines' marker for tests of a single function or class.
const UNIT: &str = "unit";
