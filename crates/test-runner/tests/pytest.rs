//! Real pytest, and tests that misbehave.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::HashMap;
use std::time::Duration;

use support::{Tree, plan, python, result, run};
use test_runner::{Event, Interrupt, NotRunCause, Outcome, RunOutcome};

#[test]
fn every_planned_test_gets_its_own_result() {
    let source = "import os, sys, time, pytest\n\
         def test_passes(): pass\n\
         def test_fails():\n    assert 1 == 2\n\
         def test_skips(): pytest.skip('not today')\n\
         def test_exits(): os._exit(3)\n\
         def test_hangs():\n    if os.fork() == 0: time.sleep(60)\n    time.sleep(60)\n\
         def test_odd_text(): print('\\x1b[31m'); raise ValueError('\\ud800')\n\
         def test_last(): assert os.environ['CUDA_VISIBLE_DEVICES'] == ''\n";
    let tree = Tree::new(&[("test_a.py", source), ("test_broken.py", "def test_x(:\n")]);
    let names = ["passes", "fails", "skips", "exits", "hangs", "odd_text", "last", "is_not_there"];
    let mut demands: Vec<_> = names.iter().map(|name| python("test_a.py", &format!("test_{name}"), 2)).collect();
    demands.push(python("test_broken.py", "test_x", 2));
    let outcome = run(demands, &tree.settings());
    let by_name: HashMap<_, _> = outcome
        .results
        .iter()
        .map(|result| (result.id.as_str().rsplit("::").next().unwrap(), &result.outcome))
        .collect();
    assert_eq!(outcome.results.len(), 9, "{:#?}", outcome.results);
    assert_eq!(*by_name["test_passes"], Outcome::Passed);
    assert_eq!(*by_name["test_fails"], Outcome::Failed);
    assert_eq!(*by_name["test_skips"], Outcome::Skipped { reason: "not today".to_owned() });
    assert_eq!(*by_name["test_exits"], Outcome::Crashed { how: "exit code 3".to_owned() });
    assert_eq!(*by_name["test_hangs"], Outcome::TimedOut { limit: Duration::from_secs(2) });
    assert_eq!(*by_name["test_odd_text"], Outcome::Failed);
    let message = &result(&outcome, "test_fails").message;
    assert!(message.starts_with("    def test_fails"), "as pytest shows it, line below line: {message}");
    assert_eq!(*by_name["test_last"], Outcome::Passed);
    assert!(matches!(by_name["test_is_not_there"], Outcome::NotRun { cause: NotRunCause::Missing, .. }));
    assert!(matches!(by_name["test_x"], Outcome::NotRun { cause: NotRunCause::Collection, .. }));
    let written = std::fs::read_to_string(outcome.folder.join("results.jsonl")).unwrap();
    assert_eq!(written.lines().count(), 9);
}

#[test]
fn a_file_that_kills_or_hangs_pytest_while_it_is_collected_costs_itself_only() {
    let tree = Tree::new(&[
        ("test_a.py", "def test_a(): pass\n"),
        ("test_dies.py", "import os\nos.kill(os.getpid(), 9)\ndef test_dies(): pass\n"),
        ("test_hangs.py", "import time\ntime.sleep(60)\ndef test_hangs(): pass\n"),
    ]);
    let mut settings = tree.settings();
    // Long enough for a sound file on a busy machine.
    settings.collection_limit = Duration::from_secs(15);
    for names in [["a", "dies"], ["a", "hangs"]] {
        let demands = names.map(|name| python(&format!("test_{name}.py"), &format!("test_{name}"), 30)).to_vec();
        let outcome = run(demands, &settings);
        assert_eq!(outcome.results.len(), 2);
        assert_eq!(result(&outcome, "test_a").outcome, Outcome::Passed);
        let left = &outcome.not_run().next().unwrap().outcome;
        let cause = if names[1] == "dies" { NotRunCause::Collection } else { NotRunCause::Stopped };
        assert!(matches!(left, Outcome::NotRun { cause: found, .. } if *found == cause), "{left}");
    }
}

