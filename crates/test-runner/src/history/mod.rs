//! What earlier runs gave: one SQLite file in the state folder, shared by all runs of a tree.
//!
//! A [`Store`] is opened by [`Store::open`], which brings its schema up to date, sets a corrupt file aside and says so.
//! A run writes each result as a transaction of its own before anybody is told of it; several runs may write at once.
//! What is read out of it is judged by pure functions: [`typical()`] says what a test takes, [`insights()`] what stands out.
//! [`exchange`] carries it from machine to machine.

mod error;
pub mod exchange;
mod insight;
mod life;
mod memory;
mod prune;
mod query;
mod schema;
mod typical;
mod write;

use std::sync::Arc;
use std::time::Duration;

use test_catalog::NodeId;

use crate::recorded::RecordedOutcome;

pub use error::HistoryError;
pub use insight::{Flaky, Heavy, Insights, Skipped, Slow, Slower, insights};
pub(crate) use life::claim;
pub use life::{Life, continue_alone};
pub use memory::VramPeak;
pub use prune::Pruned;
pub use query::{CaseKey, Past, PastRun};
pub use schema::{FILE, Opened, Store};
pub use typical::{RECENT, Typical, typical};

/// What is known of a run before its first result.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunFacts {
    /// The commit that the tree is at; `None` where that is not known.
    pub revision: Option<String>,
    /// Whether the tree was that commit, with nothing changed and nothing beside it: only then are two runs of one
    /// revision runs of the same tests.
    pub clean: bool,
    /// The GPUs of the machine, such as `2x NVIDIA L4`; empty where it has none.
    pub machine: String,
    /// The command line, less what may be secret.
    pub arguments: Vec<String>,
    /// The stage that was asked for.
    pub stage: Option<String>,
    /// Everything that chooses tests, as one text: runs with the same text choose the same tests of the same tree.
    pub selection: String,
}

/// How far a run came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RunState {
    /// It has not said that it ended: it goes on, or was killed.
    Running,
    /// It was asked to stop, and did.
    Interrupted,
    /// It came to its end.
    Complete,
}

impl RunState {
    /// The word for it, in the store and in exports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Interrupted => "interrupted",
            Self::Complete => "complete",
        }
    }

    /// The state of that word. One that nobody wrote claims the least.
    fn from_word(word: &str) -> Self {
        match word {
            "complete" => Self::Complete,
            "interrupted" => Self::Interrupted,
            _ => Self::Running,
        }
    }
}

/// One result of an earlier run, as far as judging tests by their past needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The test's id.
    pub id: NodeId,
    /// Which of the cases with this id.
    pub occurrence: u32,
    /// The run.
    pub run: Arc<str>,
    /// When the run began, in milliseconds since 1970.
    pub started_ms: i64,
    /// The commit, where the tree was just that.
    pub revision: Option<Arc<str>>,
    /// What came of it.
    pub outcome: RecordedOutcome,
    /// How long it took, in seconds, as it was recorded: it may be absurd.
    pub seconds: f64,
    /// The model of the GPUs that it had, such as `NVIDIA L4`; empty where it had none.
    pub gpu_class: Arc<str>,
    /// Where its run was: times of one place are not those of another.
    pub place: Place,
    /// Time on processors, in seconds, as it was recorded; `None` where it was not measured.
    pub cpu_seconds: Option<f64>,
    /// The most memory that its process held while it ran, in bytes; `None` where it was not measured.
    pub memory_peak: Option<u64>,
}

/// Where a run was.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// On the machine whose history this is.
    #[default]
    Here,
    /// On another one, whose history was merged in: [`RunFacts::machine`] of it, which is all that is known.
    Elsewhere(String),
}

/// How long a run waits for another one's transaction.
const BUSY: Duration = Duration::from_secs(10);
