//! Types of values: `type`, `isinstance`, `issubclass`.

use std::rc::Rc;

use super::super::class::Class;
use super::super::value::{Argument, Arguments, DictKind, Value};
use super::super::{exceptions, stdlib};

/// `type(value)`.
pub(in crate::eval) fn type_of(value: &Value) -> Option<Value> {
    Some(match value {
        Value::Instance(instance) => Value::Class(instance.class.clone()),
        Value::Exception(exception) => Value::external(format!("builtins.{}", exception.0)),
        Value::Path(_) => Value::external("pathlib.PosixPath"),
        other => Value::external(format!("builtins.{}", builtin_type(other)?)),
    })
}

fn builtin_type(value: &Value) -> Option<&'static str> {
    Some(match value {
        Value::None => "NoneType",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int",
        Value::Float(_) => "float",
        Value::Complex(..) => "complex",
        Value::Str(_) => "str",
        Value::Bytes(_) => "bytes",
        Value::Tuple(_) => "tuple",
        Value::List(_) => "list",
        Value::Dict(dict) if matches!(dict.1, DictKind::Plain) => "dict",
        Value::Set(_) => "set",
        Value::FrozenSet(_) => "frozenset",
        Value::Range(_) => "range",
        Value::Slice(_) => "slice",
        Value::Class(class) if !class.is_enum && class.doubt.borrow().is_none() && !class.is_abc() => "type",
        _ => return None,
    })
}

/// `isinstance(value, class)`; `None` where it is not known.
pub(super) fn is_instance(value: &Value, class: &Value) -> Option<bool> {
    match class {
        Value::Tuple(classes) => {
            let mut unknown = false;
            for class in classes.iter() {
                match is_instance(value, class) {
                    Some(true) => return Some(true),
                    Some(false) => {}
                    None => unknown = true,
                }
            }
            if unknown { None } else { Some(false) }
        }
        Value::Class(class) => {
            if class.is_asked_by_metaclass("__instancecheck__")
                || class.is_abc() && !matches!(value, Value::Instance(_))
            {
                return None;
            }
            match value {
                Value::Instance(instance) => {
                    if instance.class.derives_from(class) {
                        return Some(true);
                    }
                    let open = instance.class.doubt.borrow().is_some()
                        || class.is_abc()
                        || instance
                            .class
                            .mro
                            .iter()
                            .any(|base| matches!(base, Value::Class(base) if base.doubt.borrow().is_some()));
                    (!open).then_some(false)
                }
                Value::Unknown(_) | Value::Opaque | Value::Time(_) | Value::Object(_) | Value::External(_) => None,
                _ => Some(false),
            }
        }
        Value::External(path) => is_of(value, path),
        _ => None,
    }
}

fn is_of(value: &Value, path: &str) -> Option<bool> {
    if path == "builtins.object" {
        return Some(true);
    }
    if matches!(value, Value::Unknown(_) | Value::Opaque | Value::Time(_) | Value::Object(_) | Value::External(_)) {
        // What is of a library may be anything; of a class it is known that it is one.
        return None;
    }
    if let Value::Instance(instance) = value {
        let class = &instance.class;
        if class.has_external(|base| base == path) {
            return Some(true);
        }
        let by_payload = match &instance.value {
            Value::None => None,
            payload if class.payload().is_some() => is_of(payload, path).filter(|found| *found),
            _ => None,
        };
        if by_payload == Some(true) {
            return Some(true);
        }
        if let Some(wanted) = path.strip_prefix("builtins.") {
            let derived = class.mro.iter().any(|base| match base {
                Value::External(base) => base
                    .strip_prefix("builtins.")
                    .is_some_and(|base| stdlib::is_exception(base) && exceptions::is_kind_of(base, wanted)),
                _ => false,
            });
            if derived {
                return Some(true);
            }
            let known = class.is_plain() || class.is_enum || class.is_exception() || class.payload().is_some();
            return (known && class.doubt.borrow().is_none()).then_some(false);
        }
        return None;
    }
    if let Some(wanted) = path.strip_prefix("builtins.") {
        if !stdlib::is_builtin_class(wanted) {
            return None;
        }
        if let Value::Exception(exception) = value {
            return Some(exceptions::is_kind_of(&exception.0, wanted));
        }
        if wanted == "type" {
            return match value {
                Value::Class(_) => Some(true),
                Value::Function(_) => Some(false),
                other => builtin_type(other).map(|_| false),
            };
        }
        if matches!(value, Value::Dict(_)) {
            return Some(wanted == "dict");
        }
        let own = match value {
            Value::Function(_) | Value::Method(_) | Value::Module(_) | Value::Path(_) | Value::Class(_) => {
                return (!matches!(wanted, "super" | "staticmethod" | "classmethod" | "property")).then_some(false);
            }
            other => builtin_type(other)?,
        };
        return Some(own == wanted || (own == "bool" && wanted == "int"));
    }
    let abstract_class = path.strip_prefix("collections.abc.").or_else(|| path.strip_prefix("typing."))?;
    let (is_sequence, is_mapping, is_set) = match value {
        Value::Str(_) | Value::Bytes(_) | Value::Tuple(_) | Value::List(_) | Value::Range(_) => (true, false, false),
        Value::Dict(_) => (false, true, false),
        Value::Set(_) | Value::FrozenSet(_) => (false, false, true),
        Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) => (false, false, false),
        Value::Function(_) | Value::Method(_) | Value::Class(_) if abstract_class == "Callable" => return Some(true),
        _ => return None,
    };
    match abstract_class {
        "Sequence" => Some(is_sequence),
        "MutableSequence" => Some(matches!(value, Value::List(_))),
        "Mapping" | "MutableMapping" => Some(is_mapping),
        "Set" => Some(is_set),
        "Iterable" | "Collection" | "Sized" | "Container" => Some(is_sequence || is_mapping || is_set),
        "Callable" | "Iterator" | "Generator" => Some(false),
        _ => None,
    }
}

