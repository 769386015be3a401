//! The conftests of a tree: loaded while the walk goes on, and asked what it leaves out.

use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};
use foldhash::HashMap;
use test_catalog::{Condition, Problem, ProblemKind, Reason, SourceSpan, TreePath};

use crate::collect::{ConfigObject, Plugin, Plugins};
use crate::config::Config;
use crate::eval::value::{Binding, Doubt, Module, Raised, Value};
use crate::eval::{Frame, Interpreter, elements, path_value, truth};
use crate::module_names::{ModuleNames, Taken};
use crate::moment::{Moment, loads_at_once};
use crate::options::is_blocked;
use crate::paths::is_within;
use crate::syntax::ast::ParameterKind;
use crate::walk::{ConftestIgnores, Conftests, Entry, HookVerdict};
use crate::{PytestVersion, arguments};

/// What one outside packages is imported as.
const CONFTEST: &str = "conftest";
const IGNORE_HOOK: &str = "pytest_ignore_collect";

/// Conftests and the plugins that they name.
pub(crate) struct Loaded {
    pub(crate) plugins: Plugins,
    pub(crate) problems: Vec<Problem>,
    /// Whether pytest ends before it collects anything.
    pub(crate) is_lost: bool,
    /// Folders whose conftest fails, or skips itself.
    pub(crate) lost_folders: Vec<Utf8PathBuf>,
    /// Of a file whose import does not give its own module: what it gives.
    pub(crate) taken: HashMap<Utf8PathBuf, Taken>,
    /// What files are imported by that lie in namespace packages.
    pub(crate) names: HashMap<Utf8PathBuf, String>,
    /// Those that are imported as `conftest`, each in the place of the one before, with when that is.
    pub(crate) in_turn: Vec<(Moment, Utf8PathBuf)>,
}

/// Evaluates each conftest when the walk comes to it.
pub(crate) struct LoadedConftests<'l, 'i> {
    config: &'l Config,
    interpreter: &'l mut Interpreter<'i>,
    object: Rc<ConfigObject>,
    modules: HashMap<Utf8PathBuf, Rc<Module>>,
    names: ModuleNames,
    may_collect: bool,
    /// The modules that are imported once all is walked.
    later: Vec<Utf8PathBuf>,
    loaded: Loaded,
}

impl<'l, 'i> LoadedConftests<'l, 'i> {
    /// The initial ones are loaded at once.
    pub(crate) fn new(config: &'l Config, interpreter: &'l mut Interpreter<'i>, object: Rc<ConfigObject>) -> Self {
        let loaded = Loaded {
            plugins: Plugins::new(config),
            problems: Vec::new(),
            is_lost: false,
            lost_folders: Vec::new(),
            taken: HashMap::default(),
            names: HashMap::default(),
            in_turn: Vec::new(),
        };
        let (modules, names, later) = (HashMap::default(), ModuleNames::new(config.ini.pythonpath.clone()), Vec::new());
        let mut conftests = Self { config, interpreter, object, modules, names, may_collect: false, later, loaded };
        conftests.load_named_plugins();
        if !config.options.noconftest {
            let texts = &config.argument_texts;
            for conftest in arguments::initial_conftests(&config.invocation_dir, texts, &config.confcutdir) {
                conftests.load(&conftest, Moment::START, None);
            }
        }
        if !loads_at_once(config.pytest) {
            let searched = config.arguments.iter().filter(|argument| !argument.names.is_empty());
            searched.for_each(|argument| conftests.import(&argument.path));
        }
        conftests
    }

    /// Those of the tree that `-p` names.
    fn load_named_plugins(&mut self) {
        let from = self.config.invocation_dir.join("-p");
        let words = &self.config.options.plugins;
        for name in words.iter().filter(|name| !name.starts_with("no:") && !is_blocked(words, name)) {
            if let Some(module) = self.interpreter.module_of_tree(&from, name) {
                self.register(&module, None, Moment::START, None);
            }
        }
    }

