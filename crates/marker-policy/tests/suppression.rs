//! Comments that allow a finding, and comments that do not.
#![allow(clippy::unwrap_used)]

mod support;

use marker_policy::{Finding, Judged, Lanes, Policy, Suppressed, audit, resolve, suppress};
use support::{catalog, python_at};
use test_catalog::{Comment, Position, TreePath};

const FILE: &str = "components/src/dynamo/planner/tests/test_planner_scaling.py";

/// A comment at a line, about the given ones.
fn comment(text: &str, line: u32, lines: std::ops::RangeInclusive<u32>, at_top: bool) -> Comment {
    Comment { at: Position { line, column: 1 }, text: text.to_owned(), at_top, lines }
}

/// The findings for a test at line 20 that lacks its lifecycle, and for one at line 30 that lacks its type as well.
fn found(policy: &Policy) -> Vec<Finding> {
    let tree = catalog(vec![
        python_at(&format!("{FILE}::test_a"), 20, &["unit", "gpu_0", "planner"]),
        python_at(&format!("{FILE}::test_b"), 30, &["gpu_0", "planner"]),
        python_at(&format!("{FILE}::test_c"), 40, &["pre_merge", "unit", "gpu_0", "planner"]),
    ]);
    audit(policy, &tree, &resolve(policy, &tree), &Lanes::none())
}

fn with(comments: Vec<Comment>, whole_tree: bool) -> Suppressed {
    let policy = Policy::embedded();
    let lanes = Lanes::none();
    let judged = Judged { policy: &policy, lanes: &lanes, whole_tree };
    suppress(&judged, found(&policy), &[(TreePath::new(FILE), comments)])
}

/// Each as `rule:line`.
fn places(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(|finding| format!("{}:{}", finding.rule, finding.at.start.line)).collect()
}

#[test]
fn a_comment_with_a_reason_allows_its_rules_where_it_reaches() {
    let all = ["missing-lifecycle:20", "missing-lifecycle:30", "missing-type:30"];
    assert_eq!(places(&with(Vec::new(), true).findings), all);
    let cases: [(&str, Comment, &[&str], &[&str]); 11] = [
        (
            "at the very line",
            comment("test-kit: allow(missing-lifecycle) by hand", 20, 25..=25, false),
            &all[1..],
            &all[..1],
        ),
        ("above", comment("test-kit: allow(missing-lifecycle) by hand", 19, 20..=21, false), &all[1..], &all[..1]),
        ("behind", comment("test-kit: allow(missing-lifecycle) by hand", 20, 20..=20, false), &all[1..], &all[..1]),
        (
            "two rules",
            comment("test-kit: allow(missing-type, missing-lifecycle) x", 29, 30..=30, false),
            &all[..1],
            &all[1..],
        ),
        ("file", comment("test-kit: allow-file(missing-lifecycle) x", 1, 2..=2, true), &all[2..], &all[..2]),
        (
            "no reason",
            comment("test-kit: allow(missing-type)", 29, 30..=30, false),
            &["missing-lifecycle:20", "suppression-without-reason:29", "missing-lifecycle:30", "missing-type:30"],
            &[],
        ),
        (
            "elsewhere",
            comment("test-kit: allow(missing-type) x", 24, 25..=25, false),
            &["missing-lifecycle:20", "unused-suppression:24", "missing-lifecycle:30", "missing-type:30"],
            &[],
        ),
        (
            "not at the top",
            comment("test-kit: allow-file(missing-type) x", 29, 30..=30, false),
            &["missing-lifecycle:20", "unused-suppression:29", "missing-lifecycle:30", "missing-type:30"],
            &[],
        ),
        (
            "misspelt",
            comment("test-kit: allow(missing-typ) x", 29, 30..=30, false),
            &["missing-lifecycle:20", "unused-suppression:29", "missing-lifecycle:30", "missing-type:30"],
            &[],
        ),
        (
            "not understood",
            comment("test-kit: ignore missing-type", 29, 30..=30, false),
            &["missing-lifecycle:20", "unused-suppression:29", "missing-lifecycle:30", "missing-type:30"],
            &[],
        ),
        ("not ours", comment("noqa: test-kit: allow(missing-type) x", 29, 30..=30, false), &all, &[]),
    ];
    for (name, comment, left, allowed) in cases {
        let suppressed = with(vec![comment], true);
        assert_eq!(places(&suppressed.findings), left, "{name}");
        let allowed_places: Vec<Finding> = suppressed.allowed.into_iter().map(|allowed| allowed.finding).collect();
        assert_eq!(places(&allowed_places), allowed, "{name}");
    }
}

#[test]
fn a_misspelt_rule_is_offered_the_nearest() {
    let suppressed = with(vec![comment("test-kit: allow(missing-typ) x", 29, 30..=30, false)], true);
    let finding = suppressed.findings.iter().find(|finding| finding.rule.as_str() == "unused-suppression").unwrap();
    assert_eq!(finding.message, "no rule is named `missing-typ`; did you mean `missing-type`?");
}

#[test]
fn what_was_not_looked_for_is_not_called_unused() {
    let unused = |comments, whole| with(comments, whole).findings.len() - 3;
    let elsewhere = || vec![comment("test-kit: allow(missing-type) x", 24, 25..=25, false)];
    assert_eq!(unused(elsewhere(), true), 1);
    assert_eq!(unused(elsewhere(), false), 0, "part of the tree");
    let of_lanes = vec![comment("test-kit: allow(feature-in-no-lane) x", 24, 25..=25, false)];
    assert_eq!(unused(of_lanes, true), 0, "no lanes");
}

#[test]
fn the_reason_is_the_one_of_the_comment_that_allows() {
    let comments = vec![
        comment("test-kit: allow(missing-type)", 28, 30..=30, false),
        comment("test-kit: allow(missing-type) the harness gives it", 29, 30..=30, false),
    ];
    let suppressed = with(comments, true);
    assert_eq!(suppressed.allowed.len(), 1);
    assert_eq!(suppressed.allowed[0].reason, "the harness gives it");
    assert_eq!(suppressed.allowed[0].at.start.line, 29);
}

#[test]
fn a_rule_about_comments_that_is_off_says_nothing() {
    let text = "extends = \"dynamo-2025-10\"\n[rules]\nunused-suppression = \"off\"\n";
    let policy = Policy::parse("test-policy.toml", text).unwrap();
    let lanes = Lanes::none();
    let judged = Judged { policy: &policy, lanes: &lanes, whole_tree: true };
    let comments = vec![comment("test-kit: allow(missing-typ) x", 29, 30..=30, false)];
    assert_eq!(suppress(&judged, found(&policy), &[(TreePath::new(FILE), comments)]).findings.len(), 3);
}
