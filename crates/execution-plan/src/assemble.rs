//! From demands to steps.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use gpu_inventory::Unit;
use marker_policy::{Chosen, Policy};
use test_catalog::{CargoTarget, TreePath};

use crate::demand::each_demand;
use crate::fit::{refusal, units_that_do};
use crate::scheduling::{self, Effort, Job, Pool, Problem, Schedule};
use crate::{
    Capacity, CargoFeatures, Claim, Demand, Estimates, Links, NotRun, Place, Plan, PlannedCase, RustBuild, Share, Step,
    StepId, StepKind, Window,
};

/// What a plan is made by, beyond tests and machine.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlanSettings {
    /// How many steps may run at once (`-j`); 0 is taken as 1.
    pub jobs: u32,
    /// Tests above this, or without a profile, do not run.
    pub max_vram_gib: Option<f64>,
    /// The feature set of Rust builds.
    pub features: CargoFeatures,
    /// How much memory of the machine itself steps may have together, in bytes; `None` where that is not planned with.
    pub host_memory: Option<u64>,
    /// What else the machine has, by the names of the policy, and how many of each.
    pub resources: BTreeMap<String, u32>,
    /// Why there are no GPUs, where there are none.
    pub why_no_gpu: Option<String>,
    /// How long to look for a shorter plan than those that need no search. With none the plan is the same everywhere; else
    /// it depends on how fast the machine is.
    pub search: Duration,
    /// The least time between two starts on a GPU that tests share.
    pub stagger: Duration,
    /// How the GPUs are linked: a test that takes several gets linked ones, where that changes no time.
    pub links: Links,
}

/// Plans the chosen tests on these units.
#[must_use]
pub fn plan(
    policy: &Policy,
    chosen: &[Chosen<'_, '_>],
    units: &[Unit],
    estimates: &Estimates,
    settings: &PlanSettings,
) -> Plan {
    let mut notes = Vec::new();
    let capacity = Capacity {
        units: units.iter().map(Into::into).collect(),
        cpu_slots: settings.jobs.max(1),
        host_memory: settings.host_memory,
        resources: settings.resources.clone(),
        headroom: policy.headroom(),
    };
    let mut plan = plan_each(&mut each_demand(policy, chosen, estimates, &mut notes), capacity, settings);
    notes.extend(crate::claims::notes(policy, chosen));
    plan.notes = notes;
    plan
}

/// Plans tests whose demands are known.
#[must_use]
pub fn plan_demands(demands: Vec<Demand>, capacity: Capacity, settings: &PlanSettings) -> Plan {
    plan_each(&mut demands.into_iter(), capacity, settings)
}

fn plan_each(demands: &mut dyn Iterator<Item = Demand>, capacity: Capacity, settings: &PlanSettings) -> Plan {
    let mut not_run = Vec::new();
    let mut feasible = demands.filter_map(|demand| match refusal(&demand, &capacity, settings) {
        Some(reason) => {
            not_run.push(NotRun { id: demand.case.id, occurrence: demand.case.occurrence, at: demand.at, reason });
            None
        }
        None => Some(demand),
    });
    let mut drafts = drafts(&mut feasible, &capacity, settings);
    let problem = problem(&drafts, &capacity, settings);
    debug_assert_eq!(
        problem.check(),
        Ok(()),
        "the planner refuses what fits nowhere, and waits for earlier steps alone"
    );
    let bounds = scheduling::bounds(&problem);
    let serial = drafts.iter().map(|draft| draft.duration).sum();
    let schedule = scheduling::search(&problem, bounds.best(), Effort::Time(settings.search));
    place(&mut drafts, &schedule, &capacity);
    let expected = schedule.makespan;
    let number_of = numbers(&drafts);
    let (steps, waits) = number(drafts, &number_of);
    let mut plan = Plan::new(steps, &waits, capacity);
    plan.order = scheduling::by_area(&problem).into_iter().map(|draft| number_of[draft]).collect();
    plan.problem = renumbered(problem, &number_of);
    (plan.not_run, plan.expected, plan.bounds, plan.serial) = (not_run, expected, bounds, serial);
    plan.stagger = settings.stagger;
    plan
}

/// A step before it has its time, its place and its number.
#[derive(Debug)]
pub(crate) struct Draft {
    kind: StepKind,
    cases: Vec<PlannedCase>,
    env: Vec<(String, String)>,
    pub(crate) claim: Claim,
    pub(crate) gpus: u32,
    pub(crate) share: Share,
    /// Units that it may be placed on.
    pub(crate) candidates: Vec<usize>,
    pub(crate) duration: Duration,
    pub(crate) window: Window,
    /// Earlier drafts.
    pub(crate) waits_for: Vec<usize>,
}

