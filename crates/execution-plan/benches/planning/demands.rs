//! The tests of a real tree as problems: what `xtask plan --format json` says that each takes, on machines of any kind.

use std::process::{Command, Stdio};
use std::time::Duration;

use execution_plan::scheduling::{Job, Problem};
use execution_plan::{Capacity, Share};
use serde_json::Value;

/// The plan that a file has.
pub(crate) fn of_file(file: &str) -> Result<Value, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("it cannot be read: {error}"))?;
    serde_json::from_str(&text).map_err(|error| format!("this is no plan in JSON: {error}"))
}

/// A plan of the tests of a tree that say how much memory they take, for a machine with room for each of them. This crate knows
/// no trees: the command line, which builds on it, is asked.
pub(crate) fn of_tree(tree: &str, policy: Option<&str>) -> Result<Value, String> {
    let mut command = match std::env::var_os("XTASK") {
        Some(built) => Command::new(built),
        None => {
            let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
            command.args(["run", "--quiet", "--profile", "kit", "--package", "xtask", "--"]);
            command
        }
    };
    // `cargo bench` starts this in the crate's folder, and people name a tree as seen from the repository.
    let repository = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    command.current_dir(repository);
    command.args(["plan", "--tree", tree, "--gpus", "8xH100", "-m", "profiled_vram_gib", "--jobs", "1000"]);
    command.args(["--no-history", "--format", "json"]).args(policy.iter().flat_map(|policy| ["--policy", policy]));
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| format!("cannot start xtask: {error}"))?;
    if !output.status.success() {
        return Err(format!("xtask plan failed: {}", output.status));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("xtask plan printed no plan: {error}"))
}

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
