//! Runs a program under a process that leaves nothing of it behind: this executable again, as a *shim*.
//!
//! A test that starts engines leaves processes that lead sessions of their own and ignore TERM. Nobody outside can be
//! sure to find them all; their subreaper can, since whatever loses its parent becomes a child of it. The shim
//!
//! - leads a session, is the subreaper of all that it starts, and runs the program in a process group of its own;
//! - holds one end of a socket as its standard input. The runner has the only other end, so its end of file says that
//!   the runner is gone, however that ended. What runs under the shim never holds it;
//! - when the program has ended, or the runner or a signal says so: sends TERM to every descendant, waits for the
//!   grace, then sends KILL again and again until the kernel says that it has no child left;
//! - tells how the program ended, what all of it took, and what was left when the program ended by itself.
//!
//! A shim can be killed, too. Then the runner ends what it left (`orphans`), and where the runner was killed with it, the next run of
//! the same tree does (`leftovers`).
//!
//! [`entered`] is the first thing that `main` calls in a program that is its own shim. Another program names one with
//! [`Shim::program`]; this crate brings `test-runner-shim`.

pub mod huge_pages;
mod inside;
pub(crate) mod leftovers;
mod message;
pub(crate) mod orphans;
mod processes;
mod supervised;

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub use message::Usage;
pub use supervised::{Ended, Supervised};

/// The first argument of a shim.
const ARGUMENT: &str = "__test-runner-shim";
/// The variable that all processes under a shim have, with the run's id.
pub const SESSION_VARIABLE: &str = "TEST_RUNNER_SESSION";
/// This executable, also when its file has been replaced.
const THIS_PROGRAM: &str = "/proc/self/exe";

/// Whether [`entered`] was asked, and said no.
static ANSWERS: AtomicBool = AtomicBool::new(false);

/// Does a shim's work where this process is one, and gives what `main` is to return then.
///
/// `main` calls it before anything else, and before it starts a thread.
#[must_use]
pub fn entered() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == ARGUMENT) {
        return Some(inside::run(arguments));
    }
    ANSWERS.store(true, Ordering::SeqCst);
    None
}

/// The processes that descend from a shim now.
pub(crate) fn below(shim: u32) -> Vec<u32> {
    let found = processes::descendants(shim.cast_signed());
    found.into_iter().filter_map(|process| u32::try_from(process).ok()).collect()
}

/// A program that can be a shim, and for whom.
#[derive(Debug, Clone)]
pub struct Shim {
    program: PathBuf,
    grace: Duration,
    session: Option<String>,
}

impl Shim {
    /// This program, which is one if its `main` calls [`entered`]; `None` if it does not, as in a test of libtest.
    #[must_use]
    pub fn this_program() -> Option<Self> {
        ANSWERS.load(Ordering::SeqCst).then(|| Self::program(THIS_PROGRAM))
    }

    /// Another program whose `main` calls [`entered`].
    #[must_use]
    pub fn program(path: impl Into<PathBuf>) -> Self {
        Self { program: path.into(), grace: Duration::from_secs(2), session: None }
    }

    /// How long processes may take to end after TERM before they get KILL; two seconds if it is not said.
    #[must_use]
    pub fn with_grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// The run that the processes are part of: [`SESSION_VARIABLE`] of all of them.
    #[must_use]
    pub fn with_session(mut self, run: impl Into<String>) -> Self {
        self.session = Some(run.into());
        self
    }

    /// A command that runs `program` under the shim, for [`Supervised::spawn`]. Arguments, environment, folder and
    /// descriptors that it is given are the program's; its standard input is empty.
    #[must_use]
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(&self.program);
        command.args([ARGUMENT, &self.grace.as_millis().to_string(), huge_pages::argument()]).arg(program);
        if let Some(run) = &self.session {
            command.env(SESSION_VARIABLE, run);
        }
        command
    }
}
