//! What `pytest.MonkeyPatch()` and `mock.patch(...)` put in the place of something else, outside of a `with` statement.

use std::cell::RefCell;
use std::rc::Rc;

use super::value::{Arguments, Binding, Doubt, Object, Value};
use super::{Frame, Interpreter};
use crate::syntax::ast::Range;

/// `mock.patch(...)`: as a decorator it may pass the function an argument.
#[derive(Debug)]
pub(crate) struct Patch {
    pub(super) injects: bool,
    pub(super) path: Box<str>,
    pub(super) arguments: Arguments,
}

/// `pytest.MonkeyPatch()`, with what it has to put back.
#[derive(Debug, Default)]
pub(super) struct MonkeyPatch(RefCell<Vec<Change>>);

/// Something that was changed, and what was there before, where that is known.
#[derive(Debug)]
enum Change {
    Attribute(Value, Box<str>, Option<Binding>),
    Items(Value),
    Variable(Box<str>, Option<Option<Value>>),
}

impl Interpreter<'_> {
    /// A method of such a patch; `None` where it is not followed.
    pub(super) fn patch_method(&mut self, patch: &Patch, name: &str, frame: &Frame, range: Range) -> Option<Value> {
        if !matches!(name, "start" | "stop" | "__enter__" | "__exit__") {
            return None;
        }
        let doubt = self.doubt(frame, range, "replaced for a while");
        let starts = matches!(name, "start" | "__enter__");
        let unknown = Value::Unknown(doubt.clone());
        let given = |at: usize, name: &str| patch.arguments.get(at, name).cloned();
        let new = |at: usize| given(at, "new").filter(|_| starts).unwrap_or_else(|| unknown.clone());
        match &*patch.path {
            "unittest.mock.patch" => {
                let place = given(0, "target").and_then(|target| self.place_of(target.as_str()?, frame, range));
                let new = new(1);
                if let Some((holder, name)) = place {
                    self.replace_attribute(&holder, &name, new.clone(), &doubt, frame, range);
                }
                Some(new)
            }
            "unittest.mock.patch.object" => {
                let (holder, name, new) = (given(0, "target")?, given(1, "attribute")?, new(2));
                match name.as_str() {
                    Some(name) => self.replace_attribute(&holder, name, new.clone(), &doubt, frame, range),
                    None => self.taint(&holder, &doubt),
                }
                Some(new)
            }
            "unittest.mock.patch.dict" => {
                let is_environ = |value: &Value| {
                    matches!(value, Value::External(path) if &**path == "os.environ")
                        || value.as_str() == Some("os.environ")
                };
                let (dict, values) = (given(0, "in_dict")?, given(1, "values"));
                let dict = if is_environ(&dict) { Value::external("os.environ") } else { dict };
                let pairs = match &values {
                    None => Some(Vec::new()),
                    Some(Value::Dict(values)) => values.pairs(),
                    Some(_) => None,
                };
                let is_known = pairs.is_some() && patch.arguments.get(2, "clear").is_none();
                let named = patch.arguments.keywords.iter().filter(|(name, _)| !matches!(&**name, "values" | "clear"));
                let named = named.map(|(name, one)| (Value::str(&**name), one.value.clone()));
                for (key, value) in pairs.into_iter().flatten().chain(named) {
                    let value = if starts { value } else { unknown.clone() };
                    self.set_item(&dict, key, value, frame, range);
                }
                // What a dictionary that is cleared had, or has again, is not known, nor what was there in the first place.
                if !is_environ(&dict) && (!starts || !is_known) {
                    self.taint_only(&dict, &doubt);
                }
                Some(unknown)
            }
            _ => None,
        }
    }

    /// Nothing of a library is read here but what is said to be.
    fn replace_attribute(
        &mut self,
        holder: &Value,
        name: &str,
        new: Value,
        doubt: &Doubt,
        frame: &Frame,
        range: Range,
    ) {
        match holder {
            Value::External(path) if !path.starts_with("builtins") => {
                self.note_change_of_library(path, name, frame, range);
            }
            Value::Unknown(_) => self.taint(holder, doubt),
            _ => self.set_attribute(holder, name, new, frame, range),
        }
    }

    /// The holder and the name that `setattr` and its like are given, at once or as one dotted name, and the value.
    fn patched_place(
        &mut self,
        arguments: &Arguments,
        has_value: bool,
        frame: &Frame,
        range: Range,
    ) -> Option<(Value, String, Option<Value>)> {
        let target = arguments.get(0, "target")?.clone();
        let value = |at: usize| arguments.get(at, "value").filter(|_| has_value).cloned();
        match target.as_str() {
            Some(dotted) => {
                let (holder, name) = self.place_of(dotted, frame, range)?;
                Some((holder, name, value(1).or_else(|| arguments.keyword("name").cloned())))
            }
            None => Some((target, arguments.get(1, "name")?.as_str()?.to_owned(), value(2))),
        }
    }

    /// What was changed is what it was before.
    fn undo(&mut self, change: Change, doubt: &Doubt, frame: &Frame, range: Range) {
        let is_certain = self.current_doubt().is_none();
        match change {
            Change::Attribute(holder, name, before) => {
                match (super::context::names_of(&holder, &name).filter(|_| is_certain), before) {
                    (Some(names), Some(before)) => drop(names.borrow_mut().insert((&*name).into(), before)),
                    (Some(names), None) => drop(names.borrow_mut().shift_remove(&name)),
                    _ => self.replace_attribute(&holder, &name, Value::Unknown(doubt.clone()), doubt, frame, range),
                }
            }
            Change::Items(holder) => self.taint_only(&holder, doubt),
            Change::Variable(name, before) => {
                super::shared::changed_for_all();
                match before.filter(|_| is_certain) {
                    Some(before) => drop(self.environ.insert(name.into(), before)),
                    None if is_certain => drop(self.environ.remove(&*name)),
                    None => drop(self.environ.insert(name.into(), Some(Value::Unknown(doubt.clone())))),
                }
            }
        }
    }
}

