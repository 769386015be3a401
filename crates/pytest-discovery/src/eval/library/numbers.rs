//! Numbers, `math`, `json`, `re` and `textwrap`.

use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive, Zero};

use super::super::compare::{exact_float, integer};
use super::super::operators::floor_division;
use super::super::value::{Arguments, Value};
use super::super::{Interpreter, MOST_TEXT};

/// Built-in functions of numbers; `Some(Err)` where one raises `ValueError`.
pub(super) fn builtin(name: &str, arguments: &Arguments) -> Option<Result<Value, String>> {
    let values: Vec<&Value> = arguments.positional.iter().map(|arg| &arg.value).collect();
    let plain = arguments.keywords.is_empty();
    if !plain && !matches!(name, "int" | "round" | "pow") {
        return None;
    }
    let value = match (name, &values[..]) {
        ("int", []) if plain => Value::int(0),
        ("int", [one]) if plain => match one {
            Value::Float(number) if number.is_finite() => {
                Value::Int(<BigInt as num_traits::FromPrimitive>::from_f64(number.trunc())?)
            }
            Value::Str(_) => return Some(parse_int(one.as_str()?, 10)?.map(Value::Int)),
            other => Value::Int(integer(other)?),
        },
        ("int", [one, ..]) => {
            let base = arguments.get(1, "base").and_then(integer)?.to_u32()?;
            return Some(parse_int(one.as_str()?, base)?.map(Value::Int));
        }
        ("float", []) => Value::Float(0.0),
        ("float", [one]) => match one {
            Value::Float(number) => Value::Float(*number),
            Value::Str(_) => return Some(parse_float(one.as_str()?)?.map(Value::Float)),
            other => Value::Float(exact_float(&integer(other)?)?),
        },
        ("complex", [one, other]) => Value::Complex(real(one)?, real(other)?),
        ("complex", [Value::Complex(real, imaginary)]) => Value::Complex(*real, *imaginary),
        ("complex", [one]) => Value::Complex(real(one)?, 0.0),
        ("abs", [Value::Float(number)]) => Value::Float(number.abs()),
        ("abs", [one]) => Value::Int(integer(one)?.abs()),
        ("round", [one]) if plain => match one {
            Value::Float(number) if number.is_finite() => {
                Value::Int(<BigInt as num_traits::FromPrimitive>::from_f64(number.round_ties_even())?)
            }
            other => Value::Int(integer(other)?),
        },
        ("round", [Value::Float(number), digits]) if plain => {
            let digits = integer(digits)?.to_usize().filter(|digits| *digits <= 15)?;
            // The exact value decides, as in Python.
            Value::Float(format!("{number:.digits$}").parse().ok()?)
        }
        ("round", [one, digits]) if plain && !integer(digits)?.is_negative() => Value::Int(integer(one)?),
        ("divmod", [one, other]) => {
            let (one, other) = (integer(one)?, integer(other)?);
            if other.is_zero() {
                return None;
            }
            let (quotient, rest) = floor_division(&one, &other);
            Value::tuple(vec![Value::Int(quotient), Value::Int(rest)])
        }
        ("pow", [one, other]) if plain => {
            let (one, other) = (integer(one)?, integer(other)?);
            let exponent = other.to_u32().filter(|exponent| *exponent <= 4096)?;
            if one.bits() > 64 {
                return None;
            }
            Value::Int(one.pow(exponent))
        }
        ("pow", [one, other, modulus]) if plain => {
            let (one, other, modulus) = (integer(one)?, integer(other)?, integer(modulus)?);
            if other.is_negative() || !modulus.is_positive() || modulus.bits() > 4096 || other.bits() > 4096 {
                return None;
            }
            let found = one.modpow(&other, &modulus);
            Value::Int(found)
        }
        ("chr", [one]) => {
            let point = integer(one)?.to_u32()?;
            Value::str(char::from_u32(point)?.to_string())
        }
        ("ord", [one]) => match one {
            Value::Bytes(bytes) if bytes.len() == 1 => Value::int(*bytes.first()?),
            other => {
                let text = other.as_str()?;
                let mut characters = text.chars();
                let first = characters.next()?;
                if characters.next().is_some() {
                    return None;
                }
                Value::int(u32::from(first))
            }
        },
        ("hex" | "oct" | "bin", [one]) => {
            let number = integer(one)?;
            let (prefix, radix) = match name {
                "hex" => ("0x", 16),
                "oct" => ("0o", 8),
                _ => ("0b", 2),
            };
            let sign = if number.is_negative() { "-" } else { "" };
            Value::str(format!("{sign}{prefix}{}", number.abs().to_str_radix(radix)))
        }
        _ => return None,
    };
    Some(Ok(value))
}

