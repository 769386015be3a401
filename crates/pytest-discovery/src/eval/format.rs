//! Format specifications, `%` and `str.format`.

use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive};

use super::compare::{exact_float, integer};
use super::operators::payload;
use super::value::{Arguments, Value};
use super::{Frame, Interpreter, MOST_TEXT};
use crate::syntax::ast::Range;

/// A parsed format specification.
#[derive(Debug, Default, Clone)]
struct Spec {
    fill: Option<char>,
    align: Option<char>,
    sign: Option<char>,
    alternate: bool,
    zero: bool,
    width: usize,
    grouping: Option<char>,
    precision: Option<usize>,
    kind: Option<char>,
}

/// The widest field that is filled.
const WIDEST: usize = 10_000;

fn parse(text: &str) -> Option<Spec> {
    let mut spec = Spec::default();
    let characters: Vec<char> = text.chars().collect();
    let mut at = 0;
    let is_align = |one: Option<&char>| matches!(one, Some('<' | '>' | '=' | '^'));
    if is_align(characters.get(1)) {
        spec.fill = characters.first().copied();
        spec.align = characters.get(1).copied();
        at = 2;
    } else if is_align(characters.first()) {
        spec.align = characters.first().copied();
        at = 1;
    }
    if matches!(characters.get(at), Some('+' | '-' | ' ')) {
        spec.sign = characters.get(at).copied();
        at += 1;
    }
    if characters.get(at) == Some(&'#') {
        spec.alternate = true;
        at += 1;
    }
    if characters.get(at) == Some(&'0') {
        spec.zero = true;
        at += 1;
    }
    let number = |at: &mut usize| {
        let digits: String =
            characters.get(*at..).unwrap_or_default().iter().take_while(|one| one.is_ascii_digit()).collect();
        *at += digits.len();
        if digits.is_empty() { Some(None) } else { digits.parse::<usize>().ok().filter(|one| *one <= WIDEST).map(Some) }
    };
    spec.width = number(&mut at)?.unwrap_or(0);
    if matches!(characters.get(at), Some(',' | '_')) {
        spec.grouping = characters.get(at).copied();
        at += 1;
    }
    if characters.get(at) == Some(&'.') {
        at += 1;
        spec.precision = Some(number(&mut at)??);
    }
    if at < characters.len() {
        spec.kind = characters.get(at).copied();
        at += 1;
    }
    (at == characters.len()).then_some(spec)
}

/// Python's `format(value, spec)` of strings and numbers; `None` where it is not followed, or raises.
pub(super) fn format(value: &Value, spec: &str) -> Option<String> {
    if spec.is_empty() {
        return super::plain_text(value);
    }
    let spec = parse(spec)?;
    match value {
        Value::Str(_) => string(value.as_str()?, &spec),
        Value::Bool(_) | Value::Int(_) => whole(&integer(value)?, &spec),
        Value::Float(number) => real(*number, &spec),
        _ => None,
    }
}

fn string(text: &str, spec: &Spec) -> Option<String> {
    if !matches!(spec.kind, None | Some('s'))
        || spec.sign.is_some()
        || spec.alternate
        || spec.grouping.is_some()
        || spec.align == Some('=')
        || (spec.zero && spec.align.is_none() && spec.fill.is_none())
    {
        return None;
    }
    let text: String = text.chars().take(spec.precision.unwrap_or(usize::MAX)).collect();
    Some(pad("", &text, spec, '<'))
}

/// Sign and digits in a field.
fn pad(sign: &str, digits: &str, spec: &Spec, default: char) -> String {
    let length = sign.chars().count() + digits.chars().count();
    let missing = spec.width.saturating_sub(length);
    let (fill, align) = match (spec.fill, spec.align, spec.zero) {
        (None, None, true) => ('0', '='),
        (fill, align, zero) => (fill.unwrap_or(if zero { '0' } else { ' ' }), align.unwrap_or(default)),
    };
    let run = |count: usize| fill.to_string().repeat(count);
    match align {
        '<' => format!("{sign}{digits}{}", run(missing)),
        '^' => format!("{}{sign}{digits}{}", run(missing / 2), run(missing - missing / 2)),
        '=' => format!("{sign}{}{digits}", run(missing)),
        _ => format!("{}{sign}{digits}", run(missing)),
    }
}

