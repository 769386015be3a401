//! A run that is killed loses no finished result and leaves no process, and what continues it gives no result twice.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io::{Read, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::disk::Disk;
use support::faults::{FAULTS, Fault};
use support::processes::{gone, of_tree};
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
    with_jobs(2, tree, options)
}

fn with_jobs(jobs: u32, tree: &Path, options: &[&str]) -> Command {
    let (python, jobs) = (oracle::python(), jobs.to_string());
    let mut command =
        xtask(&["test", "--tree", tree.to_str().unwrap(), "-j", &jobs, "--python", python.to_str().unwrap()]);
    command.args(options);
    command
}

/// The command that exports a tree's history.
fn export(tree: &Path) -> Command {
    xtask(&["history", "export", "--tree", tree.to_str().unwrap()])
}

/// The outcomes of each test that ran to its end, by the history: by the run's id, then by the test's.
fn recorded_of_runs(export: &mut Command) -> BTreeMap<String, BTreeMap<String, Vec<String>>> {
    let found = answer(export);
    let mut of_runs = BTreeMap::new();
    if found.code == 4 {
        return of_runs;
    }
    assert_eq!(found.code, 0, "{}", found.stderr);
    let document: serde_json::Value = serde_json::from_str(&found.stdout).unwrap();
    for run in document["runs"].as_array().unwrap() {
        let mut outcomes: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for result in run["results"].as_array().unwrap() {
            let text = |key: &str| result[key].as_str().unwrap().to_owned();
            outcomes.entry(text("id")).or_default().push(text("outcome"));
        }
        of_runs.insert(run["id"].as_str().unwrap().to_owned(), outcomes);
    }
    of_runs
}

/// The same over all runs.
fn recorded_by(export: &mut Command) -> BTreeMap<String, Vec<String>> {
    let mut outcomes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (id, of_run) in recorded_of_runs(export).into_values().flatten() {
        outcomes.entry(id).or_default().extend(of_run);
    }
    outcomes
}

fn recorded(tree: &Path) -> BTreeMap<String, Vec<String>> {
    recorded_by(&mut export(tree))
}

/// How many rounds of a campaign are played: a few, or what `KILL_ROUNDS` says.
fn rounds(few: usize, part: usize) -> usize {
    std::env::var("KILL_ROUNDS").map_or(few, |rounds| (rounds.parse::<usize>().unwrap() / part).max(1))
}

/// A fraction of that time, by chance.
fn part_of(time: Duration) -> Duration {
    time.mul_f64(f64::from(u16::try_from(RandomState::new().hash_one(0) & 0x3ff).unwrap()) / 1024.0)
}

/// Writes a file that misbehaves into a tree.
fn add(fault: &Fault, tree: &Path, file: &str) {
    fs::write(tree.join(file), fault.text(tree.to_str().unwrap())).unwrap();
}

/// The tree with a file that misbehaves.
fn faulty(fault: &Fault) -> tempfile::TempDir {
    let tree = tree();
    add(fault, tree.path(), "test_fault.py");
    tree
}

/// Of the plugin for limits there would be two that end a test.
const OPTIONS: [&str; 3] = ["--", "-p", "no:timeout"];
/// The grace of a shim, and room for a loaded machine.
const GONE: Duration = Duration::from_secs(20);

/// That nothing was lost, nothing is there twice, and what misbehaves has the outcome that it must have.
fn assert_recorded(what: &str, recorded: &BTreeMap<String, Vec<String>>, fault: &Fault) {
    for (id, outcomes) in recorded {
        let expected = if id.starts_with("test_fault.py") { fault.outcome } else { "passed" };
        assert_eq!(outcomes[..], [expected], "{what}: {id}");
    }
}

/// What the campaign saw.
#[derive(Debug, Default)]
struct Seen {
    kills: usize,
    /// Kills that left results behind.
    kept: usize,
    /// Results that were told before a kill.
    told: usize,
    /// Kills at which processes of the run were there.
    busy: usize,
    /// The longest from a kill to nothing left.
    longest: Duration,
}

#[test]
fn whatever_a_test_does_it_has_its_outcome_and_nothing_is_left() {
    let tree = tree();
    for (number, fault) in FAULTS.iter().enumerate() {
        add(fault, tree.path(), &format!("test_fault_{number}.py"));
    }
    let found = answer(&mut test(tree.path(), &OPTIONS));
    // The runner has ended, and so has all that it started: nothing is waited for.
    assert_eq!(of_tree(tree.path()), BTreeSet::new());
    assert_eq!(found.code, 1, "{} {}", found.stdout, found.stderr);
    let recorded = recorded(tree.path());
    assert_eq!(recorded.len(), FILES * TESTS + FAULTS.len());
    for (number, fault) in FAULTS.iter().enumerate() {
        assert_eq!(recorded[&format!("test_fault_{number}.py::test_fault")], [fault.outcome], "{}", fault.name);
    }
}

