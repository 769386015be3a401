//! Truth, equality, order and membership.

use std::cmp::Ordering;
use std::rc::Rc;

use num_bigint::BigInt;
use num_traits::{ToPrimitive, Zero};

use super::value::{Dict, DictKind, Instance, Value};
use super::{elements, several, stdlib};

/// How deeply values are compared.
const DEEPEST: u32 = 30;

/// Python's truth of a value, where it is known without calling anything.
pub(crate) fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::None => Some(false),
        Value::Bool(flag) => Some(*flag),
        Value::Int(number) => Some(!number.is_zero()),
        Value::Float(number) => Some(*number != 0.0),
        Value::Complex(real, imaginary) => Some(*real != 0.0 || *imaginary != 0.0),
        Value::Str(text) => Some(text.chars() > 0),
        Value::Bytes(bytes) => Some(!bytes.is_empty()),
        Value::Tuple(items) | Value::FrozenSet(items) => several::are_any(items),
        Value::List(list) | Value::Set(list) => several::are_any(list.0.borrow().as_ref().ok()?),
        Value::Dict(dict) | Value::View(dict, _) => dict.0.borrow().as_ref().ok().map(|items| !items.is_empty()),
        Value::Range(range) => Some(super::iterator::length_of_range(range) > 0),
        Value::Class(class) if ["__bool__", "__len__"].iter().any(|name| class.is_asked_by_metaclass(name)) => None,
        Value::Ellipsis
        | Value::Function(_)
        | Value::Method(_)
        | Value::BuiltinMethod(_)
        | Value::Partial(_)
        | Value::Class(_)
        | Value::Module(_)
        | Value::Namespace(_)
        | Value::Iterator(_)
        | Value::Path(_)
        | Value::Regex(_)
        | Value::Exception(_)
        | Value::Mark(_)
        | Value::Slice(_)
        | Value::Fixture(_) => Some(true),
        Value::Instance(instance) => truth_of_instance(instance),
        Value::Object(object) => object.truth(),
        Value::External(path) if &**path == "typing.TYPE_CHECKING" => Some(false),
        Value::External(path) if stdlib::is_solid(path) => Some(true),
        _ => None,
    }
}

fn truth_of_instance(instance: &Instance) -> Option<bool> {
    let class = &instance.class;
    if class.in_tree("__bool__").is_some() || class.in_tree("__len__").is_some() {
        return None;
    }
    if class.is_enum {
        let by_value = class.payload().is_some() || super::enums::is_flag(class);
        return if by_value { truth(&instance.value) } else { Some(true) };
    }
    match class.payload() {
        Some(super::class::Payload::Other) => None,
        Some(_) => truth(&instance.value),
        None => (class.is_plain() || class.is_exception()).then_some(true),
    }
}

/// A number of Python as an exact one.
pub(super) fn integer(value: &Value) -> Option<BigInt> {
    match value {
        Value::Bool(flag) => Some(BigInt::from(u8::from(*flag))),
        Value::Int(number) => Some(number.clone()),
        Value::Instance(instance) if instance.class.payload() == Some(super::class::Payload::Int) => {
            integer(&instance.value)
        }
        _ => None,
    }
}

/// Python's `==`; `None` where it is not known, as where a class of the tree decides.
pub(crate) fn equal(one: &Value, other: &Value) -> Option<bool> {
    let mut budget = 20_000;
    equal_within(one, other, 0, &mut budget)
}

/// Whether both are `nan`, which is not equal to itself.
pub(super) fn are_nan(one: &Value, other: &Value) -> bool {
    matches!((one, other), (Value::Float(one), Value::Float(other)) if one.is_nan() && other.is_nan())
}

