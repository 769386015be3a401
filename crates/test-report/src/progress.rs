//! What is said while a run goes on.

use owo_colors::OwoColorize;
use test_runner::{CaseResult, Outcome};

use crate::count::{counted, duration};
use crate::terminal::{Styles, printable, printable_lines};

/// How many lines of a failed test's output are shown at once; the file has the rest.
const LAST_LINES: usize = 40;
/// How many characters of a line: one without an end would push all else off the screen.
const CHARACTERS: usize = 1000;

/// One line for a finished test: `passed   0.42 s  tests/test_a.py::test_b`.
#[must_use]
pub fn line(result: &CaseResult, styles: &Styles) -> String {
    let word = match &result.outcome {
        outcome if outcome.is_failure() => outcome.as_str().style(styles.bad).to_string(),
        Outcome::Passed => result.outcome.as_str().style(styles.good).to_string(),
        _ => result.outcome.as_str().style(styles.doubtful).to_string(),
    };
    // Styles take room in the text and none on the screen: the width is added by hand.
    let pad = " ".repeat(9usize.saturating_sub(result.outcome.as_str().len()));
    let gpus = if result.gpus.is_empty() { String::new() } else { format!("  (GPU {})", result.gpus.join(",")) };
    let why = result
        .outcome
        .reason()
        .filter(|reason| !reason.is_empty())
        .map(|reason| format!(": {}", printable(first_line(reason))))
        .unwrap_or_default();
    let why = if result.retried { format!("{why}; it is tried again") } else { why };
    format!("{word}{pad} {:>8}  {}{gpus}{why}", duration(result.duration), printable(result.id.as_str()))
}

/// A failure with what is known of it, shown when it happens.
#[must_use]
pub fn failure(result: &CaseResult, styles: &Styles) -> String {
    let gpus = if result.gpus.is_empty() { String::new() } else { format!("GPU {}, ", result.gpus.join(",")) };
    let took = if result.outcome.has_run() { format!(", {}", duration(result.duration)) } else { String::new() };
    let mut text = format!(
        "{} {}  ({gpus}{}{took})\n",
        "FAILED".style(styles.bad),
        printable(result.id.as_str()),
        printable(&result.outcome.to_string()),
    );
    for part in [&result.message, &result.output] {
        let lines: Vec<&str> = part.trim_end().trim_start_matches('\n').lines().collect();
        for line in &lines[lines.len().saturating_sub(LAST_LINES)..] {
            text.push_str("  ");
            let shown = line.char_indices().nth(CHARACTERS).map_or(*line, |(end, _)| &line[..end]);
            text.push_str(&printable_lines(shown));
            if shown.len() < line.len() {
                text.push_str(&format!(" ... and {} more", counted(line.len() - shown.len(), "byte", "bytes")));
            }
            text.push('\n');
        }
    }
    if let Some(file) = &result.output_file {
        text.push_str(&format!("  output: {}\n", printable(file.as_str())));
    }
    text
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
