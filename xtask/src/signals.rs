//! What ends a run from outside: Ctrl-C, and TERM and HUP like it.

use std::fs;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use test_runner::Interrupt;

use crate::error::Error;

/// Once to end in order, twice to end at once. Whoever starts a run with INT or HUP ignored means that: a shell without a terminal does
/// with what it runs in the background, and `nohup` so that the run outlives the terminal. All are caught all the same: what a
/// process ignores, the tests that it starts ignore, too, and what it catches has its default there.
pub(crate) fn listen(interrupt: &Interrupt) -> Result<(), Error> {
    let ignored = [SIGINT, SIGHUP].map(|signal| is_ignored(signal).then_some(signal));
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).map_err(Error::Signals)?;
    let interrupt = interrupt.clone();
    std::thread::spawn(move || {
        signals.forever().filter(|signal| !ignored.contains(&Some(*signal))).for_each(|_| interrupt.raise());
    });
    Ok(())
}

/// Whether this process ignores it, as the kernel tells.
fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    mask >> (signal - 1) & 1 == 1
}