/// `issubclass(class, other)`.
pub(super) fn is_subclass(class: &Value, other: &Value) -> Option<bool> {
    match other {
        Value::Tuple(others) => {
            let answers: Vec<Option<bool>> = others.iter().map(|other| is_subclass(class, other)).collect();
            if answers.contains(&Some(true)) {
                Some(true)
            } else {
                answers.into_iter().collect::<Option<Vec<_>>>().map(|_| false)
            }
        }
        Value::Class(other) if other.is_asked_by_metaclass("__subclasscheck__") => None,
        Value::Class(other) => match class {
            Value::Class(class) => {
                let derives = Class::derives_from(class, other);
                let known = class.doubt.borrow().is_none() && !other.is_abc();
                (derives || known).then_some(derives)
            }
            Value::External(path) if path.starts_with("builtins.") => Some(false),
            _ => None,
        },
        Value::External(path) => match class {
            Value::Class(_) if &**path == "builtins.object" => Some(true),
            Value::Class(class) => {
                let named = class.has_external(|base| base == &**path);
                let by_exception = path.strip_prefix("builtins.").is_some_and(|wanted| {
                    class.has_external(|base| {
                        base.strip_prefix("builtins.")
                            .is_some_and(|base| stdlib::is_exception(base) && exceptions::is_kind_of(base, wanted))
                    })
                });
                if named || by_exception {
                    return Some(true);
                }
                (class.is_plain() && path.starts_with("builtins.")).then_some(false)
            }
            Value::External(one) => {
                let (one, other) = (one.strip_prefix("builtins.")?, path.strip_prefix("builtins.")?);
                if stdlib::is_exception(one) {
                    return Some(exceptions::is_kind_of(one, other) || other == "object");
                }
                if !stdlib::is_builtin_class(one) {
                    return None;
                }
                Some(one == other || other == "object" || (one == "bool" && other == "int"))
            }
            _ => None,
        },
        _ => None,
    }
}

/// `callable(value)`.
pub(in crate::eval) fn is_callable(value: &Value) -> Option<bool> {
    match value {
        Value::Function(_)
        | Value::Method(_)
        | Value::Class(_)
        | Value::Partial(_)
        | Value::BuiltinMethod(_)
        | Value::StaticMethod(_)
        | Value::Mark(_) => Some(true),
        Value::External(path) => {
            let name = path.strip_prefix("builtins.")?;
            (name != "NotImplemented").then_some(true)
        }
        Value::Instance(instance) => {
            if instance.class.in_tree("__call__").is_some() {
                return Some(true);
            }
            let known = instance.class.is_plain() || instance.class.is_enum;
            known.then_some(false)
        }
        Value::Unknown(_) | Value::Opaque | Value::Object(_) | Value::Transparent | Value::Super(_) => None,
        _ => Some(false),
    }
}

