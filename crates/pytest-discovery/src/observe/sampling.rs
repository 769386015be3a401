//! Requests for sampled tokens without a seed.

use num_traits::Zero;
use test_catalog::ObservationKind;

use super::{Body, Words};
use crate::syntax::ast::{Constant, Expr, ExprKind};
use crate::syntax::visit::{Node, walk};

/// Parts of a request by which it is known for one.
const REQUEST: [&str; 4] = ["messages", "prompt", "input", "contents"];

/// Whether a test can have any.
pub(super) fn may_be_in(test: &str) -> bool {
    static WORDS: Words<1> = Words::new(["temperature"]);
    WORDS.any_in(test)
}

pub(super) fn unseeded(body: &mut Body<'_, '_>) {
    let mut found = Vec::new();
    walk(body.def.body(), &mut |node| {
        if let Node::Expression(expression) = node {
            let is_request = match &expression.kind {
                ExprKind::Dict(items) => {
                    let key = |key: &Option<Expr>| match key.as_ref().map(|key| &key.kind) {
                        Some(ExprKind::Constant(Constant::Str(text))) => Some(text.as_str().unwrap_or_default().into()),
                        _ => None,
                    };
                    samples(items.iter().map(|(name, value)| (key(name), value)))
                }
                ExprKind::Call(call) => samples(call.keywords.iter().map(|(name, value)| (name.clone(), value))),
                _ => false,
            };
            if is_request {
                found.push(expression.range);
            }
        }
        true
    });
    for range in found {
        let text = body.seen.quoted(range);
        body.add(ObservationKind::UnseededSampling, text, range);
    }
}

/// Whether named values are a request with a temperature and without a seed. A name that is not known may be either.
fn samples<'e>(named: impl Iterator<Item = (Option<Box<str>>, &'e Expr)>) -> bool {
    let (mut is_request, mut is_hot) = (false, false);
    for (name, value) in named {
        match name.as_deref() {
            None | Some("seed" | "extra_body") => return false,
            Some("temperature") => is_hot = is_above_zero(value),
            Some(name) => is_request |= REQUEST.contains(&name),
        }
    }
    is_request && is_hot
}

fn is_above_zero(expression: &Expr) -> bool {
    match &expression.kind {
        ExprKind::Constant(Constant::Int(number)) => !number.is_zero(),
        ExprKind::Constant(Constant::Float(number)) => *number > 0.0,
        _ => false,
    }
}
