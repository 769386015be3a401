//! The store: what is written is read again, two may write at once, and a broken file costs itself only.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod support;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use camino::Utf8Path;
use support::{Tree, python, run};
use test_catalog::{Language, NodeId};
use test_runner::history::{FILE, HistoryError, Place, Pruned, RunFacts, RunState, Store};
use test_runner::{CaseResult, NotRunCause, Outcome};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn path(folder: &tempfile::TempDir) -> &Utf8Path {
    Utf8Path::from_path(folder.path()).unwrap()
}

fn open(folder: &tempfile::TempDir) -> Store {
    Store::open(path(folder)).unwrap().store
}

fn result(name: &str, outcome: Outcome) -> CaseResult {
    CaseResult {
        id: NodeId::from_text(format!("test_a.py::{name}")),
        occurrence: 0,
        round: 0,
        retried: false,
        usage: None,
        language: Language::Python,
        step: support::plan(Vec::new()).steps().next().unwrap().id,
        outcome,
        start: Duration::ZERO,
        duration: Duration::from_millis(1500),
        message: "it said\n\u{1b}[31m".to_owned(),
        output: "line\n".to_owned(),
        output_file: Some("a/b".into()),
        vram_peak: None,
        gpus: vec!["0".to_owned()],
    }
}

#[test]
fn every_result_that_ran_is_read_again_as_it_was() {
    let folder = folder();
    let store = open(&folder);
    store.begin("run", 1, &RunFacts::default(), None).unwrap();
    let outcomes = [
        Outcome::Passed,
        Outcome::Failed,
        Outcome::Skipped { reason: "no GPU".to_owned() },
        Outcome::XFailed { reason: String::new() },
        Outcome::XPassed,
        Outcome::TimedOut { limit: Duration::from_secs(1) },
        Outcome::Crashed { how: "signal 11".to_owned() },
        Outcome::NotRun { cause: NotRunCause::Deselected, reason: "-k".to_owned() },
        Outcome::NotRun { cause: NotRunCause::Interrupted, reason: "stopped".to_owned() },
    ];
    let mut written: Vec<CaseResult> =
        outcomes.into_iter().enumerate().map(|(n, outcome)| result(&format!("test_{n}"), outcome)).collect();
    for result in &written {
        store.add("run", result, "NVIDIA L4").unwrap();
    }
    // What did not run has to run.
    written.pop();
    assert_eq!(store.results("run", written[0].step).unwrap(), written);
    // A second one of the same name costs no later result, and the first is kept.
    let again = CaseResult { outcome: Outcome::Failed, ..written[0].clone() };
    store.add("run", &again, "").unwrap();
    assert_eq!(store.results("run", written[0].step).unwrap(), written);
    assert!(store.add("no such run", &written[0], "").is_err());
}

#[test]
fn four_runs_write_at_once_and_each_finds_all_that_it_wrote() {
    let folder = folder();
    std::thread::scope(|scope| {
        for run in 0..4 {
            let folder = &folder;
            scope.spawn(move || {
                // Each makes the schema, or waits for who does.
                let store = open(folder);
                let name = format!("run-{run}");
                store.begin(&name, run, &RunFacts::default(), None).unwrap();
                for number in 0..50 {
                    store.add(&name, &result(&format!("test_{number}"), Outcome::Passed), "").unwrap();
                }
                store.end(&name, RunState::Complete).unwrap();
            });
        }
    });
    let past = open(&folder).past().unwrap();
    assert_eq!((past.rows.len(), past.runs), (200, 4));
    assert!(past.rows.is_sorted_by_key(|row| std::cmp::Reverse(row.started_ms)));
}

