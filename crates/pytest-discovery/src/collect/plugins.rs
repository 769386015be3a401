//! The tree's own plugins: conftests and what `pytest_plugins` names, with their hooks in the order in which pytest
//! calls them.
//!
//! Source of the rules: pluggy's order of hook implementations, and pytest's registration of conftests.

use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};
use test_catalog::{Condition, Reason, SourceSpan};

use super::config_object::{ConfigObject, Parser, Session};
use super::dynamic_scope;
use super::fixtures::Layer;
use super::item::Ancestor;
use crate::PytestVersion;
use crate::config::Config;
use crate::eval::value::{Binding, Doubt, Module, Value};
use crate::eval::{Frame, Interpreter, elements};
use crate::moment::{Moment, loads_at_once};
use crate::options::is_blocked;
use crate::syntax::ast::{Constant, ExprKind, Stmt, StmtKind};
use crate::syntax::visit::{self, Node};

/// How a function of another name says which hook it is.
const SPECNAME: &str = "specname";

const COLLECT_FILE: &str = "pytest_collect_file";
pub(crate) const IGNORE_HOOK: &str = "pytest_ignore_collect";

/// One plugin of the tree.
#[derive(Debug)]
pub(crate) struct Plugin {
    pub(super) module: Rc<Module>,
    /// The folder whose tests it reaches; `None` for one that reaches all.
    pub(super) folder: Option<Utf8PathBuf>,
    loaded: Moment,
    /// Why it may not be loaded, but for tests that it reaches.
    perhaps: Option<Doubt>,
    /// Whether a hook of it may have another name than its function.
    specnames: bool,
    pub(super) fixtures: Rc<Layer>,
}

/// When a hook is called among those of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    First,
    Normal,
    Last,
}

/// A hook of the tree.
#[derive(Debug, Clone)]
pub(super) struct Hook {
    pub(super) function: Value,
    pub(super) module: Rc<Module>,
    pub(super) initial: bool,
    pub(super) turn: Turn,
    /// It wraps the others, or it is not known what it is, or whether it is there: that is not followed.
    pub(super) wraps: bool,
    /// Why it may be another one, or none.
    pub(super) doubt: Option<Doubt>,
    pub(super) at: SourceSpan,
}

impl Plugin {
    pub(crate) fn new(module: Rc<Module>, folder: Option<Utf8PathBuf>, loaded: Moment, perhaps: Option<Doubt>) -> Self {
        let specnames = names_hooks(&module.file.body);
        Self { module, folder, loaded, perhaps, specnames, fixtures: Rc::default() }
    }

    /// Whether it is there before anything is collected.
    fn is_initial(&self) -> bool {
        self.loaded == Moment::Start
    }

    /// Whether it is that module.
    pub(crate) fn is(&self, module: &Rc<Module>) -> bool {
        Rc::ptr_eq(&self.module, module)
    }

    /// Lets its options and its settings count.
    pub(crate) fn configure(&self, config: &Rc<ConfigObject>, interpreter: &mut Interpreter<'_>) {
        let object = Value::Object(config.clone());
        let manager = config.plugin_manager();
        if let Some(hook) = self.hook("pytest_addhooks") {
            hook.call(interpreter, &[("pluginmanager", manager.clone())]);
        }
        if let Some(hook) = self.hook("pytest_plugin_registered") {
            hook.call(interpreter, &[("manager", manager.clone())]);
        }
        if let Some(hook) = self.hook("pytest_addoption") {
            let parser = Value::Object(Rc::new(Parser(config.clone())));
            hook.call(interpreter, &[("parser", parser), ("pluginmanager", manager)]);
        }
        if let Some(hook) = self.hook("pytest_configure") {
            hook.call(interpreter, &[("config", object.clone())]);
        }
        // Later, when all plugins are there. They may set options, too.
        if let Some(hook) = self.hook("pytest_cmdline_main") {
            hook.call(interpreter, &[("config", object)]);
        }
        if let Some(hook) = self.hook("pytest_sessionstart") {
            let session = Session::new(config, Value::list(Vec::new()));
            hook.call(interpreter, &[("session", Value::Object(session))]);
        }
        if let Some(hook) = self.hook("pytest_collectstart") {
            let collector = Ancestor::value(config, &hook.at);
            hook.call(interpreter, &[("collector", collector)]);
        }
        self.begin_collection(config, interpreter);
    }

