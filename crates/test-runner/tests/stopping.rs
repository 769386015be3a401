//! What an interrupt, a failure and a limit do to real pytest.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::{Duration, Instant};

use support::processes::alive;
use support::{Tree, inexact, python, result, run, run_interrupted};
use test_runner::{NotRunCause, Outcome};

fn cause(outcome: &Outcome) -> NotRunCause {
    match outcome {
        Outcome::NotRun { cause, .. } => *cause,
        other => panic!("it ran: {other}"),
    }
}

#[test]
fn the_first_interrupt_lets_fixtures_clean_up_and_labels_what_ran_and_what_was_left() {
    let tree = Tree::new(&[(
        "test_a.py",
        "import time, pathlib, pytest\n\
         @pytest.fixture\n\
         def server():\n    yield\n    pathlib.Path('cleaned').write_text('')\n\
         def test_before(): pass\n\
         def test_long(server): time.sleep(60)\n\
         def test_after(): pass\n",
    )]);
    let demands = ["test_before", "test_long", "test_after"].map(|name| python("test_a.py", name, 100)).to_vec();
    let mut settings = tree.settings();
    settings.grace = Duration::from_secs(20);
    let began = Instant::now();
    let outcome = run_interrupted(demands, &settings, "test_long", 1);
    assert!(began.elapsed() < Duration::from_secs(15), "it waited for the grace although pytest had ended");
    assert!(outcome.interrupted);
    assert_eq!(outcome.results.len(), 3);
    assert_eq!(result(&outcome, "test_before").outcome, Outcome::Passed);
    assert_eq!(cause(&result(&outcome, "test_long").outcome), NotRunCause::Interrupted);
    assert_eq!(cause(&result(&outcome, "test_after").outcome), NotRunCause::Interrupted);
    assert!(tree.path.join("cleaned").exists());
}

#[test]
fn the_second_interrupt_kills_at_once_what_ignores_the_first() {
    let tree = Tree::new(&[(
        "test_a.py",
        "import signal, time\n\
         def test_stubborn():\n    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n    time.sleep(60)\n",
    )]);
    let mut settings = tree.settings();
    settings.grace = Duration::from_secs(50);
    let began = Instant::now();
    let outcome = run_interrupted(vec![python("test_a.py", "test_stubborn", 100)], &settings, "test_stubborn", 2);
    assert!(began.elapsed() < Duration::from_secs(20), "it took {:?}", began.elapsed());
    assert_eq!(cause(&result(&outcome, "test_stubborn").outcome), NotRunCause::Interrupted);
}

#[test]
fn fail_fast_ends_the_run_and_labels_what_is_left() {
    let tree =
        Tree::new(&[("test_a.py", "import time\ndef test_fails(): assert 0\ndef test_left():\n    time.sleep(30)\n")]);
    let mut settings = tree.settings();
    settings.fail_fast = true;
    let demands = ["test_fails", "test_left"].map(|name| python("test_a.py", name, 100)).to_vec();
    let outcome = run(demands, &settings);
    assert!(!outcome.interrupted);
    assert_eq!(result(&outcome, "test_fails").outcome, Outcome::Failed);
    assert_eq!(cause(&result(&outcome, "test_left").outcome), NotRunCause::FailFast);
}

#[test]
fn a_file_that_hangs_while_it_is_collected_is_ended_and_named_so() {
    let tree = Tree::new(&[("test_a.py", "import time\ntime.sleep(60)\ndef test_a(): pass\n")]);
    let mut settings = tree.settings();
    settings.collection_limit = Duration::from_secs(2);
    let outcome = run(vec![python("test_a.py", "test_a", 5)], &settings);
    let result = result(&outcome, "test_a");
    assert_eq!(cause(&result.outcome), NotRunCause::Stopped);
    assert_eq!(result.outcome.reason(), Some("collecting took longer than 2 s"));
}

