//! What `why` is asked about.

use test_catalog::TestCase;

/// A name that tests can have.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Named<'a> {
    /// A test's id, or that of the function, the class or the file that it is of; or a Rust test's name without
    /// its binary.
    Id(&'a str),
    /// What stands at a line, as editors and tracebacks name it: `tests/test_a.py:12`.
    Line { file: &'a str, line: u32 },
}

impl<'a> Named<'a> {
    /// Ids have `::`, and no number behind a single colon.
    pub(super) fn parse(text: &'a str) -> Self {
        let text = text.strip_prefix("./").unwrap_or(text);
        match text.rsplit_once(':').and_then(|(file, line)| Some((file, line.parse().ok()?))) {
            Some((file, line)) if !file.contains("::") && !file.ends_with(':') => Self::Line { file, line },
            _ => Self::Id(text),
        }
    }

    /// The text as it was asked for.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Id(id) => (*id).to_owned(),
            Self::Line { file, line } => format!("{file}:{line}"),
        }
    }

    /// The part of it that would be a file.
    pub(super) fn file(&self) -> &'a str {
        match self {
            Self::Id(id) => id.split_once("::").map_or(*id, |(file, _)| file),
            Self::Line { file, .. } => file,
        }
    }

    /// Whether a test has that name.
    pub(super) fn is(&self, case: &TestCase) -> bool {
        match self {
            Self::Id(id) => {
                let of =
                    |full: &str| full.strip_prefix(*id).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
                let rust_name = case.as_rust().is_some_and(|rust| rust.name == *id);
                case.id.as_str() == *id || of(case.function.as_str()) || case.file().as_str() == *id || rust_name
            }
            Self::Line { file, line } => {
                case.file().as_str() == *file && (case.span.start.line..=case.span.end.line).contains(line)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_told_from_an_id() {
        let parsed = |text| match Named::parse(text) {
            Named::Id(id) => (id.to_owned(), None),
            Named::Line { file, line } => (file.to_owned(), Some(line)),
        };
        assert_eq!(parsed("tests/test_a.py:12"), ("tests/test_a.py".to_owned(), Some(12)));
        for id in ["tests/test_a.py", "tests/test_a.py::test_b", "test_a.py::test_b[a:1]", "test_a.py::12", "pool a::b"]
        {
            assert_eq!(parsed(id), (id.to_owned(), None));
        }
        assert_eq!(parsed("test_a.py::test_b[host:80"), ("test_a.py::test_b[host:80".to_owned(), None));
        assert_eq!(parsed("./test_a.py"), ("test_a.py".to_owned(), None));
    }
}
