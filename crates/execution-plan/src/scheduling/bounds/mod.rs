//! What no schedule can beat.

mod lifted;

use std::time::Duration;

use self::lifted::Lifting;
use super::problem::{Job, Problem};
use crate::headroom::shared;
use crate::{Bounds, Share};

/// The bounds of a problem.
///
/// Of the jobs on a pool's GPUs each is a part `w` of a GPU, and the parts of those that run at once on one GPU sum up
/// to 1 at most. Then `sum of GPUs x w x time` cannot exceed `GPUs x makespan`, and the same holds where each `w` is
/// replaced by a dual feasible function of it (Fekete and Schepers 2001): these count the room that a large job leaves
/// and nobody can use.
#[must_use]
pub fn bounds(problem: &Problem) -> Bounds {
    let paths = Paths::of(problem);
    let mut bounds = Bounds { longest: paths.longest(problem), ..Bounds::default() };
    let slots = f64::from(problem.capacity.cpu_slots);
    let on_slots = |job: &Job| f64::from(problem.slots(job)) / slots;
    let cpu: Vec<_> = (0..problem.jobs.len()).filter(|job| problem.slots(&problem.jobs[*job]) > 0).collect();
    bounds.cpu_area = paths.around(&cpu, |job| on_slots(&problem.jobs[job]) * seconds(&problem.jobs[job]));
    for resource in 0..problem.resources {
        let holders: Vec<_> =
            (0..problem.jobs.len()).filter(|job| problem.jobs[*job].resources.contains(&resource)).collect();
        let in_turn = paths.around(&holders, |job| seconds(&problem.jobs[job]));
        bounds.exclusive = bounds.exclusive.max(in_turn);
    }
    for pool in 0..problem.pools.len() {
        bounds.stagger = bounds.stagger.max(paths.between_starts(problem, pool));
        let parts = Parts::of_pool(problem, pool);
        bounds.gpu_area = bounds.gpu_area.max(parts.area(&paths, |part| part));
        bounds.large = bounds
            .large
            .max(parts.best_area(&paths))
            .max(parts.chain())
            .max(parts.in_turn())
            .max(parts.best_lifted(&paths));
    }
    bounds
}

fn seconds(job: &Job) -> f64 {
    job.duration.as_secs_f64()
}

fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

/// How long what comes before and behind each job takes at least.
struct Paths {
    heads: Vec<Duration>,
    tails: Vec<Duration>,
}

impl Paths {
    /// Jobs wait only for earlier ones.
    fn of(problem: &Problem) -> Self {
        let jobs = &problem.jobs;
        let mut heads = vec![Duration::ZERO; jobs.len()];
        let mut tails = vec![Duration::ZERO; jobs.len()];
        for (index, job) in jobs.iter().enumerate() {
            heads[index] =
                job.after.iter().map(|&before| heads[before] + jobs[before].duration).max().unwrap_or_default();
        }
        for (index, job) in jobs.iter().enumerate().rev() {
            let tail = tails[index] + job.duration;
            for &before in &job.after {
                tails[before] = tails[before].max(tail);
            }
        }
        Self { heads, tails }
    }

    /// On some GPU of a pool there are as many starts as on the mean of them, each behind the other by the stagger at least,
    /// and the last of these jobs has to run still.
    fn between_starts(&self, problem: &Problem, pool: usize) -> Duration {
        let gpus = problem.pools[pool].units().len();
        let is_staggered = |job: &Job| job.staggered && job.gpus > 0 && job.pool == pool;
        let jobs: Vec<usize> = (0..problem.jobs.len()).filter(|&job| is_staggered(&problem.jobs[job])).collect();
        if problem.stagger.is_zero() || gpus == 0 || jobs.is_empty() {
            return Duration::ZERO;
        }
        let starts: usize = jobs.iter().map(|&job| problem.jobs[job].gpus as usize).sum();
        let head = jobs.iter().map(|&job| self.heads[job]).min().unwrap_or_default();
        let rest = jobs.iter().map(|&job| problem.jobs[job].duration + self.tails[job]).min().unwrap_or_default();
        let gaps = u32::try_from(starts.div_ceil(gpus) - 1).unwrap_or(u32::MAX);
        head.saturating_add(problem.stagger.saturating_mul(gaps)).saturating_add(rest)
    }

    /// The critical path.
    fn longest(&self, problem: &Problem) -> Duration {
        problem.jobs.iter().zip(&self.heads).map(|(job, head)| *head + job.duration).max().unwrap_or_default()
    }

    /// The work of these jobs in seconds, with the least that comes before and behind all of them.
    fn around(&self, jobs: &[usize], work: impl Fn(usize) -> f64) -> Duration {
        let least = |of: &[Duration]| jobs.iter().map(|job| of[*job]).min().unwrap_or_default();
        duration(jobs.iter().map(|job| work(*job)).sum()) + least(&self.heads) + least(&self.tails)
    }
}