/// A few rounds; `KILL_ROUNDS=500` makes it a campaign.
#[test]
fn a_killed_runner_loses_no_result_leaves_nothing_and_is_continued_without_giving_one_twice() {
    let rounds = rounds(4, 1);
    let undisturbed = tree();
    let began = Instant::now();
    assert_eq!(answer(&mut test(undisturbed.path(), &OPTIONS)).code, 0);
    // With the second that a test may hang, and some of the grace.
    let whole = began.elapsed() + Duration::from_secs(2);
    let mut seen = Seen::default();
    // A few rounds meet another few faults each time.
    let first = usize::from(RandomState::new().hash_one(0).to_le_bytes()[0]);
    for round in 0..rounds {
        let fault = &FAULTS[(first + round) % FAULTS.len()];
        killed_round(&format!("round {round}, {}", fault.name), fault, whole, &mut seen);
    }
    writeln!(std::io::stderr(), "{rounds} rounds: {seen:?}").unwrap();
    assert!(seen.told > 0, "no line names a test: the test tests nothing");
    assert!(rounds < 10 || seen.kept > 0, "none of the kills left a result behind: the test tests nothing");
    assert!(rounds < 10 || seen.busy > 0, "at none of the kills a process ran: the test tests nothing");
}

/// The tests that were told. What was cut off in the middle of a line was not.
fn told_ids(err: &str) -> Vec<String> {
    let lines = err.split_inclusive('\n').filter(|line| line.ends_with('\n') && !line.starts_with("warning:"));
    lines.filter_map(|line| line.split_whitespace().find(|word| word.contains(".py::"))).map(str::to_owned).collect()
}

/// A run that is killed twice, and continued until it comes to its end.
fn killed_round(what: &str, fault: &Fault, whole: Duration, seen: &mut Seen) {
    let tree = faulty(fault);
    let mut told = BTreeSet::new();
    let mut resume = false;
    for attempt in 0.. {
        let options: &[&str] = if resume { &["--resume"] } else { &[] };
        let mut runner = test(tree.path(), &[options, &OPTIONS].concat());
        let mut runner = runner.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let is_killed = attempt < 2;
        if is_killed {
            std::thread::sleep(part_of(whole));
            // It may have ended by itself.
            let _ = runner.kill();
            seen.kills += 1;
        }
        let (mut out, mut err) = (String::new(), String::new());
        runner.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        runner.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        let status = runner.wait().unwrap();
        seen.busy += usize::from(!of_tree(tree.path()).is_empty());
        match gone(tree.path(), if status.code().is_some() { Duration::ZERO } else { GONE }) {
            Ok(took) => seen.longest = seen.longest.max(took),
            // Nobody is there to end them until the next run.
            Err(_) if fault.name == "kills its shim" && status.code().is_none() => {}
            Err(left) => panic!("{what}: {left:?} {out} {err}"),
        }
        told.extend(told_ids(&err));
        let recorded = recorded(tree.path());
        assert!(told.iter().all(|id| recorded.contains_key(id)), "{what}: {told:?} {recorded:?}");
        assert_recorded(what, &recorded, fault);
        match status.code() {
            Some(0 | 1) => {
                assert_eq!(recorded.len(), FILES * TESTS + 1, "{what}: {out} {err}");
                assert!(out.contains(&format!("{} run in", FILES * TESTS + 1)), "{what}: {out}");
                seen.told += told.len();
                break;
            }
            Some(2) if err.contains("nothing to continue: no run") => resume = false,
            // It was killed when all was kept, before it could say so.
            Some(2) if err.contains("nothing to continue: the last run") => {
                assert_eq!(recorded.len(), FILES * TESTS + 1, "{what}: {recorded:?}");
                break;
            }
            None if is_killed => resume = true,
            code => panic!("{what}: {code:?} {out} {err}"),
        }
        seen.kept += usize::from(!recorded.is_empty());
    }
}

