//! The Python half of a catalog beside what real pytest collects.

use std::fmt::Write;

use owo_colors::OwoColorize;
use serde::Serialize;
use test_catalog::NodeId;
use test_catalog::comparison::Place;
use test_catalog::comparison::pytest::{Comparison, Moved, OtherMarkers};
use test_runner::collection::{Collection, PytestPython, Unseen};

use crate::count::{grouped, tests};
use crate::terminal::{Styles, printable};

use super::{JsonPlace, count_row, fold, json_place, under_headings};

/// What was compared with what.
#[derive(Debug, Clone, Copy)]
pub struct Verified<'a> {
    /// Which pytest was asked.
    pub python: &'a PytestPython,
    /// What it collected.
    pub collection: &'a Collection,
    /// How many cases the catalog has.
    pub cases: usize,
    /// How they compare.
    pub comparison: &'a Comparison,
}

/// The comparison for people: counts, then what differs by kind and file. `most` lines of a file are shown, all where
/// it is `None`.
#[must_use]
pub fn text(verified: &Verified<'_>, most: Option<usize>, styles: &Styles) -> String {
    let Comparison { missing, invented, markers, moved, .. } = verified.comparison;
    let mut out = counts(verified, styles);
    let mut section = |title: &str, style, lines: Vec<(String, String)>| {
        if !lines.is_empty() {
            // Writing to a string cannot fail, here and below.
            let _ = writeln!(out, "\n{}: {}", title.style(style), grouped(lines.len()));
            under_headings(&mut out, &lines, most, styles);
        }
    };
    section("only pytest has", styles.bad, missing.iter().map(|id| split(id, String::new())).collect());
    section("only the catalog has, as exact", styles.bad, invented.iter().map(invented_line).collect());
    section("other markers", styles.bad, markers.iter().map(markers_line).collect());
    section("other order", styles.bad, moved.iter().map(moved_line).collect());
    let Collection { failed, skipped, .. } = verified.collection;
    unseen(&mut out, "pytest could not collect, left out", styles.doubtful, failed, most);
    unseen(&mut out, "skipped themselves, left out", styles.faint, skipped, most);
    out
}

fn counts(verified: &Verified<'_>, styles: &Styles) -> String {
    let comparison = verified.comparison;
    let python = verified.python;
    let mut out = format!(
        "pytest {} on Python {} ({}) collects {}; the catalog has {} cases\n",
        python.pytest,
        python.python,
        printable(python.interpreter.as_str()),
        tests(verified.collection.tests.len()),
        grouped(verified.cases)
    );
    let wrong = comparison.wrong();
    let mut row = |count, what: &str, style| count_row(&mut out, count, what, style);
    row(comparison.exact, "found, exact", Some(styles.good));
    row(comparison.covered, "covered by inexact", None);
    row(wrong, "wrong", Some(if wrong > 0 { styles.bad } else { styles.good }));
    for (count, what) in [
        (comparison.conditional, "not here, and under a condition in the catalog"),
        (comparison.left_out, "left out: pytest could not look there"),
    ] {
        if count > 0 {
            row(count, what, None);
        }
    }
    out
}

/// An id's file, and the rest of it with a note.
fn split(id: &NodeId, note: String) -> (String, String) {
    let (file, name) = id.as_str().split_once("::").unwrap_or((id.as_str(), ""));
    let name = printable(name);
    let line = if note.is_empty() { name.into_owned() } else { format!("{name}  {note}") };
    (printable(file).into_owned(), line)
}

fn invented_line(place: &Place) -> (String, String) {
    split(&place.id, format!("({})", printable(&place.span.to_string())))
}

fn markers_line(other: &OtherMarkers) -> (String, String) {
    let listed = |markers: &[String]| printable(&markers.join(", ")).into_owned();
    let mut notes = Vec::new();
    if !other.missing.is_empty() {
        notes.push(format!("only pytest has {}", listed(&other.missing)));
    }
    if !other.invented.is_empty() {
        notes.push(format!("only the catalog has {}", listed(&other.invented)));
    }
    if notes.is_empty() {
        notes.push("the same in another order".to_owned());
    }
    let at = printable(&other.case.span.to_string()).into_owned();
    split(&other.case.id, format!("{} ({at})", notes.join("; ")))
}

