//! Changes of the environment when a file is imported.

use test_catalog::ObservationKind;

use super::names::Names;
use super::{Seen, Words};
use crate::syntax::ast::{Expr, ExprKind, Range, Stmt, StmtKind};
use crate::syntax::visit::{Node, walk};

/// Methods of `os.environ` that change it.
const CHANGES: [&str; 6] =
    ["os.environ.setdefault", "os.environ.update", "os.environ.pop", "os.environ.clear", "os.putenv", "os.unsetenv"];

/// Whether a file can have any.
pub(super) fn may_be_in(file: &str) -> bool {
    static WORDS: Words<3> = Words::new(["environ", "putenv", "unsetenv"]);
    WORDS.any_in(file)
}

pub(super) fn at_import(body: &[Stmt], names: &Names<'_>, seen: &mut Seen<'_>) {
    let mut found: Vec<Range> = Vec::new();
    walk(body, &mut |node| match node {
        // What is in functions runs later, if at all.
        Node::Statement(Stmt { kind: StmtKind::Function(_), .. }) => false,
        Node::Statement(Stmt { kind: StmtKind::If { test, .. }, .. }) => !super::never_run::is_main(test),
        Node::Statement(statement) => {
            match &statement.kind {
                StmtKind::Assign { targets, .. } | StmtKind::Delete(targets) => {
                    found.extend(targets.iter().any(|target| is_variable(target, names)).then_some(statement.range));
                }
                StmtKind::AugAssign { target, .. } if is_variable(target, names) => found.push(statement.range),
                _ => {}
            }
            true
        }
        Node::Expression(Expr { kind: ExprKind::Lambda(_), .. }) => false,
        Node::Expression(expression) => {
            if let ExprKind::Call(call) = &expression.kind
                && names.path(&call.function).is_some_and(|path| CHANGES.contains(&&*path))
            {
                found.push(expression.range);
            }
            true
        }
    });
    for range in found {
        let text = seen.quoted(range);
        seen.add(ObservationKind::EnvironmentAtImport, text, range, None);
    }
}

fn is_variable(target: &Expr, names: &Names<'_>) -> bool {
    matches!(&target.kind, ExprKind::Subscript(of, _) if names.path(of).as_deref() == Some("os.environ"))
}
