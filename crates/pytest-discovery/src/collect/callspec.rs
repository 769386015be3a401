//! All calls of `parametrize` for one function, composed: the parameters of each of its tests.
//!
//! Source of the rules: pytest's `Metafunc` and `CallSpec2`.

use std::rc::Rc;

use test_catalog::{Reason, Scope as MarkScope, SourceSpan};

use super::fixtures::{Closure, defaulted};
use super::own_marks::OwnMark;
use super::parameter_sets::SetMaker;
use super::parametrize::{Call, Failure};
use super::scope::Scope;
use crate::PytestVersion;
use crate::eval::value::{Function, Value};

/// Tests one function may give; more is a hostile file, or one that reading got wrong.
const MOST_TESTS: usize = 50_000;

/// Combinations of wider scopes that an inexact test takes part in regrouping with.
const MOST_HIDDEN: usize = 500;

/// Parameters are told apart by their values, not by their place.
const KEYS_BY_VALUE: PytestVersion = PytestVersion::new(9, 2, 0);
/// What goes through a fixture has the scope of the nearest of its definitions; before, of the farthest.
const SCOPE_OF_NEAREST: PytestVersion = PytestVersion::new(8, 0, 0);
/// A direct parameter's place is its place in its call; before and after, that among all tests of the function.
const INDEX_IN_CALL: std::ops::Range<PytestVersion> = PytestVersion::new(8, 0, 0)..PytestVersion::new(8, 4, 0);

/// One parameter of a test.
#[derive(Debug, Clone)]
pub(super) struct Parameter {
    pub(super) name: Rc<str>,
    /// `None` where it is not known, which is so of a hidden one only.
    pub(super) scope: Option<Scope>,
    pub(super) key: ParameterKey,
    pub(super) value: Value,
}

/// What makes two tests share a parameter's value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum ParameterKey {
    /// The same place.
    Index(usize),
    /// The same value.
    Value(Box<str>),
    /// The very same object: a place in what holds it.
    Object(usize, usize),
    /// A value that is not known, of a call that is not: what makes the call, and one of its values. See [`super::shadow`].
    Hidden(usize, usize),
}

/// The parameters of one test.
#[derive(Debug, Clone, Default)]
pub(super) struct CallSpec {
    pub(super) parameters: Vec<Parameter>,
    /// The parts of the id, without those that are hidden.
    pub(super) ids: Vec<String>,
    pub(super) marks: Vec<OwnMark>,
    /// Why its marks are not all known.
    pub(super) open: Option<Reason>,
    /// Where its one `pytest.param(...)` stands.
    pub(super) at: Option<SourceSpan>,
    /// How many calls it comes from.
    calls: usize,
}

/// The calls so far.
#[derive(Debug)]
pub(super) struct CallSpecs {
    specs: Vec<CallSpec>,
    taken: Vec<Rc<str>>,
    /// Names that were parametrized without a fixture.
    direct: Vec<Rc<str>>,
}

impl CallSpecs {
    pub(super) fn new() -> Self {
        Self { specs: vec![CallSpec::default()], taken: Vec::new(), direct: Vec::new() }
    }

    /// Whether nothing was parametrized.
    pub(super) fn is_empty(&self) -> bool {
        self.taken.is_empty()
    }

    /// A name that was parametrized so with the scope of packages.
    pub(super) fn of_package(&self) -> Option<&Rc<str>> {
        let parameters = self.specs.iter().flat_map(|spec| &spec.parameters);
        let mut of_package = parameters.filter(|one| one.scope == Some(Scope::Package));
        of_package.find(|one| self.direct.contains(&one.name)).map(|one| &one.name)
    }

    /// The names that were parametrized without a fixture.
    pub(super) fn direct(&self) -> &[Rc<str>] {
        &self.direct
    }

