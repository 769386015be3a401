//! What a plan uses of each GPU and of the slots over time.

use std::fmt::Write;
use std::time::Duration;

use execution_plan::{Plan, Share, Step};

use crate::count::duration;
use crate::terminal::printable;

/// What is used from a moment on, until the next entry.
pub(crate) type Usage = Vec<(Duration, u64)>;

/// Bytes of a GPU, with what others hold; all of them where a test has it whole.
pub(crate) fn memory(plan: &Plan, unit: usize) -> Usage {
    let (whole, held) = plan.capacity.units.get(unit).map_or((0, 0), |unit| (unit.memory, unit.held));
    let of_tests = usage(plan, |step| {
        let claims = step.claim.gpus.iter().filter(|gpu| gpu.unit == unit);
        claims.fold(0, |sum, gpu| match gpu.share {
            Share::Bytes(bytes) => bytes.saturating_add(sum),
            Share::Whole => whole,
        })
    });
    of_tests.into_iter().map(|(from, amount)| (from, amount.saturating_add(held))).collect()
}

/// CPU slots; a step that asks for more than there are has them all.
pub(crate) fn slots(plan: &Plan) -> Usage {
    usage(plan, |step| u64::from(step.claim.cpu_slots.min(plan.capacity.cpu_slots)))
}

fn usage(plan: &Plan, of: impl Fn(&Step) -> u64) -> Usage {
    let mut changes: Vec<(Duration, bool, u64)> = Vec::new();
    for step in plan.steps().filter(|step| step.window.start < step.window.end) {
        let amount = of(step);
        if amount > 0 {
            changes.push((step.window.start, true, amount));
            changes.push((step.window.end, false, amount));
        }
    }
    // Ends before starts: what is given back may be taken at once.
    changes.sort_unstable();
    let mut usage: Usage = vec![(Duration::ZERO, 0)];
    let mut now = 0_u64;
    for (at, starts, amount) in changes {
        now = if starts { now.saturating_add(amount) } else { now.saturating_sub(amount) };
        match usage.last_mut() {
            Some(last) if last.0 == at => last.1 = now,
            _ => usage.push((at, now)),
        }
    }
    usage
}

/// What is used at a moment.
fn at(usage: &Usage, moment: Duration) -> u64 {
    let next = usage.partition_point(|(from, _)| *from <= moment);
    next.checked_sub(1).and_then(|index| usage.get(index)).map_or(0, |(_, amount)| *amount)
}

/// How many characters a line has.
const WIDTH: u32 = 72;
/// How many GPUs have a line.
const GPUS: usize = 16;
/// The name of the line behind those of the GPUs.
const SLOTS: &str = "CPU slots";
/// Nothing, then by eighths.
const LEVELS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A line for each GPU and one for the slots: from left to right the time, by height the part that is used. Nothing where
/// the plan takes no time.
pub(crate) fn lines(plan: &Plan) -> String {
    let mut out = String::new();
    if plan.expected.is_zero() {
        return out;
    }
    let names: Vec<_> =
        plan.capacity.units.iter().take(GPUS).map(|unit| format!("GPU {}", printable(&unit.label))).collect();
    let widest = names.iter().map(|name| name.chars().count()).fold(SLOTS.len(), usize::max);
    let name = |text: &str| format!("{text:<widest$}");
    out.push('\n');
    for (unit, text) in names.iter().enumerate() {
        line(&mut out, plan, &name(text), &memory(plan, unit), plan.capacity.units[unit].all());
    }
    if plan.capacity.units.len() > GPUS {
        let _ = writeln!(out, "and {} more GPUs (`--format html` draws all)", plan.capacity.units.len() - GPUS);
    }
    line(&mut out, plan, &name(SLOTS), &slots(plan), u64::from(plan.capacity.cpu_slots));
    let end = duration(plan.expected);
    let _ = writeln!(out, "{}0{:>width$}", " ".repeat(widest + 2), end, width = WIDTH as usize - 1);
    out.push('\n');
    out
}

fn line(out: &mut String, plan: &Plan, name: &str, usage: &Usage, capacity: u64) {
    let level = |column: u32| {
        // The middle of the column.
        let used = u128::from(at(usage, plan.expected.saturating_mul(2 * column + 1) / (2 * WIDTH)));
        let eighths = (used * 8).div_ceil(u128::from(capacity.max(1)));
        LEVELS[usize::try_from(eighths).unwrap_or(usize::MAX).min(LEVELS.len() - 1)]
    };
    let _ = writeln!(out, "{name} |{}|", (0..WIDTH).map(level).collect::<String>());
}

/// Steps one below another where they overlap: each with its row, and how many rows there are.
pub(crate) fn rows<'p>(steps: impl Iterator<Item = &'p Step>) -> (Vec<(usize, &'p Step)>, usize) {
    let mut steps: Vec<&Step> = steps.collect();
    steps.sort_by_key(|step| (step.window.start, step.id));
    // When each row is free; a step takes the first that is.
    let mut free: Vec<Duration> = Vec::new();
    let mut placed = Vec::with_capacity(steps.len());
    for step in steps {
        let row = free.iter().position(|end| *end <= step.window.start).unwrap_or_else(|| {
            free.push(Duration::ZERO);
            free.len() - 1
        });
        free[row] = step.window.end;
        placed.push((row, step));
    }
    (placed, free.len())
}
