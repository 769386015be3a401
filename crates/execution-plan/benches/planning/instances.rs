//! Problems of the families as JSON, for the solver that `optimum.py` asks.

use std::time::Duration;

use execution_plan::Share;
use execution_plan::scheduling::Problem;
use serde_json::{Value, json};

/// A problem of one pool, with what the planner makes of it. Times are in milliseconds, memory in MiB: a GPU's room is
/// rounded down and what a job takes up, and a job that takes all that may be shared counts as taking the GPU whole.
pub(crate) fn json(name: &str, problem: &Problem, bound: Duration, searched: Duration) -> Value {
    const MIB: u64 = 1 << 20;
    let room = |memory: u64| (memory as f64 * (1.0 - problem.capacity.headroom)) as u64 / MIB;
    let gpus = problem.capacity.units.len();
    let room = problem.capacity.units.first().map_or(0, |unit| room(unit.memory));
    let jobs = problem.jobs.iter().map(|job| {
        let memory = match job.share {
            Share::Bytes(bytes) => bytes.div_ceil(MIB).min(room),
            Share::Whole => room,
        };
        json!({ "time": milliseconds(job.duration), "gpus": job.gpus, "memory": memory })
    });
    json!({
        "name": name,
        "gpus": gpus,
        "room": room,
        "jobs": jobs.collect::<Vec<_>>(),
        "bound": milliseconds(bound),
        "searched": milliseconds(searched),
    })
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
