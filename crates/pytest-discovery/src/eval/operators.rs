//! Unary and binary operators.

use std::rc::Rc;

use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive, Zero};

use super::asked::is_of_text;
use super::compare::{among, exact_float, integer, set_items};
use super::doubt::Why;
use super::value::{Dict, DictKind, List, Value};
use super::{Frame, Interpreter, MOST_ELEMENTS, MOST_TEXT};
use crate::syntax::ast::{BinaryOp, Range, UnaryOp};

/// The largest integers that are multiplied, in bits.
const MOST_BITS: u64 = 10_000;

impl Interpreter<'_> {
    pub(super) fn unary(&mut self, op: UnaryOp, operand: &Value, frame: &Frame, range: Range) -> Value {
        match (op, operand) {
            (UnaryOp::Not, _) => match self.test(operand, frame, range) {
                Some(truth) => Value::Bool(!truth),
                None => match operand {
                    Value::Unknown(doubt) => Value::Unknown(doubt.clone()),
                    _ => self.not_known(frame, range),
                },
            },
            (UnaryOp::Minus, Value::Float(number)) => Value::Float(-number),
            (UnaryOp::Minus, Value::Complex(real, imaginary)) => Value::Complex(-real, -imaginary),
            (UnaryOp::Plus, Value::Float(_) | Value::Complex(..)) => operand.clone(),
            (_, Value::Bool(_) | Value::Int(_)) => {
                let Some(number) = integer(operand) else { return self.not_known(frame, range) };
                Value::Int(match op {
                    UnaryOp::Minus => -number,
                    UnaryOp::Invert => !number,
                    _ => number,
                })
            }
            (_, Value::Unknown(doubt)) => Value::Unknown(doubt.clone()),
            (op, Value::Time(time)) => {
                super::library::times::unary(op, *time).unwrap_or_else(|| self.not_known(frame, range))
            }
            (op, Value::Instance(_)) => {
                let name = match op {
                    UnaryOp::Minus => "__neg__",
                    UnaryOp::Plus => "__pos__",
                    _ => "__invert__",
                };
                let found = self.special(operand, name, Vec::new(), frame, range);
                found.unwrap_or_else(|| self.not_known(frame, range))
            }
            _ => self.not_known(frame, range),
        }
    }

    pub(super) fn binary(&mut self, left: &Value, op: BinaryOp, right: &Value, frame: &Frame, range: Range) -> Value {
        let plain = |value: &Value| matches!(value, Value::Bool(_) | Value::Int(_) | Value::Float(_));
        if plain(left) && plain(right) {
            return self.arithmetic(left, op, right, frame, range);
        }
        if let (Value::Unknown(doubt), _) | (_, Value::Unknown(doubt)) = (left, right)
            && !(op == BinaryOp::Mod && matches!(left, Value::Str(_)))
        {
            // An object of the tree may still decide.
            if !matches!(left, Value::Instance(_)) {
                let (name, reflected) = method_of(op);
                self.ask_one_of(left, &[name]);
                self.ask_one_of(right, &[reflected]);
                self.may_ask(right, &[reflected], doubt);
                let may_hold_both = matches!(op, BinaryOp::Add | BinaryOp::BitOr | BinaryOp::Mult);
                return Value::Unknown(if may_hold_both { doubt.among([left, right]) } else { doubt.apart() });
            }
        }
        if let Some(found) = self.overloaded(left, op, right, frame, range) {
            return found;
        }
        if self.raised.is_some() {
            return self.not_known(frame, range);
        }
        if let (Value::Str(_), BinaryOp::Mod) = (payload(left), op) {
            let shown = self.containers(payload(left), op, right, frame, range);
            return shown.unwrap_or_else(|| self.not_known(frame, range));
        }
        let (left, right) = (payload(left), payload(right));
        if plain(left) && plain(right) {
            return self.arithmetic(left, op, right, frame, range);
        }
        match self.containers(left, op, right, frame, range) {
            Some(found) => found,
            None => self.not_known(frame, range),
        }
    }

    /// What methods of the tree's classes give, and members of flags.
    fn overloaded(&mut self, left: &Value, op: BinaryOp, right: &Value, frame: &Frame, range: Range) -> Option<Value> {
        if let (Value::Instance(one), Value::Instance(other)) = (left, right)
            && super::enums::is_flag(&one.class)
            && Rc::ptr_eq(&one.class, &other.class)
        {
            return super::enums::combine(one, op, &other.value);
        }
        if let (Value::Instance(one), other @ Value::Int(_)) | (other @ Value::Int(_), Value::Instance(one)) =
            (left, right)
            && super::enums::is_flag(&one.class)
            && matches!(op, BinaryOp::BitOr | BinaryOp::BitXor)
        {
            return Some(super::enums::combine(one, op, other).unwrap_or_else(|| self.not_known(frame, range)));
        }
        if is_of_text(left, op) {
            return None;
        }
        self.computed_by_method(left, method_of(op), right, frame, range)
    }

    fn arithmetic(&mut self, left: &Value, op: BinaryOp, right: &Value, frame: &Frame, range: Range) -> Value {
        use BinaryOp as Op;
        let (Some(one), Some(other)) = (integer(left), integer(right)) else {
            return self.float(left, op, right, frame, range);
        };
        if other.is_zero() && matches!(op, Op::Div | Op::FloorDiv | Op::Mod) {
            return self.fail("ZeroDivisionError", "a division by zero".to_owned(), frame, range);
        }
        let small = |number: &BigInt| number.to_u32().filter(|number| *number <= 4096);
        let result = match op {
            Op::Add => Some(one + other),
            Op::Sub => Some(one - other),
            Op::Mult if one.bits() + other.bits() < MOST_BITS => Some(one * other),
            Op::FloorDiv => Some(floor_division(&one, &other).0),
            Op::Mod => Some(floor_division(&one, &other).1),
            Op::Pow if one.bits() <= 64 => small(&other).map(|exponent| one.pow(exponent)),
            Op::LShift => small(&other).filter(|_| one.bits() <= MOST_BITS).map(|count| one << count),
            Op::RShift => small(&other).map(|count| one >> count),
            Op::BitOr | Op::BitXor | Op::BitAnd => {
                let bits = match op {
                    Op::BitOr => one | other,
                    Op::BitXor => one ^ other,
                    _ => one & other,
                };
                if matches!((left, right), (Value::Bool(_), Value::Bool(_))) {
                    return Value::Bool(!bits.is_zero());
                }
                Some(bits)
            }
            _ => None,
        };
        match result {
            Some(number) => Value::Int(number),
            None if matches!(op, Op::Div | Op::Pow) => self.float(left, op, right, frame, range),
            None => self.not_known(frame, range),
        }
    }

    fn float(&mut self, left: &Value, op: BinaryOp, right: &Value, frame: &Frame, range: Range) -> Value {
        let number = |value: &Value| match value {
            Value::Float(number) => Some(*number),
            // Python refuses what does not fit; within 2^53 the conversion is exact.
            other => integer(other).and_then(|number| exact_float(&number)),
        };
        let (Some(one), Some(other)) = (number(left), number(right)) else { return self.not_known(frame, range) };
        if other == 0.0 && matches!(op, BinaryOp::Div | BinaryOp::FloorDiv | BinaryOp::Mod) {
            return self.fail("ZeroDivisionError", "a division by zero".to_owned(), frame, range);
        }
        match op {
            BinaryOp::Add => Value::Float(one + other),
            BinaryOp::Sub => Value::Float(one - other),
            BinaryOp::Mult => Value::Float(one * other),
            BinaryOp::Div => Value::Float(one / other),
            BinaryOp::FloorDiv => Value::Float(float_division(one, other).0),
            BinaryOp::Mod => Value::Float(float_division(one, other).1),
            BinaryOp::Pow if one > 0.0 && one.is_finite() && other.is_finite() => {
                let power = one.powf(other);
                if power.is_finite() { Value::Float(power) } else { self.not_known(frame, range) }
            }
            _ => self.not_known(frame, range),
        }
    }

    fn containers(&mut self, left: &Value, op: BinaryOp, right: &Value, frame: &Frame, range: Range) -> Option<Value> {
        use BinaryOp as Op;
        match (left, op, right) {
            (Value::Str(one), Op::Add, Value::Str(other)) => {
                let (one, other) = (one.as_str()?, other.as_str()?);
                (one.len() + other.len() <= MOST_TEXT).then(|| Value::str(format!("{one}{other}")))
            }
            (Value::Bytes(one), Op::Add, Value::Bytes(other)) => (one.len() + other.len() <= MOST_TEXT)
                .then(|| Value::Bytes(one.iter().chain(other.iter()).copied().collect())),
            (Value::Time(_), ..) | (.., Value::Time(_)) => super::library::times::binary(left, op, right),
            (Value::Str(text), Op::Mod, values) => {
                let text = super::format::percent(self, text.as_str()?, values, frame, range)?;
                Some(Value::str(text))
            }
            (items, Op::Mult, count) | (count, Op::Mult, items)
                if matches!(items, Value::Str(_) | Value::Bytes(_) | Value::List(_) | Value::Tuple(_)) =>
            {
                self.repeated(items, &integer(count)?)
            }
            (Value::List(one), Op::Add, Value::List(other)) => {
                let (one, other) = (one.0.borrow().clone(), other.0.borrow().clone());
                match (one, other) {
                    (Ok(one), Ok(other)) if one.len() + other.len() <= MOST_ELEMENTS => {
                        self.charge((one.len() + other.len()) / 8);
                        Some(Value::list(one.into_iter().chain(other).collect()))
                    }
                    (Err(doubt), Ok(items)) | (Ok(items), Err(doubt)) => {
                        Some(Value::List(Rc::new(List(Err(doubt.among(&items)).into()))))
                    }
                    (Err(one), Err(other)) => {
                        Some(Value::List(Rc::new(List(Err(one.among(other.candidates())).into()))))
                    }
                    _ => None,
                }
            }
            (Value::Tuple(one), Op::Add, Value::Tuple(other)) => {
                self.charge((one.len() + other.len()) / 8);
                (one.len() + other.len() <= MOST_ELEMENTS)
                    .then(|| Value::Tuple(one.iter().chain(other.iter()).cloned().collect()))
            }
            (Value::Dict(one), Op::BitOr, Value::Dict(other)) => {
                let dict = Dict::new(Ok(one.pairs()?), DictKind::Plain);
                for (key, value) in other.pairs()? {
                    dict.insert(key, value);
                }
                Some(Value::Dict(Rc::new(dict)))
            }
            (one, Op::BitOr | Op::BitAnd | Op::BitXor | Op::Sub, other)
                if is_set_like(one) && is_set_like(other) && (is_set(one) || matches!(one, Value::View(..))) =>
            {
                let items = set_operation(&set_of(one)?, op, &set_of(other)?)?;
                Some(match one {
                    Value::FrozenSet(_) => Value::FrozenSet(items.into()),
                    _ => Value::set(items),
                })
            }
            (Value::Path(path), Op::Div, other) => super::library::paths::join(path, std::slice::from_ref(other)),
            (Value::Str(one), Op::Div, Value::Path(_)) => {
                super::library::paths::join(&Rc::from(one.as_str()?), std::slice::from_ref(right))
            }
            // A union of types is neither a string nor named.
            (Value::External(_) | Value::Class(_), Op::BitOr, Value::External(_) | Value::Class(_) | Value::None)
            | (Value::None, Op::BitOr, Value::External(_) | Value::Class(_)) => {
                // What `typing` makes has a name, another one in each release.
                let is_type = |value: &Value| match value {
                    Value::External(path) => super::stdlib::is_type(path) && !path.starts_with("typing"),
                    _ => true,
                };
                (is_type(left) && is_type(right)).then_some(Value::Opaque)
            }
            (Value::Complex(..), _, _) | (_, _, Value::Complex(..)) => complex(left, op, right),
            _ => None,
        }
    }

    fn repeated(&mut self, items: &Value, count: &BigInt) -> Option<Value> {
        let count = if count.is_negative() { 0 } else { count.to_usize()? };
        match items {
            Value::Str(text) => {
                let text = text.as_str()?;
                (text.len().saturating_mul(count) <= MOST_TEXT).then(|| Value::str(text.repeat(count)))
            }
            Value::Bytes(bytes) => {
                (bytes.len().saturating_mul(count) <= MOST_TEXT).then(|| Value::Bytes(bytes.repeat(count).into()))
            }
            other => {
                let found = match other {
                    Value::List(list) => list.0.borrow().clone().ok()?,
                    Value::Tuple(items) => items.to_vec(),
                    _ => return None,
                };
                if found.len().saturating_mul(count) > MOST_ELEMENTS {
                    return None;
                }
                self.charge(found.len() * count / 8);
                let many: Vec<Value> = found.iter().cloned().cycle().take(found.len() * count).collect();
                Some(if matches!(other, Value::List(_)) { Value::list(many) } else { Value::Tuple(many.into()) })
            }
        }
    }

    /// `object += value` where that changes the very object: others that hold it see it.
    pub(super) fn augment_in_place(
        &mut self,
        object: &Value,
        op: BinaryOp,
        value: &Value,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        self.will_change(object);
        match (object, op) {
            (Value::List(list), BinaryOp::Add) => {
                let added = self.iterate(value, frame, range);
                let doubt = self.current_doubt().cloned();
                let count = list.0.borrow().as_ref().map(Vec::len).map_err(Clone::clone);
                match (added, doubt, count) {
                    (_, Some(doubt), _) | (Err(doubt), None, _) | (Ok(_), None, Err(doubt)) => {
                        list.forget(&doubt, [value])
                    }
                    (Ok(added), None, Ok(count)) if count + added.len() <= MOST_ELEMENTS => {
                        if let Ok(items) = &mut *list.0.borrow_mut() {
                            items.extend(added);
                        }
                    }
                    (Ok(_), None, Ok(_)) => {
                        list.forget(&self.doubt(frame, range, "more elements than are followed"), [value]);
                    }
                }
                Some(object.clone())
            }
            (Value::List(list), BinaryOp::Mult) => {
                let new = integer(value).and_then(|count| self.repeated(object, &count));
                let doubt = self.current_doubt().cloned();
                match (new, doubt) {
                    (Some(Value::List(new)), None) => {
                        let new = new.0.borrow().clone();
                        *list.0.borrow_mut() = new;
                    }
                    (_, doubt) => list.forget(&doubt.unwrap_or_else(|| self.doubt(frame, range, Why::NotKnown)), []),
                }
                Some(object.clone())
            }
            (Value::Set(list), BinaryOp::BitOr | BinaryOp::BitAnd | BinaryOp::Sub | BinaryOp::BitXor) => {
                let items =
                    set_items(object).zip(set_of(value)).and_then(|(one, other)| set_operation(&one, op, &other));
                let doubt = self.current_doubt().cloned();
                match (items, doubt) {
                    (Some(items), None) => *list.0.borrow_mut() = Ok(items),
                    (_, doubt) => {
                        list.forget(&doubt.unwrap_or_else(|| self.doubt(frame, range, Why::NotKnown)), [value]);
                    }
                }
                Some(object.clone())
            }
            (Value::Dict(dict), BinaryOp::BitOr) => {
                let doubt = self.current_doubt().cloned();
                match (super::expr::payload_dict(value).and_then(|other| other.pairs()), doubt) {
                    (Some(pairs), None) => {
                        for (key, value) in pairs {
                            dict.insert(key, value);
                        }
                    }
                    (_, doubt) => {
                        let doubt = doubt.unwrap_or_else(|| self.doubt(frame, range, Why::NotKnown));
                        dict.forget(&doubt, [value]);
                    }
                }
                Some(object.clone())
            }
            (Value::Instance(instance), op) => {
                let name = method_of(op).0.replacen("__", "__i", 1);
                instance.class.in_tree(&name)?;
                self.special(object, &name, vec![value.clone()], frame, range)
            }
            _ => None,
        }
    }
}

