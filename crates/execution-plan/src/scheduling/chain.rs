//! From one schedule to the next: one job moved within the order in which jobs are put in.

use super::incumbent::Incumbent;
use super::packing::Packing;
use super::problem::Problem;
use super::simulate::Schedule;
use super::timeline::Time;

/// A schedule, and what leads to others.
///
/// One job is moved at a time, and the chain goes on from what is not much longer (simulated annealing, Kirkpatrick et
/// al. 1983, at one temperature, Connolly 1990). Some of the schedules are made again from their end and then from their
/// start, which closes gaps (forward-backward improvement, Tormos and Lova 2001).
pub(super) struct Chain<'p> {
    problem: &'p Problem,
    /// Where a job may stand: behind what it waits for, before what waits for it.
    dependents: Vec<Vec<usize>>,
    incumbent: Incumbent<'p>,
    place: Vec<usize>,
}

impl<'p> Chain<'p> {
    /// Begins with an order. `None` where a job fits nowhere, or time is up.
    pub(super) fn new(problem: &'p Problem, packing: Packing<'p>, order: Vec<usize>) -> Option<Self> {
        let place = vec![0; order.len()];
        Some(Self { problem, dependents: problem.dependents(), incumbent: Incumbent::new(packing, order)?, place })
    }

    /// Of the schedule that it is at.
    pub(super) fn makespan(&self) -> Time {
        self.incumbent.makespan()
    }

    /// The schedule that it came to with its last step.
    pub(super) fn schedule(&self) -> Schedule {
        self.incumbent.packing().schedule()
    }

    /// Tries one other schedule, and says whether it is at that now.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a limit")]
    pub(super) fn step(&mut self, random: &mut fastrand::Rng) -> bool {
        let makespan = self.makespan();
        let worse = -TEMPERATURE * (1.0 - random.f64()).ln();
        let limit = makespan.saturating_add((makespan as f64 * worse) as Time);
        let Some(first) = self.move_one(random) else { return false };
        let is_improved = random.f64() < IMPROVED;
        let limit_before = if is_improved { Time::MAX } else { limit };
        if !self.incumbent.put(first, limit_before) || (is_improved && !self.incumbent.improve()) {
            return false;
        }
        let is_good = self.incumbent.packing().makespan() <= limit;
        if is_good {
            self.incumbent.keep();
        }
        is_good
    }

    /// Takes a job to another place among those that it may have, and says up to where the order is as it was.
    fn move_one(&mut self, random: &mut fastrand::Rng) -> Option<usize> {
        let order = self.incumbent.order_to_try();
        let from = random.usize(..order.len());
        let (after, dependents) = (&self.problem.jobs[order[from]].after, &self.dependents[order[from]]);
        if !after.is_empty() || !dependents.is_empty() {
            for (place, &job) in order.iter().enumerate() {
                self.place[job] = place;
            }
        }
        let place = |other: &usize| self.place[*other];
        let first = after.iter().map(|before| place(before) + 1).max().unwrap_or(0);
        let behind = dependents.iter().map(place).min().unwrap_or(order.len());
        if first >= behind {
            return None;
        }
        let to = random.usize(first..behind);
        shift(order, from, to);
        (from != to).then_some(from.min(to))
    }
}

/// Moves what stands at one place to another.
fn shift(order: &mut [usize], from: usize, to: usize) {
    if from < to {
        order[from..=to].rotate_left(1);
    } else {
        order[to..=from].rotate_right(1);
    }
}

/// By how much of its makespan a schedule may be longer on the mean to go on from it.
const TEMPERATURE: f64 = 0.003;
/// How many of the schedules are made again from their ends: more cost more than they find.
const IMPROVED: f64 = 0.05;
