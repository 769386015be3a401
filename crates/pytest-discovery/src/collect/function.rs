//! From a function to its tests: its fixtures, the calls that parametrize it, its marks.
//!
//! Source of the rules: pytest's `PyCollector._genfunctions`, and the order of `pytest_generate_tests`.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use test_catalog::{Condition, NodeId, Reason, Scope, SourceSpan};

use super::callspec::{CallSpec, CallSpecs, Parameter, shadow_of};
use super::fixtures::{FixtureDef, Requested, requests};
use super::item::Item;
use super::marks::MarkList;
use super::metafunc::{Metafunc, MetafuncObject};
use super::own_marks::{OwnMark, OwnMarks};
use super::parametrize::{Call, Failure};
use super::plugins::Turn;
use super::{Collection, Lost, Place, edit_sites};
use crate::PytestVersion;
use crate::eval::Frame;
use crate::eval::alike::Watch;
use crate::eval::shared::Shared;
use crate::eval::value::{Argument, Binding, Doubt, Function, Mark, Value};
use crate::imports::INIT;

pub(super) const GENERATE: &str = "pytest_generate_tests";
/// A test that yields is refused; before, it was one test that is expected to fail.
const YIELD_REFUSED: PytestVersion = PytestVersion::new(8, 4, 0);

/// Why the tests of a function are not known.
struct NotKnown {
    reason: Reason,
    /// Whether its parameters surely add no marks.
    bare: bool,
    /// What its tests may have of wider scopes, if that was looked for.
    shadow: Option<Vec<Vec<Parameter>>>,
}

/// A function under a name that pytest takes for a test's.
struct Found<'f> {
    name: &'f Rc<str>,
    function: &'f Rc<Function>,
    /// Its own marks.
    own: &'f MarkList,
    place: &'f Place,
    /// Whether it gets `self`, where it stands in a class.
    bound: bool,
}

/// What a function gives.
enum Outcome {
    Tests(Vec<CallSpec>, Rc<[Rc<str>]>),
    NotKnown(NotKnown),
    Refused(String),
}

/// A hook's parameters stand in the place of a fixture; before, a fixture with params was parametrized beside them.
const SHADOWED: PytestVersion = PytestVersion::new(8, 0, 0);

