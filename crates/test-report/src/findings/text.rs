//! A finding for people, with the place shown.

use std::collections::BTreeMap;
use std::fmt::Write;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use marker_policy::{Finding, Severity};
use test_catalog::{SourceSpan, TestCase};

use crate::count::tests;
use crate::terminal::{Styles, printable, printable_lines};

/// One finding as text. `source` is the text of the file that it is in; without it only the place is named.
#[must_use]
pub fn text(finding: &Finding, source: Option<&str>, styles: &Styles) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let message = printable(&finding.message);
    let path = printable(finding.at.file.as_str());
    let title = level.primary_title(&*message).id(finding.rule.as_str());
    let label = finding.label.as_deref().map(printable);
    let lines = source.map(|source| Lines::around(source, &finding.at));
    let shown = lines.as_ref().map(|lines| printable_lines(&lines.text));
    let mut group = match (&lines, &shown) {
        // Escaping moves columns: the place is then named, not shown.
        (Some(lines), Some(shown)) if !lines.text.is_empty() && **shown == *lines.text => {
            let mut annotation = AnnotationKind::Primary.span(lines.span.clone());
            if let Some(label) = &label {
                annotation = annotation.label(&**label);
            }
            let snippet = Snippet::source(&**shown).line_start(lines.first).path(&*path).annotation(annotation);
            Group::with_title(title).element(snippet)
        }
        _ => {
            let origin = Origin::path(&*path).line(finding.at.start.line as usize);
            Group::with_title(title).element(origin.char_column(finding.at.start.column as usize))
        }
    };
    let notes = notes(finding);
    for (kind, note) in &notes {
        let level = if *kind == "help" { Level::HELP } else { Level::NOTE };
        group = group.element(level.with_name(*kind).message(note.as_str()));
    }
    let renderer = if styles.coloured { Renderer::styled() } else { Renderer::plain() };
    format!("{}\n", renderer.render(&[group]))
}

/// What stands below the place: each a word and a line.
pub(super) fn notes(finding: &Finding) -> Vec<(&'static str, String)> {
    let mut notes = Vec::new();
    if !finding.has.is_empty() {
        notes.push(("has", finding.has.join(", ")));
    }
    if !finding.needs.is_empty() {
        notes.push((if finding.needs.len() == 1 { "needs" } else { "needs one of" }, finding.needs.join(", ")));
    }
    notes.extend(finding.effect.iter().map(|effect| ("effect", effect.clone())));
    notes.extend(finding.note.iter().map(|note| ("note", note.clone())));
    notes.push(("help", finding.help.clone()));
    notes.into_iter().map(|(word, note)| (word, printable_lines(&note).into_owned())).collect()
}

/// The lines of a file that a span covers, and the span within them.
struct Lines {
    text: String,
    first: usize,
    span: std::ops::Range<usize>,
}

impl Lines {
    /// At most this many lines are shown; a longer span is shown by its first line.
    const MOST: u32 = 6;

    fn around(source: &str, at: &SourceSpan) -> Self {
        let long = at.end.line.saturating_sub(at.start.line) >= Self::MOST;
        let last = if long { at.start.line } else { at.end.line.max(at.start.line) };
        let mut text = String::new();
        let (mut start, mut end) = (0, 0);
        let wanted = source.lines().zip(1u32..).skip_while(|(_, number)| *number < at.start.line);
        for (line, number) in wanted.take_while(|(_, number)| *number <= last) {
            if number == at.start.line {
                // Where only the line is known, what stands there begins behind its indentation.
                let indentation = line.len() - line.trim_start().len();
                let column = byte_of(line, at.start.column);
                start = text.len() + if at.start == at.end { column.max(indentation) } else { column };
            }
            end = text.len() + if number == at.end.line { byte_of(line, at.end.column) } else { line.len() };
            text.push_str(line);
            text.push('\n');
        }
        // A place without extent is shown by the word that stands there.
        if end <= start {
            let word = |character: char| character.is_alphanumeric() || "_#@[]!.".contains(character);
            let rest = text.get(start..).unwrap_or_default();
            end =
                start + rest.find(|character| !word(character)).unwrap_or(rest.len()).max(usize::from(rest.len() > 1));
            while !text.is_char_boundary(end) {
                end += 1;
            }
        }
        Self { span: start..end, first: at.start.line as usize, text }
    }
}

/// The byte at which a column (in characters, from 1) starts.
fn byte_of(line: &str, column: u32) -> usize {
    line.char_indices().nth(column.saturating_sub(1) as usize).map_or(line.len(), |(byte, _)| byte)
}

/// Why tests are inexact: each reason once, with its place and how many tests it costs.
#[must_use]
pub fn inexact(cases: &[&TestCase]) -> String {
    let mut by_reason: BTreeMap<(&SourceSpan, &str), usize> = BTreeMap::new();
    for reason in cases.iter().filter_map(|case| case.doubt()) {
        *by_reason.entry((&reason.at, &reason.text)).or_default() += 1;
    }
    let mut out = String::new();
    for ((at, text), count) in by_reason {
        let _ = writeln!(out, "{}: {}: {}", printable(&at.to_string()), tests(count), printable(text));
    }
    out
}