    /// Registers its fixtures. Of one that pytest refuses here it dies.
    fn register_fixtures(
        &mut self,
        config: &Rc<ConfigObject>,
        interpreter: &mut Interpreter<'_>,
        pytest: PytestVersion,
    ) {
        let names = &self.module.scope.names;
        dynamic_scope::ask(names, &self.module, config, interpreter);
        self.fixtures = Rc::new(Layer::of_module(&self.module, pytest));
        if let Some(problem) = self.fixtures.refused() {
            config.not_follow(problem.message, problem.at);
        }
    }

    /// Its `pytest_collection`, which pytest asks before it collects: one that is not given the session and answers
    /// nothing leaves collection to pytest. A plugin that comes later is not asked.
    fn begin_collection(&self, config: &Rc<ConfigObject>, interpreter: &mut Interpreter<'_>) {
        const HOOK: &str = "pytest_collection";
        let Some(hook) = self.hook(HOOK).filter(|_| self.is_initial()) else { return };
        let is_plain = matches!(&hook.function, Value::Function(function) if function.def.parameters.is_empty());
        let leaves_it =
            is_plain && !hook.wraps && matches!(hook.call(interpreter, &[]), Value::None) && !interpreter.has_failed();
        if !leaves_it {
            config.unfollowed.borrow_mut().get_or_insert_with(|| hook.not_followed(HOOK));
        }
    }

    /// Whether it belongs to no folder.
    pub(crate) fn reaches_all(&self) -> bool {
        self.folder.is_none()
    }

    /// Its module, if that has a hook of the name.
    pub(crate) fn module_with(&self, hook: &str) -> Option<Rc<Module>> {
        self.module.scope.names.borrow().contains_key(hook).then(|| self.module.clone())
    }

