//! Whole processes, timed beside each other.

use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

/// A line a tool, with how many times the first one's time that is.
pub(crate) struct Table {
    first: Option<Duration>,
}

/// What one tool took.
struct Measured {
    /// The median of the runs.
    time: Duration,
    processor: Duration,
    code: Option<i32>,
}

impl Table {
    /// Prints the head.
    pub(crate) fn new() -> Self {
        println!("{:<36} {:>10} {:>12} {:>8}  exit", "", "time", "processor", "ratio");
        Self { first: None }
    }

    /// Runs a tool that often, and prints its line.
    pub(crate) fn measure(&mut self, name: &str, command: &mut Command, runs: usize) {
        let Some(measured) = measure(command, runs) else {
            println!("{name:<36} cannot be started");
            return;
        };
        let base = *self.first.get_or_insert(measured.time);
        println!(
            "{name:<36} {:>8.1?} {:>12.1?} {:>7.1}x  {}",
            measured.time,
            measured.processor,
            measured.time.as_secs_f64() / base.as_secs_f64(),
            measured.code.map_or_else(|| "signal".to_owned(), |code| code.to_string()),
        );
    }

    /// Prints the peak of all tools so far.
    pub(crate) fn peak_memory(&self) {
        let peak = getrusage(UsageWho::RUSAGE_CHILDREN).map_or(0, |usage| usage.max_rss());
        println!("{:<36} peak memory {} MiB", "", peak / 1024);
    }
}

fn measure(command: &mut Command, runs: usize) -> Option<Measured> {
    let mut times = Vec::new();
    let mut processor = Vec::new();
    let mut code = None;
    for _ in 0..runs {
        let before = processor_time();
        let start = Instant::now();
        code = command.status().ok()?.code();
        times.push(start.elapsed());
        processor.push(processor_time().saturating_sub(before));
    }
    times.sort();
    processor.sort();
    let middle = times.len() / 2;
    Some(Measured { time: *times.get(middle)?, processor: *processor.get(middle)?, code })
}

/// What all children that ended have taken.
fn processor_time() -> Duration {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_CHILDREN) else { return Duration::ZERO };
    let part = |time: nix::sys::time::TimeVal| {
        let micros = time.tv_sec() * 1_000_000 + time.tv_usec();
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    };
    part(usage.user_time()) + part(usage.system_time())
}
