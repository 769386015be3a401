//! Jobs put into time one by one in an order, each as early as it fits beside those before it.
//!
//! Other than a [`Dispatch`](super::Dispatch), which never lets a GPU stand idle while some job fits, this can keep one
//! free for a job that comes later in time and earlier in the order; some order gives a shortest schedule where all GPUs
//! are taken by jobs of one GPU each (Sprecher, Kolisch and Drexl 1995).

use std::time::{Duration, Instant};

use super::problem::{Job, Problem};
use super::simulate::{Placement, Schedule};
use super::taken::Taken;
use super::timeline::{ALL, Time};
use crate::{Share, Window};

/// Which way time runs while jobs are put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// From the start of the run.
    Forward,
    /// From its end: a job is put in as late as it fits before those that wait for it.
    Backward,
}

/// What a job holds, in the units of timelines.
#[derive(Debug, Clone, Copy)]
struct Item {
    length: Time,
    slots: u64,
    host_memory: u64,
    memory: u64,
    gpus: usize,
    pool: usize,
    is_staggered: bool,
}

/// Jobs with their places in time.
#[derive(Debug, Clone)]
pub(super) struct Packing<'p> {
    problem: &'p Problem,
    items: Vec<Item>,
    dependents: Vec<Vec<usize>>,
    stagger: Time,
    taken: Taken,
    starts: Vec<Time>,
    /// The units of each job, one after another.
    places: Vec<usize>,
    /// Where those of each begin.
    first_places: Vec<usize>,
    /// When to give up.
    deadline: Option<Instant>,
    /// Units with the first moment at which the job in hand fits there.
    fitting: Vec<(Time, u64, usize)>,
}

impl<'p> Packing<'p> {
    /// Nothing is put in yet. `None` where times are so long that their sum cannot be counted.
    pub(super) fn new(problem: &'p Problem) -> Option<Self> {
        let time = |duration: Duration| Time::try_from(duration.as_nanos()).ok();
        let mut sum = time(problem.stagger)?.checked_mul(Time::try_from(problem.jobs.len()).ok()?)?;
        let mut items = Vec::with_capacity(problem.jobs.len());
        let mut first_places = Vec::with_capacity(problem.jobs.len());
        let (mut all_slots, mut all_memory, mut places) = (0, 0_u64, 0);
        for job in &problem.jobs {
            let item = Item::of(job, problem, time(job.duration)?);
            sum = sum.checked_add(item.length)?;
            all_slots += item.slots;
            all_memory = all_memory.saturating_add(item.host_memory);
            first_places.push(places);
            places += item.gpus;
            items.push(item);
        }
        let capacity = &problem.capacity;
        // What all jobs at once do not exceed need not be looked at.
        let slots = Some(u64::from(capacity.cpu_slots)).filter(|slots| all_slots > *slots);
        let host_memory = capacity.host_memory.filter(|bytes| all_memory > *bytes);
        Some(Self {
            problem,
            deadline: None,
            items,
            dependents: problem.dependents(),
            stagger: time(problem.stagger)?,
            taken: Taken::new(capacity, slots, host_memory, problem.resources),
            starts: vec![0; problem.jobs.len()],
            places: vec![0; places],
            first_places,
            fitting: Vec::new(),
        })
    }

    /// Gives up at a moment: a packing of very many jobs takes long.
    pub(super) fn stop_at(&mut self, deadline: Option<Instant>) {
        self.deadline = deadline;
    }

    /// Puts all jobs in, in an order in which each stands behind those that it waits for, or before them where time runs
    /// backward. False where a job fits nowhere, or time is up.
    pub(super) fn put_all(&mut self, order: &[usize], direction: Direction) -> bool {
        self.clear();
        order.iter().enumerate().all(|(place, &job)| !self.is_late(place) && self.put(job, direction, Time::MAX))
    }

    /// Nothing is put in.
    pub(super) fn clear(&mut self) {
        self.taken.clear();
    }

    /// What another packing of the same jobs had put in when this was taken.
    pub(super) fn resume(&mut self, taken: &Taken, starts: &[Time], places: &[usize]) {
        self.taken.clone_from(taken);
        self.starts.copy_from_slice(starts);
        self.places.copy_from_slice(places);
    }

    /// What is taken by the jobs that are put in.
    pub(super) fn taken(&self) -> &Taken {
        &self.taken
    }

    /// When each job starts.
    pub(super) fn starts(&self) -> &[Time] {
        &self.starts
    }

    /// The units of each job, one after another.
    pub(super) fn places(&self) -> &[usize] {
        &self.places
    }

    /// When the last job ends.
    pub(super) fn makespan(&self) -> Time {
        self.taken.makespan
    }