impl Draft {
    fn new(kind: StepKind, cases: Vec<PlannedCase>, cpu_slots: u32, waits_for: Vec<usize>) -> Self {
        Self {
            duration: cases.iter().map(|case| case.estimate.duration).sum(),
            kind,
            cases,
            env: Vec::new(),
            claim: Claim { cpu_slots, ..Claim::default() },
            gpus: 0,
            share: Share::Bytes(0),
            candidates: Vec::new(),
            window: Window::default(),
            waits_for,
        }
    }
}

/// Each demand is looked at once: of the many tests that share a step only the cases are kept.
fn drafts(demands: &mut dyn Iterator<Item = Demand>, capacity: &Capacity, settings: &PlanSettings) -> Vec<Draft> {
    let mut cpu = CpuTests::default();
    let (mut gpu, mut rust) = (Vec::new(), RustTests::new());
    for demand in demands {
        match (&demand.target, demand.gpus) {
            (Some(target), _) => add_rust(&mut rust, Arc::clone(target), demand),
            (None, 0) => cpu.add(demand),
            (None, _) => gpu.push(demand),
        }
    }
    let mut drafts = Vec::new();
    if !cpu.is_empty() || !gpu.is_empty() {
        let prepare = drafts.len();
        drafts.push(Draft::new(StepKind::PreparePython, Vec::new(), 1, Vec::new()));
        for (Setting { env, exclusive, cpu_slots, host_memory }, cases) in cpu.batches(settings.jobs.max(1)) {
            let mut draft = Draft::new(StepKind::PythonBatch, cases, cpu_slots, vec![prepare]);
            draft.env = env;
            draft.claim.exclusive = exclusive;
            draft.claim.host_memory = host_memory;
            draft.env.push(("CUDA_VISIBLE_DEVICES".to_owned(), String::new()));
            drafts.push(draft);
        }
        for demand in gpu {
            let cases = vec![demand.case.clone()];
            let mut draft = Draft::new(StepKind::PythonGpu, cases, demand.cpu_slots, vec![prepare]);
            draft.claim.host_memory = demand.host_memory;
            drafts.push(on_gpus(draft, &demand, capacity));
        }
    }
    rust_drafts(rust, capacity, settings, &mut drafts);
    let all = (0..drafts.len()).collect();
    drafts.push(Draft::new(StepKind::Report, Vec::new(), 0, all));
    drafts
}

/// Gives a step the place that the first of its tests needs; they all need the same.
fn on_gpus(mut draft: Draft, first: &Demand, capacity: &Capacity) -> Draft {
    (draft.gpus, draft.share, draft.env) = (first.gpus, first.share, first.env.clone());
    draft.claim.exclusive.clone_from(&first.exclusive);
    draft.candidates = units_that_do(first, capacity);
    draft
}

/// The tests of Rust, by workspace.
type RustTests = BTreeMap<TreePath, Vec<BinaryTests>>;

/// Tests of one binary that need the same place.
struct BinaryTests {
    target: Arc<CargoTarget>,
    first: Demand,
    cases: Vec<PlannedCase>,
}

fn add_rust(workspaces: &mut RustTests, target: Arc<CargoTarget>, demand: Demand) {
    type Place<'d> = (u32, &'d Option<String>, Option<(u32, u32)>, Share, &'d [String]);
    fn place(demand: &Demand) -> Place<'_> {
        (demand.gpus, &demand.model, demand.capability, demand.share, &demand.exclusive)
    }
    let case = demand.case.clone();
    let binaries = workspaces.entry(target.workspace.clone()).or_default();
    // Tests come binary by binary.
    let known = binaries.iter_mut().rev().find(|known| known.target == target && place(&known.first) == place(&demand));
    match known {
        Some(known) => known.cases.push(case),
        None => binaries.push(BinaryTests { target, first: demand, cases: vec![case] }),
    }
}

