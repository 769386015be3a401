//! What a run is told beyond its plan.

use std::collections::HashSet;
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use camino::Utf8PathBuf;
use test_catalog::NodeId;

use crate::coverage::CoverageSettings;
use crate::history::RunFacts;
use crate::shim::Shim;
use crate::{CaseResult, GpuMemory, PortSettings, Retry};

/// What a run is told beyond its plan.
#[derive(Debug, Clone)]
pub struct RunSettings {
    /// The tree, an absolute path.
    pub tree: Utf8PathBuf,
    /// pytest's rootdir, an absolute path: node ids are relative to it.
    pub rootdir: Utf8PathBuf,
    /// Where runs, build outputs and the virtual environment are kept: `target/xtask` of the tree.
    pub state_dir: Utf8PathBuf,
    /// How Python is found.
    pub python: crate::PythonSettings,
    /// Arguments for pytest, behind those of the runner.
    pub pytest_args: Vec<String>,
    /// pytest's `-m` for tests that reading could not decide on.
    pub mark_expression: Option<String>,
    /// pytest's `-k` for tests that reading could not decide on.
    pub keyword_expression: Option<String>,
    /// Environment variables for all tests.
    pub env: Vec<(String, String)>,
    /// What becomes of what tests print.
    pub capture: Capture,
    /// Whether the first failure ends the run.
    pub fail_fast: bool,
    /// How often each test is run; 0 is taken as 1.
    pub repeat: u32,
    /// What runs each process and ends all that it started. Without one, processes only lead groups of their own, and what a test
    /// takes out of its group is left behind: a warning says so.
    pub shim: Option<Shim>,
    /// What reads the GPUs' memory; without it, nothing is said of it.
    pub gpu_memory: Option<Arc<dyn GpuMemory>>,
    /// How long a GPU's memory may take to be free again before the next test has it all the same, and a warning says so.
    pub gpu_limit: Duration,
    /// Whether rounds go on until the first failure, which ends the run: at most `repeat` of them, or 1,000 where that is
    /// not above 1.
    pub until_fail: bool,
    /// How long a process may take to end after TERM before it gets KILL.
    pub grace: Duration,
    /// How long pytest may take to collect, and a test binary to list what it holds.
    pub collection_limit: Duration,
    /// What the history says of this run.
    pub facts: RunFacts,
    /// What it continues.
    pub earlier: Option<Earlier>,
    /// Tests of Rust that have exact cases, whether they are planned or not: none of them is taken for one that a macro makes.
    pub known: HashSet<NodeId>,
    /// What must not be kept or told, whoever prints it.
    pub secrets: crate::Secrets,
    /// Ports that each slot has for itself; none without it.
    pub ports: Option<PortSettings>,
    /// Which failures are tried again; none without it.
    pub retry: Option<Retry>,
    /// Whether it is measured which lines the tests run, and with what. Python needs [`crate::coverage::PYTHON_PACKAGE`].
    pub coverage: Option<CoverageSettings>,
}

/// An interrupted run that this one continues. The plan has only what is missing.
#[derive(Debug, Clone)]
pub struct Earlier {
    /// Its id.
    pub run: String,
    /// Its results, and those of the runs that it continued itself.
    pub results: Vec<CaseResult>,
    /// What keeps others from continuing it, until this run is known to.
    pub lock: Option<Arc<File>>,
}

impl RunSettings {
    /// Each test once, output captured, this program as its own shim where it is one, two seconds of grace, ten minutes to
    /// collect.
    #[must_use]
    pub fn new(tree: Utf8PathBuf, state_dir: Utf8PathBuf) -> Self {
        Self {
            rootdir: tree.clone(),
            tree,
            state_dir,
            python: crate::PythonSettings::default(),
            pytest_args: Vec::new(),
            mark_expression: None,
            keyword_expression: None,
            env: Vec::new(),
            capture: Capture::Failures,
            fail_fast: false,
            repeat: 1,
            shim: Shim::this_program(),
            gpu_memory: None,
            gpu_limit: Duration::from_secs(10),
            until_fail: false,
            grace: Duration::from_secs(2),
            collection_limit: Duration::from_mins(10),
            facts: RunFacts::default(),
            earlier: None,
            known: HashSet::new(),
            secrets: crate::Secrets::default(),
            ports: None,
            retry: None,
            coverage: None,
        }
    }
}

/// How many rounds `until_fail` goes on for at most, where no other number is given.
const ROUNDS_UNTIL_FAIL: u32 = 1000;

impl RunSettings {
    /// How often each test is run at most.
    pub(crate) fn rounds(&self) -> u32 {
        rounds(self.repeat, self.until_fail)
    }
}

/// How often each test is run at most, with these values of [`RunSettings`].
#[must_use]
pub fn rounds(repeat: u32, until_fail: bool) -> u32 {
    if until_fail && repeat <= 1 { ROUNDS_UNTIL_FAIL } else { repeat.max(1) }
}

/// What becomes of what tests print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capture {
    /// It is kept in files, and shown of tests that do not pass.
    Failures,
    /// It goes through to the terminal while tests run (`-s`), and is not kept.
    Through,
}

/// How a caller asks a run to stop: once to end the running tests in order, twice to end everything at once.
///
/// Raising it is one atomic addition, so a signal handler may do it.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicU8>);

impl Interrupt {
    /// One that nobody has raised.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the run to stop, or, having asked before, to stop at once.
    pub fn raise(&self) {
        // Saturating: 256 presses of Ctrl-C must not mean that there was none.
        let _ = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |count| Some(count.saturating_add(1)));
    }

    /// How often it was raised.
    #[must_use]
    pub fn count(&self) -> u8 {
        self.0.load(Ordering::SeqCst)
    }
}
