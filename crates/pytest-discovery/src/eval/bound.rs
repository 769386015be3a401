//! Which names statements bind, by their text alone.

use test_catalog::Condition;

use super::library::NamesOfScope;
use super::value::{Doubt, Raised, ScopeKind, Value};
use super::{Frame, Interpreter};
use crate::syntax::SourceFile;
use crate::syntax::ast::{Alias, Expr, ExprKind, Pattern, Range, Stmt, StmtKind};

impl Interpreter<'_> {
    /// Goes on behind a statement of a module or class that raised, though not for certain: what evaluation itself came
    /// to is more likely its own gap. Nothing of the module is certain any more.
    pub(super) fn go_on(&mut self, raised: &Raised, statement: &Stmt, frame: &Frame) {
        let text = format!("raises `{}` as far as it can be read", raised.class);
        let doubt = Doubt::from(test_catalog::Reason { text, at: raised.at.clone() });
        frame.module.open.borrow_mut().get_or_insert_with(|| doubt.clone());
        let text = format!("importing `{}` does not raise `{}`", frame.module.file.path, raised.class);
        frame.module.conditions.borrow_mut().push(Condition { text, at: raised.at.clone() });
        self.bind_unread(std::slice::from_ref(statement), &doubt, frame);
    }

    /// A name that is not known is bound or deleted in a module or a class.
    pub(super) fn has_other_names(holder: &Value, doubt: &Doubt) {
        let more = match holder {
            Value::Module(module) => &module.open,
            Value::Class(class) => &class.more,
            _ => return,
        };
        more.borrow_mut().get_or_insert_with(|| doubt.clone());
    }

    /// A call is not followed because of those around it: Python may refuse it as well, and with it the modules that
    /// are being imported.
    pub(super) fn may_be_too_deep(&self, frame: &Frame, range: Range) {
        let Some((innermost, outer)) = self.importing.split_last().filter(|_| self.current_doubt().is_none()) else {
            return;
        };
        let doubt = self.doubt(frame, range, "calls that nest too deeply to be followed");
        innermost.open.borrow_mut().get_or_insert_with(|| doubt.clone());
        let text = format!("importing `{}` does not raise `RecursionError`", innermost.file.path);
        for module in outer {
            module.conditions.borrow_mut().push(Condition { text: text.clone(), at: doubt.at.clone() });
        }
    }

    /// `exec(code)` and `eval(code)`: it is not run. Nothing of the module is certain any more; the names that a known
    /// text binds are bound. `names` is the dictionary that it runs over, those of the scope where there is none.
    pub(super) fn run_text(&mut self, code: &Value, names: Option<&Value>, frame: &Frame, range: Range) {
        let doubt = self.doubt(frame, range, "code that is made when the module runs");
        let frame = match names {
            None => frame.clone(),
            Some(given) => match given.downcast::<NamesOfScope>() {
                Some(held) => Frame { scope: held.scope.clone(), module: held.module.clone() },
                // A dictionary of its own; what the code does elsewhere is not known all the same.
                None => {
                    frame.module.open.borrow_mut().get_or_insert_with(|| doubt.clone());
                    self.taint(given, &doubt);
                    return;
                }
            },
        };
        frame.module.open.borrow_mut().get_or_insert_with(|| doubt.clone());
        let Some(text) = code.as_str() else { return };
        if let Ok(made) = crate::syntax::parse(&frame.module.file.path, text.into(), self.python) {
            self.bind_unread(&made.body, &doubt, &frame);
        }
    }

    /// Binds the names of statements that were not evaluated, so that none is lost in silence.
    pub(super) fn bind_unread(&mut self, statements: &[Stmt], doubt: &Doubt, frame: &Frame) {
        let mut names = Vec::new();
        collect(statements, &mut names, 0);
        for name in names {
            self.bind(&frame.scope, name, Value::Unknown(doubt.clone()));
        }
    }

    /// Whether a name that is not bound can be bound nowhere: neither elsewhere in its module nor by other means.
    pub(super) fn is_bound_nowhere(&self, name: &str, frame: &Frame) -> bool {
        let mut scope = Some(&frame.scope);
        while let Some(here) = scope {
            if here.kind == ScopeKind::Function && !here.is_comprehension() {
                return false;
            }
            scope = here.parent.as_ref();
        }
        let SourceFile { text, body, .. } = &*frame.module.file;
        let mut names = Vec::new();
        collect(body, &mut names, 0);
        let by_other_means = ["globals(", "locals(", "vars(", "exec(", "setattr(", "global "];
        name != "_"
            && !names.contains(&name)
            && !by_other_means.iter().any(|means| text.contains(means))
            && !text.contains(&format!("{name} :="))
            && !text.contains(&format!("{name}:="))
    }
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
            StmtKind::For { target: one, body, orelse, .. } => {
                target(one, names, depth);
                inner(body, names);
                inner(orelse, names);
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
