//! Processes of a run, each ended with all that it started.

use std::collections::{BTreeSet, HashSet};
use std::ffi::OsStr;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::clock::Instant;
use crate::shim::{self, Ended, Shim, Supervised, Usage};
use crate::stop::StopSignal;

/// How often a process is looked after.
pub(crate) const TICK: Duration = Duration::from_millis(20);
/// How long a shim may take beyond the grace: what it gives KILL, and room.
const SHIM_LIMIT: Duration = Duration::from_secs(90);

/// Starts processes: each under a shim where there is one, and else as the leader of a group.
#[derive(Debug)]
pub(crate) struct Launcher {
    shim: Option<Shim>,
    seen: Arc<Mutex<Seen>>,
    /// The shims that run now, by their numbers.
    shims: Arc<Mutex<BTreeSet<u32>>>,
}

/// What came of the processes that have ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// What they took; `None` where no shim told it.
    pub(crate) usage: Option<Usage>,
    /// The most memory that one told of itself, in bytes.
    peak_memory: u64,
    /// Names of what some left when they ended by themselves.
    pub(crate) left: BTreeSet<String>,
    /// Names of what KILL did not end.
    pub(crate) stuck: BTreeSet<String>,
}

impl Launcher {
    pub(crate) fn new(shim: Option<Shim>) -> Self {
        Self { shim, seen: Arc::default(), shims: Arc::default() }
    }

    /// Like this one, with nothing seen.
    pub(crate) fn fresh(&self) -> Self {
        Self::new(self.shim.clone())
    }

    pub(crate) fn seen(&self) -> Seen {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(usage) = &mut seen.usage {
            usage.peak_memory = usage.peak_memory.max(seen.peak_memory);
        }
        seen
    }

    /// A process told of the most memory that it held, in bytes, and began to count anew: its shim cannot see that any more.
    pub(crate) fn saw_memory(&self, bytes: u64) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.peak_memory = seen.peak_memory.max(bytes);
    }

    /// The processes that run now under its shims. One that has begun or ended meanwhile may be missing or too many.
    pub(crate) fn processes(&self) -> HashSet<u32> {
        let shims = self.shims.lock().unwrap_or_else(PoisonError::into_inner).clone();
        shims.into_iter().flat_map(shim::below).collect()
    }

    /// Outside of a run: under this program as its own shim, where it is one.
    pub(crate) fn of_this_program() -> Self {
        Self::new(Shim::this_program())
    }

    /// Without a shim.
    #[cfg(test)]
    pub(crate) fn bare() -> Self {
        Self::new(None)
    }

    /// A command for [`Launcher::spawn`].
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        self.shim.as_ref().map_or_else(|| Command::new(&program), |shim| shim.command(&program))
    }

    /// Starts a command that [`Launcher::command`] made. Under a shim its standard input is empty, whatever it was given.
    pub(crate) fn spawn(&self, command: &mut Command) -> std::io::Result<Group> {
        if self.shim.is_some() {
            let supervised = Supervised::spawn(command)?;
            let running = Running::of(&self.shims, supervised.shim());
            let kind = Kind::Supervised(supervised);
            return Ok(Group { kind, seen: Some(Arc::clone(&self.seen)), _running: Some(running) });
        }
        let child = command.process_group(0).spawn()?;
        let group = Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX));
        Ok(Group { kind: Kind::Leader { child, group }, seen: None, _running: None })
    }
}

/// A process and all that it started.
pub(crate) struct Group {
    kind: Kind,
    /// Where its end is to be told, until it is.
    seen: Option<Arc<Mutex<Seen>>>,
    _running: Option<Running>,
}

/// A shim's number among those that run, as long as this is there.
struct Running(Arc<Mutex<BTreeSet<u32>>>, u32);

impl Running {
    fn of(shims: &Arc<Mutex<BTreeSet<u32>>>, shim: u32) -> Self {
        shims.lock().unwrap_or_else(PoisonError::into_inner).insert(shim);
        Self(Arc::clone(shims), shim)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

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
        match &mut self.kind {
            Kind::Supervised(supervised) => {
                // Limits are for the program, not for what its shim has to end after it.
                let is_over = supervised.exited().is_some();
                let ended = if is_over { Some(wait(supervised, SHIM_LIMIT)) } else { supervised.ended() }?;
                tell(self.seen.take(), &ended);
                Some(ended.status)
            }
            Kind::Leader { child, .. } => child.try_wait().ok().flatten(),
        }
    }

    /// Waits so long, or less: a shim tells when something has ended.
    pub(crate) fn wait(&self, most: Duration) {
        match &self.kind {
            Kind::Supervised(supervised) => supervised.wait(most),
            Kind::Leader { .. } => std::thread::sleep(most),
        }
    }

    /// TERM to all, the grace, then KILL to what is left. A second interrupt cuts the grace short.
    pub(crate) fn stop(&mut self, grace: Duration, stop: &StopSignal) {
        match &mut self.kind {
            Kind::Supervised(supervised) => {
                supervised.stop();
                let began = Instant::now();
                let mut is_killed = false;
                let ended = loop {
                    if let Some(ended) = supervised.ended() {
                        break ended;
                    }
                    if !is_killed && (stop.grace(grace).is_zero() || began.elapsed() > grace) {
                        supervised.kill();
                        is_killed = true;
                    }
                    if began.elapsed() > grace + SHIM_LIMIT {
                        supervised.give_up();
                    }
                    supervised.wait(TICK / 4);
                };
                tell(self.seen.take(), &ended);
            }
            Kind::Leader { child, group } => {
                stop_group(*group, grace, stop, || matches!(child.try_wait(), Ok(Some(_))));
                let _ = child.wait();
            }
        }
    }

    /// Has a program that handles USR1 tell its stacks.
    pub(crate) fn show_stacks(&mut self) {
        if let Kind::Supervised(supervised) = &mut self.kind {
            supervised.show_stacks();
        }
    }

    /// The processes and threads as they are now; empty without a shim.
    pub(crate) fn overview(&self) -> String {
        match &self.kind {
            Kind::Supervised(supervised) => supervised.overview(),
            Kind::Leader { .. } => String::new(),
        }
    }

    /// Whether nothing that it started is there any more when it has ended.
    pub(crate) fn leaves_nothing(&self) -> bool {
        matches!(self.kind, Kind::Supervised(_))
    }

    /// KILL to what is left of a process that has ended.
    pub(crate) fn sweep(&self) {
        match &self.kind {
            // Its shim ended only when nothing was left.
            Kind::Supervised(_) => {}
            Kind::Leader { group, .. } => {
                let _ = killpg(*group, Signal::SIGKILL);
            }
        }
    }
}

fn tell(seen: Option<Arc<Mutex<Seen>>>, ended: &Ended) {
    let Some(seen) = seen else { return };
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(usage) = ended.usage {
        let before = seen.usage.unwrap_or_default();
        seen.usage = Some(Usage {
            processor_time: before.processor_time + usage.processor_time,
            peak_memory: before.peak_memory.max(usage.peak_memory),
        });
    }
    seen.left.extend(ended.left.iter().cloned());
    seen.stuck.extend(ended.stuck.iter().cloned());
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
        supervised.wait(TICK / 4);
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