impl Collection<'_, '_> {
    pub(super) fn function(
        &mut self,
        name: &Rc<str>,
        function: &Rc<Function>,
        binding: &Binding,
        place: &Place,
        bound: bool,
    ) -> Result<(), Lost> {
        let def = &function.def;
        let span = function.module.file.span(def.range);
        let yields = def.is_generator && !def.is_async && !place.unittest;
        function.adopt_marks();
        let own = MarkList { marks: function.marks.borrow().clone(), open: function.open() };
        let doubt = binding
            .doubt
            .clone()
            .or_else(|| function.signature_doubt())
            .or_else(|| function.open())
            .or_else(|| function.attributes.borrow().get("__test__").and_then(|flag| flag.value.doubt().cloned()))
            .or_else(|| place.doubt.clone())
            .or_else(|| place.chain.iter().find_map(|list| list.open.clone()));
        if yields && self.config.pytest >= YIELD_REFUSED {
            let at = SourceSpan::at(span.file.clone(), span.start);
            if function.signature_doubt().is_none() {
                let message = format!("`{name}` has a `yield`: pytest refuses it and collects nothing beside it");
                return Err(Lost::new(message, at));
            }
            // A decorator may have made another function of it.
            self.suspect_refusal(name, at);
        }
        let found = Found { name, function, own: &own, place, bound };
        let outcome = match doubt {
            Some(doubt) => {
                let shadow = self.probable(&found);
                Outcome::NotKnown(NotKnown { reason: (*doubt).clone(), bare: false, shadow: Some(shadow) })
            }
            None if place.unittest || yields => Outcome::Tests(vec![CallSpec::default()], Rc::from([])),
            None => self.generate(&found),
        };
        // What hooks put on the function while it is collected is on its tests.
        function.adopt_marks();
        let own = MarkList { marks: function.marks.borrow().clone(), open: function.open() };
        let names: Vec<&str> = place.classes.iter().map(|node| &*node.name).chain([&**name]).collect();
        let sites = edit_sites::of(function, &place.sites);
        let node_id = |id: Option<&str>| NodeId::python(&place.node.node, names.iter().copied(), id);
        let function_id = node_id(None);
        let item = |id: Option<String>, own: Vec<OwnMark>| Item {
            module: place.node.clone(),
            classes: place.classes.clone(),
            name: name.clone(),
            node_id: id.as_deref().map_or_else(|| function_id.clone(), |id| node_id(Some(id))),
            function_id: function_id.clone(),
            id: id.map(String::into_boxed_str),
            function: Some(function.clone()),
            own: OwnMarks::new(own),
            chain: place.chain.clone(),
            open: None,
            hooks: Shared::default(),
            fixtures: Rc::from([]),
            names: Shared::default(),
            parameters: Box::default(),
            shadow: Box::default(),
            conditions: Shared::new(place.conditions.to_vec()),
            several: OnceCell::new(),
            doubt: Shared::default(),
            span: span.clone(),
            sites: sites.clone(),
            param_at: None,
            config: self.session.config.clone(),
            watch: Watch::default(),
        };
        let written = || own.marks.iter().map(|mark| OwnMark { mark: mark.clone(), scope: Some(Scope::Function) });
        let made: Vec<Rc<Item>> = match outcome {
            Outcome::Refused(message) => {
                let message = format!("{message}: pytest refuses `{name}` and collects nothing beside it");
                return Err(Lost::new(message, SourceSpan::at(span.file, span.start)));
            }
            Outcome::NotKnown(NotKnown { reason, bare, shadow }) => {
                let mut inexact = item(None, written().collect());
                let shadow = shadow.unwrap_or_else(|| {
                    let mut calls = CallSpecs::new();
                    calls.hide_all(function, Rc::as_ptr(function) as usize);
                    calls.shadow(self.config.pytest)
                });
                inexact.shadow = shadow.into();
                let doubt = Doubt::from(reason);
                inexact.open = if bare { None } else { own.open.clone().or_else(|| Some(doubt.clone())) };
                inexact.doubt = Shared::new(Some(doubt));
                vec![Rc::new(inexact)]
            }
            Outcome::Tests(specs, fixtures) => specs
                .into_iter()
                .map(|spec| {
                    let mut marks: Vec<OwnMark> = written().chain(spec.marks.iter().cloned()).collect();
                    if self.is_anyio(&own, place, def.is_async && !def.is_generator) && !place.unittest {
                        let backend = Argument::made(Value::str("anyio_backend"), &function.module.file);
                        marks.insert(own.marks.len(), added("usefixtures", vec![backend], Vec::new(), &span));
                    }
                    if yields {
                        let reason = format!("yield tests were removed in pytest 4.0 - {name} will be ignored");
                        marks.push(not_run(reason, function));
                    }
                    if self.config.ini.asyncio_auto && def.is_async && !place.unittest {
                        let around = place.chain.iter().flat_map(|list| list.marks.iter());
                        let has = marks.iter().map(|own| &own.mark).chain(around).any(|mark| &*mark.name == "asyncio");
                        if !has {
                            marks.push(added("asyncio", Vec::new(), Vec::new(), &span));
                        }
                        if def.is_generator {
                            let reason = "Tests based on asynchronous generators are not supported.";
                            marks.push(not_run(format!("{reason} {name} will be ignored."), function));
                        }
                    }
                    // Its plugin adds it when all is collected.
                    if function.drawn().is_some() {
                        marks.push(added("hypothesis", Vec::new(), Vec::new(), &span));
                    }
                    let id = (!spec.ids.is_empty()).then(|| spec.ids.join("-"));
                    let mut item = item(id, marks);
                    if spec.parameters.iter().any(|one| of_trio(one, place)) {
                        let text = "`trio` can be imported".to_owned();
                        item.add_condition(Condition { text, at: SourceSpan::at(span.file.clone(), span.start) });
                    }
                    item.open = spec.open.map(Doubt::from).or_else(|| own.open.clone());
                    item.doubt = Shared::new(item.open.clone());
                    item.fixtures = fixtures.clone();
                    item.parameters = spec.parameters.into();
                    item.param_at = spec.at.map(Box::new);
                    Rc::new(item)
                })
                .collect(),
        };
        self.items.extend(made);
        Ok(())
    }

