//! Fixtures: which a test sees, in which order it takes them, and which of them have parameters.
//!
//! Source of the rules: pytest's `FixtureManager` (`parsefactories`, `getfixtureinfo`, `getfixtureclosure`).

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use foldhash::HashMap;
use test_catalog::{Condition, Problem, ProblemKind, Reason, SourceSpan};

use super::dynamic_scope::{self, Given};
use super::scope::Scope;
use crate::PytestVersion;
use crate::eval::truth;
use crate::eval::value::{Binding, Class, Doubt, Fixture, Function, Module, Names, Value};
use crate::syntax::ast::{self, ParameterKind};

/// What is used by itself is named once.
const NAMED_ONCE: PytestVersion = PytestVersion::new(8, 0, 0);
/// Dependencies are visited in depth, behind all that the test asks for itself.
const DEPTH_FIRST_BEHIND: PytestVersion = PytestVersion::new(9, 0, 0);
/// Dependencies are visited in depth, each behind what asks for it.
const DEPTH_FIRST: PytestVersion = PytestVersion::new(9, 1, 0);

/// A method with parameters that are positional only loses none of the others.
const POSITIONAL_ONLY: PytestVersion = PytestVersion::new(8, 4, 0);

/// One definition of a fixture.
#[derive(Debug)]
pub(crate) struct FixtureDef {
    pub(super) name: Rc<str>,
    /// `params=` and `ids=`.
    pub(super) params: Option<Value>,
    pub(super) ids: Option<Value>,
    pub(super) scope: Scope,
    /// What its function asks for.
    pub(super) requests: Vec<Rc<str>>,
    pub(super) at: SourceSpan,
    /// Why it may be another one, or none.
    pub(super) doubt: Option<Doubt>,
}

/// The fixtures of one node: a conftest's folder, a module, a class.
#[derive(Debug, Default)]
pub(crate) struct Layer {
    definitions: HashMap<Rc<str>, Vec<Rc<FixtureDef>>>,
    /// The names of those that every test below takes, in the order of registration.
    autouse: Vec<Rc<str>>,
    /// Names that may be fixtures, and why that is not known.
    maybe: HashMap<Rc<str>, Option<Doubt>>,
    /// Why one of them may have any name.
    maybe_any: Option<Doubt>,
    /// Why one of them may be taken by every test.
    maybe_autouse: Option<Doubt>,
    /// Why pytest refuses one of them, and where that is.
    refused: Option<(String, SourceSpan)>,
    /// What has to be so that pytest does not refuse others.
    suspects: Vec<Condition>,
}

impl Layer {
    pub(crate) fn of_module(module: &Module, pytest: PytestVersion) -> Self {
        let mut layer = Self::default();
        layer.register(module.scope.names.borrow().iter().collect(), false, pytest);
        layer
    }

    /// Those of a library.
    pub(super) fn of_definitions(all: impl IntoIterator<Item = Rc<FixtureDef>>) -> Self {
        let definitions = all.into_iter().map(|one| (one.name.clone(), vec![one])).collect();
        Self { definitions, ..Self::default() }
    }

    /// A class's own and inherited ones.
    pub(crate) fn of_class(class: &Class, pytest: PytestVersion) -> Self {
        let mut names = Names::default();
        let bases = class.mro.iter().filter_map(|base| if let Value::Class(base) = base { Some(base) } else { None });
        for base in bases.rev() {
            names.extend(base.names.borrow().clone());
        }
        names.extend(class.names.borrow().clone());
        // One that is not overridden for certain may be the inherited one.
        let uncertain: Vec<Rc<str>> =
            names.iter().filter(|(_, binding)| binding.doubt.is_some()).map(|(name, _)| name.clone()).collect();
        for name in uncertain {
            if let Some(either) = class.settled(&name) {
                names.insert(name, either);
            }
        }
        let mut layer = Self::default();
        layer.register(names.iter().collect(), true, pytest);
        layer
    }

    /// That pytest refuses one of them, and with it all that stands beside it.
    pub(super) fn refused(&self) -> Option<Problem> {
        let (text, at) = self.refused.clone()?;
        let message = format!("{text}: pytest refuses it and collects nothing beside it");
        Some(Problem { kind: ProblemKind::Collection, message, at })
    }

