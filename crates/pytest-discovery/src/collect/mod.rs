//! From evaluated modules to their tests, as pytest's `Module`, `Class` and `Function` nodes give them.
//!
//! In the order data flows: [`names`] and [`class`] say what is collected (of libraries by [`foreign`] names),
//! [`function`] makes a function's tests from [`fixtures`] and the [`parameter_sets`] of calls of [`parametrize`], composed by [`callspec`]; hooks
//! of the tree ([`plugins`]) see them as [`metafunc`] and [`item`], with [`keywords`]; [`finish`] lets hooks change the
//! whole list, and orders it by [`scope`], in [`shadow`] of what is not known; [`cases`] makes the catalog's of it.

mod alike;
mod callspec;
mod cases;
mod changed;
mod class;
mod config_internals;
mod config_object;
mod doctests;
mod dynamic_scope;
mod edit_sites;
mod finish;
mod fixtures;
mod foreign;
mod function;
mod genitems;
pub(crate) mod ids;
mod item;
mod keywords;
mod library_fixtures;
mod makers;
mod marks;
mod metafunc;
mod names;
mod open_name;
mod own_marks;
mod parameter_sets;
mod parametrize;
mod plugins;
mod regroup;
mod scope;
mod search;
mod shadow;
mod unread;

use std::cell::OnceCell;
use std::rc::Rc;

use camino::Utf8Path;
use test_catalog::{
    Condition, DeclaredMarker, EditSite, NodeId, Observation, Problem, ProblemKind, Reason, SourceSpan,
};

use crate::PytestVersion;
use crate::config::Config;
use crate::eval::alike::Watch;
use crate::eval::shared::Shared;
use crate::eval::value::{Binding, Doubt, Module, Names, Value};
use crate::eval::{Frame, Interpreter, TOO_LONG, truth};
use crate::moment::Moment;
use crate::syntax::ast::Range;
use crate::walk::{ModuleFile, Position};
pub(crate) use cases::Cases;
pub(crate) use config_object::ConfigObject;
use fixtures::{Layer, Visible};
use item::ClassNode;
pub(crate) use item::{Item, ModuleNode};
use marks::MarkList;
pub(crate) use names::NameFilters;
use plugins::Plugins;
pub(crate) use plugins::{IGNORE_HOOK, Plugin};
use search::Search;

/// What pytest itself calls is called nowhere in the tree.
const NOWHERE: Range = Range { start: 0, end: 0 };

/// All that is collected in one session.
pub(crate) struct Collection<'c, 'i> {
    config: &'c Config,
    filters: NameFilters,
    pub(crate) interpreter: &'c mut Interpreter<'i>,
    pub(crate) plugins: Plugins,
    pub(crate) object: Rc<ConfigObject>,
    session: metafunc::Session,
    items: Vec<Rc<Item>>,
    /// The position of each file that was collected, with how many tests there were before.
    positions: Vec<(Position, usize)>,
    /// The classes of the module or class that is being collected: pytest collects them after all that is beside them.
    nodes: Vec<class::Node>,
    search: Search,
    /// The calls of `pytest_itemcollected` of the conftests around the module that is being collected.
    told: Vec<alike::Calls>,
    /// What arguments narrow, and hooks were not told of yet.
    untold: Vec<genitems::Untold>,
    /// `pytest_generate_tests` of the conftests around the module that is being collected.
    generators: Rc<[plugins::Hook]>,
    /// The hooks that are asked what each name of the module is collected as.
    item_makers: Rc<[plugins::Hook]>,
    /// Why pytest may refuse a function of the module or class that is being collected, and all beside it.
    suspects: Vec<Condition>,
    /// pytest's own, with or without those of `pytester`.
    builtin: Option<(bool, Rc<Layer>)>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) observations: Vec<Observation>,
}

/// How much of each was collected.
pub(crate) struct Collected {
    items: usize,
    positions: usize,
    problems: usize,
    observations: usize,
}

/// What collection ends with.
pub(crate) struct Found {
    pub(crate) cases: Cases,
    pub(crate) problems: Vec<Problem>,
    pub(crate) observations: Vec<Observation>,
    pub(crate) declared: Vec<DeclaredMarker>,
}

