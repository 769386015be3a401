//! What each rule of the audit finds, and what it leaves alone.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use marker_policy::{Lane, LaneCondition, Lanes, Policy, Severity, audit, resolve, rules};
use support::{catalog, edit_rust, findings, hooked, line, open, python, python_at, rust};
use test_catalog::{
    Catalog, Condition, DeclaredMarker, Ignored, Obstacle, Problem, ProblemKind, Reach, RustTestKind, TreePath,
};

const UNIT: &[&str] = &["pre_merge", "unit", "gpu_0", "planner"];
const PLANNER: &str = "components/src/dynamo/planner/tests/test_planner_scaling.py";

#[test]
fn a_test_that_follows_the_guidelines_has_no_finding() {
    let tree = catalog(vec![
        python(&format!("{PLANNER}::test_a"), UNIT),
        python("tests/serve/test_vllm_chat.py::test_b", &["nightly", "e2e", "gpu_2", "h100", "vllm"]),
        rust("streams", RustTestKind::Unit, None),
    ]);
    let policy = Policy::embedded();
    assert_eq!(audit(&policy, &tree, &resolve(&policy, &tree), &Lanes::none()), []);
}

#[test]
fn tests_that_lack_the_same_for_one_reason_are_one_finding_at_that_place() {
    let bare = ["e2e", "gpu_1", "sglang"];
    let file = "tests/frontend/test_sglang_tools.py";
    let tree = catalog(vec![
        python_at(&format!("{file}::test_a[x]"), 20, &bare),
        python_at(&format!("{file}::test_a[y]"), 20, &bare),
        python_at(&format!("{file}::test_b"), 30, &bare),
        python("tests/frontend/test_sglang_chat.py::test_c", &["post_merge", "e2e", "gpu_1", "sglang"]),
        python("tests/frontend/test_sglang_stream.py::test_d", &["post_merge", "e2e", "gpu_2", "sglang"]),
    ]);
    let found = findings(&Policy::embedded(), &tree, "missing-lifecycle");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].message, "3 tests have no lifecycle marker");
    assert_eq!(found[0].at, line(file, 3));
    assert_eq!(found[0].has, bare);
    assert_eq!(found[0].needs, ["pre_merge", "post_merge", "nightly", "weekly", "release"]);
    assert_eq!(
        found[0].help,
        "add `pytest.mark.post_merge,` to the list at line 3 (all 2 other modules of the folder with tests like it have it: tests/frontend/test_sglang_chat.py:3)"
    );
    assert_eq!(found[0].insertion.as_ref().unwrap().text, "pytest.mark.post_merge,");
}

#[test]
fn where_some_tests_of_a_module_have_it_the_finding_is_at_the_function() {
    let tree = catalog(vec![
        python_at(&format!("{PLANNER}::test_a"), 20, UNIT),
        python_at(&format!("{PLANNER}::test_b"), 30, &["unit", "gpu_0", "planner"]),
    ]);
    let found = findings(&Policy::embedded(), &tree, "missing-lifecycle");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].at, line(PLANNER, 30));
    assert!(found[0].help.starts_with("add `@pytest.mark.pre_merge` above line 30"), "{}", found[0].help);
}

