//! Named tuples: their fields, their values and their methods.

use super::Interpreter;
use super::class::{Class, Instance, Payload};
use super::value::{Arguments, Value};
use std::rc::Rc;

impl Interpreter<'_> {
    pub(super) fn tuple_values(&mut self, class: &Rc<Class>, arguments: &Arguments) -> Option<Vec<Value>> {
        let fields = tuple_fields(class);
        let mut positional = arguments.positional.iter();
        let mut taken = 0;
        let mut values = Vec::with_capacity(fields.len());
        for (name, default) in &fields {
            let value = positional.next().map(|arg| arg.value.clone()).or_else(|| {
                let value = arguments.keyword(name).cloned();
                taken += usize::from(value.is_some());
                value
            });
            values.push(value.or_else(|| default.clone())?);
        }
        (positional.next().is_none() && taken == arguments.keywords.len()).then_some(values)
    }
}

/// The names of a named tuple, and their defaults.
pub(super) fn tuple_fields(class: &Class) -> Vec<(Rc<str>, Option<Value>)> {
    let own = |class: &Class| -> Vec<(Rc<str>, Option<Value>)> {
        let names = class.names.borrow();
        class.annotations.iter().map(|(name, _)| (name.clone(), names.get(name).map(|one| one.value.clone()))).collect()
    };
    if names_fields(class) {
        return own(class);
    }
    let base = class.mro.iter().find_map(|base| match base {
        Value::Class(base) if names_fields(base) => Some(own(base)),
        _ => None,
    });
    base.unwrap_or_default()
}

/// Whether the body of a class gives the fields of a named tuple.
fn names_fields(class: &Class) -> bool {
    matches!(class.mro.first(), Some(Value::External(path)) if &**path == "typing.NamedTuple")
}

/// The place of a field of a named tuple, unless a class in front of it binds the name.
fn place_of_field(class: &Class, name: &str) -> Option<usize> {
    let bases = class.mro.iter().filter_map(|base| match base {
        Value::Class(base) => Some(&**base),
        _ => None,
    });
    for class in std::iter::once(class).chain(bases) {
        if names_fields(class) {
            break;
        }
        if class.names.borrow().contains_key(name) {
            return None;
        }
    }
    tuple_fields(class).iter().position(|(one, _)| &**one == name)
}

/// Whether the name is that of a field of a named tuple.
pub(super) fn is_tuple_field(class: &Class, name: &str) -> bool {
    class.payload() == Some(Payload::Tuple) && place_of_field(class, name).is_some()
}

/// A field of a named tuple's instance, unless a class in front of it binds the name.
pub(super) fn tuple_attribute(instance: &Instance, name: &str) -> Option<Value> {
    let at = place_of_field(&instance.class, name)?;
    match &instance.value {
        Value::Tuple(items) => items.get(at).cloned(),
        _ => None,
    }
}

/// `_replace` and `_asdict` of a named tuple.
pub(super) fn tuple_method(instance: &Instance, name: &str, arguments: &Arguments) -> Option<Value> {
    let fields = tuple_fields(&instance.class);
    let Value::Tuple(items) = &instance.value else { return None };
    match name {
        "_asdict" => Some(Value::dict(
            fields.iter().zip(items.iter()).map(|((name, _), value)| (Value::str(&**name), value.clone())).collect(),
        )),
        "_replace" if arguments.positional.is_empty() => {
            let mut items = items.to_vec();
            for (name, arg) in &arguments.keywords {
                let at = fields.iter().position(|(one, _)| one == name)?;
                items[at] = arg.value.clone();
            }
            Some(Value::Instance(Rc::new(Instance::new(&instance.class, None, Value::tuple(items)))))
        }
        _ => None,
    }
}
