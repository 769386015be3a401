//! One node of the plan: a process to run, or something to prepare.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use test_catalog::{CargoTarget, NodeId, TreePath};

use crate::{Estimate, EstimateSource};

/// The number of a step within its plan, from 0 in the order of expected starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StepId(pub(crate) usize);

impl StepId {
    /// The number.
    #[must_use]
    pub fn index(self) -> usize {
        self.0
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

/// One process, or one preparation, with what it holds while it runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its number.
    pub id: StepId,
    /// What it does.
    pub kind: StepKind,
    /// The tests that it runs, in order; empty for preparations and the report.
    pub cases: Vec<PlannedCase>,
    /// What it holds from its start to its end.
    pub claim: Claim,
    /// Environment variables beyond those of the run: `CUDA_VISIBLE_DEVICES`, the engine's cap.
    pub env: Vec<(String, String)>,
    /// When it is expected to run, from the start of the run.
    pub window: Window,
    /// How long it may take in all: the sum of what its tests may take.
    pub timeout: Duration,
}

impl Step {
    /// How long it is expected to take.
    #[must_use]
    pub fn expected(&self) -> Duration {
        self.window.end.saturating_sub(self.window.start)
    }
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepKind {
    /// Finds or makes a Python that has pytest.
    PreparePython,
    /// Builds the test binaries of one workspace.
    BuildRust(RustBuild),
    /// Runs tests that need no GPU in one pytest process.
    PythonBatch,
    /// Runs one function's tests in a pytest process of its own, on its own GPUs.
    PythonGpu,
    /// Runs tests of one test binary.
    RustBinary {
        /// The binary.
        target: Arc<CargoTarget>,
        /// How it was built.
        features: CargoFeatures,
    },
    /// Sums up, when everything else is done.
    Report,
}

/// One `cargo test --no-run`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RustBuild {
    /// The folder of the workspace's `Cargo.toml`; empty for the tree itself.
    pub workspace: TreePath,
    /// The feature set.
    pub features: CargoFeatures,
    /// What is built, each once.
    pub targets: Vec<Arc<CargoTarget>>,
}

/// The features that cargo is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CargoFeatures {
    /// `--features`.
    pub names: Vec<String>,
    /// `--all-features`.
    pub all: bool,
    /// `--no-default-features`.
    pub no_default: bool,
    /// `--workspace`: all packages are built together and share the features that they ask of each other.
    pub workspace: bool,
}

/// One test of a step.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedCase {
    /// pytest's node id, or the binary's id and the test's name.
    pub id: NodeId,
    /// Which of the cases with this id, from 0.
    pub occurrence: u32,
    /// The id without parameters.
    pub function: NodeId,
    /// The file that it stands in.
    pub file: TreePath,
    /// Whether the id is just what the real tool lists; otherwise whatever the function gives is run.
    pub exact: bool,
    /// Whether the selection could not be decided by reading, so that pytest's own `-m` and `-k` decide.
    pub undecided: bool,
    /// How long one test may take.
    pub timeout: Duration,
    /// How long it is expected to take.
    pub estimate: Estimate,
    /// What belongs to Rust only.
    pub rust: Option<PlannedRust>,
}

impl PlannedCase {
    /// One of which nothing else is known, as [`Demand::new`](crate::Demand::new) has it: just what the real tool lists, selected for
    /// certain, without parameters.
    #[must_use]
    pub fn new(id: NodeId, file: TreePath) -> Self {
        let duration = Duration::from_secs(1);
        Self {
            function: id.clone(),
            id,
            occurrence: 0,
            file,
            exact: true,
            undecided: false,
            timeout: Duration::from_secs(60),
            estimate: Estimate { duration, source: EstimateSource::TypeDefault, p90: None },
            rust: None,
        }
    }
}

/// What a planned Rust test has beyond a Python one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedRust {
    /// The name as libtest lists it.
    pub name: String,
    /// Whether it is ignored (`#[ignore]`), and so needs `--include-ignored`.
    pub ignored: bool,
}

/// What a step holds while it runs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Claim {
    /// How many of the run's CPU slots (`-j`).
    pub cpu_slots: u32,
    /// Memory of the machine itself that is kept for it, in bytes.
    pub host_memory: u64,
    /// The GPUs, each unit at most once.
    pub gpus: Vec<GpuClaim>,
    /// What no other step has meanwhile, by the names of the policy, ascending.
    pub exclusive: Vec<String>,
}

impl Claim {
    /// Whether its start keeps a distance from others on its GPUs: where they share these.
    pub(crate) fn is_staggered(&self) -> bool {
        self.gpus.iter().any(|gpu| matches!(gpu.share, Share::Bytes(_)))
    }
}

/// What a step holds of one GPU.
#[derive(Debug, Clone, PartialEq)]
pub struct GpuClaim {
    /// Index into [`Capacity::units`](crate::Capacity::units).
    pub unit: usize,
    /// The text for `CUDA_VISIBLE_DEVICES`.
    pub visible: String,
    /// How much of its memory.
    pub share: Share,
}

/// How much of a GPU's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Share {
    /// That many bytes; others may hold the rest.
    Bytes(u64),
    /// All of it: nothing is known of what the test takes, so nothing else runs there meanwhile.
    Whole,
}

/// Nothing.
impl Default for Share {
    fn default() -> Self {
        Self::Bytes(0)
    }
}

impl Share {
    /// A claim in GiB, as markers write it, rounded up to a byte.
    #[must_use]
    pub fn from_gib(gib: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates, and NaN is 0")]
        Self::Bytes((gib * GIB).ceil() as u64)
    }

    /// In GiB; `None` for the whole GPU.
    #[must_use]
    pub fn gib(self) -> Option<f64> {
        match self {
            Self::Bytes(bytes) => Some(to_gib(bytes)),
            Self::Whole => None,
        }
    }
}

/// Bytes in a GiB.
pub(crate) const GIB: f64 = 1_073_741_824.0;

/// Bytes in GiB.
#[must_use]
pub(crate) fn to_gib(bytes: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a GPU's memory is far below 2^53 bytes")]
    let bytes = bytes as f64;
    bytes / GIB
}

/// From when to when, counted from the start of the run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Window {
    /// The start.
    pub start: Duration,
    /// The end.
    pub end: Duration,
}
