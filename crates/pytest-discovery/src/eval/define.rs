//! Definitions of functions, and decorators.

use std::rc::Rc;
use std::sync::Arc;

use super::class::{DataclassOptions, Property};
use super::memo::{self, Memo};
use super::value::{Arguments, Binding, FixtureOptions, Function, ScopeKind, Value};
use super::{Frame, Interpreter, stdlib, wrapping};
use crate::syntax::ast::{self, Range};

/// Whether a value that is not known is a fixture where a condition has it so.
fn may_be_fixture(value: &Value) -> bool {
    value.doubt().is_some_and(|doubt| doubt.candidates().iter().any(|one| matches!(one, Value::Fixture(_))))
}

impl Interpreter<'_> {
    pub(super) fn define(&mut self, def: &Arc<ast::Function>, frame: &Frame) {
        let decorators: Vec<_> = def.decorators.iter().map(|one| (self.eval(one, frame), one.range)).collect();
        let made = self.function(def, frame);
        let mut value = Value::Function(made.clone());
        for (decorator, range) in decorators.into_iter().rev() {
            if self.raised.is_some() {
                return;
            }
            value = match (&decorator, &value) {
                // Where the function is there at all, so is its mark.
                (Value::Mark(mark), Value::Function(function)) if Rc::ptr_eq(function, &made) => {
                    function.add_mark(mark);
                    value
                }
                _ => self.decorate(&decorator, value, frame, range),
            };
        }
        if self.raised.is_none() {
            self.bind(&frame.scope, &def.name, value);
        }
    }

    /// A function object, its defaults and annotations evaluated.
    pub(super) fn function(&mut self, def: &Arc<ast::Function>, frame: &Frame) -> Rc<Function> {
        // Most functions have none.
        let last = def.parameters.iter().rposition(|one| one.default.is_some()).map_or(0, |last| last + 1);
        let defaults = def.parameters[..last].iter().map(|one| Some(self.eval(one.default.as_ref()?, frame))).collect();
        let inner = Self::generic(&def.type_parameters, frame);
        // Those of a generic method see its class's names, which its scope does not.
        if def.type_parameters.is_empty() || frame.scope.kind != ScopeKind::Class {
            self.annotations(&def.annotations, &inner);
        }
        Rc::new(Function::new(def.clone(), inner.scope, frame.module.clone(), defaults))
    }

    pub(super) fn decorate(&mut self, decorator: &Value, value: Value, frame: &Frame, range: Range) -> Value {
        match (decorator, &value) {
            (Value::Mark(_), Value::Function(_) | Value::Class(_) | Value::StaticMethod(_) | Value::ClassMethod(_)) => {
                self.call_plain(decorator, vec![value.clone()], frame, range)
            }
            (Value::Mark(_), Value::Fixture(_)) => self.call_plain(decorator, vec![value.clone()], frame, range),
            // What it is put on is not known, and stays so.
            (Value::Mark(_), _) => value,
            (Value::FixtureMaker(options), _) => self.fixture(options, value.clone(), frame, range),
            (Value::External(path), _) => match &**path {
                "pytest.fixture" | "pytest_asyncio.fixture" => {
                    self.fixture(&FixtureOptions::default(), value.clone(), frame, range)
                }
                "builtins.staticmethod" => Value::StaticMethod(Rc::new(value.clone())),
                "builtins.classmethod" => Value::ClassMethod(Rc::new(value.clone())),
                "builtins.property" => property(value),
                "functools.cached_property" => {
                    memo::remember(&value, Memo::of_objects());
                    Value::Property(Rc::new(Property { getter: value, setter: None, refuses: false }))
                }
                "functools.lru_cache" | "functools.cache" => {
                    // A cache has no bound.
                    let maxsize = path.ends_with(".cache").then_some(&Value::None);
                    memo::remembering(&value, Memo::of_calls(maxsize, None))
                }
                "abc.abstractmethod" => {
                    set_abstract(&value);
                    value
                }
                "abc.abstractproperty" => {
                    set_abstract(&value);
                    property(value)
                }
                "abc.abstractclassmethod" => {
                    set_abstract(&value);
                    Value::ClassMethod(Rc::new(value))
                }
                "abc.abstractstaticmethod" => {
                    set_abstract(&value);
                    Value::StaticMethod(Rc::new(value))
                }
                "contextlib.contextmanager" | "contextlib.asynccontextmanager" => {
                    if let Value::Function(function) = &value {
                        // Its body runs in two parts, which are not followed.
                        let doubt = self.doubt(frame, range, "a context manager");
                        let binding = super::Binding { value: Value::None, doubt: Some(doubt) };
                        function.attributes.borrow_mut().insert(NOT_FOLLOWED.into(), binding);
                    }
                    value
                }
                // It takes the class for the reason, and gives a decorator.
                "unittest.skip" if matches!(value, Value::Class(_)) => Value::Transparent,
                "enum.unique" => self.call_plain(decorator, vec![value], frame, range),
                path if stdlib::is_transparent(path) => value,
                path if stdlib::is_attrs(path) && matches!(value, Value::Class(_)) => {
                    if let Value::Class(class) = &value {
                        class.made_by_library.set(true);
                    }
                    value
                }
                "dataclasses.dataclass" => self.make_dataclass(value, DataclassOptions::default(), frame, range),
                _ => self.doubtful_decorator(value, frame, range),
            },
            (Value::Transparent, _) => value,
            (Value::Partial(partial), Value::Function(function)) if matches!(&partial.function, Value::External(path) if &**path == super::drawing::GIVEN) =>
            {
                self.given(function, &partial.arguments, frame, range);
                value
            }
            (Value::Patch(one), _) => {
                patch(&value, one.injects);
                // Whoever calls it here runs it with what is patched.
                if let Value::Function(function) = &value {
                    let not_followed = Binding { value: Value::None, doubt: None };
                    function.attributes.borrow_mut().insert(NOT_FOLLOWED.into(), not_followed);
                }
                value
            }
            (Value::Wraps(inner), Value::Function(_) | Value::Instance(_)) => {
                self.wrap(&value, inner);
                value
            }
            (Value::DataclassMaker(options), _) => self.make_dataclass(value, *options, frame, range),
            (Value::BuiltinMethod(method), _) if matches!(method.0, Value::Property(_)) => {
                match (&method.0, &*method.1) {
                    (Value::Property(property), "setter") => Value::Property(Rc::new(Property {
                        getter: property.getter.clone(),
                        setter: Some(value),
                        refuses: false,
                    })),
                    (other, _) => other.clone(),
                }
            }
            (Value::Function(_) | Value::Method(_) | Value::Partial(_) | Value::Class(_) | Value::Instance(_), _) => {
                match self.call_plain(decorator, vec![value.clone()], frame, range) {
                    found if self.raised.is_none() && !may_be_fixture(&found) && found.doubt().is_some() => {
                        self.doubtful_decorator(value, frame, range)
                    }
                    found => found,
                }
            }
            (Value::Unknown(_), _) => {
                // For what those change that it may be.
                let found = self.call_plain(decorator, vec![value.clone()], frame, range);
                if may_be_fixture(&found) { found } else { self.doubtful_decorator(value, frame, range) }
            }
            _ => self.doubtful_decorator(value, frame, range),
        }
    }

    /// `functools.update_wrapper`: the wrapper shows what the inner function is.
    pub(super) fn wrap(&mut self, wrapper: &Value, inner: &Value) {
        match (wrapper, inner) {
            (Value::Function(wrapper), Value::Function(inner)) => wrapping::wrap(wrapper, inner),
            (Value::Instance(instance), Value::Function(function)) => {
                let held: Vec<_> = function.attributes.borrow().clone().into_iter().collect();
                held.into_iter().for_each(|(name, one)| self.put_attribute(instance, &name, one.value));
                self.put_attribute(instance, "__name__", Value::str(&*function.name()));
                self.put_attribute(instance, "__wrapped__", inner.clone());
            }
            (Value::Function(wrapper), Value::Unknown(doubt)) => wrapping::wrap_one_of_several(wrapper, doubt),
            (Value::Function(wrapper), Value::Class(class)) => wrapping::show_name(wrapper, &class.name),
            (Value::Function(wrapper), Value::External(path)) => {
                if let Some(name) = stdlib::name_of(path) {
                    wrapping::show_name(wrapper, name);
                }
            }
            _ => {}
        }
    }

    /// It is taken to keep a function with these parameters; marks and parameters may be others.
    fn doubtful_decorator(&mut self, value: Value, frame: &Frame, range: Range) -> Value {
        let text = format!("the decorator `{}` is not followed", frame.module.file.one_line(range));
        let doubt = self.doubt(frame, range, text);
        self.note_risk(&doubt);
        if let Value::Class(class) = &value {
            class.doubt.borrow_mut().get_or_insert_with(|| doubt.clone());
        }
        self.taint(&value, &doubt);
        value
    }

    pub(super) fn arguments(&self, values: Vec<Value>, frame: &Frame, range: Range) -> Arguments {
        let source = super::value::Source::of(frame, range);
        let positional = values.into_iter().map(|value| super::value::Argument { value, source: source.clone() });
        Arguments { positional: positional.collect(), keywords: Vec::new() }
    }
}

/// The attribute that says that a function's body is not run.
pub(super) const NOT_FOLLOWED: &str = "<not followed>";

pub(super) fn property(getter: Value) -> Value {
    Value::Property(Rc::new(Property { getter, setter: None, refuses: true }))
}

pub(super) fn set_abstract(value: &Value) {
    match value {
        Value::Function(function) => function.set_abstract(),
        Value::StaticMethod(inner) | Value::ClassMethod(inner) => set_abstract(inner),
        Value::Property(property) => set_abstract(&property.getter),
        Value::Fixture(fixture) => set_abstract(&fixture.function),
        _ => {}
    }
}

/// A layer of `mock.patch`: on a class it goes on each of its test methods.
fn patch(value: &Value, injects: bool) {
    match value {
        Value::Function(function) => function.patch(usize::from(injects)),
        Value::Class(class) => {
            for (name, binding) in class.names.borrow().iter() {
                if name.starts_with("test")
                    && let Value::Function(function) = &binding.value
                {
                    function.patch(usize::from(injects));
                }
            }
        }
        _ => {}
    }
}
