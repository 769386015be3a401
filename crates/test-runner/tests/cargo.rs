//! Real cargo on a crate of three tests.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8PathBuf;
use execution_plan::{
    Capacity, Demand, Estimate, EstimateSource, PlanSettings, PlannedCase, PlannedRust, Share, plan_demands,
};
use test_catalog::{CargoTarget, NodeId, SourceSpan, TargetKind, TreePath};
use test_runner::{Interrupt, NotRunCause, Outcome, RunSettings, run};

fn demand(name: &str) -> Demand {
    let target = CargoTarget {
        binary: "tiny".to_owned(),
        package: "tiny".to_owned(),
        manifest: TreePath::new("Cargo.toml"),
        workspace: TreePath::new(""),
        kind: TargetKind::Lib,
        name: "tiny".to_owned(),
        root: TreePath::new("src/lib.rs"),
        harness: true,
        required_features: Vec::new(),
        enabled: true,
    };
    let id = NodeId::rust("tiny", name);
    let file = TreePath::new("src/lib.rs");
    Demand {
        case: PlannedCase {
            function: id.clone(),
            id,
            occurrence: 0,
            file: file.clone(),
            exact: true,
            undecided: false,
            timeout: Duration::from_secs(5),
            estimate: Estimate { duration: Duration::from_secs(1), source: EstimateSource::TypeDefault },
            rust: Some(PlannedRust { name: name.to_owned(), ignored: false }),
        },
        at: SourceSpan::line(file, 1),
        gpus: 0,
        model: None,
        share: Share::Whole,
        env: Vec::new(),
        resources: Vec::new(),
        target: Some(Arc::new(target)),
        not_compiled: None,
    }
}

fn outcomes(source: &str) -> HashMap<String, (Outcome, String)> {
    let folder = tempfile::tempdir().unwrap();
    let tree = Utf8PathBuf::try_from(folder.path().canonicalize().unwrap()).unwrap();
    std::fs::create_dir(tree.join("src")).unwrap();
    std::fs::write(tree.join("Cargo.toml"), "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2021\"\n")
        .unwrap();
    std::fs::write(tree.join("src/lib.rs"), source).unwrap();
    let demands = ["passes", "fails", "aborts", "is_not_there"].map(demand).to_vec();
    let capacity = Capacity { units: Vec::new(), cpu_slots: 2, headroom: 0.15 };
    let plan = plan_demands(demands, capacity, &PlanSettings { jobs: 2, ..PlanSettings::default() });
    let settings = RunSettings::new(tree.clone(), tree.join("target/xtask"));
    let outcome = run(&plan, &settings, &Interrupt::new(), |_| {}).unwrap();
    assert_eq!(outcome.results.len(), 4, "{:#?}", outcome.results);
    outcome.results.into_iter().map(|result| (result.id.to_string(), (result.outcome, result.message))).collect()
}

#[test]
fn an_abort_costs_only_the_test_that_aborts() {
    let outcomes = outcomes(
        "#[test] fn passes() {}\n#[test] fn fails() { panic!(\"no luck\") }\n#[test] fn aborts() { std::process::abort() }\n",
    );
    assert_eq!(outcomes["tiny passes"].0, Outcome::Passed);
    assert_eq!(outcomes["tiny fails"].0, Outcome::Failed);
    assert!(outcomes["tiny fails"].1.contains("no luck"));
    assert!(matches!(outcomes["tiny aborts"].0, Outcome::Crashed { .. }));
    assert!(matches!(outcomes["tiny is_not_there"].0, Outcome::NotRun { cause: NotRunCause::Missing, .. }));
}

#[test]
fn a_crate_that_does_not_compile_fails_its_tests_with_what_the_compiler_says() {
    let outcomes = outcomes("fn broken( {}\n");
    assert!(outcomes.values().all(|(outcome, message)| *outcome == Outcome::Failed && message.contains("error")));
}
