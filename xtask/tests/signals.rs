//! What ends a run from outside leaves nothing of it and can be continued.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::processes::{gone, of_tree};
use support::{answer, xtask};

const SOURCE: &str = "import os, pathlib, pytest, signal, subprocess, time\n\
    @pytest.fixture\n\
    def server():\n    yield\n    pathlib.Path('cleaned').write_text('')\n\
    def test_before(): pass\n\
    def test_hangs(server):\n    \
        if pathlib.Path('repaired').exists(): return\n    \
        if STUBBORN: signal.signal(signal.SIGTERM, signal.SIG_IGN)\n    \
        left = 'trap \"\" TERM HUP INT; while :; do sleep 1; done'\n    \
        subprocess.Popen(['setsid', 'sh', '-c', left])\n    \
        pathlib.Path('hangs').write_text('')\n    \
        time.sleep(600)\n\
    def test_after(): pass\n";

/// The command, which does not ignore what this process was started with ignored, as in the background of a script: what a process
/// catches has its default in what it starts.
fn heeding(command: Command) -> Command {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
    let mask = u64::from_str_radix(mask.trim(), 16).unwrap();
    for signal in [Signal::SIGINT, Signal::SIGHUP].map(|signal| signal as i32) {
        if mask >> (signal - 1) & 1 == 1 {
            signal_hook::flag::register(signal, Arc::default()).unwrap();
        }
    }
    command
}

#[test]
fn a_signal_ends_a_run_in_order_and_the_run_can_be_continued() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        for times in [1, 2] {
            let what = format!("{signal}, {times}");
            let tree = tempfile::tempdir().unwrap();
            let stubborn = if times == 2 { "True" } else { "False" };
            fs::write(tree.path().join("test_a.py"), SOURCE.replace("STUBBORN", stubborn)).unwrap();
            let python = oracle::python();
            let path = tree.path().to_str().unwrap();
            let arguments = ["test", "--tree", path, "--python", python.to_str().unwrap()];
            let mut command = heeding(xtask(&arguments));
            let runner = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
            let until = Instant::now() + Duration::from_secs(60);
            while !tree.path().join("hangs").exists() {
                assert!(Instant::now() < until, "{what}: it did not begin");
                std::thread::sleep(Duration::from_millis(10));
            }
            for _ in 0..times {
                // The runner may have ended by the first one.
                let _ = kill(Pid::from_raw(runner.id().cast_signed()), signal);
                std::thread::sleep(Duration::from_millis(200));
            }
            let ended = runner.wait_with_output().unwrap();
            assert_eq!(of_tree(tree.path()), BTreeSet::new(), "{what}");
            assert_eq!(ended.status.code(), Some(130), "{what}: {}", String::from_utf8_lossy(&ended.stderr));
            assert_eq!(tree.path().join("cleaned").exists(), times == 1, "{what}");
            fs::write(tree.path().join("repaired"), "").unwrap();
            let found = answer(xtask(&arguments).arg("--resume"));
            assert_eq!(found.code, 0, "{what}: {} {}", found.stdout, found.stderr);
            assert!(found.stdout.contains("3 passed"), "{what}: {}", found.stdout);
        }
    }
}

/// As by `nohup`, and in the background of a script.
#[test]
fn what_a_run_was_started_with_ignored_does_not_end_it_and_its_tests_know_nothing_of_that() {
    let tree = tempfile::tempdir().unwrap();
    let source = "import os, pathlib, signal, time\n\
        def test_a():\n    \
            assert signal.getsignal(signal.SIGINT) == signal.default_int_handler\n    \
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_DFL\n    \
            for ignored in [signal.SIGHUP, signal.SIGINT] * 2: os.kill(int(os.environ['RUNNER']), ignored)\n    \
            time.sleep(1)\n\
        def test_b():\n    os.kill(int(os.environ['RUNNER']), signal.SIGTERM)\n    time.sleep(600)\n";
    fs::write(tree.path().join("test_a.py"), source).unwrap();
    let mut command = Command::new("sh");
    let ignoring = "trap '' INT HUP; RUNNER=$$ exec \"$@\"";
    command.args(["-c", ignoring, "sh", env!("CARGO_BIN_EXE_xtask"), "test", "--tree"]);
    let found = answer(command.arg(tree.path()).arg("--python").arg(oracle::python()));
    assert_eq!(found.code, 130, "{} {}", found.stdout, found.stderr);
    assert!(found.stdout.contains("1 passed"), "{} {}", found.stdout, found.stderr);
}

