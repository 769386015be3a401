//! By which names a file's code reaches `pytest.mark`, and where `import pytest` can be added to it.

mod bindings;
mod places;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use test_catalog::{ImportPlaces, MarkName, PytestNames, TreePath};

use crate::read::python_text;
use crate::syntax::ast::{Alias, StmtKind};
use crate::syntax::{self, SourceFile};
use bindings::Bindings;

pub(crate) use places::{behind_head, line_behind};

const PYTEST: &str = "pytest";

/// What a Python text shows of that; nothing of a text that does not parse.
///
/// A name counts where a statement of the module itself imports it and nothing in the file, in whatever scope, gives it to
/// something else.
///
/// ```
/// let names = pytest_discovery::pytest_names("import pytest as pt\n").ok_or("does not parse")?;
/// assert_eq!(names.marks[0].text, "pt.mark");
/// # Ok::<(), &str>(())
/// ```
#[must_use]
pub fn pytest_names(text: &str) -> Option<PytestNames> {
    let text = python_text(text);
    // The path is for messages, which nobody reads.
    let parse = || syntax::parse_held(&TreePath::new("text"), &text, crate::PythonVersion::LATEST);
    let read = || parse().ok().map(|file| names(&file));
    // The deepest file that is read takes more stack than a caller may have.
    std::thread::scope(|scope| {
        let helper = std::thread::Builder::new().stack_size(syntax::STACK_BYTES).spawn_scoped(scope, read);
        helper.ok().and_then(|helper| helper.join().ok()).flatten()
    })
}

fn names(file: &SourceFile) -> PytestNames {
    let bindings = Bindings::of(file);
    let mut marks: Vec<MarkName> = Vec::new();
    for statement in &file.body {
        let mut add = |name: &str, text: String| {
            // What a star brings nobody knows here; that it is another `pytest` nobody means.
            let is_sure = bindings.of_another(name).is_none()
                && (name == PYTEST || bindings.last_star < Some(statement.range))
                && marks.iter().all(|known| known.text != text);
            if is_sure {
                marks.push(MarkName { text, from: file.span(statement.range).end });
            }
        };
        match &statement.kind {
            StmtKind::Import(names) => {
                for bound in names.iter().filter_map(bindings::bound_to_pytest) {
                    add(bound, format!("{bound}.mark"));
                }
            }
            StmtKind::ImportFrom { level: 0, module: Some(module), names } if &**module == PYTEST => {
                for Alias { as_name, .. } in names.iter().filter(|alias| &*alias.name == "mark") {
                    let bound = as_name.as_deref().unwrap_or("mark");
                    add(bound, bound.to_owned());
                }
            }
            _ => {}
        }
    }
    // The usual name first.
    marks.sort_by_key(|mark| mark.text != "pytest.mark");
    let import = match bindings.of_another(PYTEST) {
        Some(at) => ImportPlaces::Taken(file.span(at).start),
        None => ImportPlaces::At(places::of(file)),
    };
    PytestNames { marks, import }
}
