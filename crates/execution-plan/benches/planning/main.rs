//! How far schedules are from the best possible, and how long they take to make.
//!
//! ```text
//! cargo bench -p execution-plan --bench planning                          families: gaps in percent, means over the seeds
//! cargo bench -p execution-plan --bench planning -- --tries 10000         the same, the same on every machine
//! cargo bench -p execution-plan --bench planning -- --tree ../dynamo [dynamo-2026-08]   a real tree, and its policy, on four machines
//! cargo bench -p execution-plan --bench planning -- --demands PLAN.json   the same of what was written before
//! cargo bench -p execution-plan --bench planning -- --trial mixed 0 1000..1100 5000     other seeds, to develop by
//! ```
//!
//! A search by time is worth less on a machine that does something else as well; `--tries` counts orders instead. The tests
//! of a tree are what `xtask plan` says of them, which `--tree`, named as seen from the repository, builds and asks (`XTASK=FILE` names one that is built); `--demands` takes
//! what it printed: `cargo xtask plan --gpus 8xH100 -m profiled_vram_gib --jobs 1000 --no-history --format json`. `optimum.py` holds
//! schedules and bounds against an exact solver.
#![allow(clippy::cast_precision_loss, reason = "figures to look at")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "figures to look at")]
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "figures to look at")]

mod demands;
mod families;
mod instances;
mod present;

use std::ops::Range;
use std::time::{Duration, Instant};

use execution_plan::scheduling::{Effort, Problem, bounds, by_area, by_duration, search, simulate};

/// A family of problems: by its seed, and the part of a GPU that stays free.
type Family = fn(u64, f64) -> Problem;
/// An order that needs no search.
type Order = fn(&Problem) -> Vec<usize>;

const FAMILIES: [(&str, Family); 2] = [("mixed", families::mixed), ("single", families::single)];
const ORDERS: [(&str, Order); 3] = [("file", in_file_order), ("longest", by_duration), ("area", by_area)];
const HEADROOMS: [f64; 2] = [0.0, 0.15];
const EFFORT: Effort = Effort::Time(Duration::from_millis(200));

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => all(EFFORT),
        ["--tries", tries] if tries.parse::<u64>().is_ok() => all(Effort::Tries(tries.parse().unwrap_or_default())),
        ["--tree", tree] => real(tree, demands::of_tree(tree, None)),
        ["--tree", tree, policy] => real(tree, demands::of_tree(tree, Some(policy))),
        ["--demands", file] => real(file, demands::of_file(file)),
        ["--trial", family, headroom, range, effort] => trial(family, headroom, seeds(range), effort),
        ["--instances", family, headroom, range] => {
            write_instances(family, headroom.parse().unwrap_or(0.0), seeds(range));
        }
        _ => eprintln!(
            "usage: [--tries N | --tree TREE [POLICY] | --demands FILE | --trial FAMILY HEADROOM SEEDS (N | TIMEms) | --instances FAMILY HEADROOM SEEDS]"
        ),
    }
}

