//! Writes the markers that findings ask for into a file's text.
//!
//! Everything else stays as it is, byte for byte. Where a marker cannot be put without knowing more of the file than its
//! text shows, nothing is written, and the refusal says why. Where the file has no name for `pytest.mark` at that place,
//! `import pytest` is a part of the fix.

mod brackets;
mod import;
mod lines;

use std::collections::BTreeMap;
use std::ops::Range;

use test_catalog::{EditForm, Position, PytestNames};

use crate::finding::Insertion;
use brackets::Bracketed;
use lines::Lines;

/// Why a file is left as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A place lies behind the end of the file: it is not the file that was read.
    #[error("it has no line {line}: it is not the file that was audited")]
    Gone {
        /// The line, from 1.
        line: u32,
    },
    /// The file has no name for `pytest.mark`, and gives the name `pytest` to something else.
    #[error(
        "line {line} gives the name `pytest` to something else: import pytest under another name at the top of the file, for \
         `pytest.mark.{marker}`"
    )]
    Taken {
        /// The marker.
        marker: String,
        /// The line, from 1.
        line: u32,
    },
    /// The file has no name for `pytest.mark`, and an import has no place.
    #[error("`pytest.mark.{marker}` at line {line} needs `import pytest`, and no line above is free for it")]
    NoImport {
        /// The marker.
        marker: String,
        /// The line that it goes to, from 1.
        line: u32,
    },
    /// What stands there is not what the form needs.
    #[error("line {line}: `{found}` is nothing that a marker can be added to by itself")]
    Shape {
        /// The line, from 1.
        line: u32,
        /// What stands there, or its beginning.
        found: String,
    },
}

/// Text to put in at a place; nothing is taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The place.
    pub at: Position,
    /// The text.
    pub text: String,
}

/// The same by the byte that it goes in front of.
struct Insert {
    at: usize,
    text: String,
}

/// What is known of a file's text.
struct Source<'a> {
    text: &'a str,
    lines: Lines,
    names: &'a PytestNames,
}

impl<'a> Source<'a> {
    fn of(text: &'a str, names: &'a PytestNames) -> Self {
        Self { text, lines: Lines::of(text), names }
    }
}

/// Puts markers into the text of a file, of which `names` tells what the code calls `pytest.mark`. A marker that several
/// insertions put at one place is written once.
///
/// # Errors
/// Where one of them cannot be put. Then nothing of the file is changed.
pub fn apply(text: &str, names: &PytestNames, insertions: &[&Insertion]) -> Result<String, Refusal> {
    let mut fixed = text.to_owned();
    // From the end, so that places in front stay where they are.
    for insert in inserts(&Source::of(text, names), insertions)?.into_iter().rev() {
        fixed.insert_str(insert.at, &insert.text);
    }
    Ok(fixed)
}

/// The edits that put markers into the text of a file, in its order: what [`apply`] makes of it.
///
/// # Errors
/// Where one of them cannot be put.
pub fn edits(text: &str, names: &PytestNames, insertions: &[&Insertion]) -> Result<Vec<Edit>, Refusal> {
    let source = Source::of(text, names);
    let inserts = inserts(&source, insertions)?.into_iter();
    Ok(inserts.map(|insert| Edit { at: source.lines.position(text, insert.at), text: insert.text }).collect())
}

fn inserts(source: &Source<'_>, insertions: &[&Insertion]) -> Result<Vec<Insert>, Refusal> {
    let mut places: BTreeMap<(Position, Position), (EditForm, Vec<&str>)> = BTreeMap::new();
    for insertion in insertions {
        let (_, markers) =
            places.entry((insertion.at.start, insertion.at.end)).or_insert_with(|| (insertion.form, Vec::new()));
        if !markers.contains(&insertion.marker.as_str()) {
            markers.push(&insertion.marker);
        }
    }
    let mut inserts = Vec::new();
    for ((start, end), (form, markers)) in &places {
        inserts.extend(inserts_of(source, *form, *start, *end, markers)?);
    }
    inserts.sort_by_key(|insert| insert.at);
    // The first place without a name is above all others.
    let nameless = places.iter().find(|((start, _), _)| source.names.marks_at(*start).next().is_none());
    if let Some(((start, _), (_, markers))) = nameless {
        let import = import::insert(source, *start, markers.first().copied().unwrap_or_default(), &inserts)?;
        let index = inserts.partition_point(|insert| insert.at < import.at);
        inserts.insert(index, import);
    }
    Ok(inserts)
}