fn rust_drafts(workspaces: RustTests, capacity: &Capacity, settings: &PlanSettings, drafts: &mut Vec<Draft>) {
    for (workspace, binaries) in workspaces {
        let mut targets: Vec<_> = binaries.iter().map(|binary| Arc::clone(&binary.target)).collect();
        let mut seen = HashSet::new();
        targets.retain(|target| seen.insert(Arc::clone(target)));
        let build = drafts.len();
        let features = settings.features.clone();
        let kind = StepKind::BuildRust(RustBuild { workspace, features: features.clone(), targets });
        // cargo takes every core there is.
        drafts.push(Draft::new(kind, Vec::new(), capacity.cpu_slots, Vec::new()));
        for BinaryTests { target, first, cases } in binaries {
            let kind = StepKind::RustBinary { target, features: features.clone() };
            let mut draft = on_gpus(Draft::new(kind, cases, 1, vec![build]), &first, capacity);
            if draft.gpus == 0 {
                draft.env.push(("CUDA_VISIBLE_DEVICES".to_owned(), String::new()));
            }
            drafts.push(draft);
        }
    }
}

/// What a pytest process takes to start, about: nobody gains by a batch of less.
const START: Duration = Duration::from_millis(500);
/// What pytest takes for a test beside the test itself, about: collecting it, fixtures, reports.
const BESIDE: Duration = Duration::from_millis(1);

/// What the tests of one pytest process have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Setting {
    env: Vec<(String, String)>,
    /// What they have alone.
    exclusive: Vec<String>,
    cpu_slots: u32,
    host_memory: u64,
}

/// The tests of pytest that need no GPU, by setting and file.
#[derive(Default)]
struct CpuTests {
    settings: Vec<(Setting, Vec<FileTests>)>,
    known: HashMap<(TreePath, Setting), (usize, usize)>,
}

/// The tests of one file that run under one setting.
struct FileTests {
    file: TreePath,
    length: Duration,
    cases: Vec<PlannedCase>,
}

impl CpuTests {
    fn is_empty(&self) -> bool {
        self.settings.is_empty()
    }

    fn add(&mut self, demand: Demand) {
        let Demand { case, env, exclusive, cpu_slots, host_memory, .. } = demand;
        let setting = Setting { env, exclusive, cpu_slots, host_memory };
        let (file, settings) = (case.file.clone(), &mut self.settings);
        let (setting, at) = *self.known.entry((file, setting)).or_insert_with_key(|(file, setting)| {
            let index = settings.iter().position(|(known, _)| known == setting).unwrap_or_else(|| {
                settings.push((setting.clone(), Vec::new()));
                settings.len() - 1
            });
            settings[index].1.push(FileTests { file: file.clone(), length: Duration::ZERO, cases: Vec::new() });
            (index, settings[index].1.len() - 1)
        });
        let file = &mut settings[setting].1[at];
        file.length += case.estimate.duration + BESIDE;
        file.cases.push(case);
    }

    /// In batches, as many as can run at once: files stay together and in order, modules that would shadow each other are
    /// apart, engine caps and what is had alone agree. Long files go first, each to the shortest batch; the others fill one
    /// batch after another, so that a folder's tests share what they set up. The runner evens out what takes longer than
    /// expected.
    fn batches(self, jobs: u32) -> impl Iterator<Item = (Setting, Vec<PlannedCase>)> {
        let of_setting = move |(setting, files): (Setting, Vec<FileTests>)| {
            // What is had alone is had by one process at a time: a second one would only wait, and start anew.
            let at_once = if setting.exclusive.is_empty() { (jobs / setting.cpu_slots.max(1)).max(1) } else { 1 };
            batches_of_setting(files, at_once as usize).into_iter().map(move |cases| (setting.clone(), cases))
        };
        self.settings.into_iter().flat_map(of_setting)
    }
}

fn batches_of_setting(files: Vec<FileTests>, jobs: usize) -> Vec<Vec<PlannedCase>> {
    #[derive(Default)]
    struct Batch {
        names: HashSet<String>,
        length: Duration,
        files: Vec<usize>,
    }
    let total: Duration = files.iter().map(|file| file.length).sum();
    let worth = usize::try_from(total.as_millis() / START.as_millis()).unwrap_or(usize::MAX);
    let count = worth.clamp(1, jobs.max(1));
    let share = total / u32::try_from(count).unwrap_or(u32::MAX);
    let mut batches: Vec<Batch> = Vec::new();
    batches.resize_with(count, Batch::default);
    let (mut long, short): (Vec<usize>, Vec<usize>) = (0..files.len()).partition(|&at| files[at].length * 4 > share);
    long.sort_by_key(|&at| std::cmp::Reverse(files[at].length));
    let is_long = long.len();
    for (turn, at) in long.into_iter().chain(short).enumerate() {
        let FileTests { file, length, .. } = &files[at];
        let takes = |batch: &Batch| !batch.names.contains(file.file_name());
        let has_room = |batch: &Batch| turn >= is_long && batch.length + *length / 2 <= share;
        let filled = batches.iter().position(|batch| takes(batch) && has_room(batch));
        let open = || (0..batches.len()).filter(|&at| takes(&batches[at])).min_by_key(|&at| batches[at].length);
        let to = filled.or_else(open).unwrap_or_else(|| {
            batches.push(Batch::default());
            batches.len() - 1
        });
        let batch = &mut batches[to];
        batch.names.insert(file.file_name().to_owned());
        batch.length += *length;
        batch.files.push(at);
    }
    let mut files: Vec<Option<FileTests>> = files.into_iter().map(Some).collect();
    let in_order = |mut batch: Batch| {
        batch.files.sort_unstable();
        let own: Vec<FileTests> = batch.files.into_iter().filter_map(|at| files[at].take()).collect();
        let mut cases = Vec::with_capacity(own.iter().map(|file| file.cases.len()).sum());
        own.into_iter().for_each(|file| cases.extend(file.cases));
        cases
    };
    batches.into_iter().map(in_order).filter(|batch| !batch.is_empty()).collect()
}