#[test]
fn the_past_is_told_the_latest_run_first_and_of_each_case_the_latest_try() {
    let folder = folder();
    let store = open(&folder);
    let facts = RunFacts { selection: "all".to_owned(), ..RunFacts::default() };
    for (run, started) in [("early", 1), ("late", 2)] {
        store.begin(run, started, &facts, None).unwrap();
        // In another order than they are told.
        for round in [1, 2, 0] {
            for name in ["test_b", "test_a"] {
                let one = result(name, Outcome::Passed);
                let one = CaseResult { round, duration: Duration::from_secs(round.into()), ..one };
                store.add(run, &one, "").unwrap();
            }
        }
    }
    let past = store.past().unwrap();
    let told: Vec<_> = past.rows.iter().map(|row| (&*row.run, row.id.as_str(), row.seconds)).collect();
    let of_run = |run| ["test_a.py::test_a", "test_a.py::test_b"].map(|id| [2.0, 1.0, 0.0].map(|time| (run, id, time)));
    assert_eq!(told, ["late", "early"].map(of_run).concat().concat());
    assert!(past.is_of_here());
}

#[test]
fn a_broken_file_is_set_aside_and_said_and_a_newer_one_is_left_alone() {
    for broken in [&b"this is no database, although it is long enough to be taken for one"[..], &[0xff; 8192]] {
        let folder = folder();
        std::fs::write(path(&folder).join(FILE), broken).unwrap();
        let opened = Store::open(path(&folder)).unwrap();
        assert!(opened.set_aside.unwrap().contains("it is kept as"));
        opened.store.begin("run", 1, &RunFacts::default(), None).unwrap();
        let kept = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let kept: Vec<_> = kept.filter(|file| file.to_str().unwrap().contains(".corrupt-")).collect();
        assert_eq!(std::fs::read(&kept[0]).unwrap(), broken);
        assert!(Store::open(path(&folder)).unwrap().set_aside.is_none());
    }
    // A page in the middle, which opening alone does not meet.
    let folder = folder();
    let store = open(&folder);
    store.begin("run", 1, &RunFacts::default(), None).unwrap();
    for number in 0..500 {
        store.add("run", &result(&format!("test_{number}"), Outcome::Passed), "").unwrap();
    }
    drop(store);
    let mut bytes = std::fs::read(path(&folder).join(FILE)).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(0xab);
    std::fs::write(path(&folder).join(FILE), bytes).unwrap();
    // Who only reads it is told what to do, if the page is one of those that are read.
    if let Err(error) = Store::read(path(&folder)).unwrap().unwrap().past() {
        assert!(error.to_string().contains("let the next run of tests"), "{error}");
    }
    let said = Store::open(path(&folder)).unwrap().set_aside.unwrap();
    assert!(!said.contains("***") && said.to_lowercase().contains("page"), "{said}");
    newer_is_left_alone();
}

fn newer_is_left_alone() {
    let folder = folder();
    drop(open(&folder));
    let connection = rusqlite::Connection::open(path(&folder).join(FILE)).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    for error in [Store::open(path(&folder)).unwrap_err(), Store::read(path(&folder)).unwrap_err()] {
        assert!(matches!(error, HistoryError::Newer { found: 99, .. }), "{error}");
    }
}

#[test]
fn merging_is_idempotent_and_the_order_does_not_matter() {
    let machines: Vec<_> = (0..3)
        .map(|machine| {
            let folder = folder();
            let store = open(&folder);
            let name = format!("run-{machine}");
            let facts = RunFacts { revision: Some("abc".to_owned()), clean: true, ..RunFacts::default() };
            store.begin(&name, machine, &facts, None).unwrap();
            for number in 0..5 {
                store.add(&name, &result(&format!("test_{number}"), Outcome::Passed), "NVIDIA L4").unwrap();
            }
            let unfinished = store.export().unwrap();
            store.end(&name, RunState::Complete).unwrap();
            (unfinished, store.export().unwrap())
        })
        .collect();
    let merged = |order: &[usize]| {
        let folder = folder();
        let mut store = open(&folder);
        for machine in order {
            store.merge(&machines[*machine].0).unwrap();
            store.merge(&machines[*machine].1).unwrap();
        }
        for (unfinished, complete) in &machines {
            let again = store.merge(complete).unwrap();
            assert_eq!((again.runs, again.results), (0, 0));
            store.merge(unfinished).unwrap();
        }
        store.export().unwrap()
    };
    let all = merged(&[0, 1, 2]);
    assert_eq!(all, merged(&[2, 0, 1]));
    assert_eq!(all.matches("\"complete\"").count(), 3);
    let mut store = open(&folder());
    for wrong in ["", "{}", &all.replace("\"version\": 1", "\"version\": 2"), &all[..all.len() / 2]] {
        assert!(store.merge(wrong).is_err());
    }
    assert_eq!(store.past().unwrap().rows.len(), 0);
}

