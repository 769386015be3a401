//! Runs a tool to its end: cargo's build, a listing, pip. What it prints is captured.

use std::os::unix::process::CommandExt as _;
use std::process::Output;
use std::time::{Duration, Instant};

use duct::Expression;

use crate::process::{TICK, group_of, stop_group};
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

/// How a tool is ended.
#[derive(Clone, Copy)]
pub(crate) struct Supervision<'s> {
    pub(crate) stop: &'s StopSignal,
    pub(crate) grace: Duration,
    /// How long it may take; `None` for a build or an installation, which nobody can bound.
    pub(crate) limit: Option<Duration>,
}

impl Supervision<'_> {
    /// Runs a tool in a process group of its own. How it exits is for the caller to judge.
    pub(crate) fn run(self, expression: &Expression) -> Result<Output, ToolError> {
        if self.stop.is_raised() {
            return Err(ToolError::Stopped);
        }
        let expression = expression.before_spawn(|command| {
            command.process_group(0);
            Ok(())
        });
        let handle = expression.stdin_null().stdout_capture().stderr_capture().unchecked().start()?;
        let began = Instant::now();
        loop {
            if let Some(output) = handle.wait_timeout(TICK)? {
                return Ok(output.clone());
            }
            let late = self.limit.filter(|limit| began.elapsed() > *limit);
            if self.stop.is_raised() || late.is_some() {
                for process in handle.pids() {
                    stop_group(group_of(process), self.grace, self.stop, || !matches!(handle.try_wait(), Ok(None)));
                }
                return Err(late.map_or(ToolError::Stopped, ToolError::Limit));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::stop::Stop;

    fn supervised(limit: Option<Duration>, stop: &StopSignal) -> Supervision<'_> {
        Supervision { stop, grace: Duration::from_millis(200), limit }
    }

    #[test]
    fn a_tool_that_takes_too_long_is_ended_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("still-here");
        let script = format!("(sleep 2; touch '{}') & sleep 30", mark.display());
        let stop = StopSignal::default();
        let error =
            supervised(Some(Duration::from_millis(200)), &stop).run(&duct::cmd!("sh", "-c", script)).unwrap_err();
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
            let tool = duct::cmd!("sh", "-c", "trap '' TERM; sleep 30; sleep 30");
            assert!(matches!(supervised(None, &stop).run(&tool), Err(ToolError::Stopped)));
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
            let tool = duct::cmd!("sh", "-c", "trap '' TERM; sleep 30; sleep 30");
            let supervised = Supervision { stop: &stop, grace: Duration::from_secs(60), limit: None };
            assert!(matches!(supervised.run(&tool), Err(ToolError::Stopped)));
        });
        assert!(began.elapsed() < Duration::from_secs(10));
    }
}