fn method_of(op: BinaryOp) -> (&'static str, &'static str) {
    match op {
        BinaryOp::Add => ("__add__", "__radd__"),
        BinaryOp::Sub => ("__sub__", "__rsub__"),
        BinaryOp::Mult => ("__mul__", "__rmul__"),
        BinaryOp::MatMult => ("__matmul__", "__rmatmul__"),
        BinaryOp::Div => ("__truediv__", "__rtruediv__"),
        BinaryOp::Mod => ("__mod__", "__rmod__"),
        BinaryOp::Pow => ("__pow__", "__rpow__"),
        BinaryOp::LShift => ("__lshift__", "__rlshift__"),
        BinaryOp::RShift => ("__rshift__", "__rrshift__"),
        BinaryOp::BitOr => ("__or__", "__ror__"),
        BinaryOp::BitXor => ("__xor__", "__rxor__"),
        BinaryOp::BitAnd => ("__and__", "__rand__"),
        BinaryOp::FloorDiv => ("__floordiv__", "__rfloordiv__"),
    }
}

/// The built-in value that an instance is, for operators that its class does not define.
pub(super) fn payload(value: &Value) -> &Value {
    match value {
        Value::Instance(instance)
            if matches!(
                instance.class.payload(),
                Some(
                    super::class::Payload::Str
                        | super::class::Payload::Int
                        | super::class::Payload::Float
                        | super::class::Payload::Tuple
                        | super::class::Payload::List
                        | super::class::Payload::Dict
                )
            ) && !matches!(instance.value, Value::None) =>
        {
            &instance.value
        }
        other => other,
    }
}