    /// The conditions under which it refuses none of the others.
    pub(super) fn suspects(&self) -> &[Condition] {
        &self.suspects
    }

    /// In the order of `dir()`: by attribute name.
    fn register(&mut self, mut names: Vec<(&Rc<str>, &Binding)>, in_class: bool, pytest: PytestVersion) {
        names.retain(|(_, binding)| {
            matches!(
                binding.value,
                Value::Fixture(_)
                    | Value::Function(_)
                    | Value::External(_)
                    | Value::Unknown(_)
                    | Value::StaticMethod(_)
                    | Value::Method(_)
            )
        });
        names.sort_unstable_by_key(|(name, _)| *name);
        for (attribute, binding) in names {
            match &binding.value {
                Value::Fixture(fixture) => self.add(attribute, fixture, binding.doubt.as_ref(), in_class, pytest),
                // That of an object.
                Value::Method(method) => {
                    if let Value::Fixture(fixture) = &method.1 {
                        self.add(attribute, fixture, binding.doubt.as_ref(), true, pytest);
                    }
                }
                Value::StaticMethod(inner) => {
                    if let Value::Fixture(fixture) = &**inner {
                        self.add(attribute, fixture, binding.doubt.as_ref(), false, pytest);
                    }
                }
                // A decorator that is not followed may make a fixture of it.
                Value::Function(function) if !function.def.decorators.is_empty() => {
                    if let Some(doubt) = &function.signature_doubt() {
                        self.maybe.insert(attribute.clone(), Some(doubt.clone()));
                        let asks_for_all = |decorator: &ast::Expr| {
                            let text = function.module.file.slice(decorator.range);
                            text.is_none_or(|text| text.contains("autouse"))
                        };
                        if function.def.decorators.iter().any(asks_for_all) {
                            self.maybe_autouse.get_or_insert_with(|| doubt.clone());
                        }
                    }
                }
                Value::External(path) if may_be_fixture(path) => {
                    self.maybe.insert(attribute.clone(), None);
                }
                Value::Unknown(doubt) => {
                    self.maybe.insert(attribute.clone(), Some(doubt.clone()));
                    let fixtures = doubt.candidates().iter().filter_map(|one| match one {
                        Value::Fixture(fixture) => Some(fixture),
                        Value::Method(method) => match &method.1 {
                            Value::Fixture(fixture) => Some(fixture),
                            _ => None,
                        },
                        _ => None,
                    });
                    fixtures.for_each(|fixture| self.add_one_of_several(fixture, doubt));
                }
                _ => {}
            }
        }
    }

    /// It may be there, under its name and for every test.
    fn add_one_of_several(&mut self, fixture: &Fixture, doubt: &Doubt) {
        let options = &fixture.options;
        match options.name.as_ref().map(Value::as_str) {
            None => {}
            Some(Some(name)) => drop(self.maybe.insert(name.into(), Some(doubt.clone()))),
            Some(None) => drop(self.maybe_any.get_or_insert_with(|| doubt.clone())),
        }
        let is_for_all = options.autouse.as_ref().map_or(options.doubt.is_some(), |flag| truth(flag) != Some(false));
        if is_for_all {
            self.maybe_autouse.get_or_insert_with(|| doubt.clone());
        }
    }