/// Where in a module collection is.
#[derive(Clone)]
struct Place {
    node: Rc<ModuleNode>,
    /// The classes around, outermost first.
    classes: Rc<[ClassNode]>,
    /// The marks of the classes around, innermost first, then the module's.
    chain: Rc<[MarkList]>,
    visible: Rc<Visible>,
    conditions: Rc<[Condition]>,
    /// Where an author can put a marker for all that is here.
    sites: Rc<[EditSite]>,
    doubt: Option<Doubt>,
    unittest: bool,
}

/// The tests in the order of the positions of their files, which may have been collected in another one.
fn in_position(items: Vec<Rc<Item>>, positions: Vec<(Position, usize)>) -> Vec<Rc<Item>> {
    if positions.is_sorted_by_key(|(position, _)| position) {
        return items;
    }
    let mut rest = items.into_iter();
    let ends = positions.iter().skip(1).map(|(_, end)| *end).chain([usize::MAX]);
    let each = positions.iter().zip(ends);
    let mut files: Vec<(Position, Vec<Rc<Item>>)> =
        each.map(|((position, begin), end)| (*position, rest.by_ref().take(end - begin).collect())).collect();
    files.sort_by_key(|(position, _)| *position);
    files.into_iter().flat_map(|(_, items)| items).collect()
}

/// pytest fails to collect this node: its tests are lost.
struct Lost(Problem);

impl Lost {
    fn new(message: String, at: SourceSpan) -> Self {
        Self(Problem { kind: ProblemKind::Collection, message, at })
    }
}

impl<'c, 'i> Collection<'c, 'i> {
    pub(crate) fn new(config: &'c Config, interpreter: &'c mut Interpreter<'i>, object: Rc<ConfigObject>) -> Self {
        let session = metafunc::Session {
            pytest: config.pytest,
            rules: parameter_sets::IdRules {
                unescaped: config.ini.unescaped_ids,
                strict: config.ini.strict_parametrization_ids,
                long_strings: config.ini.long_string_ids,
                empty_set: config.ini.empty_parameter_set_mark,
            },
            id_hooks: Rc::from([]),
            config: object.clone(),
            made_ids: Rc::default(),
        };
        Self {
            config,
            filters: NameFilters::new(config),
            interpreter,
            plugins: Plugins::new(config),
            object,
            session,
            items: Vec::new(),
            positions: Vec::new(),
            nodes: Vec::new(),
            search: Search::default(),
            told: Vec::new(),
            untold: Vec::new(),
            generators: Rc::from([]),
            item_makers: Rc::from([]),
            suspects: Vec::new(),
            builtin: None,
            problems: Vec::new(),
            observations: Vec::new(),
        }
    }

    /// Registers a plugin, and those that it names.
    pub(crate) fn register(&mut self, plugin: Plugin) {
        self.plugins.register(plugin, &self.object, self.interpreter);
    }

    /// Whether a hook may collect a file in a way of its own.
    pub(crate) fn collects(&mut self, path: &Utf8Path) -> bool {
        self.plugins.collect(self.interpreter, path)
    }

    /// What is collected from here on has that position among all tests.
    pub(crate) fn begin(&mut self, position: Position) {
        self.positions.push((position, self.items.len()));
    }

    /// How much is collected so far.
    pub(crate) fn collected(&self) -> Collected {
        Collected {
            items: self.items.len(),
            positions: self.positions.len(),
            problems: self.problems.len(),
            observations: self.observations.len(),
        }
    }

    /// Forgets what was collected since then.
    pub(crate) fn forget_since(&mut self, collected: &Collected) {
        self.items.truncate(collected.items);
        self.positions.truncate(collected.positions);
        self.problems.truncate(collected.problems);
        self.observations.truncate(collected.observations);
    }

