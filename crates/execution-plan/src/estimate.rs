//! How long a test is expected to take, and how that is known.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use test_catalog::NodeId;

/// How long a test is expected to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// How long.
    pub duration: Duration,
    /// How that is known.
    pub source: EstimateSource,
    /// What nine of ten runs kept below, where enough were measured to tell.
    pub p90: Option<Duration>,
}

/// How an estimate is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EstimateSource {
    /// Measured in earlier runs.
    Measured {
        /// How many of them.
        runs: u32,
    },
    /// A third of the time-out that the test's own marker gives, as Dynamo's scheduler does.
    ThirdOfTimeout,
    /// What a test of its type takes by default.
    TypeDefault,
}

impl fmt::Display for EstimateSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Measured { runs: 1 } => formatter.write_str("1 run"),
            Self::Measured { runs } => write!(formatter, "{runs} runs"),
            Self::ThirdOfTimeout => formatter.write_str("a third of its time-out"),
            Self::TypeDefault => formatter.write_str("the default of its type"),
        }
    }
}

/// Measured durations by case and, for tests without any, defaults by type. The caller fills it: this crate knows
/// no history.
#[derive(Debug, Clone, Default)]
pub struct Estimates {
    measured: HashMap<(NodeId, u32), Measured>,
    by_type: HashMap<String, Duration>,
    vram: HashMap<(NodeId, u32), u64>,
}

/// What was measured of a case.
#[derive(Debug, Clone, Copy)]
struct Measured {
    median: Duration,
    p90: Option<Duration>,
    runs: u32,
}

/// What a test takes when nothing at all is known of it.
const UNKNOWN: Duration = Duration::from_secs(1);

impl Estimates {
    /// No history: time-outs and the defaults of types decide.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds what a case took: the median of that many runs.
    pub fn measured(&mut self, id: NodeId, occurrence: u32, median: Duration, runs: u32) {
        self.measured_with_spread(id, occurrence, median, None, runs);
    }

    /// The same with what nine of ten of the runs kept below, where there were enough to tell.
    pub fn measured_with_spread(
        &mut self,
        id: NodeId,
        occurrence: u32,
        median: Duration,
        p90: Option<Duration>,
        runs: u32,
    ) {
        self.measured.insert((id, occurrence), Measured { median, p90, runs });
    }

    /// Says how much memory of its one GPU a case is to be given that has no profile, in bytes: by what earlier runs took.
    pub fn vram(&mut self, id: NodeId, occurrence: u32, bytes: u64) {
        self.vram.insert((id, occurrence), bytes);
    }

    /// What was said of a case that way.
    pub(crate) fn vram_of(&self, id: &NodeId, occurrence: u32) -> Option<u64> {
        if self.vram.is_empty() { None } else { self.vram.get(&(id.clone(), occurrence)).copied() }
    }

    /// Sets what a test of a type (`unit`, `e2e`) takes by default.
    pub fn default_of_type(&mut self, test_type: impl Into<String>, duration: Duration) {
        self.by_type.insert(test_type.into(), duration);
    }

    /// The estimate of a case: measured, else a third of its own time-out, else its type's default, the largest
    /// where it has several types.
    pub fn of<'t>(
        &self,
        id: &NodeId,
        occurrence: u32,
        own_timeout: Option<Duration>,
        types: impl IntoIterator<Item = &'t str>,
    ) -> Estimate {
        if let Some(&Measured { median, p90, runs }) = self.measured.get(&(id.clone(), occurrence)) {
            return Estimate { duration: median, source: EstimateSource::Measured { runs }, p90 };
        }
        if let Some(timeout) = own_timeout {
            return Estimate { duration: timeout / 3, source: EstimateSource::ThirdOfTimeout, p90: None };
        }
        let duration = types.into_iter().filter_map(|name| self.by_type.get(name)).max().copied().unwrap_or(UNKNOWN);
        Estimate { duration, source: EstimateSource::TypeDefault, p90: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_measured_beats_the_timeout_which_beats_the_type() {
        let id = NodeId::from_text("tests/test_a.py::test_b");
        let mut estimates = Estimates::none();
        estimates.default_of_type("unit", Duration::from_secs(2));
        let of = |estimates: &Estimates, timeout| estimates.of(&id, 0, timeout, ["unit"]);
        assert_eq!(of(&estimates, None).duration, Duration::from_secs(2));
        assert_eq!(of(&estimates, Some(Duration::from_secs(30))).duration, Duration::from_secs(10));
        estimates.measured(id.clone(), 0, Duration::from_secs(4), 12);
        let measured = of(&estimates, Some(Duration::from_secs(30)));
        assert_eq!(measured.duration, Duration::from_secs(4));
        assert_eq!(measured.source.to_string(), "12 runs");
    }
}