#[test]
fn markers_are_required_only_under_the_folders_that_the_policy_names() {
    let text = "extends = \"dynamo-2025-10\"\n[audit]\nrequired-under = [\"tests\"]\n";
    let policy = Policy::parse("test-policy.toml", text).unwrap();
    let tree = catalog(vec![
        python("tests/serve/test_vllm_chat.py::test_a", &["vllm"]),
        python("examples/test_vllm_demo.py::test_b", &["vllm"]),
    ]);
    let at = |policy: &Policy| {
        findings(policy, &tree, "missing-type").iter().map(|found| found.at.file.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(at(&policy), ["tests/serve/test_vllm_chat.py"]);
    assert_eq!(at(&policy.everywhere()).len(), 2);
}

#[test]
fn each_required_category_has_a_rule() {
    let tree = catalog(vec![python(&format!("{PLANNER}::test_a"), &["planner"])]);
    for rule in ["missing-lifecycle", "missing-type", "missing-hardware"] {
        assert_eq!(findings(&Policy::embedded(), &tree, rule).len(), 1, "{rule}");
    }
    let unit = findings(&Policy::embedded(), &tree, "missing-type");
    assert_eq!(unit[0].needs, ["unit", "integration", "e2e", "benchmark", "stress"]);
}

#[test]
fn what_a_hook_adds_is_still_missing_as_authored() {
    let policy = Policy::preset("dynamo-2026-08").unwrap();
    let case = python(&format!("{PLANNER}::test_a"), &["unit", "gpu_0"]);
    let by_hook = findings(&policy, &catalog(vec![hooked(case.clone(), "pre_merge")]), "missing-lifecycle");
    assert_eq!(
        by_hook[0].effect.as_deref(),
        Some("as authored, no stage selects it; a hook makes it pre_merge (conftest.py:116)")
    );
    let by_policy = findings(&policy, &catalog(vec![case]), "missing-lifecycle");
    assert!(by_policy[0].effect.as_deref().unwrap().ends_with("the policy makes it pre_merge (`defaults.lifecycle`)"));
}

#[test]
fn markers_that_are_not_all_known_are_not_judged_but_counted() {
    let tree = catalog(vec![open(python(&format!("{PLANNER}::test_a"), &["unit"]))]);
    let policy = Policy::embedded();
    let cases = resolve(&policy, &tree);
    assert_eq!(audit(&policy, &tree, &cases, &Lanes::none()), []);
    assert_eq!(tree.cases[0].doubt().unwrap().text, "markers come from `load()`");
}

#[test]
fn a_component_s_own_folder_asks_for_its_marker() {
    let bare = ["pre_merge", "unit", "gpu_0"];
    let tree = catalog(vec![
        python(&format!("{PLANNER}::test_a"), &bare),
        python("components/backend/vllm/tests/test_vllm_args.py::test_b", &bare),
        python("tests/kvbm/test_kvbm_offload.py::test_c", &bare),
        python("components/src/dynamo/mocker/tests/test_mocker_devices.py::test_d", &bare),
        python("tests/serve/test_serve_health.py::test_e", &bare),
    ]);
    let found = findings(&Policy::embedded(), &tree, "missing-component");
    let mut needs: Vec<_> = found.iter().map(|finding| finding.needs[0].as_str()).collect();
    needs.sort_unstable();
    assert_eq!(needs, ["kvbm", "planner", "vllm"]);
    assert!(found.iter().all(|finding| finding.cases.len() == 1));
}

#[test]
fn a_type_stands_in_its_place() {
    let misplaced = |id: &str, markers: &[&str]| {
        let tree = catalog(vec![python(id, markers)]);
        findings(&Policy::embedded(), &tree, "misplaced-type").len()
    };
    assert_eq!(misplaced("tests/serve/test_vllm_chat.py::test_a", &["unit", "vllm"]), 1);
    assert_eq!(misplaced("tests/serve/test_vllm_chat.py::test_a", &["stress"]), 1);
    assert_eq!(misplaced(&format!("{PLANNER}::test_a"), &["e2e"]), 1);
    assert_eq!(misplaced("tests/serve/test_vllm_chat.py::test_a", &["e2e"]), 0);
    assert_eq!(misplaced("tests/benchmark/test_vllm_latency.py::test_a", &["benchmark"]), 0);
    assert_eq!(misplaced("components/backend/vllm/tests/test_vllm_a.py::test_a", &["integration"]), 0);
    assert_eq!(misplaced("tests/serve/test_vllm_chat.py::test_a", &["integration", "vllm", "router"]), 0, "crosses");
    assert_eq!(misplaced("tests/serve/test_vllm_chat.py::test_a", &["stress", "e2e"]), 0, "one of them fits");
    assert_eq!(misplaced("tests/serve/test_vllm_chat.py::test_a", &[]), 0, "missing, not misplaced");
}

#[test]
fn a_file_is_named_for_component_and_flow() {
    let named = |path: &str| {
        let tree = catalog(vec![python(&format!("{path}::test_a"), UNIT)]);
        findings(&Policy::embedded(), &tree, "file-name").pop().map(|finding| finding.help)
    };
    assert_eq!(named(PLANNER), None);
    assert_eq!(named("tests/serve/test_serve_health.py"), None);
    assert_eq!(named("tests/fault_tolerance/test_router_overload.py"), None);
    assert_eq!(
        named("components/src/dynamo/planner/tests/test_scaling.py").unwrap(),
        "rename it, such as to `test_planner_scaling.py`"
    );
    assert_eq!(
        named("components/src/dynamo/planner/tests/test_planner.py").unwrap(),
        "rename it, such as to `test_planner_<flow>.py`"
    );
}

#[test]
fn rust_integration_tests_stand_behind_the_feature() {
    let policy = Policy::embedded();
    let rule = "ungated-integration-test";
    let ungated = catalog(vec![
        rust("a", RustTestKind::Integration, None),
        rust("b", RustTestKind::Integration, Some(r#"any(unix, feature = "integration")"#)),
        rust("c", RustTestKind::Unit, None),
    ]);
    let found = findings(&policy, &ungated, rule);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].message, "2 integration tests are not behind the feature `integration`");
    let required = edit_rust(rust("b", RustTestKind::Integration, None), |rust| {
        let mut target = (*rust.target).clone();
        target.required_features.push("integration".to_owned());
        rust.target = target.into();
    });
    let gated = catalog(vec![rust("a", RustTestKind::Integration, Some(r#"feature = "integration""#)), required]);
    assert_eq!(findings(&policy, &gated, rule), []);
}

#[test]
fn an_ignored_rust_test_says_why() {
    let ignored = |name: &str, reason: Option<&str>| {
        edit_rust(rust(name, RustTestKind::Unit, None), |rust| {
            rust.ignored = Some(Ignored { reason: reason.map(str::to_owned) });
        })
    };
    let tree = catalog(vec![ignored("a", None), ignored("b", Some(" ")), ignored("c", Some("needs a GPU"))]);
    let found = findings(&Policy::embedded(), &tree, "ignored-without-reason");
    assert_eq!(found.iter().map(|one| one.cases.len()).sum::<usize>(), 2, "{found:?}");
    assert!(found[0].message.contains("ignored without a reason"), "{}", found[0].message);
}

#[test]
fn two_rust_tests_of_one_id_are_a_finding_where_both_are_compiled() {
    let rule = "colliding-names";
    let twice = catalog(vec![rust("a", RustTestKind::Unit, None), rust("a", RustTestKind::Unit, None)]);
    let found = findings(&Policy::embedded(), &twice, rule);
    assert_eq!(found.len(), 1);
    assert!(found[0].message.contains("is also the id of the test at"), "{}", found[0].message);
    let alternatives = catalog(vec![
        rust("a", RustTestKind::Unit, Some("unix")),
        edit_rust(rust("a", RustTestKind::Unit, Some("windows")), |rust| rust.enabled = false),
    ]);
    assert_eq!(findings(&Policy::embedded(), &alternatives, rule), []);
}

#[test]
fn a_marker_that_nothing_declares_is_a_finding_with_the_nearest_name() {
    let mut tree = catalog(vec![
        python(&format!("{PLANNER}::test_a"), &["premerge", "unit", "asyncio", "parallel"]),
        python("tests/serve/test_vllm_chat.py::test_b", &["premerge"]),
    ]);
    tree.declared_markers.push(DeclaredMarker { name: "parallel".to_owned(), at: None });
    let found = findings(&Policy::embedded(), &tree, "undeclared-marker");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].message, "nothing declares the marker `premerge`");
    assert_eq!(found[0].cases.len(), 2);
    assert!(found[0].help.starts_with("did you mean `pre_merge`?"), "{}", found[0].help);
    assert_eq!(found[0].note.as_deref(), Some("also at tests/serve/test_vllm_chat.py:3"));
}

#[test]
fn every_problem_of_the_catalog_is_a_finding() {
    use ProblemKind::{Collection, Manifest, Orphan, Syntax, Unreadable};
    let kinds = [Syntax, Unreadable, Manifest, Collection, Orphan];
    let mut tree = catalog(Vec::new());
    tree.problems = kinds.map(|kind| Problem { kind, message: "broken".to_owned(), at: line("a.py", 7) }).into();
    for kind in kinds {
        let found = findings(&Policy::embedded(), &tree, kind.as_str());
        assert_eq!((found.len(), &found[0].at), (1, &line("a.py", 7)), "{}", kind.as_str());
    }
}

#[test]
fn the_policy_turns_a_rule_off_or_weighs_it_less() {
    let tree = catalog(vec![python(&format!("{PLANNER}::test_a"), &["planner"])]);
    let text = "extends = \"dynamo-2025-10\"\n[rules]\nmissing-type = \"off\"\nmissing-hardware = \"warning\"\n";
    let policy = Policy::parse("test-policy.toml", text).unwrap();
    assert_eq!(findings(&policy, &tree, "missing-type"), []);
    assert_eq!(findings(&policy, &tree, "missing-hardware")[0].severity, Severity::Warning);
}

#[test]
fn codes_are_unique_and_every_rule_says_why() {
    let codes: std::collections::BTreeSet<_> = rules::ALL.iter().map(|rule| rule.code).collect();
    assert_eq!(codes.len(), rules::ALL.len());
    assert!(rules::ALL.iter().all(|rule| rule.explanation.len() > rule.summary.len()));
}

/// Lanes with what each makes of the cases of the catalog.
fn lanes(all: Vec<(&str, Vec<Reach>)>) -> Lanes {
    let mut lanes = Lanes::none();
    for (name, reach) in all {
        let at = line(".github/workflows/ci.yml", 1);
        let lane = Lane {
            name: name.to_owned(),
            family: name.to_owned(),
            at,
            called_from: Vec::new(),
            command: "cargo test".to_owned(),
            folder: Some(String::new()),
            marks: None,
            keywords: None,
            machine: Some("ubuntu-latest".to_owned()),
            variables: Vec::new(),
            stage: Some("pre_merge".to_owned()),
            conditions: Vec::new(),
            limit: None,
            doubt: None,
            refused: None,
            narrowed: None,
        };
        lanes.add(lane, reach);
    }
    lanes
}

/// The same, each with the expression of its `-m`, and what must hold for it to run.
fn selecting(all: Vec<(&str, &str, &[&str], Vec<Reach>)>) -> Lanes {
    let mut lanes = Lanes::none();
    for (name, marks, conditions, reach) in all {
        let plain = self::lanes(vec![(name, Vec::new())]).iter().next().map(|(lane, _)| lane.clone()).unwrap();
        let entry = TreePath::new(".github/workflows/ci.yml");
        let condition = |text: &&str| {
            let condition = Condition { text: (*text).to_owned(), at: line(".github/workflows/ci.yml", 3) };
            LaneCondition::of_step(&condition, &entry)
        };
        let conditions = conditions.iter().map(condition).collect();
        lanes.add(Lane { marks: Some(marks.to_owned()), conditions, ..plain }, reach);
    }
    lanes
}

#[test]
fn an_expression_that_no_test_matches_is_found_once_where_all_is_known() {
    let tree = catalog(vec![python("a.py::a", &["unit"]), python("a.py::b", &["e2e"])]);
    let no = || Reach::Not(Obstacle::Markers);
    let found = |all| found_in(&tree, "lane-selects-nothing", &selecting(all));
    let lanes = vec![
        ("a (1)", "gone", &[][..], vec![no(), no()]),
        ("a (2)", "gone", &[], vec![no(), no()]),
        ("b", "unit and not unit", &[], vec![no(), no()]),
        ("c", "unit", &[], vec![Reach::Runs, no()]),
        ("d", "maybe", &[], vec![Reach::Maybe, no()]),
        ("e", "elsewhere", &[], vec![Reach::Not(Obstacle::Path), Reach::Not(Obstacle::Path)]),
    ];
    assert_eq!(
        found(lanes),
        ["no test matches `-m gone`", "no test can match `-m unit and not unit`: it contradicts itself"]
    );
}

#[test]
fn a_lane_within_another_is_found_where_both_run_together() {
    let tree = catalog(vec![python("a.py::a", &["unit", "gpu_0"]), python("a.py::b", &["unit"])]);
    let no = || Reach::Not(Obstacle::Markers);
    let found = |narrow: &[&str], wide: &[&str], expression| {
        let lanes = vec![
            ("narrow", "unit and gpu_0", narrow, vec![Reach::Runs, no()]),
            ("wide", expression, wide, vec![Reach::Runs, Reach::Runs]),
        ];
        found_in(&tree, "lane-in-another", &selecting(lanes))
    };
    let told = ["`wide` also runs all of `narrow`"];
    assert_eq!(found(&[], &[], "unit"), told);
    assert_eq!(found(&["needs.a.outputs.b"], &[], "unit"), told);
    assert_eq!(found(&["needs.a.outputs.b"], &["needs.a.outputs.b"], "unit"), told);
    // The other lane may not run.
    assert!(found(&[], &["needs.a.outputs.b"], "unit").is_empty());
    assert!(found(&["matrix.a"], &["matrix.a"], "unit").is_empty());
    // That it runs the same today is chance.
    assert!(found(&[], &[], "e2e or not gpu_1").is_empty());
    let same = vec![
        ("one", "unit", &[][..], vec![Reach::Runs, Reach::Runs]),
        ("two", "unit", &[], vec![Reach::Runs, Reach::Runs]),
    ];
    assert_eq!(found_in(&tree, "lane-in-another", &selecting(same)), ["`one` runs just the tests of `two`"]);
}

fn found_in(tree: &Catalog, rule: &str, lanes: &Lanes) -> Vec<String> {
    let policy = Policy::embedded();
    let found = audit(&policy, tree, &resolve(&policy, tree), lanes);
    found.into_iter().filter(|one| one.rule.as_str() == rule).map(|one| one.message).collect()
}

fn either(sets: &[&[&str]]) -> Reach {
    let set = |set: &&[&str]| set.iter().map(|&feature| feature.to_owned()).collect();
    Reach::Not(Obstacle::Features(Arc::new(sets.iter().map(set).collect())))
}

fn off(features: &[&str]) -> Reach {
    either(&[features])
}

#[test]
fn a_feature_that_no_lane_turns_on_is_found_where_nothing_else_may_run_the_test() {
    let tree = catalog(vec![rust("kernels", RustTestKind::Unit, Some("feature = \"gpu\""))]);
    let found = |reaches: Vec<Reach>| {
        let all = reaches.into_iter().map(|reach| ("lane", vec![reach])).collect();
        found_in(&tree, "feature-in-no-lane", &lanes(all))
    };
    let gpu = "1 test needs the feature `gpu` of runtime, which no lane turns on";
    assert_eq!(found(vec![off(&["gpu"])]), [gpu]);
    assert_eq!(found(vec![off(&["gpu"]), Reach::Not(Obstacle::Package), Reach::Not(Obstacle::Target)]), [gpu]);
    assert_eq!(found(vec![off(&["gpu", "other"]), off(&["gpu"])]), [gpu]);
    let both = "1 test needs the features `gpu` and `other` of runtime, which no lane turns on together";
    assert_eq!(found(vec![off(&["gpu"]), off(&["other"])]), [both]);
    let both = "1 test needs the features `gpu` and `other` of runtime, which no lane turns on";
    assert_eq!(found(vec![off(&["gpu", "other"])]), [both]);
    let one = "1 test needs the features `gpu` or `other` of runtime, which no lane turns on";
    assert_eq!(found(vec![either(&[&["gpu"], &["other"]])]), [one]);
    for other in [Reach::Runs, Reach::Maybe, Reach::Not(Obstacle::Ignored), Reach::Not(Obstacle::Condition)] {
        assert!(found(vec![off(&["gpu"]), other]).is_empty());
    }
    assert!(found(vec![Reach::Not(Obstacle::Package)]).is_empty());
    assert!(found(Vec::new()).is_empty());
}

#[test]
fn a_package_that_no_lane_builds_is_found_once() {
    let tree = catalog(vec![rust("one", RustTestKind::Unit, None), rust("two", RustTestKind::Unit, None)]);
    let elsewhere = || vec![Reach::Not(Obstacle::Package); 2];
    let found = |all| found_in(&tree, "package-in-no-lane", &lanes(all));
    assert_eq!(found(vec![("a", elsewhere())]), ["no lane builds the package `runtime`, which has 2 tests"]);
    assert!(found(vec![("a", elsewhere()), ("b", vec![Reach::Maybe; 2])]).is_empty());
    assert!(found(vec![("a", elsewhere()), ("b", vec![Reach::Not(Obstacle::Target); 2])]).is_empty());
    assert!(found(Vec::new()).is_empty());
}
