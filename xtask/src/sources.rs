//! The files that the audit looked at: the text of those with a finding, and the comments that allow one.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::thread;

use camino::Utf8Path;
use marker_policy::Finding;
use test_catalog::{Catalog, Comment, TreePath};

/// What a file has to contain for its comments to be read: all others have none for this tool.
const MARK: &str = "test-kit:";

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    texts: HashMap<TreePath, String>,
    comments: Vec<(TreePath, Vec<Comment>)>,
}

impl Sources {
    /// Reads every file that has a test, a problem or a finding. One that cannot be read has no text and no comment.
    ///
    /// `others` are further files that findings may be in.
    pub(crate) fn read(tree: &Utf8Path, catalog: &Catalog, findings: &[Finding], others: &[TreePath]) -> Self {
        let shown: BTreeSet<&TreePath> = findings
            .iter()
            .flat_map(|finding| {
                [Some(&finding.at.file), finding.insertion.as_ref().map(|insertion| &insertion.at.file)]
            })
            .flatten()
            .chain(others)
            .collect();
        let mut files: BTreeSet<&TreePath> = catalog.cases.iter().map(|case| case.file()).collect();
        files.extend(catalog.problems.iter().map(|problem| &problem.at.file));
        files.extend(&shown);
        let files: Vec<&TreePath> = files.into_iter().collect();
        let share = files.len().div_ceil(thread::available_parallelism().map_or(1, usize::from)).max(1);
        let parts: Vec<Self> = thread::scope(|scope| {
            let shown = &shown;
            let readers: Vec<_> =
                files.chunks(share).map(|files| scope.spawn(move || Self::read_part(tree, files, shown))).collect();
            let parts = readers.into_iter().map(|reader| reader.join());
            parts.map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
        });
        let mut sources = Self::default();
        for part in parts {
            sources.texts.extend(part.texts);
            sources.comments.extend(part.comments);
        }
        sources
    }

    fn read_part(tree: &Utf8Path, files: &[&TreePath], shown: &BTreeSet<&TreePath>) -> Self {
        let mut sources = Self::default();
        for file in files.iter().copied() {
            let path = file.in_tree(tree);
            // A pipe or a device has no end to wait for.
            if !path.is_file() {
                continue;
            }
            let Ok(text) = fs::read_to_string(path) else { continue };
            if text.contains(MARK) {
                sources.comments.push((file.clone(), comments(file, &text)));
            }
            if shown.contains(file) {
                sources.texts.insert(file.clone(), text);
            }
        }
        sources
    }

    /// The text of a file with a finding.
    pub(crate) fn text(&self, file: &TreePath) -> Option<&str> {
        self.texts.get(file).map(String::as_str)
    }

    /// The comments of every file that may have one for this tool.
    pub(crate) fn comments(&self) -> &[(TreePath, Vec<Comment>)] {
        &self.comments
    }
}

fn comments(file: &TreePath, text: &str) -> Vec<Comment> {
    match file.as_path().extension() {
        Some("py") => pytest_discovery::comments(text),
        Some("rs") => cargo_discovery::comments(text),
        _ => Vec::new(),
    }
}