    /// One more call, whose sets vary faster than those of the calls before. `names` can be parametrized.
    pub(super) fn parametrize(
        &mut self,
        call: &Call,
        function: &Function,
        names: &[Rc<str>],
        closure: &Closure,
        maker: &mut SetMaker<'_, '_>,
    ) -> Result<(), Failure> {
        let pytest = maker.pytest;
        let made = maker.sets(call)?;
        let indirect = call.indirect(&made.names)?;
        if let Some(name) = made.names.iter().find(|name| !names.contains(name)) {
            return Err(Failure::Refused(if defaulted(function).contains(name) {
                format!("the argument `{name}` has a default value already")
            } else {
                format!("the function uses no argument or fixture `{name}`")
            }));
        }
        if let Some(name) = made.names.iter().find(|name| self.taken.contains(name)) {
            return Err(Failure::Refused(format!("`{name}` is parametrized twice")));
        }
        let scope = scope_of(call, &made.names, closure, pytest)?;
        if self.specs.len().saturating_mul(made.sets.len()) > MOST_TESTS {
            let text = format!("more than {MOST_TESTS} combinations of parameters");
            return Err(Failure::Unknown { text, doubt: None, bare: false });
        }
        self.taken.extend(made.names.iter().cloned());
        self.direct.extend(made.names.iter().filter(|name| !indirect.contains(name)).cloned());
        let mut specs = Vec::with_capacity(self.specs.len() * made.sets.len());
        for before in &self.specs {
            for (index, set) in made.sets.iter().enumerate() {
                let mut spec = before.clone();
                spec.ids.extend(set.id.clone());
                spec.open = spec.open.or_else(|| set.open.clone());
                spec.marks
                    .extend(set.marks.iter().map(|mark| OwnMark { mark: mark.clone(), scope: Some(MarkScope::Param) }));
                spec.marks.extend(made.empty.iter().map(|mark| OwnMark { mark: mark.clone(), scope: None }));
                // Which of several parameter sets would get a marker is the author's to decide.
                spec.at = if before.calls == 0 { set.at.clone() } else { None };
                spec.calls += 1;
                for (name, value) in made.names.iter().zip(&set.values) {
                    let key = if pytest < KEYS_BY_VALUE || is_unhashable(value) {
                        ParameterKey::Index(index)
                    } else {
                        key_of(value).unwrap_or(ParameterKey::Object(call.origin, index))
                    };
                    let value = value.clone();
                    spec.parameters.push(Parameter { name: name.clone(), scope: Some(scope), key, value });
                }
                specs.push(spec);
            }
        }
        self.specs = specs;
        Ok(())
    }

    /// A call that is not known stands in the calls with two values that nobody else has.
    pub(super) fn hide(&mut self, call: &Call, function: &Function, closure: &Closure, pytest: PytestVersion) {
        let Ok((names, _)) = call.names(pytest) else { return self.hide_all(function, call.origin) };
        let scope = scope_of(call, &names, closure, pytest).ok();
        if scope != Some(Scope::Function) {
            self.hide_names(&names, scope, call.origin);
        }
    }

    /// The same where it is not even known what is parametrized.
    pub(super) fn hide_all(&mut self, function: &Function, origin: usize) {
        let names: Vec<Rc<str>> = function.def.parameters.iter().map(|one| (&*one.name).into()).collect();
        self.hide_names(&names, None, origin);
    }

    fn hide_names(&mut self, names: &[Rc<str>], scope: Option<Scope>, origin: usize) {
        if self.specs.len() > MOST_HIDDEN {
            return;
        }
        let nameless = [Rc::from("")];
        let names = if names.is_empty() { &nameless[..] } else { names };
        let with = |spec: &CallSpec, index: usize| {
            let mut spec = spec.clone();
            spec.parameters.extend(names.iter().map(|name| Parameter {
                name: name.clone(),
                scope,
                key: ParameterKey::Hidden(origin, index),
                value: Value::None,
            }));
            spec
        };
        self.specs = self.specs.iter().flat_map(|spec| [with(spec, 0), with(spec, 1)]).collect();
    }

