//! Reading and writing `object[key]`.

use std::rc::Rc;

use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive};

use super::compare::integer;
use super::doubt::Why;
use super::value::{Dict, DictKind, Raised, Value};
use super::{Frame, Interpreter, MOST_ELEMENTS, elements, several, stdlib};
use crate::syntax::ast::{Expr, Range};

impl Interpreter<'_> {
    pub(super) fn item(&mut self, object: &Value, key: &Value, frame: &Frame, range: Range) -> Value {
        match (object, key) {
            (Value::Unknown(doubt), _) => {
                self.note_risk(&doubt.clone());
                Value::Unknown(doubt.clone())
            }
            (Value::Object(_), key) if key.as_str().is_none() && super::held::is_names(object) => {
                let doubt = self.doubt(frame, range, "a name that is not known");
                self.any_attribute(object, &doubt)
            }
            (Value::Object(held), key) => held.item(key).unwrap_or_else(|| self.not_known(frame, range)),
            (object, Value::Slice(parts)) => self.slice(object, &parts.clone(), frame, range),
            (Value::Dict(dict), key) => self.dict_item(dict, key, frame, range),
            (Value::External(path), _) => self.external_item(path, key, frame, range),
            (Value::Class(class), key) if class.is_enum => match key.as_str() {
                Some(name) => match super::enums::member(class, name) {
                    Some(member) => member,
                    None => self.fail("KeyError", format!("`{name}` is no member"), frame, range),
                },
                None => self.not_known(frame, range),
            },
            // A generic class with its parameters makes the same instances.
            (Value::Class(class), _)
                if class.in_tree("__class_getitem__").is_none()
                    && (class.has_external(|path| matches!(path, "typing.Generic" | "typing.Protocol"))
                        || !class.def.type_parameters.is_empty()) =>
            {
                object.clone()
            }
            (Value::Class(class), _) if let Some(found) = class.in_tree("__class_getitem__") => {
                let function = match found.value {
                    Value::ClassMethod(inner) => (*inner).clone(),
                    other => other,
                };
                self.call_plain(&function, vec![object.clone(), key.clone()], frame, range)
            }
            (Value::List(_) | Value::Tuple(_) | Value::Str(_) | Value::Bytes(_) | Value::Range(_), key) => {
                let Some(index) = integer(key) else {
                    let doubt = self.doubt(frame, range, Why::NotKnown);
                    self.may_ask(key, &["__index__"], &doubt);
                    return Value::Unknown(doubt.among(&held_by(object)));
                };
                let place = |items: &[Value]| {
                    // Only what is before a place decides what is there.
                    let end = index.to_usize().map_or(items.len(), |at| items.len().min(at + 1));
                    match several::among(&items[..end]) {
                        None => Ok(at(items, &index)),
                        Some(doubt) => Err(doubt.among(items)),
                    }
                };
                let found = match object {
                    Value::List(list) => list.0.borrow().as_ref().map_err(Clone::clone).and_then(|items| place(items)),
                    Value::Tuple(items) => place(items),
                    other => match elements(other) {
                        Ok(items) => Ok(at(&items, &index)),
                        Err(_) => Err(self.doubt(frame, range, Why::NotKnown)),
                    },
                };
                match found {
                    Ok(Some(item)) => item,
                    Ok(None) => self.fail("IndexError", format!("index {index} is out of range"), frame, range),
                    Err(doubt) => Value::Unknown(doubt),
                }
            }
            (Value::Instance(instance), _) => {
                if let Some(found) = self.special(object, "__getitem__", vec![key.clone()], frame, range) {
                    return found;
                }
                if instance.member.is_none() && instance.class.payload().is_some() {
                    // A dictionary's class says itself what it has under other keys.
                    if let Value::Dict(dict) = &instance.value
                        && instance.class.in_tree("__missing__").is_some()
                    {
                        return self.item_or_missing(object, dict, key, frame, range);
                    }
                    return self.item(&instance.value, key, frame, range);
                }
                Value::Unknown(self.doubt(frame, range, Why::NotKnown).among([object]))
            }
            _ => self.not_known(frame, range),
        }
    }

    fn item_or_missing(&mut self, object: &Value, dict: &Rc<Dict>, key: &Value, frame: &Frame, range: Range) -> Value {
        let missing = |one: &mut Self| one.special(object, "__missing__", vec![key.clone()], frame, range);
        let made = match dict.find(key) {
            Some(Some(value)) => Some(value),
            Some(None) => missing(self),
            None => {
                let doubt = self.doubt(frame, range, Why::NotKnown);
                self.perhaps(&doubt, missing).flatten().map(|made| Value::Unknown(doubt.among([&made])))
            }
        };
        made.unwrap_or_else(|| self.not_known(frame, range))
    }

    fn dict_item(&mut self, dict: &Rc<Dict>, key: &Value, frame: &Frame, range: Range) -> Value {
        self.may_hash(key, frame, range);
        match dict.find(key) {
            Some(Some(value)) => value,
            Some(None) => match &dict.1 {
                DictKind::Counter => Value::int(0),
                DictKind::Default(Value::None) | DictKind::Plain | DictKind::Ordered => {
                    self.fail("KeyError", "a key that is not there".to_owned(), frame, range)
                }
                DictKind::Default(factory) => {
                    let made = self.call_plain(&factory.clone(), Vec::new(), frame, range);
                    if self.current_doubt().is_some() || !dict.insert(key.clone(), made.clone()) {
                        let doubt = self.doubt(frame, range, Why::NotKnown);
                        dict.forget(&doubt, [&made]);
                    }
                    made
                }
            },
            None => {
                let doubt = match (&*dict.0.borrow(), key) {
                    (Err(doubt), _) => doubt.clone(),
                    (Ok(pairs), key) => {
                        let doubt = key.doubt().cloned().unwrap_or_else(|| self.doubt(frame, range, Why::NotKnown));
                        doubt.apart().among(pairs.iter().map(|(_, value)| value))
                    }
                };
                self.note_risk(&doubt);
                // It may have been put there now.
                if !matches!(dict.1, DictKind::Plain | DictKind::Ordered | DictKind::Counter) {
                    dict.forget(&doubt, []);
                }
                Value::Unknown(doubt)
            }
        }
    }

    fn external_item(&mut self, path: &Rc<str>, key: &Value, frame: &Frame, range: Range) -> Value {
        match &**path {
            "os.environ" => match key.as_str() {
                Some(name) => match self.environment(name) {
                    Some(value) => value,
                    None => self.fail("KeyError", format!("the environment has no `{name}`"), frame, range),
                },
                None => {
                    let doubt = self.doubt(frame, range, "a variable whose name is not known");
                    self.fail("KeyError", "the environment need not have it".to_owned(), frame, range);
                    if let Some(raised) = self.raised.take() {
                        self.may_raise(Raised { certain: true, ..raised }, &doubt, frame);
                    }
                    Value::Unknown(doubt)
                }
            },
            "sys.version_info" => match integer(key).and_then(|index| index.to_u32()) {
                Some(0) => Value::int(u32::from(self.python.major)),
                Some(1) => Value::int(u32::from(self.python.minor)),
                _ => self.not_known(frame, range),
            },
            "sys.modules" if let Some(module) = key.as_str().and_then(|name| self.module_named(name, frame)) => {
                Value::Module(module)
            }
            path if stdlib::is_generic(path) => Value::external(format!("{path}[]")),
            _ => {
                let doubt = self.doubt(frame, range, Why::NotKnown);
                self.note_risk(&doubt);
                Value::Unknown(doubt)
            }
        }
    }

    pub(super) fn slice_of(&mut self, parts: &[Option<Box<Expr>>; 3], frame: &Frame) -> [Value; 3] {
        [0, 1, 2].map(|index| parts[index].as_ref().map_or(Value::None, |part| self.eval(part, frame)))
    }

    pub(super) fn slice(&mut self, object: &Value, parts: &[Value; 3], frame: &Frame, range: Range) -> Value {
        if matches!(object, Value::External(path) if &**path == "sys.version_info") {
            let known = Value::Tuple(Rc::from([
                Value::int(u32::from(self.python.major)),
                Value::int(u32::from(self.python.minor)),
            ]));
            return match (&parts[0], &parts[1], &parts[2]) {
                (Value::None, Value::Int(end), Value::None) if end.to_u32().is_some_and(|end| end <= 2) => {
                    self.slice(&known, parts, frame, range)
                }
                _ => self.not_known(frame, range),
            };
        }
        let payload = match object {
            Value::Instance(instance)
                if instance.member.is_none() && instance.class.in_tree("__getitem__").is_none() =>
            {
                &instance.value
            }
            other => other,
        };
        if !matches!(payload, Value::Tuple(_) | Value::List(_) | Value::Str(_) | Value::Bytes(_) | Value::Range(_)) {
            return match object {
                Value::Instance(_) => {
                    let key = Value::Slice(Rc::new(parts.clone()));
                    let found = self.special(object, "__getitem__", vec![key], frame, range);
                    found.unwrap_or_else(|| self.not_known(frame, range))
                }
                Value::Unknown(doubt) => Value::Unknown(doubt.clone()),
                _ => self.not_known(frame, range),
            };
        }
        if let Value::List(list) = payload
            && let Err(doubt) = &*list.0.borrow()
        {
            return Value::Unknown(doubt.clone());
        }
        let Ok(items) = elements(payload) else {
            // A long text is sliced as text.
            if let (Some(text), Value::None) = (payload.as_str(), &parts[2])
                && text.is_ascii()
                && let Some((from, to, _)) = bounds(parts, text.len())
            {
                return Value::str(text.get(from..to.max(from)).unwrap_or_default());
            }
            return self.not_known(frame, range);
        };
        let Some(indices) = indices(parts, items.len()) else {
            return Value::Unknown(self.doubt(frame, range, Why::NotKnown).among(&items));
        };
        let is_whole = parts.iter().take(2).all(|bound| matches!(bound, Value::None)) && indices.len() == items.len();
        if let Some(doubt) = several::among(&items).filter(|_| !is_whole) {
            return Value::Unknown(doubt.among(&items));
        }
        self.charge(indices.len() / 8);
        let part: Vec<Value> = indices.into_iter().filter_map(|index| items.get(index).cloned()).collect();
        let part = if matches!(parts[2], Value::None) { part } else { several::vague_first(part) };
        match payload {
            Value::Tuple(_) => Value::Tuple(part.into()),
            Value::List(_) => Value::list(part),
            Value::Str(_) => Value::str(part.iter().filter_map(Value::as_str).collect::<String>()),
            Value::Bytes(_) => {
                let bytes: Vec<u8> = part.iter().filter_map(|one| integer(one).and_then(|one| one.to_u8())).collect();
                Value::Bytes(bytes.into())
            }
            _ => self.not_known(frame, range),
        }
    }

    /// `object[key] = value`.
    pub(super) fn set_item(&mut self, object: &Value, key: Value, value: Value, frame: &Frame, range: Range) {
        if let (Some(globals), Some(name)) = (object.downcast::<super::library::NamesOfScope>(), key.as_str()) {
            self.bind_in(&globals.scope, name, value);
            return;
        }
        self.will_change(object);
        if let Value::Dict(_) = object {
            self.may_hash(&key, frame, range);
        }
        let doubt = self.current_doubt().cloned();
        match (object, doubt) {
            (Value::External(path), _)
                if &**path == "sys.modules"
                    && key.as_str() == Some(&*frame.module.name)
                    && !matches!(&value, Value::Module(module) if Rc::ptr_eq(module, &frame.module)) =>
            {
                let doubt = self.doubt(frame, range, "another object is put in the place of the module");
                frame.module.open.borrow_mut().get_or_insert(doubt);
                return;
            }
            (Value::External(path), _) if &**path == "sys.modules" && key.as_str().is_some() => {
                self.put_module(key.as_str().unwrap_or_default(), value);
                return;
            }
            (Value::External(path), doubt) if &**path == "os.environ" => {
                if let Some(name) = key.as_str() {
                    let value = doubt.map_or(value, Value::Unknown);
                    self.set_environment(name.to_owned(), Some(value));
                }
                return;
            }
            (Value::Dict(_), None) if has_no_hash(&key) => return self.refuse_item("TypeError", frame, range),
            (Value::Dict(dict), None) if dict.insert(key.clone(), value.clone()) => return,
            (Value::List(list), None) => {
                let several = list.0.borrow().as_ref().ok().and_then(|items| several::among(items));
                if let Some(doubt) = several {
                    list.forget(&doubt, [&value]);
                    return;
                }
                if let (Ok(items), Some(index)) = (&mut *list.0.borrow_mut(), integer(&key)) {
                    let found = position(items.len(), &index);
                    match found.and_then(|at| items.get_mut(at)) {
                        Some(slot) => *slot = value,
                        None => self.refuse_item("IndexError", frame, range),
                    }
                    return;
                }
            }
            (Value::Instance(instance), None) => {
                if instance.class.in_tree("__setitem__").is_some() {
                    self.special(object, "__setitem__", vec![key, value], frame, range);
                    return;
                }
                if instance.class.payload().is_some() && instance.member.is_none() {
                    self.set_item(&instance.value.clone(), key, value, frame, range);
                    return;
                }
            }
            (Value::Unknown(doubt), _) => self.note_risk(&doubt.clone()),
            (object, None) if has_fixed_items(object) => return self.refuse_item("TypeError", frame, range),
            _ => {}
        }
        let doubt = self.doubt(frame, range, "changed by an assignment to a part of it");
        self.taint_only(object, &doubt.among([&value]));
    }

    /// The object's own elements are no longer known; what they are made of is untouched.
    pub(super) fn taint_only(&mut self, object: &Value, doubt: &super::Doubt) {
        // Those of the doubt may be among them now.
        let held = Value::Unknown(doubt.clone());
        match object {
            Value::List(list) | Value::Set(list) => list.forget(doubt, [&held]),
            Value::Dict(dict) => dict.forget(doubt, [&held]),
            Value::Instance(instance) if instance.member.is_none() => {
                let before = instance.doubt.borrow().clone();
                let unknown = before.as_ref().unwrap_or(doubt).among([&held]);
                instance.doubt.replace(Some(unknown));
                if instance.class.payload().is_some() {
                    self.taint_only(&instance.value, doubt);
                }
            }
            other => self.taint(other, doubt),
        }
    }

    /// `object[a:b] = value`.
    pub(super) fn set_slice(
        &mut self,
        object: &Value,
        parts: &[Option<Box<Expr>>; 3],
        value: &Value,
        frame: &Frame,
        range: Range,
    ) {
        let parts = self.slice_of(parts, frame);
        if matches!(object, Value::External(path) if &**path == "sys.path") {
            let folders = match &parts {
                [Value::None | Value::Int(_), Value::Int(end), Value::None] if end.to_u32() == Some(0) => {
                    super::elements(value).unwrap_or_else(|_| vec![self.not_known(frame, range)])
                }
                _ => vec![self.not_known(frame, range)],
            };
            folders.iter().rev().for_each(|folder| self.put_in_front(folder, frame, range));
            return;
        }
        self.will_change(object);
        let doubt = self.current_doubt().cloned();
        if let (Value::List(list), Value::List(new), true) = (object, value, doubt.is_some())
            && matches!((&parts[0], &parts[1], &parts[2]), (Value::None, Value::None, Value::None))
            && let Some(objects) = self.doubts.of_presence()
            && several::are_same_without(&objects, list, new)
        {
            // Where those are not there it changes nothing.
            let new = new.0.borrow().clone();
            *list.0.borrow_mut() = new;
            return;
        }
        if let (Value::List(list), None) = (object, &doubt) {
            let before = list.0.borrow().as_ref().err().cloned();
            let new = match (self.iterate(value, frame, range), before) {
                (Err(doubt), _) | (Ok(_), Some(doubt)) => {
                    list.forget(&doubt, [value]);
                    return;
                }
                (Ok(new), None) => new,
            };
            let several = list.0.borrow().as_ref().ok().and_then(|items| several::among(items));
            let is_whole = matches!((&parts[0], &parts[1]), (Value::None, Value::None));
            if let Some(doubt) = several.filter(|_| !is_whole) {
                list.forget(&doubt, [value]);
                return;
            }
            if let Ok(old) = &mut *list.0.borrow_mut()
                && matches!(parts[2], Value::None)
                && let Some((from, to, _)) = bounds(&parts, old.len())
                && old.len() - (to.max(from) - from) + new.len() <= MOST_ELEMENTS
            {
                old.splice(from..to.max(from), new);
                return;
            }
        }
        if let Value::Object(held) = object {
            held.assign("[:]", value, &frame.module.file.span(range));
            return;
        }
        let doubt = doubt.unwrap_or_else(|| self.doubt(frame, range, "changed by an assignment to a part of it"));
        self.taint_only(object, &doubt.among([value]));
    }

    /// `del object[key]`; false where it is not followed.
    pub(super) fn delete_item(&mut self, object: &Value, key: &Value, frame: &Frame, range: Range) -> bool {
        self.will_change(object);
        match object {
            Value::Dict(dict) => match dict.remove(key) {
                Some(Some(_)) => true,
                Some(None) => {
                    self.fail("KeyError", "a key that is not there".to_owned(), frame, range);
                    true
                }
                None => false,
            },
            Value::List(list) => {
                let Some(index) = integer(key) else { return false };
                if list.0.borrow().as_ref().is_ok_and(|items| several::among(items).is_some()) {
                    return false;
                }
                match &mut *list.0.borrow_mut() {
                    Ok(items) => match position(items.len(), &index) {
                        Some(at) => {
                            items.remove(at);
                            true
                        }
                        None => {
                            self.refuse_item("IndexError", frame, range);
                            true
                        }
                    },
                    Err(_) => true,
                }
            }
            Value::External(path) if &**path == "os.environ" => {
                if let Some(name) = key.as_str() {
                    self.set_environment(name.to_owned(), None);
                }
                true
            }
            _ => false,
        }
    }

    fn refuse_item(&mut self, class: &str, frame: &Frame, range: Range) {
        self.fail(class, "an item that cannot be assigned or deleted".to_owned(), frame, range);
    }

    /// Sets a variable of the environment, or takes it away.
    pub(super) fn set_environment(&mut self, name: String, value: Option<Value>) {
        super::shared::changed_for_all();
        self.environ.insert(name, value);
    }

    /// What import-time code finds in the environment under that name.
    pub(super) fn environment(&self, name: &str) -> Option<Value> {
        match self.environ.get(name) {
            Some(changed) => changed.clone(),
            None => self.env.get(name).map(|value| Value::str(value.as_str())),
        }
    }
}

