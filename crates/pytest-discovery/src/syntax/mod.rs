//! From source text to our own syntax tree. The only place that names a parser.

#[cfg(test)]
#[allow(clippy::expect_used, clippy::print_stderr)]
mod agreement;
pub(crate) mod ast;
mod body;
mod literal;
mod lower;
mod nesting;
mod ruff;
mod rustpython;
mod source;

use std::sync::Arc;

use test_catalog::{Problem, ProblemKind, SourceSpan, TreePath};

pub(crate) use source::SourceFile;

/// The stack that parsing, evaluating and dropping the deepest accepted file takes, with room to spare.
pub(crate) const STACK_BYTES: usize = 256 << 20;

/// Reads one file's text.
///
/// # Errors
/// A [`ProblemKind::Syntax`] at the first place that does not parse, or that is nested too deeply.
pub(crate) fn parse(path: &TreePath, text: Arc<str>) -> Result<SourceFile, Problem> {
    let fail = |message: String, offset: u32| {
        let at = source::position(&text, &source::line_starts(&text), offset);
        Problem { kind: ProblemKind::Syntax, message, at: SourceSpan::at(path.clone(), at) }
    };
    nesting::check(&text).map_err(|deep| fail(format!("{}: not read", deep.what), deep.range().start))?;
    let body = match ruff::parse(&text, true) {
        Ok(body) => body,
        // What either parser accepts is read; what neither does is reported as the first of them sees it.
        Err(error) => rustpython::parse(&text)
            .map_err(|_| fail(format!("does not parse as Python: {}", error.error), error.location.start().to_u32()))?,
    };
    Ok(SourceFile::new(path.clone(), text, body))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_file_costs_a_problem() {
        let path = TreePath::new("test_deep.py");
        for text in ["[".repeat(5_000), "x = ".to_owned() + &"not ".repeat(50_000) + "1", "def (".to_owned()] {
            assert_eq!(parse(&path, text.into()).unwrap_err().kind, ProblemKind::Syntax);
        }
    }

    #[test]
    fn a_definition_starts_behind_its_decorators() {
        let text: Arc<str> = "@a\n@b(1)\n# why\nasync def f(x, /, y=1, *z, k, **q):\n    yield\n".into();
        let file = parse(&TreePath::new("a.py"), text).unwrap();
        let ast::StmtKind::Function(function) = &file.body[0].kind else { panic!("{:?}", file.body) };
        assert!(function.is_async && function.is_generator);
        assert!(file.slice(function.range).starts_with("async def f"));
        let names: Vec<&str> = function.parameters.iter().map(|parameter| &*parameter.name).collect();
        assert_eq!(names, ["x", "y", "z", "k", "q"]);
    }
}
