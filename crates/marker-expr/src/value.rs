//! The values of call parameters.

use std::fmt;

use num_bigint::BigInt;

/// The value of a call parameter: what pytest lets an expression say.
///
/// `==` compares what is written: `True` and `1` differ. Whether Python holds two values equal is
/// [`python_eq`](Self::python_eq).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// A string literal, without its quotes. The grammar knows no escapes: a text with a backslash or with both
    /// kinds of quotes cannot be written in an expression.
    Str(String),
    /// An integer of any size; pytest reads at most 4300 digits.
    Int(BigInt),
    /// `True` or `False`.
    Bool(bool),
    /// `None`.
    None,
}

impl Value {
    /// Python's `==`, by which pytest compares a call parameter with a mark's: `True == 1`, `False == 0`, `"1" != 1`.
    ///
    /// ```
    /// use marker_expr::Value;
    ///
    /// assert!(Value::Bool(true).python_eq(&Value::from(1)));
    /// assert!(!Value::Str("1".to_owned()).python_eq(&Value::from(1)));
    /// ```
    #[must_use]
    pub fn python_eq(&self, other: &Self) -> bool {
        match (self.as_integer(), other.as_integer()) {
            (Some(mine), Some(theirs)) => mine == theirs,
            (None, None) => self == other,
            _ => false,
        }
    }

    /// Python's `==` with a float, which is exact: `1 == 1.0`, but `2**53 + 1 != float(2**53 + 1)`.
    #[must_use]
    pub fn python_eq_float(&self, float: f64) -> bool {
        // Rust prints every digit of an integral float; adding zero takes the sign off a negative zero.
        float.is_finite()
            && float.fract() == 0.0
            && self.as_integer().is_some_and(|integer| integer.to_string() == format!("{:.0}", float + 0.0))
    }

    /// One value for all that are equal in Python: Booleans are integers there.
    pub(crate) fn canonical(&self) -> Self {
        self.as_integer().map_or_else(|| self.clone(), Self::Int)
    }

    fn as_integer(&self) -> Option<BigInt> {
        match self {
            Self::Int(integer) => Some(integer.clone()),
            Self::Bool(bool) => Some(BigInt::from(u8::from(*bool))),
            Self::Str(_) | Self::None => None,
        }
    }
}

impl From<i64> for Value {
    fn from(integer: i64) -> Self {
        Self::Int(integer.into())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Str(text.to_owned())
    }
}

impl From<bool> for Value {
    fn from(bool: bool) -> Self {
        Self::Bool(bool)
    }
}

/// As an expression has it.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Str(text) if text.contains('"') => write!(f, "'{text}'"),
            Self::Str(text) => write!(f, "\"{text}\""),
            Self::Int(integer) => write!(f, "{integer}"),
            Self::Bool(true) => f.write_str("True"),
            Self::Bool(false) => f.write_str("False"),
            Self::None => f.write_str("None"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booleans_are_integers() {
        assert!(Value::Bool(true).python_eq(&Value::from(1)));
        assert!(Value::from(0).python_eq(&Value::Bool(false)));
        assert!(!Value::Bool(true).python_eq(&Value::from(2)));
        assert_ne!(Value::Bool(true), Value::from(1));
    }

    #[test]
    fn none_equals_only_none() {
        assert!(Value::None.python_eq(&Value::None));
        for other in [Value::Bool(false), Value::from(0), Value::from("")] {
            assert!(!Value::None.python_eq(&other), "{other}");
        }
    }

    #[test]
    fn floats_are_compared_exactly() {
        let two_to_53 = 1_i64 << 53;
        assert!(Value::from(two_to_53).python_eq_float(9_007_199_254_740_992.0));
        assert!(!Value::from(two_to_53 + 1).python_eq_float(9_007_199_254_740_992.0));
        assert!(Value::Int(BigInt::from(10).pow(22)).python_eq_float(1e22));
        assert!(!Value::Int(BigInt::from(10).pow(23)).python_eq_float(1e23));
        assert!(Value::from(-3).python_eq_float(-3.0));
        assert!(Value::from(0).python_eq_float(-0.0));
        assert!(Value::Bool(true).python_eq_float(1.0));
        assert!(!Value::from(1).python_eq_float(1.5));
        assert!(!Value::from(1).python_eq_float(f64::NAN));
        assert!(!Value::from(1).python_eq_float(f64::INFINITY));
        assert!(!Value::from("1").python_eq_float(1.0));
    }
}
