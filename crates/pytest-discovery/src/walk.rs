//! Which files pytest collects, in its order.
//!
//! Source of the rules: pytest's `Session.collect`, `Dir`, `Package` and `pytest_ignore_collect`.

mod doctest_files;
mod passed_over;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use foldhash::{HashMap, HashSet};
use test_catalog::{Condition, Problem, ProblemKind, Reason, SourceSpan, TreePath};

use crate::arguments::{self, Argument};
use crate::config::Config;
use crate::fnmatch::FnMatch;
use crate::folders::{Child, Folder, Folders, Kind};
use crate::imports::INIT;
use crate::moment::Moment;
use crate::paths::absolute;
use crate::version::PytestVersion;
use doctest_files::DoctestFiles;
pub(crate) use passed_over::PassedOver;

/// No tree has more folders; a tree that seems to is one of links, and the rest of it is reported, not walked.
const MOST_FOLDERS: usize = 200_000;

/// What a conftest says of the files below its folder that are not collected.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConftestIgnores {
    /// `collect_ignore`, if it defines the name: absolute paths. The nearest conftest that defines it decides alone.
    pub(crate) paths: Option<Vec<Entry>>,
    /// `collect_ignore_glob`, if it defines the name: absolute patterns.
    pub(crate) globs: Option<Vec<Entry>>,
    /// Why it may ignore more than these say: a list that could not be followed.
    pub(crate) unknown: Option<Reason>,
    /// Whether it has `pytest_ignore_collect`.
    pub(crate) hook: bool,
}

/// What `pytest_ignore_collect` of a conftest says of a path.
#[derive(Debug, Clone)]
pub(crate) enum HookVerdict {
    /// Nothing: others decide.
    Silent,
    Ignore,
    /// It is kept, whatever else would ignore it.
    Keep,
    /// It may be ignored.
    Perhaps(Condition),
}

/// One entry of a `collect_ignore` list.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The absolute path or pattern.
    pub(crate) text: String,
    /// Under which condition it is in the list; `None` where always.
    pub(crate) condition: Option<Condition>,
}

/// Whom the walk asks and tells on its way.
pub(crate) trait Conftests {
    /// What the conftest says, to which the walk comes at that moment. It asks once for each, outer folders first.
    fn ignores(&mut self, conftest: &Utf8Path, moment: Moment) -> ConftestIgnores;

    /// What the hook of that conftest says of a path.
    fn ask_hook(&mut self, conftest: &Utf8Path, path: &Utf8Path) -> HookVerdict;

    /// Hears of a module that is collected, to which the walk comes at that moment.
    fn found(&mut self, _module: &Utf8Path, _moment: Moment) {}

    /// What the hooks of plugins of the tree that are no conftests say of it.
    fn ask_plugins(&mut self, _path: &Utf8Path) -> HookVerdict {
        HookVerdict::Silent
    }
}

/// What a file is collected as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Collector {
    /// `Module`: of tests.
    Module,
    /// `DoctestModule`: of the docstrings that `--doctest-modules` asks for.
    Docstrings,
    /// `DoctestTextfile`.
    Text,
}

/// A file that is collected.
#[derive(Debug, Clone)]
pub(crate) struct ModuleFile {
    /// Absolute.
    pub(crate) path: Utf8PathBuf,
    pub(crate) collector: Collector,
    /// The argument's names and parameters that it is narrowed to; `None` for all of it.
    pub(crate) narrowed: Option<Argument>,
    /// Conditions under which a conftest leaves it out.
    pub(crate) conditions: Vec<Condition>,
    /// Why a conftest may leave it out, or keep it.
    pub(crate) doubt: Option<Reason>,
    /// The option of the tree's configuration that leaves it out.
    pub(crate) ignored_by: Option<Condition>,
}

/// What the walk found.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    /// The files, in pytest's order: one that is collected twice stands there twice.
    pub(crate) modules: Vec<ModuleFile>,
    /// Every conftest that was loaded, outer folders first.
    pub(crate) conftests: Vec<Utf8PathBuf>,
    /// Files by whose names people know tests, and pytest does not look for them.
    pub(crate) other_names: Vec<Utf8PathBuf>,
    /// What could not be read.
    pub(crate) problems: Vec<Problem>,
    /// Why a file that was sought, or a folder above it, was passed over.
    pub(crate) passed_over: Vec<(Utf8PathBuf, PassedOver)>,
}

