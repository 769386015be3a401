//! Which markers a case has in the end, and which cases a selector takes.
#![allow(clippy::unwrap_used)]

mod support;

use marker_expr::{Expr, KeywordExpr, MarkExpr, Truth};
use marker_policy::{Filter, Policy, SelectError, Selector, resolve, select};
use proptest::prelude::*;
use support::{catalog, edit_rust, hooked, ignored, open, python, rust, with_marker};
use test_catalog::{Certainty, Language, Reason, RustTestKind, TestCase, Value};

const ID: &str = "tests/serve/test_vllm_chat.py::TestChat::test_streams[Qwen-3]";

fn marks(text: &str) -> Selector {
    Selector { marks: Some(MarkExpr::parse(text).unwrap()), ..Selector::default() }
}

fn words(text: &str) -> Selector {
    Selector { keywords: Some(KeywordExpr::parse(text).unwrap()), ..Selector::default() }
}

/// The verdict on one case: `No` where it is left out.
fn verdict(policy: &Policy, case: TestCase, selector: &Selector) -> Truth {
    let tree = catalog(vec![case]);
    let cases = resolve(policy, &tree);
    select(policy, &cases, selector).unwrap().chosen.first().map_or(Truth::No, |chosen| chosen.verdict)
}

fn effective(policy: &Policy, case: TestCase) -> Vec<String> {
    resolve(policy, &catalog(vec![case]))[0].effective.iter().map(|marker| marker.name.clone()).collect()
}

#[test]
fn a_policy_default_fills_only_what_nobody_gave() {
    let policy = Policy::preset("dynamo-2026-08").unwrap();
    assert_eq!(effective(&policy, python(ID, &["e2e"])), ["e2e", "pre_merge", "gpu_0", "defaulted"]);
    assert_eq!(effective(&policy, python(ID, &["e2e", "xpu_1"])), ["e2e", "xpu_1", "pre_merge", "defaulted"]);
    assert_eq!(effective(&policy, python(ID, &["nightly", "gpu_1"])), ["nightly", "gpu_1"]);
    assert_eq!(effective(&policy, hooked(python(ID, &["gpu_1"]), "pre_merge")), ["gpu_1", "pre_merge"]);
    assert_eq!(effective(&policy, open(python(ID, &["e2e"]))), ["e2e"]);
    assert_eq!(effective(&policy, python("examples/test_demo.py::test_a", &["e2e"])), ["e2e"]);
    assert_eq!(effective(&Policy::embedded(), python(ID, &["e2e"])), ["e2e"]);
}

