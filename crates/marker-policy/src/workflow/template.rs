//! Scalars with `${{ }}` in them.

use std::sync::Arc;

use test_catalog::Position;

use super::expression::{Contexts, Expression, Object, Unknown, Value, list};
use super::text::{Part, Text};
use super::yaml::{Content, Node, Scalar};

/// A scalar of a workflow, which expressions may be part of.
#[derive(Debug, Clone)]
pub(super) struct Template {
    /// Where it begins.
    pub(super) at: Position,
    /// As written.
    pub(super) scalar: Scalar,
    fragments: Vec<Fragment>,
}

/// A stretch of a template.
#[derive(Debug, Clone)]
pub(super) enum Fragment {
    /// Text that stands for itself: where it begins in the scalar, and where it ends.
    Literal(usize, usize),
    /// An expression, with where its `${{` begins; as text where it is none.
    Expression(usize, Result<Expression, Arc<str>>),
}

/// A stretch of a template, with its value.
pub(super) struct Piece {
    /// Where it begins in the scalar.
    pub(super) offset: usize,
    /// It stands there itself: no expression gives it.
    pub(super) literal: bool,
    pub(super) part: Part,
}

/// Anything of a workflow in which expressions may stand.
#[derive(Debug, Clone)]
pub(super) enum TemplateValue {
    Scalar(Template),
    List(Vec<TemplateValue>),
    Map(Vec<(Arc<str>, TemplateValue)>),
}

impl Template {
    /// Finds the expressions of a scalar.
    pub(super) fn new(at: Position, scalar: Scalar) -> Self {
        let text = &*scalar.text;
        let mut fragments = Vec::new();
        let mut done = 0;
        while let Some(start) = text[done..].find("${{").map(|found| done + found) {
            if start > done {
                fragments.push(Fragment::Literal(done, start));
            }
            let inner = start + 3;
            let end = end_of_expression(&text[inner..]).map(|length| inner + length);
            let body = &text[inner..end.unwrap_or(text.len())];
            let expression = match end {
                Some(_) => Expression::parse(body).map_err(|_| body.trim().into()),
                None => Err(body.trim().into()),
            };
            fragments.push(Fragment::Expression(start, expression));
            done = end.map_or(text.len(), |end| end + 2);
        }
        if done < text.len() {
            fragments.push(Fragment::Literal(done, text.len()));
        }
        Self { at, scalar, fragments }
    }

    /// An `if`, which is an expression without `${{ }}` too.
    pub(super) fn condition(at: Position, scalar: Scalar) -> Self {
        let template = Self::new(at, scalar);
        if template.has_expressions() {
            return template;
        }
        let whole = Expression::parse(&template.scalar.text).map_err(|_| template.scalar.text.trim().into());
        Self { fragments: vec![Fragment::Expression(0, whole)], ..template }
    }

    /// Whether there is an expression in it.
    pub(super) fn has_expressions(&self) -> bool {
        self.fragments.iter().any(|fragment| matches!(fragment, Fragment::Expression(..)))
    }

    /// Whether a function that asks how the steps before went is part of it.
    pub(super) fn asks_for_status(&self) -> bool {
        self.fragments.iter().any(|fragment| match fragment {
            Fragment::Expression(_, Ok(expression)) => expression.asks_for_status(),
            // One that cannot be read may well.
            Fragment::Expression(_, Err(_)) => true,
            Fragment::Literal(..) => false,
        })
    }

    /// Its value: that of the one expression, what a plain scalar stands for, or a string.
    pub(super) fn value(&self, contexts: &Contexts) -> Value {
        match &*self.fragments {
            [Fragment::Expression(_, Ok(expression))] => expression.evaluate(contexts),
            [] | [Fragment::Literal(..)] => literal(&self.scalar),
            _ => {
                let text = self.text(contexts);
                match (text.as_known(), text.in_workspace()) {
                    (Some(known), _) => Value::text(known),
                    (None, Some("")) => workspace(),
                    // Some of it is there, so that it is not empty.
                    _ => {
                        let some = text.parts().iter().any(|part| !matches!(part, Part::Unknown { .. }));
                        Value::unknown_but(&*self.scalar.text, some.then_some(true))
                    }
                }
            }
        }
    }

    /// As a string.
    pub(super) fn text(&self, contexts: &Contexts) -> Text {
        if self.fragments.is_empty() || matches!(&*self.fragments, [Fragment::Literal(..)]) {
            return as_text(&literal(&self.scalar));
        }
        self.pieces(contexts).into_iter().map(|piece| piece.part).collect()
    }

