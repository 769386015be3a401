//! The commands as people call them: the real program on real trees.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use support::{answer, xtask};

#[test]
fn a_package_limits_the_list_to_its_rust_tests() {
    let answer = answer(&mut xtask(&["list", "--format", "jsonl", "-p", "dynamo-l*"]));
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    let cases: Vec<serde_json::Value> =
        answer.stdout.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!cases.is_empty());
    for case in cases {
        assert!(case["id"].as_str().unwrap().starts_with("dynamo-llm"), "{case}");
    }
}

#[test]
fn wrong_usage_is_exit_2_and_says_what_was_meant() {
    let folder = empty_folder("usage");
    let policy = folder.join("policy.toml");
    fs::write(&policy, "extends = \"dynamo-2025-10\"\nnme = 1\n\n[categories.lifecycle]\nmembers = [\"a\", \"a\"]\n")
        .unwrap();
    let policy = policy.to_str().unwrap();
    for (arguments, expected) in [
        (&["test", "--stage", "premerge"][..], &["unknown stage `premerge`; did you mean `pre_merge`?"][..]),
        (&["test", "-m", "gpu_1 and ("], &["column 12", "\n           ^"]),
        (&["list", "-k", "a("], &["wrong expression for -k, column 3:\na("]),
        (&["audit-markers", "--policy", "dynamo-2020"], &["neither a policy file nor a preset"]),
        (&["audit-markers", "--policy", policy], &[":2:1: ", ":5:"]),
        (&["list", "--tree", "no/such/folder"], &["there is no such folder"]),
        (&["list", "no/such/test_file.py"], &["no/such/test_file.py"]),
        (&["gpus", "--gpus", "2xFoo"], &["not a known card"]),
        (&["why", "tests/test_none.py::test_none"], &["no test has the id"]),
        (&["test", "--no-such-option"], &["--no-such-option"]),
        (&["list", "--workspace", "-p", "dynamo-llm"], &["cannot be used with"]),
    ] {
        let answer = answer(&mut xtask(arguments));
        assert_eq!(answer.code, 2, "{arguments:?}: {}", answer.stderr);
        assert_eq!(answer.stdout, "", "{arguments:?}");
        for text in expected {
            assert!(answer.stderr.contains(text), "{arguments:?}: {text:?} is not in {:?}", answer.stderr);
        }
    }
}

#[test]
fn a_tree_without_tests_is_exit_4() {
    let folder = empty_folder("empty");
    let tree = folder.to_str().unwrap();
    for command in ["test", "audit-markers", "plan"] {
        let answer = answer(&mut xtask(&[command, "--tree", tree]));
        assert_eq!(answer.code, 4, "{command}: {}", answer.stderr);
        assert!(answer.stderr.contains("no tests"), "{command}: {}", answer.stderr);
    }
}

#[test]
fn a_misspelt_marker_does_not_pass_for_a_clean_tree() {
    let answer = answer(&mut xtask(&["audit-markers", "-m", "premerge"]));
    assert_eq!((answer.code, answer.stdout.as_str()), (4, ""), "{}", answer.stderr);
    assert!(answer.stderr.contains("`premerge` (column 1); did you mean `pre_merge`?"), "{}", answer.stderr);
}

#[test]
fn a_machine_without_a_driver_is_an_ordinary_answer() {
    let answer = answer(&mut xtask(&["gpus", "--nvml", "/no/libnvidia-ml.so.1"]));
    assert_eq!(answer.code, 0);
    let (host, gpus) = answer.stdout.split_once('\n').unwrap();
    assert!(host.starts_with("host: ") && host.contains(" memory"), "{host}");
    assert_eq!(gpus, "no GPU here: /no/libnvidia-ml.so.1 cannot be opened\n");
}

#[test]
fn the_fixture_breaks_no_rule() {
    let answer = answer(&mut xtask(&["audit-markers"]));
    assert_eq!(answer.code, 0, "{}{}", answer.stdout, answer.stderr);
    assert!(answer.stdout.starts_with("no finding: audited "), "{}", answer.stdout);
}

