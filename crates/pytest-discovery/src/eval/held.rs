//! What objects hold under names that are not known: `getattr(TestA, name)` may be any of it.

use std::rc::Rc;

use super::doubt::Why;
use super::library::NamesOfScope;
use super::value::{Arguments, Binding, Class, Dict, DictKind, Doubt, Object, Value, ViewKind};
use super::{Frame, Interpreter};
use crate::syntax::ast::Range;

impl Interpreter<'_> {
    /// `getattr(object, name)` with a name that is not known.
    pub(super) fn any_attribute(&mut self, object: &Value, doubt: &Doubt) -> Value {
        let held = held_under_names(object);
        for value in &held {
            if let Value::Property(property) = value
                && let Value::Function(getter) = &property.getter
            {
                self.may_run(getter, Some(object), doubt);
            }
        }
        Value::Unknown(doubt.among_all(&held).among([object]))
    }

    /// `inspect.getmembers(object)`.
    pub(super) fn members_of(&mut self, arguments: &Arguments, frame: &Frame, range: Range) -> Option<Value> {
        let object = arguments.get(0, "object")?;
        let doubt = self.doubt(frame, range, Why::NotKnown);
        Some(self.any_attribute(object, &doubt))
    }
}

/// What an object holds under names, as its attributes give it.
pub(super) fn held_under_names(object: &Value) -> Vec<Value> {
    let values = |names: &super::value::Names| names.values().map(|one| one.value.clone()).collect::<Vec<_>>();
    match object {
        Value::Module(module) => values(&module.scope.names.borrow()),
        Value::Class(class) => of_class(class),
        Value::Instance(instance) => {
            let mut held = values(&instance.attributes.borrow());
            held.extend(of_class(&instance.class).into_iter().map(|value| match value {
                Value::Function(_) => Value::Method(Rc::new((object.clone(), value))),
                other => other,
            }));
            held
        }
        Value::Object(_) => match object.downcast::<NamesOfScope>() {
            Some(names) => values(&names.scope.names.borrow()),
            None => object.downcast::<NamesOfClass>().map(NamesOfClass::values).unwrap_or_default(),
        },
        Value::Unknown(doubt) => doubt.candidates().to_vec(),
        _ => Vec::new(),
    }
}

/// Whether an object is a dictionary of names.
pub(super) fn is_names(object: &Value) -> bool {
    object.downcast::<NamesOfScope>().is_some() || object.downcast::<NamesOfClass>().is_some()
}

/// What a class and its bases of the tree hold, but for methods with special names.
fn of_class(class: &Class) -> Vec<Value> {
    let of = |names: &super::value::Names| {
        let plain = names.iter().filter(|(name, _)| !name.starts_with("__"));
        plain.map(|(_, Binding { value, .. })| value.clone()).collect::<Vec<_>>()
    };
    let mut held = of(&class.names.borrow());
    for base in &class.mro {
        if let Value::Class(base) = base {
            held.extend(of(&base.names.borrow()));
        }
    }
    held
}

/// A dictionary of names of which it is not known which there are: the methods that every such object has.
pub(super) fn method_of_names(held: Vec<Value>, name: &str, doubt: &Doubt) -> Option<Value> {
    let doubt = doubt.among_all(&held);
    let dict = Rc::new(Dict::new(Err(doubt), DictKind::Plain));
    Some(match name {
        "copy" => Value::Dict(dict),
        "items" => Value::View(dict, ViewKind::Items),
        "values" => Value::View(dict, ViewKind::Values),
        "keys" => Value::View(dict, ViewKind::Keys),
        _ => return None,
    })
}

/// `CLASS.__dict__`.
#[derive(Debug)]
pub(super) struct NamesOfClass(pub(super) Rc<Class>);

impl NamesOfClass {
    fn values(&self) -> Vec<Value> {
        self.0.names.borrow().values().map(|one| one.value.clone()).collect()
    }
}

impl Object for NamesOfClass {
    fn as_any(&self) -> &dyn std::any::Any {
        self
    }

    fn call(
        &self,
        name: &str,
        arguments: &Arguments,
        interpreter: &mut Interpreter<'_>,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        if let ("get", [key, ..]) = (name, &arguments.positional[..]) {
            let default = || arguments.get(1, "default").cloned().unwrap_or(Value::None);
            if key.value.as_str().is_none() {
                let doubt = interpreter.doubt(frame, range, "a name that is not known");
                return Some(Value::Unknown(doubt.among_all(&self.values()).among([&default()])));
            }
            return self.item(&key.value).or_else(|| (self.contains(&key.value) == Some(false)).then(default));
        }
        let doubt = interpreter.doubt(frame, range, "the names of a class");
        method_of_names(self.values(), name, &doubt)
    }

    fn item(&self, key: &Value) -> Option<Value> {
        self.0.names.borrow().get(key.as_str()?).filter(|one| one.doubt.is_none()).map(|one| one.value.clone())
    }

    fn contains(&self, value: &Value) -> Option<bool> {
        let name = value.as_str()?;
        match self.0.names.borrow().get(name) {
            Some(found) => found.doubt.is_none().then_some(true),
            None => (!name.starts_with("__") && self.0.more.borrow().is_none()).then_some(false),
        }
    }
}
