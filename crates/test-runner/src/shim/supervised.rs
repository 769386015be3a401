//! The runner's side of a shim.

use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::message::{Message, Usage, order};
use super::orphans;
use super::processes::overview;

/// How long a shim may take to say that the program runs: as long as a loaded machine needs.
const START_LIMIT: Duration = Duration::from_mins(1);
/// The pause between two looks at a shim that has closed its end of the socket.
const CLOSED_PAUSE: Duration = Duration::from_micros(200);
/// How long a line of a shim may be, in bytes: it names a few processes.
const LINE_LIMIT: usize = 64 << 10;

/// A program that runs under a shim. Dropped, it is stopped with all that it started, as by [`Supervised::stop`].
#[derive(Debug)]
pub struct Supervised {
    shim: Child,
    socket: UnixStream,
    /// What the shim said and was not read yet.
    said: Vec<u8>,
    program: i32,
    exited: Option<ExitStatus>,
    over: Option<(Usage, Vec<String>, Vec<String>)>,
}

/// How a program under a shim ended. Nothing of it is left but what is `stuck`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The program's own status, or the shim's where that was killed before it could tell.
    pub status: ExitStatus,
    /// What it took, with all that it started; `None` where the shim was killed.
    pub usage: Option<Usage>,
    /// Processes that were there when the program had ended by itself, by name, a few of them.
    pub left: Vec<String>,
    /// Processes that KILL did not end within a minute, by name: they wait in the kernel.
    pub stuck: Vec<String>,
}

impl Supervised {
    /// Starts a command that [`Shim::command`](super::Shim::command) made.
    ///
    /// # Errors
    /// If the shim or the program cannot be started.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        let (socket, theirs) = UnixStream::pair()?;
        let shim = orphans::remembering(|| command.stdin(OwnedFd::from(theirs)).spawn());
        // The command would keep the shim's end open, and hide that it is closed.
        command.stdin(Stdio::null());
        let mut supervised = Self { shim: shim?, socket, said: Vec::new(), program: 0, exited: None, over: None };
        match supervised.first_word() {
            Ok(process) => {
                supervised.program = process;
                supervised.socket.set_nonblocking(true)?;
                Ok(supervised)
            }
            Err(error) => {
                supervised.give_up();
                Err(error)
            }
        }
    }

    /// The number of the program's process. It may have ended.
    #[must_use]
    pub fn program(&self) -> i32 {
        self.program
    }

    /// The number of the shim's own process.
    pub(crate) fn shim(&self) -> u32 {
        self.shim.id()
    }

    /// The program's status once it has ended; what it left may still be there.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.hear();
        self.exited
    }

    /// How it ended, once nothing is left.
    pub fn ended(&mut self) -> Option<Ended> {
        // What it has said is taken in any case: who waits for more waits for that.
        self.hear();
        let shim = self.shim.try_wait().ok().flatten()?;
        self.hear();
        orphans::forget(self.shim.id());
        let (usage, left, stuck) = match self.over.clone() {
            Some((usage, left, stuck)) => (Some(usage), left, stuck),
            // It was killed, and could end nothing.
            None => (None, orphans::sweep(), Vec::new()),
        };
        Some(Ended { status: self.exited.unwrap_or(shim), usage, left, stuck })
    }

    /// Waits until the shim says something more, or so long.
    pub(crate) fn wait(&self, most: Duration) {
        let mut sources = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
        let timeout = PollTimeout::try_from(most).unwrap_or(PollTimeout::MAX);
        let _ = poll(&mut sources, timeout);
        // A shim that is about to end has closed its end before: its status comes a moment later.
        if sources[0].revents().is_some_and(|events| events.contains(PollFlags::POLLHUP)) {
            std::thread::sleep(most.min(CLOSED_PAUSE));
        }
    }

    /// TERM to all, the grace, KILL. It does not wait for the end.
    pub fn stop(&mut self) {
        // A shim that is gone need not be told.
        let _ = self.socket.write_all(&[order::STOP]);
    }

    /// KILL to all. It does not wait for the end.
    pub fn kill(&mut self) {
        let _ = self.socket.write_all(&[order::KILL]);
    }

    /// Asks the program for its stacks: USR1, if it has a handler for it.
    pub fn show_stacks(&mut self) {
        let _ = self.socket.write_all(&[order::SHOW]);
    }

    /// The program's processes and threads as they are now, by name, a line each process.
    #[must_use]
    pub fn overview(&self) -> String {
        overview(self.program)
    }

    /// Ends the shim itself, which does not answer any more.
    pub(crate) fn give_up(&mut self) {
        let _ = self.shim.kill();
        let _ = self.shim.wait();
        orphans::forget(self.shim.id());
    }

    /// Waits for what the shim says first.
    fn first_word(&mut self) -> io::Result<i32> {
        let until = Instant::now() + START_LIMIT;
        loop {
            match self.next_line() {
                Some(Message::Started { process }) => return Ok(process),
                Some(Message::Failed { error: Some(number), .. }) => return Err(io::Error::from_raw_os_error(number)),
                Some(Message::Failed { words, .. }) => return Err(io::Error::other(words)),
                Some(_) | None => {}
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::Error::other("its supervisor did not start it within a minute"));
            }
            self.socket.set_read_timeout(Some(left))?;
            let mut buffer = [0; 512];
            match self.socket.read(&mut buffer) {
                Ok(0) => {
                    let status = self.shim.wait()?;
                    return Err(io::Error::other(format!("its supervisor ended before it started it ({status})")));
                }
                Ok(count) => self.said.extend_from_slice(&buffer[..count]),
                Err(error) if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes what the shim has said by now.
    fn hear(&mut self) {
        let mut buffer = [0; 512];
        loop {
            match self.socket.read(&mut buffer) {
                Ok(count @ 1..) if self.said.len() < LINE_LIMIT => self.said.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(_) | Err(_) => break,
            }
        }
        while let Some(message) = self.next_line() {
            match message {
                Message::Exited { status } => self.exited = Some(ExitStatus::from_raw(status)),
                Message::Over { usage, left, stuck } => self.over = Some((usage, left, stuck)),
                Message::Started { .. } | Message::Failed { .. } => {}
            }
        }
    }

    fn next_line(&mut self) -> Option<Message> {
        loop {
            let end = self.said.iter().position(|byte| *byte == b'\n')?;
            let line: Vec<u8> = self.said.drain(..=end).collect();
            // A program that is no shim could say anything.
            if let Ok(message) = serde_json::from_slice(&line) {
                return Some(message);
            }
        }
    }
}
