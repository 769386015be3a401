//! What the inputs of workflows and actions are.

use std::sync::Arc;

use test_catalog::{SourceSpan, TreePath};

use super::definition::{Bindings, InputDefinition, InputKind, Triggers};
use super::expression::{Contexts, Object, Value};
use super::step::Input;
use super::template::as_text;
use super::text::Text;

/// The `inputs` of a call: the context, and the same for people.
pub(super) struct Inputs {
    pub(super) context: Value,
    pub(super) listed: Vec<Input>,
}

/// Where what is given stands, and where the declarations.
pub(super) struct Places<'a> {
    pub(super) caller: &'a TreePath,
    pub(super) declared_in: &'a TreePath,
}

/// What a call's `with` gives, and the defaults of the rest. `caller` evaluates the one, `callee` the other.
pub(super) fn of_call(
    declared: &[InputDefinition],
    with: &Bindings,
    caller: &Contexts,
    callee: &Contexts,
    places: &Places<'_>,
) -> Inputs {
    let mut entries: Vec<(Arc<str>, Value)> = Vec::new();
    let mut listed = Vec::new();
    // A text of which a part is known is more to people than to expressions.
    let mut add = |name: &Arc<str>, value: Value, text: Option<Text>, at: SourceSpan| {
        let text = text.filter(|_| matches!(value, Value::Unknown(_))).unwrap_or_else(|| as_text(&value));
        listed.push(Input { name: name.to_string(), value: text, at });
        entries.push((Arc::clone(name), value));
    };
    for (name, at, given) in &with.entries {
        // One that is not declared is not seen.
        let Some(input) = declared.iter().find(|input| input.name.eq_ignore_ascii_case(name)) else { continue };
        let value = converted(given.value(caller), input.kind);
        let text = (input.kind == InputKind::Text).then(|| given.text(caller));
        add(&input.name, value, text, SourceSpan::at(places.caller.clone(), *at));
    }
    for input in declared {
        if with.entries.iter().any(|(name, ..)| input.name.eq_ignore_ascii_case(name)) {
            continue;
        }
        let at = input.default.as_ref().map_or(input.at, |default| default.at);
        let at = SourceSpan::at(places.declared_in.clone(), at);
        let value = if with.more { Value::unknown(format!("inputs.{}", input.name)) } else { default(input, callee) };
        add(&input.name, value, None, at);
    }
    Inputs { context: Object { entries, more: None }.into(), listed }
}

/// The `inputs` of a workflow that an event starts. One that people can start by hand has its defaults then, and nothing
/// where another event starts it.
pub(super) fn of_event(triggers: &Triggers, contexts: &Contexts) -> Value {
    let only_by_hand = triggers.events.len() == 1;
    let entries = triggers.dispatch_inputs.iter().map(|input| {
        let value = default(input, contexts);
        let value = match value.truth() {
            _ if only_by_hand => value,
            Some(false) if value.to_text().is_some_and(|text| text.is_empty()) => value,
            Some(false) => Value::unknown_but(format!("inputs.{}", input.name), Some(false)),
            _ => Value::unknown(format!("inputs.{}", input.name)),
        };
        (Arc::clone(&input.name), value)
    });
    Object { entries: entries.collect(), more: None }.into()
}

fn default(input: &InputDefinition, contexts: &Contexts) -> Value {
    match (&input.default, input.kind) {
        (Some(default), kind) => converted(default.value(contexts), kind),
        (None, _) if input.required => Value::unknown(format!("inputs.{}", input.name)),
        (None, InputKind::Text) => Value::text(""),
        (None, InputKind::Boolean) => Value::Bool(false),
        (None, InputKind::Number) => Value::Number(0.0),
    }
}

/// A value as one of the declared type. What GitHub refuses is not known.
fn converted(value: Value, kind: InputKind) -> Value {
    match (kind, value) {
        (_, Value::Unknown(unknown)) => Value::Unknown(unknown),
        (InputKind::Text, value) => match value.to_text() {
            Some(text) => Value::Text(text),
            None => Value::unknown("a number of an odd size"),
        },
        (InputKind::Boolean, value @ Value::Bool(_)) | (InputKind::Number, value @ Value::Number(_)) => value,
        (InputKind::Boolean, other) => Value::unknown(format!("a boolean input that is given {}", as_text(&other))),
        (InputKind::Number, other) => Value::unknown(format!("a number input that is given {}", as_text(&other))),
    }
}
