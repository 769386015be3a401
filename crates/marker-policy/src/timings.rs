//! What tests took when they were run.

use std::time::Duration;

use foldhash::HashMap;
use test_catalog::NodeId;

/// What tests took, as far as it is known. Empty where nothing was measured.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Timings {
    by_case: HashMap<NodeId, Measured>,
    memory: HashMap<NodeId, u64>,
}

/// What one test took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// The longest of its runs.
    pub longest: Duration,
    /// How many there were.
    pub runs: u32,
}

impl Timings {
    /// Adds a run of a test that went through: one that was ended says only that it takes longer.
    pub fn add(&mut self, id: NodeId, took: Duration) {
        let measured = self.by_case.entry(id).or_insert(Measured { longest: Duration::ZERO, runs: 0 });
        measured.longest = measured.longest.max(took);
        measured.runs += 1;
    }

    /// What a test took.
    #[must_use]
    pub fn of(&self, id: &NodeId) -> Option<Measured> {
        self.by_case.get(id).copied()
    }

    /// Adds the most memory of a GPU that a run of a test took, in bytes.
    pub fn add_memory(&mut self, id: NodeId, peak: u64) {
        let known = self.memory.entry(id).or_default();
        *known = (*known).max(peak);
    }

    /// The most memory of a GPU that any run of a test took, in bytes; `None` where it was not measured.
    #[must_use]
    pub fn memory_of(&self, id: &NodeId) -> Option<u64> {
        self.memory.get(id).copied()
    }

    /// Whether memory of any test was.
    #[must_use]
    pub fn has_memory(&self) -> bool {
        !self.memory.is_empty()
    }

    /// Whether nothing was measured.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_case.is_empty() && self.memory.is_empty()
    }
}
