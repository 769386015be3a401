//! What is said of a selection: why it is empty, and which names nothing has.

use marker_policy::{ResolvedCase, Selection};
use test_catalog::Catalog;
use test_report::count;
use test_report::terminal::printable;

use crate::error::Error;
use crate::progress::note;
use crate::subject::Subject;

/// Why nothing is left, with what was probably meant.
pub(crate) fn nothing_selected(subject: &Subject, cases: &[ResolvedCase<'_>], selection: &Selection<'_, '_>) -> Error {
    if cases.is_empty() {
        return Error::NothingSelected(format!("{} has no tests where they were looked for", subject.tree));
    }
    let mut text = format!("none of {} is selected:", count::tests(cases.len()));
    for (filter, left_out) in &selection.left_out {
        text.push_str(&format!("\n  {} left out by {}", count::grouped(*left_out), filter.as_str()));
    }
    for unknown in &selection.unknown_marks {
        text.push_str(&format!("\n  no test has the marker `{}` (column {})", unknown.name, unknown.column));
        if let Some(nearest) = unknown.nearest.first() {
            text.push_str(&format!("; did you mean `{nearest}`?"));
        }
    }
    Error::NothingSelected(text)
}

/// Warns of names of `-m` that none of the tests has, of which pytest says nothing: `not slwo` takes the slow ones, too.
///
/// What pytest's configuration declares may well be on no test. Where some markers could not be seen, one of those may be
/// meant, and only a name that is like a known one is told.
pub(crate) fn warn_of_unknown_marks(selection: &Selection<'_, '_>, catalog: &Catalog) {
    let some_are_unseen = catalog.cases.iter().any(|case| case.markers.doubt().is_some());
    for unknown in &selection.unknown_marks {
        let is_declared = catalog.declared_markers.iter().any(|declared| declared.name == unknown.name);
        let meant = unknown.nearest.first();
        if is_declared || (some_are_unseen && meant.is_none()) {
            continue;
        }
        let known = if some_are_unseen { "is known to have" } else { "has" };
        let meant = meant.map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
        note(&format!(
            "warning: -m, column {}: none of {} {known} the marker `{}`{meant}",
            unknown.column,
            count::tests(catalog.cases.len()),
            printable(&unknown.name),
        ));
    }
}
