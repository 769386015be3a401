//! A catalog beside what the real tools list, as text and as JSON: [`pytest`] for its Python half, [`cargo`] for its Rust
//! half.

use std::fmt::Write;

use owo_colors::OwoColorize;
use serde::Serialize;
use test_catalog::comparison::Place;

use crate::count::grouped;
use crate::terminal::Styles;

pub mod cargo;
pub mod pytest;

/// One count with what it counts.
fn count_row(out: &mut String, count: usize, what: &str, style: Option<owo_colors::Style>) {
    let count = format!("{:>9}", grouped(count));
    let count = style.map_or_else(|| count.clone(), |style| count.style(style).to_string());
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(out, "{count} {what}");
}

/// Lines under their headings (a file, a binary), in the order in which headings first come.
fn under_headings(out: &mut String, lines: &[(String, String)], most: Option<usize>, styles: &Styles) {
    let mut headings: Vec<(&str, Vec<&str>)> = Vec::new();
    for (heading, line) in lines {
        match headings.iter_mut().find(|(known, _)| known == heading) {
            Some((_, lines)) => lines.push(line),
            None => headings.push((heading, vec![line])),
        }
    }
    for (heading, lines) in headings {
        let _ = writeln!(out, "  {}", heading.style(styles.heading));
        for line in lines.iter().take(most.unwrap_or(lines.len())) {
            let _ = writeln!(out, "    {line}");
        }
        fold(out, "    ", lines.len(), most);
    }
}

fn fold(out: &mut String, indent: &str, count: usize, most: Option<usize>) {
    let more = most.map_or(0, |most| count.saturating_sub(most));
    if more > 0 {
        let _ = writeln!(out, "{indent}and {} more (`--all` shows them)", grouped(more));
    }
}

#[derive(Serialize)]
struct JsonPlace<'a> {
    id: &'a str,
    occurrence: u32,
    file: &'a str,
    line: u32,
}

fn json_place(place: &Place) -> JsonPlace<'_> {
    JsonPlace {
        id: place.id.as_str(),
        occurrence: place.occurrence,
        file: place.span.file.as_str(),
        line: place.span.start.line,
    }
}