/// Walks each argument in order. Of the files that are sought, absolute paths, it is told why they were passed over.
pub(crate) fn walk(
    config: &Config,
    tree: &Utf8Path,
    conftests: &mut impl Conftests,
    folders: &Folders,
    sought: &[Utf8PathBuf],
) -> Walked {
    let mut walker = Walker::new(config, tree, conftests, folders, sought);
    for (place, argument) in config.arguments.iter().enumerate() {
        if !arguments::is_passed_through(config, place) {
            walker.argument(argument);
        }
    }
    for file in sought {
        walker.not_below(file);
    }
    walker.walked
}

struct Walker<'a, C> {
    config: &'a Config,
    tree: &'a Utf8Path,
    conftests: &'a mut C,
    folders: &'a Folders,
    sought: &'a [Utf8PathBuf],
    /// The arguments' paths. As texts, like all that each file is compared with: paths are compared part by part.
    initial: HashSet<&'a str>,
    ignore: Vec<(String, Source)>,
    ignore_globs: Vec<(FnMatch, Source)>,
    /// Whether modules are collected at all: `-p no:python` takes away what does that.
    has_modules: bool,
    python_files: Vec<PathPattern>,
    doctest_files: DoctestFiles,
    norecursedirs: Vec<PathPattern>,
    /// The rules of each folder that has been entered.
    rules: HashMap<Utf8PathBuf, Arc<FolderRules>>,
    /// The files that were found in folders so far, where that matters.
    of_folders: HashSet<Utf8PathBuf>,
    entered: usize,
    walked: Walked,
}

/// Where an `--ignore` or `--ignore-glob` comes from.
#[derive(Debug, Clone)]
enum Source {
    /// The command line: what it leaves out is not wanted.
    Asked(String),
    /// The tree's configuration.
    Configured(Condition),
}

/// What the conftests above and in a folder say about its children.
#[derive(Debug, Default)]
struct FolderRules {
    paths: Vec<Entry>,
    globs: Vec<(FnMatch, Entry)>,
    unknown: Option<Reason>,
    /// The conftests with `pytest_ignore_collect`, the nearest last.
    hooks: Vec<Utf8PathBuf>,
}

/// A pattern of `python_files` or `norecursedirs`: of a name, or with `/` of a whole path.
struct PathPattern {
    whole: bool,
    pattern: FnMatch,
}

impl PathPattern {
    fn new(text: &str) -> Self {
        let whole = text.contains('/');
        let pattern = if whole && !text.starts_with('/') { format!("*/{text}") } else { text.to_owned() };
        Self { whole, pattern: FnMatch::new(&pattern) }
    }

    fn matches(&self, path: &Utf8Path) -> bool {
        let text = if self.whole { path.as_str() } else { path.file_name().unwrap_or_default() };
        self.pattern.matches(text)
    }
}

/// What becomes of a child of a folder.
enum Verdict {
    Ignored(PassedOver),
    Kept(Kept),
}

/// What is to be said of what is kept.
#[derive(Debug, Clone, Default)]
struct Kept {
    conditions: Vec<Condition>,
    doubt: Option<Reason>,
    ignored_by: Option<Condition>,
}

impl Kept {
    /// The same below it, with what is to be said of that.
    fn and(&self, inner: Self) -> Self {
        Self {
            conditions: self.conditions.iter().cloned().chain(inner.conditions).collect(),
            doubt: inner.doubt.or_else(|| self.doubt.clone()),
            ignored_by: self.ignored_by.clone().or(inner.ignored_by),
        }
    }
}

impl<'a, C: Conftests> Walker<'a, C> {
    fn new(
        config: &'a Config,
        tree: &'a Utf8Path,
        conftests: &'a mut C,
        folders: &'a Folders,
        sought: &'a [Utf8PathBuf],
    ) -> Self {
        let cwd = &config.invocation_dir;
        let file = config.file.as_ref().and_then(|file| TreePath::relative_to(file, tree));
        let source = |index: usize, configured: usize, option: &str, text: &str| match &file {
            Some(file) if index < configured => Source::Configured(Condition {
                text: format!("{option}={text}"),
                at: SourceSpan::line(file.clone(), config.addopts_line.unwrap_or(1)),
            }),
            _ => Source::Asked(format!("{option}={text}")),
        };
        let (ignores, globs) = config.options.ignores_configured;
        Self {
            config,
            tree,
            conftests,
            folders,
            sought,
            initial: config.arguments.iter().map(|argument| argument.path.as_str()).collect(),
            ignore: config
                .options
                .ignore
                .iter()
                .enumerate()
                .map(|(index, text)| (absolute(cwd, text).into_string(), source(index, ignores, "--ignore", text)))
                .collect(),
            ignore_globs: config
                .options
                .ignore_glob
                .iter()
                .enumerate()
                .map(|(index, text)| {
                    (FnMatch::new(absolute(cwd, text).as_str()), source(index, globs, "--ignore-glob", text))
                })
                .collect(),
            has_modules: config.options.has_own_plugin("python"),
            python_files: config.ini.python_files.iter().map(|text| PathPattern::new(text)).collect(),
            doctest_files: DoctestFiles::new(config),
            norecursedirs: config.ini.norecursedirs.iter().map(|text| PathPattern::new(text)).collect(),
            rules: HashMap::default(),
            of_folders: HashSet::default(),
            entered: 0,
            walked: Walked::default(),
        }
    }

