//! Real pytest, and tests that misbehave.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::time::Duration;

use camino::Utf8PathBuf;
use execution_plan::{Capacity, Demand, Estimate, EstimateSource, PlanSettings, PlannedCase, Share, plan_demands};
use test_catalog::{NodeId, SourceSpan, TreePath};
use test_runner::{Interrupt, NotRunCause, Outcome, PythonSettings, RunSettings, run};

fn demand(file: &str, name: &str, timeout: u64) -> Demand {
    let file = TreePath::new(file);
    let id = NodeId::python(&file, [name], None);
    Demand {
        case: PlannedCase {
            function: id.clone(),
            id,
            occurrence: 0,
            file: file.clone(),
            exact: true,
            undecided: false,
            timeout: Duration::from_secs(timeout),
            estimate: Estimate { duration: Duration::from_secs(1), source: EstimateSource::TypeDefault },
            rust: None,
        },
        at: SourceSpan::line(file, 1),
        gpus: 0,
        model: None,
        share: Share::Whole,
        env: Vec::new(),
        resources: Vec::new(),
        target: None,
        not_compiled: None,
    }
}

#[test]
fn every_planned_test_gets_its_own_result() {
    let folder = tempfile::tempdir().unwrap();
    let tree = Utf8PathBuf::try_from(folder.path().canonicalize().unwrap()).unwrap();
    std::fs::write(
        tree.join("test_a.py"),
        "import os, sys, time, pytest\n\
         def test_passes(): pass\n\
         def test_fails(): assert 1 == 2\n\
         def test_skips(): pytest.skip('not today')\n\
         def test_exits(): os._exit(3)\n\
         def test_hangs():\n    if os.fork() == 0: time.sleep(60)\n    time.sleep(60)\n\
         def test_odd_text(): print('\\x1b[31m'); raise ValueError('\\ud800')\n\
         def test_last(): assert os.environ['CUDA_VISIBLE_DEVICES'] == ''\n",
    )
    .unwrap();
    std::fs::write(tree.join("test_broken.py"), "def test_x(:\n").unwrap();
    let names = ["passes", "fails", "skips", "exits", "hangs", "odd_text", "last", "is_not_there"];
    let mut demands: Vec<_> = names.iter().map(|name| demand("test_a.py", &format!("test_{name}"), 2)).collect();
    demands.push(demand("test_broken.py", "test_x", 2));
    let capacity = Capacity { units: Vec::new(), cpu_slots: 2, headroom: 0.15 };
    let plan = plan_demands(demands, capacity, &PlanSettings { jobs: 2, ..PlanSettings::default() });
    let mut settings = RunSettings::new(tree.clone(), tree.join("target/xtask"));
    let interpreter = Some(Utf8PathBuf::try_from(oracle::python()).unwrap());
    settings.python = PythonSettings { interpreter, ..PythonSettings::default() };
    settings.grace = Duration::from_millis(300);
    let outcome = run(&plan, &settings, &Interrupt::new(), |_| {}).unwrap();
    let by_name: HashMap<_, _> = outcome
        .results
        .iter()
        .map(|result| (result.id.as_str().rsplit("::").next().unwrap(), &result.outcome))
        .collect();
    assert_eq!(outcome.results.len(), 9, "{:#?}", outcome.results);
    assert_eq!(*by_name["test_passes"], Outcome::Passed);
    assert_eq!(*by_name["test_fails"], Outcome::Failed);
    assert!(by_name["test_skips"].reason().unwrap().contains("not today"));
    assert_eq!(*by_name["test_exits"], Outcome::Crashed { how: "exit code 3".to_owned() });
    assert_eq!(*by_name["test_hangs"], Outcome::TimedOut { limit: Duration::from_secs(2) });
    assert_eq!(*by_name["test_odd_text"], Outcome::Failed);
    assert_eq!(*by_name["test_last"], Outcome::Passed);
    assert!(matches!(by_name["test_is_not_there"], Outcome::NotRun { cause: NotRunCause::Missing, .. }));
    assert!(matches!(by_name["test_x"], Outcome::NotRun { cause: NotRunCause::Collection, .. }));
    let written = std::fs::read_to_string(outcome.folder.join("results.jsonl")).unwrap();
    assert_eq!(written.lines().count(), 9);
}