    /// Loads a conftest, to which pytest comes at that moment: under that doubt, if any.
    fn load(&mut self, conftest: &Utf8Path, moment: Moment, perhaps: Option<Doubt>) -> Option<Rc<Module>> {
        if let Some(module) = self.modules.get(conftest) {
            return Some(module.clone());
        }
        let folder = conftest.parent().unwrap_or(conftest).to_owned();
        if moment != Moment::NEVER
            && let Some(problem) = self.not_importable(conftest)
        {
            self.lose(folder, moment, problem);
            return None;
        }
        let name =
            self.names.namespaced_name(conftest).unwrap_or_else(|| self.interpreter.imports.module_name(conftest));
        let loaded = match &perhaps {
            Some(doubt) => self.interpreter.module_perhaps(conftest, &name, doubt),
            None => self.interpreter.module_by(conftest, &name),
        };
        let module = match loaded {
            Ok(module) => module,
            Err(problem) => {
                self.lose(folder, moment, problem);
                return None;
            }
        };
        self.modules.insert(conftest.to_owned(), module.clone());
        if self.interpreter.imports.module_name(conftest) == CONFTEST {
            self.loaded.in_turn.push((moment, conftest.to_owned()));
        }
        let ended = module.ended.borrow().clone();
        if let Some(Raised { class, at, .. }) = ended {
            if &*class == "Skipped" && !self.loses_all(moment) {
                self.loaded.lost_folders.push(folder);
            } else {
                let lost = if self.loses_all(moment) { "all tests" } else { "the tests of its folder" };
                let message = format!("raises `{class}` when it is loaded: pytest collects none of {lost}");
                self.lose(folder, moment, Problem { kind: ProblemKind::Collection, message, at });
            }
            return None;
        }
        if let Some(problem) = refused_hook(&module, self.config.pytest) {
            self.lose(folder, moment, problem);
            return None;
        }
        // A conftest outside the rootdir may only name plugins while pytest starts.
        let names_plugins = module.scope.names.borrow().contains_key("pytest_plugins") && !self.config.options.pyargs;
        if names_plugins && !moment.is_initial() {
            let at = SourceSpan::line(module.file.path.clone(), 1);
            let message = "names `pytest_plugins`, which only a conftest that is loaded at the start may: pytest \
                           collects none of the tests of its folder"
                .to_owned();
            self.lose(folder, moment, Problem { kind: ProblemKind::Collection, message, at });
            return None;
        }
        self.register(&module, Some(folder), moment, perhaps);
        Some(module)
    }

    /// Why a conftest cannot be imported beside what is imported already.
    fn not_importable(&mut self, conftest: &Utf8Path) -> Option<Problem> {
        let imports = self.interpreter.imports;
        if imports.package_of(conftest).is_none() {
            self.names.forget(CONFTEST);
        }
        let tree = self.interpreter.tree;
        let relative = |path: &Utf8Path| TreePath::relative_to(path, tree).unwrap_or_else(|| TreePath::new(path));
        if let Some(why) = imports.cannot_name(conftest) {
            let at = SourceSpan::line(relative(conftest), 1);
            return Some(Problem { kind: ProblemKind::Collection, message: why.to_owned(), at });
        }
        let (Taken::Other(by) | Taken::Refused { by, .. }) = self.names.import(conftest, imports)?;
        let name = imports.module_name(conftest);
        let taken = match by == conftest {
            true => "lies in a package that is one of Python's library already: rename its folder".to_owned(),
            false => format!("is {} already: rename a folder of one of them", relative(&by)),
        };
        let message = format!("pytest imports it as `{name}`, which {taken}");
        Some(Problem { kind: ProblemKind::Collection, message, at: SourceSpan::line(relative(conftest), 1) })
    }

    /// Whether a conftest that fails then costs all tests, and not those of its folder alone.
    fn loses_all(&self, moment: Moment) -> bool {
        moment.is_initial() || (loads_at_once(self.config.pytest) && moment != Moment::NEVER)
    }