    fn argument(&mut self, argument: &Argument) {
        let folder = if argument.path.is_dir() { Some(argument.path.as_path()) } else { argument.path.parent() };
        let Some(folder) = folder else { return };
        let rules = self.enter_from_above(folder);
        if argument.path.is_dir() {
            self.folder(folder, &rules, &mut vec![canonical(folder)], &Kept::default());
        } else {
            let narrowed = (!argument.names.is_empty()).then(|| argument.clone());
            let collectors = self.collectors(&argument.path);
            // pytest says itself what becomes of a file that nothing collects.
            let named = if collectors.is_empty() && self.has_modules { vec![Collector::Module] } else { collectors };
            named
                .into_iter()
                .for_each(|collector| self.file(&argument.path, collector, narrowed.clone(), Kept::default()));
        }
    }

    /// Loads the conftests from `confcutdir` down to a folder.
    fn enter_from_above(&mut self, folder: &Utf8Path) -> Arc<FolderRules> {
        let mut rules = Arc::new(FolderRules::default());
        let above: Vec<_> = folder.ancestors().collect();
        for ancestor in above.into_iter().rev() {
            if self.config.confcutdir.starts_with(ancestor) && ancestor != self.config.confcutdir {
                continue;
            }
            rules = self.enter(ancestor, &rules, &Kept::default());
        }
        rules
    }

    /// The rules in a folder, whose own conftest is loaded the first time.
    fn enter(&mut self, folder: &Utf8Path, above: &Arc<FolderRules>, kept: &Kept) -> Arc<FolderRules> {
        if let Some(known) = self.rules.get(folder) {
            return known.clone();
        }
        let conftest = folder.join("conftest.py");
        let rules = if !self.config.options.noconftest && self.folders.has_file(folder, "conftest.py") {
            let said = self.conftests.ignores(&conftest, self.moment(kept));
            self.walked.conftests.push(conftest.clone());
            let globs = said
                .globs
                .map(|globs| globs.into_iter().map(|entry| (FnMatch::new(&entry.text), entry)).collect::<Vec<_>>());
            Arc::new(FolderRules {
                paths: said.paths.unwrap_or_else(|| above.paths.clone()),
                globs: globs.unwrap_or_else(|| {
                    above.globs.iter().map(|(_, entry)| (FnMatch::new(&entry.text), entry.clone())).collect()
                }),
                unknown: said.unknown.or_else(|| above.unknown.clone()),
                hooks: above.hooks.iter().cloned().chain(said.hook.then_some(conftest)).collect(),
            })
        } else {
            above.clone()
        };
        self.rules.insert(folder.to_owned(), rules.clone());
        rules
    }

