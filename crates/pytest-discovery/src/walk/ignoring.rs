//! What the walk leaves out: by conftests, hooks, options and the configuration.
//!
//! Source of the rules: `pytest_ignore_collect` of `_pytest.main`.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use test_catalog::{Condition, Reason};

use super::{Entry, HookVerdict, PassedOver, Session, Walker, perhaps};
use crate::fnmatch::FnMatch;
use crate::folders::Kind;
use crate::version::PytestVersion;

/// Where an `--ignore` or `--ignore-glob` comes from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// The command line: what it leaves out is not wanted.
    Asked(String),
    /// The tree's configuration.
    Configured(Condition),
}

/// What the conftests above and in a folder say about its children.
#[derive(Debug, Default)]
pub(super) struct FolderRules {
    paths: Vec<Entry>,
    globs: Vec<(FnMatch, Entry)>,
    unknown: Option<Reason>,
    /// The conftests with `pytest_ignore_collect`, the nearest last.
    hooks: Vec<Utf8PathBuf>,
    /// Whether nothing is collected here: a conftest fails.
    pub(super) is_lost: bool,
}

impl FolderRules {
    /// Whether a conftest around is asked for each child.
    pub(super) fn has_hooks(&self) -> bool {
        !self.hooks.is_empty()
    }
}

/// A pattern of `python_files` or `norecursedirs`: of a name, or with `/` of a whole path.
pub(super) struct PathPattern {
    pub(super) whole: bool,
    pub(super) pattern: FnMatch,
}

impl PathPattern {
    pub(super) fn new(text: &str) -> Self {
        let whole = text.contains('/');
        let pattern = if whole && !text.starts_with('/') { format!("*/{text}") } else { text.to_owned() };
        Self { whole, pattern: FnMatch::new(&pattern) }
    }

    pub(super) fn matches(&self, path: &Utf8Path) -> bool {
        let text = if self.whole { path.as_str() } else { path.file_name().unwrap_or_default() };
        self.pattern.matches(text)
    }
}

/// What becomes of a child of a folder.
pub(super) enum Verdict {
    Ignored(PassedOver),
    Kept(Kept),
}

/// What the hooks say of a path.
#[derive(Debug, Clone, Default)]
pub(super) struct Answer {
    /// Under which one of them keeps it that is not known.
    conditions: Vec<Condition>,
    /// What the first says that says something.
    decided: Option<Decided>,
}

#[derive(Debug, Clone)]
enum Decided {
    Kept,
    Ignored(PassedOver),
}

/// What is to be said of what is kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kept {
    /// Under which a hook keeps it.
    pub(super) conditions: Vec<Condition>,
    /// Why a conftest may leave it out, or keep it.
    pub(super) doubt: Option<Reason>,
    /// The option of the tree's configuration that leaves it out.
    pub(crate) ignored_by: Option<Condition>,
}

impl Kept {
    /// Why it may not be there in this run.
    pub(crate) fn perhaps(&self) -> Option<Reason> {
        self.ignored_by.as_ref().map(Condition::reason).or_else(|| perhaps(&self.conditions, self.doubt.as_ref()))
    }

    /// The same below it, with what is to be said of that.
    pub(super) fn and(&self, inner: Self) -> Self {
        Self {
            conditions: self.conditions.iter().cloned().chain(inner.conditions).collect(),
            doubt: inner.doubt.or_else(|| self.doubt.clone()),
            ignored_by: self.ignored_by.clone().or(inner.ignored_by),
        }
    }
}

