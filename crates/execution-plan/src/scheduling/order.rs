//! Orders of priority.

use std::time::Duration;

use super::problem::{Job, Problem};
use crate::Share;

/// How much of a GPU every job on it counts as taking beside its own part. Area alone leaves long jobs of little memory to
/// the end, where a wrong guess of their time is what the run ends with. Of the values tried it loses least on the mean of
/// the seven figures that `benches/planning` prints for it: 12.3%, beside 13.8 at 0, 12.6 at 0.1, 12.4 at 0.3 and at 0.5,
/// 12.9 at 1.
const BESIDE: f64 = 0.2;

/// What a logarithm is taken of is not below this.
const SHORTEST: f64 = 1e-3;

/// The largest first: GPUs times the part of each that a job has, and a little more, times its time. What needs no GPU comes
/// behind, the longest first. Of the orders that need no search it loses least, whether times are known or guessed.
#[must_use]
pub fn by_area(problem: &Problem) -> Vec<usize> {
    sorted(problem, |job| (area(problem, job), job.duration))
}

/// The longest first.
#[must_use]
pub fn by_duration(problem: &Problem) -> Vec<usize> {
    sorted(problem, |job| (job.duration.as_secs_f64(), Duration::ZERO))
}

/// GPUs times parts of the largest GPU times seconds; of whole GPUs the part of the smallest.
fn area(problem: &Problem, job: &Job) -> f64 {
    let units = &problem.capacity.units;
    let bytes = match job.share {
        Share::Bytes(bytes) => bytes,
        Share::Whole => {
            let pool = problem.pools.get(job.pool).map_or(&[][..], |pool| pool.units());
            pool.iter().map(|&unit| units[unit].memory).min().unwrap_or_default()
        }
    };
    let largest = units.iter().map(|unit| unit.memory).max().unwrap_or_default().max(1);
    #[expect(clippy::cast_precision_loss, reason = "an area is a figure to compare by")]
    let part = bytes as f64 / largest as f64;
    f64::from(job.gpus) * (part + BESIDE) * job.duration.as_secs_f64()
}

/// An order by chance: by times, by what is held of the GPUs, and by luck, each with a weight by chance. Jobs stand behind those
/// that they wait for.
pub(super) fn varied(problem: &Problem, random: &mut fastrand::Rng) -> Vec<usize> {
    let (long, large, luck) = (random.f64(), random.f64(), random.f64());
    let key = |job: &Job| {
        let seconds = job.duration.as_secs_f64().max(SHORTEST);
        let held = (area(problem, job) / seconds).max(SHORTEST);
        long * seconds.ln() + large * held.ln() + luck * random.f64()
    };
    let mut keys: Vec<f64> = problem.jobs.iter().map(key).collect();
    for (index, job) in problem.jobs.iter().enumerate().rev() {
        for &before in &job.after {
            keys[before] = keys[before].max(keys[index]);
        }
    }
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by(|&one, &other| keys[other].total_cmp(&keys[one]).then(one.cmp(&other)));
    order
}

/// Those with the largest key first; of equal ones the first.
fn sorted(problem: &Problem, key: impl Fn(&Job) -> (f64, Duration)) -> Vec<usize> {
    let mut keyed: Vec<_> = problem.jobs.iter().map(key).zip(0..).collect();
    keyed
        .sort_by(|((one, first), a), ((other, second), b)| other.total_cmp(one).then(second.cmp(first)).then(a.cmp(b)));
    keyed.into_iter().map(|(_, job)| job).collect()
}