    fn folder(&mut self, folder: &Utf8Path, rules: &Arc<FolderRules>, above: &mut Vec<Utf8PathBuf>, kept: &Kept) {
        self.entered += 1;
        if self.entered > MOST_FOLDERS {
            if self.entered == MOST_FOLDERS + 1 {
                self.problem(folder, format!("has more than {MOST_FOLDERS} folders with it: the rest is not read"));
            }
            return;
        }
        let listing = match self.folders.listing(folder) {
            Ok(listing) => listing,
            Err(error) => return self.problem(folder, format!("cannot be read: {error}")),
        };
        for name in &listing.unreadable {
            self.problem(folder, format!("{name} is not UTF-8: it is not read"));
        }
        for Child { name, kind, is_link } in in_order(&listing, self.config.pytest) {
            let is_dir = *kind == Kind::Folder;
            if !is_dir && !name.ends_with(".py") && !self.doctest_files.may_have(name) {
                continue;
            }
            let path = &folder.join(&**name);
            let collectors = if is_dir { Vec::new() } else { self.collectors(path) };
            let is_passed_over = !is_dir && !collectors.contains(&Collector::Module) && self.has_modules;
            if is_passed_over && name.ends_with(".py") {
                if is_named_for_tests(name) {
                    self.walked.other_names.push(path.clone());
                }
                if self.is_sought(path) {
                    self.pass_over(path, PassedOver::Name(self.config.ini.python_files.clone()));
                }
            }
            if !is_dir && collectors.is_empty() {
                continue;
            }
            let own = match self.verdict(path, is_dir, rules) {
                Verdict::Kept(own) => own,
                Verdict::Ignored(why) => {
                    self.pass_over(path, why);
                    continue;
                }
            };
            let inner = kept.and(own);
            if !is_dir {
                // Before, files of folders were collected once, and not the folders.
                let is_new = self.config.pytest >= PytestVersion::INTERLEAVED_WALK
                    || self.config.options.keep_duplicates
                    || self.of_folders.insert(path.clone());
                for collector in collectors.into_iter().filter(|_| is_new) {
                    self.file(path, collector, None, inner.clone());
                }
                continue;
            }
            // Only links lead back.
            let real = if *is_link { canonical(path) } else { path.clone() };
            if *is_link && above.iter().any(|one| one == &real || canonical(one) == real) {
                self.problem(path, "links back to a folder above: pytest would go round, it is not followed".into());
                continue;
            }
            let inside = self.enter(path, rules, &inner);
            above.push(real);
            self.folder(path, &inside, above, &inner);
            above.pop();
        }
    }

    /// What a file is collected as, in turn.
    fn collectors(&self, path: &Utf8Path) -> Vec<Collector> {
        let is_named = self.initial.contains(path.as_str());
        let doctest = self.doctest_files.collector(path, is_named);
        doctest.into_iter().chain(self.is_python_file(path).then_some(Collector::Module)).collect()
    }

    fn is_python_file(&self, path: &Utf8Path) -> bool {
        self.has_modules
            && path.as_str().ends_with(".py")
            && (self.initial.contains(path.as_str()) || self.python_files.iter().any(|pattern| pattern.matches(path)))
    }

    fn verdict(&mut self, path: &Utf8Path, is_dir: bool, rules: &FolderRules) -> Verdict {
        let is_old = self.config.pytest < PytestVersion::INTERLEAVED_WALK;
        // Before, no hook could open these, and what leads to an argument was no exception.
        if is_old && is_dir && path.file_name() == Some("__pycache__") {
            return Verdict::Ignored(PassedOver::Cache);
        }
        let leads_to_argument = || self.initial.iter().any(|one| Utf8Path::new(one).starts_with(path));
        let exempt = if is_dir { !is_old && leads_to_argument() } else { self.initial.contains(path.as_str()) };
        if exempt {
            return Verdict::Kept(Kept::default());
        }
        let mut kept = Kept { doubt: rules.unknown.clone(), ..Kept::default() };
        for asked in rules.hooks.iter().rev().map(Some).chain([None]) {
            let verdict = match asked {
                Some(conftest) => self.conftests.ask_hook(conftest, path),
                None => self.conftests.ask_plugins(path),
            };
            match verdict {
                HookVerdict::Silent => {}
                HookVerdict::Ignore => {
                    return Verdict::Ignored(
                        asked.map_or(PassedOver::Plugin, |conftest| PassedOver::Hook(self.relative(conftest))),
                    );
                }
                HookVerdict::Keep => return Verdict::Kept(kept),
                HookVerdict::Perhaps(condition) => kept.conditions.push(condition),
            }
        }
        let hits = rules.paths.iter().filter(|entry| entry.text == path.as_str());
        let globbed = rules.globs.iter().filter(|(pattern, _)| pattern.matches(path.as_str())).map(|(_, entry)| entry);
        for entry in hits.chain(globbed) {
            match &entry.condition {
                None => {
                    return Verdict::Ignored(PassedOver::CollectIgnore(
                        self.relative(Utf8Path::new(&entry.text)).into_string(),
                    ));
                }
                Some(condition) => kept.conditions.push(condition.clone()),
            }
        }
        if path.file_name() == Some("__pycache__") {
            return Verdict::Ignored(PassedOver::Cache);
        }
        if is_dir && !self.config.options.collect_in_virtualenv && self.is_virtualenv(path) {
            return Verdict::Ignored(PassedOver::Virtualenv);
        }
        if is_dir && let Some(index) = self.norecursedirs.iter().position(|pattern| pattern.matches(path)) {
            return Verdict::Ignored(PassedOver::NoRecurse(self.config.ini.norecursedirs[index].clone()));
        }
        let paths = self.ignore.iter().filter(|(ignored, _)| ignored == path.as_str()).map(|(_, source)| source);
        let globs = self.ignore_globs.iter().filter(|(pattern, _)| pattern.matches(path.as_str()));
        for source in paths.chain(globs.map(|(_, source)| source)) {
            match source {
                Source::Asked(option) => return Verdict::Ignored(PassedOver::Option(option.clone())),
                Source::Configured(condition) => kept.ignored_by = Some(condition.clone()),
            }
        }
        Verdict::Kept(kept)
    }

