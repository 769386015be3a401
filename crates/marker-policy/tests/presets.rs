//! The embedded policies.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use marker_policy::{BudgetScope, Category, Policy, Requirement};

#[test]
fn every_preset_parses() {
    let names: Vec<_> = Policy::preset_names().collect();
    assert_eq!(names, ["dynamo-2025-10", "dynamo-2026-04", "dynamo-2026-08"]);
    for name in names {
        let text = Policy::preset_text(name).unwrap();
        let policy = Policy::parse(name, text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        assert_eq!(policy.name(), name);
    }
    assert_eq!(Policy::preset("dynamo-2024-01"), None);
}

/// What the preset means to be of two categories needs no second word where one of them is written anew.
#[test]
fn what_a_preset_shares_stays_shared() {
    let policy = |members: &str| format!("extends = \"dynamo-2026-08\"\n[categories.type]\nmarkers = {members}\n");
    Policy::parse("p.toml", &policy("[\"unit\", \"multimodal\"]")).unwrap();
    let refused = Policy::parse("p.toml", &policy("[\"unit\", \"planner\"]")).unwrap_err().to_string();
    assert!(refused.contains("`planner` is in component and in type"), "{refused}");
}

#[test]
fn the_default_has_the_marker_table_of_the_guidelines() {
    let policy = Policy::embedded();
    let table: Vec<_> = Category::ALL.map(|category| policy.category(category)).into_iter().collect();
    let members: Vec<String> = table.iter().map(|category| category.members.join(" ")).collect();
    assert_eq!(
        members,
        [
            "pre_merge post_merge nightly weekly release",
            "unit integration e2e benchmark stress",
            "gpu_0 gpu_1 gpu_2 gpu_4 gpu_8 h100",
            "vllm trtllm sglang kvbm planner router",
            "slow skip xfail",
        ]
    );
    let required: Vec<_> = table.iter().map(|category| category.required).collect();
    use Requirement::{Always, Never, WhereApplicable};
    assert_eq!(required, [Always, Always, Always, WhereApplicable, Never]);
}

#[test]
fn the_default_has_the_performance_targets_of_the_guidelines() {
    let budgets: Vec<_> = Policy::embedded()
        .budgets()
        .iter()
        .map(|budget| (budget.test_type.clone().unwrap(), budget.stage.clone(), budget.scope, budget.limit))
        .collect();
    let stage = |name: &str| Some(name.to_owned());
    assert_eq!(
        budgets,
        [
            ("unit".to_owned(), None, BudgetScope::Suite, Duration::from_secs(15)),
            ("integration".to_owned(), stage("pre_merge"), BudgetScope::Run, Duration::from_mins(5)),
            ("integration".to_owned(), stage("post_merge"), BudgetScope::Run, Duration::from_mins(5)),
            ("e2e".to_owned(), stage("pre_merge"), BudgetScope::Run, Duration::from_mins(15)),
        ]
    );
}

#[test]
fn a_stage_selects_its_own_marker_and_every_earlier_one() {
    let policy = Policy::embedded();
    assert_eq!(policy.stage("pre_merge").unwrap(), ["pre_merge"]);
    assert_eq!(policy.stage("nightly").unwrap(), ["pre_merge", "post_merge", "nightly"]);
    assert_eq!(policy.stage("release").unwrap().len(), 5);
    assert_eq!(policy.stage("unit"), None);
}

#[test]
fn every_hardware_marker_says_what_it_asks_for() {
    for name in Policy::preset_names() {
        let policy = Policy::preset(name).unwrap();
        for marker in policy.members(Category::Hardware) {
            assert!(policy.hardware(marker).is_some(), "{name}: {marker}");
        }
    }
    let policy = Policy::preset("dynamo-2026-08").unwrap();
    assert_eq!(policy.hardware("gpu_4").unwrap().gpus, 4);
    assert_eq!(policy.hardware("h100").unwrap().model.as_deref(), Some("H100"));
    assert_eq!(policy.hardware("k8s").unwrap().resource.as_deref(), Some("k8s"));
    assert_eq!(policy.hardware("xpu_2").map(|xpu| (xpu.gpus, xpu.count)), Some((0, 2)));
    assert_eq!(policy.hardware("unit"), None);
}

#[test]
fn the_first_engine_cap_that_applies_comes_first() {
    let policy = Policy::preset("dynamo-2026-08").unwrap();
    let caps: Vec<_> = policy.engine_caps().iter().map(|cap| (&*cap.marker, cap.env.as_deref())).collect();
    assert_eq!(
        caps,
        [
            ("requested_sglang_kv_tokens", Some("_PROFILE_OVERRIDE_SGLANG_MAX_TOTAL_TOKENS")),
            ("requested_trtllm_kv_tokens", Some("_PROFILE_OVERRIDE_TRTLLM_MAX_TOTAL_TOKENS")),
            ("requested_trtllm_vram_gib", Some("_PROFILE_OVERRIDE_TRTLLM_MAX_GPU_TOTAL_BYTES")),
            ("requested_vllm_kv_cache_bytes", Some("_PROFILE_OVERRIDE_VLLM_KV_CACHE_BYTES")),
            ("requested_sglang_vram_gib", None),
        ]
    );
    assert_eq!(Policy::embedded().engine_caps(), []);
}

#[test]
fn a_later_generation_has_what_the_earlier_has_and_more() {
    let policy = Policy::preset("dynamo-2026-08").unwrap();
    assert_eq!(policy.stage("nightly").unwrap().len(), 3);
    assert!(policy.is_member(Category::Type, "performance"));
    assert!(policy.is_member(Category::Type, "multimodal") && policy.is_member(Category::Component, "multimodal"));
    assert_eq!(policy.renamed("trtllm_marker"), Some("trtllm"));
    let args = policy.marker("profiled_vram_gib").unwrap().args.as_deref().unwrap();
    assert_eq!(args.iter().map(ToString::to_string).collect::<Vec<_>>(), ["a number of GiB from 0"]);
    assert_eq!(policy.headroom(), 0.15);
    assert_eq!(policy.vram_marker(), "profiled_vram_gib");
}

#[test]
fn a_test_without_a_timeout_has_its_type_s() {
    let policy = Policy::embedded();
    assert_eq!(policy.default_timeout(Some("unit")), Duration::from_mins(10));
    assert_eq!(policy.default_timeout(Some("stress")), Duration::from_mins(30));
    assert_eq!(policy.default_timeout(None), Duration::from_mins(10));
}

#[test]
fn this_repository_s_own_policy_names_its_fixture() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../test-policy.toml");
    let policy = Policy::parse("test-policy.toml", &std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(policy.tree(), Some("fixtures/dynamo"));
    assert_eq!(policy.engine_caps().len(), 5);
}
