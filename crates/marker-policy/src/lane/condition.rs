//! Under which conditions a lane runs, where only CI knows whether they hold.

use test_catalog::{Condition, SourceSpan, TreePath};

use crate::workflow::{Branch, BranchKind};

/// Something that must hold for a lane to run, and that only CI knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneCondition {
    /// What must hold, as written: `needs.changes.outputs.rust == 'true'`.
    pub text: String,
    /// Where that stands.
    pub at: SourceSpan,
    /// Whether it is the same for all jobs of a run of the workflow, so that what hangs on the same text runs with it.
    is_of_run: bool,
}

/// What differs between the jobs of a run.
const OF_A_JOB: [&str; 10] =
    ["matrix", "strategy", "steps", "env", "job", "runner", "failure", "success", "always", "hashFiles"];

/// Programs by which a script asks something, so that it is no mistake if they fail.
const QUESTIONS: [&str; 15] =
    ["!", "[", "[[", "((", "test", "command", "which", "type", "hash", "grep", "git", "diff", "cmp", "false", "pgrep"];

impl LaneCondition {
    /// What an `if` of a workflow asks, where an event starts the workflow `entry`.
    #[must_use]
    pub fn of_step(condition: &Condition, entry: &TreePath) -> Self {
        let names =
            |text: &str| text.split(|one: char| !(one.is_alphanumeric() || one == '_')).map(str::to_owned).collect();
        let names: Vec<String> = names(&condition.text);
        let is_of_run = condition.at.file == *entry
            && !names.iter().any(|name| OF_A_JOB.contains(&name.as_str()) || name == "matrix");
        Self { text: condition.text.clone(), at: condition.at.clone(), is_of_run }
    }

    /// What decides in a script whether a command runs; `None` where it does as long as nothing fails.
    #[must_use]
    pub fn of_branch(branch: &Branch) -> Option<Self> {
        let text = &branch.text;
        let text = match branch.kind {
            BranchKind::AfterSuccess => {
                let program = text.split_whitespace().next().unwrap_or_default();
                let asks = QUESTIONS.iter().any(|question| *question == program || program.starts_with("(("));
                asks.then(|| text.clone())?
            }
            BranchKind::AfterFailure => format!("`{text}` fails"),
            BranchKind::If => format!("a branch of `{text}`"),
            BranchKind::Loop => format!("a pass of `{text}`"),
            BranchKind::Case => format!("an arm of `{text}`"),
            BranchKind::AfterExit => format!("the script has not ended by `{text}`"),
            BranchKind::Uncalled => format!("something calls `{text}`"),
            // It is taken to change nothing of that.
            BranchKind::AfterEval => return None,
        };
        Some(Self { text, at: branch.at.clone(), is_of_run: false })
    }

    /// What must hold for a hook of pre-commit to run.
    #[must_use]
    pub fn of_hook(text: &str, at: &SourceSpan) -> Self {
        Self { text: text.to_owned(), at: at.clone(), is_of_run: false }
    }

    /// Whether this holds whenever that does.
    fn follows_from(&self, other: &Self) -> bool {
        self.is_of_run && other.is_of_run && self.text == other.text && self.at.file == other.at.file
    }

    /// Whether all of these hold whenever all of those do.
    pub(super) fn follow_from(these: &[Self], those: &[Self]) -> bool {
        these.iter().all(|this| those.iter().any(|that| this.follows_from(that)))
    }
}
