//! Which files pytest collects, in its order.
//!
//! Source of the rules: pytest's `Session.collect`, `Dir`, `Package` and `pytest_ignore_collect`.

mod doctest_files;
mod file;
mod ignoring;
mod passed_over;
mod pytest_7;
mod session;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use foldhash::{HashMap, HashSet};
use test_catalog::{Condition, Problem, ProblemKind, SourceSpan, TreePath};

use crate::arguments::{self, Argument};
use crate::config::Config;
use crate::fnmatch::FnMatch;
use crate::folders::{Child, Folder, Folders, Kind};
use crate::imports::INIT;
use crate::paths::absolute;
use crate::version::PytestVersion;
use doctest_files::DoctestFiles;
use file::perhaps;
pub(crate) use file::{Collector, ModuleFile, Position};
pub(crate) use ignoring::Kept;
use ignoring::{Answer, FolderRules, PathPattern, Source, Verdict};
pub(crate) use passed_over::PassedOver;
pub(crate) use session::{ConftestIgnores, Entry, HookVerdict, Session};

/// No tree has more folders; a tree that seems to is one of links, and the rest of it is reported, not walked.
const MOST_FOLDERS: usize = 200_000;

/// What the walk found.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    /// The files as they were collected: one that is collected twice stands there twice.
    pub(crate) modules: Vec<ModuleFile>,
    /// Every conftest that was loaded, outer folders first.
    pub(crate) conftests: Vec<Utf8PathBuf>,
    /// Files by whose names people know tests, and pytest does not look for them.
    pub(crate) other_names: Vec<Utf8PathBuf>,
    /// Arguments of which pytest finds nothing, wherever their files lead.
    pub(crate) not_found: Vec<Argument>,
    /// What could not be read.
    pub(crate) problems: Vec<Problem>,
    /// Why a file that was sought, or a folder above it, was passed over.
    pub(crate) passed_over: Vec<(Utf8PathBuf, PassedOver)>,
}

/// Walks each argument in order. Of the files that are sought, absolute paths, it is told why they were passed over.
pub(crate) fn walk(
    config: &Config,
    tree: &Utf8Path,
    session: &mut impl Session,
    folders: &Folders,
    sought: &[Utf8PathBuf],
) -> Walked {
    let mut walker = Walker::new(config, tree, session, folders, sought);
    if config.pytest < PytestVersion::INTERLEAVED_WALK {
        walker.as_pytest_7();
    } else {
        let is_passed_through = |place: &usize| arguments::is_passed_through(config, *place);
        let places = (0..config.arguments.len()).filter(|place| !is_passed_through(place));
        // A file of which an argument names a test is searched for that before any folder is collected.
        places.clone().for_each(|place| walker.search(place));
        places.for_each(|place| walker.argument(place));
        walker.left_out();
    }
    for file in sought {
        walker.not_below(file);
    }
    walker.walked.other_names.sort();
    walker.walked
}

struct Walker<'a, S> {
    config: &'a Config,
    tree: &'a Utf8Path,
    session: &'a mut S,
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
    /// Folders of whose children hooks were asked on the way to an argument, and what they said.
    asked: HashSet<Utf8PathBuf>,
    answers: HashMap<Utf8PathBuf, Answer>,
    /// Folders that the tree's configuration leaves out.
    left_out: Vec<LeftOut>,
    /// While they are walked: how many files had been found before the one that is, twice.
    left_out_at: Option<usize>,
    /// How many folders were entered.
    entered: usize,
    walked: Walked,
}

/// A folder that is walked when all else is.
struct LeftOut {
    path: Utf8PathBuf,
    /// Of the folder that it is in.
    rules: Arc<FolderRules>,
    /// Where it and the folders around it really are.
    above: Vec<Utf8PathBuf>,
    kept: Kept,
    /// The argument that leads to it.
    place: usize,
    /// How many files had been found before it, twice.
    file: usize,
}

