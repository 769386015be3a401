//! What of a run ran where and when, and how much memory of each GPU that took.

use std::collections::BTreeMap;
use std::time::Duration;

use test_runner::recorded::{Recorded, RecordedOutcome};

use super::data;
use crate::terminal::printable;

/// Bars that are narrower than this part of the whole are drawn as one with their neighbours: a page has no more pixels.
const PARTS: u64 = 1500;
/// How many rows a device has at most: a run of hundreds of processes at once is no picture any more.
const ROWS: usize = 64;

/// Of results that tell when they began; `None` where none does, or none took any time. Parts of a run stand one behind the
/// other: what lay between them was no time of the run.
pub(super) fn of(results: &[Recorded], parts: &[usize]) -> Option<data::Timeline> {
    let timed = |result: &&Recorded| result.start.is_some() && result.outcome != RecordedOutcome::NotRun;
    let shifted = shifted(results, parts);
    let results: Vec<&Recorded> = shifted.as_deref().unwrap_or(results).iter().filter(timed).collect();
    let whole = results.iter().map(|result| end(result)).max().filter(|end| !end.is_zero())?;
    let mut devices: BTreeMap<String, Vec<&Recorded>> = BTreeMap::new();
    for result in results {
        if result.gpus.is_empty() {
            devices.entry("CPU".to_owned()).or_default().push(result);
        }
        for gpu in &result.gpus {
            devices.entry(format!("GPU {}", printable(gpu))).or_default().push(result);
        }
    }
    // GPUs first.
    let mut devices: Vec<_> = devices.into_iter().collect();
    devices.sort_by_key(|(name, _)| name == "CPU");
    let devices = devices.into_iter().map(|(name, results)| device(name, results, whole)).collect();
    Some(data::Timeline { whole_ms: millis(whole), devices })
}

/// The results with each part begun where the one before ends; `None` where all are of one.
fn shifted(results: &[Recorded], parts: &[usize]) -> Option<Vec<Recorded>> {
    let last = parts.iter().copied().max().filter(|last| *last > 0)?;
    let part = |index: usize| parts.get(index).copied().unwrap_or(last);
    let mut begins = vec![Duration::ZERO; last + 2];
    for (index, result) in results.iter().enumerate().filter(|(_, result)| result.outcome != RecordedOutcome::NotRun) {
        let next = &mut begins[part(index) + 1];
        *next = end(result).max(*next);
    }
    for at in 1..begins.len() {
        begins[at] = begins[at].saturating_add(begins[at - 1]);
    }
    let shift = |(index, result): (usize, &Recorded)| Recorded {
        start: result.start.map(|start| start.saturating_add(begins[part(index)])),
        // Steps of another part are other steps.
        step: result.step.filter(|_| part(index) == last),
        ..result.clone()
    };
    Some(results.iter().enumerate().map(shift).collect())
}

fn device(name: String, mut results: Vec<&Recorded>, whole: Duration) -> data::Device {
    results.sort_by(|one, other| one.start.cmp(&other.start).then_with(|| one.id.cmp(&other.id)));
    let mut rows: Vec<Vec<&Recorded>> = Vec::new();
    let mut left_out = 0;
    for result in &results {
        let is_free = |row: &Vec<&Recorded>| row.last().is_none_or(|last| end(last) <= start(result));
        let is_of_step = |row: &Vec<&Recorded>| row.last().is_some_and(|last| last.step == result.step);
        // A process keeps its row.
        let place =
            rows.iter().position(|row| is_of_step(row) && is_free(row)).or_else(|| rows.iter().position(is_free));
        match place {
            Some(place) => rows[place].push(result),
            None if rows.len() < ROWS => rows.push(vec![result]),
            None => left_out += 1,
        }
    }
    let memory = if name == "CPU" { Vec::new() } else { memory(&results) };
    data::Device { name, rows: rows.iter().map(|row| bars(row, whole)).collect(), left_out, memory }
}

/// The results of a row as bars.
fn bars(row: &[&Recorded], whole: Duration) -> Vec<data::Bar> {
    let bar = |result: &&Recorded| data::Bar {
        start_ms: millis(start(result)),
        took_ms: millis(result.took),
        name: printable(result.id.as_str()).into_owned(),
        outcome: result.outcome.as_str(),
        is_failure: result.outcome.is_failure(),
        count: 1,
    };
    merged(row.iter().map(bar), millis(whole))
}

/// The bars of a row in order of their starts, what is too narrow together with what is beside it.
pub(super) fn merged(row: impl Iterator<Item = data::Bar>, whole_ms: u64) -> Vec<data::Bar> {
    let narrow = (whole_ms / PARTS).max(1);
    let mut bars: Vec<data::Bar> = Vec::new();
    for bar in row {
        if let Some(last) = bars.last_mut()
            && bar.took_ms < narrow
            && (last.count > 1 || last.took_ms < narrow)
            && bar.start_ms.saturating_sub(last.start_ms + last.took_ms) < narrow
            // What failed stands alone: it is looked for.
            && !bar.is_failure
            && !last.is_failure
            && last.took_ms < 8 * narrow
        {
            last.took_ms = (bar.start_ms + bar.took_ms).saturating_sub(last.start_ms);
            last.count += bar.count;
            continue;
        }
        bars.push(bar);
    }
    bars
}

