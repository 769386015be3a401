//! Orders of priority.

use std::time::Duration;

use super::problem::{Job, Problem};
use crate::Share;

/// The largest first: GPUs times the part of each that a job has times its time. What needs no GPU comes behind, the
/// longest first. Of the orders that need no search it loses least where durations are guesses.
#[must_use]
pub fn by_area(problem: &Problem) -> Vec<usize> {
    sorted(problem, |job| (area(problem, job), job.duration))
}

/// The longest first.
#[must_use]
pub fn by_duration(problem: &Problem) -> Vec<usize> {
    sorted(problem, |job| (job.duration.as_secs_f64(), Duration::ZERO))
}

/// GPUs times memory times seconds; of whole GPUs the memory of the smallest.
fn area(problem: &Problem, job: &Job) -> f64 {
    let bytes = match job.share {
        Share::Bytes(bytes) => bytes,
        Share::Whole => {
            let pool = problem.pools.get(job.pool).map_or(&[][..], |pool| pool.units());
            pool.iter().map(|&unit| problem.capacity.units[unit].memory).min().unwrap_or_default()
        }
    };
    #[expect(clippy::cast_precision_loss, reason = "an area is a figure to compare by")]
    let bytes = bytes as f64;
    f64::from(job.gpus) * bytes * job.duration.as_secs_f64()
}

/// Those with the largest key first; of equal ones the first.
fn sorted(problem: &Problem, key: impl Fn(&Job) -> (f64, Duration)) -> Vec<usize> {
    let mut keyed: Vec<_> = problem.jobs.iter().map(key).zip(0..).collect();
    keyed
        .sort_by(|((one, first), a), ((other, second), b)| other.total_cmp(one).then(second.cmp(first)).then(a.cmp(b)));
    keyed.into_iter().map(|(_, job)| job).collect()
}
