//! From source text to our own syntax tree. The only place that names a parser.

#[cfg(test)]
#[allow(clippy::expect_used, clippy::print_stderr)]
mod agreement;
pub(crate) mod ast;
pub(crate) mod bindings;
mod body;
mod comments;
mod lines;
mod literal;
mod lower;
mod nesting;
mod plain;
mod ruff;
#[cfg(test)]
mod rustpython;
mod source;
mod text;
pub(crate) mod visit;

use std::cell::Cell;
use std::sync::Arc;

use test_catalog::{Problem, ProblemKind, SourceSpan, TreePath};

use crate::PythonVersion;
use lines::Lines;

pub(crate) use comments::comments;
pub(crate) use source::SourceFile;
pub(crate) use text::SourceText;

/// The stack that parsing, evaluating and dropping the deepest accepted file takes, with room to spare.
pub(crate) const STACK_BYTES: usize = 256 << 20;

thread_local! {
    /// For texts with hidden bodies, one after the other: memory that is new for each file costs more than filling it.
    static BUFFER: Cell<String> = const { Cell::new(String::new()) };
}

/// Reads one file's text: all of it is checked, and trees are made of all but the bodies of functions, which follow when
/// something calls for them. They take `again` for the text.
///
/// # Errors
/// A [`ProblemKind::Syntax`] at the first place that does not parse as that release of Python. A [`ProblemKind::Unreadable`]
/// where it is nested more deeply than is followed here: Python may take it.
pub(crate) fn parse(
    path: &TreePath,
    text: &str,
    again: SourceText,
    python: PythonVersion,
) -> Result<SourceFile, Problem> {
    let again = Arc::new(again);
    let hidden = plain::hide(text, BUFFER.take());
    let body = match nesting::check(&hidden.text) {
        Ok(()) => ruff::parse_without(&hidden, text, &again, python).map_err(|rejected| {
            (ProblemKind::Syntax, format!("does not parse as Python: {}", rejected.message), rejected.offset)
        }),
        Err(deep) => Err((ProblemKind::Unreadable, format!("is not read: {}", deep.what), deep.range().start)),
    };
    BUFFER.set(hidden.text);
    let body = body.map_err(|(kind, message, offset)| Problem {
        kind,
        message,
        at: SourceSpan::at(path.clone(), Lines::of(text).position(offset)),
    })?;
    Ok(SourceFile::new(path.clone(), body, again, Lines::of(text)))
}

