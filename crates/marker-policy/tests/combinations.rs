//! Rules about markers beside other markers, and about their names.
#![allow(clippy::unwrap_used)]

mod support;

use marker_policy::Policy;
use support::{at_line, catalog, findings, line, open, python, python_at};

const HEAD: &str = "extends = \"dynamo-2025-10\"\n";
const FILE: &str = "tests/serve/test_vllm_chat.py";

fn policy(text: &str) -> Policy {
    Policy::parse("test-policy.toml", &format!("{HEAD}{text}")).unwrap()
}

fn conflicts(policy: &Policy, markers: &[&str]) -> Vec<String> {
    let tree = catalog(vec![python(&format!("{FILE}::test_a"), markers)]);
    findings(policy, &tree, "conflicting-markers").into_iter().map(|finding| finding.message).collect()
}

#[test]
fn a_test_needs_one_number_of_gpus() {
    let policy = Policy::embedded();
    let both = ["1 test is `gpu_0` and `gpu_1`, of which a test has at most one"];
    assert_eq!(conflicts(&policy, &["gpu_1", "gpu_0"]), both);
    assert_eq!(conflicts(&policy, &["h100", "gpu_0"]).len(), 1);
    for fine in [&["gpu_2", "h100"][..], &["gpu_1", "gpu_1"], &["gpu_0"], &["pre_merge", "nightly"], &[]] {
        assert!(conflicts(&policy, fine).is_empty(), "{fine:?}");
    }
    let later = Policy::preset("dynamo-2026-08").unwrap();
    assert!(conflicts(&later, &["gpu_0", "xpu_1", "k8s"]).is_empty());
}

#[test]
fn a_policy_says_what_excludes_what() {
    let exclusive = policy("[categories.type]\nat-most-one = true\n[coexist]\nfast = [\"unit\", \"benchmark\"]\n");
    assert_eq!(conflicts(&exclusive, &["unit", "e2e"]).len(), 1);
    assert!(conflicts(&exclusive, &["unit", "benchmark"]).is_empty());
    let third = "1 test is `unit`, `e2e` and `benchmark`, of which a test has at most one";
    assert_eq!(conflicts(&exclusive, &["unit", "benchmark", "e2e"]), [third]);
    let named = policy("[conflicts]\nnumber-of-gpus = []\nfast-and-slow = [\"unit\", \"slow\"]\n");
    assert_eq!(conflicts(&named, &["slow", "unit"]).len(), 1);
    assert!(conflicts(&named, &["gpu_0", "gpu_1"]).is_empty(), "the entry of that name is taken back");
}

#[test]
fn a_conflict_is_at_the_closest_marker_and_names_the_other() {
    let case = python_at(&format!("{FILE}::test_a"), 20, &["gpu_0"]);
    let tree = catalog(vec![at_line(case.clone(), "gpu_1", 19), open(at_line(case, "gpu_1", 19))]);
    let found = findings(&Policy::embedded(), &tree, "conflicting-markers");
    assert_eq!(found.len(), 1, "what is open is not judged");
    assert_eq!(found[0].at, line(FILE, 19));
    assert_eq!(found[0].note.as_deref(), Some(&*format!("the other stands at {FILE}:3")));
}

/// What is said of a test with these types, where a test needs so many.
fn types(required: &str, at_most_one: bool, markers: &[&str]) -> Vec<String> {
    let text = format!("[categories.type]\nrequired = \"{required}\"\nat-most-one = {at_most_one}\n");
    let tree = catalog(vec![python(&format!("{FILE}::test_a"), markers)]);
    let rules = ["missing-type", "conflicting-markers"];
    let found = rules.iter().flat_map(|rule| findings(&policy(&text), &tree, rule));
    found.map(|finding| finding.rule.to_string()).collect()
}

#[test]
fn a_category_says_how_many_of_it_a_test_has() {
    let (none, one, two) = (&[][..], &["unit"][..], &["unit", "e2e"][..]);
    let cases: [(&str, &str, bool, [&[&str]; 3]); 4] = [
        ("any number", "never", false, [&[], &[], &[]]),
        ("at least one", "always", false, [&["missing-type"], &[], &[]]),
        ("at most one", "never", true, [&[], &[], &["conflicting-markers"]]),
        ("exactly one", "always", true, [&["missing-type"], &[], &["conflicting-markers"]]),
    ];
    for (name, required, at_most_one, expected) in cases {
        let found = [none, one, two].map(|markers| types(required, at_most_one, markers));
        assert_eq!(found.each_ref().map(Vec::as_slice), expected, "{name}");
    }
}