    /// The parameters of wider scopes of a function that may be another: those that it has as far as it is read.
    fn probable(&mut self, found: &Found<'_>) -> Vec<Vec<Parameter>> {
        if found.place.unittest {
            return Vec::new();
        }
        let suspects = self.suspects.len();
        let outcome = self.generate(found);
        self.suspects.truncate(suspects);
        match outcome {
            Outcome::Tests(specs, _) => shadow_of(&specs),
            Outcome::NotKnown(not_known) => not_known.shadow.unwrap_or_default(),
            Outcome::Refused(_) => {
                let span = found.function.module.file.span(found.function.def.range);
                self.suspect_refusal(found.name, SourceSpan::at(span.file, span.start));
                Vec::new()
            }
        }
    }

    /// Lets every source of parameters speak, in pytest's order.
    fn generate(&mut self, found: &Found<'_>) -> Outcome {
        let Found { name, function, own, place, bound } = *found;
        let pytest = self.config.pytest;
        let span = function.module.file.span(function.def.range);
        let around = place.chain.iter().flat_map(|list| list.marks.iter());
        let marks: Vec<Rc<Mark>> = own.marks.iter().chain(around).cloned().collect();
        let unknown = |text: String, at: SourceSpan| {
            Outcome::NotKnown(NotKnown { reason: Reason { text, at }, bare: false, shadow: None })
        };
        let mut calls = Vec::new();
        let mut direct = Vec::new();
        let mut marked: Vec<Rc<str>> = Vec::new();
        for mark in marks.iter().filter(|mark| &*mark.name == "parametrize") {
            let call = match Call::of_mark(mark, pytest) {
                Ok(call) => call,
                Err(failure) => return outcome(failure, &mark.at),
            };
            let names = match call.names(pytest) {
                Ok((names, _)) => names,
                Err(failure) => return outcome(failure, &mark.at),
            };
            match call.direct(&names, pytest) {
                Ok(names) => direct.extend(names),
                Err(failure) => return outcome(failure, &mark.at),
            }
            marked.extend(names);
            calls.push(call);
        }
        let mut initial: Vec<Rc<str>> = Vec::new();
        for mark in marks.iter().filter(|mark| &*mark.name == "usefixtures") {
            for argument in &mark.args {
                match argument.value.as_str() {
                    Some(name) => initial.push(name.into()),
                    None if matches!(argument.value, Value::List(_) | Value::Set(_) | Value::Dict(_)) => {
                        return Outcome::Refused("`usefixtures` is given what cannot be a name".to_owned());
                    }
                    None => return unknown("a name in `usefixtures` is not known".to_owned(), mark.at.clone()),
                }
            }
        }
        if self.is_anyio(own, place, function.def.is_async && !function.def.is_generator) {
            initial.push("anyio_backend".into());
        }
        initial.extend(requests(function, bound && !place.classes.is_empty(), pytest));
        let closure = place.visible.closure(&self.config.ini.usefixtures, Requested { names: initial, direct }, pytest);
        if let Some((fixture, doubt)) = &closure.doubt {
            let at = doubt.as_ref().map_or_else(|| span.clone(), |doubt| doubt.at.clone());
            let why = doubt.as_ref().map(|doubt| format!(": {}", doubt.text)).unwrap_or_default();
            return unknown(format!("the fixture `{fixture}` is not known{why}"), at);
        }
        let metafunc = Rc::new(Metafunc {
            session: self.session.clone(),
            name: name.clone(),
            function: function.clone(),
            module: place.node.module.clone(),
            class: place.classes.last().cloned(),
            closure,
            names: RefCell::new(Value::list(Vec::new())),
            handed: Cell::default(),
            marks: std::iter::once(own.clone()).chain(place.chain.iter().cloned()).collect(),
            calls: RefCell::new(CallSpecs::new()),
            failure: RefCell::default(),
            may_be_refused: Cell::default(),
        });
        let sources = self.call_hooks(&metafunc, &marked, &calls);
        let failure = metafunc.failure.borrow_mut().take();
        if metafunc.may_be_refused.get() && matches!(failure, Some((Failure::Unknown { .. }, _))) {
            self.suspect_refusal(name, SourceSpan::at(span.file.clone(), span.start));
        }
        if let Some((failure, at)) = failure {
            if let Failure::Unknown { doubt: Some(doubt), .. } = &failure
                && crate::eval::Interpreter::is_of_raise(doubt)
            {
                self.suspect_raise(doubt);
            }
            let failure = match self.softened(failure, &metafunc) {
                // What the other calls add is not known either.
                Failure::Unknown { text, doubt, bare } => Failure::Unknown { text, doubt, bare: bare && sources == 1 },
                refused @ Failure::Refused(_) => refused,
            };
            let mut outcome = outcome(failure, &at.unwrap_or(span));
            if let Outcome::NotKnown(not_known) = &mut outcome {
                let calls = std::mem::replace(&mut *metafunc.calls.borrow_mut(), CallSpecs::new());
                not_known.shadow = Some(calls.shadow(pytest));
            }
            return outcome;
        }
        let calls = std::mem::replace(&mut *metafunc.calls.borrow_mut(), CallSpecs::new());
        if pytest < SHADOWED
            && let Some(name) = calls.of_package()
            && !place.node.path.with_file_name(INIT).is_file()
        {
            return Outcome::Refused(format!("`{name}` has the scope of the package, and the module is in none"));
        }
        // Where something was parametrized, pytest works out the fixtures anew.
        let names = if calls.is_empty() { metafunc.names() } else { Ok(metafunc.closure.pruned(calls.direct())) };
        match names {
            Ok(names) => Outcome::Tests(calls.finish(pytest), names.into()),
            Err(doubt) => outcome(Failure::names_not_known(doubt), &span),
        }
    }

