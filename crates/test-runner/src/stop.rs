//! How far a run has been asked to stop.

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use crate::NotRunCause;

/// How far a run has been asked to stop. It only ever grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stop {
    No,
    /// A test failed, and `--fail-fast` was given.
    FailFast,
    /// Once: running tests are ended in order.
    Interrupted,
    /// Twice: nothing is waited for.
    AtOnce,
}

impl Stop {
    /// What is said of a test that did not run for it.
    pub(crate) fn cause(self) -> (NotRunCause, &'static str) {
        match self {
            Self::FailFast => (NotRunCause::FailFast, "an earlier test failed"),
            Self::No | Self::Interrupted | Self::AtOnce => (NotRunCause::Interrupted, "the run was interrupted"),
        }
    }
}

/// The dispatcher's word to executors that they stop.
#[derive(Debug, Default)]
pub(crate) struct StopSignal(AtomicU8);

impl StopSignal {
    pub(crate) fn raise_to(&self, stop: Stop) {
        self.0.fetch_max(stop as u8, Ordering::SeqCst);
    }

    pub(crate) fn get(&self) -> Stop {
        match self.0.load(Ordering::SeqCst) {
            0 => Stop::No,
            1 => Stop::FailFast,
            2 => Stop::Interrupted,
            _ => Stop::AtOnce,
        }
    }

    pub(crate) fn is_raised(&self) -> bool {
        self.get() > Stop::No
    }

    /// The grace as it is now: none where the run is to stop at once.
    pub(crate) fn grace(&self, grace: Duration) -> Duration {
        if self.get() == Stop::AtOnce { Duration::ZERO } else { grace }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_never_shrinks() {
        let signal = StopSignal::default();
        signal.raise_to(Stop::AtOnce);
        signal.raise_to(Stop::FailFast);
        assert_eq!(signal.get(), Stop::AtOnce);
        assert_eq!(signal.grace(Duration::from_secs(2)), Duration::ZERO);
    }
}
