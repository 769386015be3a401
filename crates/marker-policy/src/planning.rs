//! What plans are made by: what markers ask of a machine, how tests share it, and how long they may take.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::policy::Policy;

/// What a hardware marker asks of the machine. Several markers of one test add up: `gpu_2` and `h100` are two H100s.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hardware {
    /// How many GPUs; 0 where it asks for none or says nothing of their number.
    pub gpus: u32,
    /// A part of the GPUs' product name, such as `H100`.
    pub model: Option<String>,
    /// The least compute capability of the GPUs: the parts before and behind the point.
    pub capability: Option<(u32, u32)>,
    /// A resource other than a GPU, such as `k8s`.
    pub resource: Option<String>,
    /// How many of that resource; 1 unless the policy says otherwise.
    pub count: u32,
}

/// What the plan is made by.
#[derive(Debug, Clone, PartialEq)]
pub struct Planning {
    /// The marker with the measured peak of GPU memory in GiB.
    pub vram_marker: String,
    /// The marker with the time-out in seconds.
    pub timeout_marker: String,
    /// The marker with the number of processors, if there is one.
    pub cpu_marker: Option<String>,
    /// The marker with the memory of the machine itself in GiB, if there is one.
    pub host_memory_marker: Option<String>,
    /// The marker of tests that may run beside others; where there is none, all may.
    pub parallel_marker: Option<String>,
    /// The share of a GPU's memory that stays free where several tests share it, from 0 to 1.
    pub headroom: f64,
    /// The least time between two starts on a GPU that tests share.
    pub stagger: Duration,
}

impl Default for Planning {
    fn default() -> Self {
        Self {
            vram_marker: "profiled_vram_gib".to_owned(),
            timeout_marker: "timeout".to_owned(),
            cpu_marker: None,
            host_memory_marker: None,
            parallel_marker: None,
            headroom: 0.15,
            stagger: Duration::ZERO,
        }
    }
}

/// How a test's engine is told how much it may take: the value of the marker's first argument goes into the
/// environment variable. Of several, the first whose marker the test has applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineCap {
    /// The marker.
    pub marker: String,
    /// The variable; `None` where the marker caps the engine by other means.
    pub env: Option<String>,
}

/// A limit of time that the policy sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// Only tests of this type; `None` for all.
    pub test_type: Option<String>,
    /// Only where this stage runs; `None` for every run.
    pub stage: Option<String>,
    /// What must not take longer.
    pub scope: BudgetScope,
    /// How long it may take.
    pub limit: Duration,
}

/// What a [`Budget`] limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BudgetScope {
    /// Each suite by itself, a suite being one component's tests of one type.
    Suite,
    /// All of them together.
    Run,
}

/// How long a test may take that says nothing itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeouts {
    pub(crate) default: Duration,
    pub(crate) by_type: BTreeMap<String, Duration>,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { default: Duration::from_mins(10), by_type: BTreeMap::new() }
    }
}

impl Policy {
    /// What a hardware marker asks of the machine; `None` for a marker that is not one.
    #[must_use]
    pub fn hardware(&self, marker: &str) -> Option<&Hardware> {
        self.hardware.get(marker)
    }

    /// What hardware markers ask for beyond GPUs, each once: `k8s`, `xpu`.
    #[must_use]
    pub fn resources(&self) -> BTreeSet<&str> {
        self.hardware.values().filter_map(|hardware| hardware.resource.as_deref()).collect()
    }

    /// The memory in GiB of each model of GPU that lanes run on.
    pub fn gpus(&self) -> impl Iterator<Item = (&str, f64)> {
        self.gpus.iter().map(|(model, gib)| (model.as_str(), *gib))
    }

    /// The marker with the measured peak of GPU memory in GiB: `profiled_vram_gib`.
    #[must_use]
    pub fn vram_marker(&self) -> &str {
        &self.planning.vram_marker
    }

    /// The marker with the time-out in seconds: `timeout`.
    #[must_use]
    pub fn timeout_marker(&self) -> &str {
        &self.planning.timeout_marker
    }

    /// The marker with the number of processors that a test takes; `None` where the policy names none, and each takes one.
    #[must_use]
    pub fn cpu_marker(&self) -> Option<&str> {
        self.planning.cpu_marker.as_deref()
    }

    /// The marker with the memory of the machine itself that a test takes, in GiB; `None` where the policy names none, and
    /// none is planned with.
    #[must_use]
    pub fn host_memory_marker(&self) -> Option<&str> {
        self.planning.host_memory_marker.as_deref()
    }

    /// The marker of tests of pytest that may run beside others; those without it run one after the other, if they need no
    /// GPU. `None` where the policy names none, and all may run beside others.
    #[must_use]
    pub fn parallel_marker(&self) -> Option<&str> {
        self.planning.parallel_marker.as_deref()
    }

    /// What the tests with a marker have alone, by its name; `None` where the policy names nothing.
    #[must_use]
    pub fn exclusive(&self, marker: &str) -> Option<&str> {
        self.exclusive.get(marker).map(String::as_str)
    }

    /// The least time between two starts on a GPU that tests share; zero where none is kept.
    #[must_use]
    pub fn stagger(&self) -> Duration {
        self.planning.stagger
    }

    /// The share of a GPU's memory that stays free where several tests share it.
    #[must_use]
    pub fn headroom(&self) -> f64 {
        self.planning.headroom
    }

    /// How engines are told what they may take, in the order in which they apply.
    #[must_use]
    pub fn engine_caps(&self) -> &[EngineCap] {
        &self.engine_caps
    }

    /// The limits of time.
    #[must_use]
    pub fn budgets(&self) -> &[Budget] {
        &self.budgets
    }

    /// How long a test of this type may take that says nothing itself; of no type, the policy's default.
    #[must_use]
    pub fn default_timeout(&self, test_type: Option<&str>) -> Duration {
        test_type.and_then(|name| self.timeouts.by_type.get(name)).copied().unwrap_or(self.timeouts.default)
    }
}
