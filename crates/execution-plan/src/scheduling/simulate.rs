//! A dispatch played through to the end.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::dispatch::Dispatch;
use super::problem::Problem;
use crate::Window;

/// Where and when a job runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Placement {
    /// From when to when.
    pub window: Window,
    /// Its GPUs, ascending.
    pub units: Vec<usize>,
}

/// A place for every job.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schedule {
    /// By the job's index.
    pub placements: Vec<Placement>,
    /// When the last job ends.
    pub makespan: Duration,
}

/// Starts the jobs in order as they fit, where each takes as long as `durations` says. Decisions are made without
/// knowing these, as they are in a run.
#[must_use]
pub fn simulate(problem: &Problem, order: &[usize], durations: &[Duration]) -> Schedule {
    let mut schedule = Schedule::default();
    play(&mut Dispatch::new(problem, order), durations, Duration::MAX, &mut schedule);
    schedule
}

/// Plays a dispatch through; false, with a part of the schedule, where it takes longer than `limit`.
pub(super) fn play(
    dispatch: &mut Dispatch<'_>,
    durations: &[Duration],
    limit: Duration,
    schedule: &mut Schedule,
) -> bool {
    schedule.placements.clear();
    schedule.placements.resize(durations.len(), Placement::default());
    schedule.makespan = Duration::ZERO;
    let mut ends: BinaryHeap<Reverse<(Duration, usize)>> = BinaryHeap::new();
    let mut now = Duration::ZERO;
    loop {
        while let Some(start) = dispatch.start(now) {
            let end = now + durations[start.job];
            ends.push(Reverse((end, start.job)));
            schedule.placements[start.job] = Placement { window: Window { start: now, end }, units: start.units };
            schedule.makespan = schedule.makespan.max(end);
            if end > limit {
                return false;
            }
        }
        let next_end = ends.peek().map(|Reverse((end, _))| *end);
        let next_moment = if dispatch.is_done() { None } else { dispatch.next_moment(now) };
        let Some(next) = next_end.into_iter().chain(next_moment).min() else { return true };
        now = next;
        while let Some(Reverse((end, job))) = ends.peek().copied()
            && end <= now
        {
            ends.pop();
            dispatch.end(job);
        }
    }
}
