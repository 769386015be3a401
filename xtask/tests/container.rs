//! `test --container`: what the tree's script is given, and that a run inside is as good as one outside. The script of these
//! trees starts the command as a process of its own, which a stand-in for the engine knows by the container's name.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::{Answer, answer, xtask};

/// Starts the command in its working directory and session, and notes its words and its process under its name.
const RUN: &str = r#"#!/usr/bin/env bash
printf '%s\n' "$@" > "$(dirname "$0")/words"
while [ "$1" != -- ]; do
    case "$1" in
    --name) name=$2; shift ;;
    --workdir) cd "$2" || exit 125; shift ;;
    --image) [ "$2" != missing ] || { echo "no such image: $2" >&2; exit 125; }; shift ;;
    --framework | -e) shift ;;
    esac
    shift
done
shift
setsid "$@" &
echo $! > "/tmp/$name.pid"
wait $!
code=$?
rm -f "/tmp/$name.pid"
exit $code
"#;

/// `kill [--signal NAME] CONTAINER` and `rm --force CONTAINER`.
const ENGINE: &str = r#"#!/usr/bin/env bash
signal=KILL
[ "$1" != rm ] || shift
[ "$2" != --signal ] || { signal=$3; shift 2; }
exec kill -s "$signal" "$(cat "/tmp/$2.pid")"
"#;

struct Tree {
    folder: tempfile::TempDir,
}

impl Tree {
    /// A tree with these tests, seen from inside through a link.
    fn new(tests: &str) -> Self {
        let tree = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir_all(tree.path("tree/container")).unwrap();
        fs::create_dir_all(tree.path("tree/tests")).unwrap();
        symlink(tree.path("tree"), tree.path("inside")).unwrap();
        fs::write(tree.path("tree/tests/test_a.py"), tests).unwrap();
        let policy = format!(
            "extends = \"dynamo-2025-10\"\n[container]\nworkspace = {:?}\nengine = {:?}\n\
             environment = [\"A_SECRET\", \"NOT_SET\"]\n",
            tree.path("inside"),
            tree.path("engine"),
        );
        fs::write(tree.path("tree/test-policy.toml"), policy).unwrap();
        tree.script("tree/container/run.sh", RUN);
        tree.script("engine", ENGINE);
        tree
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    fn script(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = xtask(&["test"]);
        command.args(words).arg("--python").arg(oracle::python()).current_dir(self.path("tree"));
        command.env("A_SECRET", "hunter2").env_remove("NOT_SET");
        command
    }

    fn answer(&self, words: &[&str]) -> Answer {
        answer(&mut self.command(words))
    }

    /// Starts a run of a test that waits, and hands it over once the test runs.
    fn running(&self) -> Child {
        let child = self.command(&["--container", "img"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        until("the test runs", || self.path("tree/runs").exists());
        child
    }

    /// The files that tell of containers.
    fn told(&self) -> usize {
        let entries = fs::read_dir(self.path("tree/target/xtask/container")).unwrap();
        entries.filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|end| end == "running")).count()
    }

    fn process(&self) -> Pid {
        Pid::from_raw(fs::read_to_string(self.path("tree/runs")).unwrap().parse().unwrap())
    }
}

const WAITS: &str = "import os, pathlib, time\ndef test_waits():\n    \
                     pathlib.Path('runs.new').write_text(str(os.getpid()))\n    \
                     os.rename('runs.new', 'runs')\n    time.sleep(60)\n";

fn until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(60), "{what}: not so after a minute");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn is_alive(process: Pid) -> bool {
    let state = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    state.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with('Z'))
}

#[test]
fn a_run_inside_ends_and_tells_as_one_outside() {
    let tree = Tree::new("def test_a(): pass\ndef test_b(): assert False\n");
    let answer = tree.answer(&["--container", "img:1", "--junit", "results.xml"]);
    assert_eq!(answer.code, 1, "{}{}", answer.stdout, answer.stderr);
    assert!(answer.stdout.contains("1 passed") && answer.stdout.contains("1 failed"), "{}", answer.stdout);
    assert!(fs::read_to_string(tree.path("tree/results.xml")).unwrap().contains("test_b"));
    assert_eq!(tree.told(), 0);
    let words = fs::read_to_string(tree.path("tree/container/words")).unwrap();
    let inside = tree.path("inside").display().to_string();
    let name = words.lines().nth(3).unwrap();
    let python = oracle::python();
    let expected = format!(
        "--image\nimg:1\n--name\n{name}\n--workdir\n{inside}\n--mount-workspace\n-e\nA_SECRET\n--\n\
         {inside}/target/xtask/container/xtask\ntest\n--junit\nresults.xml\n--python\n{python}\n--tree\n{inside}\n\
         --inside\n{name}\n",
        python = Path::new(&python).display(),
    );
    assert_eq!(words, expected, "the value of a variable is never a word, and one that is not set is not named");
    // The results are the tree's: a run outside knows what failed inside.
    let failed = tree.answer(&["--failed"]);
    assert!(failed.stdout.contains("0 passed, 1 failed"), "{}", failed.stdout);
}