impl<S: Session> Walker<'_, S> {
    /// Loads the conftests from `confcutdir` down to the folder that an argument is or lies in. On the way to the argument
    /// pytest collects the folders around it.
    pub(super) fn enter_from_above(&mut self, folder: &Utf8Path, argument: &Utf8Path) -> Arc<FolderRules> {
        let mut rules = Arc::new(FolderRules::default());
        let above: Vec<_> = folder.ancestors().collect();
        for ancestor in above.into_iter().rev() {
            if self.config.confcutdir.starts_with(ancestor) && ancestor != self.config.confcutdir {
                continue;
            }
            rules = self.enter(ancestor, &rules, &Kept::default());
            if ancestor != argument && self.config.pytest >= PytestVersion::INTERLEAVED_WALK {
                self.ask_of_children(ancestor, &rules);
            }
        }
        rules
    }

    /// Asks hooks of all that lies in a folder, ahead of collecting what they keep.
    fn ask_of_children(&mut self, folder: &Utf8Path, rules: &FolderRules) {
        if rules.is_lost || !(rules.has_hooks() || self.session.may_ignore()) || !self.asked.insert(folder.to_owned()) {
            return;
        }
        let Ok(listing) = self.folders.listing(folder) else { return };
        for child in super::in_order(&listing).filter(|child| child.kind != Kind::Other) {
            let path = folder.join(&*child.name);
            if !self.is_exempt(&path, child.kind == Kind::Folder) {
                let answer = self.ask(&path, rules);
                self.answers.insert(path, answer);
            }
        }
    }

    /// Whether a path is an argument, or leads to one: it is never left out.
    fn is_exempt(&self, path: &Utf8Path, is_dir: bool) -> bool {
        if !is_dir {
            return self.initial.contains(path.as_str());
        }
        // Before, what leads to an argument was no exception.
        let is_old = self.config.pytest < PytestVersion::INTERLEAVED_WALK;
        !is_old && self.initial.iter().any(|one| Utf8Path::new(one).starts_with(path))
    }

    /// What the hooks say of a path: those of the nearest conftest first, the plugins' last.
    fn ask(&mut self, path: &Utf8Path, rules: &FolderRules) -> Answer {
        let mut answer = Answer::default();
        for asked in rules.hooks.iter().rev().map(Some).chain([None]) {
            let verdict = match asked {
                Some(conftest) => self.session.ask_hook(conftest, path),
                None => self.session.ask_plugins(path),
            };
            match verdict {
                HookVerdict::Silent => {}
                HookVerdict::Ignore => {
                    let by = asked.map_or(PassedOver::Plugin, |conftest| PassedOver::Hook(self.relative(conftest)));
                    answer.decided = Some(Decided::Ignored(by));
                    break;
                }
                HookVerdict::Keep => {
                    answer.decided = Some(Decided::Kept);
                    break;
                }
                HookVerdict::Perhaps(condition) => answer.conditions.push(condition),
            }
        }
        answer
    }

    /// The rules in a folder, whose own conftest is loaded the first time.
    pub(super) fn enter(&mut self, folder: &Utf8Path, above: &Arc<FolderRules>, kept: &Kept) -> Arc<FolderRules> {
        if let Some(known) = self.rules.get(folder) {
            return known.clone();
        }
        let conftest = folder.join("conftest.py");
        let rules = if !self.config.options.noconftest && self.folders.has_file(folder, "conftest.py") {
            let said = self.session.ignores(&conftest, kept);
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
                is_lost: said.loses_folder || above.is_lost,
                hooks: above.hooks.iter().cloned().chain(said.hook.then_some(conftest)).collect(),
            })
        } else {
            above.clone()
        };
        self.rules.insert(folder.to_owned(), rules.clone());
        rules
    }

    pub(super) fn verdict(&mut self, path: &Utf8Path, is_dir: bool, rules: &FolderRules) -> Verdict {
        // Before, no hook could open these.
        let is_old = self.config.pytest < PytestVersion::INTERLEAVED_WALK;
        if is_old && is_dir && path.file_name() == Some("__pycache__") {
            return Verdict::Ignored(PassedOver::Cache);
        }
        if self.is_exempt(path, is_dir) {
            return Verdict::Kept(Kept::default());
        }
        let answer = self.answers.get(path).cloned().unwrap_or_else(|| self.ask(path, rules));
        let mut kept = Kept { doubt: rules.unknown.clone(), conditions: answer.conditions, ..Kept::default() };
        match answer.decided {
            Some(Decided::Ignored(by)) => return Verdict::Ignored(by),
            Some(Decided::Kept) => return Verdict::Kept(kept),
            None => {}
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
}
