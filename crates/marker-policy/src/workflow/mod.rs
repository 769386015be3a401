//! What CI runs: the steps of GitHub's workflows, and the commands of their scripts.
//!
//! [`read`] follows every workflow that an event starts through its jobs, the combinations of their matrices, the
//! workflows and actions of the tree that they call, to single steps. [`Step::commands`] reads a script. Neither runs
//! anything, and what only CI can know is said to be so: it is never guessed. What an `if` says is certain only where its
//! value is; else the step stays, with the condition.
//!
//! ```
//! use marker_policy::workflow::{self, Directory, Scripts};
//! use test_catalog::TreePath;
//!
//! let text = "
//! on: pull_request
//! jobs:
//!   rust:
//!     if: needs.changes.outputs.rust == 'true'
//!     strategy: {matrix: {dir: [., lib/llm]}}
//!     steps:
//!     - {run: cargo test --locked, working-directory: '${{ matrix.dir }}'}
//! ";
//! let found = workflow::read(&[TreePath::new(".github/workflows/ci.yml")], &|_| Some(text.to_owned()));
//! let step = &found.steps[1];
//! assert_eq!(step.title(), "ci.yml / rust (lib/llm) / line 8");
//! assert_eq!(step.conditions[0].text, "needs.changes.outputs.rust == 'true'");
//!
//! let commands = step.commands(&Scripts::new(&["cargo"], &[], &|_| None)).unwrap().commands;
//! assert_eq!(commands[0].to_string(), "cargo test --locked");
//! assert_eq!(commands[0].directory, Directory::Tree("lib/llm".to_owned()));
//! ```

mod definition;
mod directory;
mod expand;
mod expression;
mod files;
mod hooks;
mod inputs;
mod matrix;
mod script;
mod set_variables;
mod step;
mod template;
mod text;
mod unseen;
mod yaml;

use test_catalog::{Reason, TreePath};

pub use directory::Directory;
pub use hooks::{Hook, Hooks, read_hooks};
pub use script::{Branch, BranchKind, Command, ScriptCommands, Scripts};
pub use step::{ActionCall, Input, Job, Run, Shell, Step, Timeout, Work, WorkflowCall};
pub use text::{Part, Text};
pub use unseen::Unseen;

/// The steps of a tree's workflows.
#[derive(Debug, Clone, Default)]
pub struct Workflows {
    /// All steps that run or may run, in the order of the files, those of called workflows and actions in their place.
    pub steps: Vec<Step>,
    /// What could not be read or followed, by place.
    pub problems: Vec<Reason>,
}

/// The largest workflow, in bytes, that a caller of [`read`] should give the text of. GitHub takes none of half that size.
pub const LARGEST_FILE: u64 = 1 << 20;

/// Follows the workflows `entries`: the files `*.yml` and `*.yaml` of `.github/workflows`. `files` gives the text of a
/// file of the tree, and is asked for what they call.
#[must_use]
pub fn read(entries: &[TreePath], files: &(dyn Fn(&TreePath) -> Option<String> + Sync)) -> Workflows {
    let mut found = Workflows::default();
    let files = files::Files::new(entries, files, &mut found.problems);
    let mut expander = expand::Expander::new(files, found);
    for entry in entries {
        expander.entry(entry);
    }
    expander.finish()
}
