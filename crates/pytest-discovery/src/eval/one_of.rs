//! What is done to one of several.
//!
//! `factory = Real if UNKNOWN else Fake` leaves `factory` unknown, and `factory().start()` runs one of two methods. Each of those that
//! it may be is followed under the doubt, and what that gives is among what the result may be.

use std::rc::Rc;

use super::attribute::Found;
use super::value::{Arguments, Binding, Class, Doubt, Function, Value};
use super::{Frame, Interpreter, stdlib};
use crate::syntax::ast::{Call, ExprKind, Range};

/// How deeply functions are looked for in what the one that is called may be a part of.
const DEEPEST: u32 = 2;

impl Interpreter<'_> {
    /// A call of what is not known: each function that it may be is followed for what it changes. The doubt that is left is also about
    /// what they give.
    pub(super) fn call_candidates(
        &mut self,
        call: &Call,
        doubt: &Doubt,
        arguments: &Arguments,
        frame: &Frame,
        range: Range,
    ) -> Doubt {
        let ExprKind::Attribute(_, name) = &call.function.kind else {
            return self.call_one_of(doubt, arguments, frame, range);
        };
        let mut given = Vec::new();
        let mut changed = Vec::new();
        for candidate in doubt.candidates() {
            match candidate {
                Value::List(_) | Value::Dict(_) if stdlib::is_pure_method(candidate, name) => {}
                // `name.startswith(...)` where a function is among what has a name.
                Value::Function(function) if *function.name() != **name && is_method_of_text(name) => {}
                Value::Class(class) if class.in_tree(name).is_none() && is_method_of_text(name) => {}
                Value::Function(_) | Value::Method(_) | Value::BuiltinMethod(_) | Value::Partial(_) => {
                    given.extend(self.call_perhaps(candidate, doubt, arguments, frame, range));
                }
                other => changed.push(other),
            }
        }
        self.taint_all(changed, doubt);
        doubt.among(&given)
    }

    /// The same of a call of a value.
    pub(super) fn call_one_of(&mut self, doubt: &Doubt, arguments: &Arguments, frame: &Frame, range: Range) -> Doubt {
        let mut callables = Vec::new();
        for candidate in doubt.candidates() {
            find_callables(candidate, &mut callables, 0);
        }
        let mut given = Vec::new();
        for callable in &callables {
            given.extend(self.call_perhaps(callable, doubt, arguments, frame, range));
        }
        doubt.among(&given)
    }

    fn call_perhaps(
        &mut self,
        function: &Value,
        doubt: &Doubt,
        arguments: &Arguments,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        let call = |one: &mut Self| one.apply(function, arguments.clone(), None, frame, range);
        match function_of(function) {
            Some(followed) => self.follow(&followed, doubt, call),
            None => self.perhaps(doubt, call),
        }
    }

    /// An attribute of what is not known: what those have under that name that it may be.
    pub(super) fn attribute_of_one(&mut self, doubt: &Doubt, name: &str, frame: &Frame, range: Range) -> Doubt {
        let mut found = Vec::new();
        for candidate in doubt.candidates().iter().filter(|one| has_own_attributes(one)) {
            let find = |one: &mut Self| one.find_attribute(candidate, name, frame, range);
            let looked_up = match getter_of(candidate, name) {
                Some(getter) => self.follow(&getter, doubt, find),
                None => self.perhaps(doubt, find),
            };
            match looked_up {
                Some(Found::Value(value)) => found.push(value),
                Some(Found::Unknown(Some(doubt))) => found.push(Value::Unknown(doubt)),
                _ => {}
            }
        }
        doubt.among(&found)
    }

    /// Assigns an attribute of what is not known: each of those that it may be may have it now.
    pub(super) fn set_attribute_of_one(
        &mut self,
        doubt: &Doubt,
        name: &str,
        value: &Value,
        frame: &Frame,
        range: Range,
    ) {
        for candidate in doubt.candidates() {
            self.taint(candidate, doubt);
            if has_own_attributes(candidate) {
                self.perhaps(doubt, |one| one.set_attribute(candidate, name, value.clone(), frame, range));
            }
        }
    }

    /// Runs methods under those names of each instance that a value may be: it is used where they are asked.
    pub(super) fn ask_one_of(&mut self, value: &Value, names: &[&str]) {
        let Value::Unknown(doubt) = value else { return };
        for candidate in doubt.candidates() {
            self.may_ask(candidate, names, doubt);
        }
    }
}

fn is_method_of_text(name: &str) -> bool {
    stdlib::has_method(&Value::str(""), name) == Some(true)
}

/// The function of the tree that gives an object's attribute.
fn getter_of(object: &Value, name: &str) -> Option<Rc<Function>> {
    let Value::Instance(instance) = object else { return None };
    match instance.class.in_tree(name) {
        Some(Binding { value: Value::Property(property), .. }) => function_of(&property.getter),
        Some(_) => None,
        None => function_of(&instance.class.in_tree("__getattr__")?.value),
    }
}

/// Whether what is assigned to its attributes is followed.
fn has_own_attributes(value: &Value) -> bool {
    match value {
        Value::Instance(instance) => instance.member.is_none(),
        Value::Class(class) => !class.is_enum,
        _ => false,
    }
}

/// The function of the tree that a call runs.
fn function_of(callable: &Value) -> Option<Rc<Function>> {
    let of_class = |class: &Class, name: &str| class.in_tree(name).and_then(|found| function_of(&found.value));
    match callable {
        Value::Function(function) => Some(function.clone()),
        Value::Method(method) => function_of(&method.1),
        Value::Partial(partial) => function_of(&partial.function),
        Value::Class(class) => of_class(class, "__new__").or_else(|| of_class(class, "__init__")),
        Value::Instance(instance) => of_class(&instance.class, "__call__"),
        _ => None,
    }
}

/// What can be called of a value and what it has in it.
fn find_callables(value: &Value, found: &mut Vec<Value>, depth: u32) {
    match value {
        Value::Function(_) | Value::Method(_) | Value::BuiltinMethod(_) | Value::Partial(_) => {
            found.push(value.clone())
        }
        Value::Class(class) if !class.is_enum => found.push(value.clone()),
        Value::Instance(instance) if instance.class.in_tree("__call__").is_some() => found.push(value.clone()),
        _ if depth < DEEPEST => {
            for held in super::callback::held_by(value) {
                find_callables(&held, found, depth + 1);
            }
        }
        _ => {}
    }
}
