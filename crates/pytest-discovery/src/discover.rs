//! From a tree to the Python half of a catalog.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;
use test_catalog::{Catalog, Condition, DeclaredMarker, Problem, PytestFacts, Reason, SourceSpan, TestCase, TreePath};

use crate::collect::{Collector, HookDoubts, NameFilters};
use crate::config::{Config, Invocation};
use crate::eval::value::{Binding, Module};
use crate::eval::{Interpreter, Sources, elements};
use crate::imports::Imports;
use crate::walk::{self, ConftestIgnores, Conftests, Entry, ModuleFile};
use crate::{ConfigError, PytestVersion, PythonVersion, read, syntax};

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

/// Lists the tests that pytest would collect.
///
/// # Errors
/// What pytest would answer with a usage error.
pub fn discover(settings: &Settings) -> Result<Catalog, DiscoveryError> {
    let invocation = Invocation {
        tree: settings.tree.clone(),
        args: settings.args.clone(),
        env: settings.env.clone(),
        pytest: settings.pytest,
        overrides: Vec::new(),
    };
    let config = Config::locate(&invocation)?;
    // Source may be nested as deeply as the parser accepts: evaluation gets a stack for it.
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .stack_size(syntax::STACK_BYTES)
            .spawn_scoped(scope, || collect(settings, &config))
            .map_err(|error| DiscoveryError::Evaluation(error.to_string()))?
            .join()
            .map_err(|_| DiscoveryError::Evaluation("it panicked; please report the tree".to_owned()))
    })
}

fn collect(settings: &Settings, config: &Config) -> Catalog {
    let tree = settings.tree.as_path();
    let mut ignores = EvaluatedIgnores::new(settings, config);
    let walked = walk::walk(config, tree, &mut ignores);
    let files: BTreeSet<&Utf8Path> = walked
        .modules
        .iter()
        .map(|module| module.path.as_path())
        .chain(walked.conftests.iter().map(Utf8PathBuf::as_path))
        .collect();
    let sources = parse(&files, tree);
    let imports = Imports::new(config, tree, files.into_iter());
    let mut interpreter = Interpreter::new(tree, &imports, sources, settings.python, &settings.env);
    let mut catalog = Catalog { problems: walked.problems, ..Catalog::default() };

    let conftests = Loaded::new(&walked.conftests, &mut interpreter, &mut catalog.problems);
    let filters = NameFilters::new(config);
    for file in &walked.modules {
        let module = match interpreter.module(&file.path) {
            Ok(module) => module,
            Err(problem) => {
                catalog.problems.push(problem);
                continue;
            }
        };
        let (reaching, hooks) = conftests.reaching(file);
        let mut collector = Collector {
            config,
            filters: &filters,
            interpreter: &mut interpreter,
            module,
            node: node_path(&file.path, config),
            conditions: file.conditions.clone(),
            hooks: hooks_of_module(hooks, file),
            cases: Vec::new(),
            problems: Vec::new(),
        };
        collector.collect(&reaching);
        catalog.problems.append(&mut collector.problems);
        let cases = std::mem::take(&mut collector.cases);
        catalog.cases.extend(narrow(cases, file));
    }
    catalog.declared_markers = declared(config, &conftests, tree);
    catalog.files_read = interpreter.sources.len();
    catalog.pytest = Some(PytestFacts {
        version: settings.pytest.to_string(),
        python: settings.python.to_string(),
        rootdir: TreePath::relative_to(&config.rootdir, tree).unwrap_or_else(|| TreePath::new(&config.rootdir)),
        config_file: config.file.as_ref().and_then(|file| TreePath::relative_to(file, tree)),
    });
    catalog.number_occurrences();
    catalog
}