    fn add(
        &mut self,
        attribute: &Rc<str>,
        fixture: &Rc<Fixture>,
        binding: Option<&Doubt>,
        is_method: bool,
        pytest: PytestVersion,
    ) {
        let options = &fixture.options;
        let (name, name_doubt) = match &options.name {
            None => (attribute.clone(), None),
            Some(name) => match name.as_str() {
                Some(name) => (name.into(), None),
                None => (attribute.clone(), name.doubt().cloned()),
            },
        };
        // What is spread into the call may name it, and have every test take it.
        let any_name = name_doubt.clone().or_else(|| options.doubt.clone().filter(|_| options.name.is_none()));
        self.maybe_any = self.maybe_any.take().or(any_name);
        if options.autouse.is_none() {
            self.maybe_autouse = self.maybe_autouse.take().or_else(|| options.doubt.clone());
        }
        let (requests, signature) = match &fixture.function {
            Value::Function(function) => (requests(function, is_method, pytest), function.signature_doubt()),
            Value::Class(_) | Value::External(_) => (Vec::new(), None),
            other => (Vec::new(), other.doubt().cloned()),
        };
        let given = dynamic_scope::given(fixture);
        if let Given::Unknown(_) = given {
            let text = format!("the fixture `{name}` has one of pytest's scopes");
            self.suspects.push(Condition { text, at: fixture.at.clone() });
        }
        let (scope, scope_doubt) = match given {
            Given::Known(scope) => (scope, None),
            Given::Refused(_) | Given::Unknown(None) => {
                let text = "its scope is not known".to_owned();
                (Scope::Function, Some(Reason { text, at: fixture.at.clone() }.into()))
            }
            Given::Unknown(doubt) => (Scope::Function, doubt),
        };
        if binding.is_none() && signature.is_none() && self.refused.is_none() {
            self.refused =
                refusal(fixture, is_method).map(|text| (format!("the fixture `{name}` {text}"), fixture.at.clone()));
        }
        let doubt = [options.doubt.clone(), binding.cloned(), name_doubt, signature, scope_doubt];
        let doubt = doubt.into_iter().flatten().next();
        match options.autouse.as_ref().map(truth) {
            None | Some(Some(false)) => {}
            Some(Some(true)) => self.autouse.push(name.clone()),
            Some(None) => {
                let why = options.autouse.as_ref().and_then(Value::doubt).cloned();
                self.maybe_autouse = self.maybe_autouse.take().or(why);
                self.maybe.insert(name.clone(), None);
            }
        }
        self.definitions.entry(name.clone()).or_default().push(Rc::new(FixtureDef {
            name,
            params: options.params.clone(),
            ids: options.ids.clone(),
            scope,
            requests,
            at: fixture.at.clone(),
            doubt,
        }));
    }
}

/// Why pytest refuses a fixture as it stands.
fn refusal(fixture: &Fixture, is_method: bool) -> Option<String> {
    if let Given::Refused(why) = dynamic_scope::given(fixture) {
        return Some(why);
    }
    let Value::Function(function) = &fixture.function else { return None };
    let takes_self = |one: &ast::Parameter| {
        matches!(one.kind, ParameterKind::Positional | ParameterKind::PositionalOnly | ParameterKind::Rest)
    };
    let is_bound = !is_method || shown(function).parameters.iter().any(takes_self);
    (!is_bound).then(|| "is a method that takes no `self`".to_owned())
}

/// Whether something of a library may be a fixture: no class is, and no module of pytest's own.
fn may_be_fixture(path: &str) -> bool {
    let name = path.rsplit('.').next().unwrap_or(path);
    name.starts_with(|one: char| one.is_lowercase() || one == '_')
        && path.contains('.')
        && !path.starts_with("_pytest.")
}

/// What a test sees: the layers of the nodes around it, the farthest first.
#[derive(Debug, Default)]
pub(crate) struct Visible {
    layers: Vec<Rc<Layer>>,
    /// Many tests ask for the same.
    closures: RefCell<HashMap<Requested, Rc<Closure>>>,
}

/// What a test asks for itself.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Requested {
    /// What `usefixtures` and the function's own parameters name, in that order.
    pub(super) names: Vec<Rc<str>>,
    /// Of those that are given by `parametrize` and have no definition.
    pub(super) direct: Vec<Rc<str>>,
}

/// The fixtures of one test, in the order in which pytest sets them up.
#[derive(Debug)]
pub(crate) struct Closure {
    pub(super) names: Vec<Rc<str>>,
    /// Of these, what is used by itself, and what the test asks for.
    initial: Vec<Rc<str>>,
    /// All definitions of each name, the farthest first; a name without any is a plugin's, or a parameter.
    pub(super) definitions: HashMap<Rc<str>, Vec<Rc<FixtureDef>>>,
    /// Why it may be another.
    pub(super) doubt: Option<(Rc<str>, Option<Doubt>)>,
}

impl Visible {
    pub(crate) fn of(layers: Vec<Rc<Layer>>) -> Self {
        Self { layers, closures: RefCell::default() }
    }

    /// The same from within one more node.
    pub(super) fn within(&self, layer: Layer) -> Self {
        Self::of(self.layers.iter().cloned().chain([Rc::new(layer)]).collect())
    }

    pub(super) fn definitions(&self, name: &str) -> Vec<Rc<FixtureDef>> {
        self.layers.iter().filter_map(|layer| layer.definitions.get(name)).flatten().cloned().collect()
    }

