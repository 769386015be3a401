//! Methods of lists, tuples, dictionaries and sets.

use std::rc::Rc;

use num_traits::{Signed, ToPrimitive};

use super::super::compare::{among, integer, set_items};
use super::super::doubt::Why;
use super::super::expr::distinct;
use super::super::operators::set_operation;
use super::super::value::{Arguments, Dict, DictKind, List, Value, ViewKind};
use super::super::{Frame, Interpreter, MOST_ELEMENTS, several, truth};
use crate::syntax::ast::{BinaryOp, Range};

impl Interpreter<'_> {
    pub(super) fn sequence_method(
        &mut self,
        object: &Value,
        name: &str,
        arguments: &Arguments,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        let items = super::super::elements(object).ok()?;
        if several::among(&items).is_some() {
            return None;
        }
        match (name, &arguments.plain()?[..]) {
            ("count", [wanted]) => {
                let mut count = 0;
                for item in &items {
                    count += u32::from(self.equals(item, wanted, frame, range)?);
                }
                Some(Value::int(count))
            }
            ("index", [wanted]) => {
                for (index, item) in items.iter().enumerate() {
                    if self.equals(item, wanted, frame, range)? {
                        return Some(Value::int(index));
                    }
                }
                Some(self.fail("ValueError", "a value that is not there".to_owned(), frame, range))
            }
            _ => None,
        }
    }

    pub(super) fn list_method(
        &mut self,
        list: &Rc<List>,
        name: &str,
        arguments: &Arguments,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        let object = Value::List(list.clone());
        if matches!(name, "copy" | "count" | "index") {
            return match name {
                "copy" => Some(Value::List(Rc::new(List(list.0.borrow().clone().into())))),
                _ => self.sequence_method(&object, name, arguments, frame, range),
            };
        }
        let doubt = match (name, arguments.plain().as_deref()) {
            ("append", Some([Value::Object(one)])) => self.doubts.last_for(Rc::as_ptr(one).cast()),
            _ => self.current_doubt(),
        };
        let doubt = doubt.cloned();
        if let ("append" | "extend", Some([one])) = (name, arguments.plain().as_deref())
            && (doubt.is_some() || list.0.borrow().is_err() || (name == "extend" && self.is_unordered_list(one)))
        {
            let more = match name {
                "append" => Some(vec![(*one).clone()]),
                _ => self.in_any_order(one).or_else(|| super::super::elements(one).ok()),
            };
            if let Some(more) = more
                && self.extend_in_any_order(list, more, one)
            {
                return Some(Value::None);
            }
        }
        if name == "sort"
            && self.current_doubt().is_none()
            && arguments.only(&["key", "reverse"])
            && let Some(items) = self.in_any_order(&object)
        {
            let reverse = arguments.keyword("reverse").map_or(Some(false), truth)?;
            if let Some(sorted) = self.sort(items, arguments.keyword("key"), reverse, true, frame, range) {
                *list.0.borrow_mut() = Ok(sorted);
            }
            self.will_change(&object);
            return Some(Value::None);
        }
        self.will_change(&object);
        if let Some(doubt) = doubt {
            list.forget(&doubt, arguments.values());
        }
        let unknown = list.0.borrow().as_ref().err().cloned();
        if let Some(doubt) = unknown {
            list.forget(&doubt, arguments.values());
            return Some(if name == "pop" { Value::Unknown(doubt) } else { Value::None });
        }
        if name == "sort" {
            if !arguments.only(&["key", "reverse"]) {
                return None;
            }
            let reverse = arguments.keyword("reverse").map_or(Some(false), truth)?;
            let items = list.0.borrow().clone().ok()?;
            let sorted = self.sort(items, arguments.keyword("key"), reverse, false, frame, range)?;
            *list.0.borrow_mut() = Ok(sorted);
            return Some(Value::None);
        }
        let values = arguments.plain()?;
        let more = match (name, &values[..]) {
            ("extend", [more]) => match self.iterate(more, frame, range) {
                Ok(items) => items,
                Err(_) if self.raised.is_some() => return Some(Value::None),
                Err(doubt) => {
                    list.forget(&doubt, [*more]);
                    return Some(Value::None);
                }
            },
            ("remove", [wanted]) => {
                let items = list.0.borrow().clone().ok()?;
                for (index, item) in items.iter().enumerate() {
                    if self.equals(item, wanted, frame, range)? {
                        list.0.borrow_mut().as_mut().ok()?.remove(index);
                        return Some(Value::None);
                    }
                }
                return Some(self.fail("ValueError", "a value that is not there".to_owned(), frame, range));
            }
            _ => Vec::new(),
        };
        if matches!((name, &values[..]), ("pop", _) | ("insert", [_, _]))
            && !matches!((name, &values[..]), ("insert", [at, _]) if integer(at).is_some_and(|at| at == 0.into()))
        {
            let several = list.0.borrow().as_ref().ok().and_then(|items| several::among(items));
            if let Some(doubt) = several {
                list.forget(&doubt, arguments.values());
                return Some(if name == "pop" {
                    Value::Unknown(list.0.borrow().as_ref().err()?.clone())
                } else {
                    Value::None
                });
            }
        }
        let mut items = list.0.borrow_mut();
        let items = items.as_mut().ok()?;
        if items.len() + more.len() >= MOST_ELEMENTS && matches!(name, "append" | "extend" | "insert") {
            return None;
        }
        match (name, &values[..]) {
            ("append", [one]) => items.push((*one).clone()),
            ("extend", [_]) => items.extend(more),
            ("insert", [at, one]) => {
                let at = integer(at)?.to_i64()?;
                let length = i64::try_from(items.len()).ok()?;
                let at = if at < 0 { (at + length).max(0) } else { at.min(length) };
                items.insert(usize::try_from(at).ok()?, (*one).clone());
            }
            ("pop", [] | [_]) => {
                let at = match values.first() {
                    None => -1,
                    Some(at) => integer(at)?.to_i64()?,
                };
                let length = i64::try_from(items.len()).ok()?;
                let at = if at < 0 { at + length } else { at };
                return Some(match usize::try_from(at) {
                    Ok(at) if at < items.len() => items.remove(at),
                    _ => self.fail("IndexError", "a list has no such element to pop".to_owned(), frame, range),
                });
            }
            ("clear", []) => items.clear(),
            ("reverse", []) => *items = several::reversed(std::mem::take(items)),
            _ => return None,
        }
        Some(Value::None)
    }

    pub(super) fn dict_method(
        &mut self,
        dict: &Rc<Dict>,
        name: &str,
        arguments: &Arguments,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        match name {
            "items" => return Some(Value::View(dict.clone(), ViewKind::Items)),
            "keys" => return Some(Value::View(dict.clone(), ViewKind::Keys)),
            "values" => return Some(Value::View(dict.clone(), ViewKind::Values)),
            "copy" => return Some(Value::Dict(Rc::new(Dict::new(dict.0.borrow().clone(), dict.1.clone())))),
            "get" => {
                let [key, ..] = &arguments.plain()?[..] else { return None };
                let default = arguments.get(1, "default").cloned().unwrap_or(Value::None);
                return match dict.find(key) {
                    Some(found) => Some(found.unwrap_or(default)),
                    None => {
                        let doubt = match &*dict.0.borrow() {
                            Err(doubt) => doubt.clone(),
                            Ok(pairs) => {
                                let doubt =
                                    key.doubt().cloned().unwrap_or_else(|| self.doubt(frame, range, Why::NotKnown));
                                doubt.apart().among(pairs.iter().map(|(_, value)| value))
                            }
                        };
                        Some(Value::Unknown(doubt.among([&default])))
                    }
                };
            }
            "fromkeys" => return self.new_dict_of_keys(arguments, frame, range),
            "most_common" => return most_common(dict, arguments),
            "elements" | "total" if matches!(dict.1, DictKind::Counter) => return None,
            _ => self.may_change_object(dict),
        }
        if let Some(doubt) = self.current_doubt() {
            dict.forget(doubt, arguments.values());
        }
        let unknown = dict.0.borrow().as_ref().err().cloned();
        if let Some(doubt) = unknown {
            dict.forget(&doubt, arguments.values());
            return Some(if name == "update" { Value::None } else { Value::Unknown(doubt.among(arguments.values())) });
        }
        match name {
            "update" if !matches!(dict.1, DictKind::Counter) => {
                let Some(pairs) = self.pairs_of(arguments, frame, range) else {
                    let doubt = arguments.positional.first().and_then(|arg| arg.value.doubt().cloned());
                    let doubt = doubt.unwrap_or_else(|| self.doubt(frame, range, Why::NotKnown));
                    dict.forget(&doubt, arguments.values());
                    return Some(Value::None);
                };
                for (key, value) in pairs {
                    if !dict.insert(key, value) {
                        return None;
                    }
                }
                Some(Value::None)
            }
            "setdefault" => {
                let [key, ..] = &arguments.plain()?[..] else { return None };
                let default = arguments.get(1, "default").cloned().unwrap_or(Value::None);
                match dict.find(key)? {
                    Some(found) => Some(found),
                    None => {
                        dict.insert((*key).clone(), default.clone());
                        Some(default)
                    }
                }
            }
            "pop" => {
                let [key, rest @ ..] = &arguments.plain()?[..] else { return None };
                match (dict.remove(key)?, rest) {
                    (Some(found), _) => Some(found),
                    (None, [default]) => Some((*default).clone()),
                    (None, _) => Some(self.fail("KeyError", "a key that is not there".to_owned(), frame, range)),
                }
            }
            "popitem" => {
                let mut pairs = dict.pairs()?;
                let last = arguments.get(0, "last").map_or(Some(true), super::super::truth)?;
                let found = if last || pairs.is_empty() { pairs.pop() } else { Some(pairs.remove(0)) };
                let Some((key, value)) = found else {
                    return Some(self.fail("KeyError", "a dictionary has nothing to pop".to_owned(), frame, range));
                };
                dict.remove(&key)?;
                Some(Value::Tuple(Rc::from([key, value])))
            }
            "clear" => {
                *dict.0.borrow_mut() = Ok(Vec::new());
                Some(Value::None)
            }
            _ => None,
        }
    }

    pub(super) fn set_method(
        &mut self,
        object: &Value,
        name: &str,
        arguments: &Arguments,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        let values = arguments.plain()?;
        if let ("add", [one]) = (name, &values[..])
            && super::super::subscript::has_no_hash(one)
        {
            return Some(self.fail("TypeError", "an element that has no hash".to_owned(), frame, range));
        }
        let items = set_items(object)?;
        let mut others = Vec::new();
        if !matches!(name, "add" | "discard" | "remove" | "pop" | "clear" | "copy") {
            for value in &values {
                others.push(match set_items(value) {
                    Some(items) => items,
                    None => distinct(self.iterate(value, frame, range).ok()?)?,
                });
            }
        }
        let fold =
            |op: BinaryOp| others.iter().try_fold(items.clone(), |found, other| set_operation(&found, op, other));
        let made = |items: Vec<Value>| match object {
            Value::FrozenSet(_) => Value::FrozenSet(items.into()),
            _ => Value::set(items),
        };
        let within =
            |one: &[Value], other: &[Value]| one.iter().try_fold(true, |all, item| Some(all && among(other, item)?));
        match (name, &others[..]) {
            ("union", _) => return fold(BinaryOp::BitOr).map(made),
            ("intersection", _) => return fold(BinaryOp::BitAnd).map(made),
            ("difference", _) => return fold(BinaryOp::Sub).map(made),
            ("symmetric_difference", [_]) => return fold(BinaryOp::BitXor).map(made),
            ("issubset", [other]) => return within(&items, other).map(Value::Bool),
            ("issuperset", [other]) => return within(other, &items).map(Value::Bool),
            ("isdisjoint", [other]) => {
                return set_operation(&items, BinaryOp::BitAnd, other).map(|shared| Value::Bool(shared.is_empty()));
            }
            ("copy", []) => return Some(made(items)),
            _ => {}
        }
        let Value::Set(list) = object else { return None };
        let doubt = match (name, &values[..]) {
            ("add", [Value::Object(one)]) => self.doubts.last_for(Rc::as_ptr(one).cast()),
            _ => self.current_doubt(),
        };
        if let Some(doubt) = doubt {
            list.forget(doubt, values);
            return Some(if name == "pop" { Value::Unknown(doubt.among(&items)) } else { Value::None });
        }
        let new = match (name, &values[..]) {
            ("add", [one]) => {
                if items.len() >= MOST_ELEMENTS {
                    return None;
                }
                self.charge(items.len() / 16);
                if among(&items, one)? {
                    items
                } else {
                    let mut items = items;
                    items.push((*one).clone());
                    items
                }
            }
            ("discard" | "remove", [one]) => {
                if name == "remove" && !among(&items, one)? {
                    return Some(self.fail("KeyError", "a value that is not there".to_owned(), frame, range));
                }
                set_operation(&items, BinaryOp::Sub, &[(*one).clone()])?
            }
            ("clear", []) => Vec::new(),
            ("update", _) => fold(BinaryOp::BitOr)?,
            ("intersection_update", _) => fold(BinaryOp::BitAnd)?,
            ("difference_update", _) => fold(BinaryOp::Sub)?,
            ("symmetric_difference_update", _) => fold(BinaryOp::BitXor)?,
            ("pop", []) if items.len() == 1 => {
                *list.0.borrow_mut() = Ok(Vec::new());
                return items.into_iter().next();
            }
            _ => return None,
        };
        *list.0.borrow_mut() = Ok(new);
        Some(Value::None)
    }
}

fn most_common(dict: &Dict, arguments: &Arguments) -> Option<Value> {
    if !matches!(dict.1, DictKind::Counter) {
        return None;
    }
    let limit = match &arguments.plain()?[..] {
        [] | [Value::None] => usize::MAX,
        [limit] => integer(limit).filter(|limit| !limit.is_negative())?.to_usize()?,
        _ => return None,
    };
    let mut counted = Vec::new();
    for (key, value) in dict.pairs()? {
        counted.push((integer(&value)?, key));
    }
    // Equal counts stay in the order in which they were first met.
    counted.sort_by(|one, other| other.0.cmp(&one.0));
    let pairs = counted.into_iter().take(limit).map(|(count, key)| Value::Tuple(Rc::from([key, Value::Int(count)])));
    Some(Value::list(pairs.collect()))
}
