//! Fixtures of libraries whose parameters and dependencies decide what is collected: pytest's own, and anyio's.

use std::rc::Rc;

use test_catalog::SourceSpan;

use super::fixtures::{FixtureDef, Layer};
use super::scope::Scope;
use crate::eval::stdlib;
use crate::eval::value::Value;

/// pytest's own: where one is overridden, or parametrized, all that ask for it are.
pub(super) fn of_pytest(has_pytester: bool, at: &SourceSpan) -> Layer {
    let fixture = |(name, requests): &(&str, &[&str])| {
        let scope = if stdlib::is_session_fixture(name) { Scope::Session } else { Scope::Function };
        definition(name, None, scope, requests, at)
    };
    let is_there = |(name, _): &&(&str, &[&str])| has_pytester || !stdlib::PYTESTER_FIXTURES.contains(name);
    Layer::of_definitions(stdlib::BUILTIN_FIXTURES.iter().filter(is_there).map(fixture))
}

/// Those of anyio's plugin that carry its parameters. All libraries are taken to be importable: trio, too, unless it is
/// named as absent.
pub(super) fn of_anyio(has_trio: bool, at: &SourceSpan) -> Layer {
    let backends = ["asyncio", "trio"].iter().take(1 + usize::from(has_trio));
    let params = Value::tuple(backends.map(|name| Value::str(*name)).collect());
    Layer::of_definitions([
        definition("anyio_backend", Some(params), Scope::Module, &["request"], at),
        definition("anyio_backend_name", None, Scope::Function, &["anyio_backend"], at),
        definition("anyio_backend_options", None, Scope::Function, &["anyio_backend"], at),
    ])
}

fn definition(name: &str, params: Option<Value>, scope: Scope, requests: &[&str], at: &SourceSpan) -> Rc<FixtureDef> {
    Rc::new(FixtureDef {
        name: name.into(),
        params,
        ids: None,
        scope,
        requests: requests.iter().map(|one| (*one).into()).collect(),
        at: at.clone(),
        doubt: None,
    })
}
