//! Reading `super().name`, and what built-in bases give.

use std::rc::Rc;

use super::attribute::Found;
use super::doubt::Why;
use super::value::{Class, Doubt, Value};
use super::{Frame, Interpreter};
use crate::syntax::ast::Range;

impl Interpreter<'_> {
    pub(super) fn super_attribute(
        &mut self,
        behind: &Rc<Class>,
        object: &Value,
        name: &str,
        frame: &Frame,
        range: Range,
    ) -> Found {
        let class = match object {
            Value::Instance(instance) => instance.class.clone(),
            Value::Class(class) => class.clone(),
            _ => return Found::Unknown(None),
        };
        if name == "__init__" {
            return Found::Value(self.init_behind(&class, behind, object, frame, range));
        }
        match class.lookup_behind(behind, name) {
            Ok(Some(binding)) => match &binding.value {
                function @ Value::Function(_) => {
                    Found::Value(Value::Method(Rc::new((object.clone(), function.clone()))))
                }
                Value::ClassMethod(inner) => {
                    Found::Value(Value::Method(Rc::new((Value::Class(class.clone()), (**inner).clone()))))
                }
                Value::StaticMethod(inner) => Found::Value((**inner).clone()),
                Value::Property(property) => {
                    let getter = property.getter.clone();
                    Found::Value(self.call_plain(&getter, vec![object.clone()], frame, range))
                }
                other => Found::Value(other.clone()),
            },
            Ok(None) if matches!(name, "__init_subclass__" | "__post_init__" | "__set_name__") => {
                Found::Value(Value::external("builtins.object.__init_subclass__"))
            }
            Ok(None) | Err(None) if matches!(name, "__setattr__" | "__delattr__") && class.doubt.borrow().is_none() => {
                Found::Value(Value::BuiltinMethod(Rc::new((object.clone(), name.into()))))
            }
            Ok(None) if name.starts_with("__") => Found::Unknown(None),
            Ok(None) => Found::Missing,
            Err(doubt) => self.built_in_attribute(object, name, doubt, frame, range),
        }
    }

    /// What a built-in class gives an object of a class that derives from it.
    pub(super) fn built_in_attribute(
        &mut self,
        object: &Value,
        name: &str,
        doubt: Option<Doubt>,
        frame: &Frame,
        range: Range,
    ) -> Found {
        let Value::Instance(instance) = object else { return Found::Unknown(doubt) };
        let class = &instance.class;
        // It asks the object's own class for keys that are not there.
        let is_asked = matches!(name, "__getitem__") && class.in_tree("__missing__").is_some();
        if let (None, Some(value), false) = (&doubt, class.payload_value(instance), is_asked)
            && let found @ Found::Value(_) = self.find_attribute(&value, name, frame, range)
        {
            return found;
        }
        let doubt = doubt.unwrap_or_else(|| self.doubt(frame, range, Why::NotKnown));
        if is_asked || super::holder::is_changing(name) {
            self.taint_only(object, &doubt);
        }
        if is_asked {
            self.may_ask(object, &["__missing__"], &doubt);
        }
        Found::Unknown(Some(doubt.among([object])))
    }
}
