//! Which marker is proposed to tests without one, by what evidence, and where there is none or it disagrees.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use marker_policy::{Finding, Lanes, Policy, Safety, Timings, audit_measured, measured_proposals, resolve};
use support::{catalog, findings, line, python, python_at, with_args};
use test_catalog::{Catalog, Import, NodeId, TestCase, Value};

/// What is proposed, and by what: `unit by folder`, or what the evidence disagrees about.
fn proposed(found: &Finding) -> String {
    let by: Vec<String> = found.evidence.iter().map(|one| format!("{} by {}", one.marker, one.kind.as_str())).collect();
    let by = by.join(", ");
    match &found.insertion {
        Some(insertion) => {
            assert_eq!(insertion.safety, Safety::Proposal, "what is inferred is never safe");
            assert!(found.evidence.iter().all(|one| one.marker == insertion.marker), "{by}");
            by
        }
        None if by.is_empty() => "nothing".to_owned(),
        None => format!("none of {by}"),
    }
}

fn policy(kinds: &str) -> Policy {
    let text = format!("extends = \"dynamo-2026-08\"\n[audit]\nproposals = [{kinds}]\n");
    Policy::parse("test-policy.toml", &text).unwrap()
}

fn with_imports(cases: Vec<TestCase>, imports: &[(&str, u32, &str)]) -> Catalog {
    let imports = imports.iter().map(|(file, at, name)| Import { name: (*name).to_owned(), at: line(file, *at) });
    Catalog { imports: imports.collect(), ..catalog(cases) }
}

const E2E: &[&str] = &["pre_merge", "e2e", "gpu_1", "vllm", "core"];

/// What is proposed to `tests/serve/test_a.py`, which has all but a lifecycle, beside these files.
fn beside(neighbours: &[(&str, &[&str])]) -> String {
    let mut cases = vec![python("tests/serve/test_a.py::test_a", &E2E[1..])];
    cases.extend(neighbours.iter().map(|(file, markers)| python(&format!("tests/serve/{file}::test_x"), markers)));
    let found = findings(&policy("\"neighbours\""), &catalog(cases), "missing-lifecycle");
    let of_a = found.iter().find(|one| one.at.file.as_str() == "tests/serve/test_a.py").unwrap();
    proposed(of_a)
}

#[test]
fn neighbours_propose_where_two_at_least_agree_and_none_disagrees() {
    let nightly: &[&str] = &["nightly", "e2e", "gpu_1", "vllm", "core"];
    let unit: &[&str] = &["nightly", "unit", "gpu_0", "vllm", "core"];
    let of_trtllm: &[&str] = &["nightly", "e2e", "gpu_1", "trtllm", "core"];
    let silent = &E2E[1..];
    let agreed = "pre_merge by neighbours";
    for (what, neighbours, expected) in [
        ("nobody", &[][..], "nothing"),
        ("one", &[("test_b.py", E2E)], "nothing"),
        ("two", &[("test_b.py", E2E), ("test_c.py", E2E)], agreed),
        ("two and one against", &[("test_b.py", E2E), ("test_c.py", E2E), ("test_d.py", nightly)], "nothing"),
        ("two and another type", &[("test_b.py", E2E), ("test_c.py", E2E), ("test_d.py", unit)], agreed),
        ("two and another component", &[("test_b.py", E2E), ("test_c.py", E2E), ("test_d.py", of_trtllm)], agreed),
        ("two and one that lacks it too", &[("test_b.py", E2E), ("test_c.py", E2E), ("test_d.py", silent)], agreed),
        ("two of another folder", &[("sub/test_b.py", E2E), ("sub/test_c.py", E2E)], "nothing"),
        ("its own module disagrees", &[("test_b.py", E2E), ("test_c.py", E2E), ("test_a.py", nightly)], "nothing"),
        ("one module twice", &[("test_b.py", E2E), ("test_b.py", E2E)], "nothing"),
    ] {
        assert_eq!(beside(neighbours), expected, "{what}");
    }
}

#[test]
fn a_neighbour_is_shown_by_the_line_of_its_marker() {
    let cases = vec![
        python("tests/serve/test_a.py::test_a", &E2E[1..]),
        python("tests/serve/test_b.py::test_b", E2E),
        python("tests/serve/test_c.py::test_c", E2E),
    ];
    let found = findings(&policy("\"neighbours\""), &catalog(cases), "missing-lifecycle");
    assert_eq!(
        found[0].help,
        "add `pytest.mark.pre_merge,` to the list at line 3 (all 2 other modules of the folder with tests like it have it: \
         tests/serve/test_b.py:3)"
    );
}

