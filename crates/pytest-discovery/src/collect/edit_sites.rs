//! Where an author can put a marker.

use std::rc::Rc;
use std::sync::Arc;

use test_catalog::{EditForm, EditSite, Position, Scope, SourceSpan};

use super::item::ClassNode;
use crate::eval::value::{Class, Function, Module, Value};
use crate::pytest_names::{behind_head, line_behind};
use crate::syntax::SourceFile;
use crate::syntax::ast::{Expr, ExprKind, Range, Stmt, StmtKind};

/// The sites of a function, the narrowest first: itself, and those around it.
pub(super) fn of(function: &Function, around: &[EditSite]) -> Arc<[EditSite]> {
    let own = EditSite {
        scope: Scope::Function,
        at: decorated(&function.module.file, function.def.range, &function.def.decorators),
        form: EditForm::Decorator,
    };
    let mut sites = Vec::with_capacity(1 + around.len());
    sites.push(own);
    sites.extend_from_slice(around);
    sites.into()
}

/// The sites around what stands in a class of others (outermost first) and a module: the classes' bases and they themselves, the
/// module.
pub(super) fn around(module: &Module, classes: &[ClassNode]) -> Rc<[EditSite]> {
    let mut sites = Vec::new();
    for ClassNode { class, .. } in classes.iter().rev() {
        // Their marks are its own, too. They may stand in a file of which not all tests are read: its own place goes before.
        let bases = class.mro.iter().filter_map(|base| if let Value::Class(base) = base { Some(base) } else { None });
        sites.extend(bases.map(|base| of_class(base)));
        sites.push(of_class(class));
    }
    if let Some((at, form)) = of_module(&module.file) {
        sites.push(EditSite { scope: Scope::Module, at, form });
    }
    sites.into()
}

fn of_module(file: &SourceFile) -> Option<(SourceSpan, EditForm)> {
    if binds_within(&file.body) {
        return None;
    }
    Some(pytestmark(file, &file.body).unwrap_or_else(|| (behind_imports(file), EditForm::NewPytestmark)))
}

fn of_class(class: &Class) -> EditSite {
    let written = if binds_within(&class.def.body) { None } else { pytestmark(&class.file, &class.def.body) };
    let (at, form) = written
        .unwrap_or_else(|| (decorated(&class.file, class.def.range, &class.def.decorators), EditForm::Decorator));
    EditSite { scope: Scope::Class, at, form }
}

/// The same for one parameter set that is a `pytest.param(...)`.
pub(super) fn with_param(sites: &Arc<[EditSite]>, at: &SourceSpan) -> Arc<[EditSite]> {
    let site = EditSite { scope: Scope::Param, at: at.clone(), form: EditForm::ParamMarks };
    std::iter::once(site).chain(sites.iter().cloned()).collect()
}

/// The line of the definition, or of its first decorator: a further decorator goes above it.
fn decorated(file: &SourceFile, range: Range, decorators: &[Expr]) -> SourceSpan {
    let start = decorators.first().map_or(range.start, |first| first.range.start);
    let mut span = file.span(Range { start, end: start });
    // A decorator's range begins behind its `@`.
    if !decorators.is_empty() {
        span.start.column = span.start.column.saturating_sub(1).max(1);
        span.end = span.start;
    }
    span
}

/// The last `pytestmark = ...` of a body.
fn pytestmark(file: &SourceFile, body: &[Stmt]) -> Option<(SourceSpan, EditForm)> {
    body.iter().rev().find_map(|stmt| {
        let (target, value) = match &stmt.kind {
            StmtKind::Assign { targets, value } => (targets.first()?, value),
            StmtKind::AnnAssign { target, value: Some(value), .. } => (target, &**value),
            _ => return None,
        };
        if !is_pytestmark(target) {
            return None;
        }
        let form = if matches!(value.kind, ExprKind::List(_)) { EditForm::ListElement } else { EditForm::WrapInList };
        Some((file.span(value.range), form))
    })
}

fn is_pytestmark(target: &Expr) -> bool {
    matches!(&target.kind, ExprKind::Name(name) if &**name == "pytestmark")
}

/// Whether `pytestmark` is bound within another statement, or taken away: what is written for all would then not count, or
/// not always.
fn binds_within(body: &[Stmt]) -> bool {
    body.iter().any(|stmt| match &stmt.kind {
        StmtKind::If { body, orelse, .. } | StmtKind::While { body, orelse, .. } => binds(body) || binds(orelse),
        StmtKind::For(one) => binds(&one.body) || binds(&one.orelse),
        StmtKind::With { body, .. } => binds(body),
        StmtKind::Try { body, handlers, orelse, finally } => {
            [body, orelse, finally].into_iter().any(|part| binds(part))
                || handlers.iter().any(|handler| binds(&handler.body))
        }
        StmtKind::Match { cases, .. } => cases.iter().any(|case| binds(&case.body)),
        StmtKind::Delete(targets) => targets.iter().any(is_pytestmark),
        _ => false,
    })
}

fn binds(body: &[Stmt]) -> bool {
    let is_bound = |stmt: &Stmt| match &stmt.kind {
        StmtKind::Assign { targets, .. } => targets.iter().any(is_pytestmark),
        StmtKind::AnnAssign { target, value: Some(_), .. } => is_pytestmark(target),
        _ => false,
    };
    body.iter().any(is_bound) || binds_within(body)
}

/// Where a `pytestmark` goes: behind the last import at the top of a file, or else behind the file's head.
fn behind_imports(file: &SourceFile) -> SourceSpan {
    let is_import = |stmt: &Stmt| matches!(stmt.kind, StmtKind::Import(_) | StmtKind::ImportFrom { .. });
    let last = file.body.iter().rposition(is_import);
    let line = last.map_or_else(|| behind_head(file), |last| line_behind(file, last));
    SourceSpan::at(file.path.clone(), Position { line, column: 1 })
}
