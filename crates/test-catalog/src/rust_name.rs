//! The names that libtest and rustdoc give to tests.

/// Whether a test lies within what `outer` names: a function or module by the path that libtest gives it, or a
/// documented file or item as rustdoc names it. `a::b::case_1` lies within `a::b`, and `src/lib.rs - f (line 3)` within
/// `src/lib.rs` and `src/lib.rs - f`. No name lies within itself.
#[must_use]
pub fn lies_within(name: &str, outer: &str) -> bool {
    let rest = name.strip_prefix(outer);
    rest.is_some_and(|rest| ["::", " - ", " ("].iter().any(|sign| rest.starts_with(sign)))
}

/// What an inexact case with that name names the tests around: a macro's call (`module::name!`) its module, since its tests lie
/// there or below, and any other name itself. Empty for a whole binary.
#[must_use]
pub fn named_around(case: &str) -> &str {
    match case.strip_suffix('!') {
        Some(call) => call.rsplit_once("::").map_or("", |(module, _)| module),
        None => case,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_where_another_begins() {
        assert!(lies_within("a::b::c", "a") && lies_within("a::b::c", "a::b"));
        assert!(lies_within("src/a.rs - (line 1)", "src/a.rs") && lies_within("src/a.rs - f (line 2)", "src/a.rs - f"));
        assert!(!lies_within("ab::c", "a") && !lies_within("a", "a") && !lies_within("a", "a::b"));
        assert!(!lies_within("src/a.rs - fg (line 3)", "src/a.rs - f"));
    }
}