#[test]
fn a_hang_between_tests_is_ended_by_the_limit_of_the_step() {
    let tree = Tree::new(&[
        (
            "conftest.py",
            "import time, pytest\n\
             @pytest.hookimpl(hookwrapper=True, tryfirst=True)\n\
             def pytest_runtestloop(session):\n    time.sleep(60)\n    yield\n",
        ),
        ("test_a.py", "def test_first(): pass\ndef test_second(): pass\n"),
    ]);
    let demands = ["test_first", "test_second"].map(|name| python("test_a.py", name, 1)).to_vec();
    let outcome = run(demands, &tree.settings());
    for name in ["test_first", "test_second"] {
        let result = result(&outcome, name);
        assert_eq!(cause(&result.outcome), NotRunCause::Stopped);
        assert_eq!(result.outcome.reason(), Some("its step took longer than 2 s with no test running"));
    }
}

#[test]
fn the_step_of_an_inexact_function_may_take_as_long_as_all_that_it_gives() {
    let tree = Tree::new(&[(
        "test_a.py",
        "import time, pytest\n@pytest.mark.parametrize('n', range(4))\ndef test_a(n): time.sleep(0.7)\n",
    )]);
    let outcome = run(vec![inexact(python("test_a.py", "test_a", 1))], &tree.settings());
    assert_eq!(outcome.results.len(), 4);
    assert!(outcome.results.iter().all(|result| result.outcome == Outcome::Passed), "{:#?}", outcome.results);
}

#[test]
fn an_interrupted_inexact_function_has_one_result_for_each_test_that_it_gives() {
    let tree = Tree::new(&[(
        "test_a.py",
        "import time, pytest\n@pytest.mark.parametrize('n', range(3))\ndef test_a(n): time.sleep(30 * n)\n",
    )]);
    let outcome = run_interrupted(vec![inexact(python("test_a.py", "test_a", 90))], &tree.settings(), "[1]", 1);
    assert_eq!(outcome.results.len(), 3, "{:#?}", outcome.results);
    assert_eq!(result(&outcome, "[0]").outcome, Outcome::Passed);
    assert_eq!(cause(&result(&outcome, "[1]").outcome), NotRunCause::Interrupted);
    assert_eq!(cause(&result(&outcome, "[2]").outcome), NotRunCause::Interrupted);
}

#[test]
fn nothing_is_left_of_a_test_that_kills_its_own_shim() {
    let tree = Tree::new(&[(
        "test_a.py",
        "import os, signal, subprocess, time\n\
         def test_murder():\n    \
             left = ['setsid', 'sh', '-c', 'trap \"\" TERM; echo $TEST_RUNNER_SESSION > left; sleep 100']\n    \
             subprocess.Popen(left)\n    \
             subprocess.Popen(['env', '-i', 'setsid', 'sh', '-c', 'echo $$ > bare; sleep 100'])\n    \
             while not (os.path.exists('left') and os.path.exists('bare')): time.sleep(0.01)\n    \
             os.kill(os.getppid(), signal.SIGKILL)\n    \
             time.sleep(100)\n\
         def test_after(): pass\n",
    )]);
    let demands = ["test_murder", "test_after"].map(|name| python("test_a.py", name, 60)).to_vec();
    let outcome = run(demands, &tree.settings());
    assert_eq!(result(&outcome, "test_murder").outcome, Outcome::Crashed { how: "signal 9 (SIGKILL)".to_owned() });
    assert_eq!(result(&outcome, "test_after").outcome, Outcome::Passed);
    assert_eq!(alive(std::fs::read_to_string(tree.path.join("left")).unwrap().trim()), Vec::<String>::new());
    let bare = std::fs::read_to_string(tree.path.join("bare")).unwrap();
    assert!(!std::path::Path::new("/proc").join(bare.trim()).exists());
}