/// What a container holds, where that is known.
pub(super) fn held_by(container: &Value) -> Vec<Value> {
    match container {
        Value::List(list) | Value::Set(list) => match &*list.0.borrow() {
            Ok(items) => items.clone(),
            Err(doubt) => vec![Value::Unknown(doubt.clone())],
        },
        Value::Dict(dict) => match &*dict.0.borrow() {
            Ok(pairs) => pairs.iter().map(|(_, value)| value.clone()).collect(),
            Err(doubt) => vec![Value::Unknown(doubt.clone())],
        },
        Value::Tuple(items) | Value::FrozenSet(items) => items.to_vec(),
        _ => Vec::new(),
    }
}

/// Whether it can be no key.
pub(super) fn has_no_hash(value: &Value) -> bool {
    matches!(value, Value::List(_) | Value::Dict(_) | Value::Set(_))
}

/// Whether it has no items, or none that can be assigned.
fn has_fixed_items(value: &Value) -> bool {
    matches!(
        value,
        Value::None
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Str(_)
            | Value::Bytes(_)
            | Value::Tuple(_)
            | Value::Range(_)
            | Value::Set(_)
            | Value::FrozenSet(_)
            | Value::Function(_)
    )
}

fn position(length: usize, index: &BigInt) -> Option<usize> {
    let index = if index.is_negative() { index + BigInt::from(length) } else { index.clone() };
    index.to_usize().filter(|index| *index < length)
}

