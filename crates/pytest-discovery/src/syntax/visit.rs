//! Going through a syntax tree.

use super::ast::{
    Case, Clause, Comprehension, Expr, ExprKind, Function, Handler, Interpolation, Pattern, Stmt, StmtKind,
};

/// What is met on the way.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Node<'a> {
    Statement(&'a Stmt),
    Expression(&'a Expr),
}

/// Shows every statement and expression of a block, outer ones first, and goes into those for which `see` says so. The
/// body of a function is inside of the function.
pub(crate) fn walk<'a>(block: &'a [Stmt], see: &mut impl FnMut(Node<'a>) -> bool) {
    block.iter().for_each(|statement| self::statement(statement, see));
}

/// The same for an expression.
pub(crate) fn walk_expression<'a>(expression: &'a Expr, see: &mut impl FnMut(Node<'a>) -> bool) {
    if !see(Node::Expression(expression)) {
        return;
    }
    let mut inner = |one: &'a Expr| walk_expression(one, see);
    match &expression.kind {
        ExprKind::Constant(_) | ExprKind::Name(_) | ExprKind::Yield(None) => {}
        ExprKind::Attribute(of, _)
        | ExprKind::Starred(of)
        | ExprKind::Unary(_, of)
        | ExprKind::Await(of)
        | ExprKind::Yield(Some(of))
        | ExprKind::YieldFrom(of) => inner(of),
        ExprKind::Subscript(one, other) | ExprKind::Binary(one, _, other) | ExprKind::Walrus(one, other) => {
            inner(one);
            inner(other);
        }
        ExprKind::Slice(parts) => parts.iter().flatten().for_each(|part| inner(part)),
        ExprKind::Call(call) => {
            inner(&call.function);
            call.args.iter().for_each(&mut inner);
            call.keywords.iter().for_each(|(_, value)| inner(value));
        }
        ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Set(items) | ExprKind::Bool(_, items) => {
            items.iter().for_each(inner);
        }
        ExprKind::Dict(items) => items.iter().for_each(|(key, value)| {
            key.iter().for_each(&mut inner);
            inner(value);
        }),
        ExprKind::Compare(first, others) => {
            inner(first);
            others.iter().for_each(|(_, other)| inner(other));
        }
        ExprKind::Conditional { test, body, orelse } => [test, body, orelse].into_iter().for_each(|one| inner(one)),
        ExprKind::Lambda(def) => function(def, see),
        ExprKind::Comprehension(comprehension) => self::comprehension(comprehension, see),
        ExprKind::Interpolated(parts) | ExprKind::Template(parts) => interpolations(parts, see),
    }
}

fn statement<'a>(statement: &'a Stmt, see: &mut impl FnMut(Node<'a>) -> bool) {
    if !see(Node::Statement(statement)) {
        return;
    }
    match &statement.kind {
        StmtKind::Function(def) => function(def, see),
        StmtKind::Class(class) => {
            expressions(class.decorators.iter().chain(&class.bases), see);
            expressions(class.keywords.iter().map(|(_, value)| value), see);
            walk(&class.body, see);
        }
        StmtKind::Delete(targets) => expressions(targets, see),
        StmtKind::Assign { targets, value } => expressions(targets.iter().chain([value]), see),
        StmtKind::AugAssign { target, value, .. } => expressions([target, value], see),
        StmtKind::AnnAssign { target, annotation, value } => {
            expressions([target, &annotation.value].into_iter().chain(value.as_deref()), see);
        }
        StmtKind::For(one) => {
            expressions([&one.target, &one.iter], see);
            walk(&one.body, see);
            walk(&one.orelse, see);
        }
        StmtKind::While { test, body, orelse } | StmtKind::If { test, body, orelse } => {
            walk_expression(test, see);
            walk(body, see);
            walk(orelse, see);
        }
        StmtKind::With { items, body } => {
            expressions(items.iter().flat_map(|(context, target)| std::iter::once(context).chain(target)), see);
            walk(body, see);
        }
        StmtKind::Match { subject, cases } => {
            walk_expression(subject, see);
            cases.iter().for_each(|case| self::case(case, see));
        }
        StmtKind::Try { body, handlers, orelse, finally } => {
            walk(body, see);
            for Handler { exception, body, .. } in handlers {
                expressions(exception, see);
                walk(body, see);
            }
            walk(orelse, see);
            walk(finally, see);
        }
        StmtKind::Return(value) | StmtKind::Raise(value) => expressions(value, see),
        StmtKind::Assert(value) | StmtKind::Expr(value) => walk_expression(value, see),
        StmtKind::Import(_)
        | StmtKind::ImportFrom { .. }
        | StmtKind::Global(_)
        | StmtKind::Nonlocal(_)
        | StmtKind::TypeAlias(_)
        | StmtKind::Pass
        | StmtKind::Break
        | StmtKind::Continue => {}
    }
}

fn function<'a>(def: &'a Function, see: &mut impl FnMut(Node<'a>) -> bool) {
    expressions(&def.decorators, see);
    expressions(def.parameters.iter().filter_map(|parameter| parameter.default.as_deref()), see);
    walk(def.body(), see);
}

fn case<'a>(case: &'a Case, see: &mut impl FnMut(Node<'a>) -> bool) {
    pattern(&case.pattern, see);
    expressions(&case.guard, see);
    walk(&case.body, see);
}

fn pattern<'a>(pattern: &'a Pattern, see: &mut impl FnMut(Node<'a>) -> bool) {
    match pattern {
        Pattern::Value(value) => walk_expression(value, see),
        Pattern::Or(patterns) => patterns.iter().for_each(|one| self::pattern(one, see)),
        Pattern::Capture(_) | Pattern::Structure(_) => {}
    }
}

fn comprehension<'a>(comprehension: &'a Comprehension, see: &mut impl FnMut(Node<'a>) -> bool) {
    expressions(std::iter::once(&comprehension.element).chain(&comprehension.value), see);
    for Clause { target, iter, conditions, .. } in &comprehension.clauses {
        expressions([target, iter].into_iter().chain(conditions), see);
    }
}

fn interpolations<'a>(parts: &'a [Interpolation], see: &mut impl FnMut(Node<'a>) -> bool) {
    for part in parts {
        if let Interpolation::Value { value, format, .. } = part {
            walk_expression(value, see);
            interpolations(format, see);
        }
    }
}

fn expressions<'a>(all: impl IntoIterator<Item = &'a Expr>, see: &mut impl FnMut(Node<'a>) -> bool) {
    all.into_iter().for_each(|one| walk_expression(one, see));
}