fn is_set(value: &Value) -> bool {
    matches!(value, Value::Set(_) | Value::FrozenSet(_))
}

fn is_set_like(value: &Value) -> bool {
    is_set(value) || matches!(value, Value::View(_, super::value::ViewKind::Keys | super::value::ViewKind::Items))
}

fn set_of(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::View(..) => super::elements(value).ok(),
        other => set_items(other),
    }
}

/// `|`, `&`, `-` and `^` of sets.
pub(super) fn set_operation(one: &[Value], op: BinaryOp, other: &[Value]) -> Option<Vec<Value>> {
    let mut found = Vec::new();
    for item in one {
        let shared = among(other, item)?;
        let stays = match op {
            BinaryOp::BitAnd => shared,
            BinaryOp::BitOr => true,
            _ => !shared,
        };
        if stays {
            found.push(item.clone());
        }
    }
    if matches!(op, BinaryOp::BitOr | BinaryOp::BitXor) {
        for item in other {
            if !among(one, item)? {
                found.push(item.clone());
            }
        }
    }
    Some(found)
}

/// Python's `//` and `%`, which round down.
pub(super) fn floor_division(one: &BigInt, other: &BigInt) -> (BigInt, BigInt) {
    let quotient = one / other;
    let rest = one - &quotient * other;
    if !rest.is_zero() && rest.is_negative() != other.is_negative() {
        return (quotient - 1, rest + other);
    }
    (quotient, rest)
}

