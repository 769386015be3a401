//! Ports of slots, as tests of real pytest and cargo find them.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;

use support::{Tree, library, python, run, rust};
use test_runner::{NotRunCause, Outcome, PortSettings, RunSettings};

const TEST: &str = "import os, pathlib, socket, time
def test_a():
    first, last = os.environ['TEST_PORTS'].split('-')
    held = [socket.create_server(('127.0.0.1', port)) for port in range(int(first), int(last) + 1)]
    pathlib.Path(__file__).with_suffix('.ports').write_text(f'{first} {len(held)}')
    time.sleep(1.5)
";

fn settings(tree: &Tree, file: &Tree, (first, last): (u16, u16)) -> RunSettings {
    let file = file.path.join("ports");
    let ports = PortSettings { variable: "TEST_PORTS".to_owned(), first, last, each: 4, file };
    RunSettings { ports: Some(ports), ..tree.settings() }
}

#[test]
fn steps_of_two_runs_at_once_have_ports_of_their_own() {
    let trees = [(); 2].map(|()| Tree::new(&[("test_a.py", TEST), ("test_b.py", TEST)]));
    let file = Tree::new(&[]);
    std::thread::scope(|scope| {
        for tree in &trees {
            scope.spawn(|| {
                let demands = vec![python("test_a.py", "test_a", 30), python("test_b.py", "test_a", 30)];
                let outcome = run(demands, &settings(tree, &file, (43_300, 43_399)));
                assert!(outcome.results.iter().all(|one| one.outcome == Outcome::Passed), "{outcome:#?}");
            });
        }
    });
    let mut firsts = BTreeSet::new();
    for tree in &trees {
        for name in ["test_a.ports", "test_b.ports"] {
            let text = std::fs::read_to_string(tree.path.join(name)).unwrap();
            let (first, count) = text.split_once(' ').unwrap();
            assert_eq!(count, "4");
            firsts.insert(first.to_owned());
        }
    }
    // Each run has two steps at a time, unless one has taken over the other's file.
    assert!(firsts.len() >= 2, "{firsts:?}");
}

#[test]
fn where_no_ports_are_left_tests_do_not_run_and_say_why() {
    let manifest = "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    let source = "#[test] fn has() { assert_eq!(std::env::var(\"TEST_PORTS\").unwrap(), \"43400-43403\"); }\n";
    let tree = Tree::new(&[("Cargo.toml", manifest), ("src/lib.rs", source)]);
    let file = Tree::new(&[]);
    let outcome = run(vec![rust(&library(), "has")], &settings(&tree, &file, (43_400, 43_403)));
    assert_eq!(outcome.results[0].outcome, Outcome::Passed, "{outcome:#?}");
    let outcome = run(vec![rust(&library(), "has")], &settings(&tree, &file, (43_400, 43_402)));
    let why = &outcome.results[0].outcome;
    assert!(
        matches!(why, Outcome::NotRun { cause: NotRunCause::Machine, reason } if reason.contains("[ports]")),
        "{why:?}"
    );
}
