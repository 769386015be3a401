//! How a pytest process ended, and what is said of the tests that it left.

use std::process::ExitStatus;
use std::time::Duration;

use crate::NotRunCause;
use crate::executor::{Job, seconds};
use crate::process::how;

/// How a reason begins that is of all files of a process.
pub(crate) const NOTHING: &str = "pytest collected nothing";

/// What pytest ends with where an option, an expression or its configuration is wrong.
const USAGE: i32 = 4;

/// What it says of a file that is gone: the runner names files like this.
const GONE: &str = "file or directory not found: ./";

/// How a pytest process ended.
pub(crate) enum End {
    Exited {
        status: ExitStatus,
        collected: bool,
        /// Why it stops, by its own word.
        stopping: Option<String>,
        output: String,
    },
    /// With a test that crashed or took too long, and has its result.
    TestEnded,
    Uncollected(Duration),
    StepOver(Duration),
    /// When its session was over it went on, and was ended.
    Lingered {
        collected: bool,
    },
    Stopped,
}

impl End {
    /// Whether one file may have kept all others from being collected: each is tried by itself then. Wrong usage
    /// is that of no file, unless one is gone.
    pub(crate) fn is_of_some_file(&self) -> bool {
        match self {
            Self::Exited { status, collected, output, .. } => {
                !collected && (status.code() != Some(USAGE) || output.contains(GONE))
            }
            Self::Lingered { collected } => !collected,
            Self::Uncollected(_) => true,
            Self::TestEnded | Self::StepOver(_) | Self::Stopped => false,
        }
    }

    /// What is said of the tests that it left without a result.
    pub(crate) fn label(self, job: &Job<'_, '_>) -> (NotRunCause, String) {
        if let Some(label) = label_of_stop(job) {
            return label;
        }
        match self {
            Self::TestEnded | Self::Stopped => (NotRunCause::Stopped, "pytest makes no progress".to_owned()),
            Self::Uncollected(limit) => {
                (NotRunCause::Stopped, format!("collecting took longer than {}", seconds(limit)))
            }
            Self::StepOver(limit) => {
                (NotRunCause::Stopped, format!("its step took longer than {} with no test running", seconds(limit)))
            }
            Self::Lingered { collected: true } => {
                (NotRunCause::Stopped, "pytest ended its session before it".to_owned())
            }
            Self::Lingered { collected: false } => (NotRunCause::Collection, format!("{NOTHING}, and did not end")),
            Self::Exited { status, output, .. } if status.code() == Some(USAGE) && is_refusal(&output) => {
                (NotRunCause::Usage, nothing(status, &output))
            }
            Self::Exited { collected: true, stopping: Some(why), .. } => {
                (NotRunCause::Stopped, format!("pytest stopped before it: {why}"))
            }
            Self::Exited { status, collected: true, output, .. } => {
                let cause = exception(&output).map(|line| format!(": {line}")).unwrap_or_default();
                (NotRunCause::Stopped, format!("pytest ended before it ({}){cause}", how(status)))
            }
            Self::Exited { status, output, .. } => (NotRunCause::Collection, nothing(status, &output)),
        }
    }
}

/// What ended a process before it ran anything, and all that it printed.
fn nothing(status: ExitStatus, output: &str) -> String {
    let cause = cause(output).map(|line| format!("{line}\n")).unwrap_or_default();
    format!("{NOTHING} ({}): {cause}{}", how(status), output.trim())
}

/// Whether pytest was asked for what it cannot do. It ends with the same code where a conftest cannot be imported, and where a file
/// is gone.
fn is_refusal(output: &str) -> bool {
    !output.contains("ImportError while loading conftest") && !output.contains(GONE)
}

/// The line of pytest's output that says what ended it, where there is one: the exception of a hook, what is wrong with an option,
/// what a conftest raised, else an error that pytest names by itself.
fn cause(output: &str) -> Option<&str> {
    let option = || output.lines().find_map(|line| line.split_once(": error: ")).map(|(_, rest)| rest);
    let raised = || output.lines().filter_map(|line| line.strip_prefix("E   ")).next_back();
    let named = || output.lines().filter_map(|line| line.strip_prefix("ERROR: ")).next_back();
    exception(output).or_else(option).or_else(raised).or_else(named).map(str::trim)
}

/// That of a hook, alone.
fn exception(output: &str) -> Option<&str> {
    let lines = output.lines().rev().filter_map(|line| line.strip_prefix("INTERNALERROR> "));
    lines.filter(|line| !line.starts_with(' ')).find(|line| !line.trim().is_empty())
}

/// What is said of a test that did not run since the run stops.
pub(crate) fn label_of_stop(job: &Job<'_, '_>) -> Option<(NotRunCause, String)> {
    job.stop.is_raised().then(|| {
        let (cause, reason) = job.stop.get().cause();
        (cause, reason.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_tells_is_found() {
        for (output, expected) in [
            (
                "INTERNALERROR> Traceback:\nINTERNALERROR>   File x\nINTERNALERROR> ValueError: no\nINTERNALERROR> \n",
                Some("ValueError: no"),
            ),
            (
                "ERROR: usage: pytest [options]\n__main__.py: error: unrecognized arguments: --odd\n  inifile: x\n",
                Some("unrecognized arguments: --odd"),
            ),
            (
                "ImportError while loading conftest '/t/conftest.py'.\nconftest.py:1: in <module>\nE   ModuleNotFoundError: No module named 'x'\n",
                Some("ModuleNotFoundError: No module named 'x'"),
            ),
            (
                "=== test session starts ===\ncollected 0 items\nERROR: file or directory not found: odd.py\n\n",
                Some("file or directory not found: odd.py"),
            ),
            ("Fatal Python error: Segmentation fault\n", None),
        ] {
            assert_eq!(cause(output), expected);
        }
    }
}
