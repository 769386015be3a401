//! `misplaced-type`: a test stands where tests of its type belong.

use std::collections::BTreeMap;

use test_catalog::{Marker, Origin, SourceSpan};

use super::{Rule, RuleCode, Severity, missing};
use crate::audit::Audited;
use crate::category::Category;
use crate::finding::Finding;
use crate::grouping::counted;
use crate::resolve::ResolvedCase;

pub(super) const RULE: Rule = Rule {
    code: RuleCode("misplaced-type"),
    severity: Severity::Error,
    needs: &[],
    summary: "a test stands where tests of its type belong",
    explanation: "Unit and integration tests stand in their component's tests folder, end-to-end tests under tests/, \
                  benchmarks and stress tests in their own folders there. A test of several types may stand where any \
                  of them belongs, and a test with the markers of several components among the cross-component tests.",
    check,
};

fn check(audited: &Audited<'_>) -> Vec<Finding> {
    // The marker is the cause: all tests of a file that take their type from one line are one finding.
    let mut causes: BTreeMap<(&SourceSpan, &str), Vec<&ResolvedCase<'_>>> = BTreeMap::new();
    for case in audited.cases {
        if let Some((marker, at)) = misplaced(audited, case) {
            causes.entry((at, &marker.name)).or_default().push(case);
        }
    }
    causes.into_iter().map(|((at, test_type), cases)| finding(audited, at, test_type, &cases)).collect()
}

/// The closest type marker of a case that stands where none of its types belongs.
fn misplaced<'x>(audited: &Audited<'x>, case: &'x ResolvedCase<'x>) -> Option<(&'x Marker, &'x SourceSpan)> {
    if case.case.as_rust().is_some() || case.case.markers.open.is_some() {
        return None;
    }
    let locations = audited.policy.locations();
    let path = case.case.file().as_str();
    let types: Vec<&Marker> =
        case.case.markers.authored().filter(|marker| audited.policy.is_member(Category::Type, &marker.name)).collect();
    let belongs_here = |marker: &&Marker| match locations.by_type.get(&marker.name) {
        Some(folders) => folders.iter().any(|folder| folder.contains(path)),
        // A type without a place of its own may stand anywhere.
        None => true,
    };
    let crosses = audited.policy.members_of(Category::Component, case).len() > 1
        && locations.cross_component.iter().any(|folder| folder.contains(path));
    if crosses || types.iter().any(belongs_here) {
        return None;
    }
    let marker = types.first()?;
    match &marker.origin {
        Origin::Source(at) => Some((marker, at)),
        Origin::Hook(_) | Origin::Policy { .. } => None,
    }
}

fn finding(audited: &Audited<'_>, at: &SourceSpan, test_type: &str, cases: &[&ResolvedCase<'_>]) -> Finding {
    let locations = audited.policy.locations();
    let folders: Vec<String> =
        locations.by_type.get(test_type).into_iter().flatten().map(ToString::to_string).collect();
    let path = cases[0].case.file();
    let fitting: Vec<String> = audited
        .policy
        .members(Category::Type)
        .iter()
        .filter(|other| {
            locations.by_type.get(*other).is_some_and(|folders| folders.iter().any(|f| f.contains(path.as_str())))
        })
        .map(|other| format!("`pytest.mark.{other}`"))
        .collect();
    let or_mark = match &*fitting {
        [] => String::new(),
        types => format!("; or, if it is another type of test, mark it {}", types.join(" or ")),
    };
    Finding {
        rule: RULE.code,
        severity: RULE.severity,
        message: format!("{} no place of {test_type} tests", counted(cases.len(), "test is in", "tests are in")),
        at: at.clone(),
        label: Some(format!("marked {test_type} here")),
        cases: cases.iter().map(|case| case.case.id.clone()).collect(),
        has: missing::has(cases),
        needs: folders.clone(),
        effect: None,
        help: format!("move it to {}{or_mark}", quoted(&folders)),
        insertion: None,
        evidence: Vec::new(),
        note: (at.file != *path).then(|| format!("the tests stand in {path}")),
    }
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
}