fn moved_line(moved: &Moved) -> (String, String) {
    let place = match &moved.behind {
        Some(before) => format!("pytest has it behind {}", printable(before.as_str())),
        None => "pytest has it first".to_owned(),
    };
    split(&moved.case.id, place)
}

fn unseen(out: &mut String, title: &str, style: owo_colors::Style, nodes: &[Unseen], most: Option<usize>) {
    if nodes.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}: {}", title.style(style), grouped(nodes.len()));
    for node in nodes.iter().take(most.unwrap_or(nodes.len())) {
        let name = if node.node.as_str().is_empty() { "." } else { node.node.as_str() };
        let _ = writeln!(out, "  {}  {}", printable(name), printable(&node.reason));
    }
    fold(out, "  ", nodes.len(), most);
}

#[derive(Serialize)]
struct Document<'a> {
    verify: u32,
    pytest: &'a str,
    python: &'a str,
    interpreter: &'a str,
    counts: Counts,
    only_pytest: Vec<&'a str>,
    only_catalog: Vec<JsonPlace<'a>>,
    other_markers: Vec<JsonMarkers<'a>>,
    other_order: Vec<JsonMoved<'a>>,
    not_collected: Vec<JsonUnseen<'a>>,
    skipped: Vec<JsonUnseen<'a>>,
}

#[derive(Serialize)]
struct Counts {
    pytest: usize,
    catalog: usize,
    exact: usize,
    covered: usize,
    wrong: usize,
    conditional: usize,
    left_out: usize,
}

#[derive(Serialize)]
struct JsonMarkers<'a> {
    #[serde(flatten)]
    case: JsonPlace<'a>,
    only_pytest: &'a [String],
    only_catalog: &'a [String],
}

#[derive(Serialize)]
struct JsonMoved<'a> {
    #[serde(flatten)]
    case: JsonPlace<'a>,
    /// `null` where pytest has it first.
    behind: Option<&'a str>,
}

#[derive(Serialize)]
struct JsonUnseen<'a> {
    node: &'a str,
    reason: &'a str,
}

/// The comparison for other tools; the first field is the schema's version.
///
/// # Errors
/// None in practice: `serde_json` cannot fail on these types.
pub fn json(verified: &Verified<'_>) -> serde_json::Result<String> {
    let comparison = verified.comparison;
    serde_json::to_string_pretty(&Document {
        verify: 1,
        pytest: &verified.python.pytest,
        python: &verified.python.python,
        interpreter: verified.python.interpreter.as_str(),
        counts: Counts {
            pytest: verified.collection.tests.len(),
            catalog: verified.cases,
            exact: comparison.exact,
            covered: comparison.covered,
            wrong: comparison.wrong(),
            conditional: comparison.conditional,
            left_out: comparison.left_out,
        },
        only_pytest: comparison.missing.iter().map(NodeId::as_str).collect(),
        only_catalog: comparison.invented.iter().map(json_place).collect(),
        other_markers: comparison
            .markers
            .iter()
            .map(|other| JsonMarkers {
                case: json_place(&other.case),
                only_pytest: &other.missing,
                only_catalog: &other.invented,
            })
            .collect(),
        other_order: comparison
            .moved
            .iter()
            .map(|moved| JsonMoved { case: json_place(&moved.case), behind: moved.behind.as_ref().map(NodeId::as_str) })
            .collect(),
        not_collected: json_unseen(&verified.collection.failed),
        skipped: json_unseen(&verified.collection.skipped),
    })
}

fn json_unseen(nodes: &[Unseen]) -> Vec<JsonUnseen<'_>> {
    nodes.iter().map(|node| JsonUnseen { node: node.node.as_str(), reason: &node.reason }).collect()
}
