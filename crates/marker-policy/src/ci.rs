//! What a policy says of CI: where its workflows are, and what they do not show.

use std::collections::BTreeMap;

use crate::policy::Policy;

/// What the policy says of CI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ci {
    /// Files, and folders with files.
    pub(crate) workflows: Vec<String>,
    /// Folders of the runner that hold the tree.
    pub(crate) checkouts: Vec<String>,
    /// What runs none of the tree's tests, though it is not read.
    pub(crate) runs_no_tests: Vec<String>,
    /// Files of pre-commit.
    pub(crate) hooks: Vec<String>,
    /// By the stage: names of workflows.
    pub(crate) stages: BTreeMap<String, Vec<String>>,
    pub(crate) actions: Vec<PolicyAction>,
    pub(crate) lanes: Vec<PolicyLane>,
}

impl Default for Ci {
    fn default() -> Self {
        Self {
            workflows: vec![Policy::WORKFLOWS.to_owned()],
            checkouts: Vec::new(),
            runs_no_tests: Vec::new(),
            hooks: Vec::new(),
            stages: BTreeMap::new(),
            actions: Vec::new(),
            lanes: Vec::new(),
        }
    }
}

/// What a call of an action of the tree runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyAction {
    /// The action's folder, as `uses` names it: `.github/actions/pytest`.
    pub uses: String,
    /// What it runs, as a shell takes it. The action's inputs are variables: `pytest -m "$markers"`.
    pub run: String,
    /// Where the policy says so.
    pub line: u32,
}

/// A lane that the policy lists, because no workflow shows it: a script runs it, or another system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyLane {
    /// What people call it.
    pub name: String,
    /// The folder that it runs in, relative to the tree; empty for the tree itself.
    pub folder: String,
    /// What it runs, as a shell takes it: `cargo test --features integration`.
    pub run: String,
    /// Where the policy lists it.
    pub line: u32,
}

impl Policy {
    /// Where GitHub looks for workflows, and where they are looked for unless a policy says otherwise.
    pub const WORKFLOWS: &'static str = ".github/workflows";

    /// The files and folders with the workflows of CI, relative to the tree.
    #[must_use]
    pub fn workflows(&self) -> &[String] {
        &self.ci.workflows
    }

    /// Folders of CI's machines that hold the tree, beside the checkout itself: `/workspace`.
    #[must_use]
    pub fn checkouts(&self) -> &[String] {
        &self.ci.checkouts
    }

    /// Whether the policy says of something that is not read that it runs none of the tree's tests: an action or a workflow of
    /// another repository (`actions/checkout`), a file (`*/bin/activate`), a command (`make lint`).
    #[must_use]
    pub fn runs_no_tests(&self, name: &str) -> bool {
        self.ci.runs_no_tests.iter().any(|pattern| matches_with_asterisks(pattern, name))
    }

    /// The files of pre-commit whose hooks are lanes: `.pre-commit-config.yaml`.
    #[must_use]
    pub fn hooks(&self) -> &[String] {
        &self.ci.hooks
    }

    /// The stage that a workflow belongs to, by the name of its file.
    #[must_use]
    pub fn stage_of_workflow(&self, file_name: &str) -> Option<&str> {
        let has = |(_, files): &(&String, &Vec<String>)| files.iter().any(|file| file == file_name);
        self.ci.stages.iter().find(has).map(|(stage, _)| stage.as_str())
    }

    /// What a call of the action in that folder runs, where the policy says.
    #[must_use]
    pub fn action(&self, folder: &str) -> Option<&PolicyAction> {
        self.ci.actions.iter().find(|action| action.uses == folder)
    }

    /// The lanes that the policy lists beside those of the workflows.
    #[must_use]
    pub fn lanes(&self) -> &[PolicyLane] {
        &self.ci.lanes
    }
}

/// Whether a text is a pattern in which `*` stands for anything.
fn matches_with_asterisks(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(start) else { return false };
    let (between, end) = rest.rsplit_once('*').map_or((None, rest), |(between, end)| (Some(between), end));
    for part in between.into_iter().flat_map(|between| between.split('*')) {
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    left.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::matches_with_asterisks;

    #[test]
    fn asterisks_stand_for_anything() {
        let cases = [
            ("a/b", "a/b", true),
            ("a/b", "a/bc", false),
            ("a/*", "a/b/c", true),
            ("a/*", "a", false),
            ("*/env", "x/y/env", true),
            ("*/env", "x/environment", false),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "abc", true),
            ("a*b*c", "acb", false),
            ("*", "", true),
            ("a*a", "a", false),
            ("**x", "yx", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(matches_with_asterisks(pattern, text), expected, "{pattern} {text}");
        }
    }
}
