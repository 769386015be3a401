//! A run for other programs while it goes on: one JSON object a line, which `docs/events.schema.json` describes.
//!
//! The first line is `run-started` with the version of this form, the last one `run-finished`, unless the run was killed.
//! Numbers with `_s` are seconds; those with `at_s` or `start_s` count from the start of the run.

use execution_plan::{Plan, StepKind};
use serde_json::{Value, json};
use test_runner::{Event, RunOutcome};

/// The version of the form: it grows where a reader of an earlier one would go wrong. New fields and new events do not
/// count.
pub const VERSION: u32 = 1;

/// An event as lines: the first one of a run tells the tests that this machine cannot run as well.
#[must_use]
pub fn lines(event: &Event, plan: &Plan) -> String {
    match event {
        Event::RunStarted { run, folder, cases } => {
            let mut out = line(&json!({
                "event": "run-started",
                "version": VERSION,
                "run": run,
                "folder": folder,
                "cases": cases,
                "steps": plan.steps().len(),
                "expected_s": plan.expected.as_secs_f64(),
                "gpus": plan.capacity.units.iter().map(|unit| unit.visible.as_str()).collect::<Vec<_>>(),
                "cpu_slots": plan.capacity.cpu_slots,
            }));
            for refused in &plan.not_run {
                out.push_str(&line(&json!({
                    "event": "case-refused",
                    "id": refused.id.as_str(),
                    "occurrence": refused.occurrence,
                    "file": refused.at.file.as_str(),
                    "line": refused.at.start.line,
                    "reason": refused.reason.to_string(),
                })));
            }
            out
        }
        Event::StepStarted { step, at, gpus } => {
            let planned = plan.step(*step);
            line(&json!({
                "event": "step-started",
                "step": step.index(),
                "at_s": at.as_secs_f64(),
                "kind": planned.map_or("unknown", |step| kind(&step.kind)),
                "cases": planned.map_or(0, |step| step.cases.len()),
                "gpus": gpus,
                "expected_s": planned.map(|step| step.expected().as_secs_f64()),
            }))
        }
        Event::CaseStarted { step, id, occurrence, at } => line(&json!({
            "event": "case-started",
            "step": step.index(),
            "id": id.as_str(),
            "occurrence": occurrence,
            "at_s": at.as_secs_f64(),
        })),
        // The same as in the run's `results.jsonl`, with the name of the event in front.
        Event::CaseFinished(result) => {
            let result = test_runner::json::line(result);
            format!("{{\"event\":\"case-finished\",{}", result.strip_prefix('{').unwrap_or(&result))
        }
        Event::StepFinished(result) => line(&json!({
            "event": "step-finished",
            "step": result.step.index(),
            "start_s": result.start.as_secs_f64(),
            "duration_s": result.duration.as_secs_f64(),
            "error": result.error,
            "cpu_s": result.usage.map(|usage| usage.processor_time.as_secs_f64()),
            "memory_peak_bytes": result.usage.map(|usage| usage.peak_memory),
        })),
        Event::Interrupted { at_once } => line(&json!({ "event": "interrupted", "at_once": at_once })),
        Event::Warning(text) => line(&json!({ "event": "warning", "text": text })),
    }
}

/// The last line. `exit_code` is what the process is about to end with.
#[must_use]
pub fn finished(outcome: &RunOutcome, exit_code: u8) -> String {
    let mut outcomes = serde_json::Map::new();
    for result in &outcome.results {
        let count = outcomes.entry(result.outcome.as_str()).or_insert(json!(0));
        *count = json!(count.as_u64().unwrap_or_default() + 1);
    }
    line(&json!({
        "event": "run-finished",
        "run": outcome.run,
        "wall_s": outcome.wall.as_secs_f64(),
        "outcomes": outcomes,
        "refused": outcome.refused.len(),
        "earlier": outcome.earlier,
        "interrupted": outcome.interrupted,
        "not_kept": outcome.not_kept,
        "exit_code": exit_code,
    }))
}

/// The word for what a step does.
fn kind(kind: &StepKind) -> &'static str {
    match kind {
        StepKind::PreparePython => "prepare-python",
        StepKind::BuildRust(_) => "build-rust",
        StepKind::PythonBatch => "python-batch",
        StepKind::PythonGpu => "python-gpu",
        StepKind::RustBinary { .. } => "rust-binary",
        StepKind::Report => "report",
    }
}

fn line(value: &Value) -> String {
    format!("{value}\n")
}
