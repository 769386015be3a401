//! From a tree to the Python half of a catalog.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::{Arc, mpsc};
use std::thread;

use camino::{Utf8Path, Utf8PathBuf};
use foldhash::{HashMap, HashSet};
use test_catalog::{
    Catalog, Condition, DeclaredMarker, Observation, ObservationKind, Occurrences, Problem, ProblemKind, PytestFacts,
    Reason, SourceSpan, TestCase, TreePath,
};

use crate::arguments::Argument;
use crate::collect::{Collection, ConfigObject, ModuleNode};
use crate::config::{Config, Invocation};
use crate::conftests::LoadedConftests;
use crate::eval::Interpreter;
use crate::eval::value::Module;
use crate::folders::Folders;
use crate::imported;
use crate::imports::{INIT, Imports};
use crate::module_names::Taken;
use crate::observe::Observer;
use crate::options::ImportMode;
use crate::read::Texts;
use crate::sources::Sources;
use crate::walk::{self, Collector, ModuleFile, PassedOver};
use crate::{ConfigError, PytestVersion, PythonVersion, syntax};

/// What to look for, and as which releases would.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The tree: an absolute path, and pytest's working directory.
    pub tree: Utf8PathBuf,
    /// pytest's arguments: paths or ids relative to the tree, and options.
    pub args: Vec<String>,
    /// The release of pytest to follow.
    pub pytest: PytestVersion,
    /// The release of Python to follow.
    pub python: PythonVersion,
    /// What import-time code finds in its environment; nothing else of this machine's is shown to it.
    pub env: BTreeMap<String, String>,
    /// Whether to look into the bodies of functions for what is told as an observation. It takes as long again as the
    /// listing.
    pub observe: bool,
    /// Files of which to tell, as an observation, why the walk passes them over: relative to the tree.
    pub sought: Vec<String>,
    /// Modules that cannot be imported, top-level or dotted (`vllm`, `dynamo._core`). All others can.
    pub absent_modules: BTreeSet<String>,
}

impl Settings {
    /// All of a tree, for the releases that this crate follows by default.
    #[must_use]
    pub fn new(tree: Utf8PathBuf) -> Self {
        Self {
            tree,
            args: Vec::new(),
            pytest: PytestVersion::default(),
            python: PythonVersion::default(),
            env: BTreeMap::new(),
            observe: false,
            sought: Vec::new(),
            absent_modules: BTreeSet::new(),
        }
    }
}

/// Why nothing could be collected. A file that cannot be read costs itself only, and is a
/// [`Problem`] of the catalog instead.
#[derive(Debug, thiserror::Error)]
pub enum DiscoveryError {
    /// pytest itself would end with a usage error.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The thread that evaluates cannot be started, or panicked.
    #[error("the tree cannot be evaluated: {0}")]
    Evaluation(String),
}

/// From here on pytest tells its release in the environment.
const SETS_PYTEST_VERSION: PytestVersion = PytestVersion::new(8, 2, 0);

/// Lists the tests that pytest would collect.
///
/// # Errors
/// What pytest would answer with a usage error.
pub fn discover(settings: &Settings) -> Result<Catalog, DiscoveryError> {
    start(settings)?.finish()
}

/// A tree that is being read on threads of its own.
#[derive(Debug)]
#[must_use = "what is found is told by `finish`"]
pub struct Running {
    facts: PytestFacts,
    parts: mpsc::Receiver<Part>,
    /// The next cases, and how many more there are, where they were waited for.
    ahead: Option<(Vec<TestCase>, usize)>,
    /// What came behind the last cases.
    end: Option<Result<Catalog, DiscoveryError>>,
}

/// What is told while a tree is read.
enum Part {
    /// The next cases, and how many more there are.
    Cases(Vec<TestCase>, usize),
    /// The catalog without its cases.
    End(Box<Result<Catalog, DiscoveryError>>),
}

/// So many cases are told at a time.
const PART: usize = 256;

impl Running {
    /// What the tree is read for.
    #[must_use]
    pub fn facts(&self) -> &PytestFacts {
        &self.facts
    }

