//! How far plans are from the best possible.
#![allow(clippy::cast_precision_loss, reason = "figures to look at")]

mod families;

use std::time::{Duration, Instant};

use execution_plan::scheduling::{Problem, bounds, by_area, by_duration, search, simulate};

fn gap(makespan: Duration, bound: Duration) -> f64 {
    100.0 * (makespan.as_secs_f64() / bound.as_secs_f64() - 1.0)
}

fn main() {
    if let Ok(ms) = std::env::var("ONLY_SEARCH") {
        let ms: u64 = ms.parse().unwrap();
        for (name, family) in [("A", families::mixed as fn(u64, f64) -> Problem), ("B", families::single)] {
            for seed in 0..10 {
                let problem = family(seed, 0.0);
                let b = bounds(&problem);
                let bound = b.best();
                if std::env::var("SHOW").is_ok_and(|v| v == format!("{name}{seed}")) {
                    for job in &problem.jobs {
                        println!("  {} gpus {:.1} GiB {:.0?}", job.gpus, job.share.gib().unwrap_or(99.0), job.duration);
                    }
                }
                let best = search(&problem, bound, Duration::from_millis(ms)).makespan;
                println!(
                    "{name} {seed}: gap {:.2} bound {:.0?} area {:.0?} large {:.0?} longest {:.0?}",
                    gap(best, bound),
                    bound,
                    b.gpu_area,
                    b.large,
                    b.longest
                );
            }
        }
        return;
    }
    let search_seeds: u64 = std::env::args().filter_map(|a| a.parse().ok()).next().unwrap_or(5);
    for (name, family) in [("A", families::mixed as fn(u64, f64) -> Problem), ("B", families::single)] {
        for headroom in [0.0, 0.15] {
            let mean = |count: u64, of: &dyn Fn(u64) -> f64| (0..count).map(of).sum::<f64>() / count as f64;
            let rule = |order: fn(&Problem) -> Vec<usize>| {
                mean(100, &|seed| {
                    let problem = family(seed, headroom);
                    let durations: Vec<_> = problem.jobs.iter().map(|job| job.duration).collect();
                    gap(simulate(&problem, &order(&problem), &durations).makespan, bounds(&problem).best())
                })
            };
            let searched = mean(search_seeds, &|seed| {
                let problem = family(seed, headroom);
                let bound = bounds(&problem).best();
                gap(search(&problem, bound, Duration::from_millis(200)).makespan, bound)
            });
            println!(
                "{name} {headroom:.2}: file {:.1} LPT {:.1} area {:.1} searched {searched:.2}",
                rule(|problem| (0..problem.jobs.len()).collect()),
                rule(by_duration),
                rule(by_area)
            );
        }
    }
    for sigma in [0.1, 0.2, 0.5] {
        let gap_of = |order: fn(&Problem) -> Vec<usize>| {
            (0..100)
                .map(|seed| {
                    let mut problem = families::single(seed, 0.0);
                    let durations = families::realised(&problem, seed, sigma);
                    let order = order(&problem);
                    let makespan = simulate(&problem, &order, &durations).makespan;
                    for (job, duration) in problem.jobs.iter_mut().zip(durations) {
                        job.duration = duration;
                    }
                    gap(makespan, bounds(&problem).best())
                })
                .sum::<f64>()
                / 100.0
        };
        println!("B sigma {sigma}: LPT {:.1} area {:.1}", gap_of(by_duration), gap_of(by_area));
    }
    for count in [100, 1000, 10_000, 100_000] {
        let problem = families::singles(1, count, families::machine(512, 80, 0.15));
        let start = Instant::now();
        let bound = bounds(&problem).best();
        let bounded = start.elapsed();
        let durations: Vec<_> = problem.jobs.iter().map(|job| job.duration).collect();
        let start = Instant::now();
        let schedule = simulate(&problem, &by_area(&problem), &durations);
        println!(
            "{count} tests: bounds {bounded:?}, schedule {:?}, gap {:.1}",
            start.elapsed(),
            gap(schedule.makespan, bound)
        );
    }
}