/// Three runs of one tree at once, each killed at a moment of its own: each has what it told, and what is left goes on.
#[test]
fn runs_of_one_tree_that_are_killed_side_by_side_lose_nothing_and_are_continued() {
    let faults: Vec<&Fault> = FAULTS.iter().filter(|fault| fault.name != "kills its shim").collect();
    let first = usize::from(RandomState::new().hash_one(0).to_le_bytes()[0]);
    let mut kept = 0;
    let rounds = rounds(1, 10);
    for round in 0..rounds {
        let fault = faults[(first + round) % faults.len()];
        let what = format!("round {round}, {}", fault.name);
        let tree = faulty(fault);
        let options = [&["--message-format", "jsonl"][..], &OPTIONS].concat();
        let start = || test(tree.path(), &options).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let runners = [start(), start(), start()].map(|mut runner| {
            let life = part_of(Duration::from_secs(12));
            std::thread::spawn(move || {
                std::thread::sleep(life);
                let _ = runner.kill();
                let out = String::from_utf8(runner.wait_with_output().unwrap().stdout).unwrap();
                let whole = out.split_inclusive('\n').filter(|line| line.ends_with('\n'));
                whole.map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<serde_json::Value>>()
            })
        });
        let told = runners.map(|runner| runner.join().unwrap());
        gone(tree.path(), GONE).unwrap_or_else(|left| panic!("{what}: {left:?}"));
        let of_runs = recorded_of_runs(&mut export(tree.path()));
        for events in told {
            let Some(run) = events.iter().find_map(|event| event["run"].as_str()) else { continue };
            let empty = BTreeMap::new();
            let recorded = of_runs.get(run).unwrap_or(&empty);
            assert_recorded(&what, recorded, fault);
            for event in events.iter().filter(|event| event["event"] == "case-finished") {
                assert!(recorded.contains_key(event["id"].as_str().unwrap()), "{what}: {event} {recorded:?}");
            }
            kept += recorded.len();
        }
        let found = answer(&mut test(tree.path(), &[&["--resume"][..], &OPTIONS].concat()));
        match found.code {
            0 | 1 => {
                assert!(found.stdout.contains(&format!("{} run in", FILES * TESTS + 1)), "{what}: {}", found.stdout)
            }
            2 => assert!(found.stderr.contains("nothing to continue"), "{what}: {}", found.stderr),
            code => panic!("{what}: {code} {} {}", found.stdout, found.stderr),
        }
        assert_eq!(of_tree(tree.path()), BTreeSet::new(), "{what}");
    }
    writeln!(std::io::stderr(), "{rounds} rounds of three runs at once: {kept} results kept").unwrap();
}

/// A disk below the state folder of a tree, or `None` and a word about it where this machine has no such thing.
fn disk(tree: &Path) -> Option<Disk> {
    let folder = tree.join("target/xtask");
    fs::create_dir_all(&folder).unwrap();
    let disk = Disk::new(&folder, 16 << 10);
    if disk.is_none() {
        std::io::stderr().write_all(b"not tried: this machine lets nobody mount a disk of his own\n").unwrap();
    }
    disk
}

/// The first test fills the disk, later ones need a new process, and the run comes to its end.
#[test]
fn a_disk_that_fills_up_or_is_read_only_costs_what_is_kept_and_not_the_run() {
    let tree = tree();
    let Some(disk) = disk(tree.path()) else { return };
    let fill = "import pathlib\n\
                def test_fills():\n    \
                    try:\n        \
                        with open('target/xtask/filler', 'wb') as file:\n            \
                            while True: file.write(bytes(1 << 16)); file.flush()\n    \
                    except OSError: pass\n";
    fs::write(tree.path().join("test_a_fills.py"), fill).unwrap();
    fs::write(tree.path().join("test_b_dies.py"), "import os\ndef test_dies(): os._exit(3)\n").unwrap();
    fs::write(tree.path().join("test_c.py"), "def test_after(): pass\n").unwrap();
    let run = || answer(&mut disk.command(&with_jobs(1, tree.path(), &[])));
    let count = FILES * TESTS + 2;
    let found = run();
    assert_eq!(found.code, 1, "{} {}", found.stdout, found.stderr);
    assert!(
        found.stdout.contains(&format!("{count} passed, 0 failed, 1 crashed")),
        "{} {}",
        found.stdout,
        found.stderr
    );
    assert!(found.stderr.contains("disk is full: make room on the disk"), "{}", found.stderr);
    let kept = told_ids(found.stderr.split("not kept").next().unwrap());
    assert!(kept.len() >= (FILES - 1) * TESTS, "{kept:?} {}", found.stderr);
    fs::remove_file(tree.path().join("test_b_dies.py")).unwrap();
    // It is full from the beginning.
    let found = run();
    assert_eq!(found.code, 3, "{} {}", found.stdout, found.stderr);
    assert!(found.stdout.contains(&format!("{count} passed")), "{} {}", found.stdout, found.stderr);
    assert!(found.stdout.contains("are not kept"), "{}", found.stdout);
    disk.free();
    fs::remove_file(tree.path().join("test_a_fills.py")).unwrap();
    // What was kept before is there.
    let before = recorded_by(&mut disk.command(&export(tree.path())));
    assert!(kept.iter().all(|id| before.contains_key(id)), "{kept:?} {before:?}");
    assert_eq!(run().code, 0);
    disk.protect();
    let found = run();
    assert_eq!(found.code, 3, "{} {}", found.stdout, found.stderr);
    assert!(found.stdout.contains(&format!("{} passed", FILES * TESTS + 1)), "{} {}", found.stdout, found.stderr);
    assert!(found.stderr.contains("Read-only file system"), "{}", found.stderr);
}

