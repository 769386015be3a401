//! Values of GitHub's expressions, some of them not known. Source of the rules: GitHub's "Evaluate expressions in
//! workflows and actions", and `EvaluationResult.cs` and `ExpressionUtility.cs` of its runner.

use std::cmp::Ordering;
use std::fmt::Write as _;
use std::sync::Arc;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// `null`, and what a context does not have.
    Null,
    /// A Boolean.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A string.
    Text(Arc<str>),
    /// A list.
    List(Arc<[Value]>),
    /// A mapping.
    Object(Arc<Object>),
    /// Only CI knows.
    Unknown(Unknown),
}

/// A mapping, whose keys match in any case.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Object {
    /// Its entries, in order.
    pub(crate) entries: Vec<(Arc<str>, Value)>,
    /// Set where it may have more entries: the expression that it is.
    pub(crate) more: Option<Arc<str>>,
}

/// A value that only CI knows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Unknown {
    /// What it comes from, such as `needs.changed-files.outputs.rust`.
    pub(crate) source: Arc<str>,
    /// Whether it counts as true, where that much is known.
    pub(crate) truth: Option<bool>,
    /// It is the path of the checkout.
    pub(crate) workspace: bool,
}

impl Value {
    /// A string.
    pub(crate) fn text(text: impl AsRef<str>) -> Self {
        Self::Text(text.as_ref().into())
    }

    /// What only CI knows.
    pub(crate) fn unknown(source: impl AsRef<str>) -> Self {
        Self::Unknown(Unknown { source: source.as_ref().into(), truth: None, workspace: false })
    }

    /// What only CI knows, but for whether it counts as true.
    pub(crate) fn unknown_but(source: impl AsRef<str>, truth: Option<bool>) -> Self {
        Self::Unknown(Unknown { source: source.as_ref().into(), truth, workspace: false })
    }

    /// Whether it counts as true; `None` where only CI knows.
    pub(crate) fn truth(&self) -> Option<bool> {
        Some(match self {
            Self::Null => false,
            Self::Bool(value) => *value,
            Self::Number(value) => *value != 0.0 && !value.is_nan(),
            Self::Text(text) => !text.is_empty(),
            Self::List(_) | Self::Object(_) => true,
            Self::Unknown(unknown) => return unknown.truth,
        })
    }

    /// The member `name`, which a member of `source` names.
    pub(crate) fn member(&self, name: &str, source: &str) -> Self {
        match self {
            Self::Object(object) => match object.get(name) {
                Some(value) => value.clone(),
                None if object.more.is_some() => Self::unknown(source),
                None => Self::Null,
            },
            Self::Unknown(_) => Self::unknown(source),
            _ => Self::Null,
        }
    }

    /// The element at `index` of a list.
    pub(crate) fn element(&self, index: f64, source: &str) -> Self {
        match self {
            // A negative index, and one past the end, are nothing.
            Self::List(elements) if index >= 0.0 && index < elements.len() as f64 => {
                elements.get(index.floor() as usize).cloned().unwrap_or(Self::Null)
            }
            Self::Unknown(_) => Self::unknown(source),
            _ => Self::Null,
        }
    }

    /// As a string: `None` where only CI knows.
    pub(crate) fn to_text(&self) -> Option<Arc<str>> {
        Some(match self {
            Self::Null => "".into(),
            Self::Bool(true) => "true".into(),
            Self::Bool(false) => "false".into(),
            Self::Number(number) => number_text(*number)?.into(),
            Self::Text(text) => Arc::clone(text),
            Self::List(_) => "Array".into(),
            Self::Object(_) => "Object".into(),
            Self::Unknown(_) => return None,
        })
    }

    /// As a number: `None` where only CI knows, or where the text is of an odd form.
    fn to_number(&self) -> Option<f64> {
        match self {
            Self::Null => Some(0.0),
            Self::Bool(value) => Some(f64::from(u8::from(*value))),
            Self::Number(number) => Some(*number),
            Self::Text(text) => parse_number(text),
            Self::List(_) | Self::Object(_) => Some(f64::NAN),
            Self::Unknown(_) => None,
        }
    }

    fn is_composite(&self) -> bool {
        matches!(self, Self::List(_) | Self::Object(_))
    }
}

