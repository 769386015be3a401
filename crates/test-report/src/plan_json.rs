//! A plan for other tools. The first field is the schema's version; times are in seconds.

use execution_plan::{BoundKind, Plan, Share, StepKind};
use serde::Serialize;

/// The version of the schema.
pub const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    plan: u32,
    expected: f64,
    bound: f64,
    /// What the bound comes from.
    bound_by: &'static str,
    serial: f64,
    steps: Vec<Step<'a>>,
    not_run: Vec<NotRun<'a>>,
}

#[derive(Serialize)]
struct Step<'a> {
    step: usize,
    kind: &'static str,
    waits_for: Vec<usize>,
    tests: Vec<&'a str>,
    gpus: Vec<Gpu<'a>>,
    cpu_slots: u32,
    env: Vec<(&'a str, &'a str)>,
    start: f64,
    end: f64,
    timeout: f64,
}

#[derive(Serialize)]
struct Gpu<'a> {
    visible: &'a str,
    /// `null` where the test has the whole GPU.
    vram_bytes: Option<u64>,
}

#[derive(Serialize)]
struct NotRun<'a> {
    id: &'a str,
    occurrence: u32,
    reason: String,
}

/// The plan as JSON.
///
/// # Errors
/// None in practice: `serde_json` cannot fail on these types.
pub fn text(plan: &Plan) -> serde_json::Result<String> {
    let steps = plan.steps().map(|step| Step {
        step: step.id.index(),
        kind: match &step.kind {
            StepKind::PreparePython => "prepare-python",
            StepKind::BuildRust(_) => "build-rust",
            StepKind::PythonBatch => "python-batch",
            StepKind::PythonGpu => "python-gpu",
            StepKind::RustBinary { .. } => "rust-binary",
            StepKind::Report => "report",
        },
        waits_for: plan.dependencies_of(step.id).into_iter().map(execution_plan::StepId::index).collect(),
        tests: step.cases.iter().map(|case| case.id.as_str()).collect(),
        gpus: step
            .claim
            .gpus
            .iter()
            .map(|gpu| Gpu {
                visible: &gpu.visible,
                vram_bytes: match gpu.share {
                    Share::Bytes(bytes) => Some(bytes),
                    Share::Whole => None,
                },
            })
            .collect(),
        cpu_slots: step.claim.cpu_slots,
        env: step.env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
        start: step.window.start.as_secs_f64(),
        end: step.window.end.as_secs_f64(),
        timeout: step.timeout.as_secs_f64(),
    });
    let not_run = plan.not_run.iter().map(|refused| NotRun {
        id: refused.id.as_str(),
        occurrence: refused.occurrence,
        reason: refused.reason.to_string(),
    });
    serde_json::to_string_pretty(&Document {
        plan: SCHEMA,
        expected: plan.expected.as_secs_f64(),
        bound: plan.bounds.best().as_secs_f64(),
        bound_by: match plan.bounds.binding() {
            BoundKind::Longest => "longest-chain",
            BoundKind::GpuArea => "gpu-memory",
            BoundKind::CpuArea => "cpu-slots",
            BoundKind::Exclusive => "exclusive",
            BoundKind::Large => "unshareable",
        },
        serial: plan.serial.as_secs_f64(),
        steps: steps.collect(),
        not_run: not_run.collect(),
    })
}
