//! Rules about what a test asks of its machine, and about tests that do not run.
#![allow(clippy::unwrap_used)]

mod support;

use marker_policy::{Finding, Policy};
use support::{catalog, findings, hooked, open, python, with_args, with_marker};
use test_catalog::{PytestFacts, TestCase, Value};

const FILE: &str = "tests/serve/test_vllm_chat.py";

fn case(markers: &[&str]) -> TestCase {
    python(&format!("{FILE}::test_a"), markers)
}

fn profiled(case: TestCase, gib: f64) -> TestCase {
    with_args(case, "profiled_vram_gib", vec![Value::Float(gib)])
}

fn found(rule: &str, cases: Vec<TestCase>) -> Vec<Finding> {
    findings(&Policy::preset("dynamo-2026-08").unwrap(), &catalog(cases), rule)
}

fn text(name: &str, text: &str) -> (String, Value) {
    (name.to_owned(), Value::Str(text.to_owned()))
}

#[test]
fn a_test_of_one_gpu_has_a_profile_where_the_tree_has_profiles() {
    let rule = "missing-vram-profile";
    let measured = || profiled(python("tests/test_b.py::test_b", &["gpu_1"]), 3.0);
    let count = |cases: Vec<TestCase>| found(rule, cases).len();
    assert_eq!(count(vec![case(&["gpu_1"]), measured()]), 1);
    assert_eq!(count(vec![case(&["gpu_1"])]), 0, "no test of the tree has one");
    for other in [&["gpu_0"][..], &["gpu_2"], &["gpu_1", "k8s"], &["gpu_1", "xpu_1"], &["gpu_1", "skip"]] {
        assert_eq!(count(vec![case(other), measured()]), 0, "{other:?}");
    }
    assert_eq!(count(vec![open(case(&["gpu_1"])), measured()]), 0);
    let elsewhere = python("docs/test_c.py::test_c", &["gpu_1"]);
    assert_eq!(count(vec![elsewhere, measured()]), 0, "the policy does not bind there");
    let seed = Policy::embedded();
    assert!(findings(&seed, &catalog(vec![case(&["gpu_1"]), measured()]), rule).is_empty());
}

#[test]
fn a_profile_fits_the_largest_gpu_of_the_model_that_is_asked_for() {
    let of = |markers: &[&str], gib| {
        let found = found("profile-above-gpus", vec![profiled(case(markers), gib)]);
        found.into_iter().map(|finding| finding.message).next()
    };
    let message = "80.5 GiB are more than the largest GPU has: H100, 80 GiB";
    assert_eq!(of(&["gpu_1"], 80.5).as_deref(), Some(message));
    assert_eq!(of(&["gpu_1"], 80.0), None);
    assert_eq!(of(&["gpu_1", "h100"], 80.5).as_deref(), Some(message));
    assert!(
        findings(&Policy::embedded(), &catalog(vec![profiled(case(&["gpu_1"]), 1e9)]), "profile-above-gpus").is_empty()
    );
}

#[test]
fn a_profile_comes_with_the_cap_that_it_was_measured_with() {
    let count = |case| found("uncapped-engine", vec![case]).len();
    assert_eq!(count(profiled(case(&["gpu_1"]), 3.5)), 1);
    assert_eq!(count(profiled(case(&["gpu_1"]), 0.0)), 0, "it starts no engine");
    assert_eq!(count(case(&["gpu_1"])), 0, "it has no profile");
    let capped = with_args(profiled(case(&["gpu_1"]), 3.5), "requested_vllm_kv_cache_bytes", vec![Value::Int(1)]);
    assert_eq!(count(capped), 0);
    let unknown = with_args(case(&["gpu_1"]), "profiled_vram_gib", vec![Value::Expr("PEAK".to_owned())]);
    assert_eq!(count(unknown), 0, "what is not known is not judged");
    let old = with_args(case(&["gpu_1"]), "max_vram_gib", vec![Value::Int(3)]);
    assert_eq!(count(old), 1, "an older name is that marker");
}

#[test]
fn gpu_tests_and_slow_tests_have_a_timeout() {
    let count = |case| found("missing-timeout", vec![case]).len();
    assert_eq!(count(case(&["gpu_1"])), 1);
    assert_eq!(count(case(&["gpu_0", "slow"])), 1);
    assert_eq!(count(case(&["gpu_0"])), 0);
    assert_eq!(count(case(&["gpu_1", "timeout"])), 0);
    assert_eq!(count(hooked(case(&["gpu_1"]), "timeout")), 0);
    assert_eq!(count(case(&["gpu_1", "skip"])), 0);
    let mut tree = catalog(vec![case(&["gpu_1"])]);
    tree.pytest = Some(PytestFacts {
        mark_expression: None,
        keyword_expression: None,
        version: "9.2.0".to_owned(),
        python: "3.11".to_owned(),
        rootdir: "".into(),
        config_file: None,
        has_timeout: true,
    });
    assert!(findings(&Policy::preset("dynamo-2026-08").unwrap(), &tree, "missing-timeout").is_empty());
}

#[test]
fn a_test_of_a_stage_is_not_skipped_whatever_happens() {
    let count = |case| found("always-skipped", vec![case]).len();
    let skipped = |markers: &[&str]| with_marker(case(markers), "skip", vec![text("reason", "broken")]);
    let finding = found("always-skipped", vec![skipped(&["pre_merge", "unit"])]).pop().unwrap();
    assert_eq!(finding.message, "1 test is marked `pre_merge` and never run");
    assert_eq!(finding.note.as_deref(), Some("its reason: broken"));
    assert_eq!(count(skipped(&["unit"])), 0, "no stage");
    assert_eq!(count(with_marker(case(&["pre_merge"]), "skipif", vec![text("reason", "no GPU")])), 0);
    let not_run = vec![("run".to_owned(), Value::Bool(false))];
    assert_eq!(count(with_marker(case(&["nightly"]), "xfail", not_run)), 1);
    assert_eq!(count(with_marker(case(&["nightly"]), "xfail", Vec::new())), 0);
    assert_eq!(count(hooked(case(&["nightly"]), "skip")), 0, "a hook may have a condition");
}