impl Object {
    /// The entry of a key, in whatever case.
    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.entries.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value)
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Self::Object(Arc::new(object))
    }
}

/// `left == right`; `None` where only CI knows.
pub(crate) fn equal(left: &Value, right: &Value) -> Option<bool> {
    match (left, right) {
        (Value::Unknown(_), _) | (_, Value::Unknown(_)) => None,
        (Value::Null, Value::Null) => Some(true),
        (Value::Bool(left), Value::Bool(right)) => Some(left == right),
        (Value::Number(left), Value::Number(right)) => Some(left == right),
        (Value::Text(left), Value::Text(right)) => equal_text(left, right),
        // The same object only. Two contexts may be the same, so that only a difference of kind is certain.
        (Value::List(_), Value::List(_)) | (Value::Object(_), Value::Object(_)) => None,
        _ => Some(left.to_number()? == right.to_number()?),
    }
}

/// How `left` and `right` are ordered: `None` where only CI knows, `Some(None)` where neither is greater.
pub(crate) fn order(left: &Value, right: &Value) -> Option<Option<Ordering>> {
    match (left, right) {
        (Value::Unknown(_), _) | (_, Value::Unknown(_)) => None,
        (Value::Text(left), Value::Text(right)) => {
            let both = left.is_ascii() && right.is_ascii();
            both.then(|| Some(left.to_ascii_uppercase().cmp(&right.to_ascii_uppercase())))
        }
        _ if left.is_composite() || right.is_composite() => Some(None),
        // Two of null are numbers by no rule, and neither is greater.
        (Value::Null, Value::Null) => None,
        _ => Some(left.to_number()?.partial_cmp(&right.to_number()?)),
    }
}

/// Whether strings are equal in any case. Beyond ASCII, the runner's tables may differ from these.
fn equal_text(left: &str, right: &str) -> Option<bool> {
    if left.eq_ignore_ascii_case(right) {
        return Some(true);
    }
    let alike = !(left.is_ascii() && right.is_ascii()) && fold(left) == fold(right);
    (!alike).then_some(false)
}

/// Brings what may be the same character in another case together.
pub(super) fn fold(text: &str) -> String {
    text.to_uppercase().to_lowercase()
}

/// A string as a number, `NaN` where it is none. `None` for forms that .NET and this may read otherwise.
fn parse_number(text: &str) -> Option<f64> {
    let text = text.trim();
    if text.is_empty() {
        return Some(0.0);
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if let Some(digits) = text.strip_prefix("0x").filter(|digits| is_all(digits, |byte| byte.is_ascii_hexdigit())) {
        return i32::from_str_radix(digits, 16).ok().map(f64::from);
    }
    if let Some(digits) = text.strip_prefix("0o").filter(|digits| is_all(digits, |byte| (b'0'..=b'7').contains(&byte)))
    {
        return i32::from_str_radix(digits, 8).ok().map(f64::from);
    }
    if is_all(unsigned, |byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'))
        && unsigned.bytes().any(|byte| byte.is_ascii_digit())
    {
        return Some(text.parse().unwrap_or(f64::NAN));
    }
    match unsigned.to_ascii_lowercase().as_str() {
        "infinity" | "nan" | "∞" => None,
        // Digits of other scripts, and white space that only one of the two trims.
        _ if !text.is_ascii() => None,
        _ => Some(f64::NAN),
    }
}

fn is_all(text: &str, test: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(test)
}

/// A number as .NET's format `G15` writes it: `None` for those that it writes with an exponent.
fn number_text(number: f64) -> Option<String> {
    if number.is_nan() {
        return Some("NaN".to_owned());
    }
    if number.is_infinite() {
        return Some(if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned());
    }
    if number == 0.0 {
        return Some("0".to_owned());
    }
    let size = number.abs();
    if !(1e-4..1e15).contains(&size) {
        return None;
    }
    if number.fract() == 0.0 {
        return Some(format!("{number:.0}"));
    }
    // Fifteen significant digits: those before the point, and the rest behind it.
    let before = size.log10().floor() as i32 + 1;
    let behind = usize::try_from(15 - before).ok()?;
    let mut text = String::new();
    write!(text, "{number:.behind$}").ok()?;
    let text = text.trim_end_matches('0').trim_end_matches('.');
    (text.len() < 18).then(|| text.to_owned())
}
