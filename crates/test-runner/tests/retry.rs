//! Failures that are tried again, with real pytest.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::{Duration, Instant};

use execution_plan::{Capacity, Demand, Plan, PlanSettings, UnitCapacity, plan_demands};
use support::{Tree, python};
use test_runner::history::Store;
use test_runner::{CaseResult, Earlier, Interrupt, Outcome, Retry, RunOutcome, RunSettings};

/// Each test counts its tries in a file of its own.
const TESTS: &str = "import os, pathlib, time
def tries(name):
    file = pathlib.Path(__file__).with_name(name)
    with file.open('a') as out: out.write('x')
    return len(file.read_text())
def test_race():
    if tries('race') < 3:
        print('Engine core initialization failed')
        assert 0
def test_race_that_dies(capfd):
    if tries('dies') < 2:
        with capfd.disabled(): os.write(2, b'Free memory on device is too little\\n')
        os._exit(1)
def test_race_for_ever():
    tries('ever')
    raise RuntimeError('Engine core initialization failed')
def test_wrong():
    tries('wrong')
    assert 0, 'an answer is wrong'
def test_hangs(capfd):
    tries('hangs')
    with capfd.disabled(): os.write(2, b'Engine core initialization failed\\n')
    time.sleep(60)
";

fn tree() -> Tree {
    Tree::new(&[("test_a.py", TESTS)])
}

fn settings(tree: &Tree) -> RunSettings {
    let patterns = ["Engine core init.* failed", "Free memory on device"];
    RunSettings { retry: Some(Retry::new(&patterns, 2, Duration::from_millis(100)).unwrap()), ..tree.settings() }
}

fn gpu(name: &str, timeout: u64) -> Demand {
    Demand { gpus: 1, ..python("test_a.py", name, timeout) }
}

fn plan(demands: Vec<Demand>) -> Plan {
    let units = ["0", "1", "2", "3", "4"].map(|visible| UnitCapacity {
        name: "NVIDIA L4".to_owned(),
        visible: visible.to_owned(),
        memory: 24 << 30,
        ..UnitCapacity::default()
    });
    let capacity = Capacity { units: units.to_vec(), cpu_slots: 4, headroom: 0.15, ..Capacity::default() };
    plan_demands(demands, capacity, &PlanSettings { jobs: 4, ..PlanSettings::default() })
}

fn run(demands: Vec<Demand>, settings: &RunSettings) -> RunOutcome {
    test_runner::run(&plan(demands), settings, &Interrupt::new(), |_| {}).unwrap()
}

/// The outcome of each try, and whether another one followed.
fn tries(outcome: &RunOutcome, name: &str) -> Vec<(u32, &'static str, bool)> {
    let of = |result: &&CaseResult| result.id.as_str().ends_with(&format!("::{name}"));
    outcome.results.iter().filter(of).map(|one| (one.round, one.outcome.as_str(), one.retried)).collect()
}

