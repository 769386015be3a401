//! What the rules for missing markers share: tests without an authored marker of a category.

use std::collections::BTreeSet;

use test_catalog::Origin;

use super::Rule;
use crate::audit::Audited;
use crate::category::{Category, Requirement};
use crate::finding::{Finding, Safety};
use crate::grouping::{Group, counted, group};
use crate::policy::Policy;
use crate::proposal::{Lacking, Neighbourhoods, Proposal, propose};
use crate::resolve::ResolvedCase;

/// Findings for each place whose tests have no authored marker of a category that every test needs.
///
/// Judged is what authors wrote: a default hides what is missing. Where there may be markers that reading cannot see,
/// the case is not judged.
pub(super) fn check(rule: &Rule, category: Category, audited: &Audited<'_>) -> Vec<Finding> {
    if audited.policy.category(category).required != Requirement::Always {
        return Vec::new();
    }
    let lacks = |case: &ResolvedCase<'_>| {
        case.case.as_rust().is_none()
            && case.case.markers.open.is_none()
            && audited.policy.binds(case.case.file().as_str())
            && !case.authored().any(|marker| is_one_of(audited, category, &marker.name))
    };
    let mut groups = group(audited.cases, lacks);
    // A test may well be of two types, but has one stage and one kind of machine.
    if category == Category::Type {
        groups = groups.into_iter().map(|group| Group { site: group.site.with_others(), ..group }).collect();
    }
    if groups.is_empty() {
        return Vec::new();
    }
    let near = Neighbourhoods::of(audited.policy, audited.policy.members(category), audited.cases);
    groups.iter().map(|group| finding(rule, category, audited, &near, group)).collect()
}

/// An older name of a member is that member under another name, which is not missing.
fn is_one_of(audited: &Audited<'_>, category: Category, name: &str) -> bool {
    audited.policy.is_member(category, name)
        || audited.policy.renamed(name).is_some_and(|newer| audited.policy.is_member(category, newer))
}

fn finding(
    rule: &Rule,
    category: Category,
    audited: &Audited<'_>,
    near: &Neighbourhoods<'_>,
    group: &Group<'_>,
) -> Finding {
    let Group { site, cases } = group;
    let members = audited.policy.members(category);
    let first = cases[0];
    // What all of them have in the end anyway changes nothing where it is written down.
    let given = first.effective.iter().map(|marker| &marker.name).find(|name| audited.policy.is_member(category, name));
    let given = given.filter(|name| safety(name, cases, audited.policy) == Safety::Safe);
    let proposal = match given {
        Some(_) => Proposal::Nothing,
        None => propose(audited, near, Lacking { category, members, cases }),
    };
    let marker = given.map(String::as_str).or(proposal.marker());
    let help = match given {
        Some(given) => format!("{} (they have it already, though nobody wrote it)", site.instruction(given)),
        None => proposal.help(site, category.as_str()),
    };
    let insertion = marker.and_then(|marker| site.insertion(marker, safety(marker, cases, audited.policy)));
    Finding {
        rule: rule.code,
        severity: rule.severity,
        message: format!("{} no {category} marker", counted(cases.len(), "test has", "tests have")),
        at: site.at.clone(),
        label: Some(site.label(cases.len())),
        cases: cases.iter().map(|case| case.case.id.clone()).collect(),
        has: has(cases),
        needs: members.to_vec(),
        effect: Some(effect(category, audited, first, cases.len())),
        help,
        insertion,
        evidence: proposal.into_evidence(),
        note: None,
    }
}

/// A marker that all of the tests have in the end, whoever gives it, can be written down. Not so where another marker tells
/// that it was given: that one would go.
pub(super) fn safety(marker: &str, cases: &[&ResolvedCase<'_>], policy: &Policy) -> Safety {
    let tell = policy.defaults().and_then(|defaults| defaults.tell.as_deref());
    let is_told = |case: &ResolvedCase<'_>| tell.is_some_and(|tell| case.marker(tell).is_some());
    let changes_nothing = |case: &&ResolvedCase<'_>| case.marker(marker).is_some() && !is_told(case);
    if cases.iter().all(changes_nothing) { Safety::Safe } else { Safety::Proposal }
}

/// Authored markers that all of the cases have, in the first one's order.
pub(super) fn has(cases: &[&ResolvedCase<'_>]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let Some(first) = cases.first() else { return Vec::new() };
    first
        .authored()
        .map(|marker| &*marker.name)
        .filter(|name| cases.iter().all(|case| case.authored().any(|marker| marker.name == *name)))
        .filter(|name| seen.insert(*name))
        .map(str::to_owned)
        .collect()
}

fn effect(category: Category, audited: &Audited<'_>, case: &ResolvedCase<'_>, tests: usize) -> String {
    let (them, count, need) =
        if tests == 1 { ("it", "it counts", "it needs") } else { ("them", "they count", "they need") };
    let consequence = match category {
        Category::Lifecycle => format!("as authored, no stage selects {them}"),
        Category::Type => format!("no `--type` selects {them}, and {count} for no budget"),
        _ => format!("as authored, no lane knows which machine {need}"),
    };
    let given = case.effective.iter().find(|marker| audited.policy.is_member(category, &marker.name));
    match given.map(|marker| (&marker.name, &marker.origin)) {
        Some((name, Origin::Hook(at))) => {
            format!("{consequence}; a hook makes {them} {name} ({}:{})", at.file, at.start.line)
        }
        Some((name, Origin::Policy { rule })) => format!("{consequence}; the policy makes {them} {name} (`{rule}`)"),
        _ => consequence,
    }
}