    /// The parameters that tests have for certain, and those that stand for what is not known: only those of wider
    /// scopes.
    pub(super) fn shadow(self, pytest: PytestVersion) -> Vec<Vec<Parameter>> {
        shadow_of(&self.finish(pytest))
    }

    /// The tests, their keys as the release makes them.
    pub(super) fn finish(mut self, pytest: PytestVersion) -> Vec<CallSpec> {
        if !INDEX_IN_CALL.contains(&pytest) {
            for (place, spec) in self.specs.iter_mut().enumerate() {
                let direct = spec.parameters.iter_mut().filter(|parameter| self.direct.contains(&parameter.name));
                let by_index = direct.filter(|parameter| matches!(parameter.key, ParameterKey::Index(_)));
                by_index.for_each(|parameter| parameter.key = ParameterKey::Index(place));
            }
        }
        self.specs
    }
}

/// What regrouping asks of tests, once for each combination of wider scopes.
pub(super) fn shadow_of(specs: &[CallSpec]) -> Vec<Vec<Parameter>> {
    let wide = |spec: &CallSpec| -> Vec<Parameter> {
        spec.parameters.iter().filter(|one| one.scope != Some(Scope::Function)).cloned().collect()
    };
    let mut shadow: Vec<Vec<Parameter>> = specs.iter().map(wide).collect();
    shadow.dedup_by(|one, other| {
        one.len() == other.len()
            && one.iter().zip(other.iter()).all(|(one, other)| (&one.name, &one.key) == (&other.name, &other.key))
    });
    shadow.truncate(MOST_HIDDEN);
    shadow
}

/// The scope of a call's parameters: its own, or the narrowest of the fixtures that it goes through.
fn scope_of(call: &Call, names: &[Rc<str>], closure: &Closure, pytest: PytestVersion) -> Result<Scope, Failure> {
    Ok(match call.scope()? {
        Some(scope) => scope,
        None if call.indirect(names)?.len() == names.len() => {
            let is_nearest = pytest >= SCOPE_OF_NEAREST;
            let scopes = names.iter().filter_map(|name| {
                let all = closure.definitions.get(name)?;
                if is_nearest { all.last() } else { all.first() }
            });
            scopes.map(|one| one.scope).min().unwrap_or(Scope::Function)
        }
        None => Scope::Function,
    })
}

/// Whether a dictionary could not hold it as a key.
fn is_unhashable(value: &Value) -> bool {
    match value {
        Value::List(_) | Value::Dict(_) | Value::Set(_) => true,
        Value::Tuple(items) => items.iter().any(is_unhashable),
        _ => false,
    }
}

/// A value that can be compared with others by looking at it, as a text: its type, then what it is.
fn key_of(value: &Value) -> Option<ParameterKey> {
    let text = match value {
        Value::None => "None".to_owned(),
        Value::Bool(flag) => format!("bool {flag}"),
        Value::Int(number) => format!("int {number}"),
        // Zero is zero, whatever its sign.
        Value::Float(number) => format!("float {}", number + 0.0),
        Value::Str(text) => match text.as_str() {
            Some(text) => ["str ", text].concat(),
            None => format!("points {text:?}"),
        },
        Value::Bytes(bytes) => format!("bytes {bytes:?}"),
        Value::Function(function) => format!("function {:p}", Rc::as_ptr(function)),
        Value::Class(class) => format!("class {:p}", Rc::as_ptr(class)),
        Value::External(path) => format!("external {path}"),
        Value::Tuple(items) => {
            let keys: Option<Vec<_>> = items.iter().map(key_of).collect();
            // In quotes: none of them looks like several.
            format!("tuple {:?}", keys?)
        }
        _ => return None,
    };
    Some(ParameterKey::Value(text.into()))
}