    /// Collects one module. Whether that has what the argument names: a module that is lost has nothing.
    pub(crate) fn module(&mut self, file: &ModuleFile, node: Rc<ModuleNode>) -> bool {
        let module = node.module.clone();
        if module.ended.borrow().is_some() {
            self.lost_import(&module);
            return false;
        }
        let (moment, perhaps) = match file.ignored_by {
            Some(_) => (Moment::Never, None),
            None => (Moment::OnTheWay, file.perhaps().map(Doubt::from)),
        };
        self.plugins.register_named(&module, moment, perhaps.as_ref(), &self.object, self.interpreter);
        let id_hooks = self.plugins.hooks_of_all("pytest_make_parametrize_id", &file.path, moment);
        self.session.id_hooks = id_hooks.into_iter().map(plugins::Hook::value).collect();
        let tested = self.test_flag(&module);
        if tested.as_ref().is_some_and(|flag| truth(flag) == Some(false)) {
            return false;
        }
        self.generators = self.plugins.hooks(function::GENERATE, Some(&file.path)).into();
        let Ok(marks) = marks::of_module(&module, self.config.pytest) else {
            self.problems.push(pytestmark_problem(&module));
            return false;
        };
        let at = SourceSpan::line(module.file.path.clone(), 1);
        let has_pytester = self.plugins.has_pytester();
        let builtin = match self.builtin.take() {
            Some((had_pytester, builtin)) if had_pytester == has_pytester => builtin,
            _ => Rc::new(library_fixtures::of_pytest(has_pytester, &at)),
        };
        self.builtin = Some((has_pytester, builtin.clone()));
        let mut layers = vec![builtin];
        if !self.interpreter.absent.contains("anyio") && self.config.options.has_anyio() {
            layers.push(Rc::new(library_fixtures::of_anyio(!self.interpreter.absent.contains("trio"), &at)));
        }
        let mut doubt = file.doubt.clone().map(Into::into).or_else(|| module.open.borrow().clone());
        doubt = doubt.or_else(|| tested.as_ref().and_then(|flag| flag.doubt().cloned()));
        doubt = self.take_item_makers(&node).or(doubt);
        for plugin in self.plugins.reaching(&file.path) {
            layers.push(plugin.fixtures.clone());
            let maker = makers::NOT_FOLLOWED.iter().find_map(|name| Some(plugin.hook(name)?.not_followed(name)));
            doubt = doubt
                .or_else(|| maker.map(Into::into))
                .or_else(|| plugin.other_collector(self.interpreter, &file.path).map(Into::into));
            doubt = doubt.or_else(|| plugin.module.open.borrow().clone());
            let refused = plugin.fixtures.refused();
            doubt = doubt.or_else(|| refused.map(|one| Reason { text: one.message, at: one.at }.into()));
        }
        dynamic_scope::ask(&module.scope.names, &module, &self.session.config, self.interpreter);
        let layer = Layer::of_module(&module, self.config.pytest);
        if let (Some(problem), None) = (layer.refused(), &doubt) {
            self.problems.push(problem);
            return false;
        }
        layers.push(Rc::new(layer));
        let mut conditions = self.plugins.conditions(&file.path);
        conditions.extend(layers.iter().flat_map(|layer| layer.suspects().iter().cloned()));
        conditions.extend(file.conditions.iter().chain(module.conditions.borrow().iter()).cloned());
        let place = Place {
            node,
            classes: Rc::from([]),
            chain: Rc::from([marks]),
            visible: Rc::new(Visible::of(layers)),
            conditions: conditions.into(),
            sites: edit_sites::around(&module, &[]),
            doubt,
            unittest: false,
        };
        let names = bindings(&module.scope.names.borrow());
        let before = self.items.len();
        let hooks = self.plugins.hooks("pytest_itemcollected", Some(&file.path));
        let hooks: Vec<alike::Calls> = hooks.into_iter().map(alike::Calls::new).collect();
        // What an argument narrows is told of when the session comes to it.
        let (during, after) = if file.narrowed.is_none() { (hooks, Vec::new()) } else { (Vec::new(), hooks) };
        self.told = during;
        self.search.begin(file.narrowed.as_ref());
        let outcome =
            self.children(|here| names.iter().try_for_each(|(name, binding)| here.name(name, binding, &place)));
        if let Err(Lost(problem)) = outcome {
            self.problems.push(problem);
            return false;
        }
        let at = SourceSpan::line(module.file.path.clone(), 1);
        self.changed_by_hooks(before, &names, &bindings(&module.scope.names.borrow()), at);
        self.suspect(before, Vec::new());
        self.tell_open(before, &module);
        if let Some(argument) = &file.narrowed {
            self.narrow(before, file, argument);
        }
        if !after.is_empty() {
            self.untold.push(genitems::Untold {
                node: file.position.node,
                calls: after,
                items: self.items[before..].to_vec(),
            });
        }
        self.search.is_found()
    }

