//! A run that is killed loses no finished result, and what continues it gives none twice.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::{answer, xtask};

const FILES: usize = 4;
const TESTS: usize = 10;

fn tree() -> tempfile::TempDir {
    let tree = tempfile::tempdir().unwrap();
    for file in 0..FILES {
        let tests = (0..TESTS).map(|test| format!("def test_{test}(): time.sleep(0.02)\n")).collect::<String>();
        fs::write(tree.path().join(format!("test_{file}.py")), format!("import time\n{tests}")).unwrap();
    }
    tree
}

fn test(tree: &Path, options: &[&str]) -> Command {
    let python = oracle::python();
    let mut command =
        xtask(&["test", "--tree", tree.to_str().unwrap(), "-j", "2", "--python", python.to_str().unwrap()]);
    command.args(options);
    command
}

/// How often each test ran to its end, by the history, over all runs.
fn recorded(tree: &Path) -> BTreeMap<String, usize> {
    let found = answer(&mut xtask(&["history", "export", "--tree", tree.to_str().unwrap()]));
    let mut times = BTreeMap::new();
    if found.code == 4 {
        return times;
    }
    assert_eq!(found.code, 0, "{}", found.stderr);
    let document: serde_json::Value = serde_json::from_str(&found.stdout).unwrap();
    let runs = document["runs"].as_array().unwrap();
    for result in runs.iter().flat_map(|run| run["results"].as_array().unwrap()) {
        assert_eq!(result["outcome"], "passed");
        *times.entry(result["id"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    times
}

/// A fraction of that time, by chance.
fn part_of(time: Duration) -> Duration {
    time.mul_f64(f64::from(u16::try_from(RandomState::new().hash_one(0) & 0x3ff).unwrap()) / 1024.0)
}

/// A few rounds; `KILL_ROUNDS=500` makes it a campaign.
#[test]
fn a_killed_runner_loses_no_result_and_is_continued_without_giving_one_twice() {
    let rounds = std::env::var("KILL_ROUNDS").map_or(8, |rounds| rounds.parse().unwrap());
    let undisturbed = tree();
    let began = Instant::now();
    assert_eq!(answer(&mut test(undisturbed.path(), &[])).code, 0);
    let whole = began.elapsed();
    let (mut kills, mut kept, mut heard) = (0, 0, 0);
    for round in 0..rounds {
        let tree = tree();
        let mut told = BTreeSet::new();
        let mut options: &[&str] = &[];
        for attempt in 0.. {
            let mut runner = test(tree.path(), options).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            let is_killed = attempt < 2;
            if is_killed {
                std::thread::sleep(part_of(whole));
                // It may have ended by itself.
                let _ = runner.kill();
                kills += 1;
            }
            // The tests' processes may outlive a killed runner, and hold neither of these.
            let (mut out, mut err) = (String::new(), String::new());
            runner.stderr.take().unwrap().read_to_string(&mut err).unwrap();
            runner.stdout.take().unwrap().read_to_string(&mut out).unwrap();
            let status = runner.wait().unwrap();
            // What was cut off in the middle of a line was not told.
            let lines = err.split_inclusive('\n').filter(|line| line.ends_with('\n'));
            let ids = lines.filter_map(|line| line.split_whitespace().find(|word| word.contains(".py::")));
            told.extend(ids.map(str::to_owned));
            let recorded = recorded(tree.path());
            assert!(told.iter().all(|id| recorded.contains_key(id)), "round {round}: {told:?} {recorded:?}");
            assert!(recorded.values().all(|times| *times == 1), "round {round}: {recorded:?}");
            match status.code() {
                Some(0) => {
                    assert_eq!(recorded.len(), FILES * TESTS, "round {round}");
                    heard += told.len();
                    assert!(out.contains(&format!("{} run in", FILES * TESTS)), "round {round}: {out}");
                    break;
                }
                Some(2) if err.contains("nothing to continue: no run") => options = &[],
                None if is_killed => options = &["--resume"],
                code => panic!("round {round}: {code:?} {out} {err}"),
            }
            kept += usize::from(!recorded.is_empty());
        }
    }
    assert!(heard > 0, "no line names a test: the test tests nothing");
    assert!(rounds < 10 || kept > 0, "{kills} kills, and none left a result behind: the test tests nothing");
}

#[test]
fn only_what_failed_last_runs_again() {
    let tree = tempfile::tempdir().unwrap();
    let source = "import pathlib\ndef test_a(): pass\ndef test_b(): assert pathlib.Path('repaired').exists()\n";
    fs::write(tree.path().join("test_a.py"), source).unwrap();
    let ran = |options: &[&str]| {
        let found = answer(&mut test(tree.path(), options));
        let line = found.stdout.lines().find(|line| line.contains(" run in ")).map(str::to_owned);
        (found.code, line.map(|line| line.split(' ').next().unwrap().to_owned()))
    };
    let runs = |count: &str| Some(count.to_owned());
    assert_eq!(ran(&["--failed"]), (4, None));
    assert_eq!(ran(&[]), (1, runs("2")));
    assert_eq!(ran(&["--failed"]), (1, runs("1")));
    assert_eq!(ran(&["--resume"]), (2, None), "the last run came to its end");
    fs::write(tree.path().join("repaired"), "").unwrap();
    assert_eq!(ran(&["--failed"]), (0, runs("1")));
    assert_eq!(ran(&["--failed"]), (4, None));
}

#[test]
fn results_that_cannot_be_kept_are_exit_3() {
    let tree = tree();
    fs::create_dir_all(tree.path().join("target/xtask/history.sqlite")).unwrap();
    let found = answer(&mut test(tree.path(), &[]));
    assert_eq!(found.code, 3, "{}", found.stderr);
    assert!(found.stdout.contains("40 passed") && found.stdout.contains("are not kept"), "{}", found.stdout);
    // Nor is a broken history more than a warning, and one that says so.
    let broken = self::tree();
    fs::create_dir_all(broken.path().join("target/xtask")).unwrap();
    fs::write(broken.path().join("target/xtask/history.sqlite"), "broken".repeat(1000)).unwrap();
    let found = answer(&mut test(broken.path(), &[]));
    assert_eq!(found.code, 0, "{}", found.stderr);
    assert!(found.stderr.contains("it is kept as"), "{}", found.stderr);
}
