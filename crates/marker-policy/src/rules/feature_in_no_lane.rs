//! `feature-in-no-lane`: CI runs every Rust test with some feature set.

use std::collections::{BTreeMap, BTreeSet};

use test_catalog::{Obstacle, Reach, SourceSpan, TreePath};

use super::{Needs, Rule, RuleCode, Severity};
use crate::audit::Audited;
use crate::finding::Finding;
use crate::grouping::{counted, ids};
use crate::lane::{Lane, with_reach};
use crate::resolve::ResolvedCase;

pub(super) const RULE: Rule = Rule {
    code: RuleCode("feature-in-no-lane"),
    severity: Severity::Warning,
    needs: &[Needs::Lanes],
    summary: "some lane of CI turns on the features that a Rust test needs",
    explanation: "A test behind a feature that no `cargo test` of CI turns on is never compiled there, so that it rots \
                  unseen. The lanes are the commands in the workflows and those that the policy lists in `[[lanes]]`. \
                  Nothing is said of a test that some lane may run after all, because part of its command is not known.",
    check,
};

/// The features that keep every lane from compiling a test.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Missing {
    /// No lane that builds the package turns on any of these, and all of one of the sets are needed.
    Never(Vec<BTreeSet<String>>),
    /// Some lane turns on each of these, and none all that are needed: these, or only some of them where `is_some`.
    Together { features: BTreeSet<String>, is_some: bool },
}

/// Tests of one package that miss the same features, and the lanes that build their package without these.
#[derive(Default)]
struct Group<'x> {
    cases: Vec<&'x ResolvedCase<'x>>,
    lanes: BTreeSet<&'x str>,
}

fn check(audited: &Audited<'_>) -> Vec<Finding> {
    let mut groups: BTreeMap<(&TreePath, Missing), Group<'_>> = BTreeMap::new();
    for (case, reaches) in with_reach(audited.cases, audited.lanes) {
        let Some(rust) = case.case.as_rust().filter(|_| case.case.certainty.is_exact()) else { continue };
        if let Some(missing) = missing(&reaches) {
            let group = groups.entry((&rust.target.manifest, missing)).or_default();
            group.cases.push(case);
            let builds = |reach: &Reach| matches!(reach, Reach::Not(Obstacle::Features(_)));
            let lanes = reaches.iter().filter(|(_, reach)| builds(reach));
            group.lanes.extend(lanes.map(|(lane, _)| lane.name.as_str()));
        }
    }
    let effect =
        |group: &Group<'_>| audited.lanes.effect_of_no_lane(if group.cases.len() == 1 { "it" } else { "them" });
    groups.into_iter().map(|((manifest, missing), group)| finding(manifest, &missing, &group, effect(&group))).collect()
}

/// `None` where some lane may run the test, or where something else keeps all of them from it.
fn missing(reaches: &[(&Lane, &Reach)]) -> Option<Missing> {
    let mut lanes: Vec<&[Vec<String>]> = Vec::new();
    for (_, reach) in reaches {
        match reach {
            Reach::Not(Obstacle::Features(sets)) => lanes.push(sets),
            Reach::Not(Obstacle::Language | Obstacle::Package | Obstacle::Target) => {}
            Reach::Runs | Reach::Maybe | Reach::Not(_) => return None,
        }
    }
    let off = |sets: &&[Vec<String>]| sets.iter().flatten().cloned().collect::<BTreeSet<_>>();
    let off: Vec<BTreeSet<String>> = lanes.iter().map(off).collect();
    let never = off.iter().cloned().reduce(|one, other| &one & &other)?;
    let never_on = |set: &Vec<String>| set.iter().filter(|&feature| never.contains(feature)).cloned().collect();
    let needed: BTreeSet<BTreeSet<String>> = lanes.first()?.iter().map(never_on).collect();
    if needed.iter().any(BTreeSet::is_empty) {
        let is_some = lanes.iter().any(|sets| sets.len() > 1);
        return Some(Missing::Together { features: off.into_iter().flatten().collect(), is_some });
    }
    Some(Missing::Never(needed.into_iter().collect()))
}

fn finding(manifest: &TreePath, missing: &Missing, group: &Group<'_>, effect: String) -> Finding {
    let all = |features: &BTreeSet<String>| {
        let mut named: Vec<String> = features.iter().map(|feature| format!("`{feature}`")).collect();
        let last = named.pop().unwrap_or_default();
        if named.is_empty() { last } else { format!("{} and {last}", named.join(", ")) }
    };
    let option = |features: &BTreeSet<String>| {
        format!("--features {}", features.iter().map(String::as_str).collect::<Vec<_>>().join(","))
    };
    let (named, how, options) = match missing {
        Missing::Never(sets) => {
            let named = sets.iter().map(all).collect::<Vec<_>>().join(" or ");
            (named, "turns on", sets.iter().map(option).collect::<Vec<_>>())
        }
        Missing::Together { features, is_some: false } => (all(features), "turns on together", vec![option(features)]),
        Missing::Together { features, is_some: true } => {
            (format!("{} in some combination", all(features)), "turns on", vec![option(features)])
        }
    };
    let what = if named.matches('`').count() > 2 { "the features" } else { "the feature" };
    let cases = &group.cases;
    let package = cases.first().and_then(|case| case.case.as_rust()).map_or("", |rust| rust.target.package.as_str());
    let lanes = &group.lanes;
    let first = cases.iter().map(|case| &case.case.span).min().cloned();
    let files: BTreeSet<&TreePath> = cases.iter().map(|case| case.case.file()).collect();
    let tests = counted(cases.len(), "test needs", "tests need");
    let first_of = match files.len() {
        1 => "the first of them".to_owned(),
        several => format!("the first of them, which stand in {several} files"),
    };
    Finding {
        label: (cases.len() > 1).then_some(first_of),
        cases: ids(cases),
        help: format!(
            "run `cargo test -p {package} {}` in CI; where something else runs it, list that in [[lanes]]",
            options.first().map_or("", String::as_str)
        ),
        needs: options,
        effect: Some(effect),
        note: Some(format!(
            "{} {package} without: {}",
            counted(lanes.len(), "lane builds", "lanes build"),
            some_of(lanes)
        )),
        ..Finding::new(
            &RULE,
            format!("{tests} {what} {named} of {package}, which no lane {how}"),
            first.unwrap_or_else(|| SourceSpan::line(manifest.clone(), 1)),
        )
    }
}

/// The first names, and how many more there are.
fn some_of(names: &BTreeSet<&str>) -> String {
    const SHOWN: usize = 3;
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join("; ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}
