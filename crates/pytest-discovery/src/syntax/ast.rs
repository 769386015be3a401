//! Our own syntax tree of Python: what evaluation needs, and nothing of the parser that made it.

use std::sync::Arc;

use num_bigint::BigInt;

use super::body::Body;

/// A stretch of a source text, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Range {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// A string of Python: text, or code points where some of them are lone surrogates.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Text {
    /// What a Rust string can hold.
    Utf8(Arc<str>),
    /// Code points, at least one of them a surrogate.
    Surrogates(Arc<[u32]>),
}

impl Text {
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Utf8(text) => Some(text),
            Self::Surrogates(_) => None,
        }
    }

    /// Python's `len`.
    pub(crate) fn chars(&self) -> usize {
        match self {
            Self::Utf8(text) => text.chars().count(),
            Self::Surrogates(points) => points.len(),
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::Utf8(text.into())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::Utf8(text.into())
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Constant {
    None,
    Ellipsis,
    Bool(bool),
    Int(BigInt),
    Float(f64),
    Imaginary(f64),
    Str(Text),
    Bytes(Arc<[u8]>),
}

#[derive(Debug, PartialEq)]
pub(crate) struct Expr {
    pub(crate) range: Range,
    pub(crate) kind: ExprKind,
}

#[derive(Debug, PartialEq)]
pub(crate) enum ExprKind {
    Constant(Constant),
    Name(Box<str>),
    Attribute(Box<Expr>, Box<str>),
    Subscript(Box<Expr>, Box<Expr>),
    Slice([Option<Box<Expr>>; 3]),
    Call(Box<Call>),
    Tuple(Vec<Expr>),
    List(Vec<Expr>),
    Set(Vec<Expr>),
    /// A key of `None` stands for `**value`.
    Dict(Vec<(Option<Expr>, Expr)>),
    Starred(Box<Expr>),
    Unary(UnaryOp, Box<Expr>),
    Binary(Box<Expr>, BinaryOp, Box<Expr>),
    /// `and` and `or`.
    Bool(BoolOp, Vec<Expr>),
    Compare(Box<Expr>, Vec<(CompareOp, Expr)>),
    Conditional {
        test: Box<Expr>,
        body: Box<Expr>,
        orelse: Box<Expr>,
    },
    Lambda(Arc<Function>),
    Comprehension(Arc<Comprehension>),
    /// An f-string.
    Interpolated(Vec<Interpolation>),
    /// A t-string.
    Template(Vec<Interpolation>),
    Walrus(Box<Expr>, Box<Expr>),
    Await(Box<Expr>),
    /// `yield` and its value.
    Yield(Option<Box<Expr>>),
    YieldFrom(Box<Expr>),
}

impl Expr {
    /// The last name of a dotted one: `patch` of `mock.patch`.
    pub(crate) fn last_name(&self) -> Option<&str> {
        match &self.kind {
            ExprKind::Name(name) | ExprKind::Attribute(_, name) => Some(name),
            _ => None,
        }
    }

    /// What a call is given under a name.
    pub(crate) fn keyword(&self, name: &str) -> Option<&Self> {
        let ExprKind::Call(call) = &self.kind else { return None };
        call.keywords.iter().find(|(own, _)| own.as_deref() == Some(name)).map(|(_, value)| value)
    }
}

#[derive(Debug, PartialEq)]
pub(crate) struct Call {
    pub(crate) function: Expr,
    /// Positional arguments; `*values` is an [`ExprKind::Starred`].
    pub(crate) args: Vec<Expr>,
    /// Keyword arguments; a name of `None` stands for `**values`.
    pub(crate) keywords: Vec<(Option<Box<str>>, Expr)>,
}

/// A part of an f-string.
#[derive(Debug, PartialEq)]
pub(crate) enum Interpolation {
    Literal(Text),
    Value { value: Expr, conversion: Option<char>, format: Vec<Interpolation> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ComprehensionKind {
    List,
    Set,
    Dict,
    Generator,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Comprehension {
    pub(crate) kind: ComprehensionKind,
    /// The element, or the key of a dictionary.
    pub(crate) element: Expr,
    /// The value of a dictionary.
    pub(crate) value: Option<Expr>,
    pub(crate) clauses: Vec<Clause>,
}

/// One `for ... in ... if ...` of a comprehension.
#[derive(Debug, PartialEq)]
pub(crate) struct Clause {
    pub(crate) target: Expr,
    pub(crate) iter: Expr,
    pub(crate) conditions: Vec<Expr>,
    pub(crate) is_async: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnaryOp {
    Not,
    Minus,
    Plus,
    Invert,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BinaryOp {
    Add,
    Sub,
    Mult,
    MatMult,
    Div,
    Mod,
    Pow,
    LShift,
    RShift,
    BitOr,
    BitXor,
    BitAnd,
    FloorDiv,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BoolOp {
    And,
    Or,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CompareOp {
    Eq,
    NotEq,
    Lt,
    LtE,
    Gt,
    GtE,
    Is,
    IsNot,
    In,
    NotIn,
}

/// One parameter of a function.
#[derive(Debug, PartialEq)]
pub(crate) struct Parameter {
    pub(crate) name: Box<str>,
    pub(crate) kind: ParameterKind,
    pub(crate) default: Option<Box<Expr>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ParameterKind {
    PositionalOnly,
    Positional,
    Rest,
    KeywordOnly,
    RestKeywords,
}

/// A `def` or a `lambda`.
#[derive(Debug, PartialEq)]
pub(crate) struct Function {
    /// From `async` or `def` to the end of the body.
    pub(crate) range: Range,
    /// `<lambda>` for a lambda.
    pub(crate) name: Box<str>,
    pub(crate) is_async: bool,
    /// Whether its body has a `yield` of its own.
    pub(crate) is_generator: bool,
    pub(crate) decorators: Vec<Expr>,
    /// The names between brackets behind its own.
    pub(crate) type_parameters: Box<[Box<str>]>,
    pub(crate) parameters: Vec<Parameter>,
    /// Of parameters and of what it returns, in the order in which Python evaluates them, without those that cannot do anything.
    pub(crate) annotations: Box<[Expr]>,
    pub(super) body: Body,
}

impl Function {
    /// The statements of its body, which may be read only now.
    pub(crate) fn body(&self) -> &[Stmt] {
        self.body.statements()
    }

    /// Whether running it can change anything that others see.
    pub(crate) fn can_change_others(&self) -> bool {
        self.body.can_change_others()
    }

    /// The names in it that are not local to it, parameters among them.
    pub(crate) fn outer_names(&self) -> &[Box<str>] {
        self.body.outer_names()
    }

    /// Whether it may bind a name that is not local to it: it says `global` or `nonlocal`.
    pub(crate) fn rebinds(&self, name: &str) -> bool {
        self.body.rebinds(name)
    }

    /// Whether a name is local to it without being a parameter.
    pub(crate) fn is_local(&self, name: &str) -> bool {
        self.body.is_local(name)
    }
}

#[derive(Debug, PartialEq)]
pub(crate) struct Class {
    /// From `class` to the end of the body.
    pub(crate) range: Range,
    pub(crate) name: Box<str>,
    pub(crate) decorators: Vec<Expr>,
    /// The names between brackets behind its own.
    pub(crate) type_parameters: Box<[Box<str>]>,
    pub(crate) bases: Vec<Expr>,
    pub(crate) keywords: Vec<(Option<Box<str>>, Expr)>,
    pub(crate) body: Vec<Stmt>,
}

#[derive(Debug, PartialEq)]
pub(crate) struct For {
    pub(crate) target: Expr,
    pub(crate) iter: Expr,
    pub(crate) body: Vec<Stmt>,
    pub(crate) orelse: Vec<Stmt>,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Stmt {
    pub(crate) range: Range,
    pub(crate) kind: StmtKind,
}

#[derive(Debug, PartialEq)]
pub(crate) enum StmtKind {
    Function(Arc<Function>),
    Class(Arc<Class>),
    Return(Option<Expr>),
    Delete(Box<[Expr]>),
    Assign {
        targets: Box<[Expr]>,
        value: Expr,
    },
    AugAssign {
        target: Expr,
        op: BinaryOp,
        value: Box<Expr>,
    },
    AnnAssign {
        target: Expr,
        annotation: Box<Annotation>,
        value: Option<Box<Expr>>,
    },
    For(Arc<For>),
    While {
        test: Box<Expr>,
        body: Box<[Stmt]>,
        orelse: Box<[Stmt]>,
    },
    If {
        test: Box<Expr>,
        body: Box<[Stmt]>,
        orelse: Box<[Stmt]>,
    },
    With {
        items: Vec<(Expr, Option<Expr>)>,
        body: Vec<Stmt>,
    },
    Match {
        subject: Expr,
        cases: Vec<Case>,
    },
    Raise(Option<Expr>),
    Try {
        body: Box<[Stmt]>,
        handlers: Box<[Handler]>,
        orelse: Box<[Stmt]>,
        finally: Box<[Stmt]>,
    },
    Assert(Expr),
    Import(Vec<Alias>),
    ImportFrom {
        /// How many dots.
        level: u32,
        module: Option<Box<str>>,
        names: Vec<Alias>,
    },
    Global(Vec<Box<str>>),
    Nonlocal(Vec<Box<str>>),
    Expr(Expr),
    /// `type X = ...`.
    TypeAlias(Box<str>),
    Pass,
    Break,
    Continue,
}

/// What stands behind a name and a colon.
#[derive(Debug, PartialEq)]
pub(crate) struct Annotation {
    pub(crate) value: Expr,
    /// As it is written.
    pub(crate) text: Box<str>,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Alias {
    pub(crate) name: Box<str>,
    pub(crate) as_name: Option<Box<str>>,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Handler {
    pub(crate) exception: Option<Expr>,
    pub(crate) name: Option<Box<str>>,
    pub(crate) body: Vec<Stmt>,
}

/// A `case` of a `match`.
#[derive(Debug, PartialEq)]
pub(crate) struct Case {
    pub(crate) pattern: Pattern,
    pub(crate) guard: Option<Expr>,
    pub(crate) body: Vec<Stmt>,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Pattern {
    /// A value to compare with.
    Value(Expr),
    /// `_`, or a name that takes whatever comes.
    Capture(Option<Box<str>>),
    Or(Vec<Pattern>),
    /// A pattern of another form, and the names that it binds.
    Structure(Vec<Box<str>>),
}