fn sign_of(negative: bool, spec: &Spec) -> &'static str {
    match (negative, spec.sign) {
        (true, _) => "-",
        (false, Some('+')) => "+",
        (false, Some(' ')) => " ",
        _ => "",
    }
}

fn grouped(digits: &str, mark: char, size: usize) -> String {
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(size) {
            out.push(mark);
        }
        out.push(digit);
    }
    out
}

fn whole(number: &BigInt, spec: &Spec) -> Option<String> {
    if let Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%') = spec.kind {
        return real(exact_float(number)?, spec);
    }
    if spec.precision.is_some() {
        return None;
    }
    let (radix, prefix) = match spec.kind {
        None | Some('d') => (10, ""),
        Some('b') => (2, "0b"),
        Some('o') => (8, "0o"),
        Some('x') => (16, "0x"),
        Some('X') => (16, "0X"),
        Some('c') => {
            let character = char::from_u32(number.to_u32()?)?;
            return (spec.sign.is_none() && !spec.alternate).then(|| pad("", &character.to_string(), spec, '<'));
        }
        _ => return None,
    };
    let mut digits = number.abs().to_str_radix(radix);
    if spec.kind == Some('X') {
        digits = digits.to_uppercase();
    }
    if let Some(mark) = spec.grouping {
        // Zeros between the sign and grouped digits are grouped as well.
        if spec.zero || spec.align == Some('=') || (radix != 10 && mark == ',') {
            return None;
        }
        digits = grouped(&digits, mark, if radix == 10 { 3 } else { 4 });
    }
    let sign = format!("{}{}", sign_of(number.is_negative(), spec), if spec.alternate { prefix } else { "" });
    Some(pad(&sign, &digits, spec, '>'))
}

fn real(number: f64, spec: &Spec) -> Option<String> {
    if !number.is_finite() {
        let text = if number.is_nan() { "nan" } else { "inf" };
        let upper = matches!(spec.kind, Some('E' | 'F' | 'G'));
        if spec.zero || !matches!(spec.kind, None | Some('e' | 'E' | 'f' | 'F' | 'g' | 'G')) {
            return None;
        }
        let text = if upper { text.to_uppercase() } else { text.to_owned() };
        return Some(pad(sign_of(number < 0.0, spec), &text, spec, '>'));
    }
    if spec.alternate {
        return None;
    }
    let size = number.abs();
    let mut digits = match spec.kind {
        Some('f' | 'F') => format!("{size:.*}", spec.precision.unwrap_or(6)),
        Some('%') => format!("{:.*}%", spec.precision.unwrap_or(6), size * 100.0),
        Some('e') => exponent(size, spec.precision.unwrap_or(6)),
        Some('E') => exponent(size, spec.precision.unwrap_or(6)).to_uppercase(),
        Some('g') => general(size, spec.precision.unwrap_or(6), false),
        Some('G') => general(size, spec.precision.unwrap_or(6), false).to_uppercase(),
        None => match spec.precision {
            None => crate::collect::ids::float_text(size),
            Some(precision) => general(size, precision, true),
        },
        _ => return None,
    };
    if let Some(mark) = spec.grouping {
        if spec.zero || spec.align == Some('=') || digits.contains('e') {
            return None;
        }
        let at = digits.find(|one: char| !one.is_ascii_digit()).unwrap_or(digits.len());
        let rest = digits.split_off(at);
        digits = grouped(&digits, mark, 3) + &rest;
    }
    Some(pad(sign_of(number.is_sign_negative(), spec), &digits, spec, '>'))
}