    /// Waits until the first cases are there, or it is known that there are none.
    ///
    /// # Errors
    /// What pytest would answer with a usage error: once there are cases, no error follows.
    pub fn wait(mut self) -> Result<Self, DiscoveryError> {
        self.ahead = self.next_part();
        match self.end {
            Some(Err(error)) => Err(error),
            None if self.ahead.is_none() => Err(panicked()),
            _ => Ok(self),
        }
    }

    /// Waits for the next cases, in their final order: others are still made meanwhile. `None` when there are no more.
    pub fn next_cases(&mut self) -> Option<Vec<TestCase>> {
        Some(self.next_part()?.0)
    }

    /// Waits for the catalog, with the cases that were not taken.
    ///
    /// # Errors
    /// What pytest would answer with a usage error.
    pub fn finish(mut self) -> Result<Catalog, DiscoveryError> {
        let mut cases = Vec::new();
        while let Some((part, more)) = self.next_part() {
            cases.reserve_exact(part.len() + more);
            cases.extend(part);
        }
        Ok(Catalog { cases, ..self.end.unwrap_or_else(|| Err(panicked()))? })
    }

    fn next_part(&mut self) -> Option<(Vec<TestCase>, usize)> {
        if self.ahead.is_some() || self.end.is_some() {
            return self.ahead.take();
        }
        match self.parts.recv().ok()? {
            Part::Cases(cases, more) => Some((cases, more)),
            Part::End(end) => {
                self.end = Some(*end);
                None
            }
        }
    }
}

/// Nothing more is told, and no end was.
fn panicked() -> DiscoveryError {
    DiscoveryError::Evaluation("it panicked; please report the tree".to_owned())
}

/// Begins to list the tests that pytest would collect: whoever has something else to do meanwhile needs no thread for it.
///
/// # Errors
/// What pytest would answer with a usage error to its configuration alone.
pub fn start(settings: &Settings) -> Result<Running, DiscoveryError> {
    let invocation = Invocation {
        tree: settings.tree.clone(),
        args: settings.args.clone(),
        env: settings.env.clone(),
        pytest: settings.pytest,
        overrides: Vec::new(),
    };
    let config = Config::locate(&invocation)?;
    let facts = facts(settings, &config);
    // Source may be nested as deeply as the parser accepts: evaluation gets a stack for it. The catalog is here before
    // its thread has given back all that led to it.
    let (send, parts) = mpsc::channel();
    let settings = settings.clone();
    thread::Builder::new()
        .name("evaluate".to_owned())
        .stack_size(syntax::STACK_BYTES)
        .spawn(move || {
            collect(&settings, &config, |part| {
                // Nobody waits for it where the process ends.
                let _ = send.send(part);
            });
        })
        .map_err(|error| DiscoveryError::Evaluation(error.to_string()))?;
    Ok(Running { facts, parts, ahead: None, end: None })
}

fn collect(settings: &Settings, config: &Config, mut deliver: impl FnMut(Part)) {
    let tree = settings.tree.as_path();
    let folders = Arc::<Folders>::default();
    // What is observed lies in the bodies of functions; a listing asks for few of them.
    let texts = if settings.observe { Texts::Held } else { Texts::Dropped };
    let sources = Sources::new(tree, settings.python, texts, folders.clone());
    thread::scope(|scope| {
        let helpers = sources.start_helpers(scope);
        // All that conftests may let through is parsed ahead.
        let everything = Arc::new(walk::walk(config, tree, &mut &sources, &folders, &[]));
        let conftests = everything.conftests.iter().map(|path| &**path);
        let files: BTreeSet<&Utf8Path> =
            conftests.chain(everything.modules.iter().filter(is_source).map(|module| &*module.path)).collect();
        let imports = Arc::new(Imports::new(config, tree, files.into_iter(), folders.clone()));
        sources.follow_imports(imports.clone());

        let mut env = settings.env.clone();
        if settings.pytest >= SETS_PYTEST_VERSION {
            env.insert("PYTEST_VERSION".to_owned(), settings.pytest.to_string());
        }
        let mut interpreter = Interpreter::new(tree, &imports, &sources, settings.python, &env);
        interpreter.pytest = settings.pytest;
        interpreter.absent.clone_from(&settings.absent_modules);
        let observer = settings.observe.then(|| Observer::start(scope, config, &sources, everything.clone()));
        let mut modules = HashSet::default();
        let mut catalog = evaluate(settings, config, &mut interpreter, &folders, &mut modules, &mut deliver);
        drop(helpers);
        if let (Ok(catalog), Some(observer)) = (&mut catalog, observer) {
            catalog.observations.extend(observer.finish(&sources, &modules));
        }
        deliver(Part::End(Box::new(catalog)));
    });
}