#[test]
fn an_interrupt_reaches_the_run_inside() {
    let tree = Tree::new(WAITS);
    let run = tree.running();
    let test = tree.process();
    kill(Pid::from_raw(run.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    let output = run.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!is_alive(test));
    assert_eq!(tree.told(), 0);
}

/// It would end by that signal, and leave the container.
#[test]
fn who_asks_the_run_outside_is_answered_by_the_run_inside() {
    let tree = Tree::new(WAITS);
    let mut run = tree.running();
    let process = Pid::from_raw(run.id().try_into().unwrap());
    kill(process, Signal::SIGUSR1).unwrap();
    let mut said = String::new();
    let mut lines = BufReader::new(run.stderr.take().unwrap()).lines().map(Result::unwrap);
    let answer = lines.find(|line| {
        said.push_str(line);
        line.contains("test_a.py::test_waits")
    });
    assert!(answer.is_some(), "{said}");
    kill(process, Signal::SIGINT).unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(130));
    assert_eq!(tree.told(), 0);
}

#[test]
fn the_page_of_a_job_has_what_the_run_inside_says() {
    let tree = Tree::new("def test_a(): pass\ndef test_b(): assert False\n");
    fs::write(tree.path("page.md"), "before\n").unwrap();
    let found = answer(tree.command(&["--container", "img"]).env("GITHUB_STEP_SUMMARY", tree.path("page.md")));
    assert_eq!(found.code, 1, "{}", found.stderr);
    let page = fs::read_to_string(tree.path("page.md")).unwrap();
    assert!(page.starts_with("before\n## Tests failed\n") && page.matches("## Tests").count() == 1, "{page}");
    let mut left = fs::read_dir(tree.path("tree/target/xtask/container")).unwrap().map(|entry| entry.unwrap().path());
    assert!(left.all(|file| file.extension().is_none_or(|end| end != "md")));
}

#[test]
fn an_interrupt_ends_the_building_of_an_image() {
    let tree = Tree::new("def test_a(): pass\n");
    tree.script("tree/container/build.sh", "#!/bin/sh\necho $$ > runs.new\nmv runs.new runs\nsleep 60\n");
    let words = ["--framework", "vllm", "--build"];
    let run = tree.command(&words).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    until("the image is built", || tree.path("tree/runs").exists());
    let script = Pid::from_raw(fs::read_to_string(tree.path("tree/runs")).unwrap().trim().parse().unwrap());
    kill(Pid::from_raw(run.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
    let output = run.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!is_alive(script));
    assert!(!tree.path("tree/container/words").exists(), "no container is started");
}

#[test]
fn the_next_run_stops_the_container_of_one_that_was_killed() {
    let tree = Tree::new(WAITS);
    let mut run = tree.running();
    let name = fs::read_to_string(tree.path("tree/container/words")).unwrap().lines().nth(3).unwrap().to_owned();
    let inside = fs::read_to_string(format!("/tmp/{name}.pid")).unwrap().trim().parse().unwrap();
    run.kill().unwrap();
    run.wait().unwrap();
    assert!(is_alive(Pid::from_raw(inside)), "a container does not end with who started it");
    assert_eq!(tree.told(), 1);
    fs::write(tree.path("tree/tests/test_a.py"), "def test_a(): pass\n").unwrap();
    let answer = tree.answer(&["--container", "img"]);
    assert_eq!(answer.code, 0, "{}{}", answer.stdout, answer.stderr);
    assert!(answer.stderr.contains(&format!("stopped the container {name}")), "{}", answer.stderr);
    until("the container is gone", || !is_alive(Pid::from_raw(inside)));
    assert_eq!(tree.told(), 0);
}

#[test]
fn what_cannot_run_is_said_before_or_with_its_reason() {
    let tree = Tree::new("def test_a(): pass\n");
    tree.script("tree/container/build.sh", "#!/bin/sh\necho \"$@\" > built\n[ \"$2\" = vllm ]\n");
    for (words, code, said) in [
        (&["--container", "missing"][..], 3, "run.sh ended with 125, and the run in the container never began"),
        (&["--container", "img", "--junit", "/etc/r.xml"], 2, "the container sees only the tree"),
        (&["--container", "img", "--framework", "vllm"], 2, "cannot be used with"),
        (&["--container", "img", "--build"], 2, "cannot be used with"),
        (&["--framework", "other", "--build"], 3, "the image was not built: container/build.sh ended with"),
        (&["--framework", "vllm", "--build"], 0, "building the image"),
    ] {
        let answer = tree.answer(words);
        assert_eq!(answer.code, code, "{words:?}: {}{}", answer.stdout, answer.stderr);
        assert!(answer.stderr.contains(said), "{words:?}: {}", answer.stderr);
    }
    assert_eq!(fs::read_to_string(tree.path("tree/built")).unwrap(), "--framework vllm\n");
    fs::remove_file(tree.path("tree/container/build.sh")).unwrap();
    let answer = tree.answer(&["--framework", "vllm", "--build"]);
    assert!(answer.code == 2 && answer.stderr.contains("`container.build` of the policy"), "{}", answer.stderr);
    fs::remove_file(tree.path("tree/container/run.sh")).unwrap();
    let answer = tree.answer(&["--container", "img"]);
    assert!(answer.code == 2 && answer.stderr.contains("`container.run` of the policy"), "{}", answer.stderr);
}