fn all(effort: Effort) {
    println!("gap to the best bound, in %, 105 seeds each; searched by {effort:?}");
    for (name, family) in FAMILIES {
        for headroom in HEADROOMS {
            let rules =
                ORDERS.map(|(order, of)| format!("{order} {:5.1}", mean(|seed| exact(&family(seed, headroom), of))));
            let searched = mean(|seed| {
                let problem = family(seed, headroom);
                let bound = bounds(&problem).best();
                gap(search(&problem, bound, effort).makespan, bound)
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
    println!("how many times as long the rules of Dynamo's scheduler take, family single");
    for headroom in HEADROOMS {
        against_present(headroom, effort);
    }
    orders_a_second();
    println!("growth, 512 GPUs");
    for count in [100, 1_000, 10_000, 100_000] {
        growth(count);
    }
}

/// How fast a search is where it does not come to its end by reaching a bound.
fn orders_a_second() {
    const TRIES: u64 = 5_000;
    for (name, family) in FAMILIES {
        let problem = family(1000, 0.0);
        let start = Instant::now();
        let _ = search(&problem, Duration::ZERO, Effort::Tries(TRIES));
        println!("orders tried a second by one search, {name}: {:.0}", TRIES as f64 / start.elapsed().as_secs_f64());
    }
}

/// `100` or `1000..1100`.
fn seeds(text: &str) -> Range<u64> {
    let (first, end) = text.split_once("..").unwrap_or(("0", text));
    first.parse().unwrap_or(0)..end.parse().unwrap_or(5)
}

/// The gaps of other seeds than those of the table, by which a search may be developed.
fn trial(family: &str, headroom: &str, seeds: Range<u64>, effort: &str) {
    let Some((_, family)) = FAMILIES.iter().find(|(name, _)| *name == family) else { return };
    let effort = match effort.strip_suffix("ms") {
        Some(time) => Effort::Time(Duration::from_millis(time.parse().unwrap_or_default())),
        None => Effort::Tries(effort.parse().unwrap_or_default()),
    };
    let count = seeds.end.saturating_sub(seeds.start).max(1);
    let mut sum = 0.0;
    let start = Instant::now();
    for seed in seeds {
        let problem = family(seed, headroom.parse().unwrap_or(0.0));
        let bound = bounds(&problem).best();
        let gap = gap(search(&problem, bound, effort).makespan, bound);
        print!("{gap:.1} ");
        sum += gap;
    }
    println!("\nmean {:.3}   {:.2?} each", sum / count as f64, start.elapsed() / u32::try_from(count).unwrap_or(1));
}

/// Problems as JSON, a line each.
fn write_instances(family: &str, headroom: f64, seeds: Range<u64>) {
    let Some((name, family)) = FAMILIES.iter().find(|(name, _)| *name == family) else { return };
    for seed in seeds {
        let problem = family(seed, headroom);
        let bound = bounds(&problem).best();
        let searched = search(&problem, bound, EFFORT).makespan;
        println!("{}", instances::json(&format!("{name} {seed}"), &problem, bound, searched));
    }
}

fn in_file_order(problem: &Problem) -> Vec<usize> {
    (0..problem.jobs.len()).collect()
}

fn mean(of: impl Fn(u64) -> f64) -> f64 {
    (0..105).map(of).sum::<f64>() / 105.0
}

fn gap(makespan: Duration, bound: Duration) -> f64 {
    100.0 * (ratio(makespan, bound) - 1.0)
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}

fn durations(problem: &Problem) -> Vec<Duration> {
    problem.jobs.iter().map(|job| job.duration).collect()
}

fn exact(problem: &Problem, order: Order) -> f64 {
    gap(simulate(problem, &order(problem), &durations(problem)).makespan, bounds(problem).best())
}

fn guessed(mut problem: Problem, seed: u64, sigma: f64, order: Order) -> f64 {
    let durations = families::realised(&problem, seed, sigma);
    let makespan = simulate(&problem, &order(&problem), &durations).makespan;
    for (job, duration) in problem.jobs.iter_mut().zip(durations) {
        job.duration = duration;
    }
    gap(makespan, bounds(&problem).best())
}

/// The same jobs by both, the same part of a GPU left free, and the same times in the end.
fn against_present(headroom: f64, effort: Effort) {
    let searched = mean(|seed| {
        let problem = families::single(seed, headroom);
        let best = search(&problem, bounds(&problem).best(), effort).makespan;
        ratio(present::makespan(&problem, &durations(&problem)), best)
    });
    let online = [0.0, 0.1, 0.2, 0.5].map(|sigma| {
        let of = mean(|seed| {
            let problem = families::single(seed, headroom);
            let came = families::realised(&problem, seed, sigma);
            let online = simulate(&problem, &by_area(&problem), &came).makespan;
            ratio(present::makespan(&problem, &came), online)
        });
        format!("online, sigma {sigma:3.1} {of:5.3}")
    });
    println!("  headroom {headroom:4.2}   searched {searched:5.3}   {}", online.join("   "));
}

/// The tests of a tree that say how much memory they take.
fn real(name: &str, plan: Result<serde_json::Value, String>) {
    let plan = match plan {
        Ok(plan) => plan,
        Err(why) => return eprintln!("{name}: {why}"),
    };
    println!("the tests of {name} that take a part of a GPU's memory, 15 % left free; times in minutes");
    println!("  machine        tests  do not fit   bound    plan   gap %   Dynamo's rules / plan   serial / plan");
    for (machine, gpus, mib) in
        [("1xL4", 1, 23_034), ("2xL4", 2, 23_034), ("4x48 GiB", 4, 46_068), ("8xH100", 8, 81_559)]
    {
        let mut capacity = families::machine(gpus, 1, 0.15);
        capacity.units.iter_mut().for_each(|unit| unit.memory = mib << 20);
        let (mut problem, refused) = demands::problem(&plan, capacity);
        let bound = bounds(&problem).best();
        let best = search(&problem, bound, EFFORT).makespan;
        let serial: Duration = problem.jobs.iter().map(|job| job.duration).sum();
        let minutes = |duration: Duration| duration.as_secs_f64() / 60.0;
        println!(
            "  {machine:<13} {:>6} {refused:>11} {:>7.1} {:>7.1} {:>7.2}   {:>21.2} {:>15.2}",
            problem.jobs.len(),
            minutes(bound),
            minutes(best),
            gap(best, bound),
            {
                // They know one GPU for each test only, and charge one.
                problem.jobs.iter_mut().for_each(|job| job.gpus = 1);
                ratio(present::makespan(&problem, &durations(&problem)), best)
            },
            ratio(serial, best),
        );
    }
}

fn growth(count: usize) {
    let problem = families::singles(1, count, families::machine(512, 80, 0.15));
    let start = Instant::now();
    let bound = bounds(&problem).best();
    let bounded = start.elapsed();
    let start = Instant::now();
    let schedule = simulate(&problem, &by_area(&problem), &durations(&problem));
    println!(
        "  {count:>7} tests   bounds {bounded:>9.2?}   schedule {:>9.2?}   gap {:.1} %",
        start.elapsed(),
        gap(schedule.makespan, bound)
    );
}