#[test]
fn what_a_preset_says_of_markers_that_a_file_is_without_goes_with_them() {
    let text = "[categories.component]\nmarkers = [\"web\"]\n[categories.type]\nmarkers = [\"fast\", \"e2e\"]\n\
                [rust]\nunit = [\"fast\"]\n";
    let policy = policy(text);
    assert_eq!(policy.rust_markers(test_catalog::RustTestKind::Integration), ["pre_merge", "gpu_0"]);
    assert_eq!(policy.locations().by_type.keys().collect::<Vec<_>>(), ["e2e"]);
    let types: Vec<_> = policy.budgets().iter().map(|budget| budget.test_type.as_deref()).collect();
    assert_eq!(types, [Some("e2e")]);
}

#[test]
fn one_of_these_if_one_of_those() {
    let text = "[companions.component]\nof = [\"vllm\"]\nexactly-one = [\"kvbm\", \"router\"]\n";
    let found = |text: &str, markers: &[&str]| {
        let tree = catalog(vec![python(&format!("{FILE}::test_a"), markers)]);
        let found = findings(&policy(text), &tree, "companion-marker");
        found.into_iter().map(|finding| finding.message).collect::<Vec<_>>()
    };
    assert_eq!(found(text, &["vllm"]), ["1 test has none of `kvbm` and `router`"]);
    assert_eq!(found(text, &["vllm", "kvbm", "router"]), ["1 test has `kvbm` and `router`, of which one is meant"]);
    assert!(found(text, &["vllm", "kvbm"]).is_empty() && found(text, &["sglang"]).is_empty());
    let at_least = text.replace("exactly-one", "at-least-one");
    assert!(found(&at_least, &["vllm", "kvbm", "router"]).is_empty());
    assert_eq!(found(&at_least, &["vllm"]).len(), 1);
}

#[test]
fn a_renamed_marker_says_its_new_name() {
    let text = "[aliases]\nvllm_marker = \"vllm\"\nsgl = { name = \"sglang\", note = \"one name everywhere\" }\n";
    let tree =
        catalog(vec![python(&format!("{FILE}::test_a"), &["vllm_marker"]), python("tests/b.py::test_b", &["sgl"])]);
    let found = findings(&policy(text), &tree, "deprecated-marker");
    let mut said: Vec<_> = found.iter().map(|finding| (finding.message.as_str(), finding.note.as_deref())).collect();
    said.sort_unstable();
    assert_eq!(
        said,
        [
            ("the marker `sgl` is called `sglang` now", Some("one name everywhere")),
            ("the marker `vllm_marker` is called `vllm` now", None)
        ]
    );
}

#[test]
fn mistakes_in_these_entries_say_what_is_wrong() {
    let text = format!(
        "{HEAD}[conflicts]\none = [\"unit\"]\ntypo = [\"unitt\", \"e2e\"]\n\
         [companions.a]\nof = [\"vllm\"]\n\
         [companions.b]\nof = []\nexactly-one = [\"kvbm\"]\n\
         [aliases]\nold = {{ note = \"x\" }}\n\
         [markers.m]\nargs = [{{ name = \"x\", type = \"strin\", min = 1 }}, {{ name = \"x\", many = 2 }}]\n\
         [gpus]\nL4 = {{ gib = 0 }}\n"
    );
    let found = Policy::parse("p", &text).unwrap_err().to_string();
    let lines: Vec<_> = found.lines().map(|line| line.trim_start_matches("p:")).collect();
    assert_eq!(
        lines,
        [
            "3:1: `one` names one marker, which conflicts with none",
            "4:9: `unitt` is no marker that this policy defines; did you mean `unit`?",
            "5:13: `a` in `companions`: it has neither `exactly-one` nor `at-least-one`",
            "7:13: `b` in `companions`: `of` names no marker",
            "11:7: `name` in `aliases.old` is missing",
            "13:9: `x` has a limit and is no number: write `type = \"number\"`",
            "13:30: `type` in `markers.m.args` is `strin`, expected `any`, `number`, `integer`, `string` or `boolean`; \
             did you mean `string`?",
            "13:50: `x` stands twice in `args`",
            "13:71: `many` in `markers.m.args` is 2, expected `true` or `false`",
            "15:14: `gib` in `gpus.L4` is 0, expected a number above 0",
        ]
    );
}
