//! Which GPUs a job of several gets: linked ones, and no schedule is another one for that.

use std::cmp::Reverse;

use gpu_inventory::{Link, Pcie, Topology};
use proptest::prelude::*;

use super::*;

fn links(gpus: usize, link: impl FnMut(usize, usize) -> Link) -> Links {
    Links::new(Topology::of(gpus, link), (0..gpus).map(Some).collect())
}

/// GPUs with NVLink between those of one number.
fn islands(of: &[usize]) -> Links {
    links(of.len(), |a, b| if of[a] == of[b] { Link::NvLink { links: Reverse(4) } } else { Link::Pcie(Pcie::NumaNode) })
}

fn whole(gpus: u32, seconds: u64) -> Job {
    Job { duration: Duration::from_secs(seconds), gpus, share: Share::Whole, ..Job::default() }
}

fn machine(gpus: usize, links: Links, jobs: Vec<Job>) -> Problem {
    let unit = UnitCapacity { memory: 100, ..UnitCapacity::default() };
    let capacity = Capacity { units: vec![unit; gpus], cpu_slots: 8, headroom: 0.15, ..Capacity::default() };
    Problem { capacity, links, pools: vec![Pool::new(0..gpus)], jobs, ..Problem::default() }
}

fn in_order(problem: &Problem) -> Schedule {
    let durations: Vec<_> = problem.jobs.iter().map(|job| job.duration).collect();
    simulate(problem, &(0..problem.jobs.len()).collect::<Vec<_>>(), &durations)
}

#[test]
fn a_job_of_two_gets_linked_ones_of_those_that_are_idle() {
    let pairs = || islands(&[0, 1, 1, 0]);
    for (name, links, jobs, expected) in [
        ("both pairs", pairs(), vec![whole(2, 9), whole(2, 9)], vec![vec![0, 3], vec![1, 2]]),
        ("a pair is broken already", pairs(), vec![whole(1, 9), whole(2, 9)], vec![vec![0], vec![1, 2]]),
        ("no pair is left", pairs(), vec![whole(1, 9), whole(1, 9), whole(2, 9)], vec![vec![0], vec![1], vec![2, 3]]),
        ("all of them", pairs(), vec![whole(4, 9)], vec![vec![0, 1, 2, 3]]),
        ("alike", islands(&[0, 0, 0, 0]), vec![whole(2, 9)], vec![vec![0, 1]]),
        ("not known", Links::default(), vec![whole(2, 9)], vec![vec![0, 1]]),
    ] {
        let problem = machine(4, links, jobs);
        let placements = in_order(&problem).placements;
        let units: Vec<_> = placements.into_iter().map(|placement| placement.units).collect();
        assert_eq!(units, expected, "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn links_change_no_time_and_nothing_that_fits(mut problem in problems(), of in prop::collection::vec(0..3_usize, 5)) {
        let gpus = problem.capacity.units.len();
        let times = |schedule: &Schedule| schedule.placements.iter().map(|it| it.window).collect::<Vec<_>>();
        let durations: Vec<_> = problem.jobs.iter().map(|job| job.duration).collect();
        let orders = [by_area(&problem), by_duration(&problem), (0..problem.jobs.len()).rev().collect()];
        let all = |problem: &Problem| {
            let mut all: Vec<_> = orders.iter().map(|order| simulate(problem, order, &durations)).collect();
            all.push(search(problem, Duration::ZERO, Effort::Tries(10)));
            all
        };
        let unlinked = all(&problem);
        problem.links = islands(&of[..gpus]);
        for (linked, unlinked) in all(&problem).iter().zip(&unlinked) {
            prop_assert_eq!(wrong(&problem, linked), Vec::<String>::new());
            prop_assert_eq!(times(linked), times(unlinked));
        }
    }

    #[test]
    fn where_islands_are_all_that_is_asked_for_every_job_has_one(
        seed in any::<u64>(), size in 2..4_usize, count in 2..4_usize, jobs in prop::collection::vec(1..20_u64, 1..20),
    ) {
        let mut of: Vec<usize> = (0..size * count).map(|gpu| gpu % count).collect();
        fastrand::Rng::with_seed(seed).shuffle(&mut of);
        let jobs = jobs.into_iter().map(|seconds| whole(u32::try_from(size).unwrap(), seconds)).collect();
        let problem = machine(of.len(), islands(&of), jobs);
        for schedule in [in_order(&problem), search(&problem, Duration::ZERO, Effort::Tries(10))] {
            for placement in &schedule.placements {
                let islands: Vec<usize> = placement.units.iter().map(|&unit| of[unit]).collect();
                prop_assert!(islands.iter().all(|island| *island == islands[0]), "{:?} of {of:?}", placement.units);
            }
        }
    }
}
