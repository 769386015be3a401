//! Rust files with tests that no target reaches: nothing compiles them, so their tests never run.

use std::collections::{BTreeSet, HashSet};

use camino::{Utf8Path, Utf8PathBuf};
use test_catalog::{Position, Problem, ProblemKind, SourceSpan, TreePath};

use crate::applied;
use crate::cfg::Truth;
use crate::generated::{self, Candidate, Tests};
use crate::lock::Releases;
use crate::sources::Sources;
use crate::syntax::{Item, ItemKind};

/// The orphans below `src/` and `tests/` of the packages in `folders`.
///
/// A file that a string names, and one below a folder of `tests/` without any module, is data: such as the cases of
/// trybuild. `nested` are the folders of all manifests: what lies below one is no other package's.
pub(crate) fn find(
    folders: &[&Utf8Path],
    nested: &BTreeSet<Utf8PathBuf>,
    reached: &HashSet<Utf8PathBuf>,
    sources: &Sources<'_>,
) -> Vec<Problem> {
    let named: BTreeSet<&str> =
        sources.walked().flat_map(|(_, file)| file.named_files.iter().map(String::as_str)).collect();
    let mut orphans = Vec::new();
    for (file, parsed) in sources.walked() {
        let Some(owner) = file.ancestors().skip(1).find(|folder| nested.contains(*folder)) else { continue };
        if reached.contains(file) || !folders.contains(&owner) {
            continue;
        }
        let inside = file.strip_prefix(owner).unwrap_or(file);
        let in_tests = inside.starts_with("tests");
        let is_data =
            in_tests && inside.components().count() > 2 && !reached.iter().any(|other| other.parent() == file.parent());
        if !(inside.starts_with("src") || in_tests) || is_data || named.iter().any(|name| names(name, file)) {
            continue;
        }
        if let Some(at) = first_test(&parsed.items) {
            let message =
                "no `mod` reaches this file, so its tests are never compiled: add the `mod`, or remove the file";
            let at = SourceSpan::line(TreePath::new(file), at.line);
            orphans.push(Problem { kind: ProblemKind::Orphan, message: message.to_owned(), at });
        }
    }
    orphans.sort_by(|a, b| a.at.cmp(&b.at));
    orphans
}

/// Whether a string such as `tests/ui/*.rs` may mean the file.
fn names(text: &str, file: &Utf8Path) -> bool {
    let plain = text.trim_start_matches(['.', '/']);
    match plain.split_once('*') {
        Some((folder, _)) => format!("/{file}").contains(&format!("/{folder}")),
        None => file.ends_with(plain),
    }
}

fn first_test(items: &[Item]) -> Option<Position> {
    items.iter().find_map(|item| match &item.kind {
        ItemKind::Function { parameters, is_async, .. } => {
            let attributes = applied::resolve(&item.attributes, &|_| Truth::Yes);
            let candidate =
                Candidate { attributes: &attributes, parameters: parameters.as_deref(), is_async: *is_async };
            (generated::tests(candidate, Releases::default()) != Tests::None).then_some(item.at)
        }
        ItemKind::Module { content: Some(content), .. } => first_test(&content.items),
        ItemKind::Block(items) => first_test(items),
        ItemKind::Call(call) => first_test(call.items.as_deref().unwrap_or_default()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_names_a_file_by_its_end_or_by_a_pattern() {
        let file = Utf8Path::new("a/tests/ui/fail.rs");
        assert!(names("tests/ui/*.rs", file) && names("./tests/ui/fail.rs", file) && names("fail.rs", file));
        assert!(!names("tests/pass/*.rs", file) && !names("ail.rs", file));
    }
}
