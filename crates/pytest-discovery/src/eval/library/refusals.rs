//! Constructors of the standard library that refuse some arguments: within `try` that matters.

use num_traits::{ToPrimitive, Zero};

use super::super::compare::integer;
use super::super::value::{Arguments, Value};

/// Whether a call may raise; false where its arguments are seen to be fine.
pub(super) fn may_refuse(path: &str, arguments: &Arguments) -> bool {
    let Some(values) = arguments.plain() else { return path != "datetime.timedelta" };
    match path {
        "decimal.Decimal" => !matches!(&values[..], [] | [Value::Int(_) | Value::Float(_)]) && !is_decimal(&values),
        "fractions.Fraction" => match &values[..] {
            [] | [Value::Int(_)] => false,
            [Value::Int(_), Value::Int(other)] => other.is_zero(),
            _ => true,
        },
        "datetime.date" | "datetime.datetime" => !(values.len() >= 3 && within(&values, &[1, 1, 1], &[9999, 12, 28])),
        "datetime.time" => !within(&values, &[], &[]),
        "datetime.timedelta" => false,
        "uuid.UUID" => !values.first().and_then(|text| text.as_str()).is_some_and(is_uuid),
        _ => {
            let is_clock = path.ends_with(".now") || path.ends_with(".today") || path.ends_with(".utcnow");
            let refuses = ["datetime.", "ipaddress.", "zoneinfo."].iter().any(|module| path.starts_with(module));
            refuses && !is_clock
        }
    }
}

/// Whether numbers lie between those, and what follows them is a time of day.
fn within(values: &[&Value], least: &[u32], most: &[u32]) -> bool {
    let least = least.iter().copied().chain([0; 4]);
    let most = most.iter().copied().chain([23, 59, 59, 999_999]);
    values.len() <= least.clone().count()
        && values.iter().zip(least.zip(most)).all(|(value, (least, most))| {
            integer(value).and_then(|number| number.to_u32()).is_some_and(|number| (least..=most).contains(&number))
        })
}

fn is_decimal(values: &[&Value]) -> bool {
    let [value] = values else { return false };
    let Some(text) = value.as_str() else { return false };
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_digit = |digit: char| digit.is_ascii_digit();
    digits.starts_with(is_digit)
        && digits.ends_with(is_digit)
        && digits.chars().all(|one| is_digit(one) || one == '.')
        && digits.matches('.').count() <= 1
}

fn is_uuid(text: &str) -> bool {
    text.chars().filter(|one| *one != '-').count() == 32
        && text.chars().all(|one| one == '-' || one.is_ascii_hexdigit())
}