/// As where another branch is checked out while the run begins.
#[test]
fn a_file_that_is_gone_costs_itself_only() {
    let tree = Tree::new(&[("test_a.py", "def test_a(): pass\n")]);
    let outcome =
        run(vec![python("test_a.py", "test_a", 30), python("test_gone.py", "test_gone", 30)], &tree.settings());
    assert_eq!(result(&outcome, "test_a").outcome, Outcome::Passed);
    let gone = &result(&outcome, "test_gone").outcome;
    assert!(matches!(gone, Outcome::NotRun { cause: NotRunCause::Collection, .. }), "{gone}");
    assert!(gone.to_string().contains("file or directory not found: ./test_gone.py"), "{gone}");
}

/// Tests that tell, in the file `told` of the tree, which process they run in and what their session set up.
const CONFTEST: &str = "import os, pathlib, pytest\n\
    TOLD = pathlib.Path(__file__).with_name('told')\n\
    def tell(*words):\n    with TOLD.open('a') as file: file.write(' '.join(map(str, (os.getpid(), *words))) + '\\n')\n\
    @pytest.fixture(scope='session', autouse=True)\n\
    def session():\n    tell('setup')\n    yield\n    tell('teardown')\n    assert not TOLD.with_name('fail').exists()\n\
    @pytest.fixture(autouse=True)\n\
    def each(request):\n    yield\n    tell('test', request.node.nodeid)\n";

#[test]
fn files_behind_a_slow_test_are_taken_over_by_a_process_with_a_session_of_its_own() {
    let slow = "import time\ndef test_it(): time.sleep(4)\n";
    let quick = "def test_it(): pass\n";
    let names: Vec<String> = (0..9).map(|number| format!("test_{number}.py")).collect();
    let mut files = vec![("conftest.py", CONFTEST), ("test_slow.py", slow)];
    files.extend(names.iter().map(|name| (name.as_str(), quick)));
    let tree = Tree::new(&files);
    let mut demands = vec![python("test_slow.py", "test_it", 60)];
    demands.extend(names.iter().map(|name| python(name, "test_it", 60)));
    let outcome = run(demands, &tree.settings());
    assert!(outcome.results.iter().all(|result| result.outcome == Outcome::Passed), "{:#?}", outcome.results);
    assert_eq!(outcome.results.len(), 10);
    let told = std::fs::read_to_string(tree.path.join("told")).unwrap();
    let of = |word: &str| told.lines().filter(|line| line.split(' ').nth(1) == Some(word)).count();
    assert_eq!((of("setup"), of("test")), (of("teardown"), 10), "{told}");
    // Half of the tests were planned behind the slow one.
    let process = |line: &str| line.split(' ').next().unwrap().to_owned();
    let slow = process(told.lines().find(|line| line.contains("test_slow")).unwrap());
    let beside = told.lines().filter(|line| line.contains(" test ") && process(line) == slow).count();
    assert!(beside < 4, "{told}");
}

#[test]
fn what_fails_when_the_session_ends_is_the_failure_of_the_last_test() {
    let tree = Tree::new(&[
        ("conftest.py", CONFTEST),
        ("fail", ""),
        ("test_a.py", "def test_a(): pass\ndef test_b(): pass\n"),
    ]);
    let outcome = run(vec![python("test_a.py", "test_a", 60), python("test_a.py", "test_b", 60)], &tree.settings());
    assert_eq!(result(&outcome, "test_a").outcome, Outcome::Passed);
    assert_eq!(result(&outcome, "test_b").outcome, Outcome::Failed);
}

#[test]
fn a_crash_in_a_file_that_was_taken_over_costs_one_test() {
    let names: Vec<String> = (0..8).map(|number| format!("test_{number}.py")).collect();
    let source = "import os\ndef test_dies(): os._exit(3)\ndef test_lives(): pass\n";
    let mut files = vec![("test_slow.py", "import time\ndef test_slow(): time.sleep(4)\n")];
    files.extend(names.iter().map(|name| (name.as_str(), source)));
    let tree = Tree::new(&files);
    let mut demands = vec![python("test_slow.py", "test_slow", 60)];
    let both = |name: &String| [python(name, "test_dies", 60), python(name, "test_lives", 60)];
    demands.extend(names.iter().flat_map(both));
    let outcome = run(demands, &tree.settings());
    assert_eq!(outcome.results.len(), 17);
    for result in &outcome.results {
        let expected = if result.id.as_str().ends_with("dies") {
            Outcome::Crashed { how: "exit code 3".to_owned() }
        } else {
            Outcome::Passed
        };
        assert_eq!(result.outcome, expected, "{}", result.id);
    }
}

