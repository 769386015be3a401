//! `conflicting-markers`: no test has markers that exclude each other.

use std::collections::BTreeMap;

use test_catalog::SourceSpan;

use super::{Rule, RuleCode, Severity, missing};
use crate::audit::Audited;
use crate::category::Category;
use crate::finding::Finding;
use crate::grouping::{by_cause, counted, ids, listed};
use crate::resolve::ResolvedCase;

pub(super) const RULE: Rule = Rule {
    code: RuleCode("conflicting-markers"),
    severity: Severity::Warning,
    needs: &[],
    summary: "no test has markers that exclude each other",
    explanation: "A test gets the markers of its function, its class and its module together, none of which takes the \
                  place of another: `nightly` on a function of a `pre_merge` module leaves it a pre-merge test. Of which \
                  markers a test has at most one is said by `at-most-one` of a category and by `[conflicts]`; what may \
                  stand together all the same, by `[coexist]`.",
    check,
};

/// Markers of which a test has at most one.
struct Exclusive<'x> {
    members: &'x [String],
    category: Option<Category>,
}

/// What one test has of these.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Conflict<'x> {
    names: Vec<&'x str>,
    /// Where the others stand.
    others: Vec<&'x SourceSpan>,
    category: Option<Category>,
}

fn check(audited: &Audited<'_>) -> Vec<Finding> {
    let policy = audited.policy;
    let limited = Category::ALL.into_iter().filter(|category| policy.category(*category).at_most_one);
    let categories = limited.map(|category| Exclusive { members: policy.members(category), category: Some(category) });
    let conflicts = policy.conflicts().map(|(_, members)| Exclusive { members, category: None });
    let mut causes: BTreeMap<(&SourceSpan, Conflict<'_>), Vec<&ResolvedCase<'_>>> = BTreeMap::new();
    for exclusive in categories.chain(conflicts) {
        causes.extend(by_cause(audited.cases, |case| conflict(audited, &exclusive, case)));
    }
    causes.into_iter().map(|((at, conflict), cases)| finding(at, &conflict, &cases)).collect()
}

fn conflict<'x>(
    audited: &Audited<'x>,
    exclusive: &Exclusive<'x>,
    case: &'x ResolvedCase<'x>,
) -> Option<(&'x SourceSpan, Conflict<'x>)> {
    if !case.is_judged() {
        return None;
    }
    let policy = audited.policy;
    let place = |name: &str| exclusive.members.iter().position(|member| member == policy.current_name(name));
    let mut has: Vec<(usize, &SourceSpan)> =
        case.written().filter_map(|(marker, at)| Some((place(&marker.name)?, at))).collect();
    if has.len() < 2 {
        return None;
    }
    // The closest of each name, in the policy's order.
    has.sort_by_key(|(place, _)| *place);
    has.dedup_by_key(|(place, _)| *place);
    let has: Vec<(&str, &SourceSpan)> =
        has.into_iter().filter_map(|(place, at)| Some((exclusive.members.get(place)?.as_str(), at))).collect();
    let excludes = |one: &str, other: &str| one != other && !policy.combinations.may_coexist(one, other);
    let in_conflict: Vec<_> =
        has.iter().copied().filter(|(one, _)| has.iter().any(|(other, _)| excludes(one, other))).collect();
    let mut places = case.written().map(|(_, at)| at).filter(|at| in_conflict.iter().any(|(_, one)| one == at));
    let at = places.next()?;
    let names = in_conflict.iter().map(|(name, _)| *name).collect();
    let others = in_conflict.iter().map(|(_, other)| *other).filter(|other| *other != at).collect();
    Some((at, Conflict { names, others, category: exclusive.category }))
}

fn finding(at: &SourceSpan, conflict: &Conflict<'_>, cases: &[&ResolvedCase<'_>]) -> Finding {
    let named = listed(&conflict.names, "and");
    let earliest = conflict.names.first().copied().unwrap_or_default();
    let (why, effect, help) = match conflict.category {
        Some(Category::Lifecycle) => (
            "one is enough",
            format!("every stage from {earliest} on selects {}: the earliest marker decides", it(cases)),
            "keep the marker of the earliest stage that the test must run in".to_owned(),
        ),
        _ => (
            "a test has at most one",
            "what selects by the one and what selects by the other both take it".to_owned(),
            "keep one of them; where they may stand together, the policy says so in `[coexist]`".to_owned(),
        ),
    };
    let elsewhere: Vec<String> = conflict
        .others
        .iter()
        .filter(|other| (&other.file, other.start.line) != (&at.file, at.start.line))
        .map(|other| format!("{}:{}", other.file, other.start.line))
        .collect();
    Finding {
        cases: ids(cases),
        has: missing::has(cases),
        needs: conflict.names.iter().map(|&name| name.to_owned()).collect(),
        effect: Some(effect),
        help,
        note: (!elsewhere.is_empty()).then(|| format!("the other stands at {}", elsewhere.join(", "))),
        ..Finding::new(
            &RULE,
            format!("{} {named}, of which {why}", counted(cases.len(), "test is", "tests are")),
            at.clone(),
        )
    }
}

fn it(cases: &[&ResolvedCase<'_>]) -> &'static str {
    if cases.len() == 1 { "it" } else { "them" }
}