/// Parses files side by side, each on a stack that the deepest accepted file fits.
fn parse(files: &BTreeSet<&Utf8Path>, tree: &Utf8Path) -> Sources {
    let read_all =
        || -> Sources { files.par_iter().map(|path| ((*path).to_owned(), read::source(path, tree))).collect() };
    match rayon::ThreadPoolBuilder::new().stack_size(syntax::STACK_BYTES).build() {
        Ok(pool) => pool.install(read_all),
        // Without threads of our own, one by one on this thread, whose stack is as large.
        Err(_) => files.iter().map(|path| ((*path).to_owned(), read::source(path, tree))).collect(),
    }
}

/// The path that node ids use: relative to the rootdir.
fn node_path(path: &Utf8Path, config: &Config) -> TreePath {
    TreePath::relative_to(path, &config.rootdir).unwrap_or_else(|| TreePath::new(path.file_name().unwrap_or_default()))
}

/// Only what the argument's names select; the names are those of classes and of a function.
fn narrow(cases: Vec<TestCase>, file: &ModuleFile) -> Vec<TestCase> {
    let Some(argument) = &file.narrowed else { return cases };
    cases
        .into_iter()
        .filter(|case| {
            let function = case.function.as_str();
            let names: Vec<&str> = function.split("::").skip(1).collect();
            let within = names.len() >= argument.names.len()
                && names.iter().zip(&argument.names).all(|(one, other)| one == other);
            let param = case.id.as_str().get(function.len()..).unwrap_or_default();
            // An inexact case may hold the parameters that are asked for.
            within && argument.param.as_deref().is_none_or(|wanted| param == wanted || !case.certainty.is_exact())
        })
        .collect()
}

fn hooks_of_module(mut hooks: HookDoubts, file: &ModuleFile) -> HookDoubts {
    if let Some(doubt) = &file.doubt {
        hooks.other.get_or_insert_with(|| doubt.clone());
    }
    hooks
}

struct HookEffects {
    other: Option<Rc<Reason>>,
}

/// Conftests after evaluation, and what their hooks do.
struct Loaded {
    modules: HashMap<Utf8PathBuf, Rc<Module>>,
    effects: Vec<(Utf8PathBuf, HookEffects)>,
}

/// Hooks that make or change tests in ways that are not followed: the tests that they reach are inexact.
const MAKERS: [&str; 7] = [
    "pytest_generate_tests",
    "pytest_make_parametrize_id",
    "pytest_pycollect_makeitem",
    "pytest_pycollect_makemodule",
    "pytest_collect_file",
    "pytest_collect_directory",
    "pytest_collection",
];

impl Loaded {
    fn new(paths: &[Utf8PathBuf], interpreter: &mut Interpreter<'_>, problems: &mut Vec<Problem>) -> Self {
        let mut loaded = Self { modules: HashMap::new(), effects: Vec::new() };
        for path in paths {
            let module = match interpreter.module(path) {
                Ok(module) => module,
                Err(problem) => {
                    problems.push(problem);
                    continue;
                }
            };
            let folder = path.parent().unwrap_or(path).to_owned();
            for name in MAKERS {
                if module.scope.names.borrow().contains_key(name) {
                    let other = Some(Rc::new(not_followed(&module, name)));
                    let reach = if name == "pytest_make_parametrize_id" { Utf8PathBuf::new() } else { folder.clone() };
                    loaded.effects.push((reach, HookEffects { other }));
                }
            }
            loaded.modules.insert(path.clone(), module);
        }
        loaded
    }

    /// The conftests that reach a file, and what hooks do to its tests.
    fn reaching(&self, file: &ModuleFile) -> (Vec<Rc<Module>>, HookDoubts) {
        let modules = file.conftests.iter().filter_map(|path| self.modules.get(path).cloned()).collect();
        let mut hooks = HookDoubts::default();
        for (reach, effects) in &self.effects {
            if reach.as_str().is_empty() || file.path.starts_with(reach) {
                hooks.other = hooks.other.or_else(|| effects.other.as_deref().cloned());
            }
        }
        (modules, hooks)
    }
}