    /// The nearest node at which that name may be a fixture that is not known, unless a nearer one defines it.
    fn doubt(&self, name: &str) -> Option<Option<Doubt>> {
        for layer in self.layers.iter().rev() {
            if let Some(doubt) = &layer.maybe_any {
                return Some(Some(doubt.clone()));
            }
            if let Some(definitions) = layer.definitions.get(name) {
                let doubt = definitions.iter().rev().find_map(|one| one.doubt.clone());
                if doubt.is_some() {
                    return Some(doubt);
                }
                if !definitions.iter().any(|one| one.requests.contains(&one.name)) {
                    return None;
                }
            }
            if let Some(doubt) = layer.maybe.get(name) {
                return Some(doubt.clone());
            }
        }
        None
    }

    /// All that a test takes. `usefixtures` of the configuration comes before what it asks for itself.
    pub(super) fn closure(&self, configured: &[String], requested: Requested, pytest: PytestVersion) -> Rc<Closure> {
        if let Some(known) = self.closures.borrow().get(&requested) {
            return known.clone();
        }
        let found = Rc::new(self.find_closure(configured, &requested, pytest));
        self.closures.borrow_mut().insert(requested, found.clone());
        found
    }

    fn find_closure(&self, configured: &[String], requested: &Requested, pytest: PytestVersion) -> Closure {
        let Requested { names: initial, direct } = requested;
        let autouse = self.layers.iter().flat_map(|layer| layer.autouse.iter().cloned());
        let configured = configured.iter().map(|name| Rc::from(name.as_str()));
        // One that several nodes use by themselves was there once for each: where it has params, pytest refuses the test.
        let is_once = pytest >= NAMED_ONCE;
        let mut names: Vec<Rc<str>> = Vec::new();
        for (name, is_once) in
            configured.chain(autouse).map(|name| (name, is_once)).chain(initial.iter().map(|name| (name.clone(), true)))
        {
            if !is_once || !names.contains(&name) {
                names.push(name);
            }
        }
        let initial = names.clone();
        let mut walk = Walk { visible: self, direct, definitions: HashMap::default(), names: Vec::new() };
        if pytest >= DEPTH_FIRST {
            let mut levels = HashMap::default();
            names.iter().for_each(|name| walk.visit(name, &mut levels, 0));
        } else if pytest >= DEPTH_FIRST_BEHIND {
            walk.names.clone_from(&names);
            let mut levels = HashMap::default();
            names.iter().for_each(|name| walk.visit(name, &mut levels, 0));
        } else {
            walk.names = names;
            walk.breadth_first();
        }
        let Walk { names: mut closure, definitions, .. } = walk;
        let scope = |name: &Rc<str>| {
            definitions
                .get(name)
                .and_then(|all: &Vec<Rc<FixtureDef>>| all.last())
                .map_or(Scope::Function, |one| one.scope)
        };
        closure.sort_by_key(|name| std::cmp::Reverse(scope(name)));
        let mut doubt = closure
            .iter()
            .filter(|name| !direct.contains(name))
            .find_map(|name| self.doubt(name).map(|doubt| (name.clone(), doubt)));
        if doubt.is_none()
            && let Some(why) = self.layers.iter().find_map(|layer| layer.maybe_autouse.clone())
        {
            doubt = Some(("autouse".into(), Some(why)));
        }
        Closure { names: closure, initial, definitions, doubt }
    }
}

impl Closure {
    /// The names without those that only fixtures ask for in whose place parameters are given: `direct` are such names.
    ///
    /// Source: `FuncFixtureInfo.prune_dependency_tree`.
    pub(super) fn pruned(&self, direct: &[Rc<str>]) -> Vec<Rc<str>> {
        if !direct.iter().any(|name| self.definitions.get(name).is_some_and(|all| !all.is_empty())) {
            return self.names.clone();
        }
        let mut needed: Vec<&Rc<str>> = Vec::new();
        let mut open: Vec<&Rc<str>> = self.initial.iter().collect();
        while let Some(name) = open.pop() {
            if needed.contains(&name) || !self.names.contains(name) {
                continue;
            }
            needed.push(name);
            if direct.contains(name) {
                // What gives a parameter asks for it by its request.
                open.extend(self.names.iter().filter(|name| &***name == "request"));
            } else {
                let nearest = self.definitions.get(name).and_then(|all| all.last());
                open.extend(nearest.into_iter().flat_map(|fixture| &fixture.requests));
            }
        }
        self.names.iter().filter(|name| needed.contains(name)).cloned().collect()
    }
}

