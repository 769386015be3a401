//! Expressions as a tree of our own: what `github-actions-expressions` parses, with chains of `&&` and `||` made flat, so
//! that no expression is deep.

use std::sync::Arc;

use github_actions_expressions::call::Function;
use github_actions_expressions::literal::Literal;
use github_actions_expressions::op::{BinExpr, BinOp, UnOp};
use github_actions_expressions::{Expr as Parsed, SpannedExpr};

use super::value::Value;

/// GitHub's own limit, in characters.
const MOST_CHARACTERS: usize = 21_000;

/// GitHub's own limit is 50, counted otherwise.
const MOST_NESTED: usize = 100;

/// An expression.
#[derive(Debug, Clone)]
pub(crate) struct Expression {
    pub(super) root: Node,
}

/// A part of an expression.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// As written.
    pub(super) source: Arc<str>,
    pub(super) form: Form,
}

#[derive(Debug, Clone)]
pub(super) enum Form {
    Literal(Value),
    /// A context by its name, in lower case.
    Context(Arc<str>),
    Member(Box<Node>, Arc<str>),
    Index(Box<Node>, Box<Node>),
    /// `.*`
    Every(Box<Node>),
    Call(Function, Vec<Node>),
    Not(Box<Node>),
    /// Two or more.
    And(Vec<Node>),
    /// Two or more.
    Or(Vec<Node>),
    Compare(Comparison, Box<(Node, Node)>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Expression {
    /// Parses the text between `${{` and `}}`, or that of an `if`.
    ///
    /// # Errors
    ///
    /// Where GitHub would refuse it; the message says why.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.len() > MOST_CHARACTERS {
            return Err("longer than 21,000 characters, which GitHub refuses".to_owned());
        }
        let parsed = Parsed::parse(text).map_err(|error| error.to_string())?;
        let root = lower(&parsed, 0)?;
        Ok(Self { root })
    }

    /// Whether `success()`, `always()`, `failure()` or `cancelled()` stands in it, so that GitHub does not add `success()`.
    pub(crate) fn asks_for_status(&self) -> bool {
        asks_for_status(&self.root)
    }
}

fn asks_for_status(node: &Node) -> bool {
    match &node.form {
        Form::Literal(_) | Form::Context(_) => false,
        Form::Member(of, _) | Form::Every(of) | Form::Not(of) => asks_for_status(of),
        Form::Index(of, index) => asks_for_status(of) || asks_for_status(index),
        Form::Call(Function::Success | Function::Always | Function::Failure | Function::Cancelled, _) => true,
        Form::Call(_, parts) | Form::And(parts) | Form::Or(parts) => parts.iter().any(asks_for_status),
        Form::Compare(_, sides) => asks_for_status(&sides.0) || asks_for_status(&sides.1),
    }
}

fn lower(parsed: &SpannedExpr<'_>, depth: usize) -> Result<Node, String> {
    if depth > MOST_NESTED {
        return Err("too deeply nested".to_owned());
    }
    let inner = |part: &SpannedExpr<'_>| lower(part, depth + 1);
    let form = match &parsed.inner {
        Parsed::Literal(literal) => Form::Literal(match literal {
            Literal::Number(number) => Value::Number(*number),
            Literal::String(text) => Value::text(text),
            Literal::Boolean(value) => Value::Bool(*value),
            Literal::Null => Value::Null,
        }),
        Parsed::Call(call) => Form::Call(call.func, call.args.iter().map(inner).collect::<Result<_, _>>()?),
        Parsed::Identifier(name) => Form::Context(name.as_str().to_ascii_lowercase().into()),
        Parsed::Context(context) => return accesses(&context.parts, parsed.origin.raw, depth),
        Parsed::UnExpr { op: UnOp::Not, expr } => Form::Not(Box::new(inner(expr)?)),
        Parsed::BinExpr(BinExpr { op: op @ (BinOp::And | BinOp::Or), .. }) => {
            let mut parts = Vec::new();
            chain(parsed, op, &mut parts, depth)?;
            if *op == BinOp::And { Form::And(parts) } else { Form::Or(parts) }
        }
        Parsed::BinExpr(BinExpr { lhs, op, rhs }) => {
            let comparison = match op {
                BinOp::Eq => Comparison::Equal,
                BinOp::Neq => Comparison::NotEqual,
                BinOp::Lt => Comparison::Less,
                BinOp::Le => Comparison::LessOrEqual,
                BinOp::Gt => Comparison::Greater,
                BinOp::Ge => Comparison::GreaterOrEqual,
                BinOp::And | BinOp::Or => return Err("an operator out of place".to_owned()),
            };
            Form::Compare(comparison, Box::new((inner(lhs)?, inner(rhs)?)))
        }
        Parsed::Star | Parsed::Index(_) => return Err("an index of nothing".to_owned()),
    };
    Ok(Node { source: parsed.origin.raw.into(), form })
}

/// The operands of a chain of one operator, which stand to the left of each other in the parser's tree.
fn chain(parsed: &SpannedExpr<'_>, operator: &BinOp, parts: &mut Vec<Node>, depth: usize) -> Result<(), String> {
    let mut rights = Vec::new();
    let mut left = parsed;
    while let Parsed::BinExpr(BinExpr { lhs, op, rhs }) = &left.inner
        && op == operator
    {
        rights.push(rhs);
        left = lhs;
    }
    parts.push(lower(left, depth + 1)?);
    for right in rights.into_iter().rev() {
        parts.push(lower(right, depth + 1)?);
    }
    Ok(())
}

/// `head.member[index].*`
fn accesses(parts: &[SpannedExpr<'_>], whole: &str, depth: usize) -> Result<Node, String> {
    // Each access is a level; only what is hostile has so many.
    if depth + parts.len() > MOST_NESTED {
        return Err("too many members in a row".to_owned());
    }
    let Some((head, rest)) = parts.split_first() else { return Err("nothing to access".to_owned()) };
    let mut node = lower(head, depth + 1)?;
    let start = head.origin.span.start;
    for part in rest {
        let upto = part.origin.span.end.checked_sub(start).and_then(|end| whole.get(..end)).unwrap_or(whole);
        let of = Box::new(node);
        let form = match &part.inner {
            Parsed::Identifier(name) => Form::Member(of, name.as_str().into()),
            Parsed::Star => Form::Every(of),
            Parsed::Index(index) if matches!(index.inner, Parsed::Star) => Form::Every(of),
            Parsed::Index(index) => Form::Index(of, Box::new(lower(index, depth + 1)?)),
            _ => return Err("an access of another kind".to_owned()),
        };
        node = Node { source: upto.into(), form };
    }
    Ok(node)
}
