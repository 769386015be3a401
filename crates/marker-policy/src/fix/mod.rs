//! Writes the markers that findings ask for into a file's text.
//!
//! Everything else stays as it is, byte for byte. Where a marker cannot be put without knowing more of the file than its
//! text shows, nothing is written, and the refusal says why.

mod brackets;

use std::collections::BTreeMap;
use std::ops::Range;

use test_catalog::{EditForm, Position};

use crate::finding::Insertion;
use brackets::Bracketed;

/// Why a file is left as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A place lies behind the end of the file: it is not the file that was read.
    #[error("it has no line {line}: it is not the file that was audited")]
    Gone {
        /// The line, from 1.
        line: u32,
    },
    /// `pytest` is not imported under that name.
    #[error("it has no line `import pytest`, which `pytest.mark.{marker}` needs")]
    NoImport {
        /// The marker.
        marker: String,
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

/// Puts markers into the text of a file. A marker that several insertions put at one place is written once.
///
/// # Errors
/// Where one of them cannot be put. Then nothing of the file is changed.
pub fn apply(text: &str, insertions: &[&Insertion]) -> Result<String, Refusal> {
    let mut fixed = text.to_owned();
    // From the end, so that places in front stay where they are.
    for insert in inserts(text, &Lines::of(text), insertions)?.into_iter().rev() {
        fixed.insert_str(insert.at, &insert.text);
    }
    Ok(fixed)
}

/// The edits that put markers into the text of a file, in its order: what [`apply`] makes of it.
///
/// # Errors
/// Where one of them cannot be put.
pub fn edits(text: &str, insertions: &[&Insertion]) -> Result<Vec<Edit>, Refusal> {
    let lines = Lines::of(text);
    let inserts = inserts(text, &lines, insertions)?.into_iter();
    Ok(inserts.map(|insert| Edit { at: lines.position(text, insert.at), text: insert.text }).collect())
}

fn inserts(text: &str, lines: &Lines, insertions: &[&Insertion]) -> Result<Vec<Insert>, Refusal> {
    if let Some(first) = insertions.first()
        && !imports_pytest(text)
    {
        return Err(Refusal::NoImport { marker: first.marker.clone() });
    }
    let mut places: BTreeMap<(Position, Position), (EditForm, Vec<&str>)> = BTreeMap::new();
    for insertion in insertions {
        let (_, markers) =
            places.entry((insertion.at.start, insertion.at.end)).or_insert_with(|| (insertion.form, Vec::new()));
        if !markers.contains(&insertion.marker.as_str()) {
            markers.push(&insertion.marker);
        }
    }
    let mut inserts = Vec::new();
    for ((start, end), (form, markers)) in places {
        inserts.extend(inserts_of(text, lines, form, start, end, &markers)?);
    }
    inserts.sort_by_key(|insert| insert.at);
    Ok(inserts)
}

fn inserts_of(
    text: &str,
    lines: &Lines,
    form: EditForm,
    start: Position,
    end: Position,
    markers: &[&str],
) -> Result<Vec<Insert>, Refusal> {
    let place = lines.offset(text, start).ok_or(Refusal::Gone { line: start.line })?;
    let marks: Vec<String> = markers.iter().map(|marker| format!("pytest.mark.{marker}")).collect();
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
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
            let ends_line = place == 0 || text[..place].ends_with('\n');
            let before = if ends_line { newline.to_owned() } else { format!("{newline}{newline}") };
            let line = format!("{before}pytestmark = [{}]{newline}", marks.join(", "));
            Ok(vec![Insert { at: place, text: line }])
        }
        EditForm::ListElement | EditForm::WrapInList | EditForm::ParamMarks => {
            let end = lines.offset(text, end).filter(|end| *end >= place).ok_or(Refusal::Gone { line: end.line })?;
            let refused = || shape(text, start.line, place);
            match form {
                EditForm::ListElement => {
                    let list = Bracketed::read(text, place..end, '[').ok_or_else(refused)?;
                    Ok(list.add(text, &marks, newline))
                }
                EditForm::WrapInList => Ok(wrap(text, place..end, &marks).ok_or_else(refused)?),
                _ => param_marks(text, place..end, &marks, newline).ok_or_else(refused),
            }
        }
    }
}

/// A single mark becomes a list. A name may be a list already, and is left alone.
fn wrap(text: &str, value: Range<usize>, marks: &[String]) -> Option<Vec<Insert>> {
    let written = text.get(value.clone())?;
    written.starts_with("pytest.mark.").then_some(())?;
    Some(vec![
        Insert { at: value.start, text: "[".to_owned() },
        Insert { at: value.end, text: format!(", {}]", marks.join(", ")) },
    ])
}

/// `marks=` of a `pytest.param(...)`, which may have some.
fn param_marks(text: &str, call: Range<usize>, marks: &[String], newline: &str) -> Option<Vec<Insert>> {
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
    wrap(text, value, marks)
}

/// Whether a line at the top of the file imports pytest under its own name.
fn imports_pytest(text: &str) -> bool {
    text.lines().any(|line| {
        let Some(names) = line.strip_prefix("import ") else { return false };
        let names = names.split('#').next().unwrap_or_default();
        names.split(',').any(|name| name.trim() == "pytest")
    })
}

fn shape(text: &str, line: u32, at: usize) -> Refusal {
    let found = text[at..].lines().next().unwrap_or_default().trim().chars().take(60).collect();
    Refusal::Shape { line, found }
}

/// Where the lines of a text begin.
struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    fn of(text: &str) -> Self {
        let behind = text.match_indices('\n').map(|(at, _)| at + 1);
        Self { starts: std::iter::once(0).chain(behind).collect() }
    }

    /// Where a line begins; the one behind the last is the end of the text.
    fn start(&self, line: u32) -> Option<usize> {
        self.starts.get(usize::try_from(line).ok()?.checked_sub(1)?).copied()
    }

    /// The place of a byte.
    fn position(&self, text: &str, at: usize) -> Position {
        let line = self.starts.partition_point(|start| *start <= at);
        let start = line.checked_sub(1).and_then(|index| self.starts.get(index)).copied().unwrap_or_default();
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Position { line: count(line), column: count(text[start..at].chars().count() + 1) }
    }

    fn offset(&self, text: &str, at: Position) -> Option<usize> {
        let start = match self.start(at.line) {
            Some(start) => start,
            // Behind the last line, where that has no newline.
            None if self.start(at.line.checked_sub(1)?).is_some() && at.column == 1 => return Some(text.len()),
            None => return None,
        };
        let column = usize::try_from(at.column).ok()?.checked_sub(1)?;
        let line = text[start..].split('\n').next().unwrap_or_default();
        let inside = line.char_indices().map(|(at, _)| at).chain([line.len()]).nth(column)?;
        Some(start + inside)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
