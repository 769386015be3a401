//! Ids of parameters: pytest's `IdMaker`.

use std::fmt::Write;

use crate::PytestVersion;
use crate::eval::value::{Doubt, Instance, Value};
use crate::eval::{Interpreter, plain_text, stdlib};
use crate::syntax::ast::Text;
use foldhash::{HashMap, HashSet};

/// Strings longer than this get the argument's name from 9.2 on.
const LONGEST: usize = 100;
const LONG_STRINGS: PytestVersion = PytestVersion::new(9, 2, 0);
const UNDERSCORE_SUFFIX: PytestVersion = PytestVersion::new(8, 0, 0);

/// The id of one value that has none of its own; `Err` where it is not known.
pub(crate) fn auto(
    interpreter: &mut Interpreter<'_>,
    value: &Value,
    argname: &str,
    index: usize,
    pytest: PytestVersion,
) -> Result<String, Option<Doubt>> {
    let nameless = || Ok(format!("{argname}{index}"));
    match value {
        Value::Str(text) if pytest >= LONG_STRINGS && text.chars() > LONGEST => nameless(),
        Value::Bytes(bytes) if pytest >= LONG_STRINGS && bytes.len() > LONGEST => nameless(),
        Value::Unknown(doubt) => Err(Some(doubt.clone())),
        Value::Instance(instance) if instance.member.is_none() => {
            match (instance.class.payload_value(instance), named_attribute(instance)) {
                (_, Named::Unknown) => Err(doubt_of(instance)),
                // An instance of a class that derives from `str` or a number is one.
                (Some(held), _) => match &held {
                    Value::Str(_) | Value::Bytes(_) => auto(interpreter, &held, argname, index, pytest),
                    Value::Int(_) | Value::Float(_) | Value::Bool(_) => {
                        interpreter.text_for_id(value).ok_or_else(|| doubt_of(instance))
                    }
                    _ => nameless(),
                },
                (None, Named::Name(name)) => Ok(name),
                (None, Named::Nameless) => nameless(),
            }
        }
        other => match explicit(interpreter, other) {
            Ok(text) => Ok(text),
            Err(Some(doubt)) => Err(Some(doubt)),
            Err(None) if is_nameless(other) => nameless(),
            Err(None) => Err(None),
        },
    }
}

/// The text of a value where an id is expected: `ids=`, `pytest.param(id=)`, a callable's answer. `Err(None)` where it
/// is not known, or pytest takes no such value. Only text, bytes and patterns are escaped: names and numbers are not.
pub(crate) fn explicit(interpreter: &mut Interpreter<'_>, value: &Value) -> Result<String, Option<Doubt>> {
    match value {
        Value::Str(text) | Value::Regex(text) => Ok(escape(text)),
        Value::Bytes(bytes) => Ok(escape_bytes(bytes)),
        Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Complex(..) => {
            plain_text(value).ok_or(None)
        }
        Value::Function(function) if function.signature_doubt().is_none() => Ok(function.name().to_string()),
        Value::Method(method) => explicit(interpreter, &method.1),
        Value::Class(class) => match &*class.renamed.borrow() {
            None => Ok(class.name.to_string()),
            Some(Value::Str(name)) => name.as_str().map(str::to_owned).ok_or(None),
            Some(other) => Err(other.doubt().cloned()),
        },
        Value::External(path) => stdlib::name_of(path).map(str::to_owned).ok_or(None),
        Value::BuiltinMethod(method) if !matches!(method.0, Value::Object(_) | Value::Instance(_)) => {
            Ok(method.1.to_string())
        }
        Value::Module(module) => Ok(module.name.to_string()),
        Value::Instance(instance) => match (&instance.member, &instance.value) {
            (Some(_), Value::Str(text)) if instance.class.is_text() => Ok(escape(text)),
            (Some(_), Value::Bytes(bytes)) if instance.class.is_text() => Ok(escape_bytes(bytes)),
            (Some(_), _) => match interpreter.text_for_id(value) {
                Some(text) => Ok(text),
                None => Err(doubt_of(instance)),
            },
            (None, Value::Str(text)) if instance.class.is_text() => Ok(escape(text)),
            _ => Err(None),
        },
        Value::Unknown(doubt) => Err(Some(doubt.clone())),
        _ => Err(None),
    }
}

/// Whether a value is neither a string nor a number, and has no `__name__`.
pub(crate) fn is_nameless(value: &Value) -> bool {
    match value {
        Value::External(path) => stdlib::is_opaque_value(path),
        Value::Tuple(_)
        | Value::List(_)
        | Value::Dict(_)
        | Value::View(..)
        | Value::Set(_)
        | Value::FrozenSet(_)
        | Value::Range(_)
        | Value::Slice(_)
        | Value::Path(_)
        | Value::Exception(_)
        | Value::Partial(_)
        | Value::Opaque
        | Value::Time(_)
        | Value::Ellipsis
        | Value::Mark(_)
        | Value::Property(_) => true,
        _ => false,
    }
}

fn doubt_of(instance: &Instance) -> Option<Doubt> {
    instance.doubt.borrow().clone().or_else(|| instance.class.doubt.borrow().clone())
}

/// What `__name__` of an instance is.
enum Named {
    Name(String),
    Nameless,
    Unknown,
}

fn named_attribute(instance: &Instance) -> Named {
    if instance.class.doubt.borrow().is_some() {
        return Named::Unknown;
    }
    if ["__getattr__", "__getattribute__"].iter().any(|name| instance.class.lookup(name).ok().flatten().is_some()) {
        return Named::Unknown;
    }
    let own = instance.attributes.borrow().get("__name__").map(|binding| binding.value.clone());
    let found = own.or_else(|| instance.class.lookup("__name__").ok().flatten().map(|binding| binding.value));
    match found {
        None => Named::Nameless,
        Some(value @ Value::Str(_)) => value.as_str().map_or(Named::Unknown, |name| Named::Name(name.to_owned())),
        Some(Value::None | Value::Int(_) | Value::Bool(_)) => Named::Nameless,
        Some(_) => Named::Unknown,
    }
}

