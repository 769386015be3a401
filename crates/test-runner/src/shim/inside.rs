//! What a shim does. It has one thread, so that nobody else waits for its children or takes its signals.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl::set_child_subreaper;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{Signal, kill};
use nix::sys::time::TimeValLike as _;
use nix::unistd::{Pid, setsid};
use rustix::io::Errno;
use rustix::process::{WaitOptions, wait};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};

use super::huge_pages;
use super::message::{Message, Usage, order};
use super::processes::{descendants, handles, read};

/// How long KILL may take. What a driver holds in the kernel cannot be ended by anybody.
const STUCK: Duration = Duration::from_mins(1);
/// The pause between two rounds of KILL: as long as a process needs to be gone, and longer where it needs longer.
const PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);
/// How many processes are named.
const NAMED: usize = 8;

/// The arguments behind the first one: the grace in milliseconds, whether huge pages are taken back, the program, its arguments.
pub(super) fn run(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let grace = arguments.next().and_then(|text| text.to_str()?.parse().ok()).map(Duration::from_millis);
    let (Some(grace), Some(pages), Some(program)) = (grace, arguments.next(), arguments.next()) else {
        return ExitCode::from(2);
    };
    huge_pages::obey(&pages);
    match Supervisor::start(&program, arguments, grace) {
        Ok(supervisor) => {
            supervisor.supervise();
            ExitCode::SUCCESS
        }
        Err(error) => {
            let failed = Message::Failed { error: error.raw_os_error(), words: error.to_string() };
            if let Ok(mut runner) = lifeline() {
                let _ = runner.write_all(&failed.line());
            }
            ExitCode::FAILURE
        }
    }
}

/// The socket that the runner has the other end of: the standard input, under a number that no child gets.
fn lifeline() -> std::io::Result<UnixStream> {
    Ok(std::io::stdin().as_fd().try_clone_to_owned()?.into())
}

/// A pipe that has a byte for each of these signals. They are handled, not blocked: what is blocked here would be blocked in the
/// program, too.
fn pipe_of(signals: &[i32]) -> std::io::Result<UnixStream> {
    let (pipe, handler) = UnixStream::pair()?;
    pipe.set_nonblocking(true)?;
    for signal in signals {
        signal_hook::low_level::pipe::register(*signal, handler.try_clone()?)?;
    }
    Ok(pipe)
}

/// How far the end has come.
enum Phase {
    Running,
    /// All have got TERM, and have until then.
    Ending(Instant),
    /// All get KILL, since then.
    Killing(Instant),
}

struct Supervisor {
    runner: UnixStream,
    /// Whether the runner may still say something.
    runner_speaks: bool,
    /// A byte for each child that has ended.
    children: UnixStream,
    /// A byte for each signal to stop.
    signals: UnixStream,
    grace: Duration,
    program: i32,
    exited: bool,
    phase: Phase,
    left: Vec<String>,
}

impl Supervisor {
    fn start(program: &OsString, arguments: impl Iterator<Item = OsString>, grace: Duration) -> std::io::Result<Self> {
        let mut runner = lifeline()?;
        // It fails only for who leads a group already, which a child of the runner does not.
        let _ = setsid();
        set_child_subreaper(true)?;
        let children = pipe_of(&[SIGCHLD])?;
        let signals = pipe_of(&[SIGTERM, SIGHUP, SIGINT])?;
        let child = Command::new(program).args(arguments).stdin(Stdio::null()).process_group(0).spawn()?;
        let program = child.id().cast_signed();
        runner.set_nonblocking(true)?;
        let _ = runner.write_all(&Message::Started { process: program }.line());
        Ok(Self {
            runner,
            runner_speaks: true,
            children,
            signals,
            grace,
            program,
            exited: false,
            phase: Phase::Running,
            left: Vec::new(),
        })
    }

    /// Returns when nothing is left.
    fn supervise(mut self) {
        let mut pause = PAUSE;
        let stuck = loop {
            if !self.reap() {
                break BTreeSet::new();
            }
            let timeout = match self.phase {
                Phase::Running => None,
                Phase::Ending(until) => match until.checked_duration_since(Instant::now()) {
                    Some(left) => Some(left),
                    None => {
                        self.phase = Phase::Killing(Instant::now());
                        continue;
                    }
                },
                Phase::Killing(since) => {
                    let those = signal_all(Signal::SIGKILL);
                    if since.elapsed() > STUCK {
                        break names(&those);
                    }
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    Some(pause)
                }
            };
            self.wait(timeout);
            self.hear();
        };
        let over = Message::Over { usage: usage(), left: self.left.clone(), stuck: stuck.into_iter().collect() };
        self.tell(&over);
    }