    /// Lets hooks, fixtures and marks parametrize; gives how many of them there are.
    fn call_hooks(&mut self, metafunc: &Rc<Metafunc>, marked: &[Rc<str>], calls: &[Call]) -> usize {
        let object = || Value::Object(Rc::new(MetafuncObject(metafunc.clone())));
        let frame = Frame { scope: metafunc.module.scope.clone(), module: metafunc.module.clone() };
        let hooks = self.generators.clone();
        let mut sources = hooks.len() + calls.len();
        let run = |collection: &mut Self, takes: &dyn Fn(Turn, bool) -> bool| {
            for hook in hooks.iter().filter(|hook| takes(hook.turn, hook.initial)) {
                if hook.wraps {
                    hook.may_call(collection.interpreter, &[("metafunc", object())]);
                    metafunc.fail_unfollowed(hook.not_followed(GENERATE).into());
                } else {
                    let answer = hook.call(collection.interpreter, &[("metafunc", object())]);
                    collection.note_failure(&answer, metafunc);
                }
            }
        };
        run(self, &|turn, _| turn == Turn::First);
        if let Some(node) = &metafunc.class
            && let Ok(Some(_)) = node.class.lookup(GENERATE)
            && let Some(binding) = node.class.settled(GENERATE)
        {
            let bound = match &binding.value {
                Value::StaticMethod(_) => None,
                Value::ClassMethod(_) => Some(Value::Class(node.class.clone())),
                _ => Some(Value::Opaque),
            };
            let value = match &binding.value {
                Value::StaticMethod(inner) | Value::ClassMethod(inner) => (**inner).clone(),
                other => other.clone(),
            };
            sources += 1;
            self.call_own_hook(metafunc, &Binding { value, doubt: binding.doubt }, bound, &frame);
        }
        let module_hook = metafunc.module.scope.names.borrow().get(GENERATE).cloned();
        if let Some(binding) = module_hook {
            sources += 1;
            self.call_own_hook(metafunc, &binding, None, &frame);
        }
        run(self, &|turn, initial| turn == Turn::Normal && !initial);
        let names = metafunc.names();
        if let Err(doubt) = &names {
            metafunc.fail(Failure::names_not_known(doubt.clone()), None);
        }
        for name in names.unwrap_or_default().iter().filter(|name| !marked.contains(name)) {
            if metafunc.session.pytest >= SHADOWED && metafunc.calls.borrow().direct().contains(name) {
                continue;
            }
            if let Some(definition) = parametrized(&metafunc.closure.definitions, name) {
                sources += 1;
                metafunc.parametrize(&fixture_call(&definition), self.interpreter, &frame);
            }
        }
        run(self, &|turn, initial| turn == Turn::Normal && initial);
        for call in calls {
            metafunc.parametrize(call, self.interpreter, &frame);
        }
        run(self, &|turn, _| turn == Turn::Last);
        sources
    }

