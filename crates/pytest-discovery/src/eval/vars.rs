//! `vars(OBJECT)`: a dictionary that is the object's own.
//!
//! It is given as it is then. Where one of them is changed later, the other is not known any more.

use std::rc::Rc;

use super::class::Instance;
use super::value::{Dict, DictKind, Doubt, Value};
use super::{Frame, Interpreter};
use crate::syntax::ast::Range;

/// Of more objects their dictionaries are not followed.
const MOST: usize = 64;

/// Objects whose dictionaries somebody has, and why what is changed behind that is not known.
#[derive(Debug, Default)]
pub(super) struct Handed(Vec<(Rc<Instance>, Rc<Dict>, Doubt)>);

impl Interpreter<'_> {
    pub(super) fn vars_of(&mut self, instance: &Rc<Instance>, frame: &Frame, range: Range) -> Value {
        let doubt = self.doubt(frame, range, "its names are changed in a dictionary");
        if self.handed.0.len() >= MOST {
            let object = Value::Instance(instance.clone());
            self.taint_only(&object, &doubt);
            return Value::Unknown(doubt.among([&object]));
        }
        let names = instance.attributes.borrow();
        let pairs = names.iter().map(|(name, one)| (Value::str(&**name), one.value.clone()));
        let dict = Rc::new(Dict::new(Ok(pairs.collect()), DictKind::Plain));
        self.handed.0.push((instance.clone(), dict.clone(), doubt));
        Value::Dict(dict)
    }

    /// A dictionary is changed, which may be that of an object.
    pub(super) fn may_change_object(&self, changed: &Rc<Dict>) {
        for (instance, _, doubt) in self.handed.0.iter().filter(|(_, dict, _)| Rc::ptr_eq(dict, changed)) {
            instance.doubt.borrow_mut().get_or_insert_with(|| doubt.clone());
        }
    }

    /// An object is changed, whose dictionary somebody may have.
    pub(super) fn may_change_vars(&self, changed: &Instance) {
        for (_, dict, doubt) in self.handed.0.iter().filter(|(instance, ..)| std::ptr::eq(&**instance, changed)) {
            *dict.0.borrow_mut() = Err(doubt.clone());
        }
    }
}