    /// Takes the statuses of all that has ended. `false` when there is nothing left that could end.
    fn reap(&mut self) -> bool {
        let is_left = loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((process, status))) => {
                    if process.as_raw_pid() == self.program {
                        self.exited = true;
                        self.tell(&Message::Exited { status: status.as_raw() });
                    }
                }
                Ok(None) => break true,
                Err(Errno::INTR) => {}
                Err(_) => break false,
            }
        };
        // Where no child is left nothing is: all processes need not be looked through, which takes milliseconds.
        if is_left && self.exited && matches!(self.phase, Phase::Running) {
            self.left = names(&descendants(this())).into_iter().collect();
            self.stop();
        }
        is_left
    }

    /// Waits for a signal, a word of the runner, or so long.
    fn wait(&self, timeout: Option<Duration>) {
        // Rounded up: a timeout of no milliseconds would be a busy loop.
        let timeout = timeout.map(|time| time + Duration::from_millis(1));
        let timeout = timeout.map_or(PollTimeout::NONE, |time| PollTimeout::try_from(time).unwrap_or(PollTimeout::MAX));
        let mut sources = vec![
            PollFd::new(self.children.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.signals.as_fd(), PollFlags::POLLIN),
        ];
        if self.runner_speaks {
            sources.push(PollFd::new(self.runner.as_fd(), PollFlags::POLLIN));
        }
        let _ = poll(&mut sources, timeout);
    }

    fn hear(&mut self) {
        let mut bytes = [0; 16];
        while let Ok(1..) = self.children.read(&mut bytes) {}
        while let Ok(count @ 1..) = self.signals.read(&mut bytes) {
            (0..count).for_each(|_| self.stop_further());
        }
        while self.runner_speaks {
            match self.runner.read(&mut bytes) {
                // The runner is gone.
                Ok(0) => {
                    self.runner_speaks = false;
                    self.stop();
                }
                Ok(count) => {
                    for order in &bytes[..count] {
                        match *order {
                            order::KILL => self.kill(),
                            order::STOP => self.stop(),
                            order::SHOW => self.show(),
                            _ => {}
                        }
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                Err(_) => {
                    self.runner_speaks = false;
                    self.stop();
                }
            }
        }
    }

    /// TERM to all, unless that was before.
    fn stop(&mut self) {
        if matches!(self.phase, Phase::Running) {
            if self.grace.is_zero() {
                return self.kill();
            }
            signal_all(Signal::SIGTERM);
            // What is stopped takes no TERM.
            signal_all(Signal::SIGCONT);
            self.phase = Phase::Ending(Instant::now() + self.grace);
        }
    }

    /// Nobody else can be sure whose number the program's is: it is kept until it is waited for here.
    fn show(&self) {
        if !self.exited && handles(self.program, Signal::SIGUSR1) {
            let _ = kill(Pid::from_raw(self.program), Signal::SIGUSR1);
        }
    }

    fn kill(&mut self) {
        if !matches!(self.phase, Phase::Killing(_)) {
            self.phase = Phase::Killing(Instant::now());
        }
    }

    /// A signal: like the runner's word, and the second one cuts the grace short.
    fn stop_further(&mut self) {
        match self.phase {
            Phase::Running => self.stop(),
            Phase::Ending(_) | Phase::Killing(_) => self.kill(),
        }
    }

    fn tell(&mut self, message: &Message) {
        // A runner that is gone need not know.
        let _ = self.runner.write_all(&message.line());
    }
}

fn this() -> i32 {
    std::process::id().cast_signed()
}

/// A signal to all descendants. A child of this process keeps its number until it is waited for here, and another
/// descendant until its parent has waited; between the reading and the signal that is a moment, not a test's time.
fn signal_all(signal: Signal) -> Vec<i32> {
    let those = descendants(this());
    for &process in &those {
        let _ = kill(Pid::from_raw(process), signal);
    }
    those
}

fn names(processes: &[i32]) -> BTreeSet<String> {
    let alive = processes.iter().filter_map(|id| read(*id)).filter(|process| !process.is_zombie());
    alive.map(|process| process.name).take(NAMED).collect()
}

/// Of all children that were waited for, and all that they waited for.
fn usage() -> Usage {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_CHILDREN) else { return Usage::default() };
    let microseconds = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Usage {
        processor_time: Duration::from_micros(u64::try_from(microseconds).unwrap_or_default()),
        peak_memory: u64::try_from(usage.max_rss()).unwrap_or_default().saturating_mul(1024),
    }
}
