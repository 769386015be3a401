//! Methods that operators and built-in functions ask of objects of the tree's classes, without naming them.

use super::callback::held_by;
use super::doubt::Why;
use super::value::{Arguments, Class, Doubt, Instance, Value};
use super::{Frame, Interpreter};
use crate::syntax::ast::{BinaryOp, CompareOp, Range};

/// What keys of dictionaries and elements of sets are asked.
pub(super) const HASHING: [&str; 2] = ["__hash__", "__eq__"];
/// What those are asked that are compared within containers.
const COMPARING: [&str; 6] = ["__eq__", "__ne__", "__lt__", "__gt__", "__le__", "__ge__"];
/// What is asked of those that are put in order.
const ORDERING: [&str; 3] = ["__lt__", "__gt__", "__eq__"];

impl Interpreter<'_> {
    /// What a comparison's method of the tree's classes answers; `None` where there is none, or all refuse.
    pub(super) fn compared_by_method(
        &mut self,
        left: &Value,
        op: CompareOp,
        right: &Value,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        let (name, reflected) = comparing(op)?;
        let sides = [(left, name, right), (right, reflected, left)];
        self.ask_one_of(left, &[name]);
        self.ask_one_of(right, &[reflected]);
        for (object, name, other) in in_order(sides, reflected) {
            let Value::Instance(instance) = object else { continue };
            let found = match (instance.class.in_tree(name), op) {
                (Some(_), _) => name,
                (None, CompareOp::NotEq) if instance.class.in_tree("__eq__").is_some() => "__eq__",
                (None, _) if is_ordered_by_decorator(instance) && name != "__eq__" && name != "__ne__" => {
                    let doubt = self.doubt(frame, range, Why::NotKnown);
                    self.may_ask(object, &ORDERING, &doubt);
                    return Some(Value::Unknown(doubt));
                }
                _ => continue,
            };
            if let Value::Unknown(doubt) = other {
                // What is not known may answer in its place, if it is on the left or of a class of its own.
                self.may_ask(object, &[found], doubt);
                return Some(Value::Unknown(doubt.apart()));
            }
            let answer = self.special(object, found, vec![other.clone()], frame, range);
            let answer = answer.unwrap_or_else(|| self.not_known(frame, range));
            if is_refusal(&answer) {
                continue;
            }
            if found == name {
                return Some(answer);
            }
            let is_equal = self.test(&answer, frame, range);
            return Some(is_equal.map_or_else(|| self.not_known(frame, range), |equal| Value::Bool(!equal)));
        }
        None
    }

    /// What an operator's method of the tree's classes gives; `None` where there is none.
    pub(super) fn computed_by_method(
        &mut self,
        left: &Value,
        (name, reflected): (&'static str, &'static str),
        right: &Value,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        let mut refused = None;
        for (object, name, other) in in_order([(left, name, right), (right, reflected, left)], reflected) {
            let Value::Instance(instance) = object else { continue };
            if instance.class.in_tree(name).is_none() {
                continue;
            }
            let found = self.special(object, name, vec![other.clone()], frame, range)?;
            if !is_refusal(&found) {
                return Some(found);
            }
            refused = Some(self.not_known(frame, range));
        }
        refused
    }

    /// What a built-in function asks of what it is given, where what it gives is known all the same.
    pub(super) fn may_use(&mut self, function: &Value, arguments: &Arguments, frame: &Frame, range: Range) {
        let (names, receiver): (&[&str], _) = match function {
            Value::External(path) => match &**path {
                "builtins.print" => (&["__str__", "__repr__"], None),
                "builtins.sorted" | "builtins.min" | "builtins.max" => (&ORDERING, None),
                "builtins.set"
                | "builtins.frozenset"
                | "builtins.dict"
                | "builtins.dict.fromkeys"
                | "collections.Counter"
                | "collections.OrderedDict"
                | "collections.defaultdict" => (&HASHING, None),
                _ => return,
            },
            Value::BuiltinMethod(method) => match &method.0 {
                Value::Set(_) | Value::FrozenSet(_) | Value::Dict(_) => (&HASHING, None),
                list @ Value::List(_) if &*method.1 == "sort" => (&ORDERING, Some(list)),
                _ => return,
            },
            _ => return,
        };
        self.may_ask_each(arguments.values().chain(receiver), names, frame, range);
    }

    /// A key is looked up, or put somewhere.
    pub(super) fn may_hash(&mut self, key: &Value, frame: &Frame, range: Range) {
        if let Value::Instance(_) | Value::Tuple(_) = key {
            self.may_ask_each([key], &HASHING, frame, range);
        }
    }

    /// Values are compared in a way that is not followed.
    pub(super) fn may_compare(&mut self, left: &Value, right: &Value, frame: &Frame, range: Range) {
        self.may_ask_each([left, right], &COMPARING, frame, range);
    }

    /// Objects, and those that containers have in them, may be asked methods of those names.
    pub(super) fn may_ask_each<'v>(
        &mut self,
        values: impl IntoIterator<Item = &'v Value>,
        names: &[&str],
        frame: &Frame,
        range: Range,
    ) {
        for value in values {
            let held = held_by(value);
            for object in std::iter::once(value).chain(&held) {
                if let Value::Instance(_) = object {
                    let doubt = self.doubt(frame, range, Why::NotKnown);
                    self.may_ask(object, names, &doubt);
                }
            }
            self.ask_one_of(value, names);
        }
    }

    /// The metaclasses of a class, or of each of several, may be asked a method.
    pub(super) fn may_ask_metaclasses(&mut self, class: &Value, name: &str, frame: &Frame, range: Range) {
        for one in held_by(class).iter().chain([class]) {
            if let Value::Class(class) = one
                && class.is_asked_by_metaclass(name)
            {
                let doubt = self.doubt(frame, range, Why::NotKnown);
                self.may_ask_class(class, name, &doubt);
            }
        }
    }

    /// A metaclass of the tree may be asked a method.
    pub(super) fn may_ask_class(&mut self, class: &Class, name: &str, doubt: &Doubt) {
        let metaclass = class.metaclass.borrow().clone();
        if let Some(Value::Function(function)) = metaclass.and_then(|one| one.in_tree(name)).map(|found| found.value) {
            self.may_run(&function, None, doubt);
        }
    }
}

