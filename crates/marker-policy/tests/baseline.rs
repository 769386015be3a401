//! A baseline: what was there before is no finding, what is new is one, and it only shrinks.
#![allow(clippy::unwrap_used)]

mod support;

use marker_policy::{Baseline, Change, Finding, Judged, Lanes, Policy, audit, resolve};
use proptest::prelude::*;
use support::{catalog, python_at};
use test_catalog::{NodeId, Problem, ProblemKind, TestCase};

const FILE: &str = "components/src/dynamo/planner/tests/test_planner_scaling.py";

fn found(cases: Vec<TestCase>, problems: Vec<Problem>) -> Vec<Finding> {
    let policy = Policy::embedded();
    let mut tree = catalog(cases);
    tree.problems = problems;
    audit(&policy, &tree, &resolve(&policy, &tree), &Lanes::none())
}

/// Tests of one file without a lifecycle, each at its line.
fn unmarked(tests: &[(&str, u32)]) -> Vec<Finding> {
    let cases =
        tests.iter().map(|(name, line)| python_at(&format!("{FILE}::{name}"), *line, &["unit", "gpu_0", "planner"]));
    found(cases.collect(), Vec::new())
}

fn with_judged<T>(whole_tree: bool, run: impl FnOnce(&Judged<'_>) -> T) -> T {
    let (policy, lanes) = (Policy::embedded(), Lanes::none());
    run(&Judged { policy: &policy, lanes: &lanes, whole_tree })
}

/// The tests of what is new, how many findings are known, how many entries are gone.
fn compare(before: &[Finding], now: Vec<Finding>) -> (Vec<NodeId>, usize, usize) {
    let baseline = Baseline::parse("baseline.toml", &Baseline::of(before).to_text()).unwrap();
    assert_eq!(baseline, Baseline::of(before));
    let compared = with_judged(true, |judged| baseline.compare(now, judged));
    (compared.new.into_iter().flat_map(|finding| finding.cases).collect(), compared.known, compared.gone)
}

#[test]
fn moved_lines_and_other_parameters_are_not_new() {
    let before = unmarked(&[("test_a[1]", 20), ("test_a[2]", 20), ("test_b", 30)]);
    assert_eq!(compare(&before, unmarked(&[("test_a[x]", 120), ("test_a[y]", 120), ("test_b", 13)])), (vec![], 1, 0));
}

#[test]
fn of_a_finding_only_the_new_tests_are_reported() {
    let before = unmarked(&[("test_a", 20), ("test_b", 30)]);
    let now = unmarked(&[("test_a", 20), ("test_b", 30), ("test_c", 40)]);
    let id = |name: &str| NodeId::from_text(format!("{FILE}::{name}"));
    assert_eq!(compare(&before, now.clone()), (vec![id("test_c")], 1, 0));
    let new = with_judged(true, |judged| Baseline::of(&before).compare(now, judged).new);
    let note = format!("2 of its tests are in the baseline; not in it: {FILE}::test_c");
    assert_eq!(new[0].note.as_deref(), Some(&*note));
    // One more parameter set of a test that is there: which is new, nobody knows.
    let now = unmarked(&[("test_a[1]", 20), ("test_a[2]", 20), ("test_b", 30)]);
    assert_eq!(compare(&before, now).0, [id("test_a[1]"), id("test_a[2]")]);
}

#[test]
fn what_is_repaired_is_told_and_taken_out() {
    let before = unmarked(&[("test_a", 20), ("test_b", 30)]);
    let now = unmarked(&[("test_b", 30), ("test_c", 40)]);
    assert_eq!(compare(&before, now.clone()).2, 1);
    let (old, new) = (Baseline::of(&before), Baseline::of(&now));
    with_judged(true, |judged| {
        let shrunk = old.shrunk(&new, judged);
        assert_eq!((old.findings(), shrunk.findings()), (2, 1));
        assert_eq!(shrunk.compare(now.clone(), judged).new.len(), 1, "test_c is not let in");
        assert_eq!(old.grown(&new, judged), new);
    });
    with_judged(false, |judged| {
        assert_eq!(old.compare(now.clone(), judged).gone, 0, "a part of the tree was audited");
        assert_eq!(old.shrunk(&new, judged), old);
        assert_eq!(old.grown(&Baseline::default(), judged), old);
    });
}

#[test]
fn findings_of_files_and_of_names_are_told_apart() {
    let problem = |message: &str, line: u32| Problem {
        kind: ProblemKind::Syntax,
        message: message.to_owned(),
        at: support::line("tests/test_a.py", line),
    };
    let before = found(Vec::new(), vec![problem("unexpected `)` at line 3", 3)]);
    assert_eq!(before.len(), 1);
    let moved = found(Vec::new(), vec![problem("unexpected `)` at line 17", 17)]);
    assert_eq!(compare(&before, moved), (vec![], 1, 0));
    for other in [vec![problem("unexpected `]`", 3)], vec![problem("unexpected `)`", 3), problem("unexpected `)`", 4)]]
    {
        let now = found(Vec::new(), other);
        assert_ne!(with_judged(true, |judged| Baseline::of(&before).compare(now, judged).new), []);
    }

    let marked = |marker: &str| {
        found(
            vec![python_at(&format!("{FILE}::test_a"), 20, &["unit", "gpu_0", "planner", "pre_merge", marker])],
            Vec::new(),
        )
    };
    assert_eq!(compare(&marked("zebra"), marked("zebra")).0, []);
    assert_eq!(compare(&marked("zebra"), marked("giraffe")).0.len(), 1);
}

#[test]
fn every_mistake_of_a_file_is_named_with_its_line() {
    for (text, expected) in [
        ("", &["baseline.toml:1:1: no `version = 1`: this is no baseline"][..]),
        ("version = 2\n", &["baseline.toml:1:11: this is not a baseline of version 1, the only one known here"]),
        (
            "version = 1\n[missing-lifecycl]\n\"a\" = 1\n[missing-type]\n\"a\" = 0\n\"b\" = \"x\"\n\"c\" = -1\n",
            &[
                "baseline.toml:2:2: no rule is named `missing-lifecycl`; did you mean `missing-lifecycle`?",
                "baseline.toml:5:7: the number",
                "baseline.toml:6:7: the number",
                "baseline.toml:7:7: the number",
            ],
        ),
        ("version = 1\nmissing-type = 3\n", &["baseline.toml:2:16: `missing-type` is no table"]),
        ("version = 1\n[missing-type]\n\"a\" = 1\n\"a\" = 2\n", &["baseline.toml:4:1: not TOML: duplicate key"]),
        ("version = 1\n<<<<<<< HEAD\n", &["baseline.toml:2:1: not TOML: "]),
    ] {
        let error = Baseline::parse("baseline.toml", text).unwrap_err().to_string();
        for line in expected {
            assert!(error.contains(line), "{text:?}: {line:?} is not in {error}");
        }
    }
}

proptest! {
    /// What a tree's authors name their tests survives the file, and no two of them become one entry of it.
    #[test]
    fn a_file_reads_back_as_it_was_written(names in proptest::collection::vec("\\PC*|[\\x00-\\x7f\u{85}\u{2028}\"'\\\\=#\\[\\]`]{0,12}", 1..5)) {
        let mut finding = unmarked(&[("test_a", 20)]).remove(0);
        finding.cases = names.iter().map(|name| NodeId::from_text(format!("a.py::{name}"))).collect();
        let before = Baseline::of(std::slice::from_ref(&finding));
        let text = before.to_text();
        prop_assert_eq!(&Baseline::parse("b", &text).unwrap(), &before);
        prop_assert_eq!(before.to_text(), text);
        with_judged(true, |judged| assert_eq!(before.compare(vec![finding.clone()], judged).new, []));
    }
}

#[test]
fn what_became_of_a_rule_is_counted_by_tests() {
    let before = Baseline::of(&unmarked(&[("test_a", 20), ("test_b[1]", 30), ("test_b[2]", 30)]));
    let now = Baseline::of(&unmarked(&[("test_b[1]", 30), ("test_c", 40), ("test_d", 50)]));
    let counts = |change: &Change| (change.rule.as_str(), change.then, change.now, change.new, change.gone);
    let changes = |whole_tree| with_judged(whole_tree, |judged| before.changes(&now, judged));
    assert_eq!(changes(true).iter().map(counts).collect::<Vec<_>>(), [("missing-lifecycle", 3, 3, 2, 2)]);
    assert!(changes(true)[0].judged && !changes(false)[0].judged);
    assert_eq!(
        with_judged(true, |judged| before.changes(&before, judged)).iter().map(counts).collect::<Vec<_>>(),
        [("missing-lifecycle", 3, 3, 0, 0)]
    );
    assert_eq!(with_judged(true, |judged| Baseline::default().changes(&Baseline::default(), judged)), []);
}