#[test]
fn nothing_is_left_of_a_test_that_takes_too_long() {
    let tree = Tree::new(&[(
        "test_a.py",
        "import os, signal, subprocess, time\n\
         def test_stubborn():\n    \
             signal.signal(signal.SIGTERM, signal.SIG_IGN)\n    \
             for _ in range(2):\n        \
                 left = 'trap \"\" TERM; echo $TEST_RUNNER_SESSION > left; while :; do sleep 1; done'\n        \
                 subprocess.Popen(['setsid', 'sh', '-c', left])\n    \
             time.sleep(100)\n",
    )]);
    let outcome = run(vec![python("test_a.py", "test_stubborn", 2)], &tree.settings());
    assert_eq!(result(&outcome, "test_stubborn").outcome, Outcome::TimedOut { limit: Duration::from_secs(2) });
    assert_eq!(alive(std::fs::read_to_string(tree.path.join("left")).unwrap().trim()), Vec::<String>::new());
}

#[test]
fn where_a_test_hung_is_part_of_its_result_and_what_it_took_of_its_steps() {
    let tree = Tree::new(&[(
        "test_a.py",
        "import subprocess, time\n\
         def deep_inside(): time.sleep(100)\n\
         def test_hangs():\n    \
             subprocess.Popen(['sleep', '100'])\n    \
             deep_inside()\n",
    )]);
    let outcome = run(vec![python("test_a.py", "test_hangs", 2)], &tree.settings());
    let result = result(&outcome, "test_hangs");
    assert_eq!(result.outcome, Outcome::TimedOut { limit: Duration::from_secs(2) });
    let message = &result.message;
    assert!(message.contains("test_a.py\", line 2 in deep_inside") && message.contains("sleep (S)"), "{message}");
    let usage = outcome.steps.iter().find(|step| step.step == result.step).unwrap().usage.unwrap();
    assert!(usage.processor_time > Duration::ZERO && usage.peak_memory > 1 << 20, "{usage:?}");
}

#[test]
fn a_test_that_leaves_a_process_passes_and_is_named() {
    let tree = Tree::new(&[(
        "test_a.py",
        "import subprocess\ndef test_leaves(): subprocess.Popen(['setsid', 'sleep', '100'])\n",
    )]);
    let mut warnings = Vec::new();
    let plan = support::plan(vec![python("test_a.py", "test_leaves", 60)]);
    let outcome = test_runner::run(&plan, &tree.settings(), &test_runner::Interrupt::new(), |event| {
        if let test_runner::Event::Warning(text) = event {
            warnings.push(text.clone());
        }
    });
    assert_eq!(result(&outcome.unwrap(), "test_leaves").outcome, Outcome::Passed);
    assert!(warnings.iter().any(|text| text.contains("test_a.py::test_leaves: left processes")), "{warnings:?}");
}

/// A test that hangs would be one that failed or one that took too long, by which of two limits at one moment came first.
#[test]
fn of_two_limits_at_one_moment_the_runners_own_holds_and_a_sooner_one_of_pytest_timeout_does() {
    let source = "import pytest, signal, time\n\
        def timer(): return signal.getitimer(signal.ITIMER_REAL)[0]\n\
        @pytest.mark.timeout(30)\ndef test_same(): assert timer() == 0\n\
        @pytest.mark.timeout(20)\ndef test_sooner(): assert timer() > 10\n\
        @pytest.mark.timeout(1)\ndef test_hangs(): time.sleep(60)\n";
    let tree = Tree::new(&[("test_a.py", source)]);
    let outcome = run(
        vec![
            python("test_a.py", "test_same", 30),
            python("test_a.py", "test_sooner", 30),
            python("test_a.py", "test_hangs", 1),
        ],
        &tree.settings(),
    );
    assert_eq!(result(&outcome, "test_same").outcome, Outcome::Passed, "{:#?}", outcome.results);
    assert_eq!(result(&outcome, "test_sooner").outcome, Outcome::Passed, "{:#?}", outcome.results);
    let hangs = result(&outcome, "test_hangs");
    assert_eq!(hangs.outcome, Outcome::TimedOut { limit: Duration::from_secs(1) });
    assert!(hangs.message.contains("in test_hangs") && !hangs.output.contains("pytest-timeout"), "{hangs:#?}");
}