#[test]
fn what_was_measured_here_is_told_from_what_was_merged_in() {
    let (here, there) = (folder(), folder());
    let facts =
        |machine: &str| RunFacts { machine: machine.to_owned(), selection: "all".to_owned(), ..RunFacts::default() };
    let mut store = open(&here);
    let other = open(&there);
    for (store, run, machine) in [(&store, "own", "1x NVIDIA L4"), (&other, "other", "8x NVIDIA H100")] {
        store.begin(run, 1, &facts(machine), None).unwrap();
        store.add(run, &result("test_a", Outcome::Passed), "").unwrap();
    }
    store.merge(&other.export().unwrap()).unwrap();
    let past = store.past().unwrap();
    let places: Vec<_> = past.rows.iter().map(|row| (&*row.run, row.place.clone())).collect();
    assert_eq!(places, [("own", Place::Here), ("other", Place::Elsewhere("8x NVIDIA H100".to_owned()))]);
    let own = past.of_here();
    assert_eq!((own.runs, own.rows.len(), &*own.rows[0].run), (1, 1, "own"));
}

#[test]
fn old_runs_are_taken_out_with_their_folders_and_nothing_else_is() {
    let folder = folder();
    let mut store = open(&folder);
    let run_folder = |run: &str| folder.path().join("runs").join(run);
    let make_folder = |run: &str| std::fs::create_dir_all(run_folder(run)).unwrap();
    // An id that was merged in may be any text.
    std::fs::create_dir_all(folder.path().join("precious")).unwrap();
    for (started, run) in ["../precious", "oldest", "goes-on", "without-folder", "latest"].into_iter().enumerate() {
        store.begin(run, i64::try_from(started).unwrap(), &RunFacts::default(), None).unwrap();
        store.add(run, &result("test_a", Outcome::Passed), "").unwrap();
    }
    for run in ["oldest", "goes-on", "latest", "unknown"] {
        make_folder(run);
    }
    let lock = std::fs::File::create(run_folder("goes-on").join("lock")).unwrap();
    lock.lock().unwrap();
    let pruned = store.prune(path(&folder), 1).unwrap();
    assert_eq!((pruned.runs, pruned.results, pruned.folders), (3, 3, 1));
    let left: Vec<_> = store.past().unwrap().rows.into_iter().map(|row| row.run).collect();
    assert_eq!(left.iter().map(|run| &**run).collect::<Vec<_>>(), ["latest", "goes-on"]);
    assert!(!run_folder("oldest").exists() && folder.path().join("precious").exists());
    assert!(["goes-on", "latest", "unknown"].iter().all(|run| run_folder(run).exists()));
    drop(lock);
    assert_eq!(store.prune(path(&folder), 1).unwrap().runs, 1);
    assert_eq!(store.prune(path(&folder), 1).unwrap(), Pruned::default());
}

#[test]
fn a_run_without_a_store_goes_on_and_says_why() {
    let source = "def test_a(): pass\ndef test_b(): pass\n";
    let demands = || ["test_a", "test_b"].map(|name| python("test_a.py", name, 30)).to_vec();
    // A folder where the store should be, and a file where its folder should be: also root cannot write there.
    for (name, text) in [("target/xtask/history.sqlite/in-the-way", ""), ("target/xtask", "")] {
        let tree = Tree::new(&[("test_a.py", source), (name, text)]);
        let outcome = run(demands(), &tree.settings());
        assert!(outcome.not_kept.is_some(), "{name}");
        assert_eq!(outcome.warnings.len(), 1, "{:?}", outcome.warnings);
        assert!(outcome.results.iter().all(|result| result.outcome == Outcome::Passed), "{:#?}", outcome.results);
        assert_eq!(outcome.results.len(), 2);
    }
    let tree = Tree::new(&[("test_a.py", source), ("target/xtask/history.sqlite", &"broken".repeat(1000))]);
    let outcome = run(demands(), &tree.settings());
    assert_eq!((outcome.not_kept, outcome.warnings.len(), outcome.results.len()), (None, 1, 2));
}

