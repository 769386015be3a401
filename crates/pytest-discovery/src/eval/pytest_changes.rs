//! Changes of pytest itself: `pytest.Module.collect = ...`. What it collects from then on is not known.

use test_catalog::Reason;

use super::{Frame, Interpreter};
use crate::syntax::ast::Range;

/// The modules of pytest that say what is collected, and how it is called and marked.
const OF_COLLECTION: [&str; 12] = [
    "compat", "config", "doctest", "fixtures", "hookspec", "main", "mark", "nodes", "pathlib", "python", "scope",
    "unittest",
];
/// The classes that do.
const CLASSES: [&str; 15] = [
    "Class",
    "Collector",
    "Config",
    "Dir",
    "Directory",
    "File",
    "Function",
    "Item",
    "MarkDecorator",
    "MarkGenerator",
    "Metafunc",
    "Module",
    "Package",
    "PytestPluginManager",
    "Session",
];
/// What only a test that runs asks of them.
const AT_RUN_TIME: [&str; 9] = [
    "_prunetraceback",
    "_repr_failure_py",
    "_traceback_filter",
    "add_report_section",
    "repr_failure",
    "reportinfo",
    "runtest",
    "setup",
    "teardown",
];

impl Interpreter<'_> {
    /// Somebody has the dictionary of a library's module, and may put anything there.
    pub(super) fn note_dictionary_of_library(&mut self, path: &str, frame: &Frame, range: Range) {
        let is_module = path == "pytest" || path.strip_prefix("_pytest.").is_some_and(|inside| !inside.contains('.'));
        if self.changed_pytest.is_none() && is_module && (path == "pytest" || decides(path)) {
            let text = format!("the dictionary of `{path}` is used, by which pytest collects");
            self.changed_pytest = Some(Reason { text, at: frame.module.file.span(range) });
        }
    }

    /// Something is put in the place of an attribute of a library: keeps why, where pytest may collect in another way by it.
    pub(super) fn note_change_of_library(&mut self, path: &str, name: &str, frame: &Frame, range: Range) {
        if self.changed_pytest.is_none() && decides(path) && !AT_RUN_TIME.contains(&name) {
            let text = format!("`{path}.{name}` is replaced, by which pytest collects");
            self.changed_pytest = Some(Reason { text, at: frame.module.file.span(range) });
        }
    }
}

fn decides(path: &str) -> bool {
    if let Some(class) = path.strip_prefix("pytest.") {
        return CLASSES.contains(&class);
    }
    let module = path.strip_prefix("_pytest.").and_then(|inside| inside.split('.').next());
    module.is_some_and(|module| OF_COLLECTION.contains(&module))
}
