//! The names that statements bind.

use foldhash::HashSet;

use super::ast::{Alias, Expr, ExprKind, Pattern, Stmt, StmtKind};
use super::visit::{Node, walk};

/// The names that statements bind in their own scope, each as often as it is bound.
pub(crate) fn of(statements: &[Stmt]) -> Vec<&str> {
    let mut names = Vec::new();
    collect(statements, &mut names, 0);
    names
}

/// The names that are local to a function with that body, besides its parameters: Python decides by the whole body, whatever of it
/// runs.
pub(crate) fn of_function(body: &[Stmt]) -> HashSet<Box<str>> {
    let mut names = of(body);
    let mut elsewhere: Vec<&str> = Vec::new();
    walk(body, &mut |node| match node {
        Node::Statement(Stmt { kind: StmtKind::Global(names) | StmtKind::Nonlocal(names), .. }) => {
            elsewhere.extend(names.iter().map(|name| &**name));
            false
        }
        Node::Statement(Stmt { kind: StmtKind::Function(_) | StmtKind::Class(_), .. })
        | Node::Expression(Expr { kind: ExprKind::Lambda(_), .. }) => false,
        Node::Expression(Expr { kind: ExprKind::Walrus(one, _), .. }) => {
            target(one, &mut names, 0);
            true
        }
        _ => true,
    });
    names.into_iter().filter(|name| !elsewhere.contains(name)).map(Into::into).collect()
}

/// Nested more deeply than this is only hostile code.
const MOST_NESTED: u32 = 100;

/// The names that statements bind in their own scope.
fn collect<'s>(statements: &'s [Stmt], names: &mut Vec<&'s str>, depth: u32) {
    if depth > MOST_NESTED {
        return;
    }
    let inner = |block: &'s [Stmt], names: &mut Vec<&'s str>| collect(block, names, depth + 1);
    for statement in statements {
        match &statement.kind {
            StmtKind::Function(def) => names.push(&def.name),
            StmtKind::Class(def) => names.push(&def.name),
            StmtKind::TypeAlias(name) => names.push(name),
            StmtKind::Assign { targets, .. } => targets.iter().for_each(|one| target(one, names, depth)),
            StmtKind::AugAssign { target: one, .. } | StmtKind::AnnAssign { target: one, value: Some(_), .. } => {
                target(one, names, depth);
            }
            StmtKind::For(one) => {
                target(&one.target, names, depth);
                inner(&one.body, names);
                inner(&one.orelse, names);
            }
            StmtKind::While { body, orelse, .. } | StmtKind::If { body, orelse, .. } => {
                inner(body, names);
                inner(orelse, names);
            }
            StmtKind::With { items, body } => {
                items.iter().filter_map(|(_, one)| one.as_ref()).for_each(|one| target(one, names, depth));
                inner(body, names);
            }
            StmtKind::Match { cases, .. } => {
                for case in cases {
                    captured(&case.pattern, names, depth);
                    inner(&case.body, names);
                }
            }
            StmtKind::Try { body, handlers, orelse, finally } => {
                inner(body, names);
                for handler in handlers {
                    names.extend(handler.name.as_deref());
                    inner(&handler.body, names);
                }
                inner(orelse, names);
                inner(finally, names);
            }
            StmtKind::Import(aliases) => names.extend(aliases.iter().map(bound_by_import)),
            StmtKind::ImportFrom { names: aliases, .. } => {
                names.extend(
                    aliases
                        .iter()
                        .filter(|one| &*one.name != "*")
                        .map(|one| one.as_name.as_deref().unwrap_or(&one.name)),
                );
            }
            _ => {}
        }
    }
}

fn bound_by_import(alias: &Alias) -> &str {
    match &alias.as_name {
        Some(name) => name,
        None => alias.name.split('.').next().unwrap_or_default(),
    }
}

fn target<'s>(expr: &'s Expr, names: &mut Vec<&'s str>, depth: u32) {
    if depth > MOST_NESTED {
        return;
    }
    match &expr.kind {
        ExprKind::Name(name) => names.push(name),
        ExprKind::Tuple(parts) | ExprKind::List(parts) => parts.iter().for_each(|one| target(one, names, depth + 1)),
        ExprKind::Starred(inner) => target(inner, names, depth + 1),
        _ => {}
    }
}

fn captured<'s>(pattern: &'s Pattern, names: &mut Vec<&'s str>, depth: u32) {
    match pattern {
        Pattern::Capture(name) => names.extend(name.as_deref()),
        Pattern::Structure(bound) => names.extend(bound.iter().map(|name| &**name)),
        Pattern::Or(patterns) if depth <= MOST_NESTED => {
            patterns.iter().for_each(|one| captured(one, names, depth + 1));
        }
        Pattern::Or(_) | Pattern::Value(_) => {}
    }
}