#[test]
fn options_of_a_conftest_below_the_root_are_known_to_the_process_that_runs_its_tests() {
    let conftest = "import pytest\ndef pytest_addoption(parser): parser.addoption('--depth', default='7')\n\
        @pytest.fixture\ndef depth(pytestconfig): return pytestconfig.getoption('--depth')\n";
    let deep = "def test_deep(depth): assert depth == '7'\n";
    let plain = "def test_plain(): pass\n";
    let tree = Tree::new(&[
        ("deep/conftest.py", conftest),
        ("deep/test_1.py", deep),
        ("deep/test_2.py", deep),
        ("deep/test_3.py", &format!("import time; time.sleep(1)\n{deep}")),
        ("test_plain.py", plain),
    ]);
    let mut demands = vec![python("test_plain.py", "test_plain", 60)];
    demands.extend((1..4).map(|number| python(&format!("deep/test_{number}.py"), "test_deep", 60)));
    let outcome = run(demands, &tree.settings());
    assert!(outcome.results.iter().all(|result| result.outcome == Outcome::Passed), "{:#?}", outcome.results);
}

#[test]
fn what_a_test_forks_and_lets_return_runs_no_other_test() {
    let source = "import os, pathlib, time, pytest\n\
         def note(word):\n    with open('told', 'a') as file: file.write(word + '\\n')\n\
         @pytest.fixture\n\
         def server():\n    yield\n    note('stopped')\n\
         def test_forks(server): os.fork()\n\
         def test_child_fails(server):\n    if os.fork() == 0: assert False\n    os.wait()\n\
         def test_after():\n    time.sleep(0.2)\n    note('after')\n";
    let tree = Tree::new(&[("test_a.py", source), ("test_b.py", "import os\nos.fork()\ndef test_b(): pass\n")]);
    let mut demands =
        ["test_forks", "test_child_fails", "test_after"].map(|name| python("test_a.py", name, 30)).to_vec();
    demands.push(python("test_b.py", "test_b", 30));
    let outcome = run(demands, &tree.settings());
    assert_eq!(outcome.results.len(), 4);
    assert!(outcome.results.iter().all(|result| result.outcome == Outcome::Passed), "{:#?}", outcome.results);
    assert_eq!(std::fs::read_to_string(tree.path.join("told")).unwrap(), "stopped\nstopped\nafter\n");
}

#[test]
fn a_thread_that_a_test_leaves_keeps_no_process_for_long() {
    let source = "import threading, time\n\
         def test_leaves(): threading.Thread(target=time.sleep, args=(600,), name='left').start()\n\
         def test_last(): pass\n";
    let tree = Tree::new(&[("test_a.py", source)]);
    let mut settings = tree.settings();
    settings.collection_limit = Duration::from_secs(15);
    let demands = ["test_leaves", "test_last"].map(|name| python("test_a.py", name, 600)).to_vec();
    let mut warnings = Vec::new();
    let outcome = test_runner::run(&plan(demands), &settings, &Interrupt::new(), |event| {
        if let Event::Warning(text) = event {
            warnings.push(text.clone());
        }
    })
    .unwrap();
    assert!(outcome.results.iter().all(|result| result.outcome == Outcome::Passed), "{:#?}", outcome.results);
    assert!(outcome.wall < Duration::from_secs(120), "{:?}", outcome.wall);
    let [warning] = warnings.as_slice() else { panic!("{warnings:#?}") };
    let file = warning.strip_suffix(" says where it was").unwrap().rsplit(' ').next().unwrap();
    let said = std::fs::read_to_string(file).unwrap();
    assert!(
        warning.starts_with("test_a.py::test_leaves and the 1 with it: pytest did not end within 15 s"),
        "{warning}"
    );
    assert!(said.contains("2 passed") && said.contains("in _shutdown"), "{said}");
}

