//! The options that take an expression: `-m` and `-k`.

use std::fmt;

use crate::characters::is_space;
use crate::error::ParseError;
use crate::expr::{Atom, Expr};
use crate::parser::{self, Parsed};
use crate::truth::Truth;

/// The value of `-m`.
///
/// - `-m ""` filters nothing: there is no expression, and it evaluates to yes.
/// - `-m " "` is an expression that is false, and deselects every test.
/// - A word is a marker's whole name, upper and lower case apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkExpr {
    text: String,
    /// Nothing if the option filters nothing.
    parsed: Option<Located>,
}

/// The value of `-k`.
///
/// - White space before the expression does not count, and `-k ""` and `-k " "` filter nothing.
/// - A word is a part of one of the test's names, upper and lower case alike: see [`Keywords`].
/// - Call parameters parse, and fail when they are evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeywordExpr {
    text: String,
    parsed: Option<Located>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Located {
    expr: Expr,
    columns: Vec<usize>,
}

/// A `-k` expression asks for call parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Keyword expressions do not support call parameters.")]
pub struct CallParameters;

impl MarkExpr {
    /// Reads the value of `-m`.
    ///
    /// # Errors
    /// Those of [`Expr::parse`].
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        Ok(Self { text: text.to_owned(), parsed: locate(text)? })
    }

    /// The expression; none if the option filters nothing.
    #[must_use]
    pub fn expr(&self) -> Option<&Expr> {
        self.parsed.as_ref().map(|located| &located.expr)
    }

    /// The text as given, to which columns refer.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Every atom with its column (in characters, from 1), in the order of the text.
    pub fn atoms(&self) -> impl Iterator<Item = (usize, &Atom)> {
        atoms(self.parsed.as_ref())
    }

    /// Whether the option selects a test of which `atoms` says whether each atom is true: see [`Expr::evaluate`].
    pub fn evaluate(&self, atoms: &mut impl FnMut(&Atom) -> Truth) -> Truth {
        self.expr().map_or(Truth::Yes, |expr| expr.evaluate(atoms))
    }
}

impl KeywordExpr {
    /// Reads the value of `-k`.
    ///
    /// # Errors
    /// Those of [`Expr::parse`]. Call parameters are no error yet.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let text = text.trim_start_matches(is_space);
        Ok(Self { text: text.to_owned(), parsed: locate(text)? })
    }

    /// The expression; none if the option filters nothing.
    #[must_use]
    pub fn expr(&self) -> Option<&Expr> {
        self.parsed.as_ref().map(|located| &located.expr)
    }

    /// The text without the white space before it, to which columns refer.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Every atom with its column (in characters, from 1), in the order of the text.
    pub fn atoms(&self) -> impl Iterator<Item = (usize, &Atom)> {
        atoms(self.parsed.as_ref())
    }

    /// Whether the option selects a test of which `words` says whether each word is a part of one of its names: see
    /// [`Keywords::contain`].
    ///
    /// # Errors
    /// A word with call parameters is reached. pytest evaluates from left to right too, and reports it only where it
    /// reaches it: `a or b(c=1)` passes as long as every test has an `a`. Where an unknown word leaves open whether it
    /// is reached, it fails.
    pub fn evaluate(&self, words: &mut impl FnMut(&str) -> Truth) -> Result<Truth, CallParameters> {
        self.expr().map_or(Ok(Truth::Yes), |expr| {
            expr.try_evaluate(&mut |atom| {
                if atom.kwargs.is_empty() { Ok(words(&atom.name)) } else { Err(CallParameters) }
            })
        })
    }
}

fn locate(text: &str) -> Result<Option<Located>, ParseError> {
    if text.is_empty() {
        return Ok(None);
    }
    let Parsed { expr, columns } = parser::parse(text)?;
    Ok(Some(Located { expr, columns }))
}

fn atoms(parsed: Option<&Located>) -> impl Iterator<Item = (usize, &Atom)> {
    parsed.into_iter().flat_map(|located| located.columns.iter().copied().zip(located.expr.atoms()))
}

/// A value of `-m` that means the same: the expression as [`Expr`] prints it, a blank if it is false, nothing if it
/// filters nothing.
impl fmt::Display for MarkExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.expr() {
            None => Ok(()),
            Some(Expr::Never) => f.write_str(" "),
            Some(expr) => expr.fmt(f),
        }
    }
}

/// A value of `-k` that means the same: the expression as [`Expr`] prints it, nothing if it filters nothing.
impl fmt::Display for KeywordExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expr().map_or(Ok(()), |expr| expr.fmt(f))
    }
}

/// The names of a test that `-k` looks into.
///
/// ```
/// use marker_expr::{KeywordExpr, Keywords, Truth};
///
/// let names = Keywords::new(["test_serve[Qwen-3]", "TestServe", "test_vllm.py"]);
/// let qwen = KeywordExpr::parse("qwen and not sglang")?;
/// assert_eq!(qwen.evaluate(&mut |word| Truth::from(names.contain(word)))?, Truth::Yes);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keywords {
    lowercase: Vec<String>,
}

impl Keywords {
    /// The names, each looked into by itself. pytest's are those of the test with its parameters' id, of its classes,
    /// its file and its folders, of its marks, and of the attributes of its function.
    pub fn new(names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        Self { lowercase: names.into_iter().map(|name| name.as_ref().to_lowercase()).collect() }
    }

    /// Whether the word is a part of any of the names, upper and lower case alike.
    #[must_use]
    pub fn contain(&self, word: &str) -> bool {
        let word = word.to_lowercase();
        self.lowercase.iter().any(|name| name.contains(&word))
    }
}
