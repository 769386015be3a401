//! What stands out in the past of a tree's tests.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use owo_colors::OwoColorize;
use test_runner::history::{Insights, Typical};

use crate::columns::{Align, Columns};
use crate::count::{counted, duration, grouped};
use crate::terminal::{Styles, printable};

/// The version of the document.
const VERSION: u32 = 1;

/// Five lists of at most `limit` tests, those of nothing left out.
#[must_use]
pub fn text(found: &Insights, runs: usize, limit: usize, styles: &Styles) -> String {
    let mut out = format!("{} looked at\n", counted(runs, "run", "runs"));
    let list = |out: &mut String, title: &str, count: usize, columns: &Columns| {
        if count > 0 {
            let more =
                if count > limit { format!(", the first {} shown (--limit)", grouped(limit)) } else { String::new() };
            out.push_str(&format!("\n{}\n", format!("{title}: {}{more}", grouped(count)).style(styles.heading)));
            out.push_str(&columns.render(styles));
        }
    };
    let name = |id: &str| printable(id).into_owned();
    let on = |class: &str| if class.is_empty() { "no GPU".to_owned() } else { name(class) };

    let mut columns = Columns::new(&[
        ("passed", Align::Right),
        ("failed", Align::Right),
        ("revision", Align::Left),
        ("test", Align::Left),
    ]);
    for test in found.flaky.iter().take(limit) {
        let revision = test.revision.chars().take(12).collect::<String>();
        columns.row([grouped(test.passed), grouped(test.failed), name(&revision), name(&test.id)]);
    }
    list(&mut out, "flaky: passed and failed on one revision", found.flaky.len(), &columns);

    let mut columns =
        Columns::new(&[("now", Align::Right), ("before", Align::Right), ("on", Align::Left), ("test", Align::Left)]);
    for test in found.slower.iter().take(limit) {
        columns.row([duration(test.now.median), duration(test.before.median), on(&test.gpu_class), name(&test.id)]);
    }
    list(&mut out, "slower than before", found.slower.len(), &columns);

    let mut columns = Columns::new(&[("runs", Align::Right), ("days", Align::Right), ("test", Align::Left)]);
    for test in found.skipped.iter().take(limit) {
        columns.row([grouped(test.runs), days_since(test.since_ms), name(&test.id)]);
    }
    list(&mut out, "skipped for long", found.skipped.len(), &columns);

    let mut columns = Columns::new(&[("memory", Align::Right), ("processors", Align::Right), ("test", Align::Left)]);
    for test in found.heavy.iter().take(limit) {
        let processors = test.processors.map_or_else(|| "-".to_owned(), |takes| duration(takes.median));
        columns.row([format!("{} MiB", test.memory >> 20), processors, name(&test.id)]);
    }
    list(&mut out, "memory of the test's process", found.heavy.len(), &columns);

    let mut columns = Columns::new(&[
        ("takes", Align::Right),
        ("p90", Align::Right),
        ("runs", Align::Right),
        ("on", Align::Left),
        ("test", Align::Left),
    ]);
    for test in found.slow.iter().take(limit) {
        let Typical { median, p90, runs } = test.takes;
        columns.row([
            duration(median),
            p90.map_or_else(|| "-".to_owned(), duration),
            runs.to_string(),
            on(&test.gpu_class),
            name(&test.id),
        ]);
    }
    list(&mut out, "slow", found.slow.len(), &columns);
    out
}

/// A moment that a clock has not come to is none.
fn days_since(millis: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let then = Duration::from_millis(u64::try_from(millis).unwrap_or_default());
    now.checked_sub(then).map_or_else(|| "?".to_owned(), |past| (past.as_secs() / 86_400).to_string())
}

/// All five lists, times in seconds.
#[must_use]
pub fn json(found: &Insights, runs: usize) -> String {
    let takes = |takes: &Typical| {
        serde_json::json!({
            "median_s": takes.median.as_secs_f64(), "p90_s": takes.p90.map(|p90| p90.as_secs_f64()), "runs": takes.runs,
        })
    };
    let document = serde_json::json!({
        "version": VERSION,
        "runs": runs,
        "flaky": found.flaky.iter().map(|test| serde_json::json!({
            "id": test.id, "revision": test.revision, "passed": test.passed, "failed": test.failed,
        })).collect::<Vec<_>>(),
        "slower": found.slower.iter().map(|test| serde_json::json!({
            "id": test.id, "gpu": test.gpu_class, "now": takes(&test.now), "before": takes(&test.before),
        })).collect::<Vec<_>>(),
        "skipped": found.skipped.iter().map(|test| serde_json::json!({
            "id": test.id, "runs": test.runs, "since_ms": test.since_ms,
        })).collect::<Vec<_>>(),
        "heavy": found.heavy.iter().map(|test| serde_json::json!({
            "id": test.id, "memory_peak_bytes": test.memory, "cpu": test.processors.as_ref().map(takes),
        })).collect::<Vec<_>>(),
        "slow": found.slow.iter().map(|test| serde_json::json!({
            "id": test.id, "gpu": test.gpu_class, "takes": takes(&test.takes),
        })).collect::<Vec<_>>(),
    });
    format!("{document:#}\n")
}
