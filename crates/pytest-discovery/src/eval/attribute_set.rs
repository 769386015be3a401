//! Writing `object.name`.

use super::define::NOT_FOLLOWED;
use super::doubt::Why;
use super::value::{Binding, Class, Doubt, Instance, Value};
use super::{Frame, Interpreter};
use crate::syntax::ast::Range;

impl Interpreter<'_> {
    /// `object.name = value`.
    pub(super) fn set_attribute(&mut self, object: &Value, name: &str, value: Value, frame: &Frame, range: Range) {
        let doubt = self.current_doubt().cloned();
        let bound = |value: Value, before: Option<&Binding>| match &doubt {
            None => Binding { value, doubt: None },
            Some(doubt) => Binding {
                value: Value::Unknown(doubt.among([&value]).among(before.map(|one| &one.value))),
                doubt: Some(doubt.clone()),
            },
        };
        match object {
            Value::Object(held) => held.assign(name, &bound(value, None).value, &frame.module.file.span(range)),
            Value::Instance(instance) => {
                let class = &instance.class;
                // It has other methods then.
                let odd = name == "__class__" || class.in_tree("__setattr__").is_some();
                let (property, answer) = self.set_by_method(object, class, name, &value, frame, range);
                if matches!(answer, Some(Value::None)) || self.raised.is_some() {
                    return;
                }
                if let (true, None, Some(Value::Property(property))) =
                    (!odd, &doubt, class.in_tree(name).map(|one| one.value))
                    && property.refuses
                {
                    self.fail("AttributeError", format!("`{name}` is a property without a setter"), frame, range);
                    return;
                }
                if !odd && doubt.is_none() && super::named_tuple::is_tuple_field(class, name) {
                    self.fail("AttributeError", format!("`{name}` is a field of a tuple"), frame, range);
                    return;
                }
                if !odd && class.has_no_place_for(name) {
                    self.fail("AttributeError", format!("`{name}` is none of its slots"), frame, range);
                    return;
                }
                let frozen = class.dataclass.get() && class.options.get().frozen;
                if frozen && doubt.is_none() && !odd && class.is_plain() {
                    self.fail("FrozenInstanceError", "an attribute of a frozen dataclass".to_owned(), frame, range);
                    return;
                }
                if odd || property || frozen {
                    let doubt = self.doubt(frame, range, "an attribute whose assignment is not followed");
                    self.taint_only(object, &doubt);
                    return;
                }
                self.put_attribute(instance, name, value);
            }
            Value::Class(class) => {
                if let Value::Function(function) = &value {
                    function.owner.borrow_mut().get_or_insert_with(|| class.clone());
                }
                let mut binding = bound(value, class.names.borrow().get(name));
                if class.is_asked_by_metaclass("__setattr__") {
                    let doubt = self.doubt(frame, range, "an attribute that a metaclass assigns");
                    Self::has_other_names(object, &doubt);
                    Self::has_other_data(object, &doubt);
                    binding = Binding { value: Value::Unknown(doubt.among([&binding.value])), doubt: Some(doubt) };
                }
                if name == "__bases__" {
                    let doubt = self.doubt(frame, range, "a class is given other bases");
                    give_other_bases(class, &doubt);
                    return;
                }
                if name == "__name__" {
                    class.renamed.replace(Some(binding.value));
                    return;
                }
                class.names.borrow_mut().insert(self.known_names.name(name), binding);
            }
            Value::Module(module) => self.bind_in(&module.scope, name, value),
            Value::Unknown(unknown) => self.set_attribute_of_one(unknown, name, &value, frame, range),
            Value::Function(function) => {
                if name == "pytestmark" {
                    let marks = super::marks_of(&value);
                    match (marks, doubt) {
                        (Ok(marks), None) => {
                            function.marks.replace(marks);
                            function.hand(match value {
                                Value::List(list) => Some(list),
                                _ => None,
                            });
                        }
                        (_, doubt) => {
                            let doubt = doubt.unwrap_or_else(|| self.doubt(frame, range, Why::NotKnown));
                            function.may_have_marks(&doubt);
                        }
                    }
                    return;
                }
                if name == "__wrapped__"
                    && let (Value::Function(inner), None) = (&value, &doubt)
                {
                    function.set_wrapped(inner);
                    return;
                }
                if matches!(
                    name,
                    "__name__" | "__signature__" | "__wrapped__" | "__code__" | "__defaults__" | "__kwdefaults__"
                ) {
                    let doubt = self.doubt(frame, range, "its name or parameters are assigned");
                    function.may_have_parameters(&doubt);
                    if name == "__name__" {
                        function.attributes.borrow_mut().insert(self.known_names.name(name), bound(value, None));
                    }
                    return;
                }
                if name != NOT_FOLLOWED {
                    let binding = bound(value, function.attributes.borrow().get(name));
                    function.attributes.borrow_mut().insert(self.known_names.name(name), binding);
                }
            }
            Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) | Value::Bytes(_)
                if doubt.is_none() =>
            {
                self.fail("AttributeError", format!("`{name}` cannot be assigned"), frame, range);
            }
            Value::External(path) => {
                self.note_change_of_library(path, name, frame, range);
                self.put_in_library(path, name, bound(value, None).value);
            }
            // What is set on these is read from nowhere here.
            Value::Opaque | Value::Time(_) => {}
            other => {
                let doubt = self.doubt(frame, range, "changed by an assignment to a part of it");
                self.taint(&other.clone(), &doubt);
            }
        }
    }

    /// An attribute that `__setattr__`, a property or a descriptor of the tree assigns: whether it is one, and what the method returns.
    fn set_by_method(
        &mut self,
        object: &Value,
        class: &Class,
        name: &str,
        value: &Value,
        frame: &Frame,
        range: Range,
    ) -> (bool, Option<Value>) {
        if class.in_tree("__setattr__").is_some() {
            let args = vec![Value::str(name), value.clone()];
            return (true, self.special(object, "__setattr__", args, frame, range));
        }
        let args = vec![object.clone(), value.clone()];
        match class.in_tree(name).map(|found| found.value) {
            Some(Value::Property(property)) if property.is_shadowed() => (false, None),
            Some(Value::Property(property)) => {
                let setter = property.setter.clone();
                (true, setter.map(|setter| self.call_plain(&setter, args, frame, range)))
            }
            Some(Value::Instance(descriptor)) if descriptor.class.in_tree("__set__").is_some() => {
                (true, self.special(&Value::Instance(descriptor), "__set__", args, frame, range))
            }
            _ => (false, None),
        }
    }

    /// Whether `__delattr__`, a property or a descriptor of the tree takes an attribute away.
    pub(super) fn deleted_by_method(&mut self, object: &Value, name: &str, frame: &Frame, range: Range) -> bool {
        let Value::Instance(instance) = object else { return false };
        if self.special(object, "__delattr__", vec![Value::str(name)], frame, range).is_some() {
            return true;
        }
        match instance.class.in_tree(name).map(|found| found.value) {
            Some(Value::Instance(descriptor)) if descriptor.class.in_tree("__delete__").is_some() => {
                self.special(&Value::Instance(descriptor), "__delete__", vec![object.clone()], frame, range);
                true
            }
            // What one with a deleter does is not followed.
            Some(Value::Property(_)) => {
                let doubt = self.doubt(frame, range, "a property is deleted");
                self.note_risk(&doubt);
                self.taint(object, &doubt);
                true
            }
            _ => false,
        }
    }

    /// An attribute in an instance's own dictionary.
    pub(super) fn put_attribute(&mut self, instance: &Instance, name: &str, value: Value) {
        let before = instance.attributes.borrow().get(name).map(|one| one.value.clone());
        // An object that the turn of a loop makes is the same in any order; one that several change is not.
        let fresh = self.doubts_order_only() && before.is_none();
        let binding = match self.current_doubt().filter(|_| !fresh) {
            None => Binding { value, doubt: None },
            Some(doubt) => {
                let either = doubt.among([&value]).among(&before);
                Binding { value: Value::Unknown(either), doubt: Some(doubt.clone()) }
            }
        };
        instance.attributes.borrow_mut().insert(self.known_names.name(name), binding);
        self.may_change_vars(instance);
    }
}

/// What a class has of its bases it may not have any more, and it may have other names.
fn give_other_bases(class: &Class, doubt: &Doubt) {
    class.doubt.borrow_mut().get_or_insert_with(|| doubt.clone());
    class.more.borrow_mut().get_or_insert_with(|| doubt.clone());
    for base in &class.mro {
        let Value::Class(base) = base else { continue };
        if std::ptr::eq(&**base, class) {
            continue;
        }
        let inherited: Vec<_> =
            base.names.borrow().iter().map(|(name, one)| (name.clone(), one.value.clone())).collect();
        let mut names = class.names.borrow_mut();
        for (name, value) in inherited {
            if !names.contains_key(&name) {
                let binding = Binding { value: Value::Unknown(doubt.among([&value])), doubt: Some(doubt.clone()) };
                names.insert(name, binding);
            }
        }
    }
}
