//! Which files pytest collects, in its order.
//!
//! Source of the rules: pytest's `Session.collect`, `Dir`, `Package` and `pytest_ignore_collect`.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use test_catalog::{Condition, Problem, ProblemKind, Reason, SourceSpan, TreePath};

use crate::arguments::Argument;
use crate::config::Config;
use crate::fnmatch::FnMatch;
use crate::paths::absolute;
use crate::version::PytestVersion;

/// No tree has more folders; a tree that seems to is one of links, and the rest of it is reported, not walked.
const MOST_FOLDERS: usize = 200_000;

/// What a conftest says of the files below its folder that are not collected.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConftestIgnores {
    /// `collect_ignore`, if it defines the name: absolute paths. The nearest conftest that defines it decides alone.
    pub(crate) paths: Option<Vec<Entry>>,
    /// `collect_ignore_glob`, if it defines the name: absolute patterns.
    pub(crate) globs: Option<Vec<Entry>>,
    /// Why it may ignore more than these say: a hook, or a list that could not be followed.
    pub(crate) unknown: Option<Reason>,
}

/// One entry of a `collect_ignore` list.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The absolute path or pattern.
    pub(crate) text: String,
    /// Under which condition it is in the list; `None` where always.
    pub(crate) condition: Option<Condition>,
}

/// Who reads conftests for the walk.
pub(crate) trait Conftests {
    /// What the conftest says. The walk asks once for each, outer folders first.
    fn ignores(&mut self, conftest: &Utf8Path) -> ConftestIgnores;
}

/// A file that is collected as a module.
#[derive(Debug, Clone)]
pub(crate) struct ModuleFile {
    /// Absolute.
    pub(crate) path: Utf8PathBuf,
    /// The argument's names and parameters that it is narrowed to; `None` for all of it.
    pub(crate) narrowed: Option<Argument>,
    /// The conftests that reach it, outer ones first.
    pub(crate) conftests: Arc<[Utf8PathBuf]>,
    /// Conditions under which a conftest leaves it out.
    pub(crate) conditions: Vec<Condition>,
    /// Why a conftest may leave it out, or keep it.
    pub(crate) doubt: Option<Reason>,
}

/// What the walk found.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    /// The files, in pytest's order.
    pub(crate) modules: Vec<ModuleFile>,
    /// Every conftest that was loaded, outer folders first.
    pub(crate) conftests: Vec<Utf8PathBuf>,
    /// What could not be read.
    pub(crate) problems: Vec<Problem>,
}

/// Walks each argument in order.
pub(crate) fn walk(config: &Config, tree: &Utf8Path, conftests: &mut impl Conftests) -> Walked {
    let mut walker = Walker::new(config, tree, conftests);
    for argument in &config.arguments {
        walker.argument(argument);
    }
    walker.walked
}

struct Walker<'a, C> {
    config: &'a Config,
    tree: &'a Utf8Path,
    conftests: &'a mut C,
    initial: BTreeSet<&'a Utf8Path>,
    ignore: Vec<Utf8PathBuf>,
    ignore_globs: Vec<FnMatch>,
    python_files: Vec<PathPattern>,
    norecursedirs: Vec<PathPattern>,
    /// The rules of each folder that has been entered.
    rules: HashMap<Utf8PathBuf, Arc<FolderRules>>,
    folders: usize,
    walked: Walked,
}

/// What the conftests above and in a folder say about its children.
#[derive(Debug, Default)]
struct FolderRules {
    conftests: Arc<[Utf8PathBuf]>,
    paths: Vec<Entry>,
    globs: Vec<(FnMatch, Entry)>,
    unknown: Option<Reason>,
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
    Ignored,
    Kept { conditions: Vec<Condition>, doubt: Option<Reason> },
}

impl<'a, C: Conftests> Walker<'a, C> {
    fn new(config: &'a Config, tree: &'a Utf8Path, conftests: &'a mut C) -> Self {
        let cwd = &config.invocation_dir;
        Self {
            config,
            tree,
            conftests,
            initial: config.arguments.iter().map(|argument| argument.path.as_path()).collect(),
            ignore: config.options.ignore.iter().map(|text| absolute(cwd, text)).collect(),
            ignore_globs: config
                .options
                .ignore_glob
                .iter()
                .map(|text| FnMatch::new(absolute(cwd, text).as_str()))
                .collect(),
            python_files: config.ini.python_files.iter().map(|text| PathPattern::new(text)).collect(),
            norecursedirs: config.ini.norecursedirs.iter().map(|text| PathPattern::new(text)).collect(),
            rules: HashMap::new(),
            folders: 0,
            walked: Walked::default(),
        }
    }

    fn argument(&mut self, argument: &Argument) {
        let folder = if argument.path.is_dir() { Some(argument.path.as_path()) } else { argument.path.parent() };
        let Some(folder) = folder else { return };
        let rules = self.enter_from_above(folder);
        if argument.path.is_dir() {
            self.folder(folder, &rules, &mut vec![canonical(folder)], &[], None);
        } else {
            let narrowed = (!argument.names.is_empty()).then(|| argument.clone());
            self.module(&argument.path, narrowed, &rules, Vec::new(), None);
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
            rules = self.enter(ancestor, &rules);
        }
        rules
    }