    fn lose(&mut self, folder: Utf8PathBuf, moment: Moment, problem: Problem) {
        self.loaded.problems.push(problem);
        self.loaded.is_lost |= self.loses_all(moment);
        self.loaded.lost_folders.push(folder);
    }

    fn register(&mut self, module: &Rc<Module>, folder: Option<Utf8PathBuf>, loaded: Moment, perhaps: Option<Doubt>) {
        let plugin = Plugin::new(module.clone(), folder, loaded, perhaps);
        self.loaded.plugins.register(plugin, &self.object, self.interpreter);
        self.may_collect = self.loaded.plugins.may_collect();
    }

    /// All of them.
    pub(crate) fn into_loaded(mut self) -> Loaded {
        std::mem::take(&mut self.later).iter().for_each(|module| self.import(module));
        self.loaded.names = self.names.take_namespaced();
        self.loaded
    }

    /// Imports a test module.
    fn import(&mut self, module: &Utf8Path) {
        if let Some(taken) = self.names.import(module, self.interpreter.imports) {
            self.loaded.taken.insert(module.to_owned(), taken);
        }
    }

    fn is_lost(&self, path: &Utf8Path) -> bool {
        self.loaded.lost_folders.iter().any(|folder| is_within(path, folder))
    }
}

impl Conftests for LoadedConftests<'_, '_> {
    fn ignores(&mut self, conftest: &Utf8Path, moment: Moment, perhaps: Option<Reason>) -> ConftestIgnores {
        // A folder that fails is not entered.
        if self.is_lost(conftest) {
            return ConftestIgnores::default();
        }
        let Some(module) = self.load(conftest, moment, perhaps.map(Doubt::from)) else {
            return ConftestIgnores::default();
        };
        let names = module.scope.names.borrow();
        let folder = conftest.parent().unwrap_or(conftest);
        let mut ignores = ConftestIgnores { hook: names.contains_key(IGNORE_HOOK), ..ConftestIgnores::default() };
        for (name, list) in [("collect_ignore", &mut ignores.paths), ("collect_ignore_glob", &mut ignores.globs)] {
            let Some(binding) = names.get(name) else { continue };
            match entries(binding, folder) {
                Ok(found) => *list = Some(found),
                Err(reason) => {
                    let at = SourceSpan::line(module.file.path.clone(), 1);
                    let text = format!("`{name}` is not known");
                    ignores.unknown = Some(reason.unwrap_or(Reason { text, at }));
                }
            }
        }
        ignores
    }

    fn ask_hook(&mut self, conftest: &Utf8Path, path: &Utf8Path) -> HookVerdict {
        let Some(module) = self.modules.get(conftest).cloned() else { return HookVerdict::Silent };
        self.ask(&module, path)
    }

    fn found(&mut self, module: &Utf8Path, moment: Moment) {
        if moment == Moment::NEVER {
            return;
        }
        if moment == Moment::END {
            self.later.push(module.to_owned());
        } else if !self.is_lost(module) {
            self.import(module);
        }
    }

    fn may_collect(&self) -> bool {
        self.may_collect
    }

    fn collects(&mut self, path: &Utf8Path) -> bool {
        self.loaded.plugins.collect(self.interpreter, path)
    }

    fn ask_plugins(&mut self, path: &Utf8Path) -> HookVerdict {
        let plugins = self.loaded.plugins.iter().filter(|plugin| plugin.reaches_all());
        let asked: Vec<Rc<Module>> = plugins.filter_map(|plugin| plugin.module_with(IGNORE_HOOK)).collect();
        // The one registered last is asked first.
        for module in asked.iter().rev() {
            match self.ask(module, path) {
                HookVerdict::Silent => {}
                verdict => return verdict,
            }
        }
        HookVerdict::Silent
    }
}

