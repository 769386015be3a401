//! What single tests take of processors and memory, in processes that run several, and what of it the runner changes.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use support::{Tree, python, result, run};
use test_runner::CaseUsage;

const TESTS: &str = "import os, subprocess, sys, time
BURN = 'import time\\nend = time.process_time() + 0.5\\nwhile time.process_time() < end: pass'
def test_before(): pass
def test_holds():
    held = bytearray(300 << 20)
    held[::4096] = b'x' * len(held[::4096])
def test_after(): pass
def test_burns(): exec(BURN)
def test_child_burns(): subprocess.run([sys.executable, '-c', BURN], check=True)
def test_dies(): os._exit(3)
";

#[test]
fn a_test_is_charged_what_it_takes_and_not_what_those_before_took() {
    let tree = Tree::new(&[("test_a.py", TESTS)]);
    let names = ["test_before", "test_holds", "test_after", "test_burns", "test_child_burns", "test_dies"];
    let outcome = run(names.map(|name| python("test_a.py", name, 60)).to_vec(), &tree.settings());
    let usage = |name: &str| -> CaseUsage { result(&outcome, name).usage.unwrap() };
    let memory = |name: &str| usage(name).peak_memory.unwrap() >> 20;
    assert!(memory("test_holds") >= memory("test_before") + 290, "{outcome:#?}");
    assert!(memory("test_after") + 250 <= memory("test_holds"), "{outcome:#?}");
    for name in ["test_burns", "test_child_burns"] {
        assert!(usage(name).processor_time >= Duration::from_millis(490), "{name}: {outcome:#?}");
    }
    assert!(usage("test_before").processor_time < Duration::from_millis(400), "{outcome:#?}");
    assert_eq!(result(&outcome, "test_dies").usage, None);
    // The shim sees the peak as it is at the end: the process tells the rest.
    let step = outcome.steps.iter().filter_map(|step| step.usage).map(|usage| usage.peak_memory >> 20).max();
    assert!(step.unwrap() >= memory("test_holds"), "{outcome:#?}");
}

#[test]
fn a_run_does_without_huge_pages_and_its_tests_have_them_as_before() {
    // Of what started this process, which no run changes.
    let before = huge_pages(&std::os::unix::process::parent_id().to_string());
    let tree = Tree::new(&[(
        "test_a.py",
        "def test_tells():
    status = open('/proc/self/status').read()
    raise Exception(status[status.index('THP_enabled'):].splitlines()[0])
",
    )]);
    let outcome = run(vec![python("test_a.py", "test_tells", 60)], &tree.settings());
    let told = &result(&outcome, "test_tells").message;
    assert!(told.contains(&format!("THP_enabled:\t{before}")), "{told}");
    assert_eq!(huge_pages("self"), "0");
}

/// Whether the kernel gives this process any: `1` or `0`.
fn huge_pages(process: &str) -> String {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("THP_enabled:"));
    line.unwrap().trim().to_owned()
}