/// Runs whose disk fills up at some moment and that are killed at some later one, and a run that continues them when there is
/// room.
#[test]
fn a_full_disk_and_a_kill_lose_only_what_a_warning_said() {
    let rounds = rounds(1, 10);
    let (mut kept, mut warned) = (0, 0);
    for round in 0..rounds {
        let tree = tree();
        let Some(disk) = disk(tree.path()) else { return };
        let mut resume = false;
        let mut told = BTreeSet::new();
        for attempt in 0.. {
            let options: &[&str] = if resume { &["--resume"] } else { &[] };
            let mut runner = disk.command(&test(tree.path(), options));
            let mut runner = runner.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            if attempt < 2 {
                std::thread::sleep(part_of(Duration::from_secs(4)));
                disk.fill();
                std::thread::sleep(part_of(Duration::from_secs(2)));
                let _ = runner.kill();
            }
            let ended = runner.wait_with_output().unwrap();
            gone(tree.path(), GONE).unwrap_or_else(|left| panic!("round {round}: {left:?}"));
            disk.free();
            let (out, err) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
            let before = err.find("not kept").map_or(&*err, |at| &err[..at]);
            warned += usize::from(before.len() < err.len());
            told.extend(told_ids(before));
            let recorded = recorded_by(&mut disk.command(&export(tree.path())));
            assert!(told.iter().all(|id| recorded.contains_key(id)), "round {round}: {told:?} {recorded:?} {err}");
            assert!(recorded.values().all(|outcomes| outcomes[..] == ["passed"]), "round {round}: {recorded:?}");
            match ended.status.code() {
                Some(0) => {
                    assert_eq!(recorded.len(), FILES * TESTS, "round {round}: {out} {err}");
                    kept += told.len();
                    break;
                }
                Some(2) if err.contains("nothing to continue: no run") => resume = false,
                // It was killed when all was kept, before it could say so.
                Some(2) if err.contains("nothing to continue: the last run") => {
                    assert_eq!(recorded.len(), FILES * TESTS, "round {round}: {recorded:?}");
                    break;
                }
                // It ended, with results in memory only, or was killed.
                Some(3) | None if attempt < 2 => resume = true,
                code => panic!("round {round}: {code:?} {out} {err}"),
            }
        }
    }
    writeln!(std::io::stderr(), "{rounds} rounds with a full disk: {kept} told and kept, {warned} warnings").unwrap();
}

/// The shims of a tree, by their command line.
fn shims(tree: &Path) -> Vec<Pid> {
    let those = of_tree(tree);
    let ids = those.iter().filter(|line| line.contains("__test-runner-shim")).filter_map(|line| line.split(' ').next());
    ids.map(|id| Pid::from_raw(id.parse().unwrap())).collect()
}

