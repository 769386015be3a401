//! `scope=` of a fixture: a text, or a function that pytest asks for one.
//!
//! Source of the rules: pytest's `_eval_scope_callable` and `Scope.from_user`.

use std::rc::Rc;

use super::config_object::ConfigObject;
use super::parametrize::is_no_text;
use super::scope::Scope;
use crate::eval::shared::Shared;
use crate::eval::value::{Binding, Doubt, Fixture, Function, Module, Names, Value};
use crate::eval::{Frame, Interpreter};
use crate::syntax::ast::{Parameter, ParameterKind, Range};

/// What a fixture's scope is.
pub(super) enum Given {
    Known(Scope),
    /// Why pytest refuses it.
    Refused(String),
    Unknown(Option<Doubt>),
}

/// Asks the functions that fixtures have for their scopes, as pytest does when it comes to these names.
pub(super) fn ask(
    names: &Shared<Names>,
    module: &Rc<Module>,
    config: &Rc<ConfigObject>,
    interpreter: &mut Interpreter<'_>,
) {
    let frame = Frame { scope: module.scope.clone(), module: module.clone() };
    let with_function = |(attribute, binding): (&Rc<str>, &Binding)| match &binding.value {
        Value::Fixture(fixture) if matches!(fixture.options.scope, Some(Value::Function(_))) => {
            let is_certain = binding.doubt.is_none() && fixture.options.doubt.is_none();
            let name = fixture.options.name.clone().unwrap_or_else(|| Value::str(&**attribute));
            (is_certain && name.as_str().is_some()).then(|| (name, fixture.clone()))
        }
        _ => None,
    };
    let asked: Vec<(Value, Rc<Fixture>)> = names.borrow().iter().filter_map(with_function).collect();
    for (name, fixture) in asked {
        let Some(Value::Function(function)) = &fixture.options.scope else { continue };
        if !takes_what_is_passed(function) {
            fixture.asked_scope.replace(Some(Value::None));
            continue;
        }
        let function = &Value::Function(function.clone());
        let passed = vec![("fixture_name".into(), name), ("config".into(), Value::Object(config.clone()))];
        let answer = interpreter.call_value(function, Vec::new(), passed, &frame, Range { start: 0, end: 0 });
        let answer = if interpreter.has_failed() { Value::None } else { answer };
        fixture.asked_scope.replace(Some(answer));
    }
}

/// Whether it can be called with `fixture_name` and `config`.
fn takes_what_is_passed(function: &Function) -> bool {
    let parameters = &function.def.parameters;
    let has_rest = parameters.iter().any(|one| one.kind == ParameterKind::RestKeywords);
    let is_passed =
        |one: &Parameter| matches!(&*one.name, "fixture_name" | "config") && one.kind != ParameterKind::PositionalOnly;
    let is_free = |one: &Parameter| {
        one.default.is_some() || matches!(one.kind, ParameterKind::Rest | ParameterKind::RestKeywords)
    };
    parameters.iter().all(|one| is_passed(one) || is_free(one))
        && (has_rest || parameters.iter().filter(|one| is_passed(one)).count() == 2)
}

/// The scope of a fixture whose function, if it has one, was asked.
pub(super) fn given(fixture: &Fixture) -> Given {
    let asked = fixture.asked_scope.borrow();
    let Some(scope) = asked.as_ref().or(fixture.options.scope.as_ref()) else { return Given::Known(Scope::Function) };
    match scope.as_str() {
        Some(text) => match Scope::from_name(text) {
            Some(scope) => Given::Known(scope),
            None => Given::Refused(format!("has the scope `{text}`, which is none")),
        },
        None if asked.is_some() && is_no_text(scope) => Given::Refused("has a `scope=` that gives none".to_owned()),
        None => Given::Unknown(scope.doubt().cloned()),
    }
}
