//! The catalog for people: tests under their file or test binary, with their markers.

use std::io::{self, Write};

use marker_policy::ResolvedCase;
use owo_colors::OwoColorize;
use test_catalog::{Language, TestCase, TestKind};

use crate::count::tests;
use crate::terminal::{Styles, printable};

/// Writes `cases` in their order, a heading for each file or test binary.
///
/// # Errors
/// What the writer says.
pub fn write<'r, 'a: 'r>(
    writer: &mut impl Write,
    cases: impl IntoIterator<Item = &'r ResolvedCase<'a>>,
    styles: &Styles,
) -> io::Result<()> {
    let cases: Vec<_> = cases.into_iter().collect();
    let width = cases.iter().map(|resolved| name(resolved.case).chars().count()).max().unwrap_or(0).min(72);
    let mut heading = "";
    for resolved in &cases {
        let case = resolved.case;
        let place = group(case);
        if place != heading {
            heading = place;
            writeln!(writer, "{}", printable(place).style(styles.heading))?;
        }
        let name = printable(name(case));
        let markers: Vec<_> = resolved.effective.iter().map(|marker| marker.name.as_str()).collect();
        write!(writer, "  {name:width$}  {}", printable(&markers.join(" ")).style(styles.faint))?;
        if let Some(reason) = case.doubt() {
            write!(writer, "  {}", format!("inexact: {}", printable(&reason.text)).style(styles.doubtful))?;
        }
        writeln!(writer)?;
    }
    let of = |language| cases.iter().filter(|resolved| resolved.case.language() == language).count();
    let inexact = cases.iter().filter(|resolved| resolved.case.doubt().is_some()).count();
    writeln!(
        writer,
        "{} ({} Python, {} Rust); {inexact} inexact",
        tests(cases.len()),
        of(Language::Python),
        of(Language::Rust)
    )
}

/// What a case stands under: its file for pytest, its test binary for Rust.
fn group(case: &TestCase) -> &str {
    match &case.kind {
        TestKind::Python => case.file().as_str(),
        TestKind::Rust(rust) => &rust.target.binary,
    }
}

/// The rest of its id.
fn name(case: &TestCase) -> &str {
    case.id.as_str().get(group(case).len()..).map_or(case.id.as_str(), |rest| rest.trim_start_matches([':', ' ']))
}