/// Every file of the tree of mistakes but `queue.rs`, whose mistake breaks no rule of the guidelines.
const MISTAKES: [(&str, &str); 14] = [
    ("components/src/dynamo/planner/tests/test_planner_missing_lifecycle.py", "missing-lifecycle"),
    ("components/src/dynamo/planner/tests/test_planner_missing_type.py", "missing-type"),
    ("components/src/dynamo/router/tests/test_router_missing_hardware.py", "missing-hardware"),
    ("components/src/dynamo/router/tests/test_router_missing_all.py", "missing-component"),
    ("components/src/dynamo/sglang/tests/test_sglang_missing_component.py", "missing-component"),
    ("components/src/dynamo/vllm/tests/test_vllm_undeclared_marker.py", "undeclared-marker"),
    ("components/src/dynamo/vllm/tests/test_vllm_misspelt_marker.py", "undeclared-marker"),
    ("components/src/dynamo/kvbm/tests/test_kvbm_one_parameter_unmarked.py", "missing-lifecycle"),
    ("components/src/dynamo/vllm/tests/test_vllm_e2e_in_component.py", "misplaced-type"),
    ("tests/serve/test_planner_unit_under_serve.py", "misplaced-type"),
    ("components/src/dynamo/sglang/tests/test_args.py", "file-name"),
    ("components/src/dynamo/trtllm/tests/test_trtllm_unparsable.py", "syntax"),
    ("lib/llm/tests/ungated.rs", "ungated-integration-test"),
    ("lib/broken/Cargo.toml", "manifest"),
];

#[test]
fn each_common_mistake_is_found_at_its_place() {
    let answer = answer(&mut xtask(&["audit-markers", "--tree", "fixtures/dynamo/mistakes", "--format", "json"]));
    assert_eq!(answer.code, 1, "{}", answer.stderr);
    let document: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    let found: Vec<(&str, &str)> = document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| (finding["file"].as_str().unwrap(), finding["rule"].as_str().unwrap()))
        .collect();
    for mistake in MISTAKES.iter().chain(&[("lib/runtime/src/orphan.rs", "orphan")]) {
        assert!(found.contains(mistake), "{mistake:?} is not among {found:#?}");
    }
    // Four tests, one `pytestmark`: one finding.
    assert_eq!(found.iter().filter(|(file, _)| *file == MISTAKES[0].0).count(), 1, "{found:#?}");
}

#[test]
fn the_fixtures_gpu_tests_run_on_the_devices_they_claim() {
    let python = oracle::python();
    let answer = answer(
        xtask(&["test", "--stage", "pre_merge", "-m", "gpu_1 or gpu_2", "--language", "python", "--python"])
            .arg(&python)
            .arg("--nvml")
            .arg(oracle::fake_nvml())
            .env("FAKE_NVML_DEVICES", oracle::fake_devices("2xL4.json")),
    );
    // The tests themselves hold their `CUDA_VISIBLE_DEVICES` against their markers.
    assert_eq!(answer.code, 0, "{}{}", answer.stdout, answer.stderr);
    assert!(answer.stdout.contains("11 run in "), "{}", answer.stdout);
    assert!(answer.stdout.contains("11 passed, 0 failed"), "{}", answer.stdout);
}

#[test]
fn without_a_gpu_each_gpu_test_is_not_run_and_says_why() {
    let arguments =
        ["test", "--stage", "pre_merge", "-m", "gpu_1 or gpu_2", "--language", "python", "--nvml", "/no/nvml.so"];
    let lenient = answer(&mut xtask(&arguments));
    assert_eq!(lenient.code, 0, "{}{}", lenient.stdout, lenient.stderr);
    assert!(lenient.stdout.contains("11 not run"), "{}", lenient.stdout);
    assert!(lenient.stdout.contains("needs 2 GPUs"), "{}", lenient.stdout);
    let strict = answer(xtask(&arguments).arg("--require-all"));
    assert_eq!(strict.code, 3, "{}{}", strict.stdout, strict.stderr);
    let in_ci = answer(xtask(&arguments).env("CI", "true"));
    assert_eq!(in_ci.code, 3, "{}{}", in_ci.stdout, in_ci.stderr);
}

