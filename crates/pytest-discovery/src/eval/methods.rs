//! Built-in functions, and methods of strings, lists and dictionaries.

use std::rc::Rc;

use num_bigint::BigInt;
use num_traits::ToPrimitive;

use super::expr::{is_scalar, scalar_eq};
use super::value::{Argument, Dict, List, Value};
use super::{Frame, Interpreter, MOST_ELEMENTS, elements, stdlib, truth};
use crate::syntax::ast::Range;

impl Interpreter<'_> {
    /// A function of a library whose result is known; `None` where it is not.
    pub(super) fn external(
        &mut self,
        path: &str,
        args: &[Argument],
        kwargs: &[(Rc<str>, Argument)],
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        if stdlib::is_opaque_constructor(path) {
            return Some(Value::Opaque);
        }
        let values: Vec<&Value> = args.iter().map(|arg| &arg.value).collect();
        match path {
            "pytest.importorskip" => {
                self.condition(range, frame);
                return Some(Value::external(values.first()?.as_str()?));
            }
            // A library is taken to be importable.
            "importlib.util.find_spec" => return Some(Value::Opaque),
            "importlib.import_module" => {
                let from = self.path_of(&frame.module);
                return Some(self.imported(&from, 0, values.first()?.as_str()?));
            }
            "os.environ.get" | "os.getenv" => {
                let default = values.get(1).map_or(Value::None, |default| (*default).clone());
                let found = self.env.get(values.first()?.as_str()?);
                return Some(found.map_or(default, Value::str));
            }
            "dataclasses.dataclass" => return Some(Value::DataclassMaker),
            _ if path.starts_with("unittest.mock.patch") => return Some(Value::Transparent),
            _ if stdlib::is_transparent(path) => return Some(Value::Transparent),
            _ => {}
        }
        let builtin = path.strip_prefix("builtins.")?;
        if !kwargs.is_empty() {
            return None;
        }
        match (builtin, &values[..]) {
            ("list", []) => Some(Value::list(Vec::new())),
            ("list", [one]) => Some(Value::list(elements(one).ok()?)),
            ("tuple", []) => Some(Value::Tuple(Rc::from([]))),
            ("tuple", [one]) => Some(Value::Tuple(elements(one).ok()?.into())),
            ("dict", []) => Some(Value::dict(Vec::new())),
            ("dict", [Value::Dict(dict)]) => Some(Value::dict(dict.0.borrow().clone().ok()?)),
            ("set" | "frozenset", [one]) => Some(Value::Set(Rc::new(List(Ok(elements(one).ok()?).into())))),
            ("len", [Value::Dict(dict)]) => Some(Value::int(dict.0.borrow().as_ref().ok()?.len())),
            ("len", [Value::Str(text)]) => Some(Value::int(text.chars())),
            ("len", [one]) => Some(Value::int(elements(one).ok()?.len())),
            ("str", [one]) => Some(Value::str(text_of(one)?)),
            ("int", [Value::Int(number)]) => Some(Value::Int(number.clone())),
            ("bool", [one]) => Some(Value::Bool(truth(one)?)),
            ("range", bounds) => range_of(bounds),
            ("enumerate", [one]) => {
                let pairs = elements(one).ok()?.into_iter().enumerate();
                Some(Value::Tuple(
                    pairs.map(|(index, item)| Value::Tuple(Rc::from([Value::int(index), item]))).collect(),
                ))
            }
            ("zip", many) => {
                let columns: Option<Vec<Vec<Value>>> = many.iter().map(|one| elements(one).ok()).collect();
                let columns = columns?;
                let length = columns.iter().map(Vec::len).min().unwrap_or(0);
                let row = |index: usize| Value::Tuple(columns.iter().map(|column| column[index].clone()).collect());
                Some(Value::Tuple((0..length).map(row).collect()))
            }
            ("sorted", [one]) => sorted(match one {
                Value::Set(list) => list.0.borrow().clone().ok()?,
                _ => elements(one).ok()?,
            }),
            ("reversed", [one]) => Some(Value::Tuple(elements(one).ok()?.into_iter().rev().collect())),
            ("object", []) => Some(Value::Opaque),
            ("print", _) => Some(Value::None),
            _ => None,
        }
    }

    /// A method of a built-in type; `None` where it is not followed.
    pub(super) fn method(
        &mut self,
        object: &Value,
        name: &str,
        args: &[Argument],
        kwargs: &[(Rc<str>, Argument)],
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        let values: Vec<&Value> = args.iter().map(|arg| &arg.value).collect();
        if let (Value::Mark(_), "with_args") = (object, name) {
            let args = values.into_iter().cloned().collect();
            let kwargs = kwargs.iter().map(|(name, arg)| (name.clone(), arg.value.clone())).collect();
            return Some(self.call_value(object, args, kwargs, frame, range));
        }
        if !kwargs.is_empty() {
            return None;
        }
        match object {
            Value::Str(text) => string_method(text.as_str()?, name, &values),
            Value::List(list) => {
                if let Some(doubt) = self.current_doubt() {
                    *list.0.borrow_mut() = Err(doubt.clone());
                    return Some(Value::None);
                }
                match (name, &values[..]) {
                    ("append", [one]) => {
                        if let Ok(items) = &mut *list.0.borrow_mut() {
                            if items.len() >= MOST_ELEMENTS {
                                return None;
                            }
                            items.push((*one).clone());
                        }
                        Some(Value::None)
                    }
                    ("extend", [more]) => {
                        let more = elements(more).ok()?;
                        if let Ok(items) = &mut *list.0.borrow_mut() {
                            if items.len() + more.len() > MOST_ELEMENTS {
                                return None;
                            }
                            items.extend(more);
                        }
                        Some(Value::None)
                    }
                    ("copy", []) => Some(Value::list(elements(object).ok()?)),
                    _ => None,
                }
            }
            Value::Dict(dict) => self.dict_method(dict, name, &values),
            _ => None,
        }
    }

    fn dict_method(&self, dict: &Rc<Dict>, name: &str, values: &[&Value]) -> Option<Value> {
        let pairs = || dict.0.borrow().clone().ok();
        match (name, values) {
            ("items", []) => Some(Value::Tuple(
                pairs()?.into_iter().map(|(key, value)| Value::Tuple(Rc::from([key, value]))).collect(),
            )),
            ("keys", []) => Some(Value::Tuple(pairs()?.into_iter().map(|(key, _)| key).collect())),
            ("values", []) => Some(Value::Tuple(pairs()?.into_iter().map(|(_, value)| value).collect())),
            ("copy", []) => Some(Value::dict(pairs()?)),
            ("get", [key] | [key, _]) if is_scalar(key) => {
                let mut answers = pairs()?.into_iter().map(|(one, value)| (scalar_eq(&one, key), value));
                let default = values.get(1).map_or(Value::None, |default| (*default).clone());
                let found = answers.try_fold(None, |found, (equal, value)| match (found, equal) {
                    (Some(found), _) => Some(Some(found)),
                    (None, Some(true)) => Some(Some(value)),
                    (None, Some(false)) => Some(None),
                    (None, None) => None,
                });
                Some(found?.unwrap_or(default))
            }
            ("update", [Value::Dict(other)]) if self.current_doubt().is_none() => {
                let other = other.0.borrow().clone().ok()?;
                other.into_iter().for_each(|(key, value)| set_item(dict, key, value));
                Some(Value::None)
            }
            _ => None,
        }
    }
}