/// Python's `int(text, base)`; `None` where it is not followed.
fn parse_int(text: &str, base: u32) -> Option<Result<BigInt, String>> {
    if !text.is_ascii() || text.contains('_') || text.len() > 4000 || !matches!(base, 2..=36) {
        return None;
    }
    let trimmed = text.trim_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
    let mut digits = trimmed.strip_prefix(['+', '-']).unwrap_or(trimmed);
    for (prefix, of) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if base == of && digits.get(..2).is_some_and(|start| start.eq_ignore_ascii_case(prefix)) {
            digits = digits.get(2..)?;
        }
    }
    let error = || Err(format!("`{text}` is no integer"));
    if digits.is_empty() || !digits.chars().all(|one| one.is_digit(base)) {
        return Some(error());
    }
    let number = BigInt::parse_bytes(digits.as_bytes(), base)?;
    Some(Ok(if trimmed.starts_with('-') { -number } else { number }))
}

fn parse_float(text: &str) -> Option<Result<f64, String>> {
    if !text.is_ascii() || text.contains('_') {
        return None;
    }
    let trimmed = text.trim_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
    let lower = trimmed.to_ascii_lowercase();
    let digits = lower.strip_prefix(['+', '-']).unwrap_or(&lower);
    let number = match digits {
        "inf" | "infinity" => f64::INFINITY,
        "nan" => f64::NAN,
        digits => {
            let starts = digits.starts_with(|first: char| first.is_ascii_digit() || first == '.');
            match digits.parse::<f64>() {
                Ok(number) if starts => number,
                _ => return Some(Err(format!("`{text}` is no number"))),
            }
        }
    };
    Some(Ok(if lower.starts_with('-') { -number } else { number }))
}

fn real(value: &Value) -> Option<f64> {
    match value {
        Value::Float(number) => Some(*number),
        other => exact_float(&integer(other)?),
    }
}

/// Methods of numbers.
pub(super) fn method(object: &Value, name: &str, arguments: &Arguments) -> Option<Value> {
    match (object, name, &arguments.plain()?[..]) {
        (Value::Float(number), "is_integer", []) => Some(Value::Bool(number.is_finite() && number.fract() == 0.0)),
        (Value::Int(number), "bit_length", []) => Some(Value::int(number.bits())),
        _ => None,
    }
}

impl Interpreter<'_> {
    pub(super) fn numbers(&mut self, module: &str, name: &str, arguments: &Arguments) -> Option<Value> {
        match module {
            "math" => math(name, &arguments.plain()?),
            "json" => match name {
                "dumps" => self.json_dumps(arguments),
                "loads" => match &arguments.plain()?[..] {
                    [text] => {
                        let text = text.as_str()?;
                        self.charge(text.len() / 32);
                        super::json::parse(text)
                    }
                    _ => None,
                },
                "load" => match &arguments.plain()?[..] {
                    [file] => {
                        let text = self.rest_of_file(file)?;
                        self.charge(text.len() / 32);
                        super::json::parse(&text)
                    }
                    _ => None,
                },
                _ => None,
            },
            "re" => match name {
                "compile" => match arguments.get(0, "pattern")? {
                    Value::Str(pattern) => Some(Value::Regex(pattern.clone())),
                    _ => None,
                },
                "escape" => {
                    let text = arguments.plain()?.first()?.as_str()?.to_owned();
                    let escaped: String = text
                        .chars()
                        .flat_map(|one| {
                            let odd = "()[]{}?*+-|^$\\.&~# \t\n\r\x0b\x0c".contains(one);
                            odd.then_some('\\').into_iter().chain([one])
                        })
                        .collect();
                    Some(Value::str(escaped))
                }
                _ => None,
            },
            "textwrap" => match name {
                "dedent" => dedent(arguments.plain()?.first()?.as_str()?).map(Value::str),
                _ => None,
            },
            _ => None,
        }
    }

    fn json_dumps(&mut self, arguments: &Arguments) -> Option<Value> {
        if !arguments.only(&["sort_keys"]) {
            return None;
        }
        let sort = super::functional::flag(arguments, "sort_keys", false)?;
        let [one] = &arguments.positional[..] else { return None };
        let mut out = String::new();
        self.json(&one.value, sort, &mut out, 0)?;
        Some(Value::str(out))
    }

    fn json(&mut self, value: &Value, sort: bool, out: &mut String, depth: u32) -> Option<()> {
        if depth > 30 || out.len() > MOST_TEXT || !self.step() {
            return None;
        }
        match value {
            Value::None => out.push_str("null"),
            Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
            Value::Int(number) => out.push_str(&number.to_string()),
            Value::Float(number) if number.is_finite() => out.push_str(&crate::collect::ids::float_text(*number)),
            Value::Str(text) => out.push_str(&json_string(text.as_str()?)?),
            Value::List(_) | Value::Tuple(_) => {
                out.push('[');
                for (index, item) in super::super::elements(value).ok()?.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    self.json(item, sort, out, depth + 1)?;
                }
                out.push(']');
            }
            Value::Dict(dict) => {
                let mut pairs = Vec::new();
                for (key, value) in dict.pairs()? {
                    pairs.push((key.as_str()?.to_owned(), value));
                }
                if sort {
                    pairs.sort_by(|one, other| one.0.cmp(&other.0));
                }
                out.push('{');
                for (index, (key, value)) in pairs.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    out.push_str(&json_string(key)?);
                    out.push_str(": ");
                    self.json(value, sort, out, depth + 1)?;
                }
                out.push('}');
            }
            _ => return None,
        }
        Some(())
    }
}