#[test]
fn a_folder_or_a_file_proposes_the_type_that_it_is_named_for() {
    let bare: &[&str] = &["pre_merge", "gpu_0", "planner"];
    for (kinds, file, expected) in [
        ("\"folder\"", "components/src/dynamo/planner/tests/unit/test_a.py", "unit by folder"),
        ("\"folder\"", "tests/e2e/planner/unit/test_a.py", "unit by folder"),
        ("\"folder\"", "tests/unit/e2e/test_a.py", "e2e by folder"),
        // It is a type and a component: nobody knows which is meant.
        ("\"folder\"", "tests/multimodal/test_a.py", "nothing"),
        ("\"folder\"", "tests/units/test_unit.py", "nothing"),
        ("\"file-name\"", "tests/units/test_unit.py", "unit by file-name"),
        ("\"file-name\"", "tests/router/test_router_e2e.py", "e2e by file-name"),
        ("\"file-name\"", "tests/router/test_unit_of_e2e.py", "nothing"),
        ("\"file-name\"", "tests/router/test_units.py", "nothing"),
        ("\"folder\", \"file-name\"", "tests/unit/test_router_e2e.py", "none of unit by folder, e2e by file-name"),
        ("\"location\"", "tests/router/test_a.py", "e2e by location"),
        ("\"location\"", "components/src/dynamo/planner/tests/test_a.py", "nothing"),
        ("", "tests/unit/test_unit.py", "nothing"),
    ] {
        let tree = catalog(vec![python(&format!("{file}::test_a"), bare)]);
        let found = findings(&policy(kinds), &tree, "missing-type");
        assert_eq!(proposed(&found[0]), expected, "{kinds} {file}");
    }
}

#[test]
fn evidence_that_disagrees_proposes_nothing_and_is_told() {
    let bare: &[&str] = &["pre_merge", "gpu_0", "planner"];
    let e2e: &[&str] = &["pre_merge", "e2e", "gpu_0", "planner"];
    let folder = "components/src/dynamo/planner/tests/unit";
    let cases = vec![
        python(&format!("{folder}/test_a.py::test_a"), bare),
        python(&format!("{folder}/test_b.py::test_b"), e2e),
        python(&format!("{folder}/test_c.py::test_c"), e2e),
    ];
    let found = findings(&Policy::preset("dynamo-2026-08").unwrap(), &catalog(cases), "missing-type");
    assert_eq!(proposed(&found[0]), "none of unit by folder, e2e by neighbours");
    assert_eq!(
        found[0].help,
        "add `pytest.mark.<type>,` to the list at line 3: nothing is proposed, for the evidence disagrees: `unit`, for it \
         stands in a folder `unit`; `e2e`, for all 2 other modules of the folder with tests like it have it: \
         components/src/dynamo/planner/tests/unit/test_b.py:3"
    );
}

#[test]
fn the_majority_proposes_where_nothing_else_does() {
    let unit: &[&str] = &["pre_merge", "unit", "gpu_0", "planner"];
    let e2e: &[&str] = &["nightly", "e2e", "gpu_0", "planner"];
    let cases = vec![
        python("tests/a/test_a.py::test_a", &["pre_merge", "gpu_0", "planner"]),
        python("tests/a/test_b.py::test_b", unit),
        python("tests/a/test_c.py::test_c", unit),
        python("tests/a/test_d.py::test_d", e2e),
    ];
    let found = |policy: &Policy| proposed(&findings(policy, &catalog(cases.clone()), "missing-type")[0]);
    assert_eq!(found(&policy("\"neighbours\"")), "nothing");
    assert_eq!(found(&Policy::preset("dynamo-2026-08").unwrap()), "unit by majority");
}

#[test]
fn the_nearest_folder_above_proposes_where_the_own_one_is_silent() {
    let bare: &[&str] = &["pre_merge", "gpu_0", "planner"];
    let unit: &[&str] = &["pre_merge", "unit", "gpu_0", "planner"];
    let e2e: &[&str] = &["nightly", "e2e", "gpu_0", "planner"];
    let of_another: &[&str] = &["nightly", "e2e", "gpu_0", "router"];
    let of_policy = |cases: Vec<TestCase>| {
        let policy = Policy::preset("dynamo-2026-08").unwrap();
        let found = findings(&policy, &catalog(cases), "missing-type").remove(0);
        (proposed(&found), found.help)
    };
    let alone = python("tests/a/deep/test_a.py::test_a", bare);

    // Tests like it come before others of the same folder, and a nearer folder before one further up.
    let beside = |name: &str, markers| python(&format!("tests/a/{name}/test_x.py::test_x"), markers);
    let (found, help) = of_policy(vec![
        alone.clone(),
        beside("b", unit),
        beside("c", of_another),
        beside("d", of_another),
        python("tests/z/test_z.py::test_z", e2e),
        python("tests/z/test_y.py::test_y", e2e),
    ]);
    assert_eq!(found, "unit by above");
    assert!(
        help.ends_with("(at a guess: 1 of 1 module of tests/a with tests like it has it: tests/a/b/test_x.py:3)"),
        "{help}"
    );

    let (found, _) = of_policy(vec![alone.clone(), beside("c", of_another), python("tests/z/test_z.py::test_z", unit)]);
    assert_eq!(found, "e2e by above");

    // A folder whose name only begins like one above is none, and the whole tree says nothing.
    let (found, _) = of_policy(vec![
        python("tests/deep/test_a.py::test_a", bare),
        python("tests-old/test_x.py::test_x", unit),
        python("components/src/dynamo/planner/tests/test_x.py::test_x", unit),
    ]);
    assert_eq!(found, "nothing");
}