fn not_followed(module: &Module, hook: &str) -> Reason {
    let line = module.file.text.lines().position(|line| line.contains(hook)).unwrap_or(0);
    let at = SourceSpan::line(module.file.path.clone(), u32::try_from(line + 1).unwrap_or(1));
    Reason { text: format!("the hook `{hook}` is not followed"), at }
}

/// Markers that the configuration declares, and those that conftests add by `addinivalue_line("markers", ...)`.
fn declared(config: &Config, conftests: &Loaded, tree: &Utf8Path) -> Vec<DeclaredMarker> {
    let file = config.file.as_ref().and_then(|file| TreePath::relative_to(file, tree));
    let mut declared: Vec<DeclaredMarker> = config
        .ini
        .markers
        .iter()
        .map(|marker| DeclaredMarker {
            name: marker.name.clone(),
            at: file.clone().zip(marker.line).map(|(file, line)| SourceSpan::line(file, line)),
        })
        .collect();
    let mut paths: Vec<_> = conftests.modules.keys().collect();
    paths.sort();
    for path in paths {
        let source = &conftests.modules[path].file;
        for (line, text) in source.text.lines().enumerate() {
            let Some((_, behind)) = text.split_once("addinivalue_line(") else { continue };
            let quoted: Vec<&str> = behind.split(['"', '\'']).collect();
            if let [_, "markers", _, marker, ..] = &quoted[..] {
                let name = marker.split(':').next().unwrap_or_default().split('(').next().unwrap_or_default().trim();
                let at = SourceSpan::line(source.path.clone(), u32::try_from(line + 1).unwrap_or(1));
                declared.push(DeclaredMarker { name: name.to_owned(), at: Some(at) });
            }
        }
    }
    declared
}

/// Reads `collect_ignore` of conftests while the walk goes on. Each is evaluated alone, with imports from its own
/// package root; the rest of discovery evaluates it again, with all that is known then.
struct EvaluatedIgnores<'s> {
    settings: &'s Settings,
    config: &'s Config,
}

impl<'s> EvaluatedIgnores<'s> {
    fn new(settings: &'s Settings, config: &'s Config) -> Self {
        Self { settings, config }
    }
}

impl Conftests for EvaluatedIgnores<'_> {
    fn ignores(&mut self, conftest: &Utf8Path) -> ConftestIgnores {
        let tree = self.settings.tree.as_path();
        let imports = Imports::new(self.config, tree, [conftest].into_iter());
        let settings = self.settings;
        let mut interpreter = Interpreter::new(tree, &imports, Sources::new(), settings.python, &settings.env);
        // One that does not parse is reported when its tests are collected.
        let Ok(module) = interpreter.module(conftest) else { return ConftestIgnores::default() };
        let names = module.scope.names.borrow();
        let folder = conftest.parent().unwrap_or(conftest);
        let mut ignores = ConftestIgnores::default();
        if let Some(binding) = names.get("collect_ignore") {
            match entries(binding, folder) {
                Ok(paths) => ignores.paths = Some(paths),
                Err(reason) => {
                    ignores.unknown = Some(reason.unwrap_or_else(|| unknown_list(&module, "collect_ignore")))
                }
            }
        }
        if let Some(binding) = names.get("collect_ignore_glob") {
            match entries(binding, folder) {
                Ok(globs) => ignores.globs = Some(globs),
                Err(reason) => {
                    ignores.unknown = Some(reason.unwrap_or_else(|| unknown_list(&module, "collect_ignore_glob")));
                }
            }
        }
        if names.contains_key("pytest_ignore_collect") {
            // It may leave out any file below: a condition on each of them.
            let reason = not_followed(&module, "pytest_ignore_collect");
            let condition = Condition { text: "pytest_ignore_collect".to_owned(), at: reason.at };
            let all = Entry { text: format!("{folder}/*"), condition: Some(condition) };
            ignores.globs.get_or_insert_default().push(all);
        }
        ignores
    }
}

fn unknown_list(module: &Module, name: &str) -> Reason {
    let mut reason = not_followed(module, name);
    reason.text = format!("`{name}` is not known");
    reason
}

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