#[test]
fn options_of_the_tree_that_end_pytest_are_named_and_none_has_it_start_processes() {
    // As pytest-xdist does it: the number decides in `pytest_configure` whether tests run elsewhere.
    let conftest = "def pytest_addoption(parser):\n    \
            for name in ('numprocesses', 'dist', 'tx'): parser.addoption('--' + name)\n\
        def pytest_configure(config): assert not config.option.numprocesses and config.option.dist == 'no'\n";
    let source = "def test_1(): pass\ndef test_2(): assert 0\ndef test_3(): pass\n";
    let run_with = |options: &str| {
        let ini = format!("[pytest]\naddopts = {options}\n");
        let tree = Tree::new(&[("conftest.py", conftest), ("pytest.ini", &ini), ("test_a.py", source)]);
        let names = ["test_1", "test_2", "test_3"];
        run(names.map(|name| python("test_a.py", name, 60)).to_vec(), &tree.settings())
    };
    let outcomes = |outcome: &RunOutcome| {
        let of = |name| result(outcome, name).outcome.clone();
        ["test_1", "test_2", "test_3"].map(of)
    };
    let not_run = |cause, reason: &str| Outcome::NotRun { cause, reason: reason.to_owned() };
    let skipped = Outcome::Skipped { reason: "pytest did not call it".to_owned() };
    let stopped = not_run(NotRunCause::Stopped, "pytest stopped before it: stopping after 1 failures");
    for (options, expected) in [
        ("--numprocesses=4 --dist=load", [Outcome::Passed, Outcome::Failed, Outcome::Passed]),
        ("-x", [Outcome::Passed, Outcome::Failed, stopped]),
        ("--setup-only", [skipped.clone(), skipped.clone(), skipped]),
    ] {
        assert_eq!(outcomes(&run_with(options)), expected, "{options}");
    }
    let [Outcome::NotRun { cause: NotRunCause::Usage, reason }, ..] = outcomes(&run_with("--odd")) else {
        panic!("it ran")
    };
    assert_eq!(reason, "pytest collected nothing (exit code 4): unrecognized arguments: --odd");
}

#[test]
fn a_hook_that_repeats_a_test_or_raises_costs_no_result() {
    let hook = |body: &str| format!("def pytest_collection_modifyitems(items):\n    {body}\n");
    let source = "def test_1(): pass\ndef test_2(): assert 0\n";
    let run_with = |body: &str| {
        let tree = Tree::new(&[("conftest.py", &hook(body)), ("test_a.py", source)]);
        let outcome = run(["test_1", "test_2"].map(|name| python("test_a.py", name, 60)).to_vec(), &tree.settings());
        assert_eq!(outcome.not_kept, None);
        ["test_1", "test_2"].map(|name| result(&outcome, name).outcome.clone())
    };
    assert_eq!(run_with("items.extend(list(items))"), [Outcome::Passed, Outcome::Failed]);
    let reason = "pytest ended before it (exit code 3): ValueError: no luck".to_owned();
    let not_run = Outcome::NotRun { cause: NotRunCause::Stopped, reason };
    assert_eq!(run_with("raise ValueError('no luck')"), [not_run.clone(), not_run]);
    // As `--lf` does it: around all others, and behind them.
    let wrapper = "import pytest\n@pytest.hookimpl(wrapper=True, tryfirst=True)\n\
        def pytest_collection_modifyitems(items):\n    yield\n    del items[1:]\n";
    let tree = Tree::new(&[("conftest.py", wrapper), ("test_a.py", "def test_1(): pass\ndef test_2(): pass\n")]);
    let outcome = run(["test_1", "test_2"].map(|name| python("test_a.py", name, 60)).to_vec(), &tree.settings());
    assert_eq!(result(&outcome, "test_1").outcome, Outcome::Passed);
    let left = &result(&outcome, "test_2").outcome;
    assert!(matches!(left, Outcome::NotRun { cause: NotRunCause::Deselected, .. }), "{left}");
}