#[test]
fn a_rust_test_has_the_markers_of_its_kind_and_features() {
    let policy = Policy::preset("dynamo-2026-08").unwrap();
    assert_eq!(effective(&policy, rust("a", RustTestKind::Unit, None)), ["pre_merge", "unit", "gpu_0"]);
    assert_eq!(
        effective(&policy, ignored(rust("a", RustTestKind::Integration, None))),
        ["pre_merge", "integration", "gpu_0", "slow"]
    );
    let on_gpu = rust("a", RustTestKind::Unit, Some(r#"feature = "testing-cuda""#));
    assert_eq!(effective(&policy, on_gpu), ["gpu_1", "pre_merge", "unit"]);
    let of_planner = rust("a", RustTestKind::Unit, Some(r#"feature = "planner""#));
    assert_eq!(effective(&policy, of_planner), ["planner", "pre_merge", "unit", "gpu_0"]);
}

#[test]
fn a_stage_takes_its_own_tests_and_those_of_every_earlier_stage() {
    let policy = Policy::embedded();
    let stage = |name: &str| Selector { stage: Some(name.to_owned()), ..Selector::default() };
    for (marker, stages) in [("pre_merge", 5), ("post_merge", 4), ("nightly", 3), ("weekly", 2), ("release", 1)] {
        let taken = ["pre_merge", "post_merge", "nightly", "weekly", "release"]
            .iter()
            .filter(|name| verdict(&policy, python(ID, &[marker]), &stage(name)) == Truth::Yes)
            .count();
        assert_eq!(taken, stages, "{marker}");
    }
    assert_eq!(verdict(&policy, open(python(ID, &[])), &stage("nightly")), Truth::Unknown);
    assert_eq!(verdict(&policy, python(ID, &[]), &stage("release")), Truth::No);
}

#[test]
fn the_reason_names_the_marker_and_its_place() {
    let policy = Policy::embedded();
    let tree = catalog(vec![python(ID, &["pre_merge", "gpu_1"])]);
    let cases = resolve(&policy, &tree);
    let selector = Selector { stage: Some("nightly".to_owned()), ..marks("gpu_1") };
    let selection = select(&policy, &cases, &selector).unwrap();
    assert_eq!(
        &*selection.chosen[0].why,
        "stage nightly takes `pre_merge` (tests/serve/test_vllm_chat.py:3); -m `gpu_1` holds"
    );
}

#[test]
fn marker_arguments_are_compared_as_python_does() {
    let policy = Policy::embedded();
    let case = |value| with_marker(python(ID, &[]), "mk", vec![("x".to_owned(), value)]);
    for (value, text, expected) in [
        (Value::Int(1), "mk(x=True)", Truth::Yes),
        (Value::Float(1.0), "mk(x=1)", Truth::Yes),
        (Value::Str("1".to_owned()), "mk(x=1)", Truth::No),
        (Value::Str("1".to_owned()), "mk(x='1')", Truth::Yes),
        (Value::None, "mk(x=None)", Truth::Yes),
        (Value::None, "mk(y=None)", Truth::No),
        (Value::Expr("N".to_owned()), "mk(x=1)", Truth::Unknown),
        (Value::Expr("N".to_owned()), "mk(x=1, y=2)", Truth::No),
        (Value::Expr("N".to_owned()), "mk", Truth::Yes),
    ] {
        assert_eq!(verdict(&policy, case(value.clone()), &marks(text)), expected, "{value:?} {text}");
    }
    // Parameters of two marks of one name do not add up.
    let two = with_marker(case(Value::Int(1)), "mk", vec![("y".to_owned(), Value::Int(2))]);
    assert_eq!(verdict(&policy, two, &marks("mk(x=1, y=2)")), Truth::No);
}

#[test]
fn keywords_are_parts_of_the_case_s_names() {
    let policy = Policy::embedded();
    for (text, expected) in [
        ("qwen", Truth::Yes),
        ("test_streams[Qwen-3]", Truth::Yes),
        ("testchat", Truth::Yes),
        ("test_vllm_chat.py", Truth::Yes),
        ("serve and tests", Truth::Yes),
        ("gpu_", Truth::Yes),
        ("serve/test", Truth::No),
        ("not chat", Truth::No),
    ] {
        assert_eq!(verdict(&policy, python(ID, &["gpu_1"]), &words(text)), expected, "{text}");
    }
    let mut inexact = python("tests/test_a_b.py::test_c", &[]);
    inexact.certainty = Certainty::Inexact(Box::new(Reason { text: "unknown".to_owned(), at: inexact.span.clone() }));
    assert_eq!(verdict(&policy, inexact.clone(), &words("qwen")), Truth::Unknown);
    assert_eq!(verdict(&policy, inexact, &words("test_c")), Truth::Yes);
    // `::` inside parameters separates nothing.
    assert_eq!(verdict(&policy, python("a.py::test_c[x::y]", &[]), &words("test_c[x::y]")), Truth::Yes);
}

#[test]
fn rust_tests_that_would_not_run_are_left_out() {
    let policy = Policy::embedded();
    let plain = rust("streaming::backpressure", RustTestKind::Unit, None);
    let disabled = edit_rust(plain.clone(), |rust| rust.enabled = false);
    let tree = catalog(vec![plain.clone(), disabled, ignored(plain.clone()), python(ID, &[])]);
    let cases = resolve(&policy, &tree);
    let only_rust = Selector { language: Some(Language::Rust), ..Selector::default() };
    let selection = select(&policy, &cases, &only_rust).unwrap();
    assert_eq!(selection.chosen.len(), 1);
    let left_out: Vec<_> = selection.left_out.into_iter().collect();
    assert_eq!(left_out, [(Filter::Disabled, 1), (Filter::Ignored, 1), (Filter::Language, 1)]);
    let with_ignored = Selector { ignored: true, ..only_rust };
    assert_eq!(select(&policy, &cases, &with_ignored).unwrap().chosen.len(), 2);
    assert_eq!(verdict(&policy, plain, &words("backpressure and unit")), Truth::Yes);
}

#[test]
fn what_the_trees_own_configuration_ignores_is_left_out() {
    let policy = Policy::embedded();
    let mut ignored = python(ID, &["pre_merge"]);
    let text = "--ignore-glob=*model.py".to_owned();
    ignored.ignored_by = Some(Box::new(test_catalog::Condition { text, at: ignored.span.clone() }));
    let tree = catalog(vec![ignored, python("tests/test_a_b.py::test_c", &["pre_merge"])]);
    let cases = resolve(&policy, &tree);
    let selection = select(&policy, &cases, &Selector::default()).unwrap();
    assert_eq!(selection.chosen.len(), 1);
    assert_eq!(selection.left_out.into_iter().collect::<Vec<_>>(), [(Filter::Configured, 1)]);
}

#[test]
fn components_and_types_are_any_of() {
    let policy = Policy::embedded();
    let selector = |components: &[&str], types: &[&str]| Selector {
        components: components.iter().map(ToString::to_string).collect(),
        types: types.iter().map(ToString::to_string).collect(),
        ..Selector::default()
    };
    let case = || python(ID, &["e2e", "vllm"]);
    assert_eq!(verdict(&policy, case(), &selector(&["vllm", "router"], &["e2e"])), Truth::Yes);
    assert_eq!(verdict(&policy, case(), &selector(&["vllm"], &["unit"])), Truth::No);
}

#[test]
fn names_that_nothing_has_are_errors_with_the_nearest() {
    let policy = Policy::embedded();
    let selector = Selector {
        stage: Some("premerge".to_owned()),
        components: vec!["vlm".to_owned()],
        types: vec!["gpu_1".to_owned()],
        ..Selector::default()
    };
    let error = select(&policy, &[], &selector).unwrap_err();
    assert_eq!(
        error.to_string().lines().collect::<Vec<_>>(),
        [
            "unknown stage `premerge`; did you mean `pre_merge`? (stages: pre_merge, post_merge, nightly, weekly, release)",
            "unknown type `gpu_1` (types: unit, integration, e2e, benchmark, stress)",
            "unknown component `vlm`; did you mean `vllm`? (components: vllm, trtllm, sglang, kvbm, planner, router)",
        ]
    );
    assert!(select(&policy, &[], &words("a(b=1)")).is_ok(), "no case evaluates it");
    let tree = catalog(vec![python(ID, &[])]);
    let cases = resolve(&policy, &tree);
    assert!(matches!(select(&policy, &cases, &words("a(b=1)")), Err(SelectError::Keywords(_))));
}

#[test]
fn an_unknown_word_of_a_mark_expression_is_told_not_refused() {
    let policy = Policy::embedded();
    let tree = catalog(vec![python(ID, &["gpu_1", "custom"])]);
    let cases = resolve(&policy, &tree);
    let selection = select(&policy, &cases, &marks("gpu_1 and not premerge and custom")).unwrap();
    assert_eq!(selection.chosen.len(), 1);
    let unknown: Vec<_> =
        selection.unknown_marks.iter().map(|name| (&*name.name, name.column, name.nearest.clone())).collect();
    assert_eq!(unknown, [("premerge", 15, vec!["pre_merge".to_owned()])]);
}

const NAMES: [&str; 6] = ["pre_merge", "post_merge", "nightly", "weekly", "release", "gpu_1"];

fn some_markers() -> impl Strategy<Value = Vec<&'static str>> {
    proptest::sample::subsequence(NAMES.to_vec(), 0..=NAMES.len())
}

fn expression() -> impl Strategy<Value = Expr> {
    proptest::sample::select(NAMES.to_vec()).prop_map(Expr::word).prop_recursive(4, 16, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|operand| Expr::Not(Box::new(operand))),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| left.and(right)),
            (inner.clone(), inner).prop_map(|(left, right)| left.or(right)),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_a_stage_takes_every_later_stage_takes(markers in some_markers(), unknown: bool, stage in 0_usize..4) {
        let case = if unknown { open(python(ID, &markers)) } else { python(ID, &markers) };
        let policy = Policy::embedded();
        let of = |index: usize| {
            verdict(&policy, case.clone(), &Selector { stage: Some(NAMES[index].to_owned()), ..Selector::default() })
        };
        prop_assert!(of(stage) <= of(stage + 1));
    }

    #[test]
    fn a_selection_by_marks_is_the_expression_over_effective_markers(markers in some_markers(), expr in expression()) {
        let policy = Policy::embedded();
        let holds = expr.evaluate(&mut |atom| markers.contains(&&*atom.name).into());
        prop_assert_eq!(verdict(&policy, python(ID, &markers), &marks(&expr.to_string())), holds);
    }

    #[test]
    fn what_may_be_missing_never_turns_a_verdict_around(markers in some_markers(), more in some_markers(), expr in expression()) {
        let policy = Policy::embedded();
        let selector = marks(&expr.to_string());
        let judged = verdict(&policy, open(python(ID, &markers)), &selector);
        let mut all = markers.clone();
        all.extend(more.iter().filter(|name| !markers.contains(name)));
        let truth = verdict(&policy, python(ID, &all), &selector);
        prop_assert!(judged == Truth::Unknown || judged == truth, "{judged:?} then {truth:?}");
    }
}
