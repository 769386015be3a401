//! Processes of a run, each ended with all that it started.

use std::ffi::OsStr;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::shim::{Ended, Shim, Supervised};
use crate::stop::StopSignal;

/// How often a process is looked after.
pub(crate) const TICK: Duration = Duration::from_millis(20);
/// How long a shim may take beyond the grace: what it gives KILL, and room.
const SHIM_LIMIT: Duration = Duration::from_secs(90);

/// Starts processes: each under a shim where there is one, and else as the leader of a group.
#[derive(Debug, Clone)]
pub(crate) struct Launcher {
    shim: Option<Shim>,
}

impl Launcher {
    pub(crate) fn new(shim: Option<Shim>) -> Self {
        Self { shim }
    }

    /// Outside of a run: for a tool that is asked something and starts nothing that outlives it.
    pub(crate) fn bare() -> Self {
        Self { shim: None }
    }

    /// A command for [`Launcher::spawn`].
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        self.shim.as_ref().map_or_else(|| Command::new(&program), |shim| shim.command(&program))
    }

    /// Starts a command that [`Launcher::command`] made. Under a shim its standard input is empty, whatever it was given.
    pub(crate) fn spawn(&self, command: &mut Command) -> std::io::Result<Group> {
        if self.shim.is_some() {
            return Ok(Group(Kind::Supervised(Supervised::spawn(command)?)));
        }
        let child = command.process_group(0).spawn()?;
        let group = Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX));
        Ok(Group(Kind::Leader { child, group }))
    }
}

/// A process and all that it started.
pub(crate) struct Group(Kind);

enum Kind {
    Supervised(Supervised),
    /// Of a caller that has no shim. What leaves the group is not found.
    Leader {
        child: Child,
        group: Pid,
    },
}

impl Group {
    /// The process's status, once it has ended and all that it left has been ended, too.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        match &mut self.0 {
            Kind::Supervised(supervised) => {
                // Limits are for the program, not for what its shim has to end after it.
                if supervised.exited().is_some() {
                    return Some(wait(supervised, SHIM_LIMIT).status);
                }
                supervised.ended().map(|ended| ended.status)
            }
            Kind::Leader { child, .. } => child.try_wait().ok().flatten(),
        }
    }

    /// TERM to all, the grace, then KILL to what is left. A second interrupt cuts the grace short.
    pub(crate) fn stop(&mut self, grace: Duration, stop: &StopSignal) {
        match &mut self.0 {
            Kind::Supervised(supervised) => {
                supervised.stop();
                let began = Instant::now();
                let mut is_killed = false;
                while supervised.ended().is_none() {
                    if !is_killed && (stop.grace(grace).is_zero() || began.elapsed() > grace) {
                        supervised.kill();
                        is_killed = true;
                    }
                    if began.elapsed() > grace + SHIM_LIMIT {
                        supervised.give_up();
                    }
                    std::thread::sleep(TICK / 4);
                }
            }
            Kind::Leader { child, group } => {
                stop_group(*group, grace, stop, || matches!(child.try_wait(), Ok(Some(_))));
                let _ = child.wait();
            }
        }
    }

    /// KILL to what is left of a process that has ended.
    pub(crate) fn sweep(&self) {
        match &self.0 {
            // Its shim ended only when nothing was left.
            Kind::Supervised(_) => {}
            Kind::Leader { group, .. } => {
                let _ = killpg(*group, Signal::SIGKILL);
            }
        }
    }
}

/// Waits for the end of what a program left. The shim bounds that itself; one that hangs is ended.
fn wait(supervised: &mut Supervised, limit: Duration) -> Ended {
    let began = Instant::now();
    loop {
        if let Some(ended) = supervised.ended() {
            return ended;
        }
        if began.elapsed() > limit {
            supervised.give_up();
        }
        std::thread::sleep(TICK / 4);
    }
}

/// TERM, the grace, then KILL. A second interrupt cuts the grace short.
fn stop_group(group: Pid, grace: Duration, stop: &StopSignal, mut ended: impl FnMut() -> bool) {
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