/// As where the terminal is closed: nothing can be shown any more.
#[test]
fn what_cannot_be_shown_costs_no_file_and_an_interrupted_run_says_so_all_the_same() {
    let python = oracle::python();
    for interrupts in [true, false] {
        let tree = tempfile::tempdir().unwrap();
        let source = if interrupts {
            "import os, signal, time\ndef test_a(): pass\n\
             def test_b():\n    os.kill(int(os.environ['RUNNER']), signal.SIGHUP)\n    time.sleep(600)\n"
        } else {
            "def test_a(): pass\n"
        };
        fs::write(tree.path().join("test_a.py"), source).unwrap();
        let junit = tree.path().join("junit.xml");
        let html = tree.path().join("report.html");
        let mut command = heeding(Command::new("sh"));
        // The runner takes the shell's number.
        command.args(["-c", "RUNNER=$$ exec \"$@\" > /dev/full", "sh", env!("CARGO_BIN_EXE_xtask"), "test", "--tree"]);
        command.arg(tree.path()).arg("--python").arg(&python).arg("--junit").arg(&junit).arg("--html").arg(&html);
        let found = answer(&mut command);
        assert_eq!(found.code, if interrupts { 130 } else { 3 }, "{}", found.stderr);
        assert!(fs::read_to_string(&junit).unwrap().contains("test_a"), "{}", found.stderr);
        assert!(html.exists(), "{}", found.stderr);
    }
}

/// A daemon in a session of its own, and a program that never ends: `TREE` is in the command line of both.
const HANGS: &str = "trap '' TERM HUP INT; while :; do sleep 1; done";

fn python_tree(tree: &std::path::Path) {
    let source = format!(
        "import subprocess, time\n\
         subprocess.Popen(['setsid', 'sh', '-c', {HANGS:?}, {tree:?}])\n\
         time.sleep(600)\n\
         def test_a(): pass\n"
    );
    fs::write(tree.join("test_a.py"), source).unwrap();
}

fn rust_tree(tree: &std::path::Path) {
    let manifest = "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[workspace]\n";
    fs::write(tree.join("Cargo.toml"), manifest).unwrap();
    let build = format!(
        "fn main() {{ std::process::Command::new(\"setsid\").args([\"sh\", \"-c\", {HANGS:?}, {tree:?}]).status().unwrap(); }}"
    );
    fs::write(tree.join("build.rs"), build).unwrap();
    fs::create_dir(tree.join("src")).unwrap();
    fs::write(tree.join("src/lib.rs"), "#[test]\nfn one() {}\n").unwrap();
}

#[test]
fn what_verify_has_real_tools_start_ends_with_it() {
    for (language, write) in [("python", python_tree as fn(&std::path::Path)), ("rust", rust_tree)] {
        for signal in [Signal::SIGINT, Signal::SIGKILL] {
            let what = format!("{language}, {signal}");
            let tree = tempfile::tempdir().unwrap();
            let path = tree.path().canonicalize().unwrap();
            write(&path);
            let python = oracle::python();
            let mut command = heeding(xtask(&["verify", "--tree", path.to_str().unwrap(), "--language", language]));
            if language == "python" {
                command.arg("--python").arg(python);
            }
            let mut verify = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            let hangs = || of_tree(&path).iter().any(|line| line.contains("trap"));
            let until = Instant::now() + Duration::from_secs(120);
            while !hangs() {
                assert!(verify.try_wait().unwrap().is_none() && Instant::now() < until, "{what}: it did not begin");
                std::thread::sleep(Duration::from_millis(20));
            }
            kill(Pid::from_raw(verify.id().cast_signed()), signal).unwrap();
            verify.wait().unwrap();
            let left = gone(&path, Duration::from_secs(30));
            assert!(left.is_ok(), "{what}: {left:?}");
        }
    }
}
