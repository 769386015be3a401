//! `import pytest`, where a marker needs it.

use test_catalog::{ImportPlace, ImportPlaces, Position};

use super::{Insert, Refusal, Source};

const STATEMENT: &str = "import pytest";

/// The import, at the best place that is above `needed`, the first place that needs it for that marker. `others` are put
/// in, too.
pub(super) fn insert(
    source: &Source<'_>,
    needed: Position,
    marker: &str,
    others: &[Insert],
) -> Result<Insert, Refusal> {
    let places = match &source.names.import {
        ImportPlaces::At(places) => places,
        ImportPlaces::Taken(at) => return Err(Refusal::Taken { marker: marker.to_owned(), line: at.line }),
    };
    let above = places.iter().find(|place| place.line <= needed.line);
    let inserted = above.and_then(|place| at(source, *place, others));
    inserted.ok_or_else(|| Refusal::NoImport { marker: marker.to_owned(), line: needed.line })
}

fn at(source: &Source<'_>, place: ImportPlace, others: &[Insert]) -> Option<Insert> {
    let Source { text, lines, .. } = source;
    let newline = lines.newline;
    let at = lines.start_or_end(place.line)?;
    let begins_line = lines.begin_at(at);
    let is_blank = |line: &str| line.trim().is_empty();
    let above = lines.start(place.line.checked_sub(1)?).and_then(|start| text.get(start..at)).unwrap_or_default();
    let below = text[at..].split(['\n', '\r']).next().unwrap_or_default();
    let is_followed = others.iter().any(|other| other.at == at);
    let mut inserted = String::new();
    if place.apart && !is_blank(above) {
        inserted.push_str(newline);
    }
    if begins_line {
        inserted.push_str(STATEMENT);
        inserted.push_str(newline);
    } else {
        // The last line has no end, and has none with this.
        inserted.push_str(newline);
        inserted.push_str(STATEMENT);
    }
    if place.apart && !is_blank(below) && !is_followed {
        inserted.push_str(newline);
    }
    Some(Insert { at, text: inserted })
}