    /// The rules in a folder, whose own conftest is loaded the first time.
    fn enter(&mut self, folder: &Utf8Path, above: &Arc<FolderRules>) -> Arc<FolderRules> {
        if let Some(known) = self.rules.get(folder) {
            return known.clone();
        }
        let conftest = folder.join("conftest.py");
        let rules = if !self.config.options.noconftest && conftest.is_file() {
            let said = self.conftests.ignores(&conftest);
            self.walked.conftests.push(conftest.clone());
            let globs = said
                .globs
                .map(|globs| globs.into_iter().map(|entry| (FnMatch::new(&entry.text), entry)).collect::<Vec<_>>());
            Arc::new(FolderRules {
                conftests: above.conftests.iter().cloned().chain([conftest]).collect(),
                paths: said.paths.unwrap_or_else(|| above.paths.clone()),
                globs: globs.unwrap_or_else(|| {
                    above.globs.iter().map(|(_, entry)| (FnMatch::new(&entry.text), entry.clone())).collect()
                }),
                unknown: said.unknown.or_else(|| above.unknown.clone()),
            })
        } else {
            above.clone()
        };
        self.rules.insert(folder.to_owned(), rules.clone());
        rules
    }

    fn folder(
        &mut self,
        folder: &Utf8Path,
        rules: &Arc<FolderRules>,
        above: &mut Vec<Utf8PathBuf>,
        conditions: &[Condition],
        doubt: Option<&Reason>,
    ) {
        self.folders += 1;
        if self.folders > MOST_FOLDERS {
            if self.folders == MOST_FOLDERS + 1 {
                self.problem(folder, format!("has more than {MOST_FOLDERS} folders with it: the rest is not read"));
            }
            return;
        }
        for path in self.children(folder) {
            let is_dir = path.is_dir();
            let is_test = !is_dir && self.is_python_file(&path);
            if !is_dir && !is_test {
                continue;
            }
            let Verdict::Kept { conditions: own, doubt: own_doubt } = self.verdict(&path, is_dir, rules) else {
                continue;
            };
            let conditions: Vec<_> = conditions.iter().cloned().chain(own).collect();
            let doubt = own_doubt.or_else(|| doubt.cloned());
            if !is_dir {
                self.module(&path, None, rules, conditions, doubt);
                continue;
            }
            let real = canonical(&path);
            if above.contains(&real) {
                self.problem(&path, "links back to a folder above: pytest would go round, it is not followed".into());
                continue;
            }
            let inside = self.enter(&path, rules);
            above.push(real);
            self.folder(&path, &inside, above, &conditions, doubt.as_ref());
            above.pop();
        }
    }

    /// The entries of a folder in pytest's order: by name; from 8.0 on files and folders mixed, a package's
    /// `__init__.py` first; before, files first.
    fn children(&mut self, folder: &Utf8Path) -> Vec<Utf8PathBuf> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => {
                self.problem(folder, format!("cannot be read: {error}"));
                return Vec::new();
            }
        };
        let mut children = Vec::new();
        for entry in entries.flatten() {
            match Utf8PathBuf::from_path_buf(entry.path()) {
                Ok(path) => children.push(path),
                Err(path) => {
                    self.problem(folder, format!("{:?} is not UTF-8: it is not read", path.file_name()));
                }
            }
        }
        children.sort_unstable_by(|one, other| one.file_name().cmp(&other.file_name()));
        if self.config.pytest >= PytestVersion::INTERLEAVED_WALK {
            children.sort_by_key(|path| path.file_name() != Some("__init__.py"));
        } else {
            children.sort_by_key(|path| path.is_dir());
        }
        children
    }

    fn is_python_file(&self, path: &Utf8Path) -> bool {
        path.as_str().ends_with(".py")
            && (self.initial.contains(path) || self.python_files.iter().any(|pattern| pattern.matches(path)))
    }

    fn verdict(&self, path: &Utf8Path, is_dir: bool, rules: &FolderRules) -> Verdict {
        let exempt = self.initial.contains(path) || (is_dir && self.initial.iter().any(|one| one.starts_with(path)));
        if exempt {
            return Verdict::Kept { conditions: Vec::new(), doubt: None };
        }
        let mut conditions = Vec::new();
        let hits = rules.paths.iter().filter(|entry| entry.text == path.as_str());
        let globbed = rules.globs.iter().filter(|(pattern, _)| pattern.matches(path.as_str())).map(|(_, entry)| entry);
        for entry in hits.chain(globbed) {
            match &entry.condition {
                None => return Verdict::Ignored,
                Some(condition) => conditions.push(condition.clone()),
            }
        }
        let ignored = path.file_name() == Some("__pycache__")
            || self.ignore.iter().any(|ignored| ignored == path)
            || self.ignore_globs.iter().any(|pattern| pattern.matches(path.as_str()))
            || (is_dir && !self.config.options.collect_in_virtualenv && self.is_virtualenv(path))
            || (is_dir && self.norecursedirs.iter().any(|pattern| pattern.matches(path)));
        if ignored { Verdict::Ignored } else { Verdict::Kept { conditions, doubt: rules.unknown.clone() } }
    }

    fn is_virtualenv(&self, folder: &Utf8Path) -> bool {
        if self.config.pytest < PytestVersion::PYVENV_CFG {
            let scripts = ["activate", "activate.csh", "activate.fish", "Activate", "Activate.bat", "Activate.ps1"];
            return scripts.iter().any(|script| folder.join("bin").join(script).is_file());
        }
        folder.join("pyvenv.cfg").is_file()
            || (self.config.pytest >= PytestVersion::CONDA_META && folder.join("conda-meta/history").is_file())
    }

    fn module(
        &mut self,
        path: &Utf8Path,
        narrowed: Option<Argument>,
        rules: &FolderRules,
        conditions: Vec<Condition>,
        doubt: Option<Reason>,
    ) {
        self.walked.modules.push(ModuleFile {
            path: path.to_owned(),
            narrowed,
            conftests: rules.conftests.clone(),
            conditions,
            doubt,
        });
    }

    fn problem(&mut self, path: &Utf8Path, message: String) {
        let file = TreePath::relative_to(path, self.tree).unwrap_or_else(|| TreePath::new(path));
        self.walked.problems.push(Problem { kind: ProblemKind::Unreadable, message, at: SourceSpan::line(file, 1) });
    }
}

