//! How long it takes from a stop to nothing left, of a program that ignores TERM with two grandchildren in sessions of their own.
//!
//! `cargo run --release -p test-runner --example stop_time`

use std::io::{self, Read as _, Write as _};
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

use test_runner::shim::{Shim, Supervised, entered};

const GRACE: Duration = Duration::from_millis(500);
const ROUNDS: usize = 20;
const CHILD: &str = "trap '' TERM; echo; while :; do sleep 1; done";

fn main() -> ExitCode {
    // This program is its own shim.
    if let Some(exit) = entered() {
        return exit;
    }
    match Shim::this_program()
        .ok_or_else(|| io::Error::other("no shim"))
        .and_then(|shim| measure(&shim.with_grace(GRACE)))
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn measure(shim: &Shim) -> io::Result<()> {
    let mut took = Vec::new();
    for _ in 0..ROUNDS {
        let (mut ready, writer) = io::pipe()?;
        let mut command = shim.command("sh");
        command.args(["-c", "setsid sh -c \"$0\" & setsid sh -c \"$0\" & eval \"$0\"", CHILD]).stdout(writer);
        let mut supervised = Supervised::spawn(&mut command)?;
        command.stdout(Stdio::null());
        // Each of the three says when it ignores TERM.
        ready.read_exact(&mut [0; 3])?;
        let began = Instant::now();
        supervised.stop();
        while supervised.ended().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        took.push(began.elapsed());
    }
    took.sort_unstable();
    let line = format!(
        "grace {GRACE:?}, {ROUNDS} rounds: least {:?}, median {:?}, most {:?}\n",
        took[0],
        took[ROUNDS / 2],
        took[ROUNDS - 1]
    );
    io::stdout().write_all(line.as_bytes())
}
