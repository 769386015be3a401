//! What a run tells other programs: events, JUnit XML, the page of a GitHub job; and what it never tells.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use support::{answer, repository, xtask};

const TESTS: &str = "import os, pytest, time
def test_passes(): print('quiet')
def test_fails():
    print(os.environ.get('HF_TOKEN'))
    assert os.environ.get('HF_TOKEN') is None, os.environ.get('HF_TOKEN')
@pytest.mark.skip(reason='not here')
def test_skipped(): pass
@pytest.mark.xfail(reason='known')
def test_xfails(): assert False
def test_crashes():
    print(os.environ.get('HF_TOKEN'), flush=True)
    os._exit(3)
@pytest.mark.timeout(1)
def test_hangs(): time.sleep(60)
";

/// Found nowhere but in the environment.
const SECRET: &str = "hf_0123456789abcdef";

fn tree() -> tempfile::TempDir {
    let tree = tempfile::tempdir().unwrap();
    fs::write(tree.path().join("test_a.py"), TESTS).unwrap();
    tree
}

fn test(tree: &Path, options: &[&str]) -> Command {
    let python = oracle::python();
    let mut command =
        xtask(&["test", "--tree", tree.to_str().unwrap(), "-j", "2", "--python", python.to_str().unwrap()]);
    command.args(options).env("HF_TOKEN", SECRET).env_remove("GITHUB_STEP_SUMMARY");
    command
}

