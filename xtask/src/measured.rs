//! The markers that measured times and memory propose.

use std::time::Duration;

use camino::Utf8Path;
use marker_policy::{Finding, Timings};
use test_runner::history::Store;

use crate::error::Error;
use crate::past;

/// What tests took in the runs of the history: times, and memory of GPUs. Empty where there is no history.
///
/// # Errors
/// Where there is one that cannot be read.
pub(crate) fn of_history(tree: &Utf8Path) -> Result<Timings, Error> {
    let mut timings = Timings::default();
    let Some(store) = Store::read(&past::state_dir(tree))? else { return Ok(timings) };
    store.each_past(|row| {
        // A time that is none says nothing.
        if let (true, Ok(took)) = (row.outcome.tells_time(), Duration::try_from_secs_f64(row.seconds)) {
            timings.add(row.id, took);
        }
    })?;
    for ((id, _), peak) in store.memory_peaks()? {
        timings.add_memory(id, peak);
    }
    Ok(timings)
}

/// A line for each proposal: where, what to write there, and why; of `most` of them, with a pointer to all.
pub(crate) fn text(findings: &[Finding], most: usize) -> String {
    use test_report::count::counted;
    use test_report::terminal::printable;
    let lines = findings.iter().take(most).filter_map(|finding| {
        let insertion = finding.insertion.as_ref()?;
        let why = finding.evidence.iter().map(|evidence| evidence.because.as_str()).collect::<Vec<_>>().join("; ");
        let at = printable(&insertion.at.to_string()).into_owned();
        let cases = counted(finding.cases.len(), "test", "tests");
        Some(format!("  {at}  {}  # {cases}: {}\n", printable(insertion.text.trim()), printable(&why)))
    });
    let lines: String = lines.collect();
    if lines.is_empty() {
        return lines;
    }
    let all = counted(findings.len(), "marker", "markers");
    let more = if findings.len() > most { ", all by `cargo xtask history markers`" } else { "" };
    format!("measured: {all} to add{more} (written by `cargo xtask audit-markers --measured --fix --unsafe`)\n{lines}")
}
