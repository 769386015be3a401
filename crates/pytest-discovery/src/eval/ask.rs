//! What collection asks of evaluation beyond the names of modules: calls of hooks and of `ids=`.

use std::rc::Rc;

use super::value::{Doubt, Module, Object, Value};
use super::{Frame, Interpreter, elements};
use crate::syntax::ast::Range;

/// How the text begins of the doubt that a call from outside raised.
pub(super) const RAISES: &str = "raises `";
const NOWHERE: Range = Range { start: 0, end: 0 };

impl Interpreter<'_> {
    /// Calls a hook with those of the arguments that it names; `bound` is what a method is bound to.
    pub(crate) fn call_hook(
        &mut self,
        hook: &Value,
        bound: Option<Value>,
        arguments: &[(&str, Value)],
        frame: &Frame,
    ) -> Value {
        let function = match hook {
            Value::Function(function) => function,
            Value::Method(method) if matches!(method.1, Value::Function(_)) => {
                return self.call_hook(&method.1, Some(method.0.clone()), arguments, frame);
            }
            _ => return self.unknown(frame, NOWHERE, "a hook that is no function of the tree"),
        };
        let named = |name: &str| arguments.iter().find(|(one, _)| *one == name).map(|(_, value)| value.clone());
        let parameters = function.def.parameters.iter().skip(usize::from(bound.is_some()));
        let passed = parameters.filter(|one| one.default.is_none()).map(|one| {
            let value = named(&one.name).unwrap_or_else(|| {
                self.unknown(frame, function.def.range, format!("what pytest passes as `{}`", one.name))
            });
            (Rc::from(&*one.name), value)
        });
        let passed: Vec<(Rc<str>, Value)> = passed.collect();
        self.call_value(hook, bound.into_iter().collect(), passed, frame, NOWHERE)
    }

    /// The same of one that may not be called, or is one of several: for what it changes. Whether all of it was followed.
    pub(crate) fn may_call_hook(
        &mut self,
        doubt: &Doubt,
        hook: &Value,
        bound: Option<&Value>,
        arguments: &[(&str, Value)],
        frame: &Frame,
    ) -> bool {
        let several = hook.doubt().map_or(std::slice::from_ref(hook), Doubt::candidates);
        let mut is_followed = hook.doubt().is_none();
        for one in several {
            let call = |interpreter: &mut Self| interpreter.call_hook(one, bound.cloned(), arguments, frame);
            is_followed &= self.perhaps(doubt, call).is_some();
        }
        is_followed
    }

    /// Whether Python could call a value; `None` where that is not known.
    pub(crate) fn is_callable(&self, value: &Value) -> Option<bool> {
        super::library::is_callable(value)
    }

    /// Up to `count` elements of what can be iterated, and whether it has a length.
    pub(crate) fn first_elements(&mut self, value: &Value, count: usize) -> Result<(Vec<Value>, bool), Option<Doubt>> {
        let Value::Iterator(iterator) = value else { return elements(value).map(|items| (items, true)) };
        self.settled(value);
        let mut items = Vec::new();
        while items.len() < count {
            match iterator.next().map_err(Some)? {
                Some(item) => items.push(item),
                None => break,
            }
        }
        Ok((items, false))
    }

    /// A generator that nobody asked yet is asked for all that it has.
    pub(crate) fn settled(&mut self, value: &Value) {
        let Value::Iterator(iterator) = value else { return };
        let settled = self.on_behalf(|interpreter| {
            interpreter.settle(value);
            Value::None
        });
        if let Value::Unknown(doubt) = settled {
            iterator.forget(&doubt);
        }
    }

    /// The module of the tree that a dotted name means.
    pub(crate) fn module_of_tree(&mut self, from: &camino::Utf8Path, dotted: &str) -> Option<Rc<Module>> {
        match self.imported(from, dotted) {
            Value::Module(module) => Some(module),
            _ => None,
        }
    }

    /// Whether the hook that was called last raised an exception.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed
    }

    /// Whether a doubt is that a call from outside raised an exception of that class.
    pub(crate) fn is_raise_of(doubt: &Doubt, class: &str) -> bool {
        doubt.text.strip_prefix(RAISES).and_then(|raised| raised.strip_suffix('`')) == Some(class)
    }

    /// Whether a doubt is that a call from outside raised.
    pub(crate) fn is_of_raise(doubt: &Doubt) -> bool {
        doubt.text.starts_with(RAISES) && doubt.text.ends_with('`')
    }

    /// What is done for an object, which may stand for several: then it is not known how often that is.
    pub(crate) fn for_each_of<T>(&mut self, object: &Value, run: impl FnOnce(&mut Self) -> T) -> T {
        let doubts = self.doubts.len();
        if let Some((doubt, object)) = super::several::within(object) {
            self.doubts.push_times(&doubt, object);
        }
        let done = run(self);
        self.doubts.truncate(doubts);
        done
    }

    /// Whether what happens now happens for certain.
    pub(crate) fn is_certain(&self) -> bool {
        self.current_doubt().is_none()
    }

    /// The same of what is done to an object that may stand for several.
    pub(crate) fn is_certain_for(&self, object: &dyn Object) -> bool {
        self.doubts.last_to(std::ptr::from_ref(object).cast()).is_none()
    }
}

/// A path of the tree, as `pathlib` has it.
pub(crate) fn path_value(path: &camino::Utf8Path) -> Value {
    Value::Path(path.as_str().into())
}
