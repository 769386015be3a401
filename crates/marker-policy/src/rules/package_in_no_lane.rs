//! `package-in-no-lane`: CI builds the tests of every Rust package.

use std::collections::BTreeMap;

use test_catalog::{Obstacle, Reach, SourceSpan, TreePath};

use super::{Needs, Rule, RuleCode, Severity};
use crate::audit::Audited;
use crate::finding::Finding;
use crate::grouping::{counted, ids};
use crate::lane::{Lanes, with_reach};
use crate::resolve::ResolvedCase;

pub(super) const RULE: Rule = Rule {
    code: RuleCode("package-in-no-lane"),
    severity: Severity::Warning,
    needs: &[Needs::Lanes],
    summary: "some lane of CI builds the tests of each Rust package",
    explanation: "`cargo test` in the folder of a workspace does not build packages that the workspace excludes, nor those \
                  of other workspaces below. The lanes are the commands in the workflows and those that the policy lists \
                  in `[[lanes]]`. Where part of a command is not known, nothing is said.",
    check,
};

fn check(audited: &Audited<'_>) -> Vec<Finding> {
    let mut packages: BTreeMap<&TreePath, (Vec<&ResolvedCase<'_>>, bool)> = BTreeMap::new();
    let mut are_lanes_of_rust = false;
    for (case, reaches) in with_reach(audited.cases, audited.lanes) {
        let Some(rust) = case.case.as_rust() else { continue };
        let (cases, is_built) = packages.entry(&rust.target.manifest).or_default();
        cases.push(case);
        let builds = |reach: &Reach| !matches!(reach, Reach::Not(Obstacle::Language | Obstacle::Package));
        *is_built |= reaches.iter().any(|(_, reach)| builds(reach));
        are_lanes_of_rust |= reaches.iter().any(|(_, reach)| **reach != Reach::Not(Obstacle::Language));
    }
    packages
        .into_iter()
        .filter(|(_, (_, is_built))| are_lanes_of_rust && !is_built)
        .map(|(manifest, (cases, _))| finding(manifest, &cases, audited.lanes))
        .collect()
}

fn finding(manifest: &TreePath, cases: &[&ResolvedCase<'_>], lanes: &Lanes) -> Finding {
    let package = cases.first().and_then(|case| case.case.as_rust()).map_or("", |rust| rust.target.package.as_str());
    let tests = counted(cases.len(), "test", "tests");
    let message = format!("no lane builds the package `{package}`, which has {tests}");
    Finding {
        cases: ids(cases),
        needs: vec![format!("cargo test --manifest-path {manifest}")],
        effect: Some(lanes.effect_of_no_lane("them")),
        help: format!(
            "run `cargo test --manifest-path {manifest}` in CI; where something else runs it, list that in [[lanes]]"
        ),
        ..Finding::new(&RULE, message, SourceSpan::line(manifest.clone(), 1))
    }
}
