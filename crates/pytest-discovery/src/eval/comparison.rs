//! Comparisons as expressions ask for them: operators, and methods of the tree's classes where those decide.

use std::cmp::Ordering;
use std::rc::Rc;

use num_traits::ToPrimitive;

use super::compare::{among, are_nan, equal, integer, order, set_items, truth};
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

    /// Python's `==` as containers ask it, methods of the tree's classes called where they decide.
    pub(super) fn equals(&mut self, one: &Value, other: &Value, frame: &Frame, range: Range) -> Option<bool> {
        if are_nan(one, other) { None } else { self.compare(one, CompareOp::Eq, other, frame, range) }
    }

    pub(super) fn comparison(
        &mut self,
        first: &Expr,
        rest: &[(CompareOp, Expr)],
        frame: &Frame,
        range: Range,
    ) -> Value {
        let mut left = self.eval(first, frame);
        for (index, (op, right)) in rest.iter().enumerate() {
            let right = self.eval(right, frame);
            if self.raised.is_some() {
                return self.not_known(frame, range);
            }
            let by_method = self.compared_by_method(&left, *op, &right, frame, range);
            if self.raised.is_some() {
                return self.not_known(frame, range);
            }
            let is_last = index + 1 == rest.len();
            let answer = match &by_method {
                Some(answer) if is_last => return answer.clone(),
                Some(answer) => self.test(answer, frame, range),
                None => self.compare_plainly(&left, *op, &right, frame, range),
            };
            match answer {
                Some(true) => left = right,
                Some(false) => return by_method.unwrap_or(Value::Bool(false)),
                None => {
                    let doubt = match (left, right) {
                        (Value::Unknown(doubt), _) | (_, Value::Unknown(doubt)) => doubt,
                        _ => self.doubt(frame, range, super::doubt::Why::NotKnown),
                    };
                    // The others may be evaluated, for what they change.
                    for (_, more) in &rest[index + 1..] {
                        self.eval_under(more, &doubt, frame);
                    }
                    return Value::Unknown(doubt);
                }
            }
        }
        Value::Bool(true)
    }

    pub(super) fn compare(
        &mut self,
        left: &Value,
        op: CompareOp,
        right: &Value,
        frame: &Frame,
        range: Range,
    ) -> Option<bool> {
        match self.compared_by_method(left, op, right, frame, range) {
            Some(_) if self.raised.is_some() => None,
            Some(answer) => self.test(&answer, frame, range),
            None => self.compare_plainly(left, op, right, frame, range),
        }
    }

    /// The same where no method of the tree's classes is asked of the operands themselves.
    fn compare_plainly(
        &mut self,
        left: &Value,
        op: CompareOp,
        right: &Value,
        frame: &Frame,
        range: Range,
    ) -> Option<bool> {
        let answer = self.compare_values(left, op, right, frame, range);
        if answer.is_none() && self.raised.is_none() {
            self.may_compare(left, right, frame, range);
        }
        answer
    }

    fn compare_values(
        &mut self,
        left: &Value,
        op: CompareOp,
        right: &Value,
        frame: &Frame,
        range: Range,
    ) -> Option<bool> {
        let is_asked = |value: &Value| match value {
            Value::Class(class) => class.is_asked_by_metaclass("__eq__") || class.is_asked_by_metaclass("__ne__"),
            _ => false,
        };
        if matches!(op, CompareOp::Eq | CompareOp::NotEq) && (is_asked(left) || is_asked(right)) {
            return None;
        }
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
                    CompareOp::Eq | CompareOp::NotEq if are_nan(left, right) => Some(op == CompareOp::NotEq),
                    CompareOp::Eq => equal(left, right),
                    CompareOp::NotEq => Some(!equal(left, right)?),
                    _ => ordering(left, op, right),
                }
            }
        }
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
            Value::Set(_) | Value::FrozenSet(_) => {
                self.may_hash(item, frame, range);
                among(&set_items(container)?, item)
            }
            Value::List(_) if let Some(items) = self.in_any_order(container).filter(|_| self.doubts_order_only()) => {
                among(&items, item)
            }
            Value::Dict(dict) | Value::View(dict, super::value::ViewKind::Keys) => {
                self.may_hash(item, frame, range);
                Some(dict.find(item)?.is_some())
            }
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

/// Whether one stands before or behind the other.
fn ordering(left: &Value, op: CompareOp, right: &Value) -> Option<bool> {
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
