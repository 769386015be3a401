//! Schedules of generated problems, judged by looking at every moment.

use std::time::Duration;

mod again;
mod linked;
mod optimum;

use proptest::prelude::*;

use super::*;
use crate::{Capacity, Links, Share, UnitCapacity};

/// Jobs that wait for earlier ones, on GPUs of different sizes.
fn problems() -> impl Strategy<Value = Problem> {
    let units = prop::collection::vec(1..=4_u64, 0..5);
    let host_memory = prop::option::of(20..60_u64);
    (units, 1..4_u32, 0..3_u64, host_memory).prop_flat_map(|(memories, cpu_slots, stagger, host_memory)| {
        let gpus = memories.len();
        let largest = memories.iter().copied().max().unwrap_or(0);
        let share = prop_oneof![Just(Share::Whole), (0..=largest * 100).prop_map(Share::Bytes)];
        let of_machine = (0..5_u32, prop_oneof![Just(0), 1..20_u64], prop::collection::vec(0..2_usize, 0..2));
        let job = (0..20_u64, of_machine, 0..=gpus, share, 0..2_usize, any::<bool>());
        let after = prop::collection::vec(any::<prop::sample::Index>(), 0..3);
        prop::collection::vec((job, after), 0..25).prop_map(move |jobs| {
            let unit = |memory: &u64| UnitCapacity { memory: memory * 100, ..UnitCapacity::default() };
            let all = Pool::new(0..gpus);
            let half = Pool::new(0..gpus.div_ceil(2));
            let mut problem = Problem {
                capacity: Capacity {
                    units: memories.iter().map(unit).collect(),
                    cpu_slots,
                    host_memory,
                    headroom: 0.15,
                    ..Capacity::default()
                },
                pools: vec![all, half],
                resources: 2,
                stagger: Duration::from_secs(stagger),
                jobs: Vec::new(),
                links: Links::default(),
            };
            for ((seconds, (cpu_slots, host_memory, resources), gpus, share, pool, staggered), after) in jobs {
                let mut job = Job {
                    duration: Duration::from_secs(seconds),
                    cpu_slots,
                    host_memory,
                    gpus: u32::try_from(gpus).unwrap(),
                    share,
                    pool,
                    resources,
                    staggered,
                    after: Vec::new(),
                };
                if !problem.jobs.is_empty() {
                    job.after = after.iter().map(|index| index.index(problem.jobs.len())).collect();
                    job.after.sort_unstable();
                    job.after.dedup();
                }
                let fitting = problem.pools[pool].units().iter().filter(|&&unit| match share {
                    Share::Whole => true,
                    Share::Bytes(bytes) => problem.capacity.units[unit].memory >= bytes,
                });
                if fitting.count() < gpus {
                    job.gpus = 0;
                }
                problem.jobs.push(job);
            }
            problem
        })
    })
}

