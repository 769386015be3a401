//! How far schedules are from the best possible, and how long they take to make.
//!
//! `cargo bench -p execution-plan --bench planning`: gaps to the best bound in percent, means over the seeds.
#![allow(clippy::cast_precision_loss, reason = "figures to look at")]
#![allow(clippy::print_stdout, reason = "figures to look at")]

mod families;

use std::time::{Duration, Instant};

use execution_plan::scheduling::{Problem, bounds, by_area, by_duration, search, simulate};

/// A family of problems: by its seed, and the part of a GPU that stays free.
type Family = fn(u64, f64) -> Problem;
/// An order that needs no search.
type Order = fn(&Problem) -> Vec<usize>;

const FAMILIES: [(&str, Family); 2] = [("mixed", families::mixed), ("single", families::single)];
const ORDERS: [(&str, Order); 3] = [("file", in_file_order), ("longest", by_duration), ("area", by_area)];
const SEARCH_TIME: Duration = Duration::from_millis(200);

fn main() {
    println!("gap to the best bound, in %, 105 seeds each; the search takes {} ms", SEARCH_TIME.as_millis());
    for (name, family) in FAMILIES {
        for headroom in [0.0, 0.15] {
            let rules =
                ORDERS.map(|(order, of)| format!("{order} {:5.1}", mean(|seed| exact(&family(seed, headroom), of))));
            let searched = mean(|seed| {
                let problem = family(seed, headroom);
                let bound = bounds(&problem).best();
                gap(search(&problem, bound, SEARCH_TIME).makespan, bound)
            });
            println!("  {name:<7} headroom {headroom:4.2}   {}   searched {searched:5.2}", rules.join("   "));
        }
    }
    println!("the same where times are guesses, against the bound of the times that came");
    for sigma in [0.1, 0.2, 0.5] {
        let rules = ORDERS.map(|(order, of)| {
            format!("{order} {:5.1}", mean(|seed| guessed(families::single(seed, 0.0), seed, sigma, of)))
        });
        println!("  single  sigma {sigma:4.2}      {}", rules.join("   "));
    }
    println!("growth, 512 GPUs");
    for count in [100, 1_000, 10_000, 100_000] {
        growth(count);
    }
}

fn in_file_order(problem: &Problem) -> Vec<usize> {
    (0..problem.jobs.len()).collect()
}

fn mean(of: impl Fn(u64) -> f64) -> f64 {
    (0..105).map(of).sum::<f64>() / 105.0
}

fn gap(makespan: Duration, bound: Duration) -> f64 {
    100.0 * (makespan.as_secs_f64() / bound.as_secs_f64() - 1.0)
}

fn exact(problem: &Problem, order: Order) -> f64 {
    let durations: Vec<_> = problem.jobs.iter().map(|job| job.duration).collect();
    gap(simulate(problem, &order(problem), &durations).makespan, bounds(problem).best())
}

fn guessed(mut problem: Problem, seed: u64, sigma: f64, order: Order) -> f64 {
    let durations = families::realised(&problem, seed, sigma);
    let makespan = simulate(&problem, &order(&problem), &durations).makespan;
    for (job, duration) in problem.jobs.iter_mut().zip(durations) {
        job.duration = duration;
    }
    gap(makespan, bounds(&problem).best())
}

fn growth(count: usize) {
    let problem = families::singles(1, count, families::machine(512, 80, 0.15));
    let start = Instant::now();
    let bound = bounds(&problem).best();
    let bounded = start.elapsed();
    let start = Instant::now();
    let durations: Vec<_> = problem.jobs.iter().map(|job| job.duration).collect();
    let schedule = simulate(&problem, &by_area(&problem), &durations);
    println!(
        "  {count:>7} tests   bounds {bounded:>9.2?}   schedule {:>9.2?}   gap {:.1} %",
        start.elapsed(),
        gap(schedule.makespan, bound)
    );
}
