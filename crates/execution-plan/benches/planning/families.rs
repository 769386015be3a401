//! Families of generated problems, by which planners are compared.

use std::time::Duration;

use execution_plan::scheduling::{Job, Pool, Problem};
use execution_plan::{Capacity, Share, UnitCapacity};

const GIB: u64 = 1 << 30;

/// A machine of equal GPUs, with slots to spare.
pub(crate) fn machine(gpus: usize, gib: u64, headroom: f64) -> Capacity {
    let unit = |index: usize| UnitCapacity {
        name: "NVIDIA H100 80GB HBM3".to_owned(),
        visible: index.to_string(),
        memory: gib * GIB,
        ..UnitCapacity::default()
    };
    Capacity { units: (0..gpus).map(unit).collect(), cpu_slots: 1_000_000, headroom, ..Capacity::default() }
}

/// 40 tests: 78% on one GPU, 17% on two, 5% on four; one of ten takes its GPUs whole; lognormal times of median 100 s and
/// sigma 0.8, within 10 and 1,500 s. On four GPUs of 80 GiB.
pub(crate) fn mixed(seed: u64, headroom: f64) -> Problem {
    let mut random = Random::new(seed);
    let jobs = (0..40).map(|_| {
        let gpus = random.one_of(&[(0.78, 1), (0.17, 2), (0.05, 4)]);
        let share = if random.uniform() < 0.1 { Share::Whole } else { Share::Bytes(random.memory()) };
        Job { duration: random.time(100.0, 0.8, 10.0, 1500.0), gpus, share, ..Job::default() }
    });
    problem(jobs.collect(), machine(4, 80, headroom))
}

/// 60 tests on one GPU each: 3 to 8 GiB (40%), 10 to 24 (30%), 25 to 48 (20%), 49 to 76 (10%); lognormal times of median
/// 81 s and sigma 0.6, within 15 and 400 s. On four GPUs of 80 GiB.
pub(crate) fn single(seed: u64, headroom: f64) -> Problem {
    singles(seed, 60, machine(4, 80, headroom))
}

/// The same of any size.
pub(crate) fn singles(seed: u64, count: usize, capacity: Capacity) -> Problem {
    let mut random = Random::new(seed);
    let jobs = (0..count).map(|_| Job {
        share: Share::Bytes(random.memory()),
        duration: random.time(81.0, 0.6, 15.0, 400.0),
        gpus: 1,
        ..Job::default()
    });
    problem(jobs.collect(), capacity)
}

pub(crate) fn problem(jobs: Vec<Job>, capacity: Capacity) -> Problem {
    let pools = vec![Pool::new(0..capacity.units.len())];
    let jobs = jobs.into_iter().map(|job| Job { cpu_slots: 1, ..job }).collect();
    Problem { capacity, pools, jobs, ..Problem::default() }
}

/// The times that the jobs really take, where they are guessed with an error.
pub(crate) fn realised(problem: &Problem, seed: u64, sigma: f64) -> Vec<Duration> {
    let mut random = Random::new(seed ^ 0x5eed);
    problem.jobs.iter().map(|job| job.duration.mul_f64((sigma * random.normal()).exp())).collect()
}

/// Random numbers of the shapes that the families have.
struct Random(fastrand::Rng);

impl Random {
    fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    fn uniform(&mut self) -> f64 {
        self.0.f64()
    }

    /// Box and Muller's.
    fn normal(&mut self) -> f64 {
        let (one, other) = (1.0 - self.uniform(), self.uniform());
        (-2.0 * one.ln()).sqrt() * (std::f64::consts::TAU * other).cos()
    }

    fn time(&mut self, median: f64, sigma: f64, least: f64, most: f64) -> Duration {
        Duration::from_secs_f64((median * (sigma * self.normal()).exp()).clamp(least, most))
    }

    fn one_of(&mut self, choices: &[(f64, u32)]) -> u32 {
        let mut left = self.uniform();
        for (part, choice) in choices {
            left -= part;
            if left < 0.0 {
                return *choice;
            }
        }
        choices[0].1
    }

    fn memory(&mut self) -> u64 {
        let (least, most) = match self.one_of(&[(0.4, 0), (0.3, 1), (0.2, 2), (0.1, 3)]) {
            0 => (3.0, 8.0),
            1 => (10.0, 24.0),
            2 => (25.0, 48.0),
            _ => (49.0, 76.0),
        };
        let gib = least + (most - least) * self.uniform();
        (gib * GIB as f64) as u64
    }
}
