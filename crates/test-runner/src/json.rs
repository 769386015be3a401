//! The schema of `results.jsonl`: one object a line, one line a result.

use camino::Utf8Path;
use serde::Serialize;

use crate::CaseResult;

/// What is written of a result, in this order.
#[derive(Serialize)]
struct Line<'r> {
    id: &'r str,
    occurrence: u32,
    round: u32,
    retried: bool,
    language: &'r str,
    step: usize,
    outcome: &'r str,
    reason: Option<&'r str>,
    cause: Option<&'r str>,
    start_s: f64,
    duration_s: f64,
    message: &'r str,
    output: &'r str,
    output_file: Option<&'r Utf8Path>,
    vram_peak_bytes: Option<u64>,
    gpus: &'r [String],
    cpu_s: Option<f64>,
    memory_peak_bytes: Option<u64>,
}

/// One result as a line.
#[must_use]
pub fn line(result: &CaseResult) -> String {
    let line = Line {
        id: result.id.as_str(),
        occurrence: result.occurrence,
        round: result.round,
        retried: result.retried,
        language: result.language.as_str(),
        step: result.step.index(),
        outcome: result.outcome.as_str(),
        reason: result.outcome.reason(),
        cause: result.outcome.cause().map(crate::NotRunCause::as_str),
        start_s: result.start.as_secs_f64(),
        duration_s: result.duration.as_secs_f64(),
        message: &result.message,
        output: &result.output,
        output_file: result.output_file.as_deref(),
        vram_peak_bytes: result.vram_peak,
        gpus: &result.gpus,
        cpu_s: result.usage.map(|usage| usage.processor_time.as_secs_f64()),
        memory_peak_bytes: result.usage.and_then(|usage| usage.peak_memory),
    };
    // Texts and numbers: there is nothing in it that could not be written.
    let mut line = serde_json::to_string(&line).unwrap_or_default();
    line.push('\n');
    line
}
