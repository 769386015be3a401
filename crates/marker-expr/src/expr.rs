//! The tree of an expression.

use std::convert::Infallible;
use std::fmt;
use std::ops::Deref;

use crate::error::ParseError;
use crate::parser;
use crate::truth::Truth;
use crate::value::Value;

/// A Boolean expression over [`Atom`]s.
///
/// `Display` prints it with no more parentheses than it needs; what [`parse`](Self::parse) gave prints to a text that
/// parses to an equal expression. A tree that was made by hand does so too, if its atoms are ones that a text can have,
/// [`Never`](Self::Never) stands nowhere inside, and it is not nested deeper than
/// [`MAX_NESTING`](crate::MAX_NESTING), up to which all that walks a tree here fits the stack of a thread (2 MiB).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Expr {
    /// False: the empty text. The grammar has no way to write it as a part of an expression; there it is printed as
    /// `()`, which no parser takes for anything else.
    Never,
    /// A word, maybe with call parameters.
    Atom(Atom),
    /// The operand does not hold.
    Not(Box<Expr>),
    /// All operands hold.
    And(Operands),
    /// At least one operand holds.
    Or(Operands),
}

/// A word of an expression, maybe with call parameters: `gpu_1`, `timeout(seconds=30)`.
///
/// The parser gives names and parameters that pytest accepts; one made by hand is as good as its maker.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Atom {
    /// The word: with `-m` a marker's whole name, with `-k` a part of one of the test's names.
    pub name: String,
    /// The call parameters, in the order of the text; none if there is no call.
    pub kwargs: Vec<(String, Value)>,
}

/// The operands of [`Expr::And`] or [`Expr::Or`], in the order of the text: at least two, none of them [`Expr::Never`]
/// or of the operator's own kind. [`Expr::and`] and [`Expr::or`] make them; it reads as a slice.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Operands(Vec<Expr>);

impl Operands {
    fn pair(left: Expr, right: Expr) -> Self {
        Self(vec![left, right])
    }

    fn append(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    fn push(mut self, operand: Expr) -> Self {
        self.0.push(operand);
        self
    }

    fn push_front(mut self, operand: Expr) -> Self {
        self.0.insert(0, operand);
        self
    }
}

impl Deref for Operands {
    type Target = [Expr];

    fn deref(&self) -> &[Expr] {
        &self.0
    }
}

impl<'a> IntoIterator for &'a Operands {
    type Item = &'a Expr;
    type IntoIter = std::slice::Iter<'a, Expr>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl Expr {
    /// Reads the grammar that `-m` and `-k` share. A text of nothing but spaces and tabs is [`Expr::Never`].
    ///
    /// This is the bare grammar; the options' own rules for the empty text are those of
    /// [`MarkExpr`](crate::MarkExpr) and [`KeywordExpr`](crate::KeywordExpr).
    ///
    /// # Errors
    /// The first thing wrong with the text, reading from left to right as pytest does.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        parser::parse(text).map(|parsed| parsed.expr)
    }

    /// A word without call parameters.
    #[must_use]
    pub fn word(name: impl Into<String>) -> Self {
        Self::Atom(Atom { name: name.into(), kwargs: Vec::new() })
    }

