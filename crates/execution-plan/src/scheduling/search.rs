//! Orders tried for the shortest schedule.

use std::time::{Duration, Instant};

use super::dispatch::Dispatch;
use super::order::{by_area, by_duration};
use super::problem::Problem;
use super::simulate::{Schedule, play, simulate};

/// Looks for a short schedule for so long, and not longer than until a bound is reached: from the best of the orders
/// that need no search, by moving one job at a time and keeping what is not much worse than the best (record-to-record travel, Dueck 1993).
/// The seed makes the moves the same each time; how many there are depends on the machine.
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
    let mut dispatch = Dispatch::new(problem, &order);
    let mut tried = Schedule::default();
    while order.len() > 1 && best.makespan > bound {
        let spent = start.elapsed().as_secs_f64() / time.as_secs_f64();
        if spent.is_nan() || spent >= 1.0 {
            break;
        }
        let (from, to) = (random.usize(..order.len()), random.usize(..order.len()));
        shift(&mut order, from, to);
        dispatch.restart(&order);
        let limit = best.makespan.mul_f64(1.0 + DEVIATION * (1.0 - spent));
        if !play(&mut dispatch, &durations, limit, &mut tried) {
            shift(&mut order, to, from);
        } else if tried.makespan < best.makespan {
            std::mem::swap(&mut best, &mut tried);
        }
    }
    best
}

/// How much longer than the best so far an order may be that is tried further, at first; it falls to nothing.
const DEVIATION: f64 = 0.01;

/// Moves what stands at one place to another.
fn shift(order: &mut [usize], from: usize, to: usize) {
    if from < to {
        order[from..=to].rotate_left(1);
    } else {
        order[to..=from].rotate_right(1);
    }
}

const SEED: u64 = 1;
