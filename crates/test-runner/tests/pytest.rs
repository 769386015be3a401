//! Real pytest, and tests that misbehave.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::HashMap;
use std::time::Duration;

use support::{Tree, python, result, run};
use test_runner::{NotRunCause, Outcome};

#[test]
fn every_planned_test_gets_its_own_result() {
    let source = "import os, sys, time, pytest\n\
         def test_passes(): pass\n\
         def test_fails(): assert 1 == 2\n\
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
    settings.collection_limit = Duration::from_secs(8);
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
