//! The markers that measured times and memory propose.

use std::time::Duration;

use camino::Utf8Path;
use marker_policy::{Finding, Policy, ResolvedCase, Timings};
use test_catalog::NodeId;
use test_report::count::counted;
use test_report::terminal::printable;
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

/// A test that took more memory of a GPU than its profile says: what shares the GPU with it has less than it was promised.
#[derive(Debug, PartialEq)]
pub(crate) struct AboveProfile<'c> {
    id: &'c NodeId,
    /// In GiB, as it is written.
    profile: f64,
    /// The most that it took, in bytes.
    peak: u64,
}

/// The tests whose profiles are too small, in the order of the cases.
pub(crate) fn above_profile<'c>(
    policy: &Policy,
    cases: impl IntoIterator<Item = &'c ResolvedCase<'c>>,
    timings: &Timings,
) -> Vec<AboveProfile<'c>> {
    let of = |case: &'c ResolvedCase<'c>| {
        let is_profile = |name: &str| policy.current_name(name) == policy.vram_marker();
        let marker = case.effective.iter().find(|marker| is_profile(&marker.name))?;
        let value = marker.args.first().or_else(|| marker.kwargs.first().map(|(_, value)| value))?;
        let (profile, peak) = (value.as_f64()?, timings.memory_of(&case.case.id)?);
        (peak as f64 > profile * GIB).then_some(AboveProfile { id: &case.case.id, profile, peak })
    };
    cases.into_iter().filter_map(of).collect()
}

const GIB: f64 = (1_u64 << 30) as f64;

/// A line for each of them, up to `most`.
pub(crate) fn text_above(found: &[AboveProfile<'_>], marker: &str, most: usize) -> String {
    if found.is_empty() {
        return String::new();
    }
    let lines = found.iter().take(most).map(|AboveProfile { id, profile, peak }| {
        // As a proposal has it: up to the next tenth.
        let needed = (*peak as f64 / GIB * 10.0).ceil() / 10.0;
        format!("  {}  {marker}({profile}), and took {needed} GiB\n", printable(id.as_str()))
    });
    let (all, lines) = (counted(found.len(), "test takes", "tests take"), lines.collect::<String>());
    let more = if found.len() > most { ", all by `cargo xtask history markers`" } else { "" };
    format!(
        "measured: {all} more of a GPU than the profile says, so that others beside it get too little{more}\n{lines}"
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use marker_policy::resolve;
    use test_catalog::{Catalog, Certainty, Marker, Markers, Origin, Position, SourceSpan, TestCase, Value};

    use super::*;

    #[test]
    fn a_profile_is_too_small_where_more_was_measured_by_whatever_name_it_goes() {
        let policy = Policy::preset("dynamo-2026-08").unwrap();
        let at = SourceSpan::at("tests/test_a.py".into(), Position { line: 1, column: 1 });
        let case = |name: &str, marker: &str, gib: f64| {
            let marker = Marker { args: vec![Value::Float(gib)], ..Marker::bare(marker, Origin::Source(at.clone())) };
            TestCase::python(NodeId::from_text(name), at.clone(), Markers::known([marker]), Certainty::Exact)
        };
        let cases = vec![
            case("small", "profiled_vram_gib", 1.0),
            case("old", "max_vram_gib", 3.5),
            case("enough", "profiled_vram_gib", 3.7),
            case("unmeasured", "profiled_vram_gib", 0.0),
        ];
        let catalog = Catalog { cases, ..Catalog::default() };
        let mut timings = Timings::default();
        for name in ["small", "old", "enough"] {
            timings.add_memory(NodeId::from_text(name), 3700 << 20);
        }
        let cases = resolve(&policy, &catalog);
        let text = text_above(&above_profile(&policy, &cases, &timings), policy.vram_marker(), 1);
        assert_eq!(
            text,
            "measured: 2 tests take more of a GPU than the profile says, so that others beside it get too little, \
             all by `cargo xtask history markers`\n  small  profiled_vram_gib(1), and took 3.7 GiB\n"
        );
        assert_eq!(text_above(&[], "", 1), "");
    }
}