    fn is_virtualenv(&self, folder: &Utf8Path) -> bool {
        if self.config.pytest < PytestVersion::PYVENV_CFG {
            let scripts = ["activate", "activate.csh", "activate.fish", "Activate", "Activate.bat", "Activate.ps1"];
            return scripts.iter().any(|script| folder.join("bin").join(script).is_file());
        }
        let folders = self.folders;
        folders.has_file(folder, "pyvenv.cfg")
            || (self.config.pytest >= PytestVersion::CONDA_META
                && folders.has_folder(folder, "conda-meta")
                && folders.has_file(&folder.join("conda-meta"), "history"))
    }

    fn file(&mut self, path: &Utf8Path, collector: Collector, narrowed: Option<Argument>, kept: Kept) {
        if collector != Collector::Text {
            self.conftests.found(path, self.moment(&kept));
        }
        self.walked.modules.push(ModuleFile {
            path: path.to_owned(),
            collector,
            narrowed,
            conditions: kept.conditions,
            doubt: kept.doubt,
            ignored_by: kept.ignored_by,
        });
    }

    /// When what is kept so is loaded or collected.
    fn moment(&self, kept: &Kept) -> Moment {
        if kept.ignored_by.is_some() { Moment::NEVER } else { Moment::behind(self.walked.modules.len()) }
    }

    /// Whether a file is sought that is this one or lies below it.
    fn is_sought(&self, path: &Utf8Path) -> bool {
        self.sought.iter().any(|sought| sought.starts_with(path))
    }

    fn pass_over(&mut self, path: &Utf8Path, why: PassedOver) {
        if self.is_sought(path) {
            self.walked.passed_over.push((path.to_owned(), why));
        }
    }

    /// Tells of a sought file that no argument leads to it.
    fn not_below(&mut self, file: &Utf8Path) {
        let is_below = self.config.arguments.iter().any(|argument| file.starts_with(&argument.path));
        let testpaths = &self.config.ini.testpaths;
        if !is_below && !testpaths.is_empty() {
            self.pass_over(file, PassedOver::TestPaths(testpaths.clone()));
        }
    }

    fn relative(&self, path: &Utf8Path) -> Utf8PathBuf {
        path.strip_prefix(self.tree).unwrap_or(path).to_owned()
    }

    fn problem(&mut self, path: &Utf8Path, message: String) {
        let file = TreePath::relative_to(path, self.tree).unwrap_or_else(|| TreePath::new(path));
        self.walked.problems.push(Problem { kind: ProblemKind::Unreadable, message, at: SourceSpan::line(file, 1) });
    }
}

/// Whether people take it for a file of tests: `tests.py`, `planner_tests.py`, `testplanner.py`.
fn is_named_for_tests(name: &str) -> bool {
    let stem = name.strip_suffix(".py").unwrap_or(name);
    let is_word = |word: &str| matches!(word, "test" | "tests");
    stem.starts_with("test") || stem.rsplit(['_', '-', '.']).next().is_some_and(is_word)
}

/// The children of a folder in pytest's order: a package's `__init__.py`, then all others by name, files and folders
/// mixed; before 8.0, files first.
fn in_order(folder: &Folder, pytest: PytestVersion) -> impl Iterator<Item = &Child> {
    let is_mixed = pytest >= PytestVersion::INTERLEAVED_WALK;
    let turn = move |child: &Child| match &*child.name {
        INIT => 0,
        _ if is_mixed || child.kind != Kind::Folder => 1,
        _ => 2,
    };
    (0..3).flat_map(move |one| folder.children.iter().filter(move |child| turn(child) == one))
}

/// Where a folder really is; its own path where that cannot be said.
fn canonical(folder: &Utf8Path) -> Utf8PathBuf {
    folder.canonicalize_utf8().unwrap_or_else(|_| folder.to_owned())
}