fn equal_within(one: &Value, other: &Value, depth: u32, budget: &mut u32) -> Option<bool> {
    *budget = budget.checked_sub(1)?;
    if depth > DEEPEST {
        return None;
    }
    match (one, other) {
        (Value::Unknown(_), _) | (_, Value::Unknown(_)) => None,
        (Value::Instance(one), Value::Instance(other)) if Rc::ptr_eq(one, other) => {
            one.class.in_tree("__eq__").is_none().then_some(true)
        }
        (Value::Instance(instance), other) | (other, Value::Instance(instance)) => {
            equal_instance(instance, other, depth, budget)
        }
        (Value::None, Value::None) | (Value::Ellipsis, Value::Ellipsis) => Some(true),
        (Value::Bool(_) | Value::Int(_), Value::Bool(_) | Value::Int(_)) => Some(integer(one)? == integer(other)?),
        // In a container, `nan` is equal to itself and to no other.
        (Value::Float(one), Value::Float(other)) if one.is_nan() && other.is_nan() => None,
        (Value::Float(one), Value::Float(other)) => Some(one == other),
        (Value::Float(float), number @ (Value::Bool(_) | Value::Int(_)))
        | (number @ (Value::Bool(_) | Value::Int(_)), Value::Float(float)) => {
            if !float.is_finite() || float.fract() != 0.0 {
                return Some(false);
            }
            let whole = <BigInt as num_traits::FromPrimitive>::from_f64(*float)?;
            Some(whole == integer(number)?)
        }
        (Value::Complex(..), _) | (_, Value::Complex(..)) => match (one, other) {
            (Value::Complex(a, b), Value::Complex(c, d)) => Some(a == c && b == d),
            _ => None,
        },
        (Value::Str(one), Value::Str(other)) => Some(one == other),
        (Value::Bytes(one), Value::Bytes(other)) => Some(one == other),
        (Value::Tuple(one), Value::Tuple(other)) => equal_items(one, other, depth, budget),
        (Value::List(one), Value::List(other)) => {
            if Rc::ptr_eq(one, other) {
                return Some(true);
            }
            let (one, other) = (one.0.borrow(), other.0.borrow());
            equal_items(one.as_ref().ok()?, other.as_ref().ok()?, depth, budget)
        }
        (Value::Range(one), Value::Range(other)) => {
            if one == other {
                return Some(true);
            }
            equal_items(
                &elements(&Value::Range(one.clone())).ok()?,
                &elements(&Value::Range(other.clone())).ok()?,
                depth,
                budget,
            )
        }
        (Value::Set(_) | Value::FrozenSet(_), Value::Set(_) | Value::FrozenSet(_)) => {
            let (one, other) = (set_items(one)?, set_items(other)?);
            if one.len() != other.len() {
                return Some(false);
            }
            let mut all = true;
            for item in &one {
                all &= contains_within(&other, item, depth, budget)?;
            }
            Some(all)
        }
        (Value::Dict(one), Value::Dict(other)) => {
            if Rc::ptr_eq(one, other) {
                return Some(true);
            }
            let pairs = one.0.borrow();
            let pairs = pairs.as_ref().ok()?;
            if pairs.len() != other.0.borrow().as_ref().ok()?.len() {
                return Some(false);
            }
            let mut unknown = false;
            for (key, value) in pairs {
                match other.find(key)? {
                    None => return Some(false),
                    Some(found) => match equal_within(value, &found, depth + 1, budget) {
                        Some(true) => {}
                        Some(false) => return Some(false),
                        None => unknown = true,
                    },
                }
            }
            if let (DictKind::Ordered, DictKind::Ordered) = (&one.1, &other.1) {
                let keys =
                    |dict: &Dict| dict.pairs().map(|pairs| pairs.into_iter().map(|(key, _)| key).collect::<Vec<_>>());
                match equal_items(&keys(one)?, &keys(other)?, depth, budget) {
                    Some(true) => {}
                    other => return other,
                }
            }
            if unknown { None } else { Some(true) }
        }
        (Value::Class(one), Value::Class(other)) => Some(Rc::ptr_eq(one, other)),
        (Value::Function(one), Value::Function(other)) => Some(Rc::ptr_eq(one, other)),
        (Value::Module(one), Value::Module(other)) => Some(Rc::ptr_eq(one, other)),
        (Value::Path(one), Value::Path(other)) => Some(one == other),
        (Value::Exception(one), Value::Exception(other)) => Some(Rc::ptr_eq(one, other)),
        (Value::Object(one), Value::Object(other)) => one.equals(&**other),
        (Value::Object(object), Value::Str(text)) | (Value::Str(text), Value::Object(object)) => {
            object.equals_text(text.as_str()?)
        }
        (Value::External(one), Value::External(other)) => {
            if one == other {
                return Some(true);
            }
            (one.starts_with("builtins.") && other.starts_with("builtins.")).then_some(false)
        }
        (Value::External(path), other) | (other, Value::External(path)) => {
            (stdlib::is_solid(path) && is_definite(other)).then_some(false)
        }
        (one, other) => (is_definite(one) && is_definite(other)).then_some(false),
    }
}

/// Whether a value is equal to values of its own kind only.
fn is_definite(value: &Value) -> bool {
    matches!(
        value,
        Value::None
            | Value::Ellipsis
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Str(_)
            | Value::Bytes(_)
            | Value::Tuple(_)
            | Value::List(_)
            | Value::Dict(_)
            | Value::Set(_)
            | Value::FrozenSet(_)
            | Value::Range(_)
            | Value::Class(_)
            | Value::Function(_)
            | Value::Module(_)
            | Value::Path(_)
    )
}

fn equal_items(one: &[Value], other: &[Value], depth: u32, budget: &mut u32) -> Option<bool> {
    if several::among(one).or_else(|| several::among(other)).is_some() {
        return None;
    }
    if one.len() != other.len() {
        return Some(false);
    }
    let mut unknown = false;
    for (one, other) in one.iter().zip(other) {
        match equal_within(one, other, depth + 1, budget) {
            Some(true) => {}
            Some(false) => return Some(false),
            None => unknown = true,
        }
    }
    if unknown { None } else { Some(true) }
}

