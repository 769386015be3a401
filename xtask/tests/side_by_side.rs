//! Several runs of one tree at once: each has all of its own results, and the history has those of all.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use support::{answer, xtask};

/// Far beyond what they take on a busy machine: a run that waits for another for ever is caught, not waited for.
const LOCKED_UP: Duration = Duration::from_secs(300);

/// Python and Rust, with a test that crashes, and files that cannot share a process with each other.
fn tree() -> tempfile::TempDir {
    let tree = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let file = tree.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    };
    for number in 0..4 {
        write(
            &format!("test_{number}.py"),
            "import time\ndef test_a(tmp_path): time.sleep(0.05)\ndef test_b(): pass\n",
        );
    }
    write("deep/test_0.py", "import os\ndef test_dies(): os._exit(3)\ndef test_lives(): pass\n");
    write("Cargo.toml", "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[workspace]\n");
    write("src/lib.rs", "#[test]\nfn one() {}\n#[test]\nfn two() {}\n");
    tree
}

/// The results of a run, by the file in its folder: each id with its outcome.
fn results(folder: &std::path::Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(folder.join("results.jsonl")).unwrap();
    let mut found = BTreeMap::new();
    for line in text.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let word = |name: &str| line[name].as_str().unwrap().to_owned();
        assert!(found.insert(word("id"), word("outcome")).is_none(), "twice: {line}");
    }
    found
}

fn ended(mut run: Child) -> i32 {
    let began = Instant::now();
    loop {
        if let Some(status) = run.try_wait().unwrap() {
            return status.code().unwrap();
        }
        if began.elapsed() > LOCKED_UP {
            run.kill().unwrap();
            panic!("a run did not end");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn two_and_four_runs_at_once_keep_apart() {
    for count in [2, 4] {
        let tree = tree();
        let python = oracle::python();
        let options =
            ["test", "--tree", tree.path().to_str().unwrap(), "-j", "2", "--python", python.to_str().unwrap()];
        let start = |_| xtask(&options).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let runs: Vec<Child> = (0..count).map(start).collect();
        for run in runs {
            assert_eq!(ended(run), 1);
        }
        let folders = fs::read_dir(tree.path().join("target/xtask/runs")).unwrap();
        let of_runs: Vec<_> = folders.map(|folder| results(&folder.unwrap().path())).collect();
        assert_eq!(of_runs.len(), count);
        assert_eq!(of_runs[0].len(), 12, "{:?}", of_runs[0]);
        assert_eq!(of_runs[0]["deep/test_0.py::test_dies"], "crashed");
        assert_eq!(of_runs.iter().collect::<BTreeSet<_>>().len(), 1, "{of_runs:?}");
        let found = answer(&mut xtask(&["history", "export", "--tree", tree.path().to_str().unwrap()]));
        let document: serde_json::Value = serde_json::from_str(&found.stdout).unwrap();
        let runs = document["runs"].as_array().unwrap();
        assert_eq!(runs.len(), count);
        assert!(runs.iter().all(|run| run["results"].as_array().unwrap().len() == 12));
    }
}
