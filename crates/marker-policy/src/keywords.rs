//! The names that `-k` looks into.

use marker_expr::{Keywords, Truth};
use test_catalog::TestCase;

use crate::resolve::ResolvedCase;

/// The names of a case, and whether they are all.
pub(crate) struct Names {
    seen: Keywords,
    complete: bool,
}

impl Names {
    /// Whether the word is a part of one of the names; unknown where it is of none and there may be more of them.
    pub(crate) fn truth_of(&self, word: &str) -> Truth {
        match (self.seen.contain(word), self.complete) {
            (true, _) => Truth::Yes,
            (false, true) => Truth::No,
            (false, false) => Truth::Unknown,
        }
    }
}

/// pytest's names of a case: the item with its parameters, its classes, its file, the folders below rootdir, and its
/// markers. For Rust: libtest's name, the binary id, the file, and the derived markers.
///
/// pytest also looks at attributes that decorators leave on a function (`patchings` of `mock.patch`); reading does not
/// know these.
pub(crate) fn names(case: &ResolvedCase<'_>) -> Names {
    let mut names = match case.case.as_rust() {
        Some(rust) => vec![rust.name.as_str(), rust.target.binary.as_str(), case.case.file().file_name()],
        None => python_names(case.case),
    };
    names.extend(case.effective.iter().map(|marker| marker.name.as_str()));
    let complete = case.case.certainty.is_exact() && case.case.markers.open.is_none();
    Names { seen: Keywords::new(names), complete }
}

/// The id has them all: `folder/folder/file::Class::function[parameters]`. Names hold no `::`, parameters may.
fn python_names(case: &TestCase) -> Vec<&str> {
    let id = case.id.as_str();
    let bare = case.id.without_param();
    let mut names: Vec<&str> = Vec::new();
    let (path, nodes) = bare.split_once("::").unwrap_or((bare, ""));
    names.extend(path.split('/').filter(|part| !part.is_empty()));
    let (classes, function) = nodes.rsplit_once("::").unwrap_or(("", nodes));
    names.extend(classes.split("::").filter(|class| !class.is_empty()));
    // The item's own name goes to the id's end, parameters and all.
    let item = &id[bare.len() - function.len()..];
    if !item.is_empty() {
        names.push(item);
    }
    names
}