impl MonkeyPatch {
    fn change_attribute(
        &self,
        interpreter: &mut Interpreter<'_>,
        place: Option<(Value, String, Option<Value>)>,
        doubt: &Doubt,
        frame: &Frame,
        range: Range,
    ) {
        let Some((holder, name, value)) = place else { return };
        let before = super::context::names_of(&holder, &name).and_then(|names| names.borrow().get(&name).cloned());
        let value = value.unwrap_or_else(|| Value::Unknown(doubt.clone()));
        interpreter.replace_attribute(&holder, &name, value, doubt, frame, range);
        self.0.borrow_mut().push(Change::Attribute(holder, name.into(), before));
    }

    pub(super) fn undo(&self, interpreter: &mut Interpreter<'_>, frame: &Frame, range: Range) {
        let doubt = interpreter.doubt(frame, range, "replaced for a while");
        for change in self.0.take().into_iter().rev() {
            interpreter.undo(change, &doubt, frame, range);
        }
    }
}

impl Object for MonkeyPatch {
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
        let doubt = interpreter.doubt(frame, range, "replaced for a while");
        match name {
            "setattr" | "delattr" => {
                let place = interpreter.patched_place(arguments, name == "setattr", frame, range);
                if place.is_none() {
                    arguments.values().for_each(|value| interpreter.taint(value, &doubt));
                }
                self.change_attribute(interpreter, place, &doubt, frame, range);
            }
            "setitem" | "delitem" => {
                let (dict, key) = (arguments.get(0, "dic")?.clone(), arguments.get(1, "name")?.clone());
                match arguments.get(2, "value").filter(|_| name == "setitem") {
                    Some(value) => interpreter.set_item(&dict, key, value.clone(), frame, range),
                    None => interpreter.taint_only(&dict, &doubt),
                }
                self.0.borrow_mut().push(Change::Items(dict));
            }
            "setenv" | "delenv" => {
                let variable = arguments.get(0, "name")?.as_str()?.to_owned();
                let value = match (name, arguments.get(1, "value"), arguments.get(2, "prepend")) {
                    ("delenv", ..) => None,
                    (_, Some(value @ Value::Str(_)), None) => Some(value.clone()),
                    _ => Some(Value::Unknown(doubt.clone())),
                };
                let value = match interpreter.current_doubt() {
                    Some(doubt) => Some(Value::Unknown(doubt.clone())),
                    None => value,
                };
                let before = interpreter.environ.get(&variable).cloned();
                self.0.borrow_mut().push(Change::Variable(variable.as_str().into(), before));
                interpreter.set_environment(variable, value);
            }
            "context" => return Some(monkey_patch()),
            "undo" => self.undo(interpreter, frame, range),
            _ => return None,
        }
        Some(Value::None)
    }
}

pub(super) fn monkey_patch() -> Value {
    Value::Object(Rc::new(MonkeyPatch::default()))
}
