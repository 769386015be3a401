//! Whom the walk asks what is left out, and tells what is collected.

use camino::Utf8Path;
use test_catalog::{Condition, Reason};

use super::{Kept, ModuleFile};

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
    /// Whether pytest collects nothing of its folder: it fails, or skips itself.
    pub(crate) loses_folder: bool,
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

/// Whom the walk asks and tells on its way, in the order in which pytest collects.
pub(crate) trait Session {
    /// What the conftest of a folder says to which the walk comes. It asks once for each, outer folders first. `kept` is what
    /// is to be said of the folder.
    fn ignores(&mut self, conftest: &Utf8Path, kept: &Kept) -> ConftestIgnores;

    /// What the hook of that conftest says of a path.
    fn ask_hook(&mut self, conftest: &Utf8Path, path: &Utf8Path) -> HookVerdict;

    /// Collects a file.
    fn found(&mut self, _file: &ModuleFile) {}

    /// Hears that the session makes tests of that node next: also of what was searched for it before.
    fn reaches(&mut self, _node: usize) {}

    /// Hears whether what it is asked of from now on is left out by the tree's configuration.
    fn leaves_out(&mut self, _is_left_out: bool) {}

    /// Whether plugins of the tree that are no conftests are asked what is left out.
    fn may_ignore(&self) -> bool {
        false
    }

    /// Whether a hook of the tree may collect files in a way of its own.
    fn may_collect(&self) -> bool {
        false
    }

    /// Whether it may collect that one.
    fn collects(&mut self, _path: &Utf8Path) -> bool {
        false
    }

    /// What the hooks of plugins of the tree that are no conftests say of it.
    fn ask_plugins(&mut self, _path: &Utf8Path) -> HookVerdict {
        HookVerdict::Silent
    }
}
