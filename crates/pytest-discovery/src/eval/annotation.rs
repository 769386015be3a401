//! Annotations: Python evaluates those of a function where it is defined, and those of variables outside of functions.

use std::rc::Rc;

use super::value::{Binding, Scope, Value};
use super::{Frame, Interpreter};
use crate::PythonVersion;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, Range, Stmt, StmtKind};

/// From this release on annotations are evaluated when they are asked for.
const PUT_OFF: PythonVersion = PythonVersion::new(3, 14);
/// From this release on `|` takes types.
const UNIONS: PythonVersion = PythonVersion::new(3, 10);
/// Built-in types.
const TYPES: [&str; 12] =
    ["bool", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "object", "set", "str", "tuple"];

impl Interpreter<'_> {
    /// Evaluates annotations where they stand, unless that is put off.
    pub(super) fn annotations(&mut self, annotations: &[Expr], frame: &Frame) {
        if annotations.is_empty() || self.python >= PUT_OFF || puts_off(&frame.module.file.body) {
            return;
        }
        for annotation in annotations {
            if self.raised.is_some() {
                return;
            }
            self.annotation(annotation, frame);
        }
    }

    /// One of them: only what is known to be wrong with it counts, since all others are there to be read.
    fn annotation(&mut self, annotation: &Expr, frame: &Frame) -> Value {
        let range = annotation.range;
        match &annotation.kind {
            ExprKind::Attribute(object, name) => match self.annotation(object, frame) {
                held if self.raised.is_some() || is_foreign(&held) => Value::Opaque,
                held => self.attribute(&held, &frame.private(name), frame, range),
            },
            ExprKind::Subscript(object, key) => {
                let held = self.annotation(object, frame);
                let key = self.annotation(key, frame);
                match held {
                    _ if self.raised.is_some() => Value::Opaque,
                    Value::None => self.fail("TypeError", "`None` has no items".to_owned(), frame, range),
                    Value::Class(ref class) if class.in_tree("__class_getitem__").is_some() => {
                        self.item(&held, &key, frame, range)
                    }
                    Value::Class(ref class) if is_type(&held) && class.def.type_parameters.is_empty() => {
                        self.fail("TypeError", "a class that has no items".to_owned(), frame, range)
                    }
                    Value::Dict(_) | Value::List(_) | Value::Instance(_) => self.item(&held, &key, frame, range),
                    _ => Value::Opaque,
                }
            }
            ExprKind::Tuple(items) | ExprKind::List(items) => {
                items.iter().for_each(|item| drop(self.annotation(item, frame)));
                Value::Opaque
            }
            ExprKind::Binary(left, BinaryOp::BitOr, right) => {
                let left = self.annotation(left, frame);
                let right = self.annotation(right, frame);
                self.union(&left, &right, frame, range)
            }
            ExprKind::Starred(inner) => self.annotation(inner, frame),
            _ => self.eval(annotation, frame),
        }
    }

    /// `LEFT | RIGHT`, of which only some are refused: a text is no type, and earlier releases take none at all.
    fn union(&mut self, left: &Value, right: &Value, frame: &Frame, range: Range) -> Value {
        let are_plain = [left, right].into_iter().all(|one| matches!(one, Value::None | Value::Str(_)) || is_type(one));
        let has_text = [left, right].into_iter().any(|one| matches!(one, Value::Str(_)));
        let are_none = matches!((left, right), (Value::None, Value::None));
        if self.raised.is_none() && are_plain && (has_text || are_none || self.python < UNIONS) {
            return self.fail("TypeError", "operands that `|` does not take".to_owned(), frame, range);
        }
        Value::Opaque
    }

    /// Where the type parameters of a definition are bound: between it and what is around it.
    pub(super) fn generic(names: &[Box<str>], frame: &Frame) -> Frame {
        if names.is_empty() {
            return frame.clone();
        }
        let scope = Scope::of_comprehension(frame.scope.clone());
        let bound = names.iter().map(|name| (Rc::from(&**name), Binding { value: Value::Opaque, doubt: None }));
        scope.names.borrow_mut().extend(bound);
        Frame { scope, module: frame.module.clone() }
    }
}

/// Whether a module says that its annotations are not evaluated. Nothing but its docstring and the like stands before that.
fn puts_off(body: &[Stmt]) -> bool {
    let is_docstring = |one: &Stmt| matches!(one.kind, StmtKind::Expr(_));
    let imports = body.iter().skip_while(|one| is_docstring(one)).map_while(|one| match &one.kind {
        StmtKind::ImportFrom { module: Some(module), names, .. } if &**module == "__future__" => Some(names),
        _ => None,
    });
    imports.flatten().any(|name| &*name.name == "annotations")
}

/// Whether nothing is known of what it holds.
fn is_foreign(value: &Value) -> bool {
    matches!(value, Value::External(_) | Value::Unknown(_) | Value::Opaque)
}

/// Whether a value is a type for which nobody defines operators.
fn is_type(value: &Value) -> bool {
    match value {
        Value::External(path) => path.strip_prefix("builtins.").is_some_and(|name| TYPES.contains(&name)),
        Value::Class(class) => {
            class.metaclass.borrow().is_none()
                && class.doubt.borrow().is_none()
                && class.more.borrow().is_none()
                && !class.has_external(|path| path != "builtins.object")
        }
        _ => false,
    }
}
