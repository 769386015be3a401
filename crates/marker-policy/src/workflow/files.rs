//! The files of a tree that have been read, each once.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;
use test_catalog::{Position, Reason, SourceSpan, TreePath};

use super::LARGEST_FILE;
use super::definition::{ActionFile, WorkflowFile};

/// Reads files of the tree.
pub(super) struct Files<'a> {
    read: &'a (dyn Fn(&TreePath) -> Option<String> + Sync),
    workflows: HashMap<TreePath, Option<Arc<WorkflowFile>>>,
    actions: HashMap<TreePath, Option<Arc<ActionFile>>>,
}

impl<'a> Files<'a> {
    /// With these workflows, which are read at once on all processors; what is wrong with them, in their order.
    pub(super) fn new(
        entries: &[TreePath],
        read: &'a (dyn Fn(&TreePath) -> Option<String> + Sync),
        problems: &mut Vec<Reason>,
    ) -> Self {
        let mut files = Self { read, workflows: HashMap::new(), actions: HashMap::new() };
        let parsed: Vec<_> = entries
            .par_iter()
            .map(|path| {
                let mut files = Self { read, workflows: HashMap::new(), actions: HashMap::new() };
                let mut problems = Vec::new();
                let file = files.workflow(path, &SourceSpan::line(path.clone(), 1), &mut problems);
                (path.clone(), file, problems)
            })
            .collect();
        for (path, file, wrong) in parsed {
            files.workflows.insert(path, file);
            problems.extend(wrong);
        }
        files
    }

    /// A workflow that is named at `from`.
    pub(super) fn workflow(
        &mut self,
        path: &TreePath,
        from: &SourceSpan,
        problems: &mut Vec<Reason>,
    ) -> Option<Arc<WorkflowFile>> {
        if let Some(known) = self.workflows.get(path) {
            return known.clone();
        }
        let file = match (self.read)(path) {
            Some(text) => WorkflowFile::read(path, &text, problems).map(Arc::new),
            None => {
                let text = format!(
                    "the workflow `{path}` cannot be read: it has to be a file of UTF-8 text, of no more than {LARGEST_FILE} bytes"
                );
                problems.push(Reason { text, at: from.clone() });
                None
            }
        };
        self.workflows.insert(path.clone(), file.clone());
        file
    }

    /// The action in `folder`, which is named at `from`.
    pub(super) fn action(
        &mut self,
        folder: &TreePath,
        from: &SourceSpan,
        problems: &mut Vec<Reason>,
    ) -> Option<Arc<ActionFile>> {
        if let Some(known) = self.actions.get(folder) {
            return known.clone();
        }
        let found = ["action.yml", "action.yaml"].into_iter().find_map(|name| {
            let path =
                TreePath::new(if folder.as_str().is_empty() { name.to_owned() } else { format!("{folder}/{name}") });
            (self.read)(&path).map(|text| (path, text))
        });
        let file = match found {
            Some((path, text)) => ActionFile::read(&path, &text, problems).map(Arc::new),
            None => {
                let text = format!("the action `{folder}` has no `action.yml` that can be read");
                problems.push(Reason { text, at: from.clone() });
                None
            }
        };
        self.actions.insert(folder.clone(), file.clone());
        file
    }
}

/// A path of the tree that `uses` names: `./.github/actions/x`, or with `$` for `.`.
pub(super) fn local_path(uses: &str) -> Option<TreePath> {
    let path = uses.strip_prefix("./").or_else(|| uses.strip_prefix("$/"))?;
    let path = path.split('@').next().unwrap_or(path).trim_end_matches('/');
    let inside = !path.split('/').any(|component| matches!(component, ".." | "."));
    inside.then(|| TreePath::new(path))
}

/// A place in a file of the tree.
pub(super) fn place(file: &TreePath, at: Position) -> SourceSpan {
    SourceSpan::at(file.clone(), at)
}
