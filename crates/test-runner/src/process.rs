//! Child processes, each with a group of its own.

use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::stop::StopSignal;

/// How often a process is looked after.
pub(crate) const TICK: Duration = Duration::from_millis(20);

/// A child that leads a process group.
pub(crate) struct Group {
    child: Child,
    group: Pid,
}

impl Group {
    pub(crate) fn spawn(command: &mut Command) -> std::io::Result<Self> {
        let child = command.process_group(0).spawn()?;
        let group = group_of(child.id());
        Ok(Self { child, group })
    }

    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// TERM to the whole group, the grace, then KILL to what is left of it.
    pub(crate) fn stop(&mut self, grace: Duration, stop: &StopSignal) {
        let group = self.group;
        stop_group(group, grace, stop, || self.ended().is_some());
        let _ = self.child.wait();
    }

    /// KILL to what is left of the group.
    pub(crate) fn sweep(&self) {
        let _ = killpg(self.group, Signal::SIGKILL);
    }
}

/// The group that a process leads.
pub(crate) fn group_of(process: u32) -> Pid {
    Pid::from_raw(i32::try_from(process).unwrap_or(i32::MAX))
}

/// TERM, the grace, then KILL. A second interrupt cuts the grace short.
pub(crate) fn stop_group(group: Pid, grace: Duration, stop: &StopSignal, mut ended: impl FnMut() -> bool) {
    if !stop.grace(grace).is_zero() {
        let _ = killpg(group, Signal::SIGTERM);
        let began = Instant::now();
        while began.elapsed() < stop.grace(grace) && !ended() {
            std::thread::sleep(TICK);
        }
    }
    let _ = killpg(group, Signal::SIGKILL);
}

/// How a process ended: `signal 11 (SIGSEGV)`, `exit code 3`.
pub(crate) fn how(status: ExitStatus) -> String {
    match status.signal() {
        Some(number) => match Signal::try_from(number) {
            Ok(signal) => format!("signal {number} ({signal})"),
            Err(_) => format!("signal {number}"),
        },
        None => format!("exit code {}", status.code().unwrap_or_default()),
    }
}
