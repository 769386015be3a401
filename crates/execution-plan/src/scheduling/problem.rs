//! Jobs and the machine that they share.

use std::time::Duration;

use crate::{Capacity, Links, Share};

/// GPUs that some jobs may be placed on, by their index in [`Capacity::units`], ascending.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Pool(Vec<usize>);

impl Pool {
    /// A pool of these units, in whatever order they are given.
    #[must_use]
    pub fn new(units: impl IntoIterator<Item = usize>) -> Self {
        let mut units: Vec<usize> = units.into_iter().collect();
        units.sort_unstable();
        units.dedup();
        Self(units)
    }

    /// The units, ascending.
    #[must_use]
    pub fn units(&self) -> &[usize] {
        &self.0
    }
}

/// Something that runs from its start to its end without a break and holds the same all the while.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Job {
    /// How long it is expected to take.
    pub duration: Duration,
    /// How many CPU slots it takes. One that asks for more than there are runs when all are free.
    pub cpu_slots: u32,
    /// How much memory of the machine itself it takes, in bytes.
    pub host_memory: u64,
    /// How many GPUs it takes at once; 0 for a job of the CPU.
    pub gpus: u32,
    /// How much of each GPU's memory.
    pub share: Share,
    /// The pool that its GPUs come from: an index into [`Problem::pools`].
    pub pool: usize,
    /// Things of which only one job has each at a time (a port, a service): numbers below [`Problem::resources`].
    pub resources: Vec<usize>,
    /// Whether its start on a GPU keeps a distance from other such starts: engines measure free memory when they
    /// start, and two that do so at once are both wrong.
    pub staggered: bool,
    /// Jobs that have to end before it starts: indices into [`Problem::jobs`].
    pub after: Vec<usize>,
}

/// What is to be scheduled. Every job fits the empty machine, and none waits for itself: what does not keep to that
/// ([`Problem::check`]) is refused before.
#[derive(Debug, Clone, Default)]
pub struct Problem {
    /// GPUs, slots, and how much of a GPU stays free where jobs share it.
    pub capacity: Capacity,
    /// How the GPUs are linked: of those alike, a job that takes several gets linked ones.
    pub links: Links,
    /// The sets of GPUs that jobs name.
    pub pools: Vec<Pool>,
    /// How many exclusive things there are.
    pub resources: usize,
    /// The least time between two staggered starts on one GPU.
    pub stagger: Duration,
    /// The jobs.
    pub jobs: Vec<Job>,
}

impl Problem {
    /// Slots that a job takes of those there are.
    pub(super) fn slots(&self, job: &Job) -> u32 {
        job.cpu_slots.min(self.capacity.cpu_slots)
    }

    /// The memory of the machine that a job takes, where that is planned with.
    pub(super) fn host_memory(&self, job: &Job) -> u64 {
        self.capacity.host_memory.map_or(0, |all| job.host_memory.min(all))
    }

    /// For each job, those that wait for it.
    pub(super) fn dependents(&self) -> Vec<Vec<usize>> {
        let mut dependents = vec![Vec::new(); self.jobs.len()];
        for (index, job) in self.jobs.iter().enumerate() {
            for &before in &job.after {
                dependents[before].push(index);
            }
        }
        dependents
    }
}
