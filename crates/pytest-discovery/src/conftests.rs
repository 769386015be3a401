//! The conftests of a tree, and the plugins that `-p` names: how a session loads them, and what they say of paths.

use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};
use test_catalog::{Condition, Problem, ProblemKind, Reason, SourceSpan};

use crate::collect::{IGNORE_HOOK, Plugin};
use crate::eval::sys;
use crate::eval::value::{Binding, Doubt, Module, Raised, Value};
use crate::eval::{Frame, elements, path_value, truth};
use crate::module_names::Taken;
use crate::moment::{Moment, loads_at_once};
use crate::options::{ImportMode, is_blocked};
use crate::paths::is_within;
use crate::session::{Session, not_run};
use crate::syntax::ast::ParameterKind;
use crate::walk::{ConftestIgnores, Entry, HookVerdict};
use crate::{PytestVersion, arguments};

/// What one outside packages is imported as.
const CONFTEST: &str = "conftest";

impl Session<'_, '_> {
    /// Loads what pytest loads before it collects anything.
    pub(super) fn load_initial(&mut self) {
        self.load_named_plugins();
        if !self.config.options.noconftest {
            let (folder, texts) = (&self.config.invocation_dir, &self.config.argument_texts);
            for conftest in arguments::initial_conftests(folder, texts, &self.config.confcutdir) {
                self.load(&conftest, Moment::Start, None);
            }
        }
    }

    /// The plugins of the tree that `-p` names.
    fn load_named_plugins(&mut self) {
        let from = self.config.invocation_dir.join("-p");
        let words = &self.config.options.plugins;
        for name in words.iter().filter(|name| !name.starts_with("no:") && !is_blocked(words, name)) {
            if let Some(module) = self.collection.interpreter.module_of_tree(&from, name) {
                self.collection.register(Plugin::new(module, None, Moment::Start, None));
            }
        }
    }

    /// Loads a conftest: under that doubt, if any.
    pub(super) fn load(&mut self, conftest: &Utf8Path, moment: Moment, perhaps: Option<Doubt>) -> Option<Rc<Module>> {
        if let Some(module) = self.conftests.get(conftest) {
            return Some(module.clone());
        }
        let folder = conftest.parent().unwrap_or(conftest).to_owned();
        if moment != Moment::Never
            && let Some(problem) = self.not_importable(conftest)
        {
            self.lose(folder, moment, problem);
            return None;
        }
        let interpreter = &mut *self.collection.interpreter;
        let own_name = interpreter.imports.module_name(conftest);
        let path = interpreter.sys.path();
        if moment == Moment::Never {
            interpreter.put_root(conftest);
        } else if own_name == CONFTEST && interpreter.imports.mode() != ImportMode::Importlib {
            // In the place of the one before.
            interpreter.sys.insert(CONFTEST, sys::Module::File(conftest.to_owned()), perhaps.clone());
        }
        let name = self.names.namespaced_name(conftest).unwrap_or(own_name);
        let loaded = match &perhaps {
            Some(doubt) => interpreter.module_perhaps(conftest, &name, doubt),
            None => interpreter.module_by(conftest, &name),
        };
        if moment == Moment::Never {
            interpreter.sys.set_path(path);
        }
        let module = match loaded {
            Ok(module) => module,
            Err(problem) => {
                self.lose(folder, moment, problem);
                return None;
            }
        };
        self.conftests.insert(conftest.to_owned(), module.clone());
        let ended = module.ended.borrow().clone();
        if let Some(Raised { class, at, .. }) = ended {
            if &*class == "Skipped" && !self.loses_all(moment) {
                self.lost_folders.push(folder);
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
        if names_plugins && moment != Moment::Start {
            let at = SourceSpan::line(module.file.path.clone(), 1);
            let message = "names `pytest_plugins`, which only a conftest that is loaded at the start may: pytest \
                           collects none of the tests of its folder"
                .to_owned();
            self.lose(folder, moment, Problem { kind: ProblemKind::Collection, message, at });
            return None;
        }
        self.collection.register(Plugin::new(module.clone(), Some(folder), moment, perhaps));
        Some(module)
    }

    /// Why a conftest cannot be imported beside what is imported already.
    fn not_importable(&mut self, conftest: &Utf8Path) -> Option<Problem> {
        let interpreter = &mut *self.collection.interpreter;
        let imports = interpreter.imports;
        if imports.package_of(conftest).is_none() {
            interpreter.sys.remove(CONFTEST);
        }
        if let Some(why) = imports.cannot_name(conftest) {
            let at = SourceSpan::line(self.relative(conftest), 1);
            return Some(Problem { kind: ProblemKind::Collection, message: why.to_owned(), at });
        }
        let (Taken::Other(by) | Taken::Refused { by, .. }) = self.take(conftest)?;
        let name = imports.module_name(conftest);
        let taken = match by == conftest {
            true => "lies in a package that is one of Python's library already: rename its folder".to_owned(),
            false => format!("is {} already: rename a folder of one of them", self.relative(&by)),
        };
        let message = format!("pytest imports it as `{name}`, which {taken}");
        Some(Problem { kind: ProblemKind::Collection, message, at: SourceSpan::line(self.relative(conftest), 1) })
    }

    /// Whether a conftest that fails then costs all tests, and not those of its folder alone.
    fn loses_all(&self, moment: Moment) -> bool {
        moment == Moment::Start || (loads_at_once(self.config.pytest) && moment != Moment::Never)
    }

    fn lose(&mut self, folder: Utf8PathBuf, moment: Moment, problem: Problem) {
        self.catalog.problems.push(problem);
        self.is_over |= self.loses_all(moment);
        self.lost_folders.push(folder);
    }

    pub(super) fn is_lost(&self, path: &Utf8Path) -> bool {
        self.lost_folders.iter().any(|folder| is_within(path, folder))
    }

    /// What a conftest says of the files below its folder.
    pub(super) fn ignores_of(module: &Module, conftest: &Utf8Path) -> ConftestIgnores {
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

    /// What `pytest_ignore_collect` of a plugin says of a path.
    pub(super) fn ask(&mut self, module: &Rc<Module>, path: &Utf8Path) -> HookVerdict {
        let Some(hook) = module.scope.names.borrow().get(IGNORE_HOOK).cloned() else { return HookVerdict::Silent };
        let frame = Frame { scope: module.scope.clone(), module: module.clone() };
        let path = path_value(path);
        let arguments = [
            ("collection_path", path.clone()),
            ("path", path),
            ("config", Value::Object(self.collection.object.clone())),
        ];
        let at = || match &hook.value {
            Value::Function(function) => function.module.file.span(function.def.range),
            _ => SourceSpan::line(module.file.path.clone(), 1),
        };
        let perhaps = |why: &str| HookVerdict::Perhaps(Condition { text: format!("{IGNORE_HOOK}: {why}"), at: at() });
        if matches!(&hook.value, Value::Function(function) if function.def.is_generator) {
            return perhaps("wraps the hooks of others, which is not followed");
        }
        let doubts = self.is_left_out.then(|| self.collection.interpreter.begin_perhaps(&not_run()));
        let answer = match hook.value.doubt().or(hook.doubt.as_ref()) {
            None => self.collection.interpreter.call_hook(&hook.value, None, &arguments, &frame),
            Some(doubt) => {
                self.collection.interpreter.may_call_hook(doubt, &hook.value, None, &arguments, &frame);
                Value::Unknown(doubt.clone())
            }
        };
        if let Some(doubts) = doubts {
            self.collection.interpreter.end_perhaps(doubts);
        }
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