/// Prints what 2,000 results cost: `cargo test -p test-runner --test history -- --ignored --nocapture overhead`.
#[test]
#[ignore = "a measurement"]
fn overhead_of_2000_results() {
    let folder = folder();
    let store = open(&folder);
    store.begin("run", 1, &RunFacts::default(), None).unwrap();
    let began = Instant::now();
    for number in 0..2000 {
        store.add("run", &result(&format!("test_{number}"), Outcome::Passed), "").unwrap();
    }
    let took = began.elapsed();
    eprintln!("2,000 results: {took:?}, {:?} each", took / 2000);
    assert!(took < Duration::from_secs(20));
}

#[test]
fn a_state_folder_that_is_removed_while_a_run_goes_on_is_told() {
    let source = "import shutil\ndef test_a(): pass\ndef test_cleans(): shutil.rmtree('target')\ndef test_b(): pass\n";
    let tree = Tree::new(&[("test_a.py", source)]);
    let demands = ["test_a", "test_cleans", "test_b"].map(|name| python("test_a.py", name, 60)).to_vec();
    let outcome = run(demands.clone(), &tree.settings());
    assert!(outcome.results.iter().all(|result| result.outcome.as_str() == "passed"), "{:#?}", outcome.results);
    let why = outcome.not_kept.unwrap();
    assert!(why.contains("results.jsonl was removed or replaced while the run went on"), "{why}");
    std::fs::write(tree.path.join("test_a.py"), source.replace("shutil.rmtree('target')", "pass")).unwrap();
    assert_eq!(run(demands, &tree.settings()).not_kept, None);
}

#[test]
fn what_failed_last_failed_in_any_round_of_the_last_run_that_tells() {
    let folder = folder();
    let store = open(&folder);
    let not_run = |cause| Outcome::NotRun { cause, reason: "why".to_owned() };
    let runs: [(&str, Vec<CaseResult>); 3] = [
        ("1", vec![result("repaired", Outcome::Failed), result("interrupted", Outcome::Failed)]),
        (
            "2",
            vec![
                result("repeated", Outcome::Failed),
                CaseResult { round: 1, ..result("repeated", Outcome::Passed) },
                CaseResult { retried: true, ..result("raced", Outcome::Failed) },
                CaseResult { round: 1, ..result("raced", Outcome::Passed) },
                CaseResult { retried: true, ..result("lost", Outcome::Failed) },
                CaseResult { round: 1, ..result("lost", Outcome::Crashed { how: "signal 9".to_owned() }) },
                result("repaired", Outcome::Passed),
                result("uncollected", not_run(NotRunCause::Collection)),
                result("refused", not_run(NotRunCause::Machine)),
                result("skipped", Outcome::Skipped { reason: "why".to_owned() }),
            ],
        ),
        ("3", vec![result("interrupted", not_run(NotRunCause::Interrupted))]),
    ];
    for ((run, results), millis) in runs.iter().zip(1..) {
        store.begin(run, millis, &RunFacts::default(), None).unwrap();
        results.iter().for_each(|result| store.add(run, result, "").unwrap());
    }
    let expected = |names: &[&str]| -> HashSet<(NodeId, u32)> {
        names.iter().map(|name| (NodeId::from_text(format!("test_a.py::{name}")), 0)).collect()
    };
    assert_eq!(store.failed_last().unwrap(), expected(&["interrupted", "repeated", "lost", "uncollected"]));
    // A document has no details: a failure that is followed by another result is taken for one that was tried again.
    let elsewhere = tempfile::tempdir().unwrap();
    let mut merged = open(&elsewhere);
    merged.merge(&store.export().unwrap()).unwrap();
    assert_eq!(merged.failed_last().unwrap(), expected(&["interrupted", "lost"]));
}
