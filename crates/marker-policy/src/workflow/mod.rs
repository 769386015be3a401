//! What CI runs: the steps of GitHub's workflows, and the commands of their scripts.
//!
//! [`read`] follows every workflow that an event starts through its jobs, the combinations of their matrices, the
//! workflows and actions of the tree that they call, to single steps. [`Step::commands`] reads a script. Neither runs
//! anything, and what only CI can know is said to be so: it is never guessed. What an `if` says is certain only where its
//! value is; else the step stays, with the condition.

mod definition;
mod directory;
mod expand;
mod expression;
mod files;
mod inputs;
mod matrix;
mod script;
mod step;
mod template;
mod text;
mod yaml;

use test_catalog::{Reason, TreePath};

pub use directory::Directory;
pub use script::{Branch, BranchKind, Command, commands_of};
pub use step::{ActionCall, Input, Job, Run, Shell, Step, Timeout, Work, WorkflowCall};
pub use text::{Part, Text};

/// The steps of a tree's workflows.
#[derive(Debug, Clone, Default)]
pub struct Workflows {
    /// All steps that run or may run, in the order of the files, those of called workflows and actions in their place.
    pub steps: Vec<Step>,
    /// What could not be read, and where.
    pub problems: Vec<Reason>,
}

/// Follows the workflows `entries`: the files `*.yml` and `*.yaml` of `.github/workflows`. `files` gives the text of a
/// file of the tree, and is asked for what they call.
#[must_use]
pub fn read(entries: &[TreePath], files: &dyn Fn(&TreePath) -> Option<String>) -> Workflows {
    let mut expander = expand::Expander::new(files::Files::new(files));
    for entry in entries {
        expander.entry(entry);
    }
    expander.finish()
}
