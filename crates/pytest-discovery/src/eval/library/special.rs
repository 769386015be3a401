//! Special methods of built-in values, called by their names: `super().__setitem__(...)`.

use super::super::value::{Arguments, Instance, Value};
use super::super::{Frame, Interpreter};
use crate::syntax::ast::Range;

impl Interpreter<'_> {
    /// One of a container; `None` where it is not followed.
    pub(super) fn special_method(
        &mut self,
        object: &Value,
        name: &str,
        arguments: &Arguments,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        match (name, &arguments.plain()?[..]) {
            ("__setitem__", [key, value]) => {
                self.set_item(object, (*key).clone(), (*value).clone(), frame, range);
                Some(Value::None)
            }
            ("__delitem__", [key]) if self.current_doubt().is_none() => {
                self.delete_item(object, key, frame, range).then_some(Value::None)
            }
            ("__getitem__", [key]) => Some(self.item(object, key, frame, range)),
            ("__contains__", [item]) => self.contains(item, object, frame, range).map(Value::Bool),
            ("__len__", []) => self.of_object("len", object, frame, range),
            ("__iter__", []) => self.of_object("iter", object, frame, range),
            _ => None,
        }
    }

    /// A built-in function of one value.
    fn of_object(&mut self, function: &str, object: &Value, frame: &Frame, range: Range) -> Option<Value> {
        let given = self.arguments(vec![object.clone()], frame, range);
        self.builtin(function, &given, frame, range)
    }

    /// How every object has its attributes changed, unless its class says otherwise.
    pub(super) fn change_attribute(
        &mut self,
        instance: &Instance,
        name: &str,
        arguments: &Arguments,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        match (name, &arguments.plain()?[..]) {
            ("__setattr__", [name, value]) => self.put_attribute(instance, name.as_str()?, (*value).clone()),
            ("__delattr__", [name]) if self.current_doubt().is_none() => {
                if instance.attributes.borrow_mut().shift_remove(name.as_str()?).is_none() {
                    self.fail("AttributeError", "an attribute that is not there".to_owned(), frame, range);
                }
            }
            _ => return None,
        }
        Some(Value::None)
    }
}
