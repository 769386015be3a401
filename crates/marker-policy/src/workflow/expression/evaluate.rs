//! What an expression is, as far as that is known.

use std::sync::Arc;

use github_actions_expressions::call::Function;

use super::functions;
use super::parse::{Comparison, Expression, Form, Node};
use super::value::{Object, Value, equal, order};

/// What the names of contexts stand for. One that has no entry is not known.
#[derive(Debug, Clone, Default)]
pub(crate) struct Contexts(Vec<(&'static str, Value)>);

impl Contexts {
    /// These, with `name` being `value`.
    pub(crate) fn set(&mut self, name: &'static str, value: Value) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
    }

    /// What `name` is.
    pub(crate) fn get(&self, name: &str) -> Value {
        match self.0.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => value.clone(),
            None => Object { entries: Vec::new(), more: Some(name.into()) }.into(),
        }
    }
}

impl Expression {
    /// Its value.
    pub(crate) fn evaluate(&self, contexts: &Contexts) -> Value {
        evaluate(&self.root, contexts)
    }
}

fn evaluate(node: &Node, contexts: &Contexts) -> Value {
    match &node.form {
        Form::Literal(value) => value.clone(),
        Form::Context(name) => contexts.get(name),
        Form::Member(of, name) => evaluate(of, contexts).member(name, &node.source),
        Form::Index(of, index) => {
            let of = evaluate(of, contexts);
            match evaluate(index, contexts) {
                Value::Unknown(_) => Value::unknown(&*node.source),
                Value::Number(number) if matches!(of, Value::List(_) | Value::Unknown(_)) => {
                    of.element(number, &node.source)
                }
                Value::Text(name) if !matches!(of, Value::List(_)) => of.member(&name, &node.source),
                // Forms that the documentation does not speak of.
                _ => Value::unknown(&*node.source),
            }
        }
        Form::Every(_) => Value::unknown(&*node.source),
        Form::Not(of) => match evaluate(of, contexts).truth() {
            Some(truth) => Value::Bool(!truth),
            None => Value::unknown(&*node.source),
        },
        Form::And(parts) => connect(node, parts, false, contexts),
        Form::Or(parts) => connect(node, parts, true, contexts),
        Form::Compare(comparison, sides) => {
            let (left, right) = (evaluate(&sides.0, contexts), evaluate(&sides.1, contexts));
            match compare(*comparison, &left, &right) {
                Some(truth) => Value::Bool(truth),
                None => Value::unknown(&*node.source),
            }
        }
        Form::Call(function, arguments) => {
            // What is not asked for is not evaluated, as in `&&`.
            if *function == Function::Case {
                return case(node, arguments, contexts);
            }
            let arguments: Vec<_> = arguments.iter().map(|argument| evaluate(argument, contexts)).collect();
            functions::call(*function, &arguments).unwrap_or_else(|| Value::unknown(&*node.source))
        }
    }
}

/// `&&` gives the first operand that counts as false, `||` the first that counts as true (`decides`); else the last.
fn connect(node: &Node, parts: &[Node], decides: bool, contexts: &Contexts) -> Value {
    let mut unknown = false;
    let mut last = Value::Null;
    for (index, part) in parts.iter().enumerate() {
        last = evaluate(part, contexts);
        match last.truth() {
            // Whichever of those before decides, the whole counts as this one does.
            Some(truth) if truth == decides && unknown => return Value::unknown_but(&*node.source, Some(decides)),
            Some(truth) if truth == decides => return last,
            Some(_) => {}
            None => unknown |= index + 1 < parts.len(),
        }
    }
    match (unknown, last) {
        (false, last) => last,
        (true, _) => Value::unknown(&*node.source),
    }
}

/// `case(condition, value, ..., default)`
fn case(node: &Node, arguments: &[Node], contexts: &Contexts) -> Value {
    let mut pairs = arguments.chunks_exact(2);
    for pair in pairs.by_ref() {
        match evaluate(&pair[0], contexts) {
            Value::Bool(true) => return evaluate(&pair[1], contexts),
            Value::Bool(false) => {}
            // GitHub refuses any other kind.
            _ => return Value::unknown(&*node.source),
        }
    }
    match pairs.remainder() {
        [default] => evaluate(default, contexts),
        _ => Value::unknown(&*node.source),
    }
}

fn compare(comparison: Comparison, left: &Value, right: &Value) -> Option<bool> {
    let ordered = |test: fn(std::cmp::Ordering) -> bool| order(left, right).map(|order| order.is_some_and(test));
    match comparison {
        Comparison::Equal => equal(left, right),
        Comparison::NotEqual => equal(left, right).map(|equal| !equal),
        Comparison::Less => ordered(std::cmp::Ordering::is_lt),
        Comparison::LessOrEqual => ordered(std::cmp::Ordering::is_le),
        Comparison::Greater => ordered(std::cmp::Ordering::is_gt),
        Comparison::GreaterOrEqual => ordered(std::cmp::Ordering::is_ge),
    }
}

/// A list.
pub(crate) fn list(elements: impl IntoIterator<Item = Value>) -> Value {
    Value::List(elements.into_iter().collect::<Vec<_>>().into())
}

/// A mapping with nothing but these entries.
pub(crate) fn object(entries: impl IntoIterator<Item = (Arc<str>, Value)>) -> Value {
    Object { entries: entries.into_iter().collect(), more: None }.into()
}