#[test]
fn a_skip_says_why_and_names_a_ticket_where_the_policy_asks_for_one() {
    let asks = "extends = \"dynamo-2025-10\"\n[audit]\ntickets = [\"DYN-\"]\n";
    let asks = Policy::parse("test-policy.toml", asks).unwrap();
    let said = |policy: &Policy, name: &str, kwargs| {
        let tree = catalog(vec![with_marker(case(&[]), name, kwargs)]);
        findings(policy, &tree, "skip-without-reason").pop().map(|finding| finding.message)
    };
    let plain = Policy::embedded();
    assert_eq!(said(&plain, "skip", Vec::new()).as_deref(), Some("`skip` gives no reason"));
    assert_eq!(said(&plain, "xfail", vec![text("reason", " ")]).as_deref(), Some("`xfail` gives no reason"));
    assert_eq!(said(&plain, "skip", vec![text("reason", "flaky")]), None);
    assert_eq!(said(&plain, "slow", Vec::new()), None);
    let unknown = vec![("reason".to_owned(), Value::Expr("WHY".to_owned()))];
    assert_eq!(said(&asks, "skip", unknown), None);
    let no_ticket = "the reason of `skip` names no ticket";
    assert_eq!(said(&asks, "skip", vec![text("reason", "flaky")]).as_deref(), Some(no_ticket));
    assert_eq!(said(&asks, "skip", vec![text("reason", "flaky, DYN-12")]), None);
    assert_eq!(said(&asks, "skipif", vec![text("reason", "no GPU")]), None);
    let by_place = with_args(case(&[]), "skip", vec![Value::Str("broken".to_owned())]);
    assert!(findings(&plain, &catalog(vec![by_place]), "skip-without-reason").is_empty());
}

#[test]
fn retries_name_the_errors_that_they_are_for() {
    let count = |kwargs| found("unbounded-retries", vec![with_marker(case(&[]), "flaky", kwargs)]).len();
    let reruns = || ("reruns".to_owned(), Value::Int(2));
    assert_eq!(count(vec![reruns()]), 1);
    assert_eq!(count(Vec::new()), 1);
    assert_eq!(count(vec![reruns(), text("only_rerun", "ConnectionError")]), 0);
    assert_eq!(count(vec![reruns(), text("rerun_except", "AssertionError")]), 0);
}

#[test]
fn an_argument_is_what_the_policy_says() {
    let rule = "marker-argument";
    let finding = found(rule, vec![with_args(case(&[]), "timeout", vec![Value::Str("60".to_owned())])]).pop().unwrap();
    assert_eq!(finding.message, "`timeout` has `\"60\"` for `timeout`");
    assert!(finding.help.starts_with("it takes `timeout`: a number of seconds from 0, "), "{}", finding.help);
    assert_eq!(found(rule, vec![case(&["profiled_vram_gib"])])[0].message, "`profiled_vram_gib` has no `gib`");
    assert!(found(rule, vec![profiled(case(&["gpu_1", "timeout_s"]), 3.5)]).is_empty());
    let short = "extends = \"dynamo-2025-10\"\n[markers]\nmodel = { args = [\"id\"] }\nnote = {}\n";
    let short = Policy::parse("p", short).unwrap();
    let count =
        |name: &str, args: Vec<Value>| findings(&short, &catalog(vec![with_args(case(&[]), name, args)]), rule).len();
    assert_eq!(count("model", vec![Value::Int(1)]), 0);
    assert_eq!(count("model", Vec::new()), 1);
    assert_eq!(count("note", vec![Value::Int(1); 3]), 0, "nothing is said of its arguments");
}

#[test]
fn an_argument_has_a_type_a_unit_and_a_range() {
    let args = "[{ name = \"gib\", type = \"number\", unit = \"GiB\", min = 0.5, max = 80 }, \
                { name = \"count\", type = \"integer\", min = 1, optional = true }, \
                { name = \"on\", type = \"boolean\", optional = true }, \
                { name = \"ids\", type = \"string\", optional = true, many = true }]";
    let policy = format!("extends = \"dynamo-2025-10\"\n[markers]\nheavy = {{ args = {args} }}\n");
    let policy = Policy::parse("p", &policy).unwrap();
    let is_right = |args: &[Value]| {
        let tree = catalog(vec![with_args(case(&[]), "heavy", args.to_vec())]);
        findings(&policy, &tree, "marker-argument").is_empty()
    };
    let (float, int, yes) = (Value::Float, Value::Int, Value::Bool(true));
    let word = |text: &str| Value::Str(text.to_owned());
    for (args, expected) in [
        (vec![float(0.5)], true),
        (vec![int(80)], true),
        (vec![float(0.4)], false),
        (vec![float(80.5)], false),
        (vec![word("3")], false),
        (vec![int(1), int(1)], true),
        (vec![int(1), int(0)], false),
        (vec![int(1), float(1.0)], false),
        (vec![int(1), int(1), yes.clone()], true),
        (vec![int(1), int(1), int(1)], false),
        (vec![int(1), int(1), yes.clone(), word("a"), word("b")], true),
        (vec![int(1), int(1), yes.clone(), word("a"), int(2)], false),
        (vec![Value::Expr("SIZE".into())], true),
        (Vec::new(), false),
    ] {
        assert_eq!(is_right(&args), expected, "{args:?}");
    }
}
