//! Bounds and searches held against the best schedule there is, found by trying all.

use std::time::Duration;

use proptest::prelude::*;

use super::super::*;
use crate::{Capacity, Share, UnitCapacity};

/// Few jobs on few GPUs, so that all schedules can be tried; one GPU in two is of another size.
fn small_problems() -> impl Strategy<Value = Problem> {
    let share = prop_oneof![1 => Just(None), 4 => (1..=100_u64).prop_map(Some)];
    let job = (1..12_u64, 1..=3_usize, share, 0..3_u32, any::<bool>());
    let after = prop::option::weighted(0.2, any::<prop::sample::Index>());
    let headroom = prop_oneof![Just(0.0), Just(0.15)];
    (1..=3_usize, any::<bool>(), headroom, prop::collection::vec((job, after), 1..6)).prop_map(
        |(gpus, is_mixed, headroom, jobs)| {
            let unit = |index| UnitCapacity {
                memory: if is_mixed && index == 1 { 60 } else { 100 },
                ..UnitCapacity::default()
            };
            let capacity =
                Capacity { units: (0..gpus).map(unit).collect(), cpu_slots: 4, headroom, ..Capacity::default() };
            let mut problem = Problem { pools: vec![Pool::new(0..gpus)], resources: 1, capacity, ..Problem::default() };
            for ((seconds, wanted, share, cpu_slots, is_exclusive), after) in jobs {
                let share = share.map_or(Share::Whole, Share::Bytes);
                let fitting = (0..gpus).filter(|&unit| fits(&problem, unit, share, &[])).count();
                let count = problem.jobs.len();
                problem.jobs.push(Job {
                    duration: Duration::from_secs(seconds),
                    cpu_slots,
                    gpus: u32::try_from(wanted.min(fitting)).unwrap(),
                    share,
                    resources: if is_exclusive && cpu_slots == 0 { vec![0] } else { Vec::new() },
                    after: after.filter(|_| count > 0).map(|index| index.index(count)).into_iter().collect(),
                    ..Job::default()
                });
            }
            problem
        },
    )
}

/// Whether a share fits on a unit beside others.
fn fits(problem: &Problem, unit: usize, share: Share, beside: &[Share]) -> bool {
    let memory = problem.capacity.units[unit].memory;
    let limit = if beside.is_empty() { memory } else { crate::headroom::shared(memory, problem.capacity.headroom) };
    let mut sum = 0;
    for one in beside.iter().chain([&share]) {
        match one {
            Share::Whole => return beside.is_empty(),
            Share::Bytes(bytes) => sum += bytes,
        }
    }
    sum <= limit
}

/// All that was decided so far.
struct Trial<'p> {
    problem: &'p Problem,
    placed: Vec<Option<Placement>>,
    best: Duration,
}

impl Trial<'_> {
    /// Every job next, on every set of units, as early as that goes: one of these schedules is a shortest.
    fn go_on(&mut self, until: Duration) {
        if until >= self.best {
            return;
        }
        if self.placed.iter().all(Option::is_some) {
            self.best = until;
            return;
        }
        for job in 0..self.placed.len() {
            let ready = self.problem.jobs[job].after.iter().all(|&before| self.placed[before].is_some());
            if self.placed[job].is_some() || !ready {
                continue;
            }
            for set in 0..1_usize << self.problem.capacity.units.len() {
                if set.count_ones() != self.problem.jobs[job].gpus {
                    continue;
                }
                let units: Vec<usize> =
                    (0..self.problem.capacity.units.len()).filter(|unit| set >> unit & 1 == 1).collect();
                if let Some(window) = self.earliest(job, &units) {
                    self.placed[job] = Some(Placement { window, units });
                    self.go_on(until.max(window.end));
                    self.placed[job] = None;
                }
            }
        }
    }

    /// From the beginning, or from the end of another job on.
    fn earliest(&self, job: usize, units: &[usize]) -> Option<crate::Window> {
        let placed = || self.placed.iter().flatten();
        let before = self.problem.jobs[job].after.iter().filter_map(|&before| self.placed[before].as_ref());
        let ready = before.map(|placement| placement.window.end).max().unwrap_or_default();
        let mut moments: Vec<Duration> = placed().map(|placement| placement.window.end).chain([ready]).collect();
        moments.retain(|moment| *moment >= ready);
        moments.sort_unstable();
        let windows =
            moments.into_iter().map(|start| crate::Window { start, end: start + self.problem.jobs[job].duration });
        windows.into_iter().find(|window| {
            let starts = placed().map(|placement| placement.window.start).filter(|start| *start < window.end);
            let mut looks = starts.chain([window.start]).filter(|look| *look >= window.start);
            looks.all(|look| self.has_room(job, units, look))
        })
    }

    fn has_room(&self, job: usize, units: &[usize], at: Duration) -> bool {
        let jobs = &self.problem.jobs;
        let runs = |other: &usize| {
            let placement = self.placed[*other].as_ref();
            placement.is_some_and(|it| it.window.start <= at && at < it.window.end)
        };
        let others: Vec<usize> = (0..jobs.len()).filter(runs).collect();
        let slots: u32 = others.iter().map(|&other| jobs[other].cpu_slots).sum();
        let is_held = others.iter().any(|&other| !jobs[other].resources.is_empty());
        let is_on = |other: usize, unit: usize| self.placed[other].as_ref().is_some_and(|it| it.units.contains(&unit));
        slots + jobs[job].cpu_slots <= self.problem.capacity.cpu_slots
            && (!is_held || jobs[job].resources.is_empty())
            && units.iter().all(|&unit| {
                let beside = others.iter().filter(|&&other| is_on(other, unit)).map(|&other| jobs[other].share);
                fits(self.problem, unit, jobs[job].share, &beside.collect::<Vec<_>>())
            })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn no_bound_is_above_the_optimum_and_no_search_below(problem in small_problems()) {
        let mut trial = Trial { problem: &problem, placed: vec![None; problem.jobs.len()], best: Duration::MAX };
        trial.go_on(Duration::ZERO);
        let searched = search(&problem, Duration::ZERO, Effort::Tries(40)).makespan;
        prop_assert!(searched >= trial.best, "searched {searched:?}, optimum {:?}", trial.best);
        let bounds = bounds(&problem);
        prop_assert!(bounds.best() <= trial.best + Duration::from_micros(1), "{bounds:?}, optimum {:?}", trial.best);
    }
}