fn exponent(size: f64, precision: usize) -> String {
    let text = format!("{size:.precision$e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
    format!("{digits}e{sign}{exponent:0>2}")
}

/// `g`, or the form without a letter, which keeps a digit behind the point.
fn general(size: f64, precision: usize, point: bool) -> String {
    let precision = precision.max(1);
    let scientific = exponent(size, precision - 1);
    let (digits, power) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i64 = power.parse().unwrap_or(0);
    let strip = |text: &str| {
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text.to_owned() }
    };
    let limit = i64::try_from(precision).unwrap_or(i64::MAX) - i64::from(point);
    if power < -4 || power >= limit {
        let sign = if power < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:0>2}", strip(digits), power.abs());
    }
    let behind = usize::try_from(limit + i64::from(point) - 1 - power).unwrap_or(0);
    let text = strip(&format!("{size:.behind$}"));
    if point && !text.contains('.') { format!("{text}.0") } else { text }
}

/// `text % values`.
pub(super) fn percent(
    interpreter: &mut Interpreter<'_>,
    text: &str,
    values: &Value,
    frame: &Frame,
    range: Range,
) -> Option<String> {
    let given = payload(values);
    let items = match given {
        Value::Tuple(items) => items.to_vec(),
        Value::Instance(_) | Value::Unknown(_) if !text.contains('%') => return None,
        // A number or a text of a class of the tree may show something else than it is.
        _ => vec![values.clone()],
    };
    let mut items = items.into_iter();
    let mut used_names = false;
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('%') {
        out.push_str(before);
        let mut behind = behind;
        let mut named = None;
        if let Some(inner) = behind.strip_prefix('(') {
            let (name, after) = inner.split_once(')')?;
            let Value::Dict(dict) = given else { return None };
            named = Some(dict.find(&Value::str(name))??);
            used_names = true;
            behind = after;
        }
        let flags: String = behind.chars().take_while(|one| "#0- +".contains(*one)).collect();
        behind = behind.get(flags.len()..)?;
        let width: String = behind.chars().take_while(char::is_ascii_digit).collect();
        behind = behind.get(width.len()..)?;
        let mut precision = None;
        if let Some(after) = behind.strip_prefix('.') {
            let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
            precision = Some(digits.parse::<usize>().unwrap_or(0));
            behind = after.get(digits.len()..)?;
        }
        let kind = behind.chars().next()?;
        rest = behind.get(kind.len_utf8()..)?;
        if kind == '%' {
            out.push('%');
            continue;
        }
        let value = match named {
            Some(value) => value,
            None => items.next()?,
        };
        let mut spec = Spec {
            align: flags.contains('-').then_some('<'),
            sign: if flags.contains('+') { Some('+') } else { flags.contains(' ').then_some(' ') },
            alternate: flags.contains('#'),
            zero: flags.contains('0') && !flags.contains('-'),
            width: if width.is_empty() { 0 } else { width.parse().ok().filter(|one| *one <= WIDEST)? },
            precision,
            ..Spec::default()
        };
        let part = match kind {
            's' | 'r' | 'a' => {
                let text = interpreter
                    .text(&value, kind != 's', frame, range)
                    .filter(|text| kind != 'a' || text.is_ascii())?;
                let text: String = text.chars().take(precision.unwrap_or(usize::MAX)).collect();
                (spec.zero, spec.alternate, spec.sign) = (false, false, None);
                pad("", &text, &spec, '>')
            }
            'd' | 'i' | 'u' | 'x' | 'X' | 'o' if precision.is_none() => {
                let number = match payload(&value) {
                    Value::Float(number) if matches!(kind, 'd' | 'i' | 'u') && number.is_finite() => {
                        BigInt::from(number.trunc().to_i64()?)
                    }
                    other => integer(other)?,
                };
                spec.kind = Some(if matches!(kind, 'i' | 'u') { 'd' } else { kind });
                whole(&number, &spec)?
            }
            'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
                let number = match payload(&value) {
                    Value::Float(number) => *number,
                    other => exact_float(&integer(other)?)?,
                };
                spec.kind = Some(kind);
                real(number, &spec)?
            }
            'c' => match payload(&value) {
                Value::Str(_) if value.as_str()?.chars().count() == 1 => pad("", value.as_str()?, &spec, '>'),
                _ => return None,
            },
            _ => return None,
        };
        out.push_str(&part);
        if out.len() > MOST_TEXT {
            return None;
        }
    }
    out.push_str(rest);
    let left_over = items.next().is_some() && !used_names && !matches!(given, Value::Dict(_));
    // A mapping may be left over, and so may what has none.
    (!left_over).then_some(out)
}

