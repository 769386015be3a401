//! What a finding is about, in words that stay the same where lines move.

use std::collections::BTreeMap;

use test_catalog::NodeId;

use crate::finding::Finding;

impl Finding {
    /// What the finding is about, for tools that recognize it in another revision: its rule, its file, the innermost
    /// module, class or function that holds all of its tests, and the names that its message quotes. No line is part of
    /// it, nor how many tests there are, nor how the message is worded. Several findings may have one identity.
    #[must_use]
    pub fn identity(&self) -> String {
        let mut tests = self.cases.iter().map(test);
        let scope = tests.next().map_or("", |first| tests.fold(first, common_scope));
        [self.rule.as_str(), self.at.file.as_str(), scope, &self.names().join(" ")].join("\n")
    }

    /// The same by test: each test function that the finding is about, or its file where it is about no test, and how
    /// many cases of it there are.
    pub(crate) fn subjects(&self) -> BTreeMap<String, u32> {
        let mut subjects = BTreeMap::new();
        if self.cases.is_empty() {
            subjects.insert(self.named(self.at.file.as_str()), 1);
        }
        for case in &self.cases {
            *subjects.entry(self.subject_of(case)).or_default() += 1;
        }
        subjects
    }

    /// The subject that a case of the finding belongs to.
    pub(crate) fn subject_of(&self, case: &NodeId) -> String {
        self.named(test(case))
    }

    fn named(&self, subject: &str) -> String {
        match &*self.names() {
            [] => subject.to_owned(),
            names => format!("{subject}: {}", names.join(" ")),
        }
    }

    /// The names that its message quotes, but for those of its tests, which tell nothing further.
    fn names(&self) -> Vec<&str> {
        quoted(&self.message).filter(|name| self.cases.iter().all(|case| case.as_str() != *name)).collect()
    }
}

/// The test function of a case: its id without parameters, and of documentation without the line.
fn test(case: &NodeId) -> &str {
    let id = case.without_param();
    id.rsplit_once(" (line ").map_or(id, |(before, _)| before)
}

/// The innermost thing that holds both.
fn common_scope<'a>(one: &'a str, other: &str) -> &'a str {
    let holds = |scope: &str| other.strip_prefix(scope).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
    let mut scope = one;
    while !holds(scope) {
        match scope.rsplit_once("::") {
            Some((outer, _)) => scope = outer,
            None => return "",
        }
    }
    scope
}

/// What a text has in backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
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
            ("a.py::A", "a.py::A::test_x", "a.py::A"),
            ("a.py", "a.py::test_x", "a.py"),
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
        assert_eq!(quoted("nothing declares `a` or `b`").collect::<Vec<_>>(), ["a", "b"]);
    }
}
