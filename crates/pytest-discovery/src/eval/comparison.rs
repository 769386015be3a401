//! Comparisons as expressions ask for them: operators, and methods of the tree's classes where those decide.

use std::cmp::Ordering;
use std::rc::Rc;

use num_traits::ToPrimitive;

use super::compare::{among, equal, integer, order, set_items, truth};
use super::value::Value;
use super::{Frame, Interpreter, stdlib};
use crate::syntax::ast::{CompareOp, Expr, Range};

impl Interpreter<'_> {
    /// Python's truth of a value, methods of the tree's classes called where they decide.
    pub(super) fn test(&mut self, value: &Value, frame: &Frame, range: Range) -> Option<bool> {
        if let Value::Instance(_) = value
            && let None = truth(value)
        {
            let answer = match self.special(value, "__bool__", Vec::new(), frame, range) {
                Some(answer) => answer,
                None => self.special(value, "__len__", Vec::new(), frame, range)?,
            };
            return truth(&answer);
        }
        truth(value)
    }

    /// Python's `==` as a condition, methods of the tree's classes called where they decide.
    pub(super) fn equals(&mut self, one: &Value, other: &Value, frame: &Frame, range: Range) -> Option<bool> {
        truth(&self.equality(one, other, frame, range)?)
    }

    /// What `==` gives: a class of the tree may give anything.
    fn equality(&mut self, one: &Value, other: &Value, frame: &Frame, range: Range) -> Option<Value> {
        for (object, argument) in [(one, other), (other, one)] {
            if let Value::Instance(instance) = object
                && instance.class.in_tree("__eq__").is_some()
            {
                let answer = self.special(object, "__eq__", vec![argument.clone()], frame, range)?;
                if matches!(&answer, Value::External(path) if &**path == "builtins.NotImplemented") {
                    continue;
                }
                return Some(answer);
            }
        }
        equal(one, other).map(Value::Bool)
    }

    pub(super) fn comparison(
        &mut self,
        first: &Expr,
        rest: &[(CompareOp, Expr)],
        frame: &Frame,
        range: Range,
    ) -> Value {
        let mut left = self.eval(first, frame);
        for (op, right) in rest {
            let right = self.eval(right, frame);
            if self.raised.is_some() {
                return self.not_known(frame, range);
            }
            // The last of them gives what its method gives.
            let found = match rest {
                [_] => self.compared(&left, *op, &right, frame, range),
                _ => self.compare(&left, *op, &right, frame, range).map(Value::Bool),
            };
            match found {
                Some(Value::Bool(true)) => left = right,
                Some(found) => return found,
                None => {
                    return match (left, right) {
                        (Value::Unknown(doubt), _) | (_, Value::Unknown(doubt)) => Value::Unknown(doubt),
                        _ => self.not_known(frame, range),
                    };
                }
            }
        }
        Value::Bool(true)
    }

    /// What a comparison gives: a class of the tree may give anything.
    fn compared(&mut self, left: &Value, op: CompareOp, right: &Value, frame: &Frame, range: Range) -> Option<Value> {
        match (op, left) {
            (CompareOp::Eq, _) if self.order_of_versions(left, right).is_none() => {
                self.equality(left, right, frame, range)
            }
            (CompareOp::Lt | CompareOp::LtE | CompareOp::Gt | CompareOp::GtE, Value::Instance(_)) => {
                self.ordering(left, op, right, frame, range)
            }
            _ => self.compare(left, op, right, frame, range).map(Value::Bool),
        }
    }

    pub(super) fn compare(
        &mut self,
        left: &Value,
        op: CompareOp,
        right: &Value,
        frame: &Frame,
        range: Range,
    ) -> Option<bool> {
        match op {
            CompareOp::Is | CompareOp::IsNot => Some(is_same(left, right)? == (op == CompareOp::Is)),
            CompareOp::In | CompareOp::NotIn => {
                Some(self.contains(left, right, frame, range)? == (op == CompareOp::In))
            }
            _ => {
                if let Some(order) = self.order_of_versions(left, right) {
                    return Some(holds(op, order));
                }
                match op {
                    CompareOp::Eq => self.equals(left, right, frame, range),
                    CompareOp::NotEq => {
                        let overridden = |value: &Value| matches!(value, Value::Instance(one) if one.class.in_tree("__ne__").is_some());
                        if overridden(left) || overridden(right) {
                            return None;
                        }
                        Some(!self.equals(left, right, frame, range)?)
                    }
                    _ => truth(&self.ordering(left, op, right, frame, range)?),
                }
            }
        }
    }

    fn ordering(&mut self, left: &Value, op: CompareOp, right: &Value, frame: &Frame, range: Range) -> Option<Value> {
        let name = match op {
            CompareOp::Lt => "__lt__",
            CompareOp::LtE => "__le__",
            CompareOp::Gt => "__gt__",
            _ => "__ge__",
        };
        if let Value::Instance(instance) = left
            && instance.class.in_tree(name).is_some()
        {
            let answer = self.special(left, name, vec![right.clone()], frame, range)?;
            let is_refused = matches!(&answer, Value::External(path) if &**path == "builtins.NotImplemented");
            return (!is_refused).then_some(answer);
        }
        self.built_in_order(left, op, right).map(Value::Bool)
    }

    fn built_in_order(&self, left: &Value, op: CompareOp, right: &Value) -> Option<bool> {
        if let (Some(one), Some(other)) = (set_items(left), set_items(right)) {
            let within = |one: &[Value], other: &[Value]| {
                one.iter().map(|item| among(other, item)).try_fold(true, |all, found| Some(all && found?))
            };
            return match op {
                CompareOp::LtE => within(&one, &other),
                CompareOp::GtE => within(&other, &one),
                CompareOp::Lt => Some(within(&one, &other)? && one.len() < other.len()),
                _ => Some(within(&other, &one)? && one.len() > other.len()),
            };
        }
        if let (Value::Float(one), Value::Float(other)) = (left, right)
            && (one.is_nan() || other.is_nan())
        {
            return Some(false);
        }
        Some(holds(op, order(left, right)?))
    }

    /// `sys.version_info` against a tuple: what is beyond the minor release is not known.
    fn order_of_versions(&self, left: &Value, right: &Value) -> Option<Ordering> {
        let is_version = |value: &Value| matches!(value, Value::External(path) if &**path == "sys.version_info");
        let parts = |value: &Value| match value {
            value if is_version(value) => Some(vec![u32::from(self.python.major), u32::from(self.python.minor)]),
            Value::Tuple(items) => {
                items.iter().map(|item| if let Value::Int(number) = item { number.to_u32() } else { None }).collect()
            }
            _ => None,
        };
        if is_version(left) == is_version(right) {
            return None;
        }
        let (one, other) = (parts(left)?, parts(right)?);
        let depth = one.len().min(other.len());
        match one[..depth].cmp(&other[..depth]) {
            // Which patch release it is, is not known.
            Ordering::Equal if one.len() == other.len() || one.len().max(other.len()) == 2 => {
                // (3, 11) against (3, 11, x, ...): the longer is the greater.
                Some(if is_version(left) { Ordering::Greater } else { Ordering::Less })
            }
            Ordering::Equal => None,
            order => Some(order),
        }
    }

    /// `item in container`.
    pub(super) fn contains(&mut self, item: &Value, container: &Value, frame: &Frame, range: Range) -> Option<bool> {
        match container {
            Value::Str(text) => Some(text.as_str()?.contains(item.as_str()?)),
            Value::Bytes(bytes) => match item {
                Value::Bytes(part) => {
                    Some(part.is_empty() || bytes.windows(part.len()).any(|window| *window == **part))
                }
                other => Some(bytes.contains(&integer(other)?.to_u8()?)),
            },
            Value::Object(object) => object.contains(item),
            Value::Set(_) | Value::FrozenSet(_) => among(&set_items(container)?, item),
            Value::Dict(dict) | Value::View(dict, super::value::ViewKind::Keys) => Some(dict.find(item)?.is_some()),
            Value::External(path) if &**path == "os.environ" => Some(self.environment(item.as_str()?).is_some()),
            // CPython is followed.
            Value::External(path) if matches!(&**path, "sys.version" | "sys.builtin_module_names") => {
                item.as_str()?.to_ascii_lowercase().contains("pypy").then_some(false)
            }
            Value::Class(class) if class.is_enum => match item {
                Value::Instance(instance) if instance.member.is_some() => {
                    Some(Rc::ptr_eq(&instance.class, class)).filter(|same| *same || instance.class.payload().is_none())
                }
                _ => None,
            },
            Value::Instance(instance) => {
                if instance.class.in_tree("__contains__").is_some() {
                    let answer = self.special(container, "__contains__", vec![item.clone()], frame, range)?;
                    return self.test(&answer, frame, range);
                }
                if super::enums::is_flag(&instance.class) {
                    return None;
                }
                if instance.class.payload().is_some() && instance.member.is_none() {
                    return self.contains(item, &instance.value, frame, range);
                }
                if let Some(text) = container.as_str() {
                    return Some(text.contains(item.as_str()?));
                }
                let items = self.iterate(container, frame, range).ok()?;
                among(&items, item)
            }
            Value::Range(bounds) => {
                let number = integer(item)?.to_i64()?;
                let [start, stop, step] = **bounds;
                let within = if step > 0 { number >= start && number < stop } else { number <= start && number > stop };
                Some(within && (i128::from(number) - i128::from(start)) % i128::from(step) == 0)
            }
            // It is asked until there is one.
            Value::Iterator(iterator) => {
                while let Some(one) = self.pull(iterator).ok()? {
                    if self.equals(&one, item, frame, range)? {
                        return Some(true);
                    }
                }
                self.raised.is_none().then_some(false)
            }
            other => {
                let items = self.iterate(other, frame, range).ok()?;
                let eq = |value: &Value| matches!(value, Value::Instance(one) if one.class.in_tree("__eq__").is_some());
                if eq(item) || items.iter().any(eq) {
                    for one in &items {
                        if self.equals(one, item, frame, range)? {
                            return Some(true);
                        }
                    }
                    return Some(false);
                }
                among(&items, item)
            }
        }
    }
}