/// The jobs that can run on the GPUs of one pool only.
struct Parts {
    gpus: f64,
    jobs: Vec<Part>,
}

/// What a job takes of a pool.
struct Part {
    job: usize,
    gpus: f64,
    /// The part of each of its GPUs.
    of_each: f64,
    duration: Duration,
}

impl Parts {
    fn of_pool(problem: &Problem, index: usize) -> Self {
        let pool = &problem.pools[index];
        let units = &problem.capacity.units;
        let lies_within = |other: usize| {
            other == index || problem.pools[other].units().iter().all(|unit| pool.units().binary_search(unit).is_ok())
        };
        let within: Vec<bool> = (0..problem.pools.len()).map(lies_within).collect();
        // A job's part of the GPU on which it is the smallest.
        let part = |job: &Job| match job.share {
            Share::Whole => 1.0,
            // Any number of them have room even where none is left.
            Share::Bytes(0) => 0.0,
            Share::Bytes(bytes) => {
                let fitting =
                    problem.pools[job.pool].units().iter().map(|&unit| units[unit].memory).filter(|it| *it >= bytes);
                let most = fitting.map(|memory| shared(memory, problem.capacity.headroom)).max().unwrap_or(0);
                #[expect(clippy::cast_precision_loss, reason = "a part of a GPU's memory")]
                if bytes >= most { 1.0 } else { bytes as f64 / most as f64 }
            }
        };
        let jobs = problem.jobs.iter().enumerate().filter(|(_, job)| job.gpus > 0 && within[job.pool]);
        let jobs = jobs.map(|(index, job)| Part {
            job: index,
            gpus: f64::from(job.gpus),
            of_each: part(job),
            duration: job.duration,
        });
        let jobs = jobs.collect();
        #[expect(clippy::cast_precision_loss, reason = "a number of GPUs")]
        let gpus = pool.units().len() as f64;
        Self { gpus, jobs }
    }

    /// The area of the jobs, their parts taken as `function` has them.
    fn area(&self, paths: &Paths, function: impl Fn(f64) -> f64) -> Duration {
        let counted: Vec<usize> =
            self.jobs.iter().filter(|part| function(part.of_each) > 0.0).map(|part| part.job).collect();
        let work: f64 =
            self.jobs.iter().map(|part| part.gpus * part.duration.as_secs_f64() * function(part.of_each)).sum();
        let least = |of: &[Duration]| counted.iter().map(|job| of[*job]).min().unwrap_or_default();
        duration(work / self.gpus.max(1.0)) + least(&paths.heads) + least(&paths.tails)
    }

    /// The best of many dual feasible functions.
    fn best_area(&self, paths: &Paths) -> Duration {
        let mut smallest: Vec<f64> = self.jobs.iter().map(|part| part.of_each).filter(|part| *part <= 0.5).collect();
        smallest.sort_by(f64::total_cmp);
        smallest.dedup();
        // A sample is as good as all of many: neighbours give nearly the same.
        let step = smallest.len().div_ceil(MOST_THRESHOLDS).max(1);
        let thresholds = smallest.into_iter().step_by(step).chain([0.5]);
        let rounded = thresholds.map(|least| self.area(paths, |part| rounded(part, least)));
        let stepped = (1..=MOST_STEPS).map(|steps| self.area(paths, |part| stepped(part, f64::from(steps))));
        rounded.chain(stepped).max().unwrap_or_default()
    }

    /// The best of the weights that some of these functions give, raised; of jobs above some part only; and of each job
    /// alone, which gives jobs of which no two can run at once.
    fn best_lifted(&self, paths: &Paths) -> Duration {
        if self.jobs.len() > MOST_LIFTED || self.gpus > MOST_LIFTED_GPUS {
            return Duration::ZERO;
        }
        let mut large: Vec<f64> = self.jobs.iter().map(|part| part.of_each).filter(|it| *it > 0.5 + ROUNDING).collect();
        large.sort_by(|one, other| other.total_cmp(one));
        large.dedup();
        let above = |least: f64| self.weights(|part| if part >= least { 1.0 } else { 0.0 });
        let alone = |job| (0..self.jobs.len()).map(|other| if other == job { 1.0 } else { 0.0 }).collect();
        let bases = std::iter::once(self.weights(|part| part))
            .chain([0.4, 0.3, 0.2, 0.1, 0.05].map(|least| self.weights(|part| rounded(part, least))))
            .chain([2.0, 3.0].map(|steps| self.weights(|part| stepped(part, steps))))
            .chain(large.into_iter().map(above))
            .chain((0..self.jobs.len()).map(alone));
        let mut lifting = Lifting::new(&self.jobs, self.gpus);
        let mut best = Duration::ZERO;
        for mut weights in bases {
            lifting.lift(&mut weights);
            let counted = || self.jobs.iter().zip(&weights).filter(|(_, weight)| **weight > 0.0);
            let work = counted().map(|(part, weight)| weight * part.duration.as_secs_f64()).sum();
            let least = |of: &[Duration]| counted().map(|(part, _)| of[part.job]).min().unwrap_or_default();
            best = best.max(duration(work) + least(&paths.heads) + least(&paths.tails));
        }
        best
    }

