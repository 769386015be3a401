//! How a pytest process ended, and what is said of the tests that it left.

use std::process::ExitStatus;
use std::time::Duration;

use crate::NotRunCause;
use crate::executor::{Job, seconds};
use crate::process::how;

/// How a pytest process ended.
pub(crate) enum End {
    Exited {
        status: ExitStatus,
        collected: bool,
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
    /// (exit code 4) is that of no file.
    pub(crate) fn is_of_some_file(&self) -> bool {
        match self {
            Self::Exited { status, collected, .. } => !collected && status.code() != Some(4),
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
            Self::Lingered { collected: false } => {
                (NotRunCause::Collection, "pytest collected nothing, and did not end".to_owned())
            }
            Self::Exited { status, collected: true, .. } => {
                (NotRunCause::Stopped, format!("pytest ended before it ({})", how(status)))
            }
            Self::Exited { status, output, .. } => {
                (NotRunCause::Collection, format!("pytest collected nothing ({}): {}", how(status), output.trim()))
            }
        }
    }
}

/// What is said of a test that did not run since the run stops.
pub(crate) fn label_of_stop(job: &Job<'_, '_>) -> Option<(NotRunCause, String)> {
    job.stop.is_raised().then(|| {
        let (cause, reason) = job.stop.get().cause();
        (cause, reason.to_owned())
    })
}