fn holds(op: CompareOp, order: Ordering) -> bool {
    match op {
        CompareOp::Lt => order == Ordering::Less,
        CompareOp::LtE => order != Ordering::Greater,
        CompareOp::Gt => order == Ordering::Greater,
        CompareOp::GtE => order != Ordering::Less,
        CompareOp::Eq => order == Ordering::Equal,
        _ => order != Ordering::Equal,
    }
}

/// Python's `is`.
fn is_same(left: &Value, right: &Value) -> Option<bool> {
    match (left, right) {
        (Value::Unknown(_), _) | (_, Value::Unknown(_)) => None,
        (Value::None, Value::None) | (Value::Ellipsis, Value::Ellipsis) => Some(true),
        (Value::External(path), other) | (other, Value::External(path)) => match other {
            Value::External(other) if other == path => Some(true),
            Value::External(other) => {
                (path.starts_with("builtins.") && other.starts_with("builtins.")).then_some(false)
            }
            Value::None | Value::Bool(_) | Value::Class(_) | Value::Function(_) => {
                stdlib::is_solid(path).then_some(false)
            }
            _ => None,
        },
        (Value::Object(_), Value::None) | (Value::None, Value::Object(_)) => Some(false),
        (Value::None, _) | (_, Value::None) => Some(false),
        (Value::Bool(one), Value::Bool(other)) => Some(one == other),
        (Value::Bool(_), _) | (_, Value::Bool(_)) => Some(false),
        (Value::Class(one), Value::Class(other)) => Some(Rc::ptr_eq(one, other)),
        (Value::Function(one), Value::Function(other)) => Some(Rc::ptr_eq(one, other)),
        (Value::Module(one), Value::Module(other)) => Some(Rc::ptr_eq(one, other)),
        (Value::Instance(one), Value::Instance(other)) => match (&one.member, &other.member) {
            (Some(name), Some(other_name)) => Some(Rc::ptr_eq(&one.class, &other.class) && name == other_name),
            _ => Some(Rc::ptr_eq(one, other)),
        },
        (Value::List(one), Value::List(other)) => Some(Rc::ptr_eq(one, other)),
        (Value::Dict(one), Value::Dict(other)) => Some(Rc::ptr_eq(one, other)),
        (Value::Set(one), Value::Set(other)) => Some(Rc::ptr_eq(one, other)),
        _ => None,
    }
}