/// What `update` binds, if all of it is known: a dictionary's names, then those of keywords.
fn names_of_update(arguments: &Arguments) -> Option<Vec<(Rc<str>, Value)>> {
    let mut names: Vec<(Rc<str>, Value)> = Vec::new();
    match &arguments.positional[..] {
        [] => {}
        [Argument { value: Value::Dict(dict), .. }] => {
            for (name, value) in dict.pairs()? {
                names.push((name.as_str()?.into(), value));
            }
        }
        _ => return None,
    }
    names.extend(arguments.keywords.iter().map(|(name, argument)| (name.clone(), argument.value.clone())));
    Some(names)
}

/// The names of a module or of a class whose body runs, as `globals()` and `vars()` give them.
#[derive(Debug)]
pub(in crate::eval) struct NamesOfScope {
    pub(in crate::eval) module: Rc<super::super::value::Module>,
    pub(in crate::eval) scope: Rc<super::super::value::Scope>,
}

impl NamesOfScope {
    pub(in crate::eval) fn of_module(module: &Rc<super::super::value::Module>) -> Self {
        Self { module: module.clone(), scope: module.scope.clone() }
    }
}

impl super::super::value::Object for NamesOfScope {
    fn as_any(&self) -> &dyn std::any::Any {
        self
    }

    fn attribute(self: Rc<Self>, _name: &str, _interpreter: &mut super::super::Interpreter<'_>) -> Option<Value> {
        None
    }

    fn call(
        &self,
        name: &str,
        arguments: &Arguments,
        interpreter: &mut super::super::Interpreter<'_>,
        frame: &super::super::Frame,
        range: crate::syntax::ast::Range,
    ) -> Option<Value> {
        match (name, &arguments.positional[..]) {
            ("get", [name] | [name, _]) => {
                let default = || arguments.get(1, "default").cloned().unwrap_or(Value::None);
                let Some(known) = name.value.as_str() else {
                    let doubt = interpreter.doubt(frame, range, "a name that is not known").among([&default()]);
                    let names = Self { module: self.module.clone(), scope: self.scope.clone() };
                    return Some(interpreter.any_attribute(&Value::Object(Rc::new(names)), &doubt));
                };
                let found = self.scope.names.borrow().get(known).cloned();
                let Some(binding) = found else { return Some(default()) };
                Some(match interpreter.may_lack(&binding) {
                    Some(doubt) => Value::Unknown(doubt.among([&binding.value, &default()])),
                    None => binding.value,
                })
            }
            ("keys" | "items" | "values" | "copy", []) => {
                let doubt = interpreter.doubt(frame, range, "the names of a module");
                let held = self.scope.names.borrow().values().map(|one| one.value.clone()).collect();
                super::super::held::method_of_names(held, name, &doubt)
            }
            ("get" | "keys" | "items" | "values" | "copy", _) => None,
            _ => {
                if let ("update", Some(new)) = (name, names_of_update(arguments)) {
                    new.into_iter().for_each(|(name, value)| interpreter.bind_in(&self.scope, &name, value));
                    return Some(Value::None);
                }
                let doubt = interpreter.doubt(frame, range, "its dictionary of names is changed");
                self.taint(&doubt);
                None
            }
        }
    }

    fn item(&self, key: &Value) -> Option<Value> {
        let found = self.scope.names.borrow().get(key.as_str()?).cloned();
        found.filter(|binding| binding.doubt.is_none()).map(|binding| binding.value)
    }

    fn contains(&self, value: &Value) -> Option<bool> {
        match self.scope.names.borrow().get(value.as_str()?) {
            Some(binding) => binding.doubt.is_none().then_some(true),
            None => self.module.open.borrow().is_none().then_some(false),
        }
    }

    fn taint(&self, doubt: &super::super::value::Doubt) {
        self.module.open.borrow_mut().get_or_insert_with(|| doubt.clone());
    }
}

/// The names of a frame, which may be any of those that run.
#[derive(Debug)]
pub(in crate::eval) struct NamesOfFrame(pub(in crate::eval) Vec<Rc<super::super::value::Module>>);

impl super::super::value::Object for NamesOfFrame {
    fn as_any(&self) -> &dyn std::any::Any {
        self
    }

    fn call(
        &self,
        name: &str,
        _: &Arguments,
        interpreter: &mut super::super::Interpreter<'_>,
        frame: &super::super::Frame,
        range: crate::syntax::ast::Range,
    ) -> Option<Value> {
        if !matches!(name, "get" | "keys" | "items" | "values" | "copy") {
            self.taint(&interpreter.doubt(frame, range, "the names of a frame are changed"));
        }
        None
    }

    fn taint(&self, doubt: &super::super::value::Doubt) {
        for module in &self.0 {
            module.open.borrow_mut().get_or_insert_with(|| doubt.clone());
        }
    }
}
