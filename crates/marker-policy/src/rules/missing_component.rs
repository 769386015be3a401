//! `missing-component`: a test in a component's own folder has that component's marker.

use std::collections::BTreeSet;

use super::{Rule, RuleCode, Severity, missing};
use crate::audit::Audited;
use crate::category::{Category, Requirement};
use crate::evidence::{Evidence, EvidenceKind};
use crate::finding::Finding;
use crate::grouping::{counted, group};
use crate::resolve::ResolvedCase;

pub(super) const RULE: Rule = Rule {
    code: RuleCode("missing-component"),
    severity: Severity::Error,
    needs: &[],
    summary: "a test in a component's own folder has that component's marker",
    explanation: "Component markers are required as applicable. Where a folder is one component's own, that component's \
                  marker applies to every test in it: without the marker, -m planner misses some of the planner's \
                  tests. A folder that is named for no component marker asks for none.",
    check,
};

fn check(audited: &Audited<'_>) -> Vec<Finding> {
    if audited.policy.category(Category::Component).required != Requirement::WhereApplicable {
        return Vec::new();
    }
    let components: BTreeSet<&str> = audited.cases.iter().filter_map(|case| component_of(audited, case)).collect();
    components.into_iter().flat_map(|component| missing_one(audited, component)).collect()
}

/// The component in whose own folder a Python test stands, if it is one that has a marker.
fn component_of<'x>(audited: &Audited<'_>, case: &ResolvedCase<'x>) -> Option<&'x str> {
    if case.case.as_rust().is_some() {
        return None;
    }
    let path = case.case.file().as_str();
    let folders = &audited.policy.locations().component;
    let component = folders.iter().find_map(|folder| folder.component_of(path))?;
    audited.policy.is_member(Category::Component, component).then_some(component)
}

fn missing_one(audited: &Audited<'_>, component: &str) -> Vec<Finding> {
    let lacks = |case: &ResolvedCase<'_>| {
        component_of(audited, case) == Some(component)
            && case.case.markers.open.is_none()
            && !case
                .authored()
                .any(|marker| marker.name == component || audited.policy.renamed(&marker.name) == Some(component))
    };
    group(audited.cases, lacks)
        .into_iter()
        .map(|group| Finding {
            rule: RULE.code,
            severity: RULE.severity,
            message: format!("{} not marked `{component}`", counted(group.cases.len(), "test is", "tests are")),
            at: group.site.at.clone(),
            label: Some(group.site.label(group.cases.len())),
            cases: group.cases.iter().map(|case| case.case.id.clone()).collect(),
            has: missing::has(&group.cases),
            needs: vec![component.to_owned()],
            effect: Some(format!("`-m {component}` leaves it out, though its folder is {component}'s own")),
            help: group.site.instruction(component),
            insertion: group.site.insertion(component, missing::safety(component, &group.cases, audited.policy)),
            evidence: vec![Evidence {
                kind: EvidenceKind::Location,
                marker: component.to_owned(),
                because: format!("its folder is {component}'s own (`locations.component`)"),
                at: None,
            }],
            note: None,
        })
        .collect()
}
