//! Ids of parameters: pytest's `IdMaker`.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use crate::eval::stdlib;
use crate::eval::value::{Class, Doubt, Value};
use crate::syntax::ast::Text;
use crate::{PytestVersion, PythonVersion};

/// Strings longer than this get the argument's name from 9.2 on.
const LONGEST: usize = 100;
const LONG_STRINGS: PytestVersion = PytestVersion::new(9, 2, 0);
const UNDERSCORE_SUFFIX: PytestVersion = PytestVersion::new(8, 0, 0);

/// The id of one value that has none of its own; `Err` where it is not known.
pub(crate) fn auto(
    value: &Value,
    argname: &str,
    index: usize,
    releases: (PytestVersion, PythonVersion),
) -> Result<String, Option<Doubt>> {
    let nameless = || Ok(format!("{argname}{index}"));
    match value {
        Value::Str(text) if releases.0 >= LONG_STRINGS && text.chars() > LONGEST => nameless(),
        Value::Bytes(bytes) if releases.0 >= LONG_STRINGS && bytes.len() > LONGEST => nameless(),
        Value::Str(_) | Value::Bytes(_) | Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {
            explicit(value)
        }
        Value::Tuple(_)
        | Value::List(_)
        | Value::Dict(_)
        | Value::Set(_)
        | Value::Opaque
        | Value::Ellipsis
        | Value::Mark(_) => nameless(),
        Value::Function(function) => Ok(escape(&(&*function.def.name).into())),
        Value::Class(class) => Ok(escape(&(&*class.name).into())),
        Value::External(path) => stdlib::name_of(path).map(str::to_owned).ok_or(None),
        Value::Instance(instance) => match &instance.member {
            Some(member) => enum_id(&instance.class, member, &instance.value, argname, index, releases),
            None => nameless(),
        },
        Value::Unknown(doubt) => Err(Some(doubt.clone())),
        _ => Err(None),
    }
}

/// The text of a value where an id is expected: `ids=`, `pytest.param(id=)`, a callable's answer.
pub(crate) fn explicit(value: &Value) -> Result<String, Option<Doubt>> {
    match value {
        Value::Str(text) => Ok(escape(text)),
        Value::Bytes(bytes) => Ok(escape_bytes(bytes)),
        Value::None => Ok("None".to_owned()),
        Value::Bool(flag) => Ok(if *flag { "True" } else { "False" }.to_owned()),
        Value::Int(number) => Ok(number.to_string()),
        Value::Float(number) => Ok(float_text(*number)),
        Value::Unknown(doubt) => Err(Some(doubt.clone())),
        _ => Err(None),
    }
}

fn enum_id(
    class: &Class,
    member: &str,
    value: &Value,
    argname: &str,
    index: usize,
    releases: (PytestVersion, PythonVersion),
) -> Result<String, Option<Doubt>> {
    let has = |name: &str| {
        class.names.borrow().contains_key(name)
            || class.mro.iter().any(|base| matches!(base, Value::Class(base) if base.names.borrow().contains_key(name)))
    };
    if has("__str__") || has("__format__") || has("_missing_") || has("__new__") || has("_generate_next_value_") {
        return Err(None);
    }
    let mixes = |wanted: &str| class.has_external(|path| path == wanted);
    if mixes("builtins.str") || mixes("enum.StrEnum") || mixes("builtins.bytes") {
        return if matches!(value, Value::Str(_) | Value::Bytes(_)) {
            auto(value, argname, index, releases)
        } else {
            Err(None)
        };
    }
    if mixes("enum.IntEnum") || mixes("enum.IntFlag") {
        if releases.1 >= PythonVersion::new(3, 11) {
            return if matches!(value, Value::Int(_)) { explicit(value) } else { Err(None) };
        }
    } else if !(mixes("enum.Enum") || mixes("enum.Flag")) {
        return Err(None);
    }
    // An alias shows the name of the first member with its value.
    let canonical = class.names.borrow().iter().find_map(|(name, binding)| {
        (crate::eval::same_scalar(&binding.value, value) == Some(true) && !name.starts_with('_'))
            .then(|| name.to_string())
    });
    let member = canonical.unwrap_or_else(|| member.to_owned());
    Ok(escape(&format!("{}.{member}", class.name).into()))
}

/// pytest's escaping: printable ASCII as it is, the rest by `\x`, `\u` and `\U`, a backslash doubled.
fn escape(text: &Text) -> String {
    let points: Vec<u32> = match text {
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
    let mut total: HashMap<String, usize> = HashMap::new();
    for id in ids.iter() {
        *total.entry(id.clone()).or_default() += 1;
    }
    if total.len() == ids.len() {
        return;
    }
    let mut next: HashMap<String, usize> = HashMap::new();
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
