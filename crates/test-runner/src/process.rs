//! Child processes, each with a group of its own.

use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// A child that leads a process group.
pub(crate) struct Group {
    child: Child,
    group: Pid,
}

impl Group {
    pub(crate) fn spawn(command: &mut Command) -> std::io::Result<Self> {
        let child = command.process_group(0).spawn()?;
        let group = Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX));
        Ok(Self { child, group })
    }

    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// TERM to the whole group, the grace, then KILL to what is left of it.
    pub(crate) fn stop(&mut self, grace: Duration) {
        let _ = killpg(self.group, Signal::SIGTERM);
        let until = Instant::now() + grace;
        while self.ended().is_none() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(10));
        }
        self.sweep();
        let _ = self.child.wait();
    }

    /// KILL to what is left of the group.
    pub(crate) fn sweep(&self) {
        let _ = killpg(self.group, Signal::SIGKILL);
    }
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