#[test]
fn races_are_tried_again_and_every_try_is_kept() {
    let tree = tree();
    let names = [
        ("test_race", 30),
        ("test_race_that_dies", 30),
        ("test_race_for_ever", 30),
        ("test_wrong", 30),
        ("test_hangs", 2),
    ];
    let outcome = run(names.map(|(name, timeout)| gpu(name, timeout)).to_vec(), &settings(&tree));
    assert_eq!(tries(&outcome, "test_race"), [(0, "failed", true), (1, "failed", true), (2, "passed", false)]);
    assert_eq!(tries(&outcome, "test_race_that_dies"), [(0, "crashed", true), (1, "passed", false)]);
    assert_eq!(tries(&outcome, "test_race_for_ever"), [(0, "failed", true), (1, "failed", true), (2, "failed", false)]);
    assert_eq!(tries(&outcome, "test_wrong"), [(0, "failed", false)]);
    assert_eq!(tries(&outcome, "test_hangs"), [(0, "timed-out", false)]);
    for (file, expected) in [("race", 3), ("dies", 2), ("ever", 3), ("wrong", 1), ("hangs", 1)] {
        assert_eq!(std::fs::read_to_string(tree.path.join(file)).unwrap().len(), expected, "{file}");
    }
    let flaky: Vec<_> =
        outcome.flaky().into_iter().map(|((id, _), both)| (id.as_str(), both.passed, both.failed)).collect();
    assert_eq!(flaky, [("test_a.py::test_race", 1, 2), ("test_a.py::test_race_that_dies", 1, 1)]);
    let store = Store::read(&tree.path.join("target/xtask")).unwrap().unwrap();
    assert_eq!(store.past().unwrap().rows.len(), outcome.results.len());
    let kept = store.results(&outcome.run, outcome.results[0].step).unwrap();
    assert_eq!(kept.iter().filter(|result| result.retried).count(), 5, "{kept:#?}");
    assert!(
        kept.iter().all(
            |one| one.usage.is_some() == !matches!(one.outcome, Outcome::Crashed { .. } | Outcome::TimedOut { .. })
        )
    );
}

#[test]
fn a_run_that_got_through_by_another_try_has_not_failed_and_fail_fast_waits_for_it() {
    let tree = tree();
    let outcome = run(vec![gpu("test_race", 30)], &RunSettings { fail_fast: true, ..settings(&tree) });
    assert_eq!(tries(&outcome, "test_race").len(), 3);
    assert!(!outcome.has_failures());
}

#[test]
fn nothing_is_tried_again_without_a_gpu_or_where_tests_are_repeated() {
    let tree = tree();
    let outcome = run(vec![python("test_a.py", "test_race", 30)], &settings(&tree));
    assert_eq!(tries(&outcome, "test_race"), [(0, "failed", false)]);
    let outcome = run(vec![gpu("test_race_for_ever", 30)], &RunSettings { repeat: 2, ..settings(&tree) });
    assert_eq!(tries(&outcome, "test_race_for_ever"), [(0, "failed", false), (1, "failed", false)]);
}

#[test]
fn a_run_that_stops_in_a_pause_says_so_and_its_test_is_not_over() {
    let tree = tree();
    let retry = Retry::new(&["Engine core init"], 2, Duration::from_mins(5)).unwrap();
    let (interrupt, began) = (Interrupt::new(), Instant::now());
    let settings = RunSettings { retry: Some(retry), ..settings(&tree) };
    let outcome = test_runner::run(&plan(vec![gpu("test_race", 30)]), &settings, &interrupt.clone(), |event| {
        if let test_runner::Event::CaseFinished(result) = event
            && result.retried
        {
            interrupt.raise();
        }
    })
    .unwrap();
    assert!(outcome.interrupted && began.elapsed() < Duration::from_mins(1));
    assert_eq!(tries(&outcome, "test_race"), [(0, "failed", true), (1, "not-run", false)]);
    let store = Store::read(&tree.path.join("target/xtask")).unwrap().unwrap();
    assert!(store.finished(std::slice::from_ref(&outcome.run)).unwrap().is_empty(), "it is run when the run goes on");
    // Its tries go on where they were, with their number and with how many there are.
    let retry = Retry::new(&["Engine core init"], 1, Duration::from_millis(10)).unwrap();
    let results = store.results(&outcome.run, outcome.results[0].step).unwrap();
    let earlier = Some(Earlier { run: outcome.run, results, lock: None });
    let outcome = run(vec![gpu("test_race", 30)], &RunSettings { retry: Some(retry), earlier, ..settings });
    assert_eq!(tries(&outcome, "test_race"), [(0, "failed", true), (1, "failed", false)]);
}

const BOTH: &str = "import pathlib, pytest
def tries(name):
    file = pathlib.Path(__file__).with_name(name)
    with file.open('a') as out: out.write('x')
    return len(file.read_text())