    /// `pytest_generate_tests` of the module or the class, which pytest calls whatever it is.
    fn call_own_hook(&mut self, metafunc: &Rc<Metafunc>, hook: &Binding, bound: Option<Value>, frame: &Frame) {
        let arguments = [("metafunc", Value::Object(Rc::new(MetafuncObject(metafunc.clone()))))];
        let not_followed = || {
            let text = format!("the hook `{GENERATE}` is no plain function");
            Doubt::from(Reason { text, at: SourceSpan::line(frame.module.file.path.clone(), 1) })
        };
        match (&hook.value, hook.value.doubt().or(hook.doubt.as_ref())) {
            (value, Some(doubt)) => {
                if !self.interpreter.may_call_hook(doubt, value, bound.as_ref(), &arguments, frame) {
                    metafunc.fail_unfollowed(doubt.clone());
                }
            }
            (Value::Function(_) | Value::Method(_), None) => {
                let answer = self.interpreter.call_hook(&hook.value, bound, &arguments, frame);
                self.note_failure(&answer, metafunc);
            }
            (value, None) if self.interpreter.is_callable(value) == Some(false) => {
                metafunc.fail(Failure::Refused(format!("`{GENERATE}` is nothing that can be called")), None);
            }
            (_, None) => metafunc.fail_unfollowed(not_followed()),
        }
    }

    /// A hook that raises, as far as it is read, loses the module, as `pytest.skip()` does.
    fn note_failure(&self, answer: &Value, metafunc: &Metafunc) {
        if let (true, Some(doubt)) = (self.interpreter.has_failed(), answer.doubt()) {
            metafunc.fail_unfollowed(doubt.clone());
        }
    }

    /// Collecting a function may raise, which loses all that is beside it.
    fn suspect_raise(&mut self, doubt: &Doubt) {
        self.suspects
            .push(Condition { text: format!("collecting the module never {}", doubt.text), at: doubt.at.clone() });
    }

    /// A function may be refused, which loses all that is beside it.
    pub(super) fn suspect_refusal(&mut self, name: &str, at: SourceSpan) {
        self.suspects.push(Condition { text: format!("`{name}` is not refused"), at });
    }

