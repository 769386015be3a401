//! `yaml.safe_load`: a text to values, as PyYAML reads it.
//!
//! PyYAML follows YAML 1.1, the parser used here 1.2: what the two may read otherwise (tags, numbers and times in odd
//! forms) is not followed. Source of the rules: PyYAML's `SafeConstructor` and its implicit resolvers.

use foldhash::HashMap;
use num_bigint::BigInt;
use saphyr_parser::{Event, Parser, ScalarStyle};

use super::super::MOST_ELEMENTS;
use super::super::value::{Dict, DictKind, Temporal, Value};

/// Nested more deeply than this is only hostile data.
const MOST_NESTED: usize = 200;

/// A collection that is still open.
enum Open {
    Sequence(Vec<Value>),
    Mapping(Mapping),
}

struct Mapping {
    /// What `<<` takes in: it stands before the mapping's own keys, and gives way to them.
    merged: Vec<(Value, Value)>,
    own: Vec<(Value, Value)>,
    /// Whose value comes next.
    key: Option<Key>,
}

enum Key {
    Plain(Value),
    /// `<<`
    Merge,
}

impl Mapping {
    fn new() -> Self {
        Self { merged: Vec::new(), own: Vec::new(), key: None }
    }

    fn add(&mut self, complete: Value) -> Option<()> {
        match self.key.take() {
            None => self.key = Some(Key::Plain(complete)),
            Some(Key::Plain(key)) => self.own.push((key, complete)),
            Some(Key::Merge) => match complete {
                Value::Dict(dict) => self.merged.extend(dict.pairs()?),
                // The first of several mappings wins, so it is taken in last.
                Value::List(dicts) => {
                    for dict in dicts.0.borrow().as_ref().ok()?.iter().rev() {
                        let Value::Dict(dict) = dict else { return None };
                        self.merged.extend(dict.pairs()?);
                    }
                }
                _ => return None,
            },
        }
        Some(())
    }

    fn close(self) -> Option<Value> {
        if self.key.is_some() {
            return None;
        }
        let dict = Dict::new(Ok(Vec::new()), DictKind::Plain);
        for (key, value) in self.merged.into_iter().chain(self.own) {
            dict.insert(key, value).then_some(())?;
        }
        Some(Value::Dict(dict.into()))
    }
}

/// The value of the one document; `None` where PyYAML would refuse the text, or may read it otherwise.
pub(super) fn parse(text: &str) -> Option<Value> {
    // Python's own lines, and characters that PyYAML refuses.
    if text.chars().any(
        |one| matches!(one, '\0'..='\x08' | '\x0b'..='\x1f' | '\t' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}'),
    ) {
        return None;
    }
    // Each with the number of its anchor, which is 0 where it has none.
    let mut open: Vec<(Open, usize)> = Vec::new();
    let mut anchored: HashMap<usize, Value> = HashMap::default();
    let mut document = None;
    let mut count = 0;
    for event in Parser::new_from_str(text) {
        count += 1;
        if count > MOST_ELEMENTS || open.len() > MOST_NESTED {
            return None;
        }
        let (complete, anchor) = match event.ok()?.0 {
            Event::Scalar(text, ScalarStyle::Plain, 0, None) if text == "<<" => match open.last_mut() {
                Some((Open::Mapping(mapping), _)) if mapping.key.is_none() => {
                    mapping.key = Some(Key::Merge);
                    continue;
                }
                _ => return None,
            },
            Event::Scalar(text, style, anchor, None) => (scalar(&text, style)?, anchor),
            Event::SequenceStart(anchor, None) => {
                open.push((Open::Sequence(Vec::new()), anchor));
                continue;
            }
            Event::MappingStart(anchor, None) => {
                open.push((Open::Mapping(Mapping::new()), anchor));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop()? {
                (Open::Sequence(items), anchor) => (Value::list(items), anchor),
                (Open::Mapping(mapping), anchor) => (mapping.close()?, anchor),
            },
            // The same object; one that is still open would be within itself.
            Event::Alias(anchor) => (anchored.get(&anchor)?.clone(), 0),
            Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..) => return None,
            _ => continue,
        };
        if anchor > 0 {
            anchored.insert(anchor, complete.clone());
        }
        match open.last_mut().map(|(open, _)| open) {
            Some(Open::Sequence(items)) => items.push(complete),
            Some(Open::Mapping(mapping)) => mapping.add(complete)?,
            // A second document is an error.
            None if document.is_some() => return None,
            None => document = Some(complete),
        }
    }
    Some(document.unwrap_or(Value::None))
}

