//! The plan: a graph of steps behind words of this domain.

use std::collections::BTreeMap;
use std::time::Duration;

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::scheduling::{Dispatch, Problem};
use crate::{Bounds, GpuClaim, NotRun, Note, Share, Step, StepId};

/// What runs where: steps, what each waits for, and what does not run and why.
#[derive(Debug, Clone)]
pub struct Plan {
    /// An edge leads from a step to one that waits for it. Node indices are step numbers.
    graph: DiGraph<Step, ()>,
    /// What there is to claim.
    pub capacity: Capacity,
    /// Tests that this machine cannot run.
    pub not_run: Vec<NotRun>,
    /// Tests that run otherwise than their markers say.
    pub notes: Vec<Note>,
    /// The expected time of the whole plan.
    pub expected: Duration,
    /// What no plan can beat.
    pub bounds: Bounds,
    /// What the steps would take one after another.
    pub serial: Duration,
    /// The least time between two starts on a GPU that steps share.
    pub stagger: Duration,
    /// What the schedule was made of, a job for each step, by the step's number.
    pub(crate) problem: Problem,
    /// The jobs in order of priority.
    pub(crate) order: Vec<usize>,
}

/// Where a step runs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Place {
    /// Its GPUs.
    pub gpus: Vec<GpuClaim>,
    /// The variables that have its processes see these GPUs only; empty for a step of the CPU, whose own environment hides all.
    pub env: Vec<(String, String)>,
}

/// What a run has to give out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Capacity {
    /// GPUs, or MIG instances.
    pub units: Vec<UnitCapacity>,
    /// How many steps may run at once.
    pub cpu_slots: u32,
    /// How much memory of the machine itself steps may have together, in bytes; `None` where it is not known, and not
    /// planned with.
    pub host_memory: Option<u64>,
    /// What else the machine has, by the names of the policy, and how many of each: `k8s`, `xpu`.
    pub resources: BTreeMap<String, u32>,
    /// The part of a GPU's memory that stays free where tests share it, such as 0.15.
    pub headroom: f64,
}

/// One GPU or MIG instance, as far as planning goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnitCapacity {
    /// The name for people, such as `0`, or `0.2 1g.10gb` of a MIG instance.
    pub label: String,
    /// Such as `NVIDIA L4`.
    pub name: String,
    /// The text for `CUDA_VISIBLE_DEVICES`.
    pub visible: String,
    /// What tests may have of its memory, in bytes: all that others do not hold.
    pub memory: u64,
    /// What processes that are not of the run hold, in bytes. A test that takes GPUs whole gets none where this is not 0.
    pub held: u64,
    /// Its compute capability, the parts before and behind the point; `None` where it is not known.
    pub capability: Option<(u32, u32)>,
}

impl UnitCapacity {
    /// All of its memory, whoever holds it, in bytes.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.memory.saturating_add(self.held)
    }

    /// Whether it is a MIG instance, which CUDA knows by names that begin so. A process sees one of them and no other GPU
    /// (NVIDIA's MIG User Guide, "CUDA Device Enumeration"), so that a test of several GPUs cannot have it.
    #[must_use]
    pub fn is_mig_instance(&self) -> bool {
        self.visible.starts_with("MIG-")
    }
}

impl Place {
    pub(crate) fn new(capacity: &Capacity, units: &[usize], share: Share) -> Self {
        let units = units.iter().filter_map(|&unit| Some((unit, capacity.units.get(unit)?)));
        let claim = |(unit, known): (usize, &UnitCapacity)| GpuClaim { unit, visible: known.visible.clone(), share };
        let gpus: Vec<GpuClaim> = units.map(claim).collect();
        let mut env = Vec::new();
        if !gpus.is_empty() {
            let visible: Vec<_> = gpus.iter().map(|gpu| gpu.visible.as_str()).collect();
            env.push(("CUDA_VISIBLE_DEVICES".to_owned(), visible.join(",")));
            env.push(("CUDA_DEVICE_ORDER".to_owned(), "PCI_BUS_ID".to_owned()));
        }
        Self { gpus, env }
    }
}

impl Plan {
    /// Puts steps together; `waits` holds pairs of a step and one that waits for it. The caller has numbered the
    /// steps from 0 in order.
    pub(crate) fn new(steps: Vec<Step>, waits: &[(StepId, StepId)], capacity: Capacity) -> Self {
        let mut graph = DiGraph::with_capacity(steps.len(), waits.len());
        for step in steps {
            graph.add_node(step);
        }
        for &(before, after) in waits {
            graph.update_edge(NodeIndex::new(before.0), NodeIndex::new(after.0), ());
        }
        Self {
            graph,
            capacity,
            not_run: Vec::new(),
            notes: Vec::new(),
            expected: Duration::ZERO,
            bounds: Bounds::default(),
            serial: Duration::ZERO,
            stagger: Duration::ZERO,
            problem: Problem::default(),
            order: Vec::new(),
        }
    }

    /// All steps, each behind those it waits for, in the order in which they should be started.
    pub fn steps(&self) -> impl ExactSizeIterator<Item = &Step> {
        self.graph.raw_nodes().iter().map(|node| &node.weight)
    }

    /// One step; `None` for a number of another plan.
    #[must_use]
    pub fn step(&self, id: StepId) -> Option<&Step> {
        self.graph.node_weight(NodeIndex::new(id.0))
    }

    /// What a step waits for, in order.
    #[must_use]
    pub fn dependencies_of(&self, id: StepId) -> Vec<StepId> {
        self.neighbours(id, Direction::Incoming)
    }

    /// What waits for a step, in order.
    #[must_use]
    pub fn dependents_of(&self, id: StepId) -> Vec<StepId> {
        self.neighbours(id, Direction::Outgoing)
    }

    /// What a run of the plan decides by: the numbers of its jobs are those of the steps. Where steps take as long as they are
    /// expected to, it gives the schedule that the plan shows, unless that was searched for or another order was shorter: the
    /// run starts by area, which loses least where times are guesses. A GPU that is free earlier than was expected is given
    /// on at once, so that a step can come to other GPUs than the plan has it on.
    #[must_use]
    pub fn dispatch(&self) -> Dispatch<'_> {
        Dispatch::new(&self.problem, &self.order)
    }

    /// Where a step is that was started on these units, which are indices into [`Capacity::units`].
    #[must_use]
    pub fn place(&self, id: StepId, units: &[usize]) -> Place {
        let share = self.problem.jobs.get(id.0).map_or(Share::Whole, |job| job.share);
        Place::new(&self.capacity, units, share)
    }

    /// How many tests run, an inexact function counting as one.
    #[must_use]
    pub fn case_count(&self) -> usize {
        self.graph.node_weights().map(|step| step.cases.len()).sum()
    }

    /// Whether nothing runs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.case_count() == 0
    }

    fn neighbours(&self, id: StepId, direction: Direction) -> Vec<StepId> {
        let node = NodeIndex::new(id.0);
        if self.graph.node_weight(node).is_none() {
            return Vec::new();
        }
        let mut found: Vec<_> =
            self.graph.neighbors_directed(node, direction).map(|node| StepId(node.index())).collect();
        found.sort_unstable();
        found
    }
}