fn inserts_of(
    source: &Source<'_>,
    form: EditForm,
    start: Position,
    end: Position,
    markers: &[&str],
) -> Result<Vec<Insert>, Refusal> {
    let Source { text, lines, .. } = source;
    let place = lines.offset(text, start).ok_or(Refusal::Gone { line: start.line })?;
    // Where the file has no name for it, `import pytest` is put in front.
    let name = source.names.marks_at(start).next().unwrap_or("pytest.mark");
    let marks: Vec<String> = markers.iter().map(|marker| format!("{name}.{marker}")).collect();
    let newline = lines.newline;
    match form {
        EditForm::Decorator => {
            let line = lines.start(start.line).ok_or(Refusal::Gone { line: start.line })?;
            let indentation = &text[line..place];
            if !indentation.trim().is_empty() {
                return Err(shape(text, start.line, line));
            }
            let lines = marks.iter().map(|mark| format!("{indentation}@{mark}{newline}")).collect();
            Ok(vec![Insert { at: line, text: lines }])
        }
        EditForm::NewPytestmark => {
            let statement = format!("pytestmark = [{}]", marks.join(", "));
            let text = if lines.begin_at(place) {
                let is_blank_below = text[place..].split(['\n', '\r']).next().is_none_or(|line| line.trim().is_empty());
                let below = if is_blank_below { "" } else { newline };
                format!("{newline}{statement}{newline}{below}")
            } else {
                // The last line has no end, and has none with this.
                format!("{newline}{newline}{statement}")
            };
            Ok(vec![Insert { at: place, text }])
        }
        EditForm::ListElement | EditForm::WrapInList | EditForm::ParamMarks => {
            let end = lines.offset(text, end).filter(|end| *end >= place).ok_or(Refusal::Gone { line: end.line })?;
            let refused = || shape(text, start.line, place);
            let known = || source.names.marks_at(start).collect::<Vec<_>>();
            match form {
                EditForm::ListElement => {
                    let list = Bracketed::read(text, place..end, '[').ok_or_else(refused)?;
                    Ok(list.add(text, &marks, newline))
                }
                EditForm::WrapInList => Ok(wrap(text, place..end, &known(), &marks).ok_or_else(refused)?),
                _ => param_marks(text, place..end, &known(), &marks, newline).ok_or_else(refused),
            }
        }
    }
}

/// A single mark becomes a list. A name may be a list already, and is left alone.
fn wrap(text: &str, value: Range<usize>, known: &[&str], marks: &[String]) -> Option<Vec<Insert>> {
    let written = text.get(value.clone())?;
    let is_mark = |name: &&str| written.strip_prefix(*name).is_some_and(|rest| rest.starts_with('.'));
    known.iter().any(is_mark).then_some(())?;
    Some(vec![
        Insert { at: value.start, text: "[".to_owned() },
        Insert { at: value.end, text: format!(", {}]", marks.join(", ")) },
    ])
}

/// `marks=` of a `pytest.param(...)`, which may have some.
fn param_marks(text: &str, call: Range<usize>, known: &[&str], marks: &[String], newline: &str) -> Option<Vec<Insert>> {
    let open = call.start + text.get(call.clone())?.find('(')?;
    let arguments = Bracketed::read(text, open..call.end, '(')?;
    let given = arguments.elements().iter().find_map(|element| {
        let rest = text[element.clone()].strip_prefix("marks")?.trim_start().strip_prefix('=')?;
        Some(element.end - rest.trim_start().len()..element.end)
    });
    let Some(value) = given else {
        let joined = marks.join(", ");
        let written = if marks.len() == 1 { joined } else { format!("[{joined}]") };
        return Some(arguments.add(text, &[format!("marks={written}")], newline));
    };
    for bracket in ['[', '('] {
        if text[value.clone()].starts_with(bracket) {
            let list = Bracketed::read(text, value, bracket)?;
            // `(mark)` is no list.
            (bracket == '[' || list.elements().len() > 1 || list.has_trailing_comma()).then_some(())?;
            return Some(list.add(text, marks, newline));
        }
    }
    wrap(text, value, known, marks)
}

fn shape(text: &str, line: u32, at: usize) -> Refusal {
    let found = text[at..].lines().next().unwrap_or_default().trim().chars().take(60).collect();
    Refusal::Shape { line, found }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
