//! Arguments of markers, as a policy describes them.

use std::fmt;

use test_catalog::Value;

/// A positional argument of a marker.
#[derive(Debug, Clone, PartialEq)]
pub struct Argument {
    /// Its name, such as `gib`; a keyword argument of that name is the same argument.
    pub name: String,
    /// What it may be.
    pub kind: ArgumentKind,
    /// What the number counts, such as `GiB`; for messages.
    pub unit: Option<String>,
    /// The least that a number may be.
    pub min: Option<f64>,
    /// The most that a number may be.
    pub max: Option<f64>,
    /// Whether it may be left out.
    pub optional: bool,
    /// Whether more of its kind may follow. Only the last one can say so.
    pub many: bool,
}

/// What an argument may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ArgumentKind {
    /// Anything.
    #[default]
    Any,
    /// A number, whole or not.
    Number,
    /// A whole number.
    Integer,
    /// A string.
    String,
    /// `True` or `False`.
    Boolean,
}

impl ArgumentKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Any, Self::Number, Self::Integer, Self::String, Self::Boolean];

    /// What it means, for people.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Any => "anything",
            Self::Number => "a number, whole or not",
            Self::Integer => "a whole number",
            Self::String => "a string",
            Self::Boolean => "`True` or `False`",
        }
    }

    /// The word in a policy file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Number => "number",
            Self::Integer => "integer",
            Self::String => "string",
            Self::Boolean => "boolean",
        }
    }
}

impl Argument {
    /// One of which only the name is said: `args = ["gib"]`.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            kind: ArgumentKind::Any,
            unit: None,
            min: None,
            max: None,
            optional: false,
            many: false,
        }
    }

    /// Whether a value is what this argument may be; `None` where the value is not known.
    pub(crate) fn takes(&self, value: &Value) -> Option<bool> {
        if let Value::Expr(_) = value {
            return None;
        }
        let number = value.as_f64();
        let in_range = || {
            number.is_some_and(|number| {
                self.min.is_none_or(|min| number >= min) && self.max.is_none_or(|max| number <= max)
            })
        };
        Some(match self.kind {
            ArgumentKind::Any => true,
            ArgumentKind::Number => in_range(),
            ArgumentKind::Integer => matches!(value, Value::Int(_)) && in_range(),
            ArgumentKind::String => matches!(value, Value::Str(_)),
            ArgumentKind::Boolean => matches!(value, Value::Bool(_)),
        })
    }
}

/// What it takes: `a number of GiB from 0 to 80`.
impl fmt::Display for Argument {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.kind {
            ArgumentKind::Any => "anything",
            ArgumentKind::Number => "a number",
            ArgumentKind::Integer => "a whole number",
            ArgumentKind::String => "a string",
            ArgumentKind::Boolean => "`True` or `False`",
        })?;
        if let Some(unit) = &self.unit {
            write!(formatter, " of {unit}")?;
        }
        match (self.min, self.max) {
            (Some(min), Some(max)) => write!(formatter, " from {min} to {max}"),
            (Some(min), None) => write!(formatter, " from {min}"),
            (None, Some(max)) => write!(formatter, " up to {max}"),
            (None, None) => Ok(()),
        }
    }
}
