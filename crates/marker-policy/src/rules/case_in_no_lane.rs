//! `case-in-no-lane`: CI runs every test somewhere.

use std::collections::BTreeMap;

use test_catalog::{Obstacle, TreePath};

use super::{Needs, Rule, RuleCode, Severity};
use crate::audit::Audited;
use crate::finding::Finding;
use crate::grouping::{counted, ids};
use crate::lane::{Lanes, why_in_no_lane};
use crate::resolve::ResolvedCase;

pub(super) const RULE: Rule = Rule {
    code: RuleCode("case-in-no-lane"),
    severity: Severity::Warning,
    needs: &[Needs::Lanes],
    summary: "some lane of CI runs each test",
    explanation: "A test that no lane selects never runs, whatever its markers say. The lanes are the commands in the \
                  workflows, what the policy says that actions run, and those that it lists in `[[lanes]]`. Tests of Rust \
                  whose features or packages no lane builds are the matter of feature-in-no-lane and package-in-no-lane. \
                  Nothing is said of a test that some lane may run. What CI runs and nobody can read here, such as a workflow of \
                  another repository, is told beside.",
    check,
};

fn check(audited: &Audited<'_>) -> Vec<Finding> {
    let mut groups: BTreeMap<(&TreePath, String), Vec<&ResolvedCase<'_>>> = BTreeMap::new();
    for (index, case) in audited.cases.iter().enumerate() {
        match audited.lanes.obstacle(index) {
            None | Some(Obstacle::Features(_) | Obstacle::Package) => {}
            Some(obstacle) => {
                let why = why_in_no_lane(obstacle, case, audited.policy);
                groups.entry((case.case.file(), why)).or_default().push(case);
            }
        }
    }
    groups.into_iter().filter_map(|((_, why), cases)| finding(why, &cases, audited.lanes)).collect()
}

fn finding(why: String, cases: &[&ResolvedCase<'_>], lanes: &Lanes) -> Option<Finding> {
    let message = format!("{} in no lane: {why}", counted(cases.len(), "test is", "tests are"));
    let first = cases.iter().map(|case| &case.case.span).min()?;
    Some(Finding {
        label: (cases.len() > 1).then(|| "the first of them".to_owned()),
        cases: ids(cases),
        effect: Some(lanes.effect_of_no_lane(if cases.len() == 1 { "it" } else { "them" })),
        help: "give it markers that a lane selects, or CI a lane that selects it (`cargo xtask lanes` shows all)"
            .to_owned(),
        ..Finding::new(&RULE, message, first.clone())
    })
}
