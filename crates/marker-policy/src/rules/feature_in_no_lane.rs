//! `feature-in-no-lane`: CI runs every Rust test with some feature set.

use std::collections::{BTreeMap, BTreeSet};

use test_catalog::{Obstacle, Reach, SourceSpan, TreePath};

use super::{Rule, RuleCode, Severity};
use crate::audit::Audited;
use crate::finding::Finding;
use crate::grouping::counted;
use crate::lane::{Lane, with_reach};
use crate::resolve::ResolvedCase;

pub(super) const RULE: Rule = Rule {
    code: RuleCode("feature-in-no-lane"),
    severity: Severity::Warning,
    summary: "some lane of CI turns on the features that a Rust test needs",
    explanation: "A test behind a feature that no `cargo test` of CI turns on is never compiled there, so that it rots \
                  unseen. The lanes are the commands in the workflows and those that the policy lists in `[[lanes]]`. \
                  Nothing is said of a test that some lane may run after all, because part of its command is not known.",
    check,
};

/// The features that keep every lane from compiling a test.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Missing {
    /// No lane that builds the package turns one of these on.
    Never(Vec<String>),
    /// Some lane turns on each of these, and none all of them.
    Together(Vec<String>),
}

/// Tests of one file that miss the same features, and the lanes that build their package without these.
#[derive(Default)]
struct Group<'x> {
    cases: Vec<&'x ResolvedCase<'x>>,
    lanes: BTreeSet<&'x str>,
}

fn check(audited: &Audited<'_>) -> Vec<Finding> {
    let mut groups: BTreeMap<(&TreePath, Missing), Group<'_>> = BTreeMap::new();
    for (case, reaches) in with_reach(audited.cases, audited.lanes) {
        if let Some(missing) = missing(&reaches).filter(|_| case.case.certainty.is_exact()) {
            let group = groups.entry((case.case.file(), missing)).or_default();
            group.cases.push(case);
            let builds = |reach: &Reach| matches!(reach, Reach::Not(Obstacle::Features(_)));
            let lanes = reaches.iter().filter(|(_, reach)| builds(reach));
            group.lanes.extend(lanes.map(|(lane, _)| lane.name.as_str()));
        }
    }
    groups.into_iter().map(|((file, missing), group)| finding(file, &missing, &group)).collect()
}

/// `None` where some lane may run the test, or where something else keeps all of them from it.
fn missing(reaches: &[(&Lane, &Reach)]) -> Option<Missing> {
    let mut off: Vec<&[String]> = Vec::new();
    for (_, reach) in reaches {
        match reach {
            Reach::Not(Obstacle::Features(features)) => off.push(features),
            Reach::Not(Obstacle::Package | Obstacle::Target) => {}
            Reach::Runs | Reach::Maybe | Reach::Not(_) => return None,
        }
    }
    let (first, others) = off.split_first()?;
    let in_all = |feature: &&String| others.iter().all(|one| one.contains(feature));
    let never: Vec<String> = first.iter().filter(in_all).cloned().collect();
    if !never.is_empty() {
        return Some(Missing::Never(never));
    }
    let all: BTreeSet<&String> = off.iter().copied().flatten().collect();
    Some(Missing::Together(all.into_iter().cloned().collect()))
}

fn finding(file: &TreePath, missing: &Missing, group: &Group<'_>) -> Finding {
    let (features, how) = match missing {
        Missing::Never(features) => (features, "turns on"),
        Missing::Together(features) => (features, "turns on together"),
    };
    let named = features.iter().map(|feature| format!("`{feature}`")).collect::<Vec<_>>().join(" and ");
    let what = if features.len() == 1 { "the feature" } else { "the features" };
    let cases = &group.cases;
    let package = cases.first().and_then(|case| case.case.as_rust()).map_or("", |rust| rust.target.package.as_str());
    let lanes = &group.lanes;
    let first = cases.iter().map(|case| &case.case.span).min().cloned();
    Finding {
        rule: RULE.code,
        severity: RULE.severity,
        message: format!(
            "{} {what} {named} of {package}, which no lane {how}",
            counted(cases.len(), "test needs", "tests need")
        ),
        at: first.unwrap_or_else(|| SourceSpan::line(file.clone(), 1)),
        label: None,
        cases: cases.iter().map(|case| case.case.id.clone()).collect(),
        has: Vec::new(),
        needs: vec![format!("--features {}", features.join(","))],
        effect: Some("CI never compiles it".to_owned()),
        help: format!(
            "run `cargo test -p {package} --features {}` in CI; where something else runs it, list that in [[lanes]]",
            features.join(",")
        ),
        insertion: None,
        note: Some(format!(
            "{} {package}: {}",
            counted(lanes.len(), "lane builds", "lanes build"),
            lanes.iter().copied().collect::<Vec<_>>().join("; ")
        )),
    }
}
