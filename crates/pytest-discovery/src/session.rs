//! One session of pytest: each conftest is loaded, and each file collected, when the walk comes to it. What one of them changes for
//! others, those see that come later.
//!
//! Source of the rules: `Session.collect`, `genitems` and `importtestmodule` of pytest.

use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};
use foldhash::{HashMap, HashSet};
use test_catalog::{
    Catalog, Condition, Observation, ObservationKind, Problem, ProblemKind, Reason, SourceSpan, TreePath,
};

use crate::arguments::Argument;
use crate::collect::{Collection, ConfigObject, IGNORE_HOOK, ModuleNode};
use crate::config::Config;
use crate::eval::sys;
use crate::eval::value::{Doubt, Module};
use crate::eval::{Interpreter, shared};
use crate::imports::{INIT, Imports};
use crate::module_names::{ModuleNames, Taken};
use crate::moment::Moment;
use crate::options::ImportMode;
use crate::walk::{self, Collector, ConftestIgnores, HookVerdict, Kept, ModuleFile};
use crate::{ConfigError, PytestVersion, imported};

/// A session that goes on.
pub(crate) struct Session<'s, 'i> {
    pub(super) config: &'s Config,
    pub(super) collection: Collection<'s, 'i>,
    /// The conftests that are loaded.
    pub(super) conftests: HashMap<Utf8PathBuf, Rc<Module>>,
    pub(super) names: ModuleNames,
    /// Folders whose conftest fails, or skips itself.
    pub(super) lost_folders: Vec<Utf8PathBuf>,
    /// Files that are not collected in this run, since the tree's configuration leaves them out or another module has their name.
    /// They are collected behind all others, for which they do nothing.
    left_out: Vec<(ModuleFile, Option<Taken>)>,
    /// Whether hooks are asked of what the configuration leaves out.
    pub(super) is_left_out: bool,
    /// What an argument names may be a docstring of a file as well as a test.
    in_docstrings: bool,
    /// Files that tests were looked for in.
    modules: HashSet<TreePath>,
    /// What is told beside the tests.
    pub(super) catalog: Catalog,
    /// Whether pytest has ended without having collected anything.
    pub(super) is_over: bool,
    /// What pytest answers to an argument with a usage error.
    refused: Option<ConfigError>,
}

/// What a session ends with.
pub(crate) struct Ended<'s, 'i> {
    /// The tests; `None` where pytest collects nothing at all.
    pub(crate) collection: Option<Collection<'s, 'i>>,
    /// Files that tests were looked for in.
    pub(crate) modules: HashSet<TreePath>,
    /// What is told beside the tests.
    pub(crate) catalog: Catalog,
}

impl<'s, 'i> Session<'s, 'i> {
    /// Begins one, with the plugins that pytest loads first.
    pub(crate) fn start(config: &'s Config, interpreter: &'s mut Interpreter<'i>) -> Self {
        let object = ConfigObject::new(config);
        let mut session = Self {
            config,
            collection: Collection::new(config, interpreter, object),
            conftests: HashMap::default(),
            names: ModuleNames::default(),
            lost_folders: Vec::new(),
            left_out: Vec::new(),
            is_left_out: false,
            in_docstrings: false,
            modules: HashSet::default(),
            catalog: Catalog::default(),
            is_over: false,
            refused: None,
        };
        session.load_initial();
        session
    }

    /// Ends it, when all is walked.
    ///
    /// # Errors
    /// An argument that leads to nothing: `not_found`, if any, or what was found since.
    pub(crate) fn end(mut self, not_found: Option<&Argument>) -> Result<Ended<'s, 'i>, ConfigError> {
        if let (Some(argument), false) = (not_found, self.is_over) {
            return Err(refusal(argument, None));
        }
        self.collection.tell_of(usize::MAX);
        for (file, taken) in std::mem::take(&mut self.left_out) {
            self.collection.interpreter.put_root(&file.path);
            let collect =
                |session: &mut Self| session.in_turn(&file, |session| session.collect_as(&file, taken.clone()));
            if let ((), true) = shared::changes_others(|| collect(&mut self)) {
                self.once_more(collect);
            }
        }
        let Self { collection, modules, catalog, is_over, refused, .. } = self;
        match refused {
            Some(error) => Err(error),
            None => Ok(Ended { collection: (!is_over).then_some(collection), modules, catalog }),
        }
    }

    /// Goes once more through collecting what is not collected in this run: hooks that it is shown to changed something of others, which
    /// they may not do, and which is in doubt then.
    fn once_more(&mut self, collect: impl FnOnce(&mut Self)) {
        let (problems, imports) = (self.catalog.problems.len(), self.catalog.imports.len());
        let collected = self.collection.collected();
        let doubts = self.collection.interpreter.begin_perhaps(&not_run());
        collect(self);
        self.collection.interpreter.end_perhaps(doubts);
        self.collection.forget_since(&collected);
        self.catalog.problems.truncate(problems);
        self.catalog.imports.truncate(imports);
    }

