//! What no plan can beat.

use std::time::Duration;

/// The best that any plan on these GPUs and slots could reach: no order can be faster than each of these.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bounds {
    /// The work on the GPUs, each step's part of what several may share of a GPU times its time, spread over all of a pool.
    pub gpu_area: Duration,
    /// The same with the room counted that large steps leave and nobody can use.
    pub large: Duration,
    /// The work on the CPU slots, spread over all of them.
    pub cpu_area: Duration,
    /// The time of all that take the same exclusive thing in turn.
    pub exclusive: Duration,
    /// The longest chain of steps that wait for each other.
    pub longest: Duration,
}

impl Bounds {
    /// The largest of them.
    #[must_use]
    pub fn best(&self) -> Duration {
        self.gpu_area.max(self.large).max(self.cpu_area).max(self.exclusive).max(self.longest)
    }
}