#[test]
fn stdout_has_each_event_as_the_schema_says_and_stderr_what_people_read() {
    let tree = tree();
    let found = answer(&mut test(tree.path(), &["--message-format", "jsonl"]));
    assert_eq!(found.code, 1, "{}", found.stderr);
    assert!(found.stderr.contains("6 run in"), "{}", found.stderr);
    let schema = fs::read_to_string(repository().join("docs/events.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let events: Vec<Value> = found.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for event in &events {
        let wrong: Vec<_> = schema.iter_errors(event).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{event}: {wrong:#?}");
    }
    let (first, last) = (events.first().unwrap(), events.last().unwrap());
    assert_eq!((&first["event"], &first["version"]), (&"run-started".into(), &1.into()));
    assert_eq!((&last["event"], &last["exit_code"]), (&"run-finished".into(), &1.into()));
    let finished = events.iter().filter(|event| event["event"] == "case-finished");
    let outcomes: BTreeMap<&str, &str> =
        finished.map(|event| (event["id"].as_str().unwrap(), event["outcome"].as_str().unwrap())).collect();
    let expected = [
        ("crashes", "crashed"),
        ("fails", "failed"),
        ("hangs", "timed-out"),
        ("passes", "passed"),
        ("skipped", "skipped"),
        ("xfails", "xfailed"),
    ];
    let expected = expected.map(|(name, outcome)| (format!("test_a.py::test_{name}"), outcome));
    assert!(outcomes.into_iter().eq(expected.iter().map(|(id, outcome)| (id.as_str(), *outcome))));
}

#[test]
fn a_reader_that_goes_away_stops_no_test() {
    let tree = tree();
    let mut runner = test(tree.path(), &["--message-format", "jsonl"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(runner.stdout.take());
    let output = runner.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn no_secret_reaches_a_file_or_a_reader() {
    let tree = tree();
    let (junit, summary) = (tree.path().join("out/junit.xml"), tree.path().join("summary.md"));
    fs::write(&summary, "before\n").unwrap();
    let mut command = test(tree.path(), &["--junit", junit.to_str().unwrap()]);
    let found = answer(command.env("GITHUB_STEP_SUMMARY", &summary));
    assert_eq!(found.code, 1, "{}", found.stderr);
    assert_eq!(oracle::junit_problems(&junit), Vec::<String>::new());
    let page = fs::read_to_string(&summary).unwrap();
    assert!(page.starts_with("before\n## Tests failed\n") && page.contains("test_fails"), "{page}");
    let export = answer(&mut xtask(&["history", "export", "--tree", tree.path().to_str().unwrap()])).stdout;
    for text in [&found.stdout, &found.stderr, &page, &export] {
        assert!(!text.contains(SECRET), "{text}");
    }
    assert!(found.stderr.contains("***"), "{}", found.stderr);
    assert!(files_without_secrets(tree.path()) > 5);
}

/// How many files there are; none of them may have the secret.
fn files_without_secrets(tree: &Path) -> usize {
    let mut looked_at = 0;
    let mut folders = vec![tree.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                let bytes = fs::read(entry.path()).unwrap();
                let has = bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes());
                assert!(!has, "{:?}", entry.path());
                looked_at += 1;
            }
        }
    }
    looked_at
}

/// What makes the id is known only when it runs, and it runs twice: the file's other test ends its process.
const IN_ID: &str = "import os, pytest, subprocess
found = subprocess.check_output(['sh', '-c', 'printf %s $HF_TOKEN'], text=True)
@pytest.mark.parametrize('token', [found])
def test_it(token): assert token == ''
def test_dies(): os._exit(3)
def test_after(): pass
";

#[test]
fn no_secret_stands_in_an_id_that_is_made_when_tests_run() {
    let tree = tempfile::tempdir().unwrap();
    fs::write(tree.path().join("test_a.py"), IN_ID).unwrap();
    let junit = tree.path().join("junit.xml");
    let options = ["--message-format", "jsonl", "--junit", junit.to_str().unwrap(), "--", "-p", "no:cacheprovider"];
    let found = answer(&mut test(tree.path(), &options));
    assert_eq!(found.code, 1, "{}", found.stderr);
    let id = "test_a.py::test_it[***HF_TOKEN***]";
    for event in ["case-started", "case-finished"] {
        let is_told = |line: &str| {
            let line: Value = serde_json::from_str(line).unwrap();
            line["event"] == event && line["id"] == id
        };
        assert_eq!(found.stdout.lines().filter(|line| is_told(line)).count(), 1, "{}", found.stdout);
    }
    assert!(found.stderr.contains(id), "{}", found.stderr);
    for text in [&found.stdout, &found.stderr] {
        assert!(!text.contains(SECRET), "{text}");
    }
    assert!(files_without_secrets(tree.path()) > 5);
}

/// The run fails by it, and no reader may take it for a run of skipped tests.
#[test]
fn a_file_that_cannot_be_collected_is_a_failure_for_every_reader_who_is_told_why() {
    let tree = tempfile::tempdir().unwrap();
    fs::write(tree.path().join("test_a.py"), "import no_such_module\ndef test_one(): pass\ndef test_two(): pass\n")
        .unwrap();
    let file = |name: &str| tree.path().join(name).to_str().unwrap().to_owned();
    let (junit, html, summary) = (file("junit.xml"), file("page.html"), file("summary.md"));
    let found = answer(test(tree.path(), &["--junit", &junit, "--html", &html]).env("GITHUB_STEP_SUMMARY", &summary));
    let why = "cannot be collected: ModuleNotFoundError: No module named 'no_such_module'";
    assert_eq!(found.code, 1, "{}", found.stderr);
    assert!(found.stdout.contains(&format!("not run: 2: {why}")), "{}", found.stdout);
    assert_eq!(found.stderr.matches("E   ModuleNotFoundError").count(), 1, "once for the file: {}", found.stderr);
    assert_eq!(oracle::junit_problems(junit.as_ref()), Vec::<String>::new());
    let junit = fs::read_to_string(junit).unwrap();
    assert!(junit.contains("errors=\"2\"") && junit.contains("type=\"collection\""), "{junit}");
    let summary = fs::read_to_string(summary).unwrap();
    assert!(summary.starts_with("## Tests failed\n") && summary.contains("E   ModuleNotFoundError"), "{summary}");
    let page = fs::read_to_string(html).unwrap();
    assert!(page.contains("\"failures\":[{") && page.contains(why), "{page}");
}

/// Nobody waits for a run to learn that its report had no place.
#[test]
fn a_report_that_could_not_be_written_is_told_before_anything_runs() {
    let tree = tree();
    fs::write(tree.path().join("file"), "").unwrap();
    for option in ["--junit", "--html"] {
        for (target, why) in [("file/report", "/file cannot be made: "), (".", "nothing was written to")] {
            let target = tree.path().join(target).to_str().unwrap().to_owned();
            let found = answer(&mut test(tree.path(), &[&format!("{option}={target}")]));
            assert_eq!(found.code, 2, "{option} {target}: {}", found.stderr);
            assert!(found.stderr.contains(why), "{option} {target}: {}", found.stderr);
            assert!(!tree.path().join("target/xtask/runs").exists(), "{option} {target}");
        }
        // Its folder is made.
        let target = tree.path().join(format!("new{option}/report"));
        let found = answer(&mut test(tree.path(), &[option, target.to_str().unwrap()]));
        assert_eq!(found.code, 1, "{option}: {}", found.stderr);
        assert!(target.is_file(), "{option}");
        fs::remove_dir_all(tree.path().join("target/xtask")).unwrap();
    }
}