    /// What each job weighs by a dual feasible function.
    fn weights(&self, function: impl Fn(f64) -> f64) -> Vec<f64> {
        self.jobs.iter().map(|part| part.gpus * function(part.of_each) / self.gpus).collect()
    }

    /// Jobs of which no two can run at once take their times one after another, and those that cannot run beside any of
    /// them take theirs in addition. Tried for each of the longest jobs, and for those together that need more than half
    /// of everything.
    fn in_turn(&self) -> Duration {
        let mut longest: Vec<&Part> = self.jobs.iter().collect();
        longest.sort_by_key(|part| std::cmp::Reverse(part.duration));
        longest.truncate(MOST_THRESHOLDS);
        let mut large: Vec<&Part> =
            self.jobs.iter().filter(|part| 2.0 * part.gpus > self.gpus && part.of_each > 0.5).collect();
        large.sort_by(|one, other| other.of_each.total_cmp(&one.of_each));
        large.truncate(MOST_THRESHOLDS);
        let each = longest.iter().map(std::slice::from_ref);
        let together = (1..=large.len()).map(|count| &large[..count]);
        each.chain(together).map(|exclusive| self.with_rest(exclusive)).max().unwrap_or_default()
    }

    /// The time of jobs that exclude each other, and the least of those that all of them exclude.
    fn with_rest(&self, exclusive: &[&Part]) -> Duration {
        let fewest = exclusive.iter().map(|part| part.gpus).fold(f64::INFINITY, f64::min);
        let least = exclusive.iter().map(|part| part.of_each).fold(f64::INFINITY, f64::min);
        let rest = self.jobs.iter().filter(|part| {
            part.gpus + fewest > self.gpus
                && part.of_each + least > 1.0 + ROUNDING
                && !exclusive.iter().any(|one| one.job == part.job)
        });
        let (mut longest, mut area) = (Duration::ZERO, 0.0);
        for part in rest {
            longest = longest.max(part.duration);
            area += part.gpus * part.of_each * part.duration.as_secs_f64();
        }
        exclusive.iter().map(|part| part.duration).sum::<Duration>() + longest.max(duration(area / self.gpus))
    }

    /// Of jobs with more than half of a GPU no two share one. Where so many of them take `k` times as many GPUs as
    /// there are and one more, `k + 1` of them run one after another; at best the shortest.
    fn chain(&self) -> Duration {
        let mut large: Vec<&Part> = self.jobs.iter().filter(|part| part.of_each > 0.5).collect();
        large.sort_by_key(|part| std::cmp::Reverse(part.duration));
        let mut best = Duration::ZERO;
        let (mut gpus, mut links) = (0.0, 1.0);
        for (index, part) in large.iter().enumerate() {
            gpus += part.gpus;
            if gpus > links * self.gpus {
                links = (gpus / self.gpus).ceil();
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most the jobs")]
                let shortest = large[..=index].iter().rev().take(links as usize);
                best = best.max(shortest.map(|part| part.duration).sum());
            }
        }
        best
    }
}

/// Up to how many jobs and GPUs weights are raised: of more, areas leave little.
const MOST_LIFTED: usize = 200;
const MOST_LIFTED_GPUS: f64 = 16.0;
/// How many thresholds and steps are tried.
const MOST_THRESHOLDS: usize = 64;
const MOST_STEPS: u32 = 12;
/// What rounding may make of a part.
const ROUNDING: f64 = 1e-9;

/// What leaves less than the smallest that counts has all of it; what is smaller than that counts for nothing.
fn rounded(part: f64, least: f64) -> f64 {
    // Where the two fit together exactly, rounding must not say that they do not.
    if part + least > 1.0 + ROUNDING {
        1.0
    } else if part >= least {
        part
    } else {
        0.0
    }
}

/// In `steps` steps: of parts above `1 / (steps + 1)` at most `steps` fit together.
fn stepped(part: f64, steps: f64) -> f64 {
    let scaled = part * (steps + 1.0);
    let whole = scaled.floor();
    // Where it is a whole number it stays as it is; and so near one that rounding decides, it is lowered.
    if (scaled - scaled.round()).abs() < ROUNDING { part.min(scaled.round() / (steps + 1.0)) } else { whole / steps }
}