/// The same of a text that is at hand, and is held.
///
/// # Errors
/// As above.
pub(crate) fn parse_held(path: &TreePath, text: &str, python: PythonVersion) -> Result<SourceFile, Problem> {
    parse(path, text, SourceText::held(text), python)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// What a release does not know yet is an error there, hidden or not.
    #[test]
    fn syntax_of_a_later_release_is_refused() {
        let since = [
            ("def f[T](): ...\n", 12),
            ("type X = int\n", 12),
            ("X = f'{f'{1}'}'\n", 12),
            ("def f():\n    return f'{'a'}'\n", 12),
            ("def f():\n    return f\"{f'{\"a\"}'}\"\n", 12),
            ("def f[T = int](): ...\n", 13),
            ("try: ...\nexcept A, B: ...\n", 14),
            ("match 1:\n    case _: ...\n", 10),
        ];
        let parses = |text: &str, minor| parse_held(&TreePath::new("a.py"), text, PythonVersion::new(3, minor)).is_ok();
        for (text, minor) in since {
            assert!(parses(text, minor) && !parses(text, minor - 1), "{text}");
        }
        assert!(parses("def f():\n    return f'''{\"a\"}''' f\"{'a'}\"\n", 8));
    }

    /// As Python 3.8 and 3.10 compile them; 3.11 takes them all.
    #[test]
    fn comprehensions_in_others_are_asynchronous_since_python_3_11() {
        let cases = [
            ("[[a async for a in b] for c in d]", false),
            ("[a for a in b if [c async for c in d]]", false),
            ("{f'{[a async for a in b]}' for c in d}", false),
            ("[a for b in [c async for c in d] async for a in b]", true),
            ("[[a async for a in b] async for c in d]", true),
            ("([a async for a in b] for c in d)", false),
            ("[(a async for a in b) for c in d]", true),
            ("[[a for a in b] async for c in d]", true),
            ("[[[a async for a in b] for c in d] async for e in f]", false),
            ("[a for b in c for a in [d async for d in e]]", false),
            ("[[a for a in [b async for b in c]] async for d in e]", true),
            ("[lambda: (a async for a in b) for c in d]", true),
        ];
        for (text, before) in cases {
            let text = format!("async def f():\n    return {text}\n");
            let parses = |minor| parse_held(&TreePath::new("a.py"), &text, PythonVersion::new(3, minor)).is_ok();
            assert_eq!((parses(8), parses(10), parses(11)), (before, before, true), "{text}");
        }
    }

    #[test]
    fn numbers_that_are_too_long_are_refused() {
        for (digits, fits) in [(4_300, true), (4_301, false)] {
            for head in ["X = ", "def f():\n    return "] {
                let text = format!("{head}{}\n", "1".repeat(digits));
                assert_eq!(parse_held(&TreePath::new("a.py"), &text, PythonVersion::LATEST).is_ok(), fits, "{head}");
            }
        }
    }

    fn problem(text: String) -> Problem {
        parse_held(&TreePath::new("test_deep.py"), &text, PythonVersion::LATEST).unwrap_err()
    }

    #[test]
    fn a_hostile_file_costs_a_problem() {
        let levels = |head: &str| -> String { (0..2_000).map(|depth| " ".repeat(depth) + head + "\n").collect() };
        for text in [
            "[".repeat(5_000),
            "x = ".to_owned() + &"not ".repeat(50_000) + "1",
            "x = 1".to_owned() + &" + 1".repeat(50_000),
            "x = a".to_owned() + &".a".repeat(50_000),
            "x = a".to_owned() + &"[0]".repeat(50_000),
            "x = a".to_owned() + &"(0)".repeat(50_000),
            "x = ".to_owned() + &"lambda: ".repeat(50_000) + "1",
            "x = ".to_owned() + &"1 if 1 else ".repeat(50_000) + "1",
            "x = ".to_owned() + &("-".repeat(2_900) + "(1, ").repeat(190),
            "x = f'{".to_owned() + &"not ".repeat(50_000) + "1}'",
            "x = ".to_owned() + &"f'{f\"{".repeat(5_000) + "1" + &"}\"}'".repeat(5_000),
            "x = f'".to_owned() + &"{x:".repeat(5_000) + &"}".repeat(5_000) + "'",
            "if a:\n pass\n".to_owned() + &"elif a:\n pass\n".repeat(50_000),
            levels("def f():"),
            levels("if a:"),
            levels("class A:"),
        ] {
            assert_eq!(problem(text).kind, ProblemKind::Unreadable);
        }
    }

    /// What passes the check of nesting has to fit the stack that discovery gives, in both parsers.
    #[test]
    fn the_deepest_accepted_files_fit_the_stack() {
        let texts = [
            "x = ".to_owned() + &"not ".repeat(2_990) + "1\n",
            "x = ".to_owned() + &"-".repeat(2_990) + "1\n",
            "x = 1".to_owned() + &" ** 1".repeat(1_490) + "\n",
            "x = a".to_owned() + &".a".repeat(2_990) + "\n",
            "x = ".to_owned() + &"(".repeat(199) + &")".repeat(199) + "\n",
            "x = ".to_owned() + &"lambda: ".repeat(2_990) + "1\n",
            "if a:\n pass\n".to_owned() + &"elif a:\n pass\n".repeat(2_990),
            (0..99).map(|depth| " ".repeat(depth) + "def f():\n").collect::<String>() + &" ".repeat(99) + "pass\n",
        ];
        let read = move || {
            for text in texts {
                let text: Arc<str> = text.into();
                nesting::check(&text).unwrap();
                let one = ruff::parse(&text).unwrap();
                let other = rustpython::parse(&text).unwrap();
                assert!(one == other, "{}", &text[..40]);
            }
        };
        std::thread::Builder::new().stack_size(STACK_BYTES).spawn(read).unwrap().join().unwrap();
    }

    #[test]
    fn an_error_in_a_body_is_an_error_of_the_file() {
        let problem = problem("def test_a():\n    x = = 1\n".to_owned());
        assert_eq!((problem.kind, problem.at.start.line), (ProblemKind::Syntax, 2), "{}", problem.message);
    }

    #[test]
    fn what_only_pythons_compiler_refuses_is_refused() {
        for text in [
            "def f(a, a): pass",
            "def f():\n    g(a=1, a=2)",
            "f() = 1",
            "del f()",
            "None = 1",
            "return 1",
            "class A:\n    return 1",
            "x = yield 1",
            "def f():\n    await x",
            "async def f():\n    yield from x",
            "def f():\n    return [a async for a in b]",
            "async def f():\n    class A:\n        x = [a async for a in b]",
            "async def f():\n    return lambda: [a async for a in b]",
            "for x in y:\n    pass\nelse:\n    continue",
            "def f():\n    break",
            "*a, *b = c",
            "try:\n    pass\nexcept:\n    pass\nexcept A:\n    pass",
            "match x:\n    case y: pass\n    case z: pass",
            "class A[T, T]: pass",
            "{**a for a in b}",
            "from x import y\nfrom __future__ import annotations",
        ] {
            problem(text.to_owned());
        }
    }

    #[test]
    fn newer_syntax_is_read() {
        for text in [
            "x = f\"{y[\"a\"]}\"\n",
            "class A[T = int]: pass\n",
            "x = t'{y}'\n",
            "try:\n    pass\nexcept A, B:\n    pass\n",
            "type X[T = int] = list[T]\n",
        ] {
            assert!(rustpython::parse(text).is_err(), "{text}");
            parse_held(&TreePath::new("a.py"), text, PythonVersion::LATEST).unwrap();
        }
    }

    #[test]
    fn a_body_is_where_it_was() {
        let text: Arc<str> =
            "class A:\n    async def f(\n        self, x=')',  # :\n    ) -> (\n        int  # :\n    ):  # é\n\
                              \x20       await x\n        def g(): return 'a'; return 2\n\n    def h(self): return 3\n"
                .into();
        let file = parse_held(&TreePath::new("a.py"), &text, PythonVersion::LATEST).unwrap();
        let ast::StmtKind::Class(class) = &file.body[0].kind else { panic!("{:?}", file.body) };
        let bodies: Vec<Vec<&str>> = class
            .body
            .iter()
            .map(|statement| match &statement.kind {
                ast::StmtKind::Function(def) => def.body().iter().filter_map(|inner| file.slice(inner.range)).collect(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(bodies, [vec!["await x", "def g(): return 'a'; return 2"], vec!["return 3"]]);
    }

    #[test]
    fn a_definition_starts_behind_its_decorators() {
        let text: Arc<str> = "@a\n@b(1)\n# why\nasync def f(x, /, y=1, *z, k, **q):\n    yield\n".into();
        let file = parse_held(&TreePath::new("a.py"), &text, PythonVersion::LATEST).unwrap();
        let ast::StmtKind::Function(function) = &file.body[0].kind else { panic!("{:?}", file.body) };
        assert!(function.is_async && function.is_generator);
        assert!(file.slice(function.range).unwrap().starts_with("async def f"));
        let names: Vec<&str> = function.parameters.iter().map(|parameter| &*parameter.name).collect();
        assert_eq!(names, ["x", "y", "z", "k", "q"]);
    }
}
