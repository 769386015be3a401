//! The schema of `results.jsonl`: one object a line, one line a result.

use crate::CaseResult;

/// One result as a line.
#[must_use]
pub fn line(result: &CaseResult) -> String {
    let mut line = serde_json::json!({
        "id": result.id.as_str(),
        "occurrence": result.occurrence,
        "round": result.round,
        "retried": result.retried,
        "language": result.language.as_str(),
        "step": result.step.index(),
        "outcome": result.outcome.as_str(),
        "reason": result.outcome.reason(),
        "start_s": result.start.as_secs_f64(),
        "duration_s": result.duration.as_secs_f64(),
        "message": result.message,
        "output": result.output,
        "output_file": result.output_file,
        "vram_peak_bytes": result.vram_peak,
        "gpus": result.gpus,
        "cpu_s": result.usage.map(|usage| usage.processor_time.as_secs_f64()),
        "memory_peak_bytes": result.usage.and_then(|usage| usage.peak_memory),
    })
    .to_string();
    line.push('\n');
    line
}
