//! What a shim leaves of what runs under it: nothing.
#![allow(clippy::unwrap_used)]

mod support;

use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::processes::alive;
use test_runner::shim::{Ended, Shim, Supervised};

/// One program under a shim, with a session and a folder of its own.
struct Trial {
    shim: Shim,
    session: String,
    folder: tempfile::TempDir,
}

impl Trial {
    fn new(grace: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let session = folder.path().file_name().unwrap().to_str().unwrap().to_owned();
        let shim = support::shim().with_grace(grace).with_session(&session);
        Self { shim, session, folder }
    }

    fn spawn(&self, program: impl AsRef<Path>, arguments: &[&str]) -> Supervised {
        let mut command = self.shim.command(program.as_ref());
        Supervised::spawn(command.args(arguments).current_dir(self.folder.path())).unwrap()
    }

    fn shell(&self, script: &str) -> Supervised {
        self.spawn("sh", &["-c", script])
    }

    fn python(&self, script: &str) -> Supervised {
        self.spawn(oracle::python(), &["-c", script])
    }

    /// Waits for a file that the program writes.
    fn wait_for(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        let until = Instant::now() + Duration::from_secs(30);
        while std::fs::metadata(&path).map_or(0, |metadata| metadata.len()) == 0 {
            assert!(Instant::now() < until, "{name} was not written");
            std::thread::sleep(Duration::from_millis(5));
        }
        path
    }

    fn assert_nothing_left(&self) {
        assert_eq!(alive(&self.session), Vec::<String>::new());
    }
}

fn end_of(supervised: &mut Supervised) -> Ended {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(ended) = supervised.ended() {
            return ended;
        }
        assert!(Instant::now() < until, "it does not end");
        std::thread::sleep(Duration::from_millis(2));
    }
}

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(300);

/// Two that lead sessions of their own and ignore TERM, as an engine's workers do.
const STUBBORN: &str = "trap '' TERM; setsid sh -c 'trap \"\" TERM; echo > one; while :; do sleep 1; done' & \
                        setsid sh -c 'trap \"\" TERM; echo > two; while :; do sleep 1; done' & \
                        while :; do sleep 1; done";

#[test]
fn the_programs_status_is_told_whatever_it_is() {
    let trial = Trial::new(LONG);
    // The last two are a signal that has no name and one that nothing can handle.
    for (script, code, signal) in [
        ("exit 0", Some(0), None),
        ("exit 3", Some(3), None),
        ("exit 255", Some(255), None),
        ("kill -TERM $$", None, Some(15)),
        ("ulimit -c 0; kill -SEGV $$", None, Some(11)),
        ("kill -36 $$", None, Some(36)),
        ("kill -KILL $$", None, Some(9)),
    ] {
        let ended = end_of(&mut trial.shell(script));
        assert_eq!((ended.status.code(), ended.status.signal()), (code, signal), "{script}");
        assert!(ended.usage.is_some() && ended.left.is_empty() && ended.stuck.is_empty(), "{script}: {ended:?}");
    }
    trial.assert_nothing_left();
}

#[test]
fn a_program_that_cannot_be_started_is_an_error_of_the_system() {
    let trial = Trial::new(LONG);
    let start = |program: &str| Supervised::spawn(&mut trial.shim.command(program)).unwrap_err();
    assert_eq!(start("/no/such/program").kind(), std::io::ErrorKind::NotFound);
    assert_eq!(start("/").kind(), std::io::ErrorKind::PermissionDenied);
    let no_shim = Supervised::spawn(&mut Shim::program("/no/such/shim").command("true")).unwrap_err();
    assert_eq!(no_shim.kind(), std::io::ErrorKind::NotFound);
    let other = Supervised::spawn(&mut Shim::program("true").command("true")).unwrap_err();
    assert!(other.to_string().contains("ended before it started it"), "{other}");
    trial.assert_nothing_left();
}

#[test]
fn the_program_finds_what_it_would_find_without_a_shim() {
    let trial = Trial::new(LONG);
    let script = "import os, signal, sys\n\
                  assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set(), 'blocked'\n\
                  for name in 'TERM', 'INT', 'HUP', 'CHLD', 'USR1', 'QUIT':\n    \
                      number = getattr(signal, 'SIG' + name)\n    \
                      assert signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler), name\n\
                  assert os.getpgrp() == os.getpid(), 'group'\n\
                  assert sys.stdin.read() == '', 'input'\n\
                  assert os.environ['TEST_RUNNER_SESSION'] and sys.argv[1:] == []\n\
                  assert 'socket:' not in ' '.join(os.readlink(f'/proc/self/fd/{fd}') for fd in range(99) \
                      if os.path.islink(f'/proc/self/fd/{fd}')), 'the other end'\n";
    assert!(end_of(&mut trial.python(script)).status.success());
}

#[test]
fn what_a_program_leaves_is_ended_and_named_and_its_status_is_kept() {
    let trial = Trial::new(SHORT);
    let daemon = "setsid sh -c 'trap \"\" TERM; echo > ready; while :; do sleep 1; done' > /dev/null 2>&1 &";
    let ended = end_of(&mut trial.shell(&format!("{daemon} while [ ! -s ready ]; do sleep 0.01; done; exit 3")));
    assert_eq!(ended.status.code(), Some(3));
    assert!(ended.left.contains(&"sh".to_owned()), "{ended:?}");
    trial.assert_nothing_left();
}