/// From each moment on, the sum of the peaks of the tests that run then, in bytes. Empty where no peak was measured.
fn memory(results: &[&Recorded]) -> Vec<(u64, u64)> {
    let mut changes: Vec<(u64, bool, u64)> = Vec::new();
    for result in results {
        if let Some(peak) = result.vram_peak.filter(|peak| *peak > 0) {
            changes.push((millis(start(result)), true, peak));
            changes.push((millis(end(result)), false, peak));
        }
    }
    // Ends before starts.
    changes.sort_unstable();
    let mut now = 0_u64;
    let mut usage: Vec<(u64, u64)> = Vec::new();
    for (at, begins, peak) in changes {
        now = if begins { now.saturating_add(peak) } else { now.saturating_sub(peak) };
        match usage.last_mut() {
            Some(last) if last.0 == at => last.1 = now,
            _ => usage.push((at, now)),
        }
    }
    usage
}

fn start(result: &Recorded) -> Duration {
    result.start.unwrap_or_default()
}

fn end(result: &Recorded) -> Duration {
    start(result).saturating_add(result.took)
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Id, outcome, start and time in seconds, step, GPUs, peak in bytes.
    type Line<'l> = (&'l str, &'l str, f64, f64, u64, &'l [&'l str], Option<u64>);

    fn results(lines: &[Line<'_>]) -> Vec<Recorded> {
        let line =
            |(id, outcome, start, took, step, gpus, peak): &(&str, &str, f64, f64, u64, &[&str], Option<u64>)| {
                let line = serde_json::json!({
                    "id": id, "outcome": outcome, "start_s": start, "duration_s": took, "step": step, "gpus": gpus,
                    "vram_peak_bytes": peak,
                });
                format!("{line}\n")
            };
        test_runner::recorded::read(&lines.iter().map(line).collect::<String>()).unwrap()
    }

    #[test]
    fn what_ran_side_by_side_has_a_row_each_and_a_process_keeps_its_row() {
        let timeline = of(
            &results(&[
                ("a", "passed", 0.0, 10.0, 1, &[], None),
                ("b", "passed", 0.0, 5.0, 2, &[], None),
                ("c", "passed", 5.0, 5.0, 2, &[], None),
                ("d", "passed", 10.0, 5.0, 2, &[], None),
                ("e", "passed", 10.0, 5.0, 1, &[], None),
                ("f", "not-run", 0.0, 0.0, 1, &[], None),
            ]),
            &[],
        )
        .unwrap();
        assert_eq!(timeline.whole_ms, 15_000);
        let names = |row: &Vec<data::Bar>| row.iter().map(|bar| bar.name.clone()).collect::<String>();
        let rows: Vec<_> = timeline.devices.iter().flat_map(|device| device.rows.iter().map(names)).collect();
        assert_eq!(rows, ["ae", "bcd"]);
    }

    #[test]
    fn a_gpu_has_the_sum_of_the_peaks_that_are_known() {
        let gpus: &[&str] = &["0"];
        let timeline = of(
            &results(&[
                ("a", "passed", 0.0, 10.0, 1, gpus, Some(3)),
                ("b", "failed", 5.0, 10.0, 2, gpus, Some(4)),
                ("c", "passed", 6.0, 1.0, 3, gpus, None),
                ("d", "passed", 0.0, 1.0, 4, &["0", "1"], None),
            ]),
            &[],
        )
        .unwrap();
        let [first, second] = &timeline.devices[..] else { panic!("{timeline:?}") };
        assert_eq!(first.memory, [(0, 3), (5_000, 7), (10_000, 4), (15_000, 0)]);
        assert_eq!((second.name.as_str(), second.memory.len()), ("GPU 1", 0));
    }

    #[test]
    fn many_short_tests_are_few_bars_and_a_failure_stands_alone() {
        let line = |number: u32| {
            let outcome = if number == 25_000 { "failed" } else { "passed" };
            ("a", outcome, f64::from(number) * 0.001, 0.001, 1, &[][..], None)
        };
        let timeline = of(&results(&(0..50_000).map(line).collect::<Vec<_>>()), &[]).unwrap();
        let bars = &timeline.devices[0].rows[0];
        assert!(bars.len() < 2 * usize::try_from(PARTS).unwrap(), "{}", bars.len());
        assert_eq!(bars.iter().map(|bar| bar.count).sum::<u32>(), 50_000);
        let failures: Vec<_> = bars.iter().filter(|bar| bar.is_failure).collect();
        assert_eq!((failures.len(), failures[0].count), (1, 1));
    }

    #[test]
    fn a_run_that_was_continued_has_its_parts_one_behind_the_other() {
        let lines = results(&[
            ("a", "passed", 0.0, 10.0, 9, &[], None),
            ("b", "failed", 10.0, 2.0, 9, &[], None),
            ("c", "passed", 1.0, 3.0, 9, &[], None),
            ("d", "passed", 0.0, 5.0, 1, &[], None),
        ]);
        let timeline = of(&lines, &[0, 0, 1, 2]).unwrap();
        assert_eq!(timeline.whole_ms, 21_000);
        let bars: Vec<_> = timeline.devices[0].rows[0].iter().map(|bar| (bar.name.as_str(), bar.start_ms)).collect();
        assert_eq!(bars, [("a", 0), ("b", 10_000), ("c", 13_000), ("d", 16_000)]);
        assert_eq!(of(&lines, &[]).unwrap().whole_ms, 12_000);
    }

    #[test]
    fn results_without_a_start_have_no_timeline() {
        let text = "{\"id\":\"a\",\"outcome\":\"passed\",\"duration_s\":1.0}\n";
        assert_eq!(of(&test_runner::recorded::read(text).unwrap(), &[]), None);
    }
}
