//! Which GPUs of the machine the GPUs of a schedule are: linked ones for a job that takes several.
//!
//! A schedule is made for GPUs of which those that are alike can be exchanged for each other whenever nothing runs on them.
//! When a job of several GPUs starts, and its GPUs were all idle, they become those among the idle ones alike that are
//! linked best. That changes no time, and nothing that fits: it is another name for the same schedule.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::Duration;

use super::problem::{Job, Problem};
use super::simulate::Schedule;

/// More idle GPUs are not compared with each other: the first of them are enough to choose from.
const MOST_COMPARED: usize = 32;

/// Which GPU of the machine each GPU of a schedule is by now.
#[derive(Debug, Clone)]
pub(super) struct Naming {
    units: Vec<Unit>,
    /// What was found to be linked best, by what there was to choose from: finding it takes a while.
    best: HashMap<(Vec<usize>, usize), Option<Vec<usize>>>,
}

/// A GPU of a schedule.
#[derive(Debug, Clone)]
struct Unit {
    /// The GPU of the machine that it is.
    real: usize,
    /// GPUs of one class have as much memory and are in the same pools.
    class: usize,
    tenants: u32,
    /// Until when no staggered job may start.
    quiet_until: Duration,
}

impl Naming {
    /// Each is itself. `None` where the links tell no GPUs apart.
    pub(super) fn new(problem: &Problem) -> Option<Self> {
        if !problem.links.tell_units_apart() {
            return None;
        }
        let mut classes: HashMap<(u64, Vec<bool>), usize> = HashMap::new();
        let unit = |(real, unit): (usize, &crate::UnitCapacity)| {
            let pools = problem.pools.iter().map(|pool| pool.units().contains(&real)).collect();
            let next = classes.len();
            let class = *classes.entry((unit.memory, pools)).or_insert(next);
            Unit { real, class, tenants: 0, quiet_until: Duration::ZERO }
        };
        Some(Self { units: problem.capacity.units.iter().enumerate().map(unit).collect(), best: HashMap::new() })
    }

    /// From the beginning.
    pub(super) fn restart(&mut self) {
        for (real, unit) in self.units.iter_mut().enumerate() {
            *unit = Unit { real, tenants: 0, quiet_until: Duration::ZERO, ..unit.clone() };
        }
    }

    /// A job starts on these GPUs of the schedule: which of the machine that are, ascending.
    pub(super) fn start(&mut self, problem: &Problem, job: &Job, units: &[usize], now: Duration) -> Vec<usize> {
        self.exchange(problem, units, now);
        for &unit in units {
            let unit = &mut self.units[unit];
            unit.tenants += 1;
            if job.staggered {
                unit.quiet_until = now + problem.stagger;
            }
        }
        let mut reals: Vec<usize> = units.iter().map(|&unit| self.units[unit].real).collect();
        reals.sort_unstable();
        reals
    }

    /// It has ended.
    pub(super) fn end(&mut self, units: &[usize]) {
        for &unit in units {
            self.units[unit].tenants -= 1;
        }
    }

    /// Gives several idle GPUs of one class the names of those that are linked best.
    fn exchange(&mut self, problem: &Problem, units: &[usize], now: Duration) {
        let Some(class) = units.first().map(|&unit| self.units[unit].class).filter(|_| units.len() > 1) else { return };
        let is_free = |unit: &Unit| unit.class == class && unit.tenants == 0 && unit.quiet_until <= now;
        if !units.iter().all(|&unit| is_free(&self.units[unit])) {
            return;
        }
        let mut reals: Vec<usize> = self.units.iter().filter(|unit| is_free(unit)).map(|unit| unit.real).collect();
        reals.sort_unstable();
        reals.truncate(MOST_COMPARED.max(units.len()));
        let best = self.best.entry((reals, units.len()));
        let best = best.or_insert_with_key(|(reals, count)| problem.links.best(reals, *count));
        let Some(best) = best.clone() else { return };
        let is_best = |unit: &Unit| best.contains(&unit.real);
        let others = |unit: &usize| !units.contains(unit) && is_best(&self.units[*unit]);
        let given: Vec<usize> = (0..self.units.len()).filter(others).collect();
        let taken: Vec<usize> = units.iter().copied().filter(|&unit| !is_best(&self.units[unit])).collect();
        for (one, other) in taken.into_iter().zip(given) {
            let real = self.units[one].real;
            self.units[one].real = std::mem::replace(&mut self.units[other].real, real);
        }
    }
}

/// Gives a finished schedule the names of linked GPUs.
pub(super) fn rename(problem: &Problem, schedule: &mut Schedule) {
    let Some(mut naming) = Naming::new(problem) else { return };
    let mut order: Vec<usize> = (0..schedule.placements.len()).collect();
    order.sort_by_key(|&job| (schedule.placements[job].window.start, job));
    let mut ends: BinaryHeap<Reverse<(Duration, usize)>> = BinaryHeap::new();
    let mut units: Vec<Vec<usize>> = schedule.placements.iter().map(|placed| placed.units.clone()).collect();
    for job in order {
        let window = schedule.placements[job].window;
        while let Some(Reverse((end, ended))) = ends.peek().copied()
            && end <= window.start
        {
            ends.pop();
            naming.end(&units[ended]);
        }
        let own = std::mem::take(&mut units[job]);
        schedule.placements[job].units = naming.start(problem, &problem.jobs[job], &own, window.start);
        units[job] = own;
        ends.push(Reverse((window.end, job)));
    }
}