    /// Collects a file, as long as pytest collects anything.
    fn in_turn(&mut self, file: &ModuleFile, collect: impl FnOnce(&mut Self) -> Result<(), ConfigError>) {
        if self.is_over || self.refused.is_some() || self.is_lost(&file.path) {
            return;
        }
        self.collection.begin(file.position);
        self.refused = collect(self).err();
    }

    /// Collects a file.
    ///
    /// # Errors
    /// The argument that narrows it names nothing in it.
    fn collect(&mut self, file: &ModuleFile) -> Result<(), ConfigError> {
        let tree = self.collection.interpreter.tree;
        match file.collector {
            Collector::Text => {
                let found = self.collection.doctest_text(file, node_path(&file.path, self.config), tree);
                return narrowed_to(file, found, None);
            }
            Collector::Other => {
                self.collection.other_file(file, node_path(&file.path, self.config), tree);
                return Ok(());
            }
            Collector::Module | Collector::Docstrings => {}
        }
        let imports = self.collection.interpreter.imports;
        let may_be_there = self.config.options.import_mode == ImportMode::Importlib;
        if let (Some(why), false) = (imports.cannot_name(&file.path), may_be_there) {
            narrowed_to(file, false, Some(why))?;
            let at = SourceSpan::line(self.relative(&file.path), 1);
            self.catalog.problems.push(Problem { kind: ProblemKind::Collection, message: why.to_owned(), at });
            return Ok(());
        }
        let taken = self.take(&file.path);
        if matches!(taken, Some(Taken::Refused { .. })) {
            self.left_out.push((file.clone(), taken));
            return Ok(());
        }
        self.collect_as(file, taken)
    }

    /// Collects what the import of a file gives.
    ///
    /// # Errors
    /// As above.
    fn collect_as(&mut self, file: &ModuleFile, taken: Option<Taken>) -> Result<(), ConfigError> {
        let mut file = file.clone();
        let imports = self.collection.interpreter.imports;
        // With `importlib` it may be there already: by a first import that failed.
        let doubt = imports.cannot_name(&file.path).or_else(|| depends_on_imports(&file, self.config, imports));
        if let Some(text) = doubt {
            let at = SourceSpan::line(self.relative(&file.path), 1);
            file.doubt = Some(Reason { text: text.to_owned(), at });
        }
        // It is what its own file holds, and runs where the other file does not.
        if let Some(Taken::Refused { what, by }) = &taken {
            let by = self.relative(by);
            self.collection.observations.push(Observation {
                kind: ObservationKind::Shadowed,
                text: by.to_string(),
                at: SourceSpan::line(self.relative(&file.path), 1),
                test: None,
            });
            file.conditions
                .push(Condition { text: format!("no other {what} in the same run"), at: SourceSpan::line(by, 1) });
        }
        let source = if let Some(Taken::Other(other)) = &taken { other } else { &file.path };
        let module = match self.import(source, &file) {
            Ok(module) => module,
            Err(problem) => {
                narrowed_to(&file, false, Some(&problem.message))?;
                self.catalog.problems.push(problem);
                return Ok(());
            }
        };
        if let Some(problem) = ends_pytest(&module, self.config.pytest) {
            self.catalog.problems.push(problem);
            self.is_over = true;
            return Ok(());
        }
        let node = ModuleNode {
            path: file.path.clone(),
            node: node_path(&file.path, self.config),
            module,
            ignored_by: file.ignored_by.clone(),
        };
        if file.collector == Collector::Docstrings {
            self.in_docstrings = self.collection.docstrings(&file, &Rc::new(node));
            return Ok(());
        }
        self.modules.insert(node.module.file.path.clone());
        self.catalog.imports.extend(imported::of(&node.module.file));
        let before = self.collection.problems.len();
        let found = self.collection.module(&file, Rc::new(node)) || std::mem::take(&mut self.in_docstrings);
        narrowed_to(&file, found, self.collection.problems.get(before).map(|problem| &*problem.message))
    }

    /// Imports a file by its name, as far as that gives another module than its own. What pytest then refuses is executed
    /// all the same.
    pub(super) fn take(&mut self, file: &Utf8Path) -> Option<Taken> {
        let interpreter = &mut *self.collection.interpreter;
        let (imports, name) = (interpreter.imports, interpreter.imports.module_name(file));
        let was_there = interpreter.sys.module(&name).is_some();
        let taken = self.names.import(file, &mut interpreter.sys, imports);
        if let (Some(Taken::Refused { by, .. }), false) = (&taken, was_there)
            && by != file
            && matches!(interpreter.sys.module(&name), Some(sys::Module::File(found)) if found == by)
        {
            // One that cannot be read does nothing.
            let _ = interpreter.execute_anew(by, &name);
        }
        taken
    }

    /// Imports a test module. One that may not be imported in this run changes what others see only perhaps.
    fn import(&mut self, source: &Utf8Path, file: &ModuleFile) -> Result<Rc<Module>, Problem> {
        let interpreter = &mut *self.collection.interpreter;
        let name = self.names.namespaced_name(source).unwrap_or_else(|| interpreter.imports.module_name(source));
        match file.ignored_by.as_ref().map(Condition::reason).or_else(|| file.perhaps()) {
            Some(reason) => interpreter.module_perhaps(source, &name, &Doubt::from(reason)),
            None => interpreter.module_by(source, &name),
        }
    }