    pub(super) fn reaches(&self, path: &Utf8Path) -> bool {
        // Compared as texts: it is asked for each module and hook.
        let within = |folder: &Utf8PathBuf| {
            let rest = path.as_str().strip_prefix(folder.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.folder.as_ref().is_none_or(within)
    }

    /// Why its `pytest_collect_file` may collect the file in a way of its own.
    pub(super) fn other_collector(&self, interpreter: &mut Interpreter<'_>, path: &Utf8Path) -> Option<Reason> {
        let hook = self.hook(COLLECT_FILE)?;
        let file = crate::eval::path_value(path);
        let at = Doubt::from(Reason { text: "the node of a folder".to_owned(), at: hook.at.clone() });
        let arguments = [("file_path", file.clone()), ("path", file), ("parent", Value::Unknown(at))];
        match hook.call(interpreter, &arguments) {
            Value::None if !hook.wraps => None,
            _ => Some(hook.not_followed(COLLECT_FILE)),
        }
    }

    /// What implements a hook: a function of its name, or one that says so.
    fn implementation(&self, name: &str) -> Option<Binding> {
        let names = self.module.scope.names.borrow();
        if self.specnames
            && let Some(binding) = names.iter().find_map(|(own, binding)| {
                // pytest looks at nothing that has another name.
                let is_it = own.starts_with("pytest_") && specname(&binding.value).as_deref() == Some(name);
                is_it.then(|| binding.clone())
            })
        {
            return Some(binding);
        }
        names.get(name).filter(|binding| !self.specnames || specname(&binding.value).is_none()).cloned()
    }

    pub(super) fn hook(&self, name: &str) -> Option<Hook> {
        let binding = self.implementation(name)?;
        let file = &self.module.file;
        let doubt = binding.value.doubt().cloned().or(binding.doubt);
        let mut hook = Hook {
            function: binding.value,
            module: self.module.clone(),
            initial: self.is_initial(),
            turn: Turn::Normal,
            wraps: doubt.is_some(),
            at: doubt.as_ref().map_or_else(|| SourceSpan::line(file.path.clone(), 1), |doubt| doubt.at.clone()),
            doubt,
        };
        match &hook.function {
            Value::Function(function) => {
                hook.at = function.module.file.span(function.def.range);
                hook.wraps |= function.def.is_generator;
                for decorator in &function.def.decorators {
                    let says = |name| {
                        let value = decorator.keyword(name).map(|value| &value.kind);
                        matches!(value, Some(ExprKind::Constant(Constant::Bool(true))))
                    };
                    if says("tryfirst") {
                        hook.turn = Turn::First;
                    } else if says("trylast") {
                        hook.turn = Turn::Last;
                    }
                }
            }
            Value::Method(method) => {
                hook.wraps |= !matches!(&method.1, Value::Function(function) if !function.def.is_generator)
            }
            Value::Unknown(_) | Value::External(_) | Value::BuiltinMethod(_) => hook.wraps = true,
            // pytest takes functions and methods for hooks only.
            _ => return None,
        }
        Some(hook)
    }
}

impl Hook {
    /// The same, which may not be there.
    fn perhaps(self, doubt: &Doubt) -> Self {
        Self { wraps: true, doubt: self.doubt.or_else(|| Some(doubt.clone())), ..self }
    }

    /// Calls it with what it names of the arguments.
    pub(super) fn call(&self, interpreter: &mut Interpreter<'_>, arguments: &[(&str, Value)]) -> Value {
        let frame = self.frame();
        if let Some(doubt) = &self.doubt {
            self.may_call(interpreter, arguments);
            return Value::Unknown(doubt.clone());
        }
        interpreter.call_hook(&self.function, None, arguments, &frame)
    }

    /// One that may be another, or none, may change what it is passed.
    pub(super) fn may_call(&self, interpreter: &mut Interpreter<'_>, arguments: &[(&str, Value)]) {
        if let Some(doubt) = &self.doubt {
            interpreter.may_call_hook(doubt, &self.function, None, arguments, &self.frame());
        }
    }

    /// It as a value that can be called, where that is known.
    pub(super) fn value(self) -> Value {
        self.doubt.map_or(self.function, Value::Unknown)
    }

    fn frame(&self) -> Frame {
        Frame { scope: self.module.scope.clone(), module: self.module.clone() }
    }

    /// Why what it does is not known.
    pub(super) fn not_followed(&self, name: &str) -> Reason {
        let text = match &self.doubt {
            Some(doubt) => format!("the hook `{name}` may be another one, or none: {}", doubt.text),
            None => format!("the hook `{name}` is not followed"),
        };
        Reason { text, at: self.at.clone() }
    }
}

/// The `specname=` of a function's decorators.
fn specname(value: &Value) -> Option<String> {
    let Value::Function(function) = value else { return None };
    function.def.decorators.iter().find_map(|decorator| match &decorator.keyword(SPECNAME)?.kind {
        ExprKind::Constant(Constant::Str(name)) => name.as_str().map(str::to_owned),
        _ => None,
    })
}

/// Whether a function of a module may say of which hook it is.
fn names_hooks(body: &[Stmt]) -> bool {
    let mut names = false;
    visit::walk(body, &mut |node| match node {
        Node::Statement(Stmt { kind: StmtKind::Function(def), .. }) => {
            names |= def.decorators.iter().any(|decorator| decorator.keyword(SPECNAME).is_some());
            false
        }
        Node::Statement(Stmt { kind: StmtKind::Class(_), .. }) | Node::Expression(_) => false,
        Node::Statement(_) => true,
    });
    names
}

/// What a `pytest_plugins` names, and whether it may name more.
///
/// Source of the rules: pytest's `_get_plugin_specs_as_list`.
fn plugin_names(named: &Value) -> (Vec<String>, bool) {
    let items = match named {
        Value::None | Value::Module(_) => return (Vec::new(), false),
        Value::Str(text) => match text.as_str() {
            Some(text) => return (text.split(',').map(str::to_owned).collect(), false),
            None => return (Vec::new(), true),
        },
        other => elements(other),
    };
    let Ok(items) = items else { return (Vec::new(), true) };
    let names: Vec<String> = items.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect();
    let unknown = names.len() < items.len();
    (names, unknown)
}

/// A plugin of pytest's that is there where something names it.
const PYTESTER: &str = "pytester";

fn is_pytester(name: &str) -> bool {
    name == PYTESTER || name.strip_prefix("_pytest.") == Some(PYTESTER)
}

/// All of them, in the order of registration.
#[derive(Debug)]
pub(crate) struct Plugins {
    all: Vec<Plugin>,
    rootdir: Utf8PathBuf,
    /// What `-p` says.
    words: Vec<String>,
    /// Whether the plugin `pytester` of pytest's is there: something names it.
    has_pytester: bool,
    may_collect: bool,
    may_ignore: bool,
    pytest: PytestVersion,
}

/// Plugins without a folder come before the rootdir's conftest; before, in the order of registration.
const PLUGINS_FIRST: PytestVersion = PytestVersion::new(9, 1, 0);

impl Plugins {
    pub(crate) fn new(config: &Config) -> Self {
        let (rootdir, words) = (config.rootdir.clone(), config.options.plugins.clone());
        let has_pytester = words.iter().any(|word| is_pytester(word)) && !is_blocked(&words, PYTESTER);
        let (may_collect, may_ignore) = (false, false);
        Self { all: Vec::new(), rootdir, words, has_pytester, may_collect, may_ignore, pytest: config.pytest }
    }

    /// The hooks of a name in the order of calls, of all plugins that are there now, wherever they lie: for a file that is
    /// collected at that moment.
    pub(super) fn hooks_of_all(&self, name: &str, path: &Utf8Path, moment: Moment) -> Vec<Hook> {
        let is_there = |plugin: &Plugin| plugin.loaded != Moment::Never || moment == Moment::Never;
        let mut hooks = self.hooks_of(name, Some(path), is_there);
        in_turn(&mut hooks);
        hooks
    }

    /// Registers a plugin, lets its options and settings count, and registers what its `pytest_plugins` names.
    pub(crate) fn register(
        &mut self,
        mut plugin: Plugin,
        config: &Rc<ConfigObject>,
        interpreter: &mut Interpreter<'_>,
    ) {
        let (module, loaded, perhaps) = (plugin.module.clone(), plugin.loaded, plugin.perhaps.clone());
        match &perhaps {
            _ if loaded == Moment::Never => {}
            None => plugin.configure(config, interpreter),
            Some(doubt) => {
                let _ = interpreter.perhaps(doubt, |interpreter| plugin.configure(config, interpreter));
            }
        }
        plugin.register_fixtures(config, interpreter, self.pytest);
        self.may_collect |= plugin.implementation(COLLECT_FILE).is_some();
        self.may_ignore |= plugin.reaches_all() && plugin.module_with(IGNORE_HOOK).is_some();
        self.all.push(plugin);
        self.register_named(&module, loaded, perhaps.as_ref(), config, interpreter);
    }

    /// Registers the plugins that a module's `pytest_plugins` names, as far as they are of the tree.
    pub(super) fn register_named(
        &mut self,
        module: &Rc<Module>,
        loaded: Moment,
        perhaps: Option<&Doubt>,
        config: &Rc<ConfigObject>,
        interpreter: &mut Interpreter<'_>,
    ) {
        let named = module.scope.names.borrow().get("pytest_plugins").map(|binding| binding.value.clone());
        let Some(named) = named else { return };
        let (names, unknown) = plugin_names(&named);
        if unknown {
            // Its fixtures and hooks may reach every test.
            let at = SourceSpan::line(module.file.path.clone(), 1);
            let reason = Reason { text: "`pytest_plugins` is not known".to_owned(), at };
            config.unfollowed.borrow_mut().get_or_insert(reason);
        }
        for name in names {
            if is_blocked(&self.words, &name) {
                continue;
            }
            self.has_pytester |= is_pytester(&name);
            let found = match perhaps {
                None => interpreter.module_of_tree(&module.path, &name),
                Some(doubt) => {
                    interpreter.perhaps(doubt, |interpreter| interpreter.module_of_tree(&module.path, &name)).flatten()
                }
            };
            // Each is registered once, so that plugins that name each other end.
            if let Some(found) = found
                && !self.all.iter().any(|plugin| plugin.is(&found))
            {
                self.register(Plugin::new(found, None, loaded, perhaps.cloned()), config, interpreter);
            }
        }
    }

    /// What has to be so that the plugins are there which a file needs: those of its folders, and all that pytest loads
    /// at once.
    pub(super) fn conditions(&self, path: &Utf8Path) -> Vec<Condition> {
        let at_once = loads_at_once(self.pytest);
        let needed = self.all.iter().filter(|plugin| at_once || plugin.is_initial() || plugin.reaches(path));
        let mut all: Vec<Condition> = Vec::new();
        for condition in needed.flat_map(|plugin| plugin.module.conditions.borrow().clone()) {
            if !all.contains(&condition) {
                all.push(condition);
            }
        }
        all
    }

    /// Whether there are the fixtures of the plugin `pytester`.
    pub(super) fn has_pytester(&self) -> bool {
        self.has_pytester
    }

    /// Whether one of them may collect files in a way of its own.
    pub(crate) fn may_collect(&self) -> bool {
        self.may_collect
    }

    /// Whether one of them that is no conftest is asked what is left out.
    pub(crate) fn may_ignore(&self) -> bool {
        self.may_ignore
    }

    /// Whether it may collect that file.
    pub(crate) fn collect(&self, interpreter: &mut Interpreter<'_>, path: &Utf8Path) -> bool {
        self.reaching(path).any(|plugin| plugin.other_collector(interpreter, path).is_some())
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Plugin> {
        self.all.iter()
    }

    /// Those whose folder holds the file, the farthest first. The rootdir's conftest, and those above it, belong to
    /// the session, as plugins without a folder do.
    pub(super) fn reaching<'p>(&'p self, path: &'p Utf8Path) -> impl Iterator<Item = &'p Plugin> {
        let mut reaching: Vec<&Plugin> = self.all.iter().filter(|plugin| plugin.reaches(path)).collect();
        reaching.sort_by_key(|plugin| match &plugin.folder {
            None => 0,
            Some(folder) if self.rootdir.starts_with(folder) => usize::from(self.pytest >= PLUGINS_FIRST),
            Some(folder) => folder.as_str().len() + 1,
        });
        reaching.into_iter()
    }

    /// The hooks of a name that reach a file (or all of them), in the order of calls: those that want to be first,
    /// the rest, those that want to be last; in each group the one registered last comes first.
    pub(super) fn hooks(&self, name: &str, path: Option<&Utf8Path>) -> Vec<Hook> {
        let is_there = |plugin: &Plugin| path.map_or(plugin.loaded != Moment::Never, |path| plugin.reaches(path));
        let mut hooks = self.hooks_of(name, path, is_there);
        in_turn(&mut hooks);
        hooks
    }

    fn hooks_of(&self, name: &str, path: Option<&Utf8Path>, takes: impl Fn(&Plugin) -> bool) -> Vec<Hook> {
        let taken = self.all.iter().rev().filter(|plugin| takes(plugin));
        let hooks = taken.filter_map(|plugin| {
            let hook = plugin.hook(name)?;
            // A file in its folder is not collected without it.
            let is_there = plugin.folder.is_some() && path.is_some_and(|path| plugin.reaches(path));
            Some(match plugin.perhaps.as_ref().filter(|_| !is_there) {
                Some(doubt) => hook.perhaps(doubt),
                None => hook,
            })
        });
        hooks.collect()
    }
}

fn in_turn(hooks: &mut [Hook]) {
    hooks.sort_by_key(|hook| match hook.turn {
        Turn::First => 0,
        Turn::Normal => 1,
        Turn::Last => 2,
    });
}
