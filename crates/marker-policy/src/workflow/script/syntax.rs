//! The syntax of a script: commands and what stands around them.

use super::super::text::Part;

/// Commands in a row.
pub(super) type Body = Vec<List>;

/// Pipelines joined by `&&` and `||`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct List {
    pub(super) first: Pipeline,
    pub(super) rest: Vec<(Operator, Pipeline)>,
    /// It ends in `&`.
    pub(super) background: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    And,
    Or,
}

/// Commands joined by `|`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pipeline {
    pub(super) commands: Vec<Command>,
    /// Where it begins and ends in the source.
    pub(super) start: usize,
    pub(super) end: usize,
}

/// A command with its redirections.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Command {
    pub(super) form: Form,
    /// The words of redirections, which may have commands in them.
    pub(super) redirections: Vec<Word>,
    pub(super) start: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Form {
    Simple(Simple),
    Subshell(Body),
    Group(Body),
    /// Conditions with what they guard, and `else`.
    If(Vec<(Body, Body)>, Option<Body>),
    /// `while` or `until`: the condition, and what is repeated.
    While(Body, Body),
    /// `for name in words`, or `select`; without words where they are the parameters, or an arithmetic `for`.
    For(Option<String>, Option<Vec<Word>>, Body),
    Case(Word, Vec<Body>),
    Function(String, std::rc::Rc<Command>),
    /// `[[ ]]`
    Test(Vec<Word>),
    /// `(( ))`: its text.
    Arithmetic(String),
}

/// Assignments, then words.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Simple {
    pub(super) assignments: Vec<Assignment>,
    pub(super) words: Vec<Word>,
}

/// `name=value`
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Assignment {
    pub(super) name: String,
    pub(super) value: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Set(Word),
    /// What is added at the end.
    Append(Word),
    /// An element of an array.
    Element(Word),
    /// The elements of an array.
    Array(Vec<Word>),
    /// Further elements of one.
    MoreElements(Vec<Word>),
}

/// A word, before anything is expanded.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Word {
    pub(super) pieces: Vec<Piece>,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// A stretch of a word.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Piece {
    pub(super) kind: PieceKind,
    /// It stands in quotes, or behind a back slash.
    pub(super) quoted: bool,
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum PieceKind {
    Text(String),
    /// What `${{ }}` gives, which is not known.
    Hole(Part),
    /// `$name`, `${name}`, `$1`, `$@`
    Parameter(String),
    /// `${name[@]}`
    Elements(String),
    /// Another expansion: the variable that it may set, and the words in it.
    Expansion(Option<String>, Word),
    /// `$( )`, `` ` ` ``, `<( )`
    Commands(Body),
    /// Arithmetic, and strings with escapes that are not followed.
    Opaque,
}

impl Word {
    /// Its text, where it is nothing but text without quotes: a reserved word, a name.
    pub(super) fn bare(&self) -> Option<&str> {
        match &*self.pieces {
            [Piece { kind: PieceKind::Text(text), quoted: false, .. }] => Some(text),
            _ => None,
        }
    }
}