    /// A module whose import ended with an exception is told of once, unless it skipped itself.
    fn lost_import(&mut self, module: &Module) {
        let ended = module.ended.borrow();
        let Some(raised) = ended.as_ref().filter(|raised| &*raised.class != "Skipped") else { return };
        let message = format!("raises `{}` when it is imported: pytest collects none of its tests", raised.class);
        let problem = Problem { kind: ProblemKind::Collection, message, at: raised.at.clone() };
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// A module that may bind more than was seen is told of, unless its tests say so themselves.
    fn tell_open(&mut self, before: usize, module: &Module) {
        let Some(doubt) = module.open.borrow().clone() else { return };
        // The place may be one of another module, whose function was called.
        let is_given_up = *doubt.text == *TOO_LONG;
        if self.items.len() == before || is_given_up {
            let message = format!("may have tests that are not seen: {}", doubt.text);
            self.problems.push(Problem { kind: ProblemKind::Collection, message, at: doubt.at.clone() });
        }
    }

    /// What stands beside a function that may be refused is under the condition that it is not. `outer` is what was
    /// suspect around before.
    fn suspect(&mut self, before: usize, outer: Vec<Condition>) {
        let suspects = std::mem::replace(&mut self.suspects, outer);
        for item in &self.items[before..] {
            suspects.iter().for_each(|suspect| item.add_condition(suspect.clone()));
        }
    }

    /// `__test__` of a module, which its `__getattr__` may give. What gives that gives other names, too, that pytest asks for: then
    /// no more is known than that it is not false.
    fn test_flag(&mut self, module: &Rc<Module>) -> Option<Value> {
        let named = |name: &str| module.scope.names.borrow().get(name).map(|one| one.value.clone());
        if let Some(flag) = named("__test__") {
            return Some(flag);
        }
        let getter = named("__getattr__")?;
        let frame = Frame { scope: module.scope.clone(), module: module.clone() };
        let flag = self.interpreter.call_value(&getter, vec![Value::str("__test__")], Vec::new(), &frame, NOWHERE);
        if flag.doubt().is_some_and(|doubt| Interpreter::is_raise_of(doubt, "AttributeError")) {
            return None;
        }
        let at = SourceSpan::line(module.file.path.clone(), 1);
        let text = "the module's `__getattr__` gives what pytest asks for".to_owned();
        Some(if truth(&flag) == Some(false) { flag } else { Value::Unknown(Reason { text, at }.into()) })
    }

    /// The tests in their final order.
    pub(crate) fn finish(self) -> Found {
        let mut problems = self.problems;
        if let Some(reason) = self.interpreter.changed_pytest.take() {
            self.object.unfollowed.borrow_mut().get_or_insert(reason);
        }
        if let (true, Some(reason)) = (self.items.is_empty(), &*self.object.unfollowed.borrow()) {
            let message = format!("may have tests that are not seen: {}", reason.text);
            problems.push(Problem { kind: ProblemKind::Collection, message, at: reason.at.clone() });
        }
        let items = in_position(self.items, self.positions);
        let items = finish::finish(items, &self.plugins, &self.object, self.interpreter, self.config.pytest);
        problems.extend(self.object.ended.take());
        let declared = self.object.declared.take();
        Found { cases: Cases::new(items), problems, observations: self.observations, declared }
    }

    fn name(&mut self, name: &Rc<str>, binding: &Binding, place: &Place) -> Result<(), Lost> {
        if name.starts_with("__") && name.ends_with("__") {
            return Ok(());
        }
        if let Some(doubt) = self.made_otherwise(name, &binding.value) {
            self.inexact_name(name, place, &doubt);
            return Ok(());
        }
        match self.is_imported(&binding.value, place) {
            Ok(false) => {}
            Ok(true) => return Ok(()),
            Err(doubt) => {
                self.inexact_name(name, place, &doubt);
                return Ok(());
            }
        }
        match &binding.value {
            Value::Class(class) => {
                self.class(name, class, binding, place);
                Ok(())
            }
            value if !self.filters.takes_function(name) && switched(value) != Some(true) => {
                if let Some(doubt) = self.perhaps_class(name, value, place) {
                    self.inexact_name(name, place, &doubt);
                }
                Ok(())
            }
            value if switched(value) == Some(false) => Ok(()),
            Value::Function(function) => self.function(name, function, binding, place, true),
            Value::StaticMethod(inner) | Value::ClassMethod(inner) if place.classes.is_empty() && is_marked(inner) => {
                let at = SourceSpan::line(place.node.module.file.path.clone(), 1);
                let text =
                    format!("`{name}` is a static or class method outside a class, which has not its function's marks");
                self.inexact_name(name, place, &Reason { text, at }.into());
                Ok(())
            }
            Value::StaticMethod(inner) => match &**inner {
                Value::Function(function) => self.function(name, function, binding, place, false),
                inner => self.unwrapped(name, inner, binding, place),
            },
            Value::ClassMethod(inner) => match &**inner {
                Value::Function(function) => self.function(name, function, binding, place, true),
                inner => self.unwrapped(name, inner, binding, place),
            },
            Value::Unknown(doubt) => {
                self.inexact_name(name, place, &doubt.clone());
                Ok(())
            }
            Value::Instance(instance) if instance.may_wrap() => {
                let at = SourceSpan::line(place.node.module.file.path.clone(), 1);
                let text = format!("`{name}` is an object that may wrap a function");
                self.inexact_name(name, place, &Reason { text, at }.into());
                Ok(())
            }
            Value::Partial(_) | Value::Method(_) | Value::Transparent => {
                let at = SourceSpan::line(place.node.module.file.path.clone(), 1);
                let text = format!("`{name}` is made of another function");
                self.inexact_name(name, place, &Reason { text, at }.into());
                Ok(())
            }
            Value::External(path) if crate::eval::stdlib::is_no_test(path) => Ok(()),
            Value::External(_) => {
                let at = SourceSpan::line(place.node.module.file.path.clone(), 1);
                let text = format!("`{name}` comes from a library, and may be a test");
                self.inexact_name(name, place, &Reason { text, at }.into());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Why it may be a test class that is not known: by its name, or as a `TestCase`.
    fn perhaps_class(&self, name: &str, value: &Value, place: &Place) -> Option<Doubt> {
        match value {
            Value::Unknown(doubt) => {
                let hints = name.ends_with("Case") || foreign::names_tests(name) || doubt.text.contains("TestCase");
                let is_it = self.filters.takes_class(name)
                    || (foreign::is_class_name(name) && hints)
                    || (*doubt.text == *TOO_LONG && unread::may_be_case(name, &place.node.module));
                is_it.then(|| doubt.clone())
            }
            Value::External(path) => {
                let by_name = self.filters.takes_class(name) && foreign::brings_tests(path);
                let at = SourceSpan::line(place.node.module.file.path.clone(), 1);
                let text = format!("`{path}` comes from a library, and may be a test class");
                (by_name || foreign::is_suite(path)).then(|| Reason { text, at }.into())
            }
            _ => None,
        }
    }

    /// What a static or class method holds that is no function of the tree.
    fn unwrapped(&mut self, name: &Rc<str>, inner: &Value, binding: &Binding, place: &Place) -> Result<(), Lost> {
        match inner {
            Value::Class(_) | Value::StaticMethod(_) | Value::ClassMethod(_) => Ok(()),
            _ => self.name(name, &Binding { value: inner.clone(), doubt: binding.doubt.clone() }, place),
        }
    }

    /// Whether `collect_imported_tests = false` leaves it out: a function or class whose `__module__` is another.
    fn is_imported(&self, value: &Value, place: &Place) -> Result<bool, Doubt> {
        let is_asked = !self.config.ini.collect_imported_tests
            && self.config.pytest >= PytestVersion::COLLECT_IMPORTED_TESTS
            && place.classes.is_empty();
        if !is_asked {
            return Ok(false);
        }
        let here = &place.node.module;
        match home(value) {
            None => Ok(false),
            Some(Home::File(file)) => Ok(file != here.file.path),
            Some(Home::Assigned(Value::Unknown(doubt))) => Err(doubt),
            Some(Home::Assigned(name)) => Ok(name.as_str() != Some(&*here.name)),
        }
    }

    /// A name that may be a test, and about which no more is known.
    fn inexact_name(&mut self, name: &Rc<str>, place: &Place, doubt: &Doubt) {
        self.inexact_item(name, None, place, doubt);
        if *doubt.text == *TOO_LONG && place.classes.is_empty() {
            for method in self.unread_methods(name, &place.node.module) {
                self.inexact_item(&method, Some(name), place, doubt);
            }
        }
    }

    /// `class` is one that is not known itself.
    fn inexact_item(&mut self, name: &str, class: Option<&Rc<str>>, place: &Place, doubt: &Doubt) {
        let around = place.classes.iter().map(|node| &node.name).chain(class);
        let node_id = NodeId::python(&place.node.node, around.map(|name| &**name).chain([name]), None);
        self.items.push(Rc::new(Item {
            module: place.node.clone(),
            classes: place.classes.clone(),
            name: name.into(),
            id: None,
            function_id: node_id.clone(),
            node_id,
            function: None,
            own: own_marks::OwnMarks::default(),
            chain: place.chain.clone(),
            open: Some(doubt.clone()),
            hooks: Shared::default(),
            fixtures: Rc::from([]),
            names: Shared::default(),
            parameters: Box::default(),
            shadow: Box::default(),
            conditions: Shared::new(place.conditions.to_vec()),
            several: OnceCell::new(),
            span: doubt.at.clone(),
            doubt: Shared::new(Some(doubt.clone())),
            sites: std::sync::Arc::default(),
            param_at: None,
            config: self.session.config.clone(),
            watch: Watch::default(),
        }));
    }
}

fn is_marked(value: &Value) -> bool {
    matches!(value, Value::Function(function) if !function.marks.borrow().is_empty())
}

/// What `__module__` of a function or class is.
enum Home {
    File(test_catalog::TreePath),
    Assigned(Value),
}

/// `functools.wraps` gives a function the `__module__` of the one that it wraps.
fn home(value: &Value) -> Option<Home> {
    const MODULE: &str = "__module__";
    let assigned = |names: &Shared<Names>| names.borrow().get(MODULE).map(|one| Home::Assigned(one.value.clone()));
    match value {
        Value::Function(function) => assigned(&function.attributes).or_else(|| match &function.wrapped() {
            Some(inner) => home(&Value::Function(inner.clone())),
            None => Some(Home::Assigned(Value::str(&*function.module.name))),
        }),
        Value::Class(class) => assigned(&class.names).or_else(|| Some(Home::File(class.file.path.clone()))),
        _ => None,
    }
}

/// What a function's `__test__` says, where it has one.
fn switched(value: &Value) -> Option<bool> {
    match value {
        Value::Function(function) => function.attributes.borrow().get("__test__").and_then(|flag| truth(&flag.value)),
        Value::StaticMethod(inner) | Value::ClassMethod(inner) => switched(inner),
        _ => None,
    }
}

fn bindings(names: &Names) -> Vec<(Rc<str>, Binding)> {
    names.iter().map(|(name, binding)| (name.clone(), binding.clone())).collect()
}

/// A `pytestmark` that is neither a mark nor a list loses what it stands in.
fn pytestmark_problem(module: &Module) -> Problem {
    let text = module.file.text().unwrap_or_default();
    let line = text.lines().position(|line| line.trim_start().starts_with("pytestmark")).unwrap_or(0);
    Problem {
        kind: ProblemKind::Collection,
        message: "`pytestmark` is neither a mark nor a list of marks: pytest collects none of these tests".to_owned(),
        at: SourceSpan::line(module.file.path.clone(), u32::try_from(line + 1).unwrap_or(1)),
    }
}
