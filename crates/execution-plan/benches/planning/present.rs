//! The rules by which Dynamo's own scheduler selects what starts, for tests of one GPU each, played through as the planner's
//! are.
//!
//! Tests with memory come first, of these the longest, of these the largest. Each goes to the GPU with the most room: all
//! of its memory for a test alone, what is left of the shared part beside others. Where there is no room, the GPU with
//! the most is reserved for it, and those behind it get only what it will not need there.

use std::time::Duration;

use execution_plan::Share;
use execution_plan::scheduling::Problem;

/// How long all take, if decisions are made by the times of the problem and these come.
pub(crate) fn makespan(problem: &Problem, durations: &[Duration]) -> Duration {
    let mut pending = order(problem);
    let mut gpus: Vec<Gpu> = problem.capacity.units.iter().map(|unit| Gpu::new(unit.memory, problem)).collect();
    let mut running: Vec<(Duration, usize, usize)> = Vec::new();
    let mut now = Duration::ZERO;
    loop {
        let starts = selected(problem, &pending, &gpus, running.len());
        for &(job, gpu) in &starts {
            gpus[gpu].enter(memory(problem, job));
            running.push((now + durations[job], job, gpu));
        }
        pending.retain(|job| starts.iter().all(|(started, _)| started != job));
        let Some(&(end, ..)) = running.iter().min() else { return now };
        now = end;
        running.retain(|&(end, job, gpu)| {
            if end == now {
                gpus[gpu].leave(memory(problem, job));
            }
            end != now
        });
    }
}

#[derive(Clone)]
struct Gpu {
    memory: u64,
    shared: u64,
    taken: u64,
    tenants: u32,
    /// What the test needs that it is reserved for.
    reserved: Option<u64>,
    /// What others were given of it since.
    given: u64,
}

impl Gpu {
    fn new(memory: u64, problem: &Problem) -> Self {
        let shared = (memory as f64 * (1.0 - problem.capacity.headroom)) as u64;
        Self { memory, shared, taken: 0, tenants: 0, reserved: None, given: 0 }
    }

    fn limit(&self) -> u64 {
        if self.tenants == 0 { self.memory } else { self.shared }
    }

    fn room(&self) -> u64 {
        self.limit().saturating_sub(self.taken)
    }

    fn takes(&self, need: u64) -> bool {
        need <= self.room() && self.reserved.is_none_or(|kept| self.given + need <= self.limit().saturating_sub(kept))
    }

    fn enter(&mut self, need: u64) {
        self.taken += need;
        self.tenants += 1;
    }

    fn leave(&mut self, need: u64) {
        self.taken -= need;
        self.tenants -= 1;
    }
}

fn memory(problem: &Problem, job: usize) -> u64 {
    match problem.jobs[job].share {
        Share::Bytes(bytes) => bytes,
        Share::Whole => problem.capacity.units.iter().map(|unit| unit.memory).min().unwrap_or_default(),
    }
}

fn order(problem: &Problem) -> Vec<usize> {
    let mut order: Vec<usize> = (0..problem.jobs.len()).collect();
    order.sort_by_key(|&job| {
        let need = memory(problem, job);
        std::cmp::Reverse((need > 0, problem.jobs[job].duration, need))
    });
    order
}

/// What starts now, and where.
fn selected(problem: &Problem, pending: &[usize], gpus: &[Gpu], running: usize) -> Vec<(usize, usize)> {
    let mut gpus = gpus.to_vec();
    let mut starts = Vec::new();
    for &job in pending {
        if running + starts.len() >= problem.capacity.cpu_slots as usize {
            break;
        }
        let need = memory(problem, job);
        let by_room = |gpu: &usize| (gpus[*gpu].room(), std::cmp::Reverse(*gpu));
        if let Some(gpu) = (0..gpus.len()).filter(|&gpu| gpus[gpu].takes(need)).max_by_key(by_room) {
            gpus[gpu].enter(need);
            if gpus[gpu].reserved.is_some() {
                gpus[gpu].given += need;
            }
            starts.push((job, gpu));
        } else if let Some(gpu) = (0..gpus.len()).filter(|&gpu| gpus[gpu].reserved.is_none()).max_by_key(by_room) {
            gpus[gpu].reserved = Some(need.min(gpus[gpu].limit()));
        }
    }
    starts
}