/// The catalog, of which `deliver` is given the cases. `modules` takes the files that tests were looked for in.
fn evaluate(
    settings: &Settings,
    config: &Config,
    interpreter: &mut Interpreter<'_>,
    folders: &Folders,
    modules: &mut HashSet<TreePath>,
    deliver: &mut impl FnMut(Part),
) -> Result<Catalog, DiscoveryError> {
    let tree = settings.tree.as_path();
    let object = ConfigObject::new(config);
    let mut conftests = LoadedConftests::new(config, interpreter, object.clone());
    let sought: Vec<Utf8PathBuf> = settings.sought.iter().map(|file| tree.join(file)).collect();
    let walked = walk::walk(config, tree, &mut conftests, folders, &sought);
    let loaded = conftests.into_loaded();
    let mut catalog = Catalog { problems: walked.problems, ..Catalog::default() };
    catalog.problems.extend(loaded.problems);
    catalog.pytest = Some(facts(settings, config));
    catalog.declared_markers = declared(config, tree);
    catalog.observations.extend(walked.passed_over.iter().map(|(path, why)| passed_over(path, why, tree)));
    if loaded.is_lost {
        return Ok(catalog);
    }
    if let Some(argument) = walked.not_found.first() {
        return Err(not_found(argument, None).into());
    }

    let mut collection = Collection::new(config, interpreter, loaded.plugins, object);
    // What an argument names may be a docstring of a file as well as a test.
    let mut in_docstrings = false;
    for file in &walked.modules {
        if loaded.lost_folders.iter().any(|folder| file.path.starts_with(folder)) {
            continue;
        }
        if file.collector == Collector::Text {
            let found = collection.doctest_text(file, node_path(&file.path, config), tree);
            narrowed_to(file, found, None)?;
            continue;
        }
        if file.collector == Collector::Other {
            collection.other_file(file, node_path(&file.path, config), tree);
            continue;
        }
        let mut file = file.clone();
        if let Some(why) = collection.interpreter.imports.cannot_name(&file.path) {
            let path = TreePath::relative_to(&file.path, tree).unwrap_or_else(|| TreePath::new(&file.path));
            let (text, at) = (why.to_owned(), SourceSpan::line(path, 1));
            if config.options.import_mode == ImportMode::Importlib {
                // It may be there already: by a first import that failed.
                file.doubt = Some(Reason { text, at });
            } else {
                narrowed_to(&file, false, Some(&text))?;
                catalog.problems.push(Problem { kind: ProblemKind::Collection, message: text, at });
                continue;
            }
        }
        if let Some(text) = depends_on_imports(&file, config, collection.interpreter.imports) {
            let path = TreePath::relative_to(&file.path, tree).unwrap_or_else(|| TreePath::new(&file.path));
            file.doubt = Some(Reason { text: text.to_owned(), at: SourceSpan::line(path, 1) });
        }
        if config.options.import_mode != ImportMode::Importlib
            && let Some((_, conftest)) = loaded.in_turn.iter().rev().find(|(loaded, _)| *loaded <= file.moment)
        {
            collection.interpreter.put_in_place(conftest);
        }
        let taken = loaded.taken.get(&file.path);
        let source = if let Some(Taken::Other(other)) = taken { other } else { &file.path };
        let name =
            loaded.names.get(source).cloned().unwrap_or_else(|| collection.interpreter.imports.module_name(source));
        let module = match collection.interpreter.module_by(source, &name) {
            Ok(module) => module,
            Err(problem) => {
                narrowed_to(&file, false, Some(&problem.message))?;
                catalog.problems.push(problem);
                continue;
            }
        };
        if let Some(problem) = ends_pytest(&module, settings.pytest) {
            catalog.problems.push(problem);
            return Ok(catalog);
        }
        // It is what its own file holds, and runs where the other file does not.
        if let Some(Taken::Refused { what, by }) = taken {
            let by = TreePath::relative_to(by, tree).unwrap_or_else(|| TreePath::new(by));
            collection.observations.push(Observation {
                kind: ObservationKind::Shadowed,
                text: by.to_string(),
                at: SourceSpan::line(module.file.path.clone(), 1),
                test: None,
            });
            file.conditions
                .push(Condition { text: format!("no other {what} in the same run"), at: SourceSpan::line(by, 1) });
        }
        let node = ModuleNode {
            path: file.path.clone(),
            node: node_path(&file.path, config),
            module,
            ignored_by: file.ignored_by.clone(),
        };
        if file.collector == Collector::Docstrings {
            in_docstrings = collection.docstrings(&file, &Rc::new(node));
            continue;
        }
        modules.insert(node.module.file.path.clone());
        catalog.imports.extend(imported::of(&node.module.file));
        let before = collection.problems.len();
        let found = collection.module(&file, Rc::new(node)) || std::mem::take(&mut in_docstrings);
        narrowed_to(&file, found, collection.problems.get(before).map(|problem| &*problem.message))?;
    }
    let found = collection.finish();
    catalog.problems.extend(found.problems);
    catalog.observations.extend(found.observations);
    catalog.declared_markers.extend(found.declared);
    catalog.files_read = interpreter.sources.count();
    let registered = catalog.declared_markers.iter().map(|marker| &*marker.name).collect();
    let mut made = found.cases;
    let lost = if config.ini.strict_markers { made.unregistered(&registered) } else { HashMap::default() };
    let mut numbers = Occurrences::default();
    while made.len() > 0 {
        let mut cases: Vec<TestCase> = made.by_ref().take(PART).collect();
        for case in &mut cases {
            case.conditions.extend(lost.get(&case.span.file).cloned());
            numbers.number(case);
        }
        deliver(Part::Cases(cases, made.len()));
    }
    Ok(catalog)
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
        Some(argument) if !found => Err(not_found(argument, why)),
        _ => Ok(()),
    }
}

