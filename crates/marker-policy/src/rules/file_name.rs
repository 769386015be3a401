//! `file-name`: a test file is named for its component and what it exercises.

use std::collections::{BTreeMap, BTreeSet};

use test_catalog::{NodeId, SourceSpan, TreePath};

use super::{Rule, RuleCode, Severity};
use crate::audit::Audited;
use crate::category::Category;
use crate::finding::Finding;

pub(super) const RULE: Rule = Rule {
    code: RuleCode("file-name"),
    severity: Severity::Error,
    needs: &[],
    summary: "a test file is named for its component and what it exercises",
    explanation: "test_<component>_<flow>.py says at a glance what a file is about. The component is one that has a \
                  marker or a folder of its own in the tree, or one of the folders that the file stands in.",
    check,
};

fn check(audited: &Audited<'_>) -> Vec<Finding> {
    let Some(pattern) = audited.policy.file_names() else { return Vec::new() };
    let mut files: BTreeMap<&TreePath, Vec<NodeId>> = BTreeMap::new();
    for case in audited.cases.iter().filter(|case| case.case.as_rust().is_none()) {
        files.entry(case.case.file()).or_default().push(case.case.id.clone());
    }
    let component_folders = &audited.policy.locations().component;
    let mut components: BTreeSet<&str> =
        audited.policy.members(Category::Component).iter().map(String::as_str).collect();
    for file in files.keys() {
        components.extend(component_folders.iter().filter_map(|folder| folder.component_of(file.as_str())));
    }
    files
        .into_iter()
        .filter_map(|(file, cases)| {
            let name = file.file_name();
            let folders = || file.as_str().split('/').rev().skip(1).filter(|folder| *folder != "tests");
            if pattern.matches(name, components.iter().copied().chain(folders())) {
                return None;
            }
            let component = component_folders
                .iter()
                .find_map(|folder| folder.component_of(file.as_str()))
                .or_else(|| folders().next())
                .unwrap_or("component");
            let middle = pattern.middle(name);
            // The component's own name alone says nothing of the flow.
            let flow = if middle == component || middle.is_empty() { "<flow>" } else { middle };
            let example = pattern.example(component, flow);
            Some(Finding {
                rule: RULE.code,
                severity: RULE.severity,
                message: format!("`{name}` is not named `{pattern}`"),
                at: SourceSpan::line(file.clone(), 1),
                label: None,
                cases,
                has: Vec::new(),
                needs: vec![pattern.to_string()],
                effect: None,
                help: format!("rename it, such as to `{example}`"),
                insertion: None,
                evidence: Vec::new(),
                note: None,
            })
        })
        .collect()
}
