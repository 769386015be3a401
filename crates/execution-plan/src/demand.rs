//! What each test needs, from its markers through the policy.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use gpu_inventory::Unit;
use marker_expr::Truth;
use marker_policy::{Category, Chosen, Policy, ResolvedCase};
use test_catalog::{CargoTarget, Marker, NodeId, SourceSpan, TreePath, Value};

use crate::{Estimates, Note, PlannedCase, PlannedRust, Share};

/// What one test needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Demand {
    /// The test.
    pub case: PlannedCase,
    /// Where it stands.
    pub at: SourceSpan,
    /// How many CPU slots.
    pub cpu_slots: u32,
    /// How much memory of the machine itself, in bytes.
    pub host_memory: u64,
    /// How many GPUs at once.
    pub gpus: u32,
    /// A part of their name, such as `H100`.
    pub model: Option<String>,
    /// Their least compute capability: the parts before and behind the point.
    pub capability: Option<(u32, u32)>,
    /// How much of each.
    pub share: Share,
    /// The engine's cap, and other variables.
    pub env: Vec<(String, String)>,
    /// What it needs beyond CPUs and GPUs, by the names of the policy, and how many of each: `k8s`, `xpu`.
    pub resources: BTreeMap<String, u32>,
    /// What it has alone while it runs, ascending: by the names of the policy, its [`resources`](Self::resources), and `not
    /// parallel` of a test that lacks the marker of tests which may run beside others ([`Policy::parallel_marker`]).
    pub exclusive: Vec<String>,
    /// The test binary, of a Rust test.
    pub target: Option<Arc<CargoTarget>>,
    /// What its compilation needs that was not asked for, such as `feature = "integration"`.
    pub not_compiled: Option<String>,
}

impl Demand {
    /// That of a test of which nothing else is known: it needs a CPU slot, may take a minute and is expected to take a second.
    /// Whoever knows more sets the fields.
    #[must_use]
    pub fn new(id: NodeId, file: TreePath) -> Self {
        Self {
            at: SourceSpan::line(file.clone(), 1),
            case: PlannedCase::new(id, file),
            cpu_slots: 1,
            host_memory: 0,
            gpus: 0,
            model: None,
            capability: None,
            share: Share::Whole,
            env: Vec::new(),
            resources: BTreeMap::new(),
            exclusive: Vec::new(),
            target: None,
            not_compiled: None,
        }
    }
}

/// Longer is a mistake, and the sum of many would be more than can be counted.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 3600);

/// No GPU has as much memory, and no test asks a machine for it.
const MOST_GIB: f64 = 4096.0;

/// No machine has as many processors.
const MOST_CPUS: u32 = 4096;

/// What every chosen test needs, and what is wrong with their markers.
#[must_use]
pub fn demands(policy: &Policy, chosen: &[Chosen<'_, '_>], estimates: &Estimates) -> (Vec<Demand>, Vec<Note>) {
    let mut notes = Vec::new();
    let demands = each_demand(policy, chosen, estimates, &mut notes).collect();
    (demands, notes)
}

/// The same one by one, for who need not hold those of a hundred thousand tests at once.
pub fn each_demand<'c>(
    policy: &'c Policy,
    chosen: &'c [Chosen<'_, '_>],
    estimates: &'c Estimates,
    notes: &'c mut Vec<Note>,
) -> impl Iterator<Item = Demand> + 'c {
    chosen.iter().map(|chosen| demand(policy, chosen, estimates, notes))
}

