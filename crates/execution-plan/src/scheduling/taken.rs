//! What jobs that were put into time hold there: all that the next one has to look at.

use super::timeline::{Time, Timeline};
use crate::Capacity;
use crate::headroom::shared;

/// What is taken of everything, over time.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) units: Vec<Timeline>,
    /// Where staggered jobs start on each unit.
    pub(super) staggered: Vec<Vec<Time>>,
    /// `None` where there are always enough.
    pub(super) slots: Option<Timeline>,
    /// The same of the machine's memory.
    pub(super) host_memory: Option<Timeline>,
    pub(super) resources: Vec<Timeline>,
    /// When the last job ends.
    pub(super) makespan: Time,
}

impl Taken {
    /// Nothing is taken.
    pub(super) fn new(capacity: &Capacity, slots: Option<u64>, host_memory: Option<u64>, resources: usize) -> Self {
        let units = capacity.units.iter();
        Self {
            units: units.map(|unit| Timeline::new(unit.memory, shared(unit.memory, capacity.headroom))).collect(),
            staggered: vec![Vec::new(); capacity.units.len()],
            slots: slots.map(|slots| Timeline::new(slots, slots)),
            host_memory: host_memory.map(|bytes| Timeline::new(bytes, bytes)),
            resources: vec![Timeline::new(1, 1); resources],
            makespan: 0,
        }
    }

    /// Nothing is taken any more.
    pub(super) fn clear(&mut self) {
        self.units.iter_mut().for_each(Timeline::clear);
        self.staggered.iter_mut().for_each(Vec::clear);
        self.slots.iter_mut().for_each(Timeline::clear);
        self.host_memory.iter_mut().for_each(Timeline::clear);
        self.resources.iter_mut().for_each(Timeline::clear);
        self.makespan = 0;
    }
}

/// A copy into one that is there takes no memory anew.
impl Clone for Taken {
    fn clone(&self) -> Self {
        Self {
            units: self.units.clone(),
            staggered: self.staggered.clone(),
            slots: self.slots.clone(),
            host_memory: self.host_memory.clone(),
            resources: self.resources.clone(),
            makespan: self.makespan,
        }
    }

    fn clone_from(&mut self, other: &Self) {
        self.units.clone_from(&other.units);
        self.staggered.clone_from(&other.staggered);
        self.slots.clone_from(&other.slots);
        self.host_memory.clone_from(&other.host_memory);
        self.resources.clone_from(&other.resources);
        self.makespan = other.makespan;
    }
}
