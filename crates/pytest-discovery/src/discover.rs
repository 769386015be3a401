//! From a tree to the Python half of a catalog.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, mpsc};
use std::thread;

use camino::{Utf8Path, Utf8PathBuf};
use foldhash::{HashMap, HashSet};
use test_catalog::{
    Catalog, DeclaredMarker, Observation, ObservationKind, Occurrences, PytestFacts, SourceSpan, TestCase, TreePath,
};

use crate::config::{Config, Invocation};
use crate::eval::Interpreter;
use crate::folders::Folders;
use crate::imports::Imports;
use crate::observe::Observer;
use crate::read::Texts;
use crate::session::Session;
use crate::sources::Sources;
use crate::walk::{self, ModuleFile, PassedOver};
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
/// [`Problem`](test_catalog::Problem) of the catalog instead.
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
    let mut session = Session::start(config, interpreter);
    let sought: Vec<Utf8PathBuf> = settings.sought.iter().map(|file| tree.join(file)).collect();
    let walked = walk::walk(config, tree, &mut session, folders, &sought);
    let ended = session.end(walked.not_found.first())?;
    modules.extend(ended.modules);
    let mut catalog = ended.catalog;
    catalog.problems.splice(..0, walked.problems);
    catalog.pytest = Some(facts(settings, config));
    catalog.declared_markers = declared(config, tree);
    catalog.observations.extend(walked.passed_over.iter().map(|(path, why)| passed_over(path, why, tree)));
    let Some(collection) = ended.collection else { return Ok(catalog) };
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
