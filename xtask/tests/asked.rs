//! What a run shows while it goes on: on a real terminal, and to whoever asks.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::{answer, xtask};

const TESTS: &str = "import time
def test_first(): print('of a test that passes')
def test_fails(): assert False, 'as it must'
def test_slow(): time.sleep(4)
";

/// Runs a command with a terminal of its own, of 24 lines and 80 columns, presses `t` once the display shows the slow
/// test, and prints what the terminal got.
const TERMINAL: &str = "
import fcntl, os, pty, struct, sys, termios, time
child, terminal = pty.fork()
if child == 0:
    time.sleep(0.2)
    os.execv(sys.argv[1], sys.argv[1:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 80, 0, 0))

seen, asked = b'', False
while True:
    try:
        part = os.read(terminal, 65536)
    except OSError:
        break
    if not part:
        break
    seen += part
    if not asked and b'test_slow' in seen:
        asked = True
        os.write(terminal, b't')
_, status = os.waitpid(child, 0)
sys.stdout.buffer.write(seen)
";

fn tree() -> tempfile::TempDir {
    let tree = tempfile::tempdir().unwrap();
    fs::write(tree.path().join("test_a.py"), TESTS).unwrap();
    tree
}

fn test(tree: &tempfile::TempDir) -> Command {
    let python = oracle::python();
    let tree = tree.path().to_str().unwrap();
    xtask(&["test", "--tree", tree, "-j", "2", "--python", python.to_str().unwrap()])
}

#[test]
fn a_terminal_shows_what_runs_where_and_answers_a_key() {
    let tree = tree();
    let runner = test(&tree);
    let mut command = Command::new("python3");
    command.args(["-c", TERMINAL]).arg(runner.get_program()).args(runner.get_args());
    for variable in ["CI", "VIRTUAL_ENV", "GITHUB_STEP_SUMMARY"] {
        command.env_remove(variable);
    }
    let shown = answer(command.env("TERM", "xterm"));
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    let text = shown.stdout;
    assert!(text.contains("CPU 1"), "{text}");
    // The answer to the key is a line of its own, above the display.
    assert!(text.contains("after ") && text.contains(" done, 1 failed"), "{text}");
    assert!(text.contains("FAILED") && text.contains("as it must"), "{text}");
    assert!(!text.contains("of a test that passes"), "{text}");
    // The key itself is not shown.
    assert!(!text.contains("\nt\r"), "{text}");
}

#[test]
fn without_a_terminal_nothing_is_drawn_again_and_a_signal_is_answered() {
    let tree = tree();
    let mut runner = test(&tree).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(runner.stderr.take().unwrap());
    let mut text = String::new();
    while !text.contains("test_fails") {
        assert!(stderr.read_line(&mut text).unwrap() > 0, "{text}");
    }
    // The slow test begins behind the one that was told of.
    std::thread::sleep(std::time::Duration::from_millis(500));
    kill(Pid::from_raw(i32::try_from(runner.id()).unwrap()), Signal::SIGUSR1).unwrap();
    stderr.read_to_string(&mut text).unwrap();
    assert_eq!(runner.wait().unwrap().code(), Some(1), "{text}");
    let answer = text.lines().find(|line| line.starts_with("after ")).unwrap_or_else(|| panic!("{text}"));
    assert!(answer.contains("2/3 done, 1 failed"), "{answer}");
    let row = text.lines().find(|line| line.contains("CPU 1")).unwrap_or_else(|| panic!("{text}"));
    assert!(row.contains("test_a.py::test_slow"), "{row}");
    assert!(!text.contains('\u{1b}') && !text.contains('\r'), "{text:?}");
}