#[test]
fn what_is_left_may_end_in_order() {
    let trial = Trial::new(LONG);
    let daemon = "setsid sh -c 'trap \"echo > cleaned; exit\" TERM; echo > ready; while :; do sleep 0.05; done' &";
    let began = Instant::now();
    end_of(&mut trial.shell(&format!("{daemon} while [ ! -s ready ]; do sleep 0.01; done")));
    assert!(trial.folder.path().join("cleaned").exists());
    assert!(began.elapsed() < LONG / 2, "the grace was waited for although all had ended");
    trial.assert_nothing_left();
}

#[test]
fn nothing_is_left_of_what_ignores_term_in_sessions_of_its_own() {
    let trial = Trial::new(SHORT);
    let mut supervised = trial.shell(STUBBORN);
    trial.wait_for("one");
    trial.wait_for("two");
    assert!(alive(&trial.session).len() >= 4);
    supervised.stop();
    assert_eq!(end_of(&mut supervised).status.signal(), Some(9));
    trial.assert_nothing_left();
}

#[test]
fn kill_cuts_the_grace_short() {
    let trial = Trial::new(LONG);
    let mut supervised = trial.shell(STUBBORN);
    trial.wait_for("two");
    let began = Instant::now();
    supervised.stop();
    std::thread::sleep(SHORT);
    assert!(supervised.ended().is_none());
    supervised.kill();
    end_of(&mut supervised);
    assert!(began.elapsed() < LONG / 2);
    trial.assert_nothing_left();
}

#[test]
fn a_signal_to_the_shim_stops_and_a_second_one_kills() {
    for signal in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT] {
        let trial = Trial::new(LONG);
        let mut supervised = trial.shell(STUBBORN);
        trial.wait_for("two");
        let shim = Pid::from_raw(support::processes::parent(supervised.program()));
        kill(shim, signal).unwrap();
        std::thread::sleep(SHORT);
        assert!(supervised.ended().is_none(), "{signal}");
        kill(shim, signal).unwrap();
        assert_eq!(end_of(&mut supervised).status.signal(), Some(9));
        trial.assert_nothing_left();
    }
}

#[test]
fn nothing_is_left_when_nobody_holds_the_other_end() {
    let trial = Trial::new(SHORT);
    let supervised = trial.shell(STUBBORN);
    trial.wait_for("two");
    drop(supervised);
    let until = Instant::now() + Duration::from_secs(30);
    while !alive(&trial.session).is_empty() {
        assert!(Instant::now() < until, "{:?}", alive(&trial.session));
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn what_hides_is_found() {
    // A daemon without its parents, its environment and its descriptors; what stops itself; what is another program now; a
    // thread's child; a chain in which each starts the next and ends.
    let wait = "import os, time\n\
                def wait():\n    \
                    while not os.path.exists('ready'): time.sleep(0.01)\n    \
                    os._exit(0)\n";
    let daemon = "import os\n\
                  if os.fork(): wait()\n\
                  os.setsid()\n\
                  if os.fork(): os._exit(0)\n\
                  os.closerange(0, 100)\n\
                  os.execve('/bin/sh', ['sh', '-c', 'trap \"\" TERM HUP INT; echo $$ > ready; while :; do sleep 1; done'], {})\n";
    let stopped =
        "import os, signal\nopen('ready', 'w').write(str(os.getpid()))\nos.kill(os.getpid(), signal.SIGSTOP)\n";
    let thread = "import os, subprocess, threading, time\n\
                  threading.Thread(target=lambda: subprocess.Popen(['sh', '-c', 'echo $$ > ready; sleep 100']).wait()).start()\n\
                  time.sleep(100)\n";
    let chain = "import os, signal, time\n\
                 signal.signal(signal.SIGTERM, signal.SIG_IGN)\n\
                 if os.fork(): wait()\n\
                 for number in range(10**9):\n    \
                     if number == 2: open('ready', 'w').write(str(os.getpid()))\n    \
                     if os.fork(): os._exit(0)\n    \
                     os.setsid()\n    \
                     time.sleep(0.002)\n";
    for (what, script) in [("daemon", daemon), ("stopped", stopped), ("thread", thread), ("chain", chain)] {
        let trial = Trial::new(SHORT);
        let mut supervised = trial.python(&format!("{wait}{script}"));
        let process = std::fs::read_to_string(trial.wait_for("ready")).unwrap();
        supervised.stop();
        end_of(&mut supervised);
        trial.assert_nothing_left();
        let gone = Path::new("/proc").join(process.trim());
        assert!(!gone.exists(), "{what}");
    }
}

#[test]
fn what_it_took_is_told() {
    let trial = Trial::new(LONG);
    let script = "import subprocess, sys, time\n\
                  subprocess.run([sys.executable, '-c', 'b = bytearray(200 << 20)'])\n\
                  end = time.process_time() + 0.3\n\
                  while time.process_time() < end: pass\n";
    let usage = end_of(&mut trial.python(script)).usage.unwrap();
    assert!(usage.processor_time >= Duration::from_millis(300) && usage.processor_time < LONG, "{usage:?}");
    assert!(usage.peak_memory > 200 << 20 && usage.peak_memory < 1 << 30, "{usage:?}");
}

#[test]
fn a_program_that_is_no_shim_does_nothing() {
    let status = Command::new(env!("CARGO_BIN_EXE_test-runner-shim")).arg("anything").status().unwrap();
    assert_eq!(status.code(), Some(2));
    assert!(Shim::this_program().is_none());
}
