//! The tests of a real tree as problems: what `xtask plan --format json` says that each takes, on machines of any kind.

use std::time::Duration;

use execution_plan::scheduling::{Job, Problem};
use execution_plan::{Capacity, Share};
use serde_json::Value;

/// The steps of a plan that take a part of GPUs, as far as they fit on GPUs of a machine, and how many do not.
pub(crate) fn problem(plan: &Value, capacity: Capacity) -> (Problem, usize) {
    let steps = plan["steps"].as_array().map_or(&[][..], Vec::as_slice);
    let jobs: Vec<Job> = steps.iter().filter_map(job).collect();
    let all = jobs.len();
    let fits = |job: &Job| {
        let room = |memory: u64| matches!(job.share, Share::Bytes(bytes) if bytes <= memory);
        capacity.units.iter().filter(|unit| room(unit.memory)).count() >= job.gpus as usize
    };
    let jobs: Vec<Job> = jobs.into_iter().filter(fits).collect();
    let refused = all - jobs.len();
    (crate::families::problem(jobs, capacity), refused)
}

fn job(step: &Value) -> Option<Job> {
    let gpus = step["gpus"].as_array()?;
    let share = Share::Bytes(gpus.first()?["vram_bytes"].as_u64()?);
    let duration = Duration::try_from_secs_f64(step["end"].as_f64()? - step["start"].as_f64()?).ok()?;
    Some(Job { duration, share, gpus: u32::try_from(gpus.len()).ok()?, ..Job::default() })
}
