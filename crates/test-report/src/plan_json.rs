//! A plan for other tools. The first field is the schema's version; times are in seconds.

use std::collections::BTreeMap;

use execution_plan::{BoundKind, KnownBy, Plan, Share, StepKind};
use serde::Serialize;

use crate::plan_facts::PlanFacts;

/// The version of the schema.
pub const SCHEMA: u32 = 2;

#[derive(Serialize)]
struct Document<'a> {
    plan: u32,
    expected: f64,
    bound: f64,
    /// What the bound comes from.
    bound_by: &'static str,
    serial: f64,
    machine: Machine<'a>,
    /// The part of a run that this is; `null` for all of it.
    shard: Option<Shard>,
    /// The file that measured times come from; `null` where none was given.
    timings: Option<Timings<'a>>,
    budgets: Vec<Budget<'a>>,
    /// Whether the plan was held against what it was made for; one that fails is never written.
    checked: bool,
    steps: Vec<Step<'a>>,
    not_run: Vec<NotRun<'a>>,
    notes: Vec<Note<'a>>,
}

#[derive(Serialize)]
struct Machine<'a> {
    gpus: Vec<Unit<'a>>,
    cpu_slots: u32,
    host_memory_bytes: Option<u64>,
    /// What else it has, and how many of each.
    resources: &'a BTreeMap<String, u32>,
    /// The part of a GPU's memory that stays free where tests share it.
    headroom: f64,
    /// The least time between two starts on a GPU that steps share.
    stagger: f64,
}

#[derive(Serialize)]
struct Unit<'a> {
    name: &'a str,
    visible: &'a str,
    memory_bytes: u64,
    held_bytes: u64,
}

#[derive(Serialize)]
struct Shard {
    number: u16,
    count: u16,
    /// What each shard has, in order.
    loads: Vec<Load>,
}

#[derive(Serialize)]
struct Load {
    tests: usize,
    cpu: f64,
    gpu: f64,
}

#[derive(Serialize)]
struct Timings<'a> {
    sha256: &'a str,
    cases: usize,
    used: usize,
}

#[derive(Serialize)]
struct Budget<'a> {
    name: &'a str,
    limit: f64,
    tests: usize,
    expected: f64,
    /// When the last of them ends in this plan.
    ends: f64,
    /// The sum where each test of which enough was measured takes its own ninth decile; `null` where none has one.
    each_at_p90: Option<f64>,
    /// So many of the dearest have to go for the rest to fit.
    too_many: usize,
    known_by: KnownByCounts,
    dearest: Vec<Dear<'a>>,
}

#[derive(Serialize, Default)]
struct KnownByCounts {
    measured: usize,
    third_of_timeout: usize,
    type_default: usize,
}

#[derive(Serialize)]
struct Dear<'a> {
    id: &'a str,
    expected: f64,
    p90: Option<f64>,
    source: String,
}

#[derive(Serialize)]
struct Note<'a> {
    id: &'a str,
    at: String,
    text: &'a str,
}

#[derive(Serialize)]
struct Step<'a> {
    step: usize,
    kind: &'static str,
    waits_for: Vec<usize>,
    tests: Vec<&'a str>,
    gpus: Vec<Gpu<'a>>,
    cpu_slots: u32,
    host_memory_bytes: u64,
    /// What no other step has meanwhile.
    exclusive: Vec<&'a str>,
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
pub fn text(plan: &Plan, facts: &PlanFacts) -> serde_json::Result<String> {
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
        host_memory_bytes: step.claim.host_memory,
        exclusive: step.claim.exclusive.iter().map(String::as_str).collect(),
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
            BoundKind::Stagger => "stagger",
            BoundKind::Exclusive => "exclusive",
            BoundKind::Large => "unshareable",
        },
        serial: plan.serial.as_secs_f64(),
        machine: machine(plan),
        shard: facts.shard.as_ref().map(|part| Shard {
            number: part.shard.number(),
            count: part.shard.count().get(),
            loads: part
                .loads
                .iter()
                .map(|load| Load { tests: load.tests, cpu: load.cpu.as_secs_f64(), gpu: load.gpu.as_secs_f64() })
                .collect(),
        }),
        timings: facts.timings.as_ref().map(|file| Timings {
            sha256: &file.sha256,
            cases: file.cases,
            used: file.used,
        }),
        budgets: facts.budgets.iter().map(budget).collect(),
        checked: facts.checked,
        steps: steps.collect(),
        not_run: not_run.collect(),
        notes: plan
            .notes
            .iter()
            .map(|note| Note { id: note.id.as_str(), at: note.at.to_string(), text: &note.text })
            .collect(),
    })
}

fn machine(plan: &Plan) -> Machine<'_> {
    Machine {
        gpus: plan
            .capacity
            .units
            .iter()
            .map(|unit| Unit {
                name: &unit.name,
                visible: &unit.visible,
                memory_bytes: unit.memory,
                held_bytes: unit.held,
            })
            .collect(),
        cpu_slots: plan.capacity.cpu_slots,
        host_memory_bytes: plan.capacity.host_memory,
        resources: &plan.capacity.resources,
        headroom: plan.capacity.headroom,
        stagger: plan.stagger.as_secs_f64(),
    }
}

fn budget(budget: &execution_plan::BudgetForecast) -> Budget<'_> {
    let mut known_by = KnownByCounts::default();
    for (kind, count) in &budget.known_by {
        match kind {
            KnownBy::Measured => known_by.measured = *count,
            KnownBy::ThirdOfTimeout => known_by.third_of_timeout = *count,
            KnownBy::TypeDefault => known_by.type_default = *count,
        }
    }
    Budget {
        name: &budget.name,
        limit: budget.limit.as_secs_f64(),
        tests: budget.tests,
        expected: budget.expected.as_secs_f64(),
        ends: budget.ends.as_secs_f64(),
        each_at_p90: budget.each_at_p90.map(|time| time.as_secs_f64()),
        too_many: budget.too_many,
        known_by,
        dearest: budget
            .dearest
            .iter()
            .map(|(id, estimate)| Dear {
                id: id.as_str(),
                expected: estimate.duration.as_secs_f64(),
                p90: estimate.p90.map(|time| time.as_secs_f64()),
                source: estimate.source.to_string(),
            })
            .collect(),
    }
}