    /// Whether anyio runs it, with its backends as a fixture: a coroutine with the mark, or any in its automatic mode.
    fn is_anyio(&self, own: &MarkList, place: &Place, is_coroutine: bool) -> bool {
        let around = place.chain.iter().flat_map(|list| list.marks.iter());
        is_coroutine
            && self.config.options.has_anyio()
            && (self.config.ini.anyio_auto || own.marks.iter().chain(around).any(|mark| &*mark.name == "anyio"))
    }

    /// What pytest refuses for want of a fixture is only refused for certain where all fixtures are known.
    fn softened(&mut self, failure: Failure, metafunc: &Metafunc) -> Failure {
        if failure.may_be_refusal() {
            self.suspect_refusal(&metafunc.name, metafunc.function.module.file.span(metafunc.function.def.range));
        }
        let Failure::Refused(text) = failure else { return failure };
        let unknown = metafunc.closure.names.iter().find(|name| {
            metafunc.closure.definitions.get(*name).is_none_or(Vec::is_empty)
                && !crate::eval::stdlib::is_builtin_fixture(name)
                && !requests(&metafunc.function, false, metafunc.session.pytest).contains(name)
        });
        match unknown {
            Some(name) if text.contains("uses no argument") => {
                let at = metafunc.function.module.file.span(metafunc.function.def.range);
                self.suspect_refusal(&metafunc.name, at);
                let text = format!("{text}, unless the fixture `{name}` of a plugin does");
                Failure::Unknown { text, doubt: None, bare: false }
            }
            _ => Failure::Refused(text),
        }
    }
}

/// The nearest definition with parameters, as long as each nearer one asks for the one that it overrides.
fn parametrized(
    definitions: &foldhash::HashMap<Rc<str>, Vec<Rc<FixtureDef>>>,
    name: &Rc<str>,
) -> Option<Rc<FixtureDef>> {
    for definition in definitions.get(name)?.iter().rev() {
        if definition.params.is_some() {
            return Some(definition.clone());
        }
        if !definition.requests.contains(name) {
            return None;
        }
    }
    None
}

fn fixture_call(definition: &Rc<FixtureDef>) -> Call {
    Call {
        argnames: Value::str(&*definition.name),
        argvalues: definition.params.clone().unwrap_or(Value::None),
        indirect: Some(Value::Bool(true)),
        ids: definition.ids.clone(),
        scope: Some(Value::str(definition.scope.name())),
        at: definition.at.clone(),
        of_mark: false,
        origin: Rc::as_ptr(definition) as usize,
    }
}

fn outcome(failure: Failure, at: &SourceSpan) -> Outcome {
    match failure {
        Failure::Refused(text) => Outcome::Refused(text),
        Failure::Unknown { text, doubt, bare } => {
            let reason = match doubt {
                Some(doubt) => Reason { text: format!("{text}: {}", doubt.text), at: doubt.at.clone() },
                None => Reason { text, at: at.clone() },
            };
            Outcome::NotKnown(NotKnown { reason, bare, shadow: None })
        }
    }
}

/// `xfail` on what pytest, or a plugin, collects and does not run.
fn not_run(reason: String, function: &Function) -> OwnMark {
    let keyword = |name: &str, value| (name.into(), Argument::made(value, &function.module.file));
    let kwargs = vec![keyword("run", Value::Bool(false)), keyword("reason", Value::str(reason))];
    added("xfail", Vec::new(), kwargs, &function.module.file.span(function.def.range))
}

/// Whether it is the parameter that anyio's plugin has with trio only.
fn of_trio(parameter: &Parameter, place: &Place) -> bool {
    &*parameter.name == "anyio_backend"
        && parameter.value.as_str() == Some("trio")
        && place.visible.definitions("anyio_backend").len() == 1
}

/// A mark that pytest or a plugin adds by itself.
fn added(name: &str, args: Vec<Argument>, kwargs: Vec<(Rc<str>, Argument)>, at: &SourceSpan) -> OwnMark {
    let mark = Mark { name: name.into(), args, kwargs, at: at.clone(), doubt: None };
    OwnMark { mark: Rc::new(mark), scope: None }
}