#[test]
fn a_test_whose_module_imports_a_framework_needs_its_marker() {
    let bare: &[&str] = &["pre_merge", "unit", "gpu_0"];
    let file = |name: &str| format!("tests/serve/test_{name}.py");
    let cases = ["plain", "engine", "marked", "both", "either", "deep", "other"].map(|name| {
        let markers = match name {
            "marked" => &["pre_merge", "unit", "gpu_0", "vllm"][..],
            "either" => &["pre_merge", "unit", "gpu_0", "sglang"],
            _ => bare,
        };
        python(&format!("{}::test_x", file(name)), markers)
    });
    let imports = [
        ("engine", 2, "pytest"),
        ("engine", 4, "vllm.engine.LLM"),
        ("engine", 5, "vllm"),
        ("marked", 4, "vllm"),
        ("both", 4, "vllm"),
        ("both", 5, "sglang.srt"),
        ("either", 4, "vllm"),
        ("either", 5, "sglang"),
        ("deep", 4, "dynamo.trtllm.engine"),
        // Another package whose name begins so.
        ("other", 4, "vllm_omni"),
    ]
    .map(|(name, at, module)| (file(name), at, module));
    let imports: Vec<_> = imports.iter().map(|(file, at, module)| (file.as_str(), *at, *module)).collect();
    let tree = with_imports(cases.to_vec(), &imports);
    let text = "extends = \"dynamo-2026-08\"\nrules.unmarked-import = \"warning\"\n";
    let policy_with_rule = Policy::parse("p", text).unwrap();
    let mut found = findings(&policy_with_rule, &tree, "unmarked-import");
    found.sort_by(|one, other| one.at.file.cmp(&other.at.file));
    let told: Vec<_> = found.iter().map(|one| format!("{} {}", one.at.file, proposed(one))).collect();
    assert_eq!(
        told,
        [
            "tests/serve/test_both.py none of sglang by imports, vllm by imports",
            "tests/serve/test_deep.py trtllm by imports",
            "tests/serve/test_engine.py vllm by imports",
        ]
    );
    assert_eq!(
        found[2].help,
        "add `pytest.mark.vllm,` to the list at line 3 (the module imports `vllm.engine.LLM`: tests/serve/test_engine.py:4)"
    );
}

#[test]
fn imports_tell_which_of_several_components_a_companion_is() {
    let text = "extends = \"dynamo-2026-08\"\nrules.companion-marker = \"warning\"\n";
    let policy = Policy::parse("p", text).unwrap();
    let file = "tests/serve/test_a.py";
    let tree = with_imports(
        vec![python(&format!("{file}::test_a"), &["pre_merge", "e2e", "gpu_1", "vllm"])],
        &[(file, 7, "kvbm.cache"), (file, 8, "vllm")],
    );
    assert_eq!(proposed(&findings(&policy, &tree, "companion-marker")[0]), "kvbm by imports");
}

fn measured(policy: &Policy, tree: &Catalog, rule: &str, took: &[(&str, f64)]) -> Vec<Finding> {
    let mut timings = Timings::default();
    for (id, seconds) in took {
        timings.add(NodeId::from_text(*id), Duration::from_secs_f64(*seconds));
    }
    let cases = resolve(policy, tree);
    let found = audit_measured(policy, tree, &cases, &Lanes::none(), &timings);
    found.into_iter().filter(|one| one.rule.as_str() == rule).collect()
}

#[test]
fn a_test_is_of_no_stage_whose_budget_it_exceeds_by_itself() {
    let policy = Policy::preset("dynamo-2026-08").unwrap();
    let alone = vec![python("tests/serve/test_a.py::test_a", &E2E[1..])];
    let mut among = alone.clone();
    among.extend(["b", "c"].map(|name| python(&format!("tests/serve/test_{name}.py::test_x"), E2E)));
    let of = |cases: &[TestCase], seconds: f64| {
        let took = [("tests/serve/test_a.py::test_a", seconds)];
        proposed(&measured(&policy, &catalog(cases.to_vec()), "missing-lifecycle", &took)[0])
    };
    // What fits anywhere may be of any stage.
    assert_eq!(of(&alone, 12.0), "nothing");
    assert_eq!(of(&alone, 1801.0), "post_merge by measured");
    assert_eq!(of(&alone, 3601.0), "nightly by measured");
    // No budget holds a weekly test.
    assert_eq!(of(&alone, 90_000.0), "weekly by measured");
    assert_eq!(of(&among, 1800.0), "pre_merge by neighbours");
    assert_eq!(of(&among, 1801.0), "none of pre_merge by neighbours, post_merge by measured");
}

