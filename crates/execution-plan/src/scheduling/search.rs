//! Orders tried for the shortest schedule.

use std::time::{Duration, Instant};

use super::order::{by_area, by_duration};
use super::problem::Problem;
use super::simulate::{Schedule, simulate};

/// Looks for a short schedule for so long, and not longer than until a bound is reached: from the best of the orders
/// that need no search, by moving one job at a time and keeping what is not worse. The seed makes the moves the same
/// each time; how many there are depends on the machine.
#[must_use]
pub fn search(problem: &Problem, bound: Duration, time: Duration) -> Schedule {
    let start = Instant::now();
    let durations: Vec<Duration> = problem.jobs.iter().map(|job| job.duration).collect();
    let (mut order, mut best) = [by_area(problem), by_duration(problem)]
        .into_iter()
        .map(|order| {
            let schedule = simulate(problem, &order, &durations);
            (order, schedule)
        })
        .min_by_key(|(_, schedule)| schedule.makespan)
        .unwrap_or_default();
    let mut random = fastrand::Rng::with_seed(SEED);
    while order.len() > 1 && best.makespan > bound && start.elapsed() < time {
        let (from, to) = (random.usize(..order.len()), random.usize(..order.len()));
        let mut moved = order.clone();
        let job = moved.remove(from);
        moved.insert(to, job);
        let schedule = simulate(problem, &moved, &durations);
        if schedule.makespan <= best.makespan {
            (order, best) = (moved, schedule);
        }
    }
    best
}

const SEED: u64 = 1;