@pytest.mark.flaky(reruns=1)
def test_race():
    assert tries('race') > 3, 'Engine core initialization failed'
def pytest_generate_tests(metafunc):
    if 'number' in metafunc.fixturenames: metafunc.parametrize('number', [1, 2])
def test_made(number):
    assert tries(str(number)) >= number, 'Engine core initialization failed'
";

#[test]
fn what_both_the_policy_and_a_plugin_run_again_has_a_number_for_each_time() {
    let tree = Tree::new(&[("test_a.py", BOTH)]);
    let outcome = run(vec![gpu("test_race", 30)], &settings(&tree));
    let expected = [(0, "failed", true), (1, "failed", true), (2, "failed", true), (3, "passed", false)];
    assert_eq!(tries(&outcome, "test_race"), expected);
    let store = Store::read(&tree.path.join("target/xtask")).unwrap().unwrap();
    let kept = store.results(&outcome.run, outcome.results[0].step).unwrap();
    assert_eq!(kept.iter().map(|one| one.round).collect::<Vec<_>>(), [0, 1, 2, 3], "in their order");
}

#[test]
fn of_the_tests_of_a_function_those_that_raced_are_tried_again() {
    let tree = Tree::new(&[("test_a.py", BOTH)]);
    let mut made = gpu("test_made", 30);
    made.case.exact = false;
    let outcome = run(vec![made], &settings(&tree));
    assert_eq!(tries(&outcome, "test_made[1]"), [(0, "passed", false)]);
    assert_eq!(tries(&outcome, "test_made[2]"), [(0, "failed", true), (1, "passed", false)]);
}

const RERUN: &str = "import pathlib, pytest
def tries(name):
    file = pathlib.Path(__file__).with_name(name)
    with file.open('a') as out: out.write('x')
    return len(file.read_text())
@pytest.mark.flaky(reruns=3)
def test_sometimes():
    print('try', tries('sometimes'))
    assert tries('sometimes') > 3, 'not yet'
@pytest.mark.flaky(reruns=1)
def test_never():
    assert 0, 'never'
@pytest.mark.flaky(reruns=1)
def test_always(): pass
";

#[test]
fn what_a_plugin_of_the_tree_runs_again_is_not_hidden() {
    let tree = Tree::new(&[("test_a.py", RERUN)]);
    let demands = || ["test_sometimes", "test_never", "test_always"].map(|name| python("test_a.py", name, 60)).to_vec();
    let outcome = support::run(demands(), &tree.settings());
    let told: Vec<_> = outcome
        .results
        .iter()
        .map(|one| (one.id.as_str().rsplit("::").next().unwrap(), one.round, one.outcome.as_str(), one.retried))
        .collect();
    let expected = [
        ("test_sometimes", 0, "failed", true),
        ("test_sometimes", 1, "passed", false),
        ("test_never", 0, "failed", true),
        ("test_never", 1, "failed", false),
        ("test_always", 0, "passed", false),
    ];
    assert_eq!(told, expected);
    assert!(outcome.results[0].message.contains("not yet") && outcome.results[0].output.contains("try 1"));
    let flaky: Vec<_> = outcome.flaky().into_keys().map(|(id, _)| id.as_str().to_owned()).collect();
    assert_eq!(flaky, ["test_a.py::test_sometimes"]);
    // Repeated to see whether it ever fails, it does.
    std::fs::remove_file(tree.path.join("sometimes")).unwrap();
    let outcome = support::run(demands(), &RunSettings { repeat: 2, ..tree.settings() });
    let of = |name: &str| -> Vec<&str> {
        let its = outcome.results.iter().filter(|one| one.id.as_str().ends_with(name));
        its.map(|one| one.outcome.as_str()).collect()
    };
    assert_eq!((of("sometimes"), of("always")), (vec!["failed", "passed"], vec!["passed", "passed"]));
}