    /// Its stretches, in order.
    pub(super) fn pieces(&self, contexts: &Contexts) -> Vec<Piece> {
        self.fragments
            .iter()
            .map(|fragment| match fragment {
                Fragment::Literal(start, end) => {
                    let text = self.scalar.text[*start..*end].to_owned();
                    Piece { offset: *start, literal: true, part: Part::Known(text) }
                }
                Fragment::Expression(start, expression) => {
                    let part = match expression {
                        Ok(expression) => part(&expression.evaluate(contexts)),
                        Err(source) => Part::Unknown { source: source.to_string(), splits: false },
                    };
                    Piece { offset: *start, literal: false, part }
                }
            })
            .collect()
    }
}

impl TemplateValue {
    /// All of a node, or `None` where a key is an expression, whose rules are not followed.
    pub(super) fn new(node: &Node) -> Option<Self> {
        Some(match &node.content {
            Content::Scalar(scalar) => Self::Scalar(Template::new(node.at, scalar.clone())),
            Content::List(elements) => {
                Self::List(elements.iter().map(|element| Self::new(element)).collect::<Option<_>>()?)
            }
            Content::Map(entries) => Self::Map(
                entries
                    .iter()
                    .map(|(key, value)| {
                        let plain = !key.text.contains("${{");
                        plain.then_some(())?;
                        Some((Arc::clone(&key.text), Self::new(value)?))
                    })
                    .collect::<Option<_>>()?,
            ),
        })
    }

    /// Its value.
    pub(super) fn value(&self, contexts: &Contexts) -> Value {
        match self {
            Self::Scalar(template) => template.value(contexts),
            Self::List(elements) => list(elements.iter().map(|element| element.value(contexts))),
            Self::Map(entries) => Object {
                entries: entries.iter().map(|(key, value)| (Arc::clone(key), value.value(contexts))).collect(),
                more: None,
            }
            .into(),
        }
    }
}

/// The path of the checkout.
pub(super) fn workspace() -> Value {
    Value::Unknown(Unknown { source: "github.workspace".into(), truth: Some(true), workspace: true })
}

/// A value as a string.
pub(super) fn as_text(value: &Value) -> Text {
    Text::from_iter([part(value)])
}

fn part(value: &Value) -> Part {
    match (value, value.to_text()) {
        (_, Some(text)) => Part::Known(text.to_string()),
        (Value::Unknown(Unknown { workspace: true, .. }), None) => Part::Workspace,
        (Value::Unknown(unknown), None) => Part::Unknown { source: unknown.source.to_string(), splits: false },
        (_, None) => Part::Unknown { source: "a number of an odd size".to_owned(), splits: false },
    }
}

/// How long the expression is in front of `}}`, which may also stand in a string.
fn end_of_expression(text: &str) -> Option<usize> {
    let mut quoted = false;
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'\'' => quoted = !quoted,
            b'}' if !quoted && bytes.get(at + 1) == Some(&b'}') => return Some(at),
            _ => {}
        }
    }
    None
}

/// What a scalar without expressions stands for, by YAML's core schema.
fn literal(scalar: &Scalar) -> Value {
    let text = &*scalar.text;
    if !scalar.plain {
        return Value::Text(Arc::clone(&scalar.text));
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => number(text).map_or_else(|| Value::Text(Arc::clone(&scalar.text)), Value::Number),
    }
}

fn number(text: &str) -> Option<f64> {
    let digits = |text: &str, radix| u64::from_str_radix(text, radix).ok().map(|number| number as f64);
    if let Some(rest) = text.strip_prefix("0x").filter(|rest| !rest.starts_with('+')) {
        return digits(rest, 16);
    }
    if let Some(rest) = text.strip_prefix("0o").filter(|rest| !rest.starts_with('+')) {
        return digits(rest, 8);
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    match unsigned {
        ".inf" | ".Inf" | ".INF" => return Some(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY }),
        _ if matches!(text, ".nan" | ".NaN" | ".NAN") => return Some(f64::NAN),
        _ => {}
    }
    let mantissa = unsigned.split(['e', 'E']).next().unwrap_or_default();
    let well_formed = mantissa.bytes().any(|byte| byte.is_ascii_digit())
        && unsigned.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    well_formed.then(|| text.parse().ok()).flatten()
}