fn equal_instance(instance: &Rc<Instance>, other: &Value, depth: u32, budget: &mut u32) -> Option<bool> {
    let class = &instance.class;
    if class.in_tree("__eq__").is_some() {
        return None;
    }
    if let Value::Instance(other) = other {
        if other.class.in_tree("__eq__").is_some() {
            return None;
        }
        if let (Some(one), Some(two)) = (&instance.member, &other.member) {
            if Rc::ptr_eq(class, &other.class) {
                return Some(one == two);
            }
            if class.payload().is_none() || other.class.payload().is_none() {
                return Some(false);
            }
            return equal_within(&instance.value, &other.value, depth + 1, budget);
        }
        if class.payload().is_some() && other.class.payload().is_some() {
            return equal_within(&instance.value, &other.value, depth + 1, budget);
        }
        if !class.is_plain() || !other.class.is_plain() {
            return None;
        }
        let maker = class.maker("__eq__");
        if maker.is_some() || other.class.maker("__eq__").is_some() {
            if !Rc::ptr_eq(class, &other.class) {
                return Some(false);
            }
            if instance.doubt.borrow().is_some() || other.doubt.borrow().is_some() {
                return None;
            }
            let fields = super::dataclass::compared_fields(maker?)?;
            let read = |instance: &Instance| -> Option<Vec<Value>> {
                fields.iter().map(|field| field.held_by(instance)).collect()
            };
            return equal_items(&read(instance)?, &read(other)?, depth, budget);
        }
        // By identity: they are not the same.
        return Some(false);
    }
    match class.payload() {
        Some(super::class::Payload::Other) => None,
        Some(_) => equal_within(&instance.value, other, depth + 1, budget),
        None => {
            let simple = class.is_plain() || (class.is_enum && class.doubt.borrow().is_none());
            (simple && is_definite(other)).then_some(false)
        }
    }
}

/// The elements of a set, in no order that means anything.
pub(super) fn set_items(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::Set(list) => list.0.borrow().clone().ok(),
        Value::FrozenSet(items) => Some(items.to_vec()),
        _ => None,
    }
}

fn contains_within(items: &[Value], wanted: &Value, depth: u32, budget: &mut u32) -> Option<bool> {
    let mut unknown = false;
    for item in items {
        match equal_within(item, wanted, depth + 1, budget) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => unknown = true,
        }
    }
    if unknown { None } else { Some(false) }
}

/// `wanted in items`, where nothing of the tree decides.
pub(super) fn among(items: &[Value], wanted: &Value) -> Option<bool> {
    let mut budget = 100_000;
    contains_within(items, wanted, 0, &mut budget)
}

/// Python's order of two values; `None` where they have none, or it is not known.
pub(super) fn order(one: &Value, other: &Value) -> Option<Ordering> {
    order_within(one, other, 0)
}

fn order_within(one: &Value, other: &Value, depth: u32) -> Option<Ordering> {
    if depth > DEEPEST {
        return None;
    }
    match (one, other) {
        (Value::Instance(instance), other) if instance.class.payload().is_some() && !orders_itself(instance) => {
            order_within(&instance.value, other, depth + 1)
        }
        (one, Value::Instance(instance)) if instance.class.payload().is_some() && !orders_itself(instance) => {
            order_within(one, &instance.value, depth + 1)
        }
        (Value::Bool(_) | Value::Int(_), Value::Bool(_) | Value::Int(_)) => Some(integer(one)?.cmp(&integer(other)?)),
        (Value::Float(one), Value::Float(other)) => one.partial_cmp(other),
        (Value::Float(float), number @ (Value::Bool(_) | Value::Int(_))) => {
            float.partial_cmp(&exact_float(&integer(number)?)?)
        }
        (number @ (Value::Bool(_) | Value::Int(_)), Value::Float(float)) => {
            exact_float(&integer(number)?)?.partial_cmp(float)
        }
        (Value::Str(one), Value::Str(other)) => Some(one.as_str()?.cmp(other.as_str()?)),
        (Value::Bytes(one), Value::Bytes(other)) => Some(one.cmp(other)),
        (Value::Path(one), Value::Path(other)) => Some(one.split('/').cmp(other.split('/'))),
        (Value::Tuple(one), Value::Tuple(other)) => order_items(one, other, depth),
        (Value::List(one), Value::List(other)) => {
            order_items(one.0.borrow().as_ref().ok()?, other.0.borrow().as_ref().ok()?, depth)
        }
        _ => None,
    }
}

fn orders_itself(instance: &Instance) -> bool {
    ["__lt__", "__le__", "__gt__", "__ge__", "__eq__"].iter().any(|name| instance.class.in_tree(name).is_some())
}

fn order_items(one: &[Value], other: &[Value], depth: u32) -> Option<Ordering> {
    for (one, other) in one.iter().zip(other) {
        if !equal(one, other)? {
            return order_within(one, other, depth + 1);
        }
    }
    Some(one.len().cmp(&other.len()))
}

/// An integer that a float holds exactly.
pub(super) fn exact_float(number: &BigInt) -> Option<f64> {
    number.to_i64().filter(|number| number.unsigned_abs() <= 1 << 53).map(|number| number as f64)
}
