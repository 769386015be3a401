//! Which files pytest's doctest plugin collects.
//!
//! Source of the rules: `pytest_collect_file` of `_pytest.doctest`.

use camino::Utf8Path;

use super::{Collector, PathPattern};
use crate::config::Config;
use crate::read;

/// What pytest looks for where no option says otherwise.
const GLOB: &str = "test*.txt";

/// The files with doctests.
pub(super) struct DoctestFiles {
    /// The plugin itself: `-p no:doctest` takes it away.
    is_on: bool,
    /// `--doctest-modules`.
    modules: bool,
    globs: Vec<PathPattern>,
}

impl DoctestFiles {
    pub(super) fn new(config: &Config) -> Self {
        let options = &config.options;
        let globs = if options.doctest_glob.is_empty() { &[GLOB.to_owned()][..] } else { &options.doctest_glob };
        Self {
            is_on: options.has_own_plugin("doctest"),
            modules: options.doctest_modules,
            globs: globs.iter().map(|glob| PathPattern::new(glob)).collect(),
        }
    }

    /// Whether a file of that name may be one of text.
    pub(super) fn may_have(&self, name: &str) -> bool {
        self.is_on && self.globs.iter().any(|glob| glob.whole || glob.pattern.matches(name))
    }

    /// What it is collected as; `is_named` says that an argument names it.
    pub(super) fn collector(&self, path: &Utf8Path, is_named: bool) -> Option<Collector> {
        if !self.is_on {
            return None;
        }
        if path.extension() == Some("py") {
            return (self.modules && !is_of_packaging(path)).then_some(Collector::Docstrings);
        }
        let is_text = is_named && matches!(path.extension(), Some("txt" | "rst"));
        (is_text || self.globs.iter().any(|glob| glob.matches(path))).then_some(Collector::Text)
    }
}

/// What would do something when it is imported: `__main__.py`, and a `setup.py`.
fn is_of_packaging(path: &Utf8Path) -> bool {
    match path.file_name() {
        Some("__main__.py") => true,
        Some("setup.py") => {
            read::text(path).is_ok_and(|text| text.contains("setuptools") || text.contains("distutils"))
        }
        _ => false,
    }
}
