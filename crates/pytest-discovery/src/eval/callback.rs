//! Functions of the tree that others may call.
//!
//! `Thread(target=fill)` may call `fill`, and a context manager's body runs in two parts: what such a function changes may have
//! changed. It is followed under that doubt, with arguments that are not known.

use std::rc::Rc;

use super::value::{Binding, Doubt, Function, Scope, ScopeKind, Value};
use super::{Frame, Interpreter, MOST_STEPS};

/// How deeply functions are followed that may be called by those that may be called.
const DEEPEST: usize = 3;
/// How many steps one of them is followed for: it is seldom more than a few lines, and may be a whole program.
const STEPS: u32 = 1_000;
/// And all of them together.
const ALL_STEPS: u32 = 8_000;

/// Methods that whoever is handed an object may call without naming them.
const ASKED: [&str; 41] = [
    "__abs__",
    "__add__",
    "__bool__",
    "__bytes__",
    "__call__",
    "__ceil__",
    "__complex__",
    "__contains__",
    "__copy__",
    "__deepcopy__",
    "__dir__",
    "__divmod__",
    "__enter__",
    "__eq__",
    "__exit__",
    "__float__",
    "__floor__",
    "__format__",
    "__fspath__",
    "__ge__",
    "__getitem__",
    "__gt__",
    "__hash__",
    "__iadd__",
    "__index__",
    "__int__",
    "__iter__",
    "__le__",
    "__len__",
    "__length_hint__",
    "__lt__",
    "__ne__",
    "__next__",
    "__pow__",
    "__radd__",
    "__repr__",
    "__reversed__",
    "__round__",
    "__setitem__",
    "__str__",
    "__trunc__",
];

/// Those that are not asked once for all objects of a class: it is what callbacks are.
const ASKED_EACH_TIME: [&str; 1] = ["__call__"];

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
            Value::Iterator(_) => drop(self.perhaps(doubt, |interpreter| interpreter.settle(value))),
            Value::StaticMethod(inner) | Value::ClassMethod(inner) => self.may_call_within(inner, doubt, depth),
            Value::Partial(partial) => self.may_call_within(&partial.function.clone(), doubt, depth),
            // The object itself is not known any more; what its methods change elsewhere is the same for all of its class.
            Value::Instance(instance) => {
                let is_new = self.asked.insert(Rc::as_ptr(&instance.class), instance.class.clone()).is_none();
                self.may_ask(value, if is_new { &ASKED } else { &ASKED_EACH_TIME }, doubt);
            }
            Value::Unknown(unknown) if depth == 0 => {
                for candidate in unknown.candidates() {
                    self.may_call_within(candidate, doubt, depth + 1);
                }
            }
            Value::Tuple(_) | Value::List(_) | Value::Set(_) | Value::Dict(_) if depth == 0 => {
                for held in held_by(value) {
                    self.may_call_within(&held, doubt, depth + 1);
                }
            }
            _ => {}
        }
    }

    /// Whoever uses an object may run methods that it has under those names.
    pub(super) fn may_ask(&mut self, object: &Value, names: &[&str], doubt: &Doubt) {
        let Value::Instance(instance) = object else { return };
        for name in names {
            if let Some(Binding { value: Value::Function(function), .. }) = instance.class.in_tree(name) {
                self.may_run(&function, Some(object), doubt);
            }
        }
    }

    /// A function may run, perhaps more than once: the second time it finds what the first one left unknown.
    pub(super) fn may_run(&mut self, function: &Rc<Function>, receiver: Option<&Value>, doubt: &Doubt) {
        if !function.def.can_change_others() || self.is_followed(function) {
            return;
        }
        for _ in 0..2 {
            let scope = Scope::of_call(ScopeKind::Function, Some(function.scope.clone()), Some(function.clone()));
            let mut first = receiver.cloned();
            for parameter in &function.def.parameters {
                let value = first.take().unwrap_or_else(|| Value::Unknown(doubt.clone()));
                scope.names.borrow_own().insert((&*parameter.name).into(), Binding { value, doubt: None });
            }
            let frame = Frame { scope, module: function.module.clone() };
            self.run_perhaps(function, &frame, doubt);
        }
    }

    /// Whether it is followed already, further out.
    fn is_followed(&self, function: &Rc<Function>) -> bool {
        self.may_run.iter().any(|outer| Rc::ptr_eq(outer, function))
    }

    /// Follows the body of a function that may run, whose parameters are bound, for some steps.
    pub(super) fn run_perhaps(&mut self, function: &Rc<Function>, frame: &Frame, doubt: &Doubt) {
        self.follow(function, doubt, |interpreter| {
            if function.def.is_generator {
                drop(interpreter.all_of(function, frame));
            } else {
                interpreter.body_of(function, frame);
            }
        });
    }

    /// The same of a call of it, which is not told how its parameters are bound. What it gives, if it is followed.
    pub(super) fn follow<T>(
        &mut self,
        function: &Rc<Function>,
        doubt: &Doubt,
        run: impl FnOnce(&mut Self) -> T,
    ) -> Option<T> {
        if !function.def.can_change_others() {
            return self.perhaps(doubt, run);
        }
        if self.is_followed(function) {
            return None;
        }
        // They take no steps of the module that hands them out.
        if self.may_run.len() < DEEPEST && self.steps_of_others < ALL_STEPS {
            let (before, ended) = (self.steps, self.exhausted.take());
            self.steps = MOST_STEPS - STEPS;
            self.may_run.push(function.clone());
            let given = self.perhaps(doubt, run);
            self.may_run.pop();
            let is_followed = !self.is_exhausted();
            self.steps_of_others += self.steps.saturating_sub(MOST_STEPS - STEPS).min(STEPS);
            (self.steps, self.exhausted) = (before, ended);
            if is_followed {
                return given;
            }
        }
        self.give_up(function, doubt);
        None
    }

    /// What a function names outside of itself is what it may change. What others change that it calls is not asked: all of a
    /// large program hangs together.
    fn give_up(&mut self, function: &Function, doubt: &Doubt) {
        for name in function.def.outer_names() {
            let Some((scope, held)) = found_around(&function.scope, name) else { continue };
            if let Value::List(_) | Value::Set(_) | Value::Dict(_) = held {
                self.taint(&held, doubt);
            }
            if function.def.rebinds(name) {
                self.bind_in(&scope, name, Value::Unknown(doubt.among([&held])));
            }
        }
    }
}

/// The scope around that binds a name, and what it is bound to there.
fn found_around(scope: &Rc<Scope>, name: &str) -> Option<(Rc<Scope>, Value)> {
    let found = scope.names.borrow().get(name).map(|binding| binding.value.clone());
    match found {
        Some(value) => Some((scope.clone(), value)),
        None => found_around(scope.parent.as_ref()?, name),
    }
}

/// The values that a container has in it, or may have.
pub(super) fn held_by(value: &Value) -> Vec<Value> {
    match value {
        Value::Tuple(items) | Value::FrozenSet(items) => items.to_vec(),
        Value::List(list) | Value::Set(list) => match &*list.0.borrow() {
            Ok(items) => items.clone(),
            Err(doubt) => doubt.candidates().to_vec(),
        },
        Value::Dict(dict) => match &*dict.0.borrow() {
            Ok(pairs) => pairs.iter().map(|(_, value)| value.clone()).collect(),
            Err(doubt) => doubt.candidates().to_vec(),
        },
        _ => Vec::new(),
    }
}