    /// Whether time is up, seen at some of the places.
    pub(super) fn is_late(&self, place: usize) -> bool {
        place % BETWEEN_LOOKS == BETWEEN_LOOKS - 1 && self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// The jobs by their starts, of a packing made backward.
    pub(super) fn order_from_backward(&self, order: &mut [usize]) {
        order.sort_unstable_by_key(|&job| (std::cmp::Reverse(self.end(job)), job));
    }

    fn end(&self, job: usize) -> Time {
        self.starts[job] + self.items[job].length
    }

    /// The jobs by their ends, the last first: the order to put them in backward.
    pub(super) fn order_from_end(&self, order: &mut [usize]) {
        order.sort_unstable_by_key(|&job| std::cmp::Reverse((self.end(job), job)));
    }

    /// The schedule of a packing that was made forward.
    pub(super) fn schedule(&self) -> Schedule {
        let placements = self.starts.iter().zip(&self.items).zip(&self.first_places).map(|((start, item), &first)| {
            let mut units = self.places[first..first + item.gpus].to_vec();
            units.sort_unstable();
            let window = Window { start: Duration::from_nanos(*start), end: Duration::from_nanos(start + item.length) };
            Placement { window, units }
        });
        Schedule { placements: placements.collect(), makespan: Duration::from_nanos(self.taken.makespan) }
    }

    /// Puts a job in as early as it fits; false where that is nowhere, or ends later than `limit`.
    pub(super) fn put(&mut self, index: usize, direction: Direction, limit: Time) -> bool {
        let item = self.items[index];
        let Some(start) = self.first_fit(index, &item, direction) else { return false };
        let end = start + item.length;
        if end > limit {
            return false;
        }
        if let Some(slots) = &mut self.taken.slots {
            slots.take(item.slots, start, item.length);
        }
        if let Some(memory) = &mut self.taken.host_memory {
            memory.take(item.host_memory, start, item.length);
        }
        for &resource in &self.problem.jobs[index].resources {
            self.taken.resources[resource].take(1, start, item.length);
        }
        if item.gpus > 0 {
            self.choose(&item, start);
            let first = self.first_places[index];
            for (place, (_, _, unit)) in self.places[first..first + item.gpus].iter_mut().zip(&self.fitting) {
                *place = *unit;
                self.taken.units[*unit].take(item.memory, start, item.length);
                if item.is_staggered {
                    self.taken.staggered[*unit].push(item.real_start(start, direction));
                }
            }
        }
        self.starts[index] = start;
        self.taken.makespan = self.taken.makespan.max(end);
        true
    }

    /// The first moment at which a job fits.
    fn first_fit(&mut self, index: usize, item: &Item, direction: Direction) -> Option<Time> {
        let problem = self.problem;
        let job = &problem.jobs[index];
        let before = match direction {
            Direction::Forward => &job.after,
            Direction::Backward => &self.dependents[index],
        };
        let mut start = before.iter().map(|&before| self.end(before)).max().unwrap_or(0);
        loop {
            let asked = start;
            if let Some(slots) = &self.taken.slots {
                start = slots.earliest(item.slots, start, item.length, Time::MAX)?;
            }
            if let Some(memory) = &self.taken.host_memory {
                start = memory.earliest(item.host_memory, start, item.length, Time::MAX)?;
            }
            for &resource in &job.resources {
                start = self.taken.resources[resource].earliest(1, start, item.length, Time::MAX)?;
            }
            if item.gpus > 0 {
                start = self.fit_on_units(item, start, direction)?;
            }
            if start == asked {
                return Some(start);
            }
        }
    }

    /// The first moment from `from` on at which enough units could have room, each for itself.
    fn fit_on_units(&mut self, item: &Item, from: Time, direction: Direction) -> Option<Time> {
        self.fitting.clear();
        let mut until = Time::MAX;
        for &unit in self.problem.pools[item.pool].units() {
            if let Some(start) = self.fit_on_unit(item, unit, from, until, direction) {
                self.fitting.push((start, 0, unit));
                if item.gpus == 1 {
                    until = start;
                }
            }
        }
        if self.fitting.len() < item.gpus {
            return None;
        }
        let (_, last, _) = self.fitting.select_nth_unstable(item.gpus - 1);
        Some(last.0)
    }

    /// Where it is not later than `until`.
    fn fit_on_unit(&self, item: &Item, unit: usize, from: Time, until: Time, direction: Direction) -> Option<Time> {
        let mut start = from;
        loop {
            start = self.taken.units[unit].earliest(item.memory, start, item.length, until)?;
            if !item.is_staggered {
                return Some(start);
            }
            let real = item.real_start(start, direction);
            let near = self.taken.staggered[unit].iter().filter(|other| other.abs_diff(real) < self.stagger).max();
            let Some(near) = near else { return Some(start) };
            start += near + self.stagger - real;
        }
    }

    /// Of the units that have room at a moment, brings those to the front that are left with the least.
    fn choose(&mut self, item: &Item, start: Time) {
        self.fitting.retain(|(at, ..)| *at <= start);
        if self.fitting.len() > item.gpus {
            for (_, left, unit) in &mut self.fitting {
                *left = self.taken.units[*unit].least_left(item.memory, start, item.length);
            }
            self.fitting.sort_unstable_by_key(|(_, left, unit)| (*left, *unit));
        }
    }
}

impl Item {
    fn of(job: &Job, problem: &Problem, length: Time) -> Self {
        Self {
            length,
            slots: u64::from(problem.slots(job)),
            host_memory: problem.host_memory(job),
            memory: match job.share {
                Share::Bytes(bytes) => bytes,
                Share::Whole => ALL,
            },
            gpus: job.gpus as usize,
            pool: job.pool,
            is_staggered: job.staggered && !problem.stagger.is_zero(),
        }
    }

    /// The moment that others keep their distance from: where time runs backward it is the end.
    fn real_start(&self, start: Time, direction: Direction) -> Time {
        match direction {
            Direction::Forward => start,
            Direction::Backward => start + self.length,
        }
    }
}

/// How many jobs are put in between two looks at the clock.
const BETWEEN_LOOKS: usize = 64;
