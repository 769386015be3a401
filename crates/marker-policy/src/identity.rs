//! What a finding is about, in words that stay the same where lines move.

use std::collections::BTreeMap;

use test_catalog::NodeId;

use crate::finding::Finding;

impl Finding {
    /// What the finding is about, for tools that recognize it in another revision: its rule, its file, the innermost
    /// module, class or function that holds all of its tests, and the names that its message quotes. No line is part of
    /// it, and neither is how many tests there are. Several findings may have one identity.
    #[must_use]
    pub fn identity(&self) -> String {
        let mut tests = self.cases.iter().map(test);
        let scope = match tests.next() {
            None => without_numbers(&self.message),
            Some(first) => tests.fold(first, common_scope).to_owned(),
        };
        let names = quoted(&self.message).collect::<Vec<_>>().join(" ");
        [self.rule.as_str(), self.at.file.as_str(), &scope, &names].join("\n")
    }

    /// The same by test: each test function that the finding is about (or its file, where it is about no test), with the
    /// names that its message quotes, and how many cases of it there are.
    pub(crate) fn subjects(&self) -> BTreeMap<String, u32> {
        let mut subjects = BTreeMap::new();
        if self.cases.is_empty() {
            subjects.insert(format!("{}: {}", self.at.file, without_numbers(&self.message)), 1);
        }
        for case in &self.cases {
            *subjects.entry(self.subject_of(case)).or_default() += 1;
        }
        subjects
    }

    /// The subject that a case of the finding belongs to.
    pub(crate) fn subject_of(&self, case: &NodeId) -> String {
        let test = test(case);
        // That the message names the test itself tells nothing further.
        let names: Vec<&str> = quoted(&self.message).filter(|name| *name != test).collect();
        if names.is_empty() { test.to_owned() } else { format!("{test}: {}", names.join(" ")) }
    }
}

/// The test function of a case: its id without parameters, and of documentation without the line.
fn test(case: &NodeId) -> &str {
    let id = case.without_param();
    id.rsplit_once(" (line ").map_or(id, |(before, _)| before)
}

/// The innermost thing that holds both.
fn common_scope<'a>(one: &'a str, other: &str) -> &'a str {
    if one == other {
        return one;
    }
    let mut end = 0;
    let ends = one.match_indices("::").map(|(index, _)| index);
    for candidate in ends {
        let (scope, rest) = one.split_at(candidate);
        if other.strip_prefix(scope).is_some_and(|behind| behind.starts_with("::") && rest.starts_with("::")) {
            end = candidate;
        }
    }
    &one[..end]
}

/// What a text has in backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The text with `#` for each number: a line, or a count.
fn without_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_number = false;
    for character in text.chars() {
        let is_digit = character.is_ascii_digit();
        match (is_digit, in_number) {
            (true, true) => {}
            (true, false) => out.push('#'),
            (false, _) => out.push(character),
        }
        in_number = is_digit;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scope_of_tests_is_what_holds_them_all() {
        for (one, other, expected) in [
            ("a.py::A::test_x", "a.py::A::test_x", "a.py::A::test_x"),
            ("a.py::A::test_x", "a.py::A::test_y", "a.py::A"),
            ("a.py::A::test_x", "a.py::AB::test_x", "a.py"),
            ("a.py::A", "a.py::A::test_x", "a.py"),
            ("a.py::test_x", "b.py::test_x", ""),
            ("runtime a::b", "runtime a::c", "runtime a"),
        ] {
            assert_eq!(common_scope(one, other), expected, "{one} {other}");
        }
    }

    #[test]
    fn a_test_is_named_without_what_varies() {
        for (id, expected) in [
            ("a.py::test_x[1-2]", "a.py::test_x"),
            ("runtime src/lib.rs - Queue (line 12)", "runtime src/lib.rs - Queue"),
        ] {
            assert_eq!(test(&NodeId::from_text(id)), expected);
        }
        assert_eq!(without_numbers("line 12 of 345, gpu_1"), "line # of #, gpu_#");
        assert_eq!(quoted("nothing declares `a` or `b`").collect::<Vec<_>>(), ["a", "b"]);
    }
}