/// `dict[key] = value`: a known key keeps its place.
pub(super) fn set_item(dict: &Dict, key: Value, value: Value) {
    let mut pairs = dict.0.borrow_mut();
    let Ok(pairs) = &mut *pairs else { return };
    match pairs.iter_mut().find(|(one, _)| scalar_eq(one, &key) == Some(true)) {
        Some((_, old)) => *old = value,
        None => pairs.push((key, value)),
    }
}

/// Python's `str(value)`, where it is plain.
pub(super) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Str(text) => text.as_str().map(str::to_owned),
        Value::Int(number) => Some(number.to_string()),
        Value::Bool(true) => Some("True".to_owned()),
        Value::Bool(false) => Some("False".to_owned()),
        Value::None => Some("None".to_owned()),
        Value::Float(number) => Some(crate::collect::ids::float_text(*number)),
        _ => None,
    }
}

fn range_of(bounds: &[&Value]) -> Option<Value> {
    let bounds: Option<Vec<i64>> = bounds
        .iter()
        .map(|bound| match bound {
            Value::Int(number) => number.to_i64(),
            _ => None,
        })
        .collect();
    let (start, end, step) = match bounds?[..] {
        [end] => (0, end, 1),
        [start, end] => (start, end, 1),
        [start, end, step] if step != 0 => (start, end, step),
        _ => return None,
    };
    let mut items = Vec::new();
    let mut next = start;
    while (step > 0 && next < end) || (step < 0 && next > end) {
        if items.len() >= MOST_ELEMENTS {
            return None;
        }
        items.push(Value::int(next));
        next = next.checked_add(step)?;
    }
    Some(Value::Tuple(items.into()))
}

fn sorted(items: Vec<Value>) -> Option<Value> {
    if items.iter().all(|item| matches!(item, Value::Int(_))) {
        let mut numbers: Vec<BigInt> = items
            .into_iter()
            .filter_map(|item| if let Value::Int(number) = item { Some(number) } else { None })
            .collect();
        numbers.sort();
        return Some(Value::list(numbers.into_iter().map(Value::Int).collect()));
    }
    let mut texts: Vec<String> = items.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<_>>()?;
    texts.sort();
    Some(Value::list(texts.into_iter().map(Value::str).collect()))
}

fn string_method(text: &str, name: &str, values: &[&Value]) -> Option<Value> {
    let arg = |index: usize| values.get(index).and_then(|value| value.as_str());
    let ascii = text.is_ascii();
    match (name, values.len()) {
        ("lower", 0) if ascii => Some(Value::str(text.to_ascii_lowercase())),
        ("upper", 0) if ascii => Some(Value::str(text.to_ascii_uppercase())),
        ("strip", 0) if ascii => Some(Value::str(text.trim_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']))),
        ("replace", 2) => Some(Value::str(text.replace(arg(0)?, arg(1)?))).filter(|_| arg(0) != Some("")),
        ("startswith", 1) => Some(Value::Bool(text.starts_with(arg(0)?))),
        ("endswith", 1) => Some(Value::Bool(text.ends_with(arg(0)?))),
        ("split", 1) if arg(0) != Some("") => Some(Value::list(text.split(arg(0)?).map(Value::str).collect())),
        ("join", 1) => {
            let parts: Option<Vec<String>> =
                elements(values[0]).ok()?.iter().map(|part| part.as_str().map(str::to_owned)).collect();
            Some(Value::str(parts?.join(text)))
        }
        _ => None,
    }
}
