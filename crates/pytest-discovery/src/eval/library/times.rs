//! `datetime`: of its values only the types are known, which is all that ids ask for.

use super::super::value::{Temporal, Value};
use crate::syntax::ast::{BinaryOp, UnaryOp};

/// The type of what a class or class method gives, or of a constant.
pub(super) fn made_by(path: &str) -> Option<Temporal> {
    Some(match path.strip_prefix("datetime.")? {
        "datetime"
        | "datetime.now"
        | "datetime.utcnow"
        | "datetime.today"
        | "datetime.fromtimestamp"
        | "datetime.utcfromtimestamp"
        | "datetime.fromisoformat"
        | "datetime.fromordinal"
        | "datetime.fromisocalendar"
        | "datetime.strptime"
        | "datetime.combine" => Temporal::DateTime,
        "date"
        | "date.today"
        | "date.fromtimestamp"
        | "date.fromisoformat"
        | "date.fromordinal"
        | "date.fromisocalendar" => Temporal::Date,
        "time" | "time.fromisoformat" => Temporal::OfDay,
        "timedelta" => Temporal::Delta,
        "timezone" => Temporal::Zone,
        _ => return None,
    })
}

/// A method that is looked up on a value.
pub(in crate::eval) fn has_method(time: Temporal, name: &str) -> bool {
    method(time, name).is_some()
}

/// What a method gives.
pub(super) fn method(time: Temporal, name: &str) -> Option<Temporal> {
    Some(match (time, name) {
        (Temporal::DateTime, "replace" | "astimezone") => Temporal::DateTime,
        (Temporal::DateTime, "date") | (Temporal::Date, "replace") => Temporal::Date,
        (Temporal::DateTime, "time" | "timetz") | (Temporal::OfDay, "replace") => Temporal::OfDay,
        _ => return None,
    })
}

/// `left OP right` where one of them is such a value.
pub(in crate::eval) fn binary(left: &Value, op: BinaryOp, right: &Value) -> Option<Value> {
    let is_number = |value: &Value| matches!(value, Value::Int(_) | Value::Float(_) | Value::Bool(_));
    let result = match (left, op, right) {
        (Value::Time(one), _, Value::Time(other)) => match (one, op, other) {
            (Temporal::DateTime | Temporal::Date | Temporal::Delta, BinaryOp::Add | BinaryOp::Sub, Temporal::Delta)
            | (Temporal::Delta, BinaryOp::Mod, Temporal::Delta) => *one,
            (Temporal::Delta, BinaryOp::Add, Temporal::DateTime | Temporal::Date) => *other,
            (Temporal::DateTime, BinaryOp::Sub, Temporal::DateTime)
            | (Temporal::Date, BinaryOp::Sub, Temporal::Date) => Temporal::Delta,
            _ => return None,
        },
        (Value::Time(Temporal::Delta), BinaryOp::Mult, number)
        | (number, BinaryOp::Mult, Value::Time(Temporal::Delta))
            if is_number(number) =>
        {
            Temporal::Delta
        }
        (Value::Time(Temporal::Delta), BinaryOp::Div | BinaryOp::FloorDiv, number) if is_number(number) => {
            Temporal::Delta
        }
        _ => return None,
    };
    Some(Value::Time(result))
}

/// `-delta` and `+delta`.
pub(in crate::eval) fn unary(op: UnaryOp, time: Temporal) -> Option<Value> {
    (time == Temporal::Delta && matches!(op, UnaryOp::Minus | UnaryOp::Plus)).then_some(Value::Time(time))
}
