//! What no plan can beat.

use std::fmt;
use std::time::Duration;

/// The best that any plan on these GPUs and slots could reach: no order can be faster than each of these.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bounds {
    /// The work on the GPUs, each step's part of what several may share of a GPU times its time, spread over all of a pool.
    pub gpu_area: Duration,
    /// The same with the room counted that large steps leave and nobody can use, and what cannot run at once.
    pub large: Duration,
    /// The work on the CPU slots, spread over all of them.
    pub cpu_area: Duration,
    /// The time of all that take the same exclusive thing in turn.
    pub exclusive: Duration,
    /// The distance between the starts on the GPUs that tests share, and the shortest of these tests behind them.
    pub stagger: Duration,
    /// The longest chain of steps that wait for each other.
    pub longest: Duration,
}

impl Bounds {
    /// The largest of them.
    #[must_use]
    pub fn best(&self) -> Duration {
        self.all().into_iter().map(|(_, bound)| bound).max().unwrap_or_default()
    }

    /// What the largest of them comes from: of several the plainest.
    #[must_use]
    pub fn binding(&self) -> BoundKind {
        let best = self.best();
        self.all().into_iter().find(|(_, bound)| *bound == best).map_or(BoundKind::Longest, |(kind, _)| kind)
    }

    /// The plainest first.
    fn all(&self) -> [(BoundKind, Duration); 6] {
        [
            (BoundKind::Longest, self.longest),
            (BoundKind::GpuArea, self.gpu_area),
            (BoundKind::CpuArea, self.cpu_area),
            (BoundKind::Exclusive, self.exclusive),
            (BoundKind::Stagger, self.stagger),
            (BoundKind::Large, self.large),
        ]
    }
}

/// What a bound comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoundKind {
    /// [`Bounds::longest`].
    Longest,
    /// [`Bounds::gpu_area`].
    GpuArea,
    /// [`Bounds::cpu_area`].
    CpuArea,
    /// [`Bounds::exclusive`].
    Exclusive,
    /// [`Bounds::stagger`].
    Stagger,
    /// [`Bounds::large`].
    Large,
}

/// In a few words: `the memory of the GPUs`.
impl fmt::Display for BoundKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Longest => "the longest chain of steps",
            Self::GpuArea => "the memory of the GPUs",
            Self::CpuArea => "the CPU slots",
            Self::Exclusive => "what only one test has at a time",
            Self::Stagger => "the distance between starts on a GPU",
            Self::Large => "tests that cannot share GPUs",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_bound_is_named_and_of_equal_ones_the_plainest() {
        let seconds = Duration::from_secs;
        let bounds = Bounds { gpu_area: seconds(5), large: seconds(7), longest: seconds(3), ..Bounds::default() };
        assert_eq!((bounds.best(), bounds.binding()), (seconds(7), BoundKind::Large));
        let bounds = Bounds { longest: seconds(7), ..bounds };
        assert_eq!(bounds.binding().to_string(), "the longest chain of steps");
    }
}