/// The operands in the order in which they are asked: one of a class that derives from that of the left one goes first.
fn in_order<'v>(
    [left, right]: [(&'v Value, &'static str, &'v Value); 2],
    reflected: &str,
) -> [(&'v Value, &'static str, &'v Value); 2] {
    match (left.0, right.0) {
        (Value::Instance(one), Value::Instance(other))
            if !std::rc::Rc::ptr_eq(&one.class, &other.class)
                && other.class.derives_from(&one.class)
                && other.class.in_tree(reflected).is_some() =>
        {
            [right, left]
        }
        _ => [left, right],
    }
}

fn is_refusal(value: &Value) -> bool {
    matches!(value, Value::External(path) if &**path == "builtins.NotImplemented")
}

/// Whether `functools.total_ordering` makes the methods that its class does not have.
fn is_ordered_by_decorator(instance: &Instance) -> bool {
    let is_decorated = |class: &Class| {
        class.def.decorators.iter().any(|one| one.last_name().is_some_and(|name| name.ends_with("total_ordering")))
    };
    let bases = &instance.class.mro;
    is_decorated(&instance.class) || bases.iter().any(|base| matches!(base, Value::Class(base) if is_decorated(base)))
}

/// The methods that a comparison asks, of its left operand and of its right one.
fn comparing(op: CompareOp) -> Option<(&'static str, &'static str)> {
    Some(match op {
        CompareOp::Eq => ("__eq__", "__eq__"),
        CompareOp::NotEq => ("__ne__", "__ne__"),
        CompareOp::Lt => ("__lt__", "__gt__"),
        CompareOp::LtE => ("__le__", "__ge__"),
        CompareOp::Gt => ("__gt__", "__lt__"),
        CompareOp::GtE => ("__ge__", "__le__"),
        _ => return None,
    })
}

/// Whether a string does that with whatever it is given: nobody asks the other operand.
pub(super) fn is_of_text(left: &Value, op: BinaryOp) -> bool {
    matches!((left, op), (Value::Str(_) | Value::Bytes(_), BinaryOp::Mod))
}