#[test]
fn what_is_left_when_the_runner_and_its_shims_are_killed_is_ended_by_the_next_run_of_the_tree() {
    let fault = FAULTS.iter().find(|fault| fault.name.starts_with("ignores TERM")).unwrap();
    let (tree, other) = (faulty(fault), faulty(fault));
    for folder in [&tree, &other] {
        // It is killed while the test hangs.
        let text = fs::read_to_string(folder.path().join("test_fault.py")).unwrap();
        fs::write(folder.path().join("test_fault.py"), text.replace("timeout(1)", "timeout(600)")).unwrap();
        let mut runner = test(folder.path(), &OPTIONS).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let until = Instant::now() + Duration::from_secs(60);
        while of_tree(folder.path()).iter().filter(|line| line.contains("trap")).count() < 2 {
            assert!(Instant::now() < until, "{:?}", of_tree(folder.path()));
            std::thread::sleep(Duration::from_millis(20));
        }
        // Stopped first, so that it cannot sweep.
        let id = Pid::from_raw(runner.id().cast_signed());
        kill(id, Signal::SIGSTOP).unwrap();
        shims(folder.path()).into_iter().for_each(|shim| kill(shim, Signal::SIGKILL).unwrap());
        runner.kill().unwrap();
        runner.wait().unwrap();
        std::thread::sleep(Duration::from_millis(300));
        assert!(!of_tree(folder.path()).is_empty());
    }
    fs::remove_file(tree.path().join("test_fault.py")).unwrap();
    let found = answer(&mut test(tree.path(), &[]));
    assert_eq!(found.code, 0, "{} {}", found.stdout, found.stderr);
    assert!(found.stderr.contains("were left and are ended"), "{}", found.stderr);
    assert_eq!(of_tree(tree.path()), BTreeSet::new());
    // What is another tree's is that tree's.
    assert!(!of_tree(other.path()).is_empty());
    fs::remove_file(other.path().join("test_fault.py")).unwrap();
    assert_eq!(answer(&mut test(other.path(), &[])).code, 0);
    assert_eq!(of_tree(other.path()), BTreeSet::new());
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

/// The document in a page.
fn page(file: &Path) -> serde_json::Value {
    let text = fs::read_to_string(file).unwrap();
    let (_, data) = text.split_once("<script type=\"application/json\" id=\"data\">").unwrap();
    serde_json::from_str(data.split_once("</script>").unwrap().0).unwrap()
}

#[test]
fn a_run_that_was_continued_is_drawn_with_its_parts_one_behind_the_other() {
    let tree = tempfile::tempdir().unwrap();
    let tests: String = (0..12)
        .map(|test| format!("@pytest.mark.pre_merge\n@pytest.mark.unit\ndef test_{test}(): time.sleep(0.2)\n"))
        .collect();
    fs::write(tree.path().join("test_a.py"), format!("import time, pytest\n{tests}")).unwrap();
    let options = ["-j", "1", "--stage", "pre_merge", "--policy", "dynamo-2025-10"];
    let run = |more: &[&str]| {
        let python = oracle::python();
        let mut command =
            xtask(&["test", "--tree", tree.path().to_str().unwrap(), "--python", python.to_str().unwrap()]);
        command.args(options).args(more);
        command
    };
    let mut first = run(&[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    let lines = || {
        let runs = fs::read_dir(tree.path().join("target/xtask/runs")).into_iter().flatten().flatten();
        runs.filter_map(|run| fs::read_to_string(run.path().join("results.jsonl")).ok())
            .map(|it| it.lines().count())
            .sum::<usize>()
    };
    while lines() < 3 {
        assert!(began.elapsed() < Duration::from_secs(60), "no result came");
        std::thread::sleep(Duration::from_millis(20));
    }
    kill(Pid::from_raw(i32::try_from(first.id()).unwrap()), Signal::SIGINT).unwrap();
    assert_eq!(first.wait().unwrap().code(), Some(130));
    let file = tree.path().join("page.html");
    let second = answer(&mut run(&["--resume", "--html", file.to_str().unwrap()]));
    assert_eq!(second.code, 0, "{}{}", second.stdout, second.stderr);
    let of_run = page(&file);
    // One test at a time, so that what does not overlap is one row.
    let rows = of_run["run"]["timeline"]["devices"][0]["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 1, "{rows:#?}");
    assert_eq!(rows[0].as_array().unwrap().iter().map(|bar| bar["count"].as_u64().unwrap()).sum::<u64>(), 12);
    assert!(of_run["run"]["timeline"]["whole_ms"].as_u64().unwrap() >= 12 * 200);
    // The plan of the run is that of what was missing.
    assert_eq!((&of_run["plan"]["is_of_run"], &of_run["plan"]["stage"]), (&true.into(), &"pre_merge".into()));
    assert!(of_run["plan"]["tests"].as_u64().unwrap() < 12, "{}", of_run["plan"]);

    // The same later: the history knows of parts and of the stage, whose budgets count.
    let later = answer(&mut xtask(&[
        "report",
        "--tree",
        tree.path().to_str().unwrap(),
        "--policy",
        "dynamo-2025-10",
        "--output",
        file.to_str().unwrap(),
    ]));
    assert_eq!(later.code, 0, "{}", later.stderr);
    let later = page(&file);
    assert_eq!(later["run"]["timeline"], of_run["run"]["timeline"]);
    assert_eq!(later["run"]["budgets"], of_run["run"]["budgets"]);
    assert_eq!(later["plan"], serde_json::Value::Null);
}