fn not_found(argument: &Argument, why: Option<&str>) -> ConfigError {
    let what =
        why.map_or_else(|| "names no test of that file".to_owned(), |why| format!("is not found: the file {why}"));
    ConfigError::argument(argument.to_string(), what)
}

fn is_source(file: &&ModuleFile) -> bool {
    file.collector.imports()
}

fn facts(settings: &Settings, config: &Config) -> PytestFacts {
    let tree = settings.tree.as_path();
    PytestFacts {
        version: settings.pytest.to_string(),
        python: settings.python.to_string(),
        rootdir: TreePath::relative_to(&config.rootdir, tree).unwrap_or_else(|| TreePath::new(&config.rootdir)),
        has_timeout: config.own.sets_timeout(),
        config_file: config.file.as_ref().and_then(|file| TreePath::relative_to(file, tree)),
        mark_expression: config.options.mark_expression.clone(),
        keyword_expression: config.options.keyword_expression.clone(),
    }
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

/// That the walk passes over a file that was sought, or a folder above it.
fn passed_over(path: &Utf8Path, why: &PassedOver, tree: &Utf8Path) -> Observation {
    let file = TreePath::relative_to(path, tree).unwrap_or_else(|| TreePath::new(path));
    Observation { kind: ObservationKind::PassedOver, text: why.to_string(), at: SourceSpan::line(file, 1), test: None }
}

/// Markers that the configuration declares.
fn declared(config: &Config, tree: &Utf8Path) -> Vec<DeclaredMarker> {
    let file = config.file.as_ref().and_then(|file| TreePath::relative_to(file, tree));
    let markers = config.ini.markers.iter();
    markers
        .map(|marker| DeclaredMarker {
            name: marker.name.clone(),
            at: file.clone().zip(marker.line).map(|(file, line)| SourceSpan::line(file, line)),
        })
        .collect()
}