fn demand(policy: &Policy, chosen: &Chosen<'_, '_>, estimates: &Estimates, notes: &mut Vec<Note>) -> Demand {
    let resolved = chosen.case;
    let case = resolved.case;
    let mut note = |text: String| notes.push(Note { id: case.id.clone(), at: case.span.clone(), text });

    let own_timeout = first_argument(resolved, policy.timeout_marker()).and_then(|value| {
        let seconds = value.as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let seconds = seconds.filter(|seconds| !seconds.is_zero() && *seconds <= LONGEST_TIMEOUT);
        if seconds.is_none() {
            note(format!(
                "{}({value}) is no number of seconds up to a year: the policy's time-out holds",
                policy.timeout_marker()
            ));
        }
        seconds
    });
    let types = policy.members_of(Category::Type, resolved);
    let default_timeout =
        types.iter().map(|name| policy.default_timeout(Some(name))).max().unwrap_or(policy.default_timeout(None));
    let estimate = estimates.of(&case.id, case.occurrence, own_timeout, types.iter().copied());

    let (mut gpus, mut model, mut capability, mut resources) = (0, None, None, BTreeMap::new());
    for hardware in resolved.effective.iter().filter_map(|marker| policy.hardware(&marker.name)) {
        gpus = gpus.max(hardware.gpus);
        model = model.or_else(|| hardware.model.clone());
        capability = capability.max(hardware.capability);
        if let Some(resource) = &hardware.resource {
            let count = resources.entry(resource.clone()).or_default();
            *count = hardware.count.max(*count);
        }
    }
    if model.is_some() || capability.is_some() {
        gpus = gpus.max(1);
    }
    let exclusive = resolved.effective.iter().filter_map(|marker| policy.exclusive(&marker.name));
    // A cluster or an accelerator that this engine does not give out by parts is had by one test at a time.
    let mut exclusive: BTreeSet<String> = exclusive.map(str::to_owned).chain(resources.keys().cloned()).collect();

    let mut amount = |marker: Option<&str>, most: f64, what: &str| {
        let value = first_argument(resolved, marker?)?;
        let amount = value.as_f64().filter(|amount| *amount > 0.0 && *amount <= most);
        if amount.is_none() {
            note(format!("{}({value}) is no {what}: it is planned without", marker.unwrap_or_default()));
        }
        amount
    };
    let cpus = amount(policy.cpu_marker(), f64::from(MOST_CPUS), "number of processors");
    let host_gib = amount(policy.host_memory_marker(), MOST_GIB, "amount of the machine's memory in GiB");
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and at most what is most")]
    let cpu_slots = cpus.map_or(1, |cpus| cpus.ceil() as u32);
    let host_memory = host_gib.map_or(0, |gib| match Share::from_gib(gib) {
        Share::Bytes(bytes) => bytes,
        Share::Whole => 0,
    });

    let share = match first_argument(resolved, policy.vram_marker()) {
        // The most of several GPUs together tells nothing of each.
        None if gpus == 1 => estimates.vram_of(&case.id, case.occurrence).map_or(Share::Whole, Share::Bytes),
        None => Share::Whole,
        Some(value) => match value.as_f64() {
            Some(0.0) => {
                gpus = 0;
                Share::Bytes(0)
            }
            Some(gib) if gib.is_finite() && gib > 0.0 => {
                if gib > MOST_GIB {
                    note(format!("{}({value}) is more than any GPU has: the number is in GiB", policy.vram_marker()));
                }
                Share::from_gib(gib)
            }
            _ => {
                note(format!(
                    "{}({value}) is no amount of memory in GiB: planned alone on its GPU",
                    policy.vram_marker()
                ));
                Share::Whole
            }
        },
    };
    let rust = case.as_rust();
    // libtest runs the tests of a binary at once whatever is planned, and a test of a GPU has a process and its GPUs for itself.
    if let Some(marker) = policy.parallel_marker()
        && rust.is_none()
        && gpus == 0
        && resolved.marker(marker).is_none()
    {
        exclusive.insert(format!("not {marker}"));
    }
    Demand {
        case: PlannedCase {
            id: case.id.clone(),
            occurrence: case.occurrence,
            function: case.function.clone(),
            file: case.file().clone(),
            exact: case.certainty.is_exact(),
            undecided: chosen.verdict != Truth::Yes,
            timeout: own_timeout.unwrap_or(default_timeout),
            estimate,
            rust: rust.map(|rust| PlannedRust { name: rust.name.clone(), ignored: rust.ignored.is_some() }),
        },
        at: case.span.clone(),
        cpu_slots,
        host_memory,
        gpus,
        model,
        capability,
        share,
        env: engine_cap(policy, resolved).into_iter().collect(),
        resources,
        exclusive: exclusive.into_iter().collect(),
        target: rust.map(|rust| Arc::clone(&rust.target)),
        not_compiled: rust.filter(|rust| !rust.enabled || !rust.target.enabled).map(|rust| {
            rust.cfg.clone().unwrap_or_else(|| format!("features {}", rust.target.required_features.join(", ")))
        }),
    }
}

/// The first cap that applies; one without a variable ends the search.
fn engine_cap(policy: &Policy, case: &ResolvedCase<'_>) -> Option<(String, String)> {
    let (cap, value) = policy.engine_caps().iter().find_map(|cap| Some((cap, first_argument(case, &cap.marker)?)))?;
    let text = match value {
        Value::Str(text) => text.clone(),
        Value::Int(_) | Value::Float(_) => value.to_string(),
        _ => return None,
    };
    Some((cap.env.clone()?, text))
}

fn first_argument<'c>(case: &'c ResolvedCase<'_>, marker: &str) -> Option<&'c Value> {
    first_of(case.marker(marker)?)
}

/// The first argument of a marker, given by position or by name.
pub(crate) fn first_of(marker: &Marker) -> Option<&Value> {
    marker.args.first().or_else(|| marker.kwargs.first().map(|(_, value)| value))
}

impl From<&Unit> for crate::UnitCapacity {
    fn from(unit: &Unit) -> Self {
        Self {
            label: unit.label.clone(),
            name: unit.name.clone(),
            visible: unit.cuda_visible_devices().to_owned(),
            memory: unit.usable().0.saturating_sub(unit.held().0),
            held: unit.held().0,
            capability: unit
                .compute_capability
                .and_then(|it| Some((u32::try_from(it.major).ok()?, u32::try_from(it.minor).ok()?))),
        }
    }
}