impl<'a, S: Session> Walker<'a, S> {
    fn new(
        config: &'a Config,
        tree: &'a Utf8Path,
        session: &'a mut S,
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
            session,
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
            asked: HashSet::default(),
            answers: HashMap::default(),
            left_out: Vec::new(),
            left_out_at: None,
            entered: 0,
            walked: Walked::default(),
        }
    }

    /// Loads the conftests on the way to an argument, and collects the file that it narrows.
    fn search(&mut self, place: usize) {
        let Some((argument, folder)) = self.of_arguments(place) else { return };
        let _ = self.rules_of(argument, folder);
        if !argument.names.is_empty() {
            self.named_file(argument, place);
        }
    }

    /// Collects what an argument leads to, unless it was searched.
    fn argument(&mut self, place: usize) {
        let Some((argument, folder)) = self.of_arguments(place) else { return };
        self.session.reaches(place);
        if folder == argument.path {
            let rules = self.rules_of(argument, folder);
            self.folder(folder, &rules, &mut vec![canonical(folder)], &Kept::default(), place);
        } else if argument.names.is_empty() {
            self.named_file(argument, place);
        }
    }

    /// An argument, with the folder that it is or lies in.
    fn of_arguments(&self, place: usize) -> Option<(&'a Argument, &'a Utf8Path)> {
        let argument = self.config.arguments.get(place)?;
        let folder = if argument.path.is_dir() { Some(argument.path.as_path()) } else { argument.path.parent() };
        Some((argument, folder?))
    }

    fn rules_of(&mut self, argument: &Argument, folder: &Utf8Path) -> Arc<FolderRules> {
        // A module that is in no package is collected without its folder, and so without conftests.
        let is_alone = folder != argument.path && argument.module_name.as_ref().is_some_and(|name| !name.contains('.'));
        if is_alone { Arc::default() } else { self.enter_from_above(folder, &argument.path) }
    }

    fn named_file(&mut self, argument: &Argument, place: usize) {
        let narrowed = (!argument.names.is_empty()).then(|| argument.clone());
        let collectors = self.collectors(&argument.path);
        // pytest says itself what becomes of a file that nothing collects.
        let named = if collectors.is_empty() && self.has_modules { vec![Collector::Module] } else { collectors };
        for collector in named {
            let made_anew = arguments::times_made_anew(self.config, place);
            let file = self.module_file(&argument.path, collector, narrowed.clone(), Kept::default());
            self.file(ModuleFile { made_anew, ..file }, place);
        }
    }

    /// pytest makes nodes of all children of a folder before it collects the first of them.
    fn folder(
        &mut self,
        folder: &Utf8Path,
        rules: &Arc<FolderRules>,
        above: &mut Vec<Utf8PathBuf>,
        kept: &Kept,
        place: usize,
    ) {
        if rules.is_lost {
            return;
        }
        let Some(listing) = self.listing(folder) else { return };
        let children: Vec<_> = in_order(&listing).filter_map(|child| self.child(folder, child, rules)).collect();
        for (path, child, collectors, own) in children {
            let inner = kept.and(own);
            if child.kind != Kind::Folder {
                for collector in collectors {
                    let file = self.module_file(&path, collector, None, inner.clone());
                    self.file(file, place);
                }
                continue;
            }
            let Some(real) = self.real(&path, child.is_link, above) else { continue };
            if inner.ignored_by.is_some() && self.left_out_at.is_none() {
                let above = above.iter().cloned().chain([real]).collect();
                self.left_out.push(LeftOut {
                    path,
                    rules: rules.clone(),
                    above,
                    kept: inner,
                    place,
                    file: self.found(),
                });
                continue;
            }
            let inside = self.enter(&path, rules, &inner);
            above.push(real);
            self.folder(&path, &inside, above, &inner, place);
            above.pop();
        }
    }

    /// Walks the folders that the configuration leaves out: for all others they are not there.
    fn left_out(&mut self) {
        self.session.leaves_out(true);
        for LeftOut { path, rules, mut above, kept, place, file } in std::mem::take(&mut self.left_out) {
            self.left_out_at = Some(file);
            let inside = self.enter(&path, &rules, &kept);
            self.folder(&path, &inside, &mut above, &kept, place);
        }
    }

    /// A child of a folder that is kept, and what a file is collected as.
    fn child<'c>(
        &mut self,
        folder: &Utf8Path,
        child: &'c Child,
        rules: &FolderRules,
    ) -> Option<(Utf8PathBuf, &'c Child, Vec<Collector>, Kept)> {
        let name = &child.name;
        let is_dir = child.kind == Kind::Folder;
        let is_asked = child.kind == Kind::File && (rules.has_hooks() || self.session.may_ignore());
        let may_be_test = name.ends_with(".py") || self.doctest_files.may_have(name);
        if !is_dir && !is_asked && !may_be_test && !self.session.may_collect() {
            return None;
        }
        let path = folder.join(&**name);
        let collectors = if is_dir { Vec::new() } else { self.collectors(&path) };
        let is_passed_over = !is_dir && !collectors.contains(&Collector::Module) && self.has_modules;
        if is_passed_over && name.ends_with(".py") {
            self.not_looked_for(&path, name);
        }
        if !is_dir && collectors.is_empty() {
            // A hook that is asked may remember it.
            if is_asked {
                let _ = self.verdict(&path, is_dir, rules);
            }
            return None;
        }
        match self.verdict(&path, is_dir, rules) {
            Verdict::Kept(own) => Some((path, child, collectors, own)),
            Verdict::Ignored(why) => {
                self.pass_over(&path, why);
                None
            }
        }
    }

    /// What a folder holds, if it can be read and is not one too many.
    fn listing(&mut self, folder: &Utf8Path) -> Option<Arc<Folder>> {
        self.entered += 1;
        if self.entered > MOST_FOLDERS {
            if self.entered == MOST_FOLDERS + 1 {
                self.problem(folder, format!("has more than {MOST_FOLDERS} folders with it: the rest is not read"));
            }
            return None;
        }
        match self.folders.listing(folder) {
            Ok(listing) => {
                for name in &listing.unreadable {
                    self.problem(folder, format!("{name} is not UTF-8: it is not read"));
                }
                Some(listing)
            }
            Err(error) => {
                self.problem(folder, format!("cannot be read: {error}"));
                None
            }
        }
    }

    /// Where a folder really is, unless it is a link to one of those around it, which are `above`.
    fn real(&mut self, path: &Utf8Path, is_link: bool, above: &[Utf8PathBuf]) -> Option<Utf8PathBuf> {
        // Only links lead back.
        if !is_link {
            return Some(path.to_owned());
        }
        let real = canonical(path);
        if above.iter().any(|one| one == &real || canonical(one) == real) {
            self.problem(path, "links back to a folder above: pytest would go round, it is not followed".into());
            return None;
        }
        Some(real)
    }

    /// Tells of a file that pytest does not look for by its name.
    fn not_looked_for(&mut self, path: &Utf8Path, name: &str) {
        if is_named_for_tests(name) {
            self.walked.other_names.push(path.to_owned());
        }
        if self.is_sought(path) {
            self.pass_over(path, PassedOver::Name(self.config.ini.python_files.clone()));
        }
    }

    /// What a file is collected as, in turn.
    fn collectors(&mut self, path: &Utf8Path) -> Vec<Collector> {
        let is_named = self.initial.contains(path.as_str());
        let doctest = self.doctest_files.collector(path, is_named);
        let module = self.is_python_file(path).then_some(Collector::Module);
        doctest.into_iter().chain(module.or_else(|| self.other_collector(path))).collect()
    }

    fn other_collector(&mut self, path: &Utf8Path) -> Option<Collector> {
        (self.session.may_collect() && self.session.collects(path)).then_some(Collector::Other)
    }

    fn is_python_file(&self, path: &Utf8Path) -> bool {
        self.has_modules
            && path.as_str().ends_with(".py")
            && (self.initial.contains(path.as_str()) || self.python_files.iter().any(|pattern| pattern.matches(path)))
    }

    fn module_file(&self, path: &Utf8Path, collector: Collector, narrowed: Option<Argument>, kept: Kept) -> ModuleFile {
        ModuleFile {
            path: path.to_owned(),
            collector,
            position: Position::default(),
            narrowed,
            made_anew: 0,
            conditions: kept.conditions,
            doubt: kept.doubt,
            ignored_by: kept.ignored_by,
        }
    }

    /// How many files were found, twice.
    fn found(&self) -> usize {
        2 * self.walked.modules.len()
    }

    /// Collects a file, to which that node of the session leads.
    fn file(&mut self, file: ModuleFile, node: usize) {
        let position = match self.left_out_at {
            Some(file) => Position { node, file, left_out: self.walked.modules.len() },
            None => Position { node, file: self.found() + 1, left_out: 0 },
        };
        let file = ModuleFile { position, ..file };
        self.session.found(&file);
        self.walked.modules.push(file);
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
/// mixed.
fn in_order(folder: &Folder) -> impl Iterator<Item = &Child> {
    let is_first = |child: &&Child| &*child.name == INIT;
    let children = folder.children.iter();
    children.clone().filter(is_first).chain(children.filter(move |child| !is_first(child)))
}

/// Where a folder really is; its own path where that cannot be said.
fn canonical(folder: &Utf8Path) -> Utf8PathBuf {
    folder.canonicalize_utf8().unwrap_or_else(|_| folder.to_owned())
}
