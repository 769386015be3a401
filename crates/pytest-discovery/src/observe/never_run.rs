//! What looks like a test and never runs.

use foldhash::HashMap;
use memchr::memmem;
use test_catalog::ObservationKind;

use super::Seen;
use crate::collect::NameFilters;
use crate::syntax::ast::{CompareOp, Constant, Expr, ExprKind, Function, Range, Stmt, StmtKind};
use crate::syntax::visit::{Node, walk};

/// Tests of a module or class that another definition takes the place of, and those behind `__main__`.
pub(super) fn block(block: &[Stmt], filters: &NameFilters, seen: &mut Seen<'_>) {
    let mut earlier: HashMap<&str, (usize, Range)> = HashMap::default();
    for (index, statement) in block.iter().enumerate() {
        if let Some((name, decorators, range)) = test(statement, filters) {
            if let Some((before, at)) = earlier.get(name)
                && !is_used(name, &block[before + 1..index])
            {
                let line = seen.file.line(range.start);
                let text = format!("`{name}` is defined again in line {line}");
                seen.add(ObservationKind::Redefined, text, *at, None);
            }
            // A decorator that is not pytest's may keep the function, whatever its name is bound to.
            if decorators.iter().all(is_mark) {
                earlier.insert(name, (index, head(range)));
            } else {
                earlier.remove(name);
            }
        }
        match &statement.kind {
            StmtKind::Class(class) if filters.takes_class(&class.name) => self::block(&class.body, filters, seen),
            StmtKind::If { test, body, .. } if is_main(test) => behind_main(body, block, filters, seen),
            _ => {}
        }
    }
}

/// The name, the decorators and the place of what pytest takes for a test, or for a class with tests.
fn test<'a>(statement: &'a Stmt, filters: &NameFilters) -> Option<(&'a str, &'a [Expr], Range)> {
    match &statement.kind {
        StmtKind::Function(def) if filters.takes_function(&def.name) => Some((&def.name, &def.decorators, def.range)),
        StmtKind::Class(class) if filters.takes_class(&class.name) => {
            Some((&class.name, &class.decorators, class.range))
        }
        _ => None,
    }
}

fn behind_main(body: &[Stmt], module: &[Stmt], filters: &NameFilters, seen: &mut Seen<'_>) {
    let is_elsewhere = |name: &str| module.iter().filter_map(|one| test(one, filters)).any(|(other, ..)| other == name);
    for (name, _, range) in body.iter().filter_map(|statement| test(statement, filters)) {
        if !is_elsewhere(name) {
            let text = format!("`{name}` is defined only where `__name__` is `__main__`");
            seen.add(ObservationKind::BehindMain, text, head(range), None);
        }
    }
}

/// Whether a function can have a test inside, by its text.
pub(super) fn may_be_nested(text: &str, filters: &NameFilters) -> bool {
    // The first one is its own.
    memmem::find_iter(text.as_bytes(), b"def ").skip(1).any(|at| {
        let name = text[at + 4..].trim_start();
        let end = name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
        filters.takes_function(&name[..end])
    })
}

/// Functions with a test's name inside of another function, which does nothing with them.
pub(super) fn nested(def: &Function, filters: &NameFilters, seen: &mut Seen<'_>) {
    let mut inner: Vec<&Function> = Vec::new();
    walk(def.body(), &mut |node| match node {
        Node::Statement(Stmt { kind: StmtKind::Function(one), .. }) => {
            if filters.takes_function(&one.name) && one.decorators.is_empty() {
                inner.push(one);
            }
            false
        }
        Node::Statement(Stmt { kind: StmtKind::Class(_), .. }) | Node::Expression(_) => false,
        Node::Statement(_) => true,
    });
    for one in inner {
        // `locals()` and `globals()` hand over everything.
        let handed_over = ["locals", "globals", "vars", "eval", "exec"].iter().any(|name| is_used(name, def.body()));
        if !handed_over && !is_used(&one.name, def.body()) {
            let text = format!("`{}` stands in `{}`, which does not use it", one.name, def.name);
            seen.add(ObservationKind::Nested, text, head(one.range), None);
        }
    }
}

/// Whether anything in these statements names it, other than its own definition.
fn is_used(name: &str, block: &[Stmt]) -> bool {
    let mut is_used = false;
    walk(block, &mut |node| {
        is_used |= match node {
            Node::Expression(Expr { kind: ExprKind::Name(other), .. }) => **other == *name,
            Node::Statement(Stmt { kind: StmtKind::Global(names) | StmtKind::Nonlocal(names), .. }) => {
                names.iter().any(|other| **other == *name)
            }
            _ => false,
        };
        !is_used
    });
    is_used
}

/// `pytest.mark.x`, `pytest.mark.x(...)`.
fn is_mark(decorator: &Expr) -> bool {
    let mut inner = decorator;
    loop {
        match &inner.kind {
            ExprKind::Call(call) => inner = &call.function,
            ExprKind::Attribute(of, name) if &**name == "mark" => {
                return matches!(&of.kind, ExprKind::Name(name) if &**name == "pytest");
            }
            ExprKind::Attribute(of, _) => inner = of,
            _ => return false,
        }
    }
}

/// `__name__ == "__main__"`.
pub(super) fn is_main(test: &Expr) -> bool {
    let ExprKind::Compare(left, others) = &test.kind else { return false };
    let is_name = matches!(&left.kind, ExprKind::Name(name) if &**name == "__name__");
    is_name
        && matches!(&**others, [(CompareOp::Eq, Expr { kind: ExprKind::Constant(Constant::Str(text)), .. })]
            if text.as_str() == Some("__main__"))
}

/// The start of a definition: all of it would be marked from the first line to the last.
fn head(range: Range) -> Range {
    Range { start: range.start, end: range.start }
}
