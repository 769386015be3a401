//! The exit codes, documented and stable: scripts and CI rely on them.

/// How a command ended. The number is what the process returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// All went well: tests passed, nothing found.
    Success = 0,
    /// Tests failed, the audit has findings, or real pytest or cargo differs.
    Failure = 1,
    /// Wrong usage or configuration: an option (one for pytest, too), an expression, a policy file, pytest's own configuration, a workflow.
    Usage = 2,
    /// This machine is not ready: no Python, no cargo, a workspace that does not build here, no room for the output or the results, or with
    /// `--require-all` tests that it cannot run.
    NotReady = 3,
    /// The tree has no tests, or the options select none.
    NothingSelected = 4,
    /// With `--enforce-budget`: the tests are expected to take longer than the policy gives them, or took longer.
    OverBudget = 5,
    /// Something that should not happen; please report it.
    Internal = 70,
    /// Stopped by Ctrl-C or a signal; finished results are kept.
    Interrupted = 130,
}

impl Exit {
    /// The one that a process ended with.
    pub(crate) fn of_code(code: i32) -> Option<Self> {
        [
            Self::Success,
            Self::Failure,
            Self::Usage,
            Self::NotReady,
            Self::NothingSelected,
            Self::OverBudget,
            Self::Internal,
            Self::Interrupted,
        ]
        .into_iter()
        .find(|exit| i32::from(*exit as u8) == code)
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