    /// Both hold. Operands that are conjunctions themselves are taken apart, since grouping means nothing there.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Never, _) | (_, Self::Never) => Self::Never,
            (Self::And(left), Self::And(right)) => Self::And(left.append(right)),
            (Self::And(left), right) => Self::And(left.push(right)),
            (left, Self::And(right)) => Self::And(right.push_front(left)),
            (left, right) => Self::And(Operands::pair(left, right)),
        }
    }

    /// At least one holds. Operands that are disjunctions themselves are taken apart, since grouping means nothing
    /// there.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Never, expr) | (expr, Self::Never) => expr,
            (Self::Or(left), Self::Or(right)) => Self::Or(left.append(right)),
            (Self::Or(left), right) => Self::Or(left.push(right)),
            (left, Self::Or(right)) => Self::Or(right.push_front(left)),
            (left, right) => Self::Or(Operands::pair(left, right)),
        }
    }

    /// Every atom, in the order of the text; one that is used twice comes twice.
    pub fn atoms(&self) -> impl Iterator<Item = &Atom> {
        let mut pending = vec![self];
        std::iter::from_fn(move || {
            loop {
                match pending.pop()? {
                    Self::Never => {}
                    Self::Atom(atom) => return Some(atom),
                    Self::Not(operand) => pending.push(operand),
                    Self::And(operands) | Self::Or(operands) => pending.extend(operands.iter().rev()),
                }
            }
        })
    }

    /// Whether the expression holds, where `atoms` says whether each atom does.
    ///
    /// Atoms are asked from left to right, as pytest does, and only as long as the answer is open. `Unknown` means
    /// that the atoms did not settle it; it may still be settled by what atoms have to do with one another, as in
    /// `a or not a`.
    pub fn evaluate(&self, atoms: &mut impl FnMut(&Atom) -> Truth) -> Truth {
        let Ok(truth) = self.try_evaluate(&mut |atom| Ok::<_, Infallible>(atoms(atom)));
        truth
    }

    /// [`evaluate`](Self::evaluate) with atoms that may fail. It fails with the first that is asked and does.
    ///
    /// # Errors
    /// Those of `atoms`.
    pub fn try_evaluate<E>(&self, atoms: &mut impl FnMut(&Atom) -> Result<Truth, E>) -> Result<Truth, E> {
        match self {
            Self::Never => Ok(Truth::No),
            Self::Atom(atom) => atoms(atom),
            Self::Not(operand) => Ok(!operand.try_evaluate(atoms)?),
            Self::And(operands) => {
                let mut all = Truth::Yes;
                for operand in operands {
                    all = all.and(operand.try_evaluate(atoms)?);
                    if all == Truth::No {
                        break;
                    }
                }
                Ok(all)
            }
            Self::Or(operands) => {
                let mut any = Truth::No;
                for operand in operands {
                    any = any.or(operand.try_evaluate(atoms)?);
                    if any == Truth::Yes {
                        break;
                    }
                }
                Ok(any)
            }
        }
    }

    fn print(&self, f: &mut fmt::Formatter<'_>, inside: Inside) -> fmt::Result {
        match self {
            Self::Never if inside == Inside::Nothing => Ok(()),
            Self::Never => f.write_str("()"),
            Self::Atom(atom) => fmt::Display::fmt(atom, f),
            Self::Not(operand) => {
                f.write_str("not ")?;
                operand.print(f, Inside::And)
            }
            Self::And(operands) => print_joined(operands, " and ", f, Inside::And, inside >= Inside::And),
            Self::Or(operands) => print_joined(operands, " or ", f, Inside::Or, inside >= Inside::Or),
        }
    }
}

/// What a part of an expression is an operand of, by how tightly it binds; `not` takes the same operands as `and`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Inside {
    Nothing,
    Or,
    And,
}

fn print_joined(
    operands: &[Expr],
    operator: &str,
    f: &mut fmt::Formatter<'_>,
    inside: Inside,
    parenthesized: bool,
) -> fmt::Result {
    if parenthesized {
        f.write_str("(")?;
    }
    for (index, operand) in operands.iter().enumerate() {
        if index > 0 {
            f.write_str(operator)?;
        }
        operand.print(f, inside)?;
    }
    if parenthesized {
        f.write_str(")")?;
    }
    Ok(())
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.print(f, Inside::Nothing)
    }
}

/// As `Display` has it: a derived form of a deep tree is long, and takes deep stacks.
impl fmt::Debug for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expr({self})")
    }
}

impl fmt::Debug for Operands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.0).finish()
    }
}

impl Atom {
    /// Whether one mark makes the atom true, where `parameter` says whether the mark has this parameter with a value
    /// that Python holds equal.
    ///
    /// A test satisfies the atom if any of its marks alone does: parameters of two marks do not add up. Positional
    /// arguments never count, and further parameters of the mark do not matter.
    pub fn matches_mark(&self, name: &str, mut parameter: impl FnMut(&str, &Value) -> Truth) -> Truth {
        if self.name != name {
            return Truth::No;
        }
        let mut all = Truth::Yes;
        for (key, value) in &self.kwargs {
            all = all.and(parameter(key, value));
        }
        all
    }
}

impl fmt::Display for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        for (index, (name, value)) in self.kwargs.iter().enumerate() {
            f.write_str(if index == 0 { "(" } else { ", " })?;
            write!(f, "{name}={value}")?;
        }
        f.write_str(if self.kwargs.is_empty() { "" } else { ")" })
    }
}