/// Where a folder really is; its own path where that cannot be said.
fn canonical(folder: &Utf8Path) -> Utf8PathBuf {
    folder.canonicalize_utf8().unwrap_or_else(|_| folder.to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::Invocation;

    /// Conftests that ignore what their text names, one path a line.
    struct Lines;

    impl Conftests for Lines {
        fn ignores(&mut self, conftest: &Utf8Path) -> ConftestIgnores {
            let folder = conftest.parent().unwrap();
            let text = fs::read_to_string(conftest).unwrap();
            let entry = |line: &str| Entry { text: folder.join(line).into_string(), condition: None };
            ConftestIgnores { paths: Some(text.lines().map(entry).collect()), ..ConftestIgnores::default() }
        }
    }

    fn collected(files: &[(&str, &str)], args: &[&str]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let tree = Utf8Path::from_path(folder.path()).unwrap().canonicalize_utf8().unwrap();
        for (path, text) in files {
            let path = tree.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let args = args.iter().map(ToString::to_string).collect();
        let config = Config::locate(&Invocation { tree: tree.clone(), args, ..Invocation::default() }).unwrap();
        let walked = walk(&config, &tree, &mut Lines);
        walked.modules.iter().map(|module| module.path.strip_prefix(&tree).unwrap().to_string()).collect()
    }

    #[test]
    fn files_and_folders_come_mixed_by_name() {
        let files = ["b/test_x.py", "a/test_x.py", "a.d/test_x.py", "aa_test.py", "test_Z.py", "test_m.py", "no.py"];
        let files: Vec<_> = files.map(|file| (file, "")).to_vec();
        assert_eq!(
            collected(&files, &[]),
            ["a/test_x.py", "a.d/test_x.py", "aa_test.py", "b/test_x.py", "test_Z.py", "test_m.py"]
        );
    }

    #[test]
    fn an_explicit_argument_passes_every_rule_for_itself_only() {
        let files = [("build/test_a.py", ""), ("build/sub/test_b.py", ""), ("test_c.py", "")];
        assert_eq!(collected(&files, &[]), ["test_c.py"]);
        assert_eq!(collected(&files, &["build/sub"]), ["build/sub/test_b.py"]);
        // Taken in by `.`, which exempts nothing below it.
        assert_eq!(collected(&files, &[".", "build/sub/test_b.py"]), ["test_c.py"]);
    }

    #[test]
    fn the_nearest_conftest_that_names_a_list_decides() {
        let files = [
            ("conftest.py", "a/test_one.py\na/test_two.py"),
            ("a/conftest.py", "test_two.py"),
            ("a/test_one.py", ""),
            ("a/test_two.py", ""),
        ];
        assert_eq!(collected(&files, &[]), ["a/test_one.py"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_folder_above_is_reported_and_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let tree = Utf8Path::from_path(folder.path()).unwrap().canonicalize_utf8().unwrap();
        fs::write(tree.join("test_a.py"), "").unwrap();
        std::os::unix::fs::symlink(&tree, tree.join("again")).unwrap();
        let config = Config::locate(&Invocation { tree: tree.clone(), ..Invocation::default() }).unwrap();
        let walked = walk(&config, &tree, &mut Lines);
        assert_eq!((walked.modules.len(), walked.problems.len()), (1, 1));
    }
}