#[test]
fn a_time_out_is_three_times_what_was_measured_of_every_test() {
    let policy = Policy::preset("dynamo-2026-08").unwrap();
    let file = "tests/serve/test_a.py";
    let tree = catalog(vec![python(&format!("{file}::test_a[x]"), E2E), python(&format!("{file}::test_a[y]"), E2E)]);
    let of = |took: &[(&str, f64)]| measured(&policy, &tree, "missing-timeout", took).remove(0);
    let (x, y) = ("tests/serve/test_a.py::test_a[x]", "tests/serve/test_a.py::test_a[y]");
    assert_eq!(proposed(&of(&[])), "nothing");
    assert_eq!(proposed(&of(&[(x, 41.0)])), "nothing");
    let both = of(&[(x, 41.0), (y, 3.0), (y, 2.0)]);
    assert_eq!(proposed(&both), "timeout(130) by measured");
    assert_eq!(
        both.help,
        "add `pytest.mark.timeout(130),` to the list at line 3 (3 times what they took at most, 41.0 s in 3 runs)"
    );
}

/// A test that fails is not measured, and its module has a time-out for the others all the same.
#[test]
fn a_test_that_was_not_measured_keeps_none_from_its_time_out() {
    let policy = Policy::preset("dynamo-2026-08").unwrap();
    let test = |name: &str, at: u32| python_at(&format!("tests/serve/test_a.py::{name}"), at, E2E);
    let tree = catalog(vec![test("test_a", 10), test("test_b", 20), test("test_c", 30)]);
    let of = |took: &[(&str, f64)]| {
        let found = measured(&policy, &tree, "missing-timeout", took);
        found.iter().map(|finding| (finding.at.start.line, proposed(finding))).collect::<Vec<_>>()
    };
    let (a, b, c) = ("tests/serve/test_a.py::test_a", "tests/serve/test_a.py::test_b", "tests/serve/test_a.py::test_c");
    let timeout = |line: u32, seconds: u32| (line, format!("timeout({seconds}) by measured"));
    let nothing = |line: u32| (line, "nothing".to_owned());
    assert_eq!(of(&[]), [nothing(3)]);
    assert_eq!(of(&[(a, 3.0), (b, 9.0), (c, 1.0)]), [timeout(3, 30)]);
    assert_eq!(of(&[(a, 3.0), (b, 9.0)]), [timeout(10, 10), timeout(20, 30), nothing(30)]);
}

#[test]
fn a_profile_is_the_most_that_was_measured_up_to_the_next_tenth() {
    let policy = Policy::preset("dynamo-2026-08").unwrap();
    let profiled =
        with_args(python("tests/test_b.py::test_b", &["gpu_1"]), "profiled_vram_gib", vec![Value::Float(3.0)]);
    let test = python("tests/serve/test_a.py::test_a", &["gpu_1"]);
    // The second tree has no profile yet, and a test that was not measured.
    let without = catalog(vec![test.clone(), python("tests/test_b.py::test_b", &["gpu_1"])]);
    let tree = catalog(vec![test, profiled]);
    let of = |tree: &Catalog, peaks: &[u64]| {
        let cases = resolve(&policy, tree);
        let mut timings = Timings::default();
        for peak in peaks {
            timings.add_memory(NodeId::from_text("tests/serve/test_a.py::test_a"), *peak);
        }
        let found = measured_proposals(&policy, tree, &cases, &timings);
        assert!(found.len() <= 1, "{found:#?}");
        found.first().and_then(|finding| finding.insertion.clone()).map(|insertion| insertion.marker)
    };
    const GIB: u64 = 1 << 30;
    for (peaks, expected) in [
        (&[][..], None),
        (&[3 * GIB][..], Some("profiled_vram_gib(3)")),
        (&[3 * GIB + 1], Some("profiled_vram_gib(3.1)")),
        (&[GIB, 37 * GIB / 10, 2 * GIB], Some("profiled_vram_gib(3.7)")),
        (&[0], Some("profiled_vram_gib(0)")),
        (&[u64::MAX], Some("profiled_vram_gib(17179869184)")),
    ] {
        assert_eq!(of(&tree, peaks).as_deref(), expected, "{peaks:?}");
        assert_eq!(of(&without, peaks).as_deref(), expected, "{peaks:?}");
    }
}