impl LoadedConftests<'_, '_> {
    fn ask(&mut self, module: &Rc<Module>, path: &Utf8Path) -> HookVerdict {
        let Some(hook) = module.scope.names.borrow().get(IGNORE_HOOK).cloned() else { return HookVerdict::Silent };
        let frame = Frame { scope: module.scope.clone(), module: module.clone() };
        let path = path_value(path);
        let arguments =
            [("collection_path", path.clone()), ("path", path), ("config", Value::Object(self.object.clone()))];
        let at = || match &hook.value {
            Value::Function(function) => function.module.file.span(function.def.range),
            _ => SourceSpan::line(module.file.path.clone(), 1),
        };
        let perhaps = |why: &str| HookVerdict::Perhaps(Condition { text: format!("{IGNORE_HOOK}: {why}"), at: at() });
        if matches!(&hook.value, Value::Function(function) if function.def.is_generator) {
            return perhaps("wraps the hooks of others, which is not followed");
        }
        let answer = match hook.value.doubt().or(hook.doubt.as_ref()) {
            None => self.interpreter.call_hook(&hook.value, None, &arguments, &frame),
            Some(doubt) => {
                self.interpreter.may_call_hook(doubt, &hook.value, None, &arguments, &frame);
                Value::Unknown(doubt.clone())
            }
        };
        match (&answer, truth(&answer)) {
            (Value::None, _) => HookVerdict::Silent,
            (_, Some(true)) => HookVerdict::Ignore,
            (_, Some(false)) => HookVerdict::Keep,
            (_, None) => perhaps(answer.doubt().map_or("not known", |doubt| &doubt.text)),
        }
    }
}

/// What pytest passes to hooks of these names: it refuses one that asks for anything else.
const PASSED: [(&str, &[&str]); 8] = [
    ("pytest_addoption", &["parser", "pluginmanager"]),
    ("pytest_configure", &["config"]),
    ("pytest_collection_modifyitems", &["session", "config", "items"]),
    ("pytest_collection_finish", &["session"]),
    ("pytest_generate_tests", &["metafunc"]),
    ("pytest_itemcollected", &["item"]),
    ("pytest_make_parametrize_id", &["config", "val", "argname"]),
    (IGNORE_HOOK, &["collection_path", "path", "config"]),
];

/// `path`, beside `collection_path`, is passed no more.
const WITHOUT_PATH: PytestVersion = PytestVersion::new(9, 1, 0);

/// A hook that asks for what pytest does not pass to it.
fn refused_hook(module: &Module, pytest: PytestVersion) -> Option<Problem> {
    let names = module.scope.names.borrow();
    PASSED.iter().find_map(|(hook, passed)| {
        let binding = names.get(hook).filter(|binding| binding.doubt.is_none())?;
        let Value::Function(function) = &binding.value else { return None };
        // A decorator may pass it more, or less.
        if !function.def.decorators.is_empty() {
            return None;
        }
        let positional = |kind| matches!(kind, ParameterKind::Positional | ParameterKind::PositionalOnly);
        let asked = function.def.parameters.iter().filter(|one| positional(one.kind) && one.default.is_none());
        let is_passed = |name: &str| passed.contains(&name) && (name != "path" || pytest < WITHOUT_PATH);
        let other = asked.map(|one| &*one.name).find(|name| !is_passed(name))?;
        let message = format!("`{hook}` asks for `{other}`, which pytest does not pass: pytest refuses the plugin");
        let at = function.module.file.span(function.def.range);
        Some(Problem { kind: ProblemKind::Collection, message, at: SourceSpan::at(at.file, at.start) })
    })
}

/// The entries of a `collect_ignore` list, absolute; `Err` where they are not known.
fn entries(binding: &Binding, folder: &Utf8Path) -> Result<Vec<Entry>, Option<Reason>> {
    if let Some(doubt) = &binding.doubt {
        return Err(Some((**doubt).clone()));
    }
    let items = elements(&binding.value).map_err(|doubt| doubt.map(|doubt| (*doubt).clone()))?;
    items
        .iter()
        .map(|item| {
            let text = item.as_str().ok_or(None)?;
            Ok(Entry { text: crate::paths::absolute(folder, text).into_string(), condition: None })
        })
        .collect()
}