/// What is wrong at some moment of a schedule.
fn wrong(problem: &Problem, schedule: &Schedule) -> Vec<String> {
    let mut wrong = Vec::new();
    let runs = |index: usize, at: Duration| {
        let window = schedule.placements[index].window;
        window.start <= at && at < window.end
    };
    for (index, (job, placed)) in problem.jobs.iter().zip(&schedule.placements).enumerate() {
        if placed.window.end != placed.window.start + job.duration {
            wrong.push(format!("job {index} is not run, or not for its time"));
        }
        if placed.units.len() != job.gpus as usize || !placed.units.is_sorted() {
            wrong.push(format!("job {index} has {:?}", placed.units));
        }
        for &before in &job.after {
            if schedule.placements[before].window.end > placed.window.start {
                wrong.push(format!("job {index} does not wait for {before}"));
            }
        }
        let at = placed.window.start;
        let at_once: Vec<usize> = (0..problem.jobs.len()).filter(|&other| runs(other, at)).collect();
        let slots: u32 = at_once.iter().map(|&other| problem.slots(&problem.jobs[other])).sum();
        if slots > problem.capacity.cpu_slots {
            wrong.push(format!("{slots} slots are taken at {at:?}"));
        }
        let memory: u64 = at_once.iter().map(|&other| problem.jobs[other].host_memory).sum();
        if problem.capacity.host_memory.is_some_and(|all| memory > all) {
            wrong.push(format!("{memory} of the machine's memory are taken at {at:?}"));
        }
        for resource in 0..problem.resources {
            if at_once.iter().filter(|&&other| problem.jobs[other].resources.contains(&resource)).count() > 1 {
                wrong.push(format!("{resource} is held twice at {at:?}"));
            }
        }
        for (unit, capacity) in problem.capacity.units.iter().enumerate() {
            let here = |other: &&usize| schedule.placements[**other].units.contains(&unit);
            let shares: Vec<Share> = at_once.iter().filter(here).map(|&other| problem.jobs[other].share).collect();
            let bytes: u64 = shares
                .iter()
                .map(|share| match share {
                    Share::Whole => capacity.memory,
                    Share::Bytes(bytes) => *bytes,
                })
                .sum();
            let limit = if shares.len() > 1 { crate::headroom::shared(capacity.memory, 0.15) } else { capacity.memory };
            if bytes > limit || (shares.len() > 1 && shares.contains(&Share::Whole)) {
                wrong.push(format!("unit {unit} is over its memory at {at:?}"));
            }
            let starts =
                |other: usize| problem.jobs[other].staggered && schedule.placements[other].units.contains(&unit);
            if job.staggered && placed.units.contains(&unit) {
                let too_close = (0..problem.jobs.len())
                    .filter(|&other| other != index && starts(other))
                    .any(|other| schedule.placements[other].window.start.abs_diff(at) < problem.stagger);
                if too_close {
                    wrong.push(format!("job {index} starts too soon after another on unit {unit}"));
                }
            }
        }
    }
    wrong
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn every_schedule_keeps_to_the_machine_and_above_the_bounds(problem in problems()) {
        let durations: Vec<_> = problem.jobs.iter().map(|job| job.duration).collect();
        prop_assert_eq!(problem.check(), Ok(()));
        let bound = bounds(&problem).best();
        for order in [by_area(&problem), by_duration(&problem), (0..problem.jobs.len()).rev().collect()] {
            let schedule = simulate(&problem, &order, &durations);
            prop_assert_eq!(wrong(&problem, &schedule), Vec::<String>::new());
            // Seconds of bounds are rounded.
            prop_assert!(schedule.makespan + Duration::from_micros(1) >= bound, "{:?} < {bound:?}", schedule.makespan);
        }
    }

    #[test]
    fn what_a_search_finds_keeps_to_the_machine_and_is_no_longer(problem in problems()) {
        let durations: Vec<_> = problem.jobs.iter().map(|job| job.duration).collect();
        let searched = search(&problem, Duration::ZERO, Effort::Tries(20));
        prop_assert_eq!(wrong(&problem, &searched), Vec::<String>::new());
        prop_assert!(searched.makespan + Duration::from_micros(1) >= bounds(&problem).best());
        prop_assert!(searched.makespan <= simulate(&problem, &by_area(&problem), &durations).makespan);
        prop_assert_eq!(search(&problem, Duration::ZERO, Effort::Tries(20)), searched);
    }
}

/// Small jobs come without end, each as another ends; a large one that waits for both GPUs gets them nevertheless.
#[test]
fn what_needs_much_is_not_passed_for_ever() {
    let unit = UnitCapacity { memory: 100, ..UnitCapacity::default() };
    let small = |after: Vec<usize>, seconds| Job {
        duration: Duration::from_secs(seconds),
        cpu_slots: 1,
        gpus: 1,
        share: Share::Whole,
        after,
        ..Job::default()
    };
    let mut jobs = vec![small(Vec::new(), 10), small(Vec::new(), 5)];
    for index in 2..100 {
        jobs.push(small(vec![index - 2], 10));
    }
    jobs.push(Job { gpus: 2, ..small(Vec::new(), 10) });
    let large = jobs.len() - 1;
    let problem = Problem {
        capacity: Capacity { units: vec![unit.clone(), unit], cpu_slots: 8, headroom: 0.15, ..Capacity::default() },
        pools: vec![Pool::new(0..2)],
        jobs,
        ..Problem::default()
    };
    let durations: Vec<_> = problem.jobs.iter().map(|job| job.duration).collect();
    // It is the first, but both GPUs are taken before it is there.
    let mut order: Vec<usize> = vec![0, 1, large];
    order.extend(2..large);
    let schedule = simulate(&problem, &order, &durations);
    let start = schedule.placements[large].window.start;
    assert!(start <= Duration::from_secs(30), "{start:?}");
}
