//! `datetime`: of its values only the types are known, which is all that ids ask for.

use super::super::value::{Time, Value};
use crate::syntax::ast::{BinaryOp, UnaryOp};

/// The type of what a class or class method gives, or of a constant.
pub(super) fn made_by(path: &str) -> Option<Time> {
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
        | "datetime.combine" => Time::DateTime,
        "date"
        | "date.today"
        | "date.fromtimestamp"
        | "date.fromisoformat"
        | "date.fromordinal"
        | "date.fromisocalendar" => Time::Date,
        "time" | "time.fromisoformat" => Time::OfDay,
        "timedelta" => Time::Delta,
        "timezone" => Time::Zone,
        _ => return None,
    })
}

/// A method that is looked up on a value.
pub(in crate::eval) fn has_method(time: Time, name: &str) -> bool {
    method(time, name).is_some()
}

/// What a method gives.
pub(super) fn method(time: Time, name: &str) -> Option<Time> {
    Some(match (time, name) {
        (Time::DateTime, "replace" | "astimezone") => Time::DateTime,
        (Time::DateTime, "date") | (Time::Date, "replace") => Time::Date,
        (Time::DateTime, "time" | "timetz") | (Time::OfDay, "replace") => Time::OfDay,
        _ => return None,
    })
}

/// `left OP right` where one of them is such a value.
pub(in crate::eval) fn binary(left: &Value, op: BinaryOp, right: &Value) -> Option<Value> {
    let is_number = |value: &Value| matches!(value, Value::Int(_) | Value::Float(_) | Value::Bool(_));
    let result = match (left, op, right) {
        (Value::Time(one), _, Value::Time(other)) => match (one, op, other) {
            (Time::DateTime | Time::Date | Time::Delta, BinaryOp::Add | BinaryOp::Sub, Time::Delta)
            | (Time::Delta, BinaryOp::Mod, Time::Delta) => *one,
            (Time::Delta, BinaryOp::Add, Time::DateTime | Time::Date) => *other,
            (Time::DateTime, BinaryOp::Sub, Time::DateTime) | (Time::Date, BinaryOp::Sub, Time::Date) => Time::Delta,
            _ => return None,
        },
        (Value::Time(Time::Delta), BinaryOp::Mult, number) | (number, BinaryOp::Mult, Value::Time(Time::Delta))
            if is_number(number) =>
        {
            Time::Delta
        }
        (Value::Time(Time::Delta), BinaryOp::Div | BinaryOp::FloorDiv, number) if is_number(number) => Time::Delta,
        _ => return None,
    };
    Some(Value::Time(result))
}

/// `-delta` and `+delta`.
pub(in crate::eval) fn unary(op: UnaryOp, time: Time) -> Option<Value> {
    (time == Time::Delta && matches!(op, UnaryOp::Minus | UnaryOp::Plus)).then_some(Value::Time(time))
}
