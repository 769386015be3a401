//! `plan` as people call it: divided among machines, held against budgets.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use support::{answer, xtask};

/// A plan for two cards that are not here, as JSON.
fn plan(more: &[&str]) -> Value {
    let mut arguments = vec!["plan", "--gpus", "2xL4", "-j", "4", "--format", "json"];
    arguments.extend(more);
    let answer = answer(&mut xtask(&arguments));
    assert_eq!(answer.code, 0, "{arguments:?}: {}", answer.stderr);
    serde_json::from_str(&answer.stdout).unwrap()
}

/// The tests that are planned, and those that are refused.
fn tests(plan: &Value) -> Vec<String> {
    let planned = plan["steps"].as_array().unwrap().iter().flat_map(|step| step["tests"].as_array().unwrap());
    let planned = planned.map(|id| id.as_str().unwrap().to_owned());
    let refused = plan["not_run"].as_array().unwrap().iter().map(|case| case["id"].as_str().unwrap().to_owned());
    planned.chain(refused).collect()
}

#[test]
fn the_shards_of_a_run_have_each_test_once() {
    let whole = tests(&plan(&[]));
    let mut parts = Vec::new();
    for shard in ["1/3", "2/3", "3/3"] {
        let plan = plan(&["--shard", shard]);
        assert_eq!(plan["shard"]["loads"].as_array().unwrap().len(), 3);
        let own = tests(&plan);
        let number: usize = shard[..1].parse().unwrap();
        assert_eq!(plan["shard"]["loads"][number - 1]["tests"], own.len());
        parts.extend(own);
    }
    let sorted = |mut ids: Vec<String>| {
        ids.sort();
        ids
    };
    assert_eq!(sorted(parts), sorted(whole));
}

#[test]
fn a_shard_is_the_same_whatever_the_machine_has() {
    let of = |gpus, jobs| {
        let answer = answer(&mut xtask(&["plan", "--gpus", gpus, "-j", jobs, "--format", "json", "--shard", "2/4"]));
        tests(&serde_json::from_str(&answer.stdout).unwrap()).into_iter().collect::<BTreeSet<_>>()
    };
    let small = of("1xL4", "1");
    assert!(!small.is_empty());
    assert_eq!(small, of("8xH100", "64"));
}

#[test]
fn measured_times_come_from_the_file_whose_hash_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("timings.json");
    let whole = plan(&[]);
    let first = tests(&whole)[0].clone();
    let case = serde_json::json!({"id": first, "median_s": 3000.0, "p90_s": 4000.0, "runs": 9});
    let text = serde_json::json!({"timings": 1, "cases": [case]}).to_string();
    fs::write(&file, &text).unwrap();
    let plan = plan(&["--timings", file.to_str().unwrap()]);
    assert_eq!(plan["timings"]["sha256"], execution_plan::timings::digest(text.as_bytes()));
    assert_eq!((&plan["timings"]["cases"], &plan["timings"]["used"]), (&1.into(), &1.into()));
    assert!(plan["expected"].as_f64().unwrap() >= 3000.0);

    fs::write(&file, text.replace("3000", "-1")).unwrap();
    let answer = answer(&mut xtask(&["plan", "--timings", file.to_str().unwrap()]));
    assert_eq!(answer.code, 2);
    assert!(answer.stderr.contains("timings.json: case 1"), "{}", answer.stderr);
}

#[test]
fn a_budget_that_is_exceeded_is_exit_5_where_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.toml");
    let with = |limit: &str| {
        let text = format!("extends = \"dynamo-2025-10\"\n[[budgets]]\nstage = \"pre_merge\"\nlimit = \"{limit}\"\n");
        fs::write(&policy, text).unwrap();
        let policy = policy.to_str().unwrap();
        answer(&mut xtask(&["plan", "--policy", policy, "--stage", "pre_merge", "--gpus", "2xL4", "--enforce-budget"]))
    };
    let over = with("1 s");
    assert_eq!(over.code, 5, "{}", over.stderr);
    for text in ["over budget: all tests in pre_merge", "over by", "what costs most", "a third of its time-out"] {
        assert!(over.stdout.contains(text), "{text}: {}", over.stdout);
    }
    assert!(!over.stdout.contains("p90"), "nothing was measured: {}", over.stdout);
    let fits = with("20 h");
    assert_eq!(fits.code, 0, "{}", fits.stderr);
    assert!(fits.stdout.contains("budget 20 h: fits"), "{}", fits.stdout);
}
