//! `undeclared-marker`: every marker is declared, or known to the policy.

use std::collections::{BTreeMap, BTreeSet};

use test_catalog::{Origin, SourceSpan};

use super::{Rule, RuleCode, Severity};
use crate::audit::Audited;
use crate::finding::Finding;
use crate::grouping::counted;
use crate::nearest::nearest;
use crate::resolve::ResolvedCase;

pub(super) const RULE: Rule = Rule {
    code: RuleCode("undeclared-marker"),
    severity: Severity::Error,
    needs: &[],
    summary: "every marker is declared",
    explanation: "A misspelt marker marks nothing: no stage and no lane selects by it. pytest takes any name unless it \
                  is strict. A marker is known where pytest's configuration or a conftest declares it, where pytest or \
                  one of its plugins has it, or where the policy does.",
    check,
};

/// How many further places a finding names.
const PLACES_NAMED: usize = 3;

#[derive(Default)]
struct Use<'x> {
    places: BTreeSet<&'x SourceSpan>,
    cases: Vec<&'x ResolvedCase<'x>>,
}

fn check(audited: &Audited<'_>) -> Vec<Finding> {
    let mut known: BTreeSet<&str> = audited.policy.known_markers().into_iter().collect();
    known.extend(audited.catalog.declared_markers.iter().map(|declared| &*declared.name));
    let mut unknown: BTreeMap<&str, Use<'_>> = BTreeMap::new();
    for case in audited.cases {
        for marker in case.case.markers.list.iter().filter(|marker| !known.contains(&*marker.name)) {
            if let Origin::Source(at) | Origin::Hook(at) = &marker.origin {
                let used = unknown.entry(&marker.name).or_default();
                used.places.insert(at);
                if used.cases.last().is_none_or(|last| !std::ptr::eq(*last, case)) {
                    used.cases.push(case);
                }
            }
        }
    }
    unknown.into_iter().filter_map(|(name, used)| finding(name, &used, &known)).collect()
}

fn finding(name: &str, used: &Use<'_>, known: &BTreeSet<&str>) -> Option<Finding> {
    let mut places = used.places.iter().copied();
    let at = places.next()?.clone();
    let others: Vec<String> = places.map(|place| format!("{}:{}", place.file, place.start.line)).collect();
    let note = (!others.is_empty()).then(|| {
        let more = others.len().saturating_sub(PLACES_NAMED);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        format!("also at {}{more}", others.iter().take(PLACES_NAMED).cloned().collect::<Vec<_>>().join(", "))
    });
    let needs = nearest(name, known.iter().copied());
    let declare = format!("`\"{name}: what it is for\",` to `markers` in pytest's configuration");
    let help = match needs.first() {
        Some(meant) => format!("did you mean `{meant}`? if not, declare it: add {declare}"),
        None => format!("declare it: add {declare}"),
    };
    Some(Finding {
        rule: RULE.code,
        severity: RULE.severity,
        message: format!("nothing declares the marker `{name}`"),
        at,
        label: Some(format!("on {}", counted(used.cases.len(), "test", "tests"))),
        cases: used.cases.iter().map(|case| case.case.id.clone()).collect(),
        has: vec![name.to_owned()],
        needs,
        effect: Some("no stage selects by it, and strict pytest refuses the module".to_owned()),
        help,
        insertion: None,
        evidence: Vec::new(),
        note,
    })
}
