//! Rules about what the source shows beside its tests.
#![allow(clippy::unwrap_used)]

mod support;

use marker_policy::{Finding, Policy};
use support::{catalog, findings, line, python, python_at};
use test_catalog::{Catalog, Condition, Observation, ObservationKind, Position, TestCase};

const FILE: &str = "tests/serve/test_vllm_chat.py";

fn observation(kind: ObservationKind, at: u32, test: Option<u32>) -> Observation {
    let test = test.map(|line| Position { line, column: 1 });
    Observation { kind, text: "`work(5)`".to_owned(), at: line(FILE, at), test }
}

fn tree(cases: Vec<TestCase>, observations: Vec<Observation>) -> Catalog {
    Catalog { observations, ..catalog(cases) }
}

fn found(rule: &str, cases: Vec<TestCase>, observations: Vec<Observation>) -> Vec<Finding> {
    let text = "extends = \"dynamo-2026-08\"\n[rules]\nunseeded-sampling = \"warning\"\n";
    findings(&Policy::parse("test-policy.toml", text).unwrap(), &tree(cases, observations), rule)
}

fn tests(markers: &[&str]) -> Vec<TestCase> {
    let of_line = |name: &str, at| python_at(&format!("{FILE}::{name}"), at, markers);
    vec![of_line("test_a[x]", 10), of_line("test_a[y]", 10), of_line("test_b", 20)]
}

#[test]
fn a_construct_of_a_test_is_a_finding_for_all_its_cases() {
    use ObservationKind::{FixedPort, UnseededRandom, WallClock};
    for (rule, kind) in
        [("unseeded-random", UnseededRandom), ("wall-clock-assert", WallClock), ("fixed-port", FixedPort)]
    {
        let found = found(rule, tests(&["unit"]), vec![observation(kind, 12, Some(10))]);
        assert_eq!(found.len(), 1, "{rule}");
        assert_eq!((&found[0].at, found[0].cases.len()), (&line(FILE, 12), 2), "{rule}");
        assert!(found[0].message.starts_with("`work(5)` "), "{}", found[0].message);
    }
    assert!(found("fixed-port", tests(&["e2e"]), vec![observation(FixedPort, 12, Some(11))]).is_empty(), "of no test");
}

#[test]
fn some_constructs_are_wrong_in_unit_tests_only_and_some_everywhere_else() {
    use ObservationKind::{Network, PortOption, Sleep, UnseededSampling};
    let count = |rule, kind, markers: &[&str]| found(rule, tests(markers), vec![observation(kind, 12, Some(10))]).len();
    assert_eq!(count("network-in-unit-test", Network, &["unit"]), 1);
    assert_eq!(count("network-in-unit-test", Network, &["e2e"]), 0);
    assert_eq!(count("sleep-in-unit-test", Sleep, &["unit"]), 1);
    assert_eq!(count("sleep-in-unit-test", Sleep, &["integration"]), 0);
    assert_eq!(count("unseeded-sampling", UnseededSampling, &["e2e"]), 1);
    assert_eq!(count("unseeded-sampling", UnseededSampling, &["unit"]), 0);
    assert_eq!(count("fixed-port", PortOption, &["e2e"]), 1);
    assert_eq!(count("fixed-port", PortOption, &["unit"]), 0);
}

#[test]
fn what_never_runs_and_what_changes_the_environment_is_a_finding_where_the_policy_binds() {
    use ObservationKind::{BehindMain, ClassLeftOut, EnvironmentAtImport, Nested, OtherFileName, Redefined, Shadowed};
    let rules = [
        ("class-left-out", ClassLeftOut),
        ("redefined-test", Redefined),
        ("nested-test", Nested),
        ("test-behind-main", BehindMain),
        ("other-file-name", OtherFileName),
        ("shadowed-file", Shadowed),
        ("environment-at-import", EnvironmentAtImport),
    ];
    for (rule, kind) in rules {
        let here = observation(kind, 7, None);
        let elsewhere = Observation { at: line("examples/test_demo.py", 7), ..here.clone() };
        let found = found(rule, Vec::new(), vec![here, elsewhere]);
        assert_eq!(found.iter().map(|one| &one.at).collect::<Vec<_>>(), [&line(FILE, 7)], "{rule}");
        assert!(found[0].message.contains("work(5)"), "{}", found[0].message);
    }
}

#[test]
fn a_shadowed_file_names_the_tests_that_a_run_of_both_loses() {
    let found = found("shadowed-file", tests(&[]), vec![observation(ObservationKind::Shadowed, 1, None)]);
    assert_eq!(found[0].cases.len(), 3);
    assert_eq!(found[0].label.as_deref(), Some("a run of both files loses 3 tests"));
}

#[test]
fn tests_that_the_configuration_leaves_out_are_a_finding_for_their_file() {
    let ignored = |id: &str| {
        let at = line("pyproject.toml", 5);
        TestCase {
            ignored_by: Some(Box::new(Condition { text: "--ignore-glob=*model.py".to_owned(), at })),
            ..python(id, &[])
        }
    };
    let file = "tests/serve/test_model.py";
    let cases = vec![
        ignored(&format!("{file}::test_a")),
        ignored(&format!("{file}::test_b")),
        python("tests/serve/test_chat.py::test_c", &[]),
        ignored("docs/test_model.py::test_d"),
    ];
    let found = found("ignored-path", cases, Vec::new());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].message, "`--ignore-glob=*model.py` leaves out 2 tests of this file");
    assert_eq!(found[0].note.as_deref(), Some("the option stands at pyproject.toml:5"));
}

#[test]
fn a_policy_without_these_rules_needs_no_observations() {
    assert!(Policy::embedded().needs_observations());
    let rules = [
        "redefined-test",
        "nested-test",
        "test-behind-main",
        "other-file-name",
        "unseeded-random",
        "wall-clock-assert",
        "fixed-port",
        "network-in-unit-test",
        "sleep-in-unit-test",
        "unseeded-sampling",
        "environment-at-import",
    ];
    let off = |rules: &[&str]| {
        let off: String = rules.iter().map(|rule| format!("{rule} = \"off\"\n")).collect();
        Policy::parse("p", &format!("extends = \"dynamo-2025-10\"\n[rules]\n{off}")).unwrap().needs_observations()
    };
    assert!(!off(&rules));
    assert!(off(&rules[1..]));
}
