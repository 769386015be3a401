//! Functions of the tree that others may call.
//!
//! `Thread(target=fill)` may call `fill`, and a context manager's body runs in two parts: what such a function changes may have
//! changed. It is followed under that doubt, with arguments that are not known.

use std::rc::Rc;

use super::value::{Binding, Doubt, Function, Scope, ScopeKind, Value};
use super::{Frame, Interpreter};

/// How deeply functions are followed that may be called by those that may be called.
const DEEPEST: usize = 3;

impl Interpreter<'_> {
    /// Whoever is handed a value may call the functions that it is, or has in it.
    pub(super) fn may_call(&mut self, value: &Value, doubt: &Doubt) {
        self.may_call_within(value, doubt, 0);
    }

    fn may_call_within(&mut self, value: &Value, doubt: &Doubt, depth: u32) {
        match value {
            Value::Function(function) => self.may_run(function, None, doubt),
            Value::Method(method) => {
                if let Value::Function(function) = &method.1 {
                    self.may_run(function, Some(&method.0), doubt);
                }
            }
            Value::StaticMethod(inner) | Value::ClassMethod(inner) => self.may_call_within(inner, doubt, depth),
            Value::Partial(partial) => self.may_call_within(&partial.function.clone(), doubt, depth),
            Value::Instance(instance) => {
                if let Some(Binding { value: Value::Function(function), .. }) = instance.class.in_tree("__call__") {
                    self.may_run(&function, Some(value), doubt);
                }
            }
            Value::Tuple(_) | Value::List(_) | Value::Dict(_) if depth == 0 => {
                for held in held_by(value) {
                    self.may_call_within(&held, doubt, depth + 1);
                }
            }
            _ => {}
        }
    }

    /// A function may run, perhaps more than once: the second time it finds what the first one left unknown.
    pub(super) fn may_run(&mut self, function: &Rc<Function>, receiver: Option<&Value>, doubt: &Doubt) {
        let is_inner = |outer: &Rc<Function>| Rc::ptr_eq(outer, function);
        if self.may_run.len() >= DEEPEST || self.may_run.iter().any(is_inner) || !function.def.can_change_others() {
            return;
        }
        self.may_run.push(function.clone());
        for _ in 0..2 {
            let scope = Scope::of_call(ScopeKind::Function, Some(function.scope.clone()), Some(function.clone()));
            let mut first = receiver.cloned();
            for parameter in &function.def.parameters {
                let value = first.take().unwrap_or_else(|| Value::Unknown(doubt.clone()));
                scope.names.borrow_own().insert((&*parameter.name).into(), Binding { value, doubt: None });
            }
            let frame = Frame { scope, module: function.module.clone() };
            self.perhaps(doubt, |interpreter| interpreter.body_of(function, &frame));
        }
        self.may_run.pop();
    }
}

/// The values that a container has in it.
fn held_by(value: &Value) -> Vec<Value> {
    match value {
        Value::Tuple(items) => items.to_vec(),
        Value::List(list) => list.0.borrow().as_ref().map(Vec::clone).unwrap_or_default(),
        Value::Dict(dict) => {
            let pairs = dict.0.borrow();
            pairs.iter().flatten().map(|(_, value)| value.clone()).collect()
        }
        _ => Vec::new(),
    }
}
