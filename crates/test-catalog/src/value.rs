//! Arguments of markers.

use std::fmt;

/// A marker's argument as reading the source gives it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer; one that 64 bits cannot hold is kept as [`Value::Expr`].
    Int(i64),
    /// A floating-point number.
    Float(f64),
    /// A string. One with lone surrogates, which no Rust string can hold, is kept as [`Value::Expr`].
    Str(String),
    /// A list.
    List(Vec<Value>),
    /// A tuple.
    Tuple(Vec<Value>),
    /// A dictionary, in the order written.
    Dict(Vec<(Value, Value)>),
    /// No literal, or one whose value reading cannot know: its source text.
    Expr(String),
}

impl Value {
    /// The number, where it is one. Python's `bool` is a number there, here it is not: `timeout(True)` is a mistake.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            // Every figure that markers carry (seconds, GiB, tokens) is far below 2^53.
            #[expect(clippy::cast_precision_loss, reason = "figures of markers are far below 2^53")]
            Self::Int(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            _ => None,
        }
    }

    /// The text, where it is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// Whether the value, and everything in it, is known.
    #[must_use]
    pub fn is_known(&self) -> bool {
        match self {
            Self::Expr(_) => false,
            Self::List(items) | Self::Tuple(items) => items.iter().all(Self::is_known),
            Self::Dict(items) => items.iter().all(|(key, value)| key.is_known() && value.is_known()),
            _ => true,
        }
    }
}

/// As Python would write it.
impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => formatter.write_str("None"),
            Self::Bool(true) => formatter.write_str("True"),
            Self::Bool(false) => formatter.write_str("False"),
            Self::Int(value) => write!(formatter, "{value}"),
            Self::Float(value) => write!(formatter, "{value:?}"),
            Self::Str(text) => write!(formatter, "{text:?}"),
            Self::List(items) => {
                formatter.write_str("[")?;
                separated(formatter, items, |formatter, item| write!(formatter, "{item}"))?;
                formatter.write_str("]")
            }
            Self::Tuple(items) => {
                formatter.write_str("(")?;
                separated(formatter, items, |formatter, item| write!(formatter, "{item}"))?;
                formatter.write_str(if items.len() == 1 { ",)" } else { ")" })
            }
            Self::Dict(items) => {
                formatter.write_str("{")?;
                separated(formatter, items, |formatter, (key, value)| write!(formatter, "{key}: {value}"))?;
                formatter.write_str("}")
            }
            Self::Expr(source) => formatter.write_str(source),
        }
    }
}

fn separated<T>(
    formatter: &mut fmt::Formatter<'_>,
    items: &[T],
    write: impl Fn(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            formatter.write_str(", ")?;
        }
        write(formatter, item)?;
    }
    Ok(())
}
