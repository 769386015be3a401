//! Which lines of the tree the tests of a run ran: by language, and by part of the tree.

use std::fmt::Write;

use owo_colors::OwoColorize;
use serde_json::{Value, json};
use test_catalog::{Language, TreePath};
use test_runner::coverage::Lines;
use test_runner::{Outcome, RunOutcome};

use crate::columns::{Align, Columns};
use crate::count::{grouped, tests};
use crate::terminal::{Styles, printable};

/// How many parts are shown to people, those with the most lines that did not run first.
const SHOWN: usize = 20;

/// For the end of a run; empty where it was not asked for.
#[must_use]
pub fn text(outcome: &RunOutcome, styles: &Styles) -> String {
    let Some(coverage) = &outcome.coverage else { return String::new() };
    let mut out = format!("{}\n", "coverage:".style(styles.heading));
    let mut columns = Columns::new(&[
        ("", Align::Right),
        ("ran", Align::Right),
        ("of lines", Align::Right),
        ("of", Align::Left),
        ("in", Align::Left),
    ]);
    for row in rows(outcome) {
        let place = printable(&row.place).into_owned();
        columns.row([percent(row.lines), count(row.lines.covered), count(row.lines.all), row.language.into(), place]);
    }
    if !coverage.files.is_empty() {
        out.push_str(&columns.render(styles));
    }
    let hidden = coverage.parts().len().saturating_sub(SHOWN);
    if hidden > 0 {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(out, "and {} more folders, of which fewer lines did not run", grouped(hidden));
    }
    for why in missing(outcome) {
        let _ = writeln!(out, "{} {}", "coverage:".style(styles.doubtful), printable(&why));
    }
    if let Some(lcov) = &coverage.lcov {
        let _ = writeln!(out, "as LCOV: {}", printable(lcov.as_str()));
    }
    let _ = writeln!(out, "raw data of coverage: {}", printable(coverage.folder.as_str()));
    out
}

/// A row of a table for people: a language, or a part of the tree.
pub(crate) struct Row {
    pub(crate) language: &'static str,
    /// The part's folder; `all` of a language.
    pub(crate) place: String,
    pub(crate) lines: Lines,
}

/// Each language, then the parts with the most lines that did not run.
pub(crate) fn rows(outcome: &RunOutcome) -> Vec<Row> {
    let Some(coverage) = &outcome.coverage else { return Vec::new() };
    let row = |language, place: String, lines| Row { language: name(language), place, lines };
    let languages = coverage.languages().into_iter().map(|(language, lines)| row(language, "all".to_owned(), lines));
    let mut parts: Vec<_> = coverage.parts().into_iter().collect();
    parts.sort_by_key(|(part, lines)| (std::cmp::Reverse(lines.all.saturating_sub(lines.covered)), *part));
    let parts = parts.into_iter().take(SHOWN).map(|((language, part), lines)| row(language, folder(part), lines));
    languages.chain(parts).collect()
}

/// What the figures leave out, and why.
pub(crate) fn missing(outcome: &RunOutcome) -> Vec<String> {
    let Some(coverage) = &outcome.coverage else { return Vec::new() };
    let mut missing = coverage.missing.clone();
    let ended = |outcome: &Outcome| matches!(outcome, Outcome::TimedOut { .. } | Outcome::Crashed { .. });
    let ended = outcome.results.iter().skip(outcome.earlier).filter(|result| ended(&result.outcome)).count();
    if ended > 0 {
        missing.push(format!(
            "{} timed out or crashed: what processes ran that were ended so may not be counted",
            tests(ended)
        ));
    }
    if outcome.earlier > 0 {
        missing.push("what ran before the run was interrupted is not counted".to_owned());
    }
    missing
}

/// The line of events; empty where it was not asked for.
#[must_use]
pub fn line(outcome: &RunOutcome) -> String {
    let Some(coverage) = &outcome.coverage else { return String::new() };
    let lines = |lines: Lines| json!({ "covered": lines.covered, "lines": lines.all });
    let with = |mut object: Value, more: Value| {
        if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
            object.extend(more);
        }
        object
    };
    let languages = coverage.languages().into_iter();
    let parts = coverage.parts().into_iter();
    let event = json!({
        "event": "coverage",
        "languages": languages
            .map(|(language, sum)| with(json!({ "language": language.as_str() }), lines(sum)))
            .collect::<Vec<_>>(),
        "parts": parts
            .map(|((language, part), sum)| {
                with(json!({ "language": language.as_str(), "folder": part.as_str() }), lines(sum))
            })
            .collect::<Vec<_>>(),
        "missing": missing(outcome),
        "folder": coverage.folder,
        "lcov": coverage.lcov,
    });
    format!("{event}\n")
}

/// Such as `81.2%`, rounded down; `-` of no lines.
pub(crate) fn percent(lines: Lines) -> String {
    lines.per_mille().map_or_else(|| "-".to_owned(), |tenths| format!("{}.{}%", tenths / 10, tenths % 10))
}

pub(crate) fn count(lines: u64) -> String {
    grouped(usize::try_from(lines).unwrap_or(usize::MAX))
}

fn folder(part: &TreePath) -> String {
    if part.as_str().is_empty() { ".".to_owned() } else { part.to_string() }
}

fn name(language: Language) -> &'static str {
    match language {
        Language::Python => "Python",
        Language::Rust => "Rust",
    }
}