fn scalar(text: &str, style: ScalarStyle) -> Option<Value> {
    if style != ScalarStyle::Plain {
        return Some(Value::str(text));
    }
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::None,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Value::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Value::Bool(false),
        "<<" | "=" => return None,
        _ if !text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '-' | '+' | '.')) => {
            Value::str(text)
        }
        _ => return number(text),
    })
}

/// What begins as a number does.
fn number(text: &str) -> Option<Value> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits(unsigned) && (unsigned == "0" || !unsigned.starts_with('0')) {
        return text.strip_prefix('+').unwrap_or(text).parse::<BigInt>().ok().map(Value::Int);
    }
    if let Some((whole, fraction)) = unsigned.split_once('.')
        && digits(whole)
        && digits(fraction)
    {
        return text.parse().ok().map(Value::Float);
    }
    if let [year, month, day] = text.split('-').collect::<Vec<_>>()[..]
        && (year.len(), month.len(), day.len()) == (4, 2, 2)
        && [year, month, day].into_iter().all(digits)
    {
        return Some(Value::Time(Temporal::Date));
    }
    (!is_int(unsigned) && !is_float(text, unsigned) && !may_be_time(text)).then(|| Value::str(text))
}

/// Whether it is a whole number in any form: `0b1`, `017`, `1_000`, `0xff`, `1:30`.
fn is_int(unsigned: &str) -> bool {
    let all =
        |text: &str, one_of: fn(u8) -> bool| !text.is_empty() && text.bytes().all(|byte| byte == b'_' || one_of(byte));
    if let Some(bits) = unsigned.strip_prefix("0b") {
        return all(bits, |byte| matches!(byte, b'0' | b'1'));
    }
    if let Some(digits) = unsigned.strip_prefix("0x") {
        return all(digits, |byte| byte.is_ascii_hexdigit());
    }
    if let Some(digits) = unsigned.strip_prefix('0') {
        return digits.is_empty() || all(digits, |byte| matches!(byte, b'0'..=b'7'));
    }
    let mut parts = unsigned.split(':');
    parts.next().is_some_and(begins_with_digit) && parts.all(is_sixtieth)
}

/// The same of other numbers: `1.`, `1.5e+3`, `.5`, `1:30.5`, `.inf`.
fn is_float(text: &str, unsigned: &str) -> bool {
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let Some((whole, rest)) = unsigned.split_once('.') else { return false };
    let fraction = rest.trim_start_matches(|one: char| one.is_ascii_digit() || one == '_');
    let has_exponent = |exponent: &str| {
        let digits = exponent.strip_prefix(['e', 'E']).and_then(|exponent| exponent.strip_prefix(['-', '+']));
        digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if whole.is_empty() {
        let is_signed = text.len() > unsigned.len();
        let begins = rest.starts_with(|one: char| one.is_ascii_digit());
        return !is_signed && begins && (fraction.is_empty() || has_exponent(fraction));
    }
    let mut parts = whole.split(':');
    if !parts.next().is_some_and(begins_with_digit) {
        return false;
    }
    match parts.next() {
        None => fraction.is_empty() || has_exponent(fraction),
        Some(second) => is_sixtieth(second) && parts.all(is_sixtieth) && fraction.is_empty(),
    }
}

/// `[0-9][0-9_]*`
fn begins_with_digit(text: &str) -> bool {
    text.starts_with(|one: char| one.is_ascii_digit()) && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
}

/// `[0-5]?[0-9]`
fn is_sixtieth(text: &str) -> bool {
    matches!(text.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9'])
}

/// Whether it looks like a time. Not all that do are one.
fn may_be_time(text: &str) -> bool {
    let is_year = |year: &str| year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
    let others = "-:.+ TtZ\t";
    text.split_once('-').is_some_and(|(year, _)| is_year(year))
        && text.matches(':').count() > 1
        && text.chars().all(|one| one.is_ascii_digit() || others.contains(one))
}
