//! What rules about skipped tests share.

use test_catalog::{Marker, SourceSpan, Value};

use crate::resolve::ResolvedCase;

/// The closest marker that an author wrote and that keeps a test from ever being run: `skip`, or `xfail(run=False)`.
/// `skipif` has a condition, which may hold on one machine and not on another.
pub(super) fn always_skipped<'x>(case: &'x ResolvedCase<'x>) -> Option<(&'x Marker, &'x SourceSpan)> {
    case.written().find(|(marker, _)| match marker.name.as_str() {
        "skip" => true,
        "xfail" => marker.kwarg("run") == Some(&Value::Bool(false)) && marker.args.is_empty(),
        _ => false,
    })
}

/// The reason that a `skip`, `skipif` or `xfail` gives, if any.
pub(super) fn reason(marker: &Marker) -> Option<&Value> {
    let by_place = if marker.name == "skip" { marker.args.first() } else { None };
    marker.kwarg("reason").or(by_place).filter(|reason| match reason {
        Value::Str(text) => !text.trim().is_empty(),
        Value::None => false,
        _ => true,
    })
}