/// How the fields of a format are numbered: one way or the other.
#[derive(Default)]
struct Numbering {
    /// Fields without a number.
    counted: usize,
    /// Whether there are fields with one.
    is_manual: bool,
}

impl Interpreter<'_> {
    /// `text.format(...)`.
    pub(super) fn str_format(
        &mut self,
        text: &str,
        arguments: &Arguments,
        frame: &Frame,
        range: Range,
    ) -> Option<String> {
        self.fill(text, arguments, &mut Numbering::default(), 0, frame, range)
    }

    fn fill(
        &mut self,
        text: &str,
        arguments: &Arguments,
        numbering: &mut Numbering,
        depth: u32,
        frame: &Frame,
        range: Range,
    ) -> Option<String> {
        if depth > 2 {
            return None;
        }
        let mut out = String::new();
        let mut rest = text;
        loop {
            let Some(at) = rest.find(['{', '}']) else {
                out.push_str(rest);
                return Some(out);
            };
            out.push_str(&rest[..at]);
            let mark = &rest[at..at + 1];
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(mark) {
                out.push_str(mark);
                rest = after;
                continue;
            }
            if mark == "}" {
                return None;
            }
            let mut level = 1;
            let end = rest.char_indices().find_map(|(at, one)| {
                level += match one {
                    '{' => 1,
                    '}' => -1,
                    _ => 0,
                };
                (level == 0).then_some(at)
            })?;
            let field = &rest[..end];
            rest = &rest[end + 1..];
            let (head, spec) = field.split_once(':').unwrap_or((field, ""));
            let (name, conversion) = match head.split_once('!') {
                Some((name, conversion)) => (name, Some(conversion.chars().next()?)),
                None => (head, None),
            };
            let value = self.field_value(name, arguments, numbering, frame, range)?;
            let spec = self.fill(spec, arguments, numbering, depth + 1, frame, range)?;
            out.push_str(&self.formatted(&value, conversion, &spec, frame, range)?);
            if out.len() > MOST_TEXT {
                return None;
            }
        }
    }

    fn field_value(
        &mut self,
        name: &str,
        arguments: &Arguments,
        numbering: &mut Numbering,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        let end = name.find(['.', '[']).unwrap_or(name.len());
        let (first, mut rest) = name.split_at(end);
        let index = first.parse::<usize>().ok();
        if (first.is_empty() && numbering.is_manual) || (index.is_some() && numbering.counted > 0) {
            self.fail("ValueError", "fields with a number and fields without one".to_owned(), frame, range);
            return None;
        }
        let mut value = if first.is_empty() {
            numbering.counted += 1;
            arguments.positional.get(numbering.counted - 1)?.value.clone()
        } else if let Some(index) = index {
            numbering.is_manual = true;
            arguments.positional.get(index)?.value.clone()
        } else {
            arguments.keyword(first)?.clone()
        };
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix('.') {
                let end = after.find(['.', '[']).unwrap_or(after.len());
                value = self.attribute(&value, &after[..end], frame, range);
                rest = &after[end..];
            } else {
                let (key, after) = rest.strip_prefix('[')?.split_once(']')?;
                let key = key.parse::<u32>().map_or_else(|_| Value::str(key), Value::int);
                value = self.item(&value, &key, frame, range);
                rest = after;
            }
        }
        (!value.is_unknown()).then_some(value)
    }
}