fn float_division(one: f64, other: f64) -> (f64, f64) {
    let mut rest = one % other;
    let mut quotient = (one - rest) / other;
    if rest != 0.0 {
        if (other < 0.0) != (rest < 0.0) {
            rest += other;
            quotient -= 1.0;
        }
    } else {
        rest = 0.0_f64.copysign(other);
    }
    let floored = if quotient != 0.0 {
        let floor = quotient.floor();
        if quotient - floor > 0.5 { floor + 1.0 } else { floor }
    } else {
        0.0_f64.copysign(one / other)
    };
    (floored, rest)
}

fn complex(left: &Value, op: BinaryOp, right: &Value) -> Option<Value> {
    // Only where one is a real number that is added: other operations round in ways of their own.
    let parts = |value: &Value| match value {
        Value::Complex(real, imaginary) => Some((*real, *imaginary)),
        Value::Float(number) => Some((*number, 0.0)),
        other => integer(other).and_then(|number| exact_float(&number)).map(|number| (number, 0.0)),
    };
    let (one, other) = (parts(left)?, parts(right)?);
    match op {
        BinaryOp::Add => Some(Value::Complex(one.0 + other.0, one.1 + other.1)),
        BinaryOp::Sub => Some(Value::Complex(one.0 - other.0, one.1 - other.1)),
        _ => None,
    }
}
