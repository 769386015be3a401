//! What holds a value that is not known: changing the value changes a part of its holder.

use super::value::{Doubt, Value};
use super::{Frame, Interpreter};
use crate::syntax::ast::{Expr, ExprKind};

/// Methods that change what they are called on.
const CHANGING: [&str; 17] = [
    "add",
    "append",
    "appendleft",
    "clear",
    "discard",
    "extend",
    "insert",
    "intersection_update",
    "move_to_end",
    "pop",
    "popitem",
    "remove",
    "reverse",
    "setdefault",
    "sort",
    "subtract",
    "update",
];

/// Whether a method of that name changes what it is called on.
pub(super) fn is_changing(method: &str) -> bool {
    CHANGING.contains(&method) || matches!(method, "__setitem__" | "__delitem__" | "__iadd__" | "__ior__")
}

impl Interpreter<'_> {
    /// `holder[key].append(...)`: the method is called on a value that is not known.
    pub(super) fn changes_by_method(&mut self, method: &Expr, doubt: &Doubt, frame: &Frame) {
        if let ExprKind::Attribute(object, name) = &method.kind
            && CHANGING.contains(&&**name)
        {
            self.changes_part(object, doubt, frame);
        }
    }

    /// A value that is not known is changed: what it is taken from, by subscript, attribute or `get`, is not known either.
    pub(super) fn changes_part(&mut self, mut part: &Expr, doubt: &Doubt, frame: &Frame) {
        loop {
            let holder = match &part.kind {
                ExprKind::Subscript(holder, _) | ExprKind::Attribute(holder, _) => holder,
                ExprKind::Call(call) => match &call.function.kind {
                    ExprKind::Attribute(holder, name) if matches!(&**name, "get" | "setdefault") => holder,
                    _ => return,
                },
                _ => return,
            };
            // Names, and attributes and subscripts of them, can be looked at once more.
            if !is_path(holder) {
                return;
            }
            let value = self.eval(holder, frame);
            match value {
                Value::Unknown(_) => part = holder,
                known => {
                    self.taint(&known, doubt);
                    return;
                }
            }
        }
    }
}

fn is_path(expression: &Expr) -> bool {
    match &expression.kind {
        ExprKind::Name(_) => true,
        ExprKind::Attribute(object, _) => is_path(object),
        ExprKind::Subscript(object, key) => is_path(object) && is_path_or_constant(key),
        _ => false,
    }
}

fn is_path_or_constant(expression: &Expr) -> bool {
    matches!(expression.kind, ExprKind::Constant(_)) || is_path(expression)
}