/// pytest's escaping: printable ASCII as it is, the rest by `\x`, `\u` and `\U`, a backslash doubled.
fn escape(text: &Text) -> String {
    let points: Vec<u32> = match text {
        Text::Utf8(text) if text.bytes().all(|byte| matches!(byte, 0x20..=0x7e) && byte != b'\\') => {
            return String::from(&**text);
        }
        Text::Utf8(text) => text.chars().map(u32::from).collect(),
        Text::Surrogates(points) => points.to_vec(),
    };
    let mut escaped = String::with_capacity(points.len());
    for point in points {
        // Writing to a string cannot fail.
        let _ = match (point, char::from_u32(point)) {
            (0x5c, _) => write!(escaped, "\\\\"),
            (0x09, _) => write!(escaped, "\\t"),
            (0x0a, _) => write!(escaped, "\\n"),
            (0x0d, _) => write!(escaped, "\\r"),
            (0x20..=0x7e, Some(character)) => write!(escaped, "{character}"),
            (0..=0xff, _) => write!(escaped, "\\x{point:02x}"),
            (0x100..=0xffff, _) => write!(escaped, "\\u{point:04x}"),
            _ => write!(escaped, "\\U{point:08x}"),
        };
    }
    escaped
}

/// The same for bytes, whose backslashes stay single.
fn escape_bytes(bytes: &[u8]) -> String {
    let mut escaped = String::with_capacity(bytes.len());
    for byte in bytes {
        let _ = match byte {
            0x09 => write!(escaped, "\\t"),
            0x0a => write!(escaped, "\\n"),
            0x0d => write!(escaped, "\\r"),
            0x20..=0x7e => write!(escaped, "{}", char::from(*byte)),
            _ => write!(escaped, "\\x{byte:02x}"),
        };
    }
    escaped
}

/// Python's `str` of a float: the shortest digits that read back, with an exponent below 1e-4 and from 1e16 on.
pub(crate) fn float_text(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let size = number.abs();
    if size != 0.0 && !(1e-4..1e16).contains(&size) {
        // Rust writes `1e16` and `1.5e-7`, Python `1e+16` and `1.5e-07`.
        let text = format!("{number:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
        return format!("{digits}e{sign}{exponent:0>2}");
    }
    let text = format!("{number}");
    if text.contains('.') { text } else { format!("{text}.0") }
}

/// Makes the ids of one parametrize call differ, as pytest numbers those that repeat.
pub(crate) fn make_unique(ids: &mut [String], pytest: PytestVersion) {
    let mut total: HashMap<String, usize> = HashMap::default();
    for id in ids.iter() {
        *total.entry(id.clone()).or_default() += 1;
    }
    if total.len() == ids.len() {
        return;
    }
    let mut next: HashMap<String, usize> = HashMap::default();
    // How often each text stands in the list as it is now.
    let mut present: HashMap<String, usize> = total.clone();
    let collides = pytest >= UNDERSCORE_SUFFIX;
    for id in ids.iter_mut() {
        if total[id.as_str()] < 2 {
            continue;
        }
        let ends_in_digit = id.chars().last().is_some_and(|last| last.is_ascii_digit());
        let separator = if collides && ends_in_digit { "_" } else { "" };
        let counter = next.entry(id.clone()).or_default();
        let mut candidate = format!("{id}{separator}{counter}");
        while collides && present.get(&candidate).is_some_and(|count| *count > 0) {
            *counter += 1;
            candidate = format!("{id}{separator}{counter}");
        }
        *counter += 1;
        if let Some(count) = present.get_mut(id.as_str()) {
            *count -= 1;
        }
        *present.entry(candidate.clone()).or_default() += 1;
        *id = candidate;
    }
}

/// Whether all ids differ.
pub(crate) fn are_distinct(ids: &[String]) -> bool {
    ids.iter().collect::<HashSet<_>>().len() == ids.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unique(ids: &[&str]) -> Vec<String> {
        let mut ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        make_unique(&mut ids, PytestVersion::REFERENCE);
        ids
    }

    #[test]
    fn repeated_ids_get_numbers_that_nobody_has() {
        assert_eq!(unique(&["a", "a", "a0"]), ["a1", "a2", "a0"]);
        assert_eq!(unique(&["1", "1", "1"]), ["1_0", "1_1", "1_2"]);
        assert_eq!(unique(&["", "", ""]), ["0", "1", "2"]);
        assert_eq!(unique(&["a", "a", "a1", "a1"]), ["a0", "a2", "a1_0", "a1_1"]);
    }

    #[test]
    fn floats_read_as_python_writes_them() {
        let texts = [1e10, 1e16, 1e-5, 0.0001, 123_456_789_012_345_680.0, -0.0, 1.5, 5e-324];
        let expected = ["10000000000.0", "1e+16", "1e-05", "0.0001", "1.2345678901234568e+17", "-0.0", "1.5", "5e-324"];
        assert_eq!(texts.map(float_text), expected);
    }

    #[test]
    fn what_is_not_printable_ascii_is_escaped() {
        for (text, expected) in
            [("a\\b", "a\\\\b"), ("é", "\\xe9"), ("日本", "\\u65e5\\u672c"), ("😀\0", "\\U0001f600\\x00")]
        {
            assert_eq!(escape(&text.into()), expected);
        }
        assert_eq!(escape_bytes(b"a\\b\xff\n"), "a\\b\\xff\\n");
    }
}