    /// The path as the catalog has it.
    pub(super) fn relative(&self, path: &Utf8Path) -> TreePath {
        TreePath::relative_to(path, self.collection.interpreter.tree).unwrap_or_else(|| TreePath::new(path))
    }
}

impl walk::Session for Session<'_, '_> {
    fn ignores(&mut self, conftest: &Utf8Path, kept: &Kept) -> ConftestIgnores {
        let lost = ConftestIgnores { loses_folder: true, ..ConftestIgnores::default() };
        if self.is_lost(conftest) {
            return lost;
        }
        // What is left out does nothing for others, as far as that is known.
        let moment = if kept.ignored_by.is_some() { Moment::Never } else { Moment::OnTheWay };
        let module = self.load(conftest, moment, kept.perhaps().map(Doubt::from));
        module.map_or(lost, |module| Self::ignores_of(&module, conftest))
    }

    fn ask_hook(&mut self, conftest: &Utf8Path, path: &Utf8Path) -> HookVerdict {
        let Some(module) = self.conftests.get(conftest).cloned() else { return HookVerdict::Silent };
        self.ask(&module, path)
    }

    fn found(&mut self, file: &ModuleFile) {
        match file.ignored_by {
            Some(_) if file.collector.imports() => self.left_out.push((file.clone(), None)),
            _ => self.in_turn(file, |session| session.collect(file)),
        }
    }

    fn reaches(&mut self, node: usize) {
        self.collection.tell_of(node);
    }

    fn leaves_out(&mut self, is_left_out: bool) {
        self.is_left_out = is_left_out;
    }

    fn may_ignore(&self) -> bool {
        self.collection.plugins.may_ignore()
    }

    fn may_collect(&self) -> bool {
        self.collection.plugins.may_collect()
    }

    fn collects(&mut self, path: &Utf8Path) -> bool {
        self.collection.collects(path)
    }

    fn ask_plugins(&mut self, path: &Utf8Path) -> HookVerdict {
        let plugins = self.collection.plugins.iter().filter(|plugin| plugin.reaches_all());
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

/// Why it is not known what hooks change that are shown what is left out.
pub(super) fn not_run() -> Doubt {
    let at = SourceSpan::line(TreePath::new("."), 1);
    Reason { text: "what hooks do for tests that are not run".to_owned(), at }.into()
}

/// Why it depends on what was imported before which module a file is.
fn depends_on_imports(file: &ModuleFile, config: &Config, imports: &Imports) -> Option<&'static str> {
    // The packages that other files are in may have its name, or give it another one.
    let is_named_by_packages = file.collector == Collector::Docstrings && config.ini.consider_namespace_packages;
    if imports.takes_any_module() && (file.path.file_name() == Some(INIT) || is_named_by_packages) {
        return Some("with `importlib`, what is imported before decides which module this is");
    }
    imports
        .may_be_of_library(&file.path)
        .then_some("a plugin may have imported the library's module of its name before")
}

/// An argument has to select a test of its file. `why` is what lost the file.
fn narrowed_to(file: &ModuleFile, found: bool, why: Option<&str>) -> Result<(), ConfigError> {
    match &file.narrowed {
        Some(argument) if !found => Err(refusal(argument, why)),
        _ => Ok(()),
    }
}

fn refusal(argument: &Argument, why: Option<&str>) -> ConfigError {
    let what =
        why.map_or_else(|| "names no test of that file".to_owned(), |why| format!("is not found: the file {why}"));
    ConfigError::argument(argument.to_string(), what)
}

/// The path that node ids use: relative to the rootdir. Of a file outside it only what is below the argument that
/// names it, which for the file itself is nothing.
pub(crate) fn node_path(path: &Utf8Path, config: &Config) -> TreePath {
    if let Some(inside) = TreePath::relative_to(path, &config.rootdir) {
        return inside;
    }
    let arguments = config.arguments.iter().map(|argument| argument.path.as_path());
    let holder = arguments.filter(|argument| path.starts_with(argument)).max_by_key(|argument| argument.as_str().len());
    let below = holder.and_then(|holder| TreePath::relative_to(path, holder));
    below.unwrap_or_else(|| TreePath::new(path.file_name().unwrap_or_default()))
}

/// `sys.exit` and `KeyboardInterrupt` at import end pytest with nothing collected; before, they cost the module.
const EXIT_ENDS: PytestVersion = PytestVersion::new(8, 1, 0);

fn ends_pytest(module: &Module, pytest: PytestVersion) -> Option<Problem> {
    let ended = module.ended.borrow();
    let raised = ended.as_ref().filter(|raised| matches!(&*raised.class, "SystemExit" | "KeyboardInterrupt"))?;
    (pytest >= EXIT_ENDS).then(|| Problem {
        kind: ProblemKind::Collection,
        message: format!("raises `{}` when it is imported: pytest ends and collects nothing at all", raised.class),
        at: raised.at.clone(),
    })
}