fn at(items: &[Value], index: &BigInt) -> Option<Value> {
    position(items.len(), index).and_then(|index| items.get(index).cloned())
}

/// Start, end and step of a slice of something that long, as Python's `slice.indices` gives them for a positive step.
pub(super) fn bounds(parts: &[Value; 3], length: usize) -> Option<(usize, usize, i64)> {
    let length = i64::try_from(length).ok()?;
    let bound = |value: &Value, default: i64| match value {
        Value::None => Some(default),
        other => {
            let number = integer(other)?;
            let number = number.to_i64().unwrap_or(if number.is_negative() { i64::MIN / 2 } else { i64::MAX / 2 });
            Some(if number < 0 { number + length } else { number }.clamp(0, length))
        }
    };
    let (from, to) = (bound(&parts[0], 0)?, bound(&parts[1], length)?);
    Some((usize::try_from(from).ok()?, usize::try_from(to).ok()?, 1))
}

fn indices(parts: &[Value; 3], length: usize) -> Option<Vec<usize>> {
    let step = match &parts[2] {
        Value::None => 1,
        other => integer(other)?.to_i64().filter(|step| *step != 0)?,
    };
    if step > 0 {
        let (from, to, _) = bounds(parts, length)?;
        return Some((from..to).step_by(usize::try_from(step).ok()?).collect());
    }
    let length = i64::try_from(length).ok()?;
    let bound = |value: &Value, default: i64| match value {
        Value::None => Some(default),
        other => {
            let number = integer(other)?;
            let number = number.to_i64().unwrap_or(if number.is_negative() { i64::MIN / 2 } else { i64::MAX / 2 });
            Some(if number < 0 { number + length } else { number }.clamp(-1, length - 1))
        }
    };
    let (mut at, to) = (bound(&parts[0], length - 1)?, bound(&parts[1], -1)?);
    let mut found = Vec::new();
    while at > to {
        found.push(usize::try_from(at).ok()?);
        at = at.checked_add(step)?;
    }
    Some(found)
}