#[test]
fn a_listing_opens_with_its_schema() {
    let answer = answer(&mut xtask(&["list", "--format", "jsonl", "--language", "python"]));
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    let mut lines = answer.stdout.lines();
    let header: serde_json::Value = serde_json::from_str(lines.next().unwrap()).unwrap();
    assert_eq!((&header["catalog"], &header["pytest"]), (&1.into(), &"9.2.0".into()));
    let ids: Vec<serde_json::Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(ids.len() > 100, "{}", ids.len());
    assert!(ids.iter().all(|case| case["language"] == "python"));
}

#[test]
fn real_pytest_agrees_on_the_fixture() {
    let answer = answer(xtask(&["verify", "--python"]).arg(oracle::python()));
    assert_eq!(answer.code, 0, "{}{}", answer.stdout, answer.stderr);
    assert!(answer.stdout.starts_with("pytest 9.2.0 on Python 3."), "{}", answer.stdout);
    assert!(answer.stdout.contains("\n        0 wrong\n"), "{}", answer.stdout);
}

/// Reading does not see this: the conftest puts a function of its own among the names of a module of pytest.
const LYING_CONFTEST: &str = "\
import _pytest.fixtures

def change(items):
    items = list(items)
    items[0].add_marker('lie')
    items[1:3] = reversed(items[1:3])
    return items[:-1]

_pytest.fixtures.reorder_items.__globals__['reorder_items'] = change
";

#[test]
fn what_real_pytest_makes_of_a_lying_conftest_is_said_id_by_id() {
    let tree = empty_folder("lying");
    fs::write(tree.join("conftest.py"), LYING_CONFTEST).unwrap();
    fs::write(tree.join("test_a.py"), "def test_1(): pass\ndef test_2(): pass\ndef test_3(): pass\n").unwrap();
    let many = "import pytest\n@pytest.mark.parametrize('x', range(4))\ndef test_b(x): pass\n";
    fs::write(tree.join("test_b.py"), many).unwrap();
    fs::write(tree.join("test_c.py"), "import module_that_is_nowhere\ndef test_c(): pass\n").unwrap();
    fs::write(tree.join("test_d.py"), "import pytest\npytest.skip('not here', allow_module_level=True)\n").unwrap();
    let python = oracle::python();
    let verify = |arguments: &[&str]| {
        let mut command = xtask(&["verify", "--tree", tree.to_str().unwrap(), "--python"]);
        answer(command.arg(&python).args(arguments))
    };
    let text = verify(&[]);
    assert_eq!(text.code, 1, "{}{}", text.stdout, text.stderr);
    for expected in [
        "        4 found, exact\n",
        "        3 wrong\n",
        "only the catalog has, as exact: 1\n  test_b.py\n    test_b[3]  (test_b.py:3:1)\n",
        "other markers: 1\n  test_a.py\n    test_1  only pytest has lie (test_a.py:1:1)\n",
        "other order: 1\n  test_a.py\n    test_2  pytest has it behind test_a.py::test_3\n",
        "could not collect, left out: 1\n  test_c.py  ModuleNotFoundError: No module named 'module_that_is_nowhere'\n",
    ] {
        assert!(text.stdout.contains(expected), "{expected:?} is not in {}", text.stdout);
    }
    let json = verify(&["--format", "json", "test_a.py"]);
    assert_eq!(json.code, 1, "{}{}", json.stdout, json.stderr);
    let document: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(document["only_catalog"][0]["id"], "test_a.py::test_2");
    assert!(!tree.join(".pytest_cache").exists() && !tree.join("__pycache__").exists());
}

#[test]
fn a_machine_without_pytest_is_exit_3_with_the_remedy() {
    let answer = answer(&mut xtask(&["verify", "--python", "/no/python"]));
    assert_eq!(answer.code, 3, "{}", answer.stderr);
    assert!(answer.stderr.contains("/no/python cannot be run"), "{}", answer.stderr);
    assert!(answer.stderr.contains("--python FILE"), "{}", answer.stderr);
}

/// An empty folder of this test's own.
fn empty_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}