fn json_string(text: &str) -> Option<String> {
    // What is not ASCII is escaped in pairs.
    if !text.is_ascii() || text.contains(|one: char| one.is_control() && !matches!(one, '\n' | '\t' | '\r')) {
        return None;
    }
    let body =
        text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\t', "\\t").replace('\r', "\\r");
    Some(format!("\"{body}\""))
}

fn math(name: &str, values: &[&Value]) -> Option<Value> {
    let whole = |number: f64| <BigInt as num_traits::FromPrimitive>::from_f64(number).map(Value::Int);
    match (name, values) {
        ("ceil", [one]) => match one {
            Value::Float(number) => whole(number.ceil()),
            other => integer(other).map(Value::Int),
        },
        ("floor", [one]) => match one {
            Value::Float(number) => whole(number.floor()),
            other => integer(other).map(Value::Int),
        },
        ("trunc", [one]) => match one {
            Value::Float(number) => whole(number.trunc()),
            other => integer(other).map(Value::Int),
        },
        ("sqrt", [one]) => Some(real(one)?).filter(|one| *one >= 0.0).map(|one| Value::Float(one.sqrt())),
        ("fabs", [one]) => Some(Value::Float(real(one)?.abs())),
        ("isnan", [one]) => Some(Value::Bool(real(one)?.is_nan())),
        ("isinf", [one]) => Some(Value::Bool(real(one)?.is_infinite())),
        ("isfinite", [one]) => Some(Value::Bool(real(one)?.is_finite())),
        ("gcd", [one, other]) => {
            let (mut one, mut other) = (integer(one)?.abs(), integer(other)?.abs());
            if one.bits() + other.bits() > 256 {
                return None;
            }
            while !other.is_zero() {
                let rest = &one % &other;
                one = std::mem::replace(&mut other, rest);
            }
            Some(Value::Int(one))
        }
        ("factorial", [one]) => {
            let number = integer(one)?.to_u32().filter(|number| *number <= 300)?;
            Some(Value::Int((1..=number).fold(BigInt::from(1), |product, one| product * one)))
        }
        ("prod", [one]) => {
            let mut product = BigInt::from(1);
            for item in super::super::elements(one).ok()? {
                product *= integer(&item)?;
                if product.bits() > 10_000 {
                    return None;
                }
            }
            Some(Value::Int(product))
        }
        ("log2", [one]) => {
            // A power of two has an exact answer.
            let number = integer(one)?;
            let bits = number.bits().checked_sub(1)?;
            (number.is_positive() && number == BigInt::from(1) << bits).then(|| Value::Float(bits as f64))
        }
        _ => None,
    }
}

/// `textwrap.dedent`; `None` where tabs and spaces are mixed.
fn dedent(text: &str) -> Option<String> {
    if text.contains(['\t', '\r']) {
        return None;
    }
    let is_blank = |line: &str| line.chars().all(|one| one == ' ');
    let margin =
        text.split('\n').filter(|line| !is_blank(line)).map(|line| line.len() - line.trim_start_matches(' ').len());
    let margin = margin.min().unwrap_or(0);
    let lines: Vec<&str> =
        text.split('\n').map(|line| if is_blank(line) { "" } else { line.get(margin..).unwrap_or(line) }).collect();
    Some(lines.join("\n"))
}
