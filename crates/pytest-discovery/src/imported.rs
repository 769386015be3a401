//! What a test file imports by name when it is imported: what shows which libraries its tests are about.

use test_catalog::Import;

use crate::syntax::SourceFile;
use crate::syntax::ast::{Alias, Constant, Expr, ExprKind, Range, Stmt, StmtKind};

/// The imports of a file in the order of its text, `pytest.importorskip("vllm")` among them.
///
/// What stands under a condition may never be imported, and what stands in a function is so only when that runs: neither
/// counts. A relative import names nothing.
pub(crate) fn of(file: &SourceFile) -> Vec<Import> {
    let mut found = Vec::new();
    block(&file.body, &mut |name, range| found.push(Import { name, at: file.span(range) }));
    found
}

fn block(body: &[Stmt], add: &mut impl FnMut(String, Range)) {
    for Stmt { kind, range } in body {
        match kind {
            StmtKind::Import(names) => names.iter().for_each(|Alias { name, .. }| add(name.to_string(), *range)),
            StmtKind::ImportFrom { level: 0, module: Some(module), names } => {
                for Alias { name, .. } in names {
                    add(if &**name == "*" { module.to_string() } else { format!("{module}.{name}") }, *range);
                }
            }
            StmtKind::Expr(value) | StmtKind::Assign { value, .. } => {
                if let Some(module) = sought_or_skipped(value) {
                    add(module.to_owned(), *range);
                }
            }
            StmtKind::Try { body, orelse, .. } => [body, orelse].into_iter().for_each(|inner| block(inner, add)),
            StmtKind::With { body, .. } => block(body, add),
            _ => {}
        }
    }
}

/// The module of `pytest.importorskip("vllm")`.
fn sought_or_skipped(value: &Expr) -> Option<&str> {
    let ExprKind::Call(call) = &value.kind else { return None };
    let ExprKind::Attribute(of, name) = &call.function.kind else { return None };
    let is_pytest = matches!(&of.kind, ExprKind::Name(name) if &**name == "pytest");
    if !is_pytest || &**name != "importorskip" {
        return None;
    }
    match &call.args.first()?.kind {
        ExprKind::Constant(Constant::Str(module)) => module.as_str(),
        _ => None,
    }
}