struct Walk<'v> {
    visible: &'v Visible,
    direct: &'v [Rc<str>],
    definitions: HashMap<Rc<str>, Vec<Rc<FixtureDef>>>,
    names: Vec<Rc<str>>,
}

/// Requests deeper than this are not followed: fixtures that are no cycle do not go there.
const MOST_DEPTH: usize = 200;

impl Walk<'_> {
    fn chain(&mut self, name: &Rc<str>) -> Vec<Rc<FixtureDef>> {
        if self.direct.contains(name) {
            return Vec::new();
        }
        self.definitions.entry(name.clone()).or_insert_with(|| self.visible.definitions(name)).clone()
    }

    /// In depth. `levels` counts, for each name, which of its definitions a request of it means now: -1 is the
    /// nearest; a fixture that asks for its own name means the next one outside.
    fn visit(&mut self, name: &Rc<str>, levels: &mut HashMap<Rc<str>, isize>, depth: usize) {
        if levels.get(name) == Some(&-1) || depth > MOST_DEPTH {
            return;
        }
        if !levels.contains_key(name) {
            if !self.names.contains(name) {
                self.names.push(name.clone());
            }
            levels.insert(name.clone(), -1);
        }
        let chain = self.chain(name);
        let here = levels[name];
        let Some(at) = chain.len().checked_sub(here.unsigned_abs()) else { return };
        if chain.is_empty() {
            return;
        }
        levels.insert(name.clone(), here - 1);
        for request in &chain[at].requests {
            self.visit(request, levels, depth + 1);
        }
        levels.insert(name.clone(), here);
    }

    /// Level by level, what is new behind all that is known; of overridden fixtures only the nearest counts.
    fn breadth_first(&mut self) {
        let mut before = 0;
        while before < self.names.len() {
            before = self.names.len();
            for name in self.names.clone() {
                let Some(nearest) = self.chain(&name).last().cloned() else { continue };
                for request in &nearest.requests {
                    if !self.names.contains(request) {
                        self.names.push(request.clone());
                    }
                }
            }
        }
    }
}

/// The names that a function asks for: its parameters without default. The first is left out for a method, unless
/// some are positional only; so is one for each layer of `mock.patch` that passes an argument of its own, and what
/// hypothesis draws.
pub(super) fn requests(function: &Function, is_method: bool, pytest: PytestVersion) -> Vec<Rc<str>> {
    let shown = shown(function);
    let parameters = &shown.parameters;
    let named = |kind| matches!(kind, ParameterKind::Positional | ParameterKind::KeywordOnly);
    let names = parameters.iter().filter(|one| named(one.kind) && one.default.is_none());
    let positional_only = parameters.iter().any(|one| one.kind == ParameterKind::PositionalOnly);
    let bound = is_method && !(positional_only && pytest >= POSITIONAL_ONLY);
    let drawn = function.drawn();
    let is_drawn = |name: &Rc<str>| drawn.as_ref().is_some_and(|drawn| drawn.contains(name));
    let names = names.map(|one| (&*one.name).into()).skip(usize::from(bound) + function.patches());
    names.filter(|name| !is_drawn(name)).collect()
}

/// The function whose parameters Python shows: the innermost that is wrapped.
fn shown(function: &Function) -> Arc<ast::Function> {
    let mut shown = function.def.clone();
    let mut inner = function.wrapped();
    // Functions that wrap each other in a circle end somewhere.
    for _ in 0..MOST_DEPTH {
        let Some(next) = inner else { break };
        shown = next.def.clone();
        inner = next.wrapped();
    }
    shown
}

/// The names of parameters that have a default: a fixture cannot give them.
pub(super) fn defaulted(function: &Function) -> Vec<Rc<str>> {
    let shown = shown(function);
    let with_default = shown.parameters.iter().filter(|one| one.default.is_some());
    with_default.filter(|one| one.kind != ParameterKind::PositionalOnly).map(|one| (&*one.name).into()).collect()
}
