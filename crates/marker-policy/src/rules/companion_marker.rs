//! `companion-marker`: one of these if one of those.

use super::{Rule, RuleCode, Severity, missing};
use crate::audit::Audited;
use crate::category::Category;
use crate::combinations::Companions;
use crate::finding::{Finding, Safety};
use crate::grouping::{by_cause, counted, group, ids, listed};
use crate::policy::Policy;
use crate::proposal::{Lacking, Neighbourhoods, Proposal, propose};
use crate::resolve::ResolvedCase;

pub(super) const RULE: Rule = Rule {
    code: RuleCode("companion-marker"),
    severity: Severity::Warning,
    needs: &[],
    summary: "a test with one marker has the others that go with it",
    explanation: "`[companions]` of the policy says which markers a test with another one needs: that a framework's test \
                  names exactly one component, say, so that a report by component counts each test once.",
    check,
};

fn check(audited: &Audited<'_>) -> Vec<Finding> {
    audited.policy.companions().flat_map(|(name, companions)| check_one(audited, name, companions)).collect()
}

fn check_one(audited: &Audited<'_>, name: &str, companions: &Companions) -> Vec<Finding> {
    let policy = audited.policy;
    let is_meant = |case: &ResolvedCase<'_>| {
        case.is_judged() && policy.binds(case.case.file().as_str()) && !named(policy, &companions.of, case).is_empty()
    };
    let lacks = |case: &ResolvedCase<'_>| is_meant(case) && named(policy, &companions.one_of, case).is_empty();
    let members: Vec<&str> = companions.one_of.iter().map(String::as_str).collect();
    let of: Vec<&str> = companions.of.iter().map(String::as_str).collect();
    let wanted = if companions.exactly { "exactly one" } else { "at least one" };
    let rule = format!("a test with {} names {wanted} of these (`companions.{name}`)", listed(&of, "or"));
    // What they are about tells which of several components: that is what is proposed by evidence.
    let is_component = companions.one_of.iter().all(|marker| policy.is_member(Category::Component, marker));
    let groups = group(audited.cases, lacks);
    let near =
        (is_component && !groups.is_empty()).then(|| Neighbourhoods::of(policy, &companions.one_of, audited.cases));
    let lacking = groups.into_iter().map(|group| {
        let wanted = Lacking { category: Category::Component, members: &companions.one_of, cases: &group.cases };
        let proposal = near.as_ref().map_or(Proposal::Nothing, |near| propose(audited, near, wanted));
        Finding {
            label: Some(group.site.label(group.cases.len())),
            cases: ids(&group.cases),
            has: missing::has(&group.cases),
            needs: companions.one_of.clone(),
            effect: Some(rule.clone()),
            help: proposal.help(&group.site, name),
            insertion: proposal.marker().and_then(|marker| group.site.insertion(marker, Safety::Proposal)),
            evidence: proposal.into_evidence(),
            ..Finding::new(
                &RULE,
                format!("{} none of {}", counted(group.cases.len(), "test has", "tests have"), listed(&members, "and")),
                group.site.at.clone(),
            )
        }
    });
    let several = by_cause(audited.cases, |case| {
        let names = named(policy, &companions.one_of, case);
        if !companions.exactly || names.len() < 2 || !is_meant(case) {
            return None;
        }
        let (_, at) = case.written().find(|(marker, _)| names.contains(&policy.current_name(&marker.name)))?;
        Some((at, names))
    });
    let several = several.into_iter().map(|((at, names), cases)| Finding {
        cases: ids(&cases),
        has: missing::has(&cases),
        needs: companions.one_of.clone(),
        effect: Some(rule.clone()),
        help: "keep the one that the test is about".to_owned(),
        ..Finding::new(
            &RULE,
            format!(
                "{} {}, of which one is meant",
                counted(cases.len(), "test has", "tests have"),
                listed(&names, "and")
            ),
            at.clone(),
        )
    });
    lacking.chain(several).collect()
}

/// Those of the markers that an author wrote on a test.
fn named<'p>(policy: &Policy, markers: &'p [String], case: &ResolvedCase<'_>) -> Vec<&'p str> {
    let has = |name: &&str| case.authored().any(|marker| policy.current_name(&marker.name) == *name);
    markers.iter().map(String::as_str).filter(has).collect()
}
