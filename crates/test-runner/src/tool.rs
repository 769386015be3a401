//! Runs a tool to its end: cargo's build, a listing, pip. What it prints is captured.

use std::io::{self, Read};
use std::process::{Command, Output, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::clock::Instant;
use crate::process::{Launcher, TICK};
use crate::stop::StopSignal;

/// Why a tool gave nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ToolError {
    /// It cannot be started, or not be waited for.
    #[error("cannot run it: {0}")]
    Start(#[from] std::io::Error),
    /// The run is stopping.
    #[error("the run was stopped")]
    Stopped,
    /// It took too long.
    #[error("it took longer than {:.0} s", .0.as_secs_f64())]
    Limit(Duration),
}

impl From<ToolError> for io::Error {
    fn from(error: ToolError) -> Self {
        match error {
            ToolError::Start(error) => error,
            ToolError::Stopped | ToolError::Limit(_) => Self::other(error.to_string()),
        }
    }
}

/// Runs a command that [`Launcher::of_this_program`] made, outside of a run, to its end. Under a shim nothing is left of it, also
/// where this process is stopped or killed meanwhile. With `is_merged` both outputs are in the first, in the order in which they
/// were printed.
pub(crate) fn run_outside(launcher: &Launcher, command: &mut Command, is_merged: bool) -> io::Result<Output> {
    let stop = StopSignal::default();
    let supervision = Supervision { launcher, stop: &stop, grace: Supervision::GRACE, limit: None };
    Ok(if is_merged { supervision.run_merged(command) } else { supervision.run(command) }?)
}

/// How a tool is started and ended.
#[derive(Clone, Copy)]
pub(crate) struct Supervision<'s> {
    pub(crate) launcher: &'s Launcher,
    pub(crate) stop: &'s StopSignal,
    pub(crate) grace: Duration,
    /// How long it may take; `None` for a build or an installation, which nobody can bound.
    pub(crate) limit: Option<Duration>,
}

impl Supervision<'_> {
    /// How long what a tool of no run left may take to end after TERM.
    pub(crate) const GRACE: Duration = Duration::from_secs(2);

    /// Runs a command of the launcher to its end. How it exits is for the caller to judge.
    pub(crate) fn run(self, command: &mut Command) -> Result<Output, ToolError> {
        let (stdout, their_stdout) = io::pipe()?;
        let (stderr, their_stderr) = io::pipe()?;
        command.stdout(their_stdout).stderr(their_stderr);
        self.to_end(command, stdout, Some(stderr))
    }

    /// The same with both outputs in one.
    fn run_merged(self, command: &mut Command) -> Result<Output, ToolError> {
        let (stdout, theirs) = io::pipe()?;
        command.stderr(theirs.try_clone()?).stdout(theirs);
        self.to_end(command, stdout, None)
    }

    fn to_end(
        self,
        command: &mut Command,
        stdout: io::PipeReader,
        stderr: Option<io::PipeReader>,
    ) -> Result<Output, ToolError> {
        if self.stop.is_raised() {
            return Err(ToolError::Stopped);
        }
        command.stdin(Stdio::null());
        let group = self.launcher.spawn(command);
        // The command would hold the pipes' other ends.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut group = group?;
        let (stdout, stderr) = (all_of(stdout), stderr.map(all_of));
        let began = Instant::now();
        loop {
            if let Some(status) = group.ended() {
                group.sweep();
                let read = |reader: JoinHandle<Vec<u8>>| reader.join().unwrap_or_default();
                return Ok(Output { status, stdout: read(stdout), stderr: stderr.map(read).unwrap_or_default() });
            }
            let late = self.limit.filter(|limit| began.elapsed() > *limit);
            if self.stop.is_raised() || late.is_some() {
                group.stop(self.grace, self.stop);
                return Err(late.map_or(ToolError::Stopped, ToolError::Limit));
            }
            group.wait(TICK / 4);
        }
    }
}

/// Reads a pipe to its end in a thread of its own, so that the tool never waits for a reader.
fn all_of(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read before an error is what there is.
        let _ = pipe.read_to_end(&mut bytes);
        bytes
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use std::time::Instant;

    use crate::stop::Stop;

    const GRACE: Duration = Duration::from_millis(200);

    /// A shell under no shim: tests under one are in `tests/shim.rs`.
    fn run(script: &str, limit: Option<Duration>, grace: Duration, stop: &StopSignal) -> Result<Output, ToolError> {
        let launcher = Launcher::bare();
        let mut command = launcher.command("sh");
        Supervision { launcher: &launcher, stop, grace, limit }.run(command.args(["-c", script]))
    }

    #[test]
    fn what_a_tool_prints_is_told_with_how_it_exits() {
        let output = run("echo out; echo err >&2; exit 3", None, GRACE, &StopSignal::default()).unwrap();
        assert_eq!(
            (&output.stdout[..], &output.stderr[..], output.status.code()),
            (&b"out\n"[..], &b"err\n"[..], Some(3))
        );
    }

    #[test]
    fn a_tool_that_takes_too_long_is_ended_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("still-here");
        let script = format!("(sleep 2; touch '{}') & sleep 30", mark.display());
        let stop = StopSignal::default();
        let error = run(&script, Some(Duration::from_millis(200)), GRACE, &stop).unwrap_err();
        assert!(matches!(error, ToolError::Limit(_)));
        std::thread::sleep(Duration::from_millis(2500));
        assert!(!mark.exists());
    }

    #[test]
    fn an_interrupt_ends_a_tool_that_ignores_term() {
        let stop = StopSignal::default();
        let began = Instant::now();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(200));
                stop.raise_to(Stop::Interrupted);
            });
            assert!(matches!(run("trap '' TERM; sleep 30; sleep 30", None, GRACE, &stop), Err(ToolError::Stopped)));
        });
        assert!(began.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn the_second_interrupt_cuts_the_grace_short() {
        let stop = StopSignal::default();
        let began = Instant::now();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for level in [Stop::Interrupted, Stop::AtOnce] {
                    std::thread::sleep(Duration::from_millis(200));
                    stop.raise_to(level);
                }
            });
            let tool = run("trap '' TERM; sleep 30; sleep 30", None, Duration::from_secs(60), &stop);
            assert!(matches!(tool, Err(ToolError::Stopped)));
        });
        assert!(began.elapsed() < Duration::from_secs(10));
    }
}
