//! GitHub's functions.

use std::sync::Arc;

use github_actions_expressions::call::Function;

use super::evaluate::{list, object};
use super::value::{Value, equal, fold};

/// Text longer than this is not put together.
const MOST_BYTES: usize = 1 << 20;

/// What a call gives; `None` where only CI knows.
pub(super) fn call(function: Function, arguments: &[Value]) -> Option<Value> {
    match (function, arguments) {
        (Function::Always, _) => Some(Value::Bool(true)),
        (Function::Contains, [within, what]) => contains(within, what).map(Value::Bool),
        (Function::StartsWith, [text, what]) => affix(text, what, |text, what| text.starts_with(what)),
        (Function::EndsWith, [text, what]) => affix(text, what, |text, what| text.ends_with(what)),
        (Function::Format, [format, values @ ..]) => fill(&format.to_text()?, values),
        (Function::Join, [Value::List(elements), separator @ ..]) => {
            let separator = separator.first().map_or(Some(",".into()), Value::to_text)?;
            let texts = elements.iter().map(primitive).collect::<Option<Vec<_>>>()?;
            let length = texts.iter().map(|text| text.len() + separator.len()).sum::<usize>();
            (length <= MOST_BYTES).then(|| Value::text(texts.join(&separator)))
        }
        (Function::Join, [one, ..]) => primitive(one).map(Value::Text),
        (Function::FromJSON, [text]) => {
            let text = primitive(text)?;
            from_json(&serde_json::from_str(&text).ok()?)
        }
        (Function::ToJSON, [value]) => to_json(value),
        // `hashFiles` asks the runner's disk; the other status functions depend on what came before.
        _ => None,
    }
}

/// The text of what is neither a list nor a mapping.
fn primitive(value: &Value) -> Option<Arc<str>> {
    match value {
        Value::List(_) | Value::Object(_) => None,
        other => other.to_text(),
    }
}

fn contains(within: &Value, what: &Value) -> Option<bool> {
    match within {
        Value::List(elements) => {
            let mut unknown = false;
            for element in elements.iter() {
                match equal(element, what) {
                    Some(true) => return Some(true),
                    Some(false) => {}
                    None => unknown = true,
                }
            }
            (!unknown).then_some(false)
        }
        within => matched(within, what, |within, what| within.contains(what)),
    }
}

fn affix(text: &Value, what: &Value, test: fn(&str, &str) -> bool) -> Option<Value> {
    matched(text, what, test).map(Value::Bool)
}

/// Tests texts in any case. Beyond ASCII, only that they do not match is certain, or that they do as they are.
fn matched(text: &Value, what: &Value, test: fn(&str, &str) -> bool) -> Option<bool> {
    let (text, what) = (primitive(text)?, primitive(what)?);
    if test(&text.to_ascii_lowercase(), &what.to_ascii_lowercase()) {
        return Some(true);
    }
    let certain = text.is_ascii() && what.is_ascii() || !test(&fold(&text), &fold(&what));
    certain.then_some(false)
}

/// `format('{0} of {1}', a, b)`, where braces are doubled to stand for themselves.
fn fill(format: &str, values: &[Value]) -> Option<Value> {
    let mut text = String::new();
    let mut rest = format;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(behind) = rest.strip_prefix(brace) {
            text.push_str(brace);
            rest = behind;
            continue;
        }
        // Anything but a number is an error of the workflow; a specifier (`{0:yyyy}`) is not documented.
        let (number, behind) = rest.split_once('}')?;
        if brace == "}" || number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        text.push_str(&values.get(number.parse::<usize>().ok()?)?.to_text()?);
        rest = behind;
        if text.len() > MOST_BYTES {
            return None;
        }
    }
    text.push_str(rest);
    Some(Value::text(text))
}

/// The value of a JSON text, which the parser has kept shallow.
fn from_json(json: &serde_json::Value) -> Option<Value> {
    Some(match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => Value::Bool(*value),
        serde_json::Value::Number(number) => Value::Number(number.as_f64()?),
        serde_json::Value::String(text) => Value::text(text),
        serde_json::Value::Array(elements) => list(elements.iter().map(from_json).collect::<Option<Vec<_>>>()?),
        serde_json::Value::Object(entries) => object(
            entries
                .iter()
                .map(|(key, value)| Some((key.as_str().into(), from_json(value)?)))
                .collect::<Option<Vec<_>>>()?,
        ),
    })
}

/// JSON of what is no list and no mapping: how GitHub lays those out is not documented.
fn to_json(value: &Value) -> Option<Value> {
    Some(Value::text(match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(_) => value.to_text()?.to_string(),
        Value::Text(text) if text.is_ascii() && !text.contains(char::is_control) => {
            serde_json::Value::from(&**text).to_string()
        }
        _ => return None,
    }))
}