/// What the schedule has to know of the steps.
fn problem(drafts: &[Draft], capacity: &Capacity, settings: &PlanSettings) -> Problem {
    let (stagger, links) = (settings.stagger, settings.links.clone());
    let mut problem = Problem { capacity: capacity.clone(), stagger, links, ..Problem::default() };
    let mut things: HashMap<&str, usize> = HashMap::new();
    let mut pools: HashMap<Pool, usize> = HashMap::new();
    for draft in drafts {
        let pool = Pool::new(draft.candidates.iter().copied());
        let pool = *pools.entry(pool).or_insert_with_key(|pool| {
            problem.pools.push(pool.clone());
            problem.pools.len() - 1
        });
        let resources = draft.claim.exclusive.iter().map(|thing| {
            let next = things.len();
            *things.entry(thing).or_insert(next)
        });
        problem.jobs.push(Job {
            resources: resources.collect(),
            staggered: draft.gpus > 0 && draft.share != Share::Whole,
            duration: draft.duration,
            cpu_slots: draft.claim.cpu_slots,
            host_memory: draft.claim.host_memory,
            gpus: draft.gpus,
            share: draft.share,
            pool,
            after: draft.waits_for.clone(),
        });
    }
    problem.resources = things.len();
    problem
}

/// Gives every step its time and its GPUs.
fn place(drafts: &mut [Draft], schedule: &Schedule, capacity: &Capacity) {
    for (draft, placement) in drafts.iter_mut().zip(&schedule.placements) {
        let place = Place::new(capacity, &placement.units, draft.share);
        draft.claim.gpus = place.gpus;
        draft.env.extend(place.env);
        draft.window = placement.window;
    }
}

/// The number of each draft, by its start; one that waits keeps behind what it waits for.
fn numbers(drafts: &[Draft]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..drafts.len()).collect();
    order.sort_by_key(|&index| (matches!(drafts[index].kind, StepKind::Report), drafts[index].window.start, index));
    let mut number_of = vec![0; drafts.len()];
    for (number, &index) in order.iter().enumerate() {
        number_of[index] = number;
    }
    number_of
}

/// The same jobs by the numbers of their steps.
fn renumbered(mut problem: Problem, number_of: &[usize]) -> Problem {
    let mut jobs: Vec<(usize, Job)> = number_of.iter().copied().zip(problem.jobs).collect();
    jobs.sort_unstable_by_key(|(number, _)| *number);
    let after = |job: Job| Job { after: job.after.iter().map(|&before| number_of[before]).collect(), ..job };
    problem.jobs = jobs.into_iter().map(|(_, job)| after(job)).collect();
    problem
}

fn number(drafts: Vec<Draft>, number_of: &[usize]) -> (Vec<Step>, Vec<(StepId, StepId)>) {
    let mut waits = Vec::new();
    let mut steps = Vec::with_capacity(drafts.len());
    for (index, draft) in drafts.into_iter().enumerate() {
        let id = StepId(number_of[index]);
        waits.extend(draft.waits_for.iter().map(|&before| (StepId(number_of[before]), id)));
        steps.push(Step {
            id,
            kind: draft.kind,
            timeout: draft.cases.iter().map(|case| case.timeout).sum(),
            cases: draft.cases,
            claim: draft.claim,
            env: draft.env,
            window: draft.window,
        });
    }
    steps.sort_by_key(|step| step.id);
    (steps, waits)
}
