//! Whether a plan keeps its promises, judged from the plan and what it was made for alone: nothing here is shared with
//! the planner but the capacity itself.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap, HashSet};

use test_catalog::NodeId;

use crate::{Claim, Demand, NotRun, NotRunReason, Plan, Share, Step, StepId, UnitCapacity};

/// Everything that is wrong with a plan: a GPU or the slots over their capacity at some moment, a step that starts
/// before what it waits for has ended, a test that is in two places or in none, or without the GPUs that it needs; a test
/// refused for want of GPUs that are there; a plan that ends at another time than it says.
#[must_use]
pub fn validate(plan: &Plan, demands: &[Demand]) -> Vec<String> {
    validate_each(plan, demands)
}

/// The same for demands that are looked at once and need not be kept.
#[must_use]
pub fn validate_each<D: Borrow<Demand>>(plan: &Plan, demands: impl IntoIterator<Item = D>) -> Vec<String> {
    let mut wrong = each_once(plan, demands);
    for step in plan.steps() {
        for before in plan.dependencies_of(step.id).iter().filter_map(|id| plan.step(*id)) {
            if before.window.end > step.window.start || before.id >= step.id {
                wrong.push(format!("step {} does not wait for step {}", step.id, before.id));
            }
        }
        let units: HashSet<_> = step.claim.gpus.iter().map(|gpu| gpu.unit).collect();
        if units.len() != step.claim.gpus.len() || units.iter().any(|unit| *unit >= plan.capacity.units.len()) {
            wrong.push(format!("step {} has a GPU twice, or one that is not there", step.id));
        }
        if step.window.end < step.window.start {
            wrong.push(format!("step {} ends before it starts", step.id));
        }
        for gpu in &step.claim.gpus {
            if plan.capacity.units.get(gpu.unit).is_some_and(|unit| unit.visible != gpu.visible) {
                wrong.push(format!("step {} would see another GPU than GPU {}", step.id, gpu.unit));
            }
        }
    }
    let end = plan.steps().map(|step| step.window.end).max().unwrap_or_default();
    if end != plan.expected {
        wrong.push(format!("the last step ends after {end:?}, and the plan says {:?}", plan.expected));
    }
    if wrong.is_empty() {
        wrong = at_every_moment(plan);
        wrong.extend(had_twice(plan));
        wrong.extend(too_close(plan));
    }
    wrong
}

/// Steps that have the same thing alone, at once.
fn had_twice(plan: &Plan) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut holders: BTreeMap<&str, Vec<&Step>> = BTreeMap::new();
    for step in plan.steps().filter(|step| step.window.start < step.window.end) {
        for thing in &step.claim.exclusive {
            holders.entry(thing).or_default().push(step);
        }
    }
    for (thing, mut steps) in holders {
        steps.sort_by_key(|step| step.window.start);
        let pairs = steps.windows(2).filter(|pair| pair[0].window.end > pair[1].window.start);
        wrong.extend(pairs.map(|pair| format!("steps {} and {} both have `{thing}`", pair[0].id, pair[1].id)));
    }
    wrong
}

/// Steps that start on a GPU which they share too soon after one another.
fn too_close(plan: &Plan) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut starts: BTreeMap<usize, Vec<&Step>> = BTreeMap::new();
    for step in plan.steps().filter(|step| step.claim.is_staggered()) {
        for gpu in &step.claim.gpus {
            starts.entry(gpu.unit).or_default().push(step);
        }
    }
    for (unit, mut steps) in starts {
        steps.sort_by_key(|step| step.window.start);
        let pairs = steps.windows(2);
        let pairs = pairs.filter(|pair| pair[1].window.start.saturating_sub(pair[0].window.start) < plan.stagger);
        wrong
            .extend(pairs.map(|pair| format!("steps {} and {} start too close on GPU {unit}", pair[0].id, pair[1].id)));
    }
    wrong
}

/// Each demand is planned or refused once, and the step that it is in has what it needs.
fn each_once<D: Borrow<Demand>>(plan: &Plan, demands: impl IntoIterator<Item = D>) -> Vec<String> {
    /// Where a test is: in one place, as it should be, or in so many.
    #[derive(Clone, Copy)]
    enum Places<'p> {
        In(&'p Step),
        Refused(&'p NotRun),
        Many(usize),
    }
    let mut wrong = Vec::new();
    let mut places: HashMap<(NodeId, u32), Places<'_>> = HashMap::with_capacity(plan.case_count());
    let mut add = |id: &NodeId, occurrence, place| {
        let more = |known: &mut Places<'_>| {
            *known = Places::Many(if let Places::Many(count) = known { *count + 1 } else { 2 });
        };
        places.entry((id.clone(), occurrence)).and_modify(more).or_insert(place);
    };
    for step in plan.steps() {
        step.cases.iter().for_each(|case| add(&case.id, case.occurrence, Places::In(step)));
    }
    plan.not_run.iter().for_each(|refused| add(&refused.id, refused.occurrence, Places::Refused(refused)));
    for demand in demands {
        let demand = demand.borrow();
        let id = &demand.case.id;
        match places.remove(&(id.clone(), demand.case.occurrence)).unwrap_or(Places::Many(0)) {
            Places::Refused(refused) => wrong.extend(refused_in_vain(demand, refused, plan)),
            Places::In(step) => wrong.extend(unmet(demand, &step.claim, plan)),
            Places::Many(count) => wrong.push(format!("{id} is in {count} places")),
        }
    }
    wrong.extend(places.keys().map(|(id, _)| format!("{id} is planned and was not asked for")));
    wrong
}

/// A test that was refused for want of GPUs, where enough are there.
fn refused_in_vain(demand: &Demand, refused: &NotRun, plan: &Plan) -> Option<String> {
    let for_want_of_gpus = matches!(
        refused.reason,
        NotRunReason::TooFewGpus { .. }
            | NotRunReason::TooFewWhole { .. }
            | NotRunReason::WrongModel { .. }
            | NotRunReason::TooLittleCapability { .. }
            | NotRunReason::TooLittleMemory { .. }
            | NotRunReason::HeldByOthers { .. }
    );
    if matches!(refused.reason, NotRunReason::TooLittleHostMemory { .. }) {
        let fits = plan.capacity.host_memory.is_none_or(|all| demand.host_memory <= all);
        return fits.then(|| format!("{} is refused, and the machine has the memory", demand.case.id));
    }
    let would_do = |unit: &&UnitCapacity| {
        let is_of_model = |model: &String| gpu_inventory::is_model(&unit.name, model);
        demand.model.as_ref().is_none_or(is_of_model)
            && demand.capability.is_none_or(|needed| unit.capability.is_some_and(|has| has >= needed))
            && (demand.gpus < 2 || !unit.is_mig_instance())
            && match demand.share {
                Share::Bytes(bytes) => bytes <= unit.memory,
                Share::Whole => unit.held == 0,
            }
    };
    let there = plan.capacity.units.iter().filter(would_do).count();
    (for_want_of_gpus && there >= demand.gpus as usize)
        .then(|| format!("{} is refused, and {there} GPUs would do", demand.case.id))
}

/// What a claim lacks of what a test needs.
fn unmet(demand: &Demand, claim: &Claim, plan: &Plan) -> Option<String> {
    let id = &demand.case.id;
    if claim.gpus.len() != demand.gpus as usize {
        return Some(format!("{id} needs {} GPUs and has {}", demand.gpus, claim.gpus.len()));
    }
    let lacks = |gpu: &&crate::GpuClaim| {
        let Some(unit) = plan.capacity.units.get(gpu.unit) else { return true };
        let is_of_model = |model: &String| gpu_inventory::is_model(&unit.name, model);
        gpu.share != demand.share
            || !demand.model.as_ref().is_none_or(is_of_model)
            || demand.capability.is_some_and(|needed| unit.capability.is_none_or(|has| has < needed))
            || (demand.gpus > 1 && unit.is_mig_instance())
            || (demand.share == Share::Whole && unit.held > 0)
    };
    let slots = demand.cpu_slots.min(plan.capacity.cpu_slots);
    if demand.target.is_none() && (claim.cpu_slots < slots || claim.host_memory < demand.host_memory) {
        let has = format!("{} slots and {} bytes", claim.cpu_slots, claim.host_memory);
        return Some(format!("{id} has {has} of the machine, and needs {slots} and {}", demand.host_memory));
    }
    let here = |name: &String| plan.capacity.resources.get(name).copied().unwrap_or_default();
    if let Some((name, needed)) = demand.resources.iter().find(|(name, needed)| here(name) < **needed) {
        return Some(format!("{id} needs {needed} of {name}, and the machine has {}", here(name)));
    }
    if claim.exclusive != demand.exclusive {
        return Some(format!("{id} has {:?} alone, and needs {:?}", claim.exclusive, demand.exclusive));
    }
    let gpu = claim.gpus.iter().find(lacks)?;
    Some(format!("{id} has not what it needs on GPU {}", gpu.unit))
}

/// What runs on a GPU at one moment.
#[derive(Debug, Clone, Default)]
struct Tenants {
    count: u32,
    whole: u32,
    bytes: u128,
}

/// Goes through the starts and ends in order of time. Capacity can be exceeded only where something starts.
fn at_every_moment(plan: &Plan) -> Vec<String> {
    let mut wrong = Vec::new();
    let steps: Vec<&Step> = plan.steps().collect();
    // What takes no time holds nothing for any.
    let lasting = || steps.iter().filter(|step| step.window.start < step.window.end);
    let ends = lasting().map(|step| (step.window.end, false, step.id));
    let starts = lasting().map(|step| (step.window.start, true, step.id));
    let mut events: Vec<_> = ends.chain(starts).collect();
    events.sort_unstable();
    let (mut slots, mut host_memory) = (0_u64, 0_u128);
    let mut units = vec![Tenants::default(); plan.capacity.units.len()];
    for (_, starts, id) in events {
        let Some(step) = plan.step(id) else { continue };
        let taken = u64::from(step.claim.cpu_slots.min(plan.capacity.cpu_slots));
        if !starts {
            slots -= taken;
            host_memory -= u128::from(step.claim.host_memory);
            for gpu in &step.claim.gpus {
                let tenants = &mut units[gpu.unit];
                tenants.count -= 1;
                match gpu.share {
                    Share::Whole => tenants.whole -= 1,
                    Share::Bytes(bytes) => tenants.bytes -= u128::from(bytes),
                }
            }
            continue;
        }
        slots += taken;
        if slots > u64::from(plan.capacity.cpu_slots) {
            wrong.push(format!("{slots} slots are taken when step {id} starts"));
        }
        host_memory += u128::from(step.claim.host_memory);
        if plan.capacity.host_memory.is_some_and(|all| host_memory > u128::from(all)) {
            wrong.push(format!("{host_memory} bytes of the machine's memory are taken when step {id} starts"));
        }
        for gpu in &step.claim.gpus {
            let tenants = &mut units[gpu.unit];
            tenants.count += 1;
            match gpu.share {
                Share::Whole => tenants.whole += 1,
                Share::Bytes(bytes) => tenants.bytes += u128::from(bytes),
            }
            wrong.extend(over(plan, id, gpu.unit, tenants));
        }
    }
    wrong
}

/// Whether a GPU is over its memory: one test alone may have all of it, several leave the headroom free.
fn over(plan: &Plan, starts: StepId, unit: usize, tenants: &Tenants) -> Option<String> {
    let memory = plan.capacity.units[unit].memory;
    let limit = if tenants.count > 1 { crate::headroom::shared(memory, plan.capacity.headroom) } else { memory };
    let is_over = tenants.bytes > u128::from(limit) || (tenants.whole > 0 && tenants.count > 1);
    is_over.then(|| format!("GPU {unit} is over its memory when step {starts} starts"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use test_catalog::TreePath;

    use super::*;
    use crate::{Capacity, PlanSettings, Window, plan_demands};

    const GIB: u64 = 1 << 30;

    fn demand(name: &str, gpus: u32, share: Share) -> Demand {
        let file = TreePath::new("tests/test_a.py");
        let mut demand = Demand::new(NodeId::python(&file, [name], None), file);
        demand.case.estimate.duration = Duration::from_secs(10);
        Demand { gpus, share, model: (gpus > 0).then(|| "l4".to_owned()), ..demand }
    }

    /// Two tests that share two cards in turn, one on both, one of the CPU, one that is refused.
    fn demands() -> Vec<Demand> {
        vec![
            demand("small", 1, Share::Bytes(12 * GIB)),
            demand("same", 1, Share::Bytes(12 * GIB)),
            demand("both", 2, Share::Whole),
            demand("cpu", 0, Share::Whole),
            demand("many", 4, Share::Whole),
        ]
    }

    fn plan() -> Plan {
        let unit = |visible: &str| UnitCapacity {
            name: "NVIDIA L4".to_owned(),
            visible: visible.to_owned(),
            memory: 22 * GIB,
            ..UnitCapacity::default()
        };
        let capacity =
            Capacity { units: vec![unit("0"), unit("1")], cpu_slots: 2, headroom: 0.15, ..Capacity::default() };
        plan_demands(demands(), capacity, &PlanSettings { jobs: 2, ..PlanSettings::default() })
    }

    /// The plan with its steps changed.
    fn changed(change: impl Fn(&mut Step)) -> Plan {
        let plan = plan();
        let mut steps: Vec<Step> = plan.steps().cloned().collect();
        let waits: Vec<_> =
            steps.iter().flat_map(|step| plan.dependencies_of(step.id).into_iter().map(|it| (it, step.id))).collect();
        steps.iter_mut().for_each(change);
        let mut changed = Plan::new(steps, &waits, plan.capacity.clone());
        (changed.not_run, changed.expected) = (plan.not_run.clone(), plan.expected);
        changed
    }

    #[test]
    fn a_plan_that_keeps_everything_is_valid() {
        assert_eq!(validate(&plan(), &demands()), Vec::<String>::new());
        assert_eq!(validate(&changed(|_| {}), &demands()), Vec::<String>::new());
    }

    /// Two tests that have the same service alone and one that shares a GPU with another.
    #[test]
    fn what_is_had_alone_and_what_starts_apart_is_judged() {
        let mut demands = demands();
        for at in [0, 3] {
            demands[at].exclusive = vec!["etcd".to_owned()];
        }
        let unit = UnitCapacity { name: "NVIDIA L4".to_owned(), memory: 30 * GIB, ..UnitCapacity::default() };
        let capacity = Capacity { units: vec![unit], cpu_slots: 4, headroom: 0.0, ..Capacity::default() };
        let stagger = std::time::Duration::from_secs(3);
        let settings = PlanSettings { jobs: 4, stagger, ..PlanSettings::default() };
        let plan = plan_demands(demands.clone(), capacity, &settings);
        assert_eq!(validate(&plan, &demands), Vec::<String>::new());
        assert_eq!(plan.expected, Duration::from_secs(20));
        let steps: Vec<Step> = plan
            .steps()
            .cloned()
            .map(|step| Step { window: Window { start: Duration::ZERO, ..step.window }, ..step })
            .collect();
        let mut changed = Plan::new(steps, &[], plan.capacity.clone());
        (changed.not_run, changed.expected, changed.stagger) = (plan.not_run.clone(), plan.expected, stagger);
        let wrong = validate(&changed, &demands).join("; ");
        assert!(wrong.contains("both have `etcd`") && wrong.contains("start too close on GPU 0"), "{wrong}");
        demands[0].exclusive.clear();
        assert!(validate(&plan, &demands).join("; ").contains("alone, and needs []"));
    }

    #[test]
    fn a_card_does_only_with_the_compute_capability() {
        let mut demands = vec![demand("new", 1, Share::Whole)];
        demands[0].capability = Some((9, 0));
        let unit = |capability| UnitCapacity { name: "NVIDIA L4".to_owned(), capability, ..UnitCapacity::default() };
        for (capability, refused) in [
            (Some((9, 0)), None),
            (Some((10, 0)), None),
            (Some((8, 9)), Some("needs 1 GPU of compute capability 9.0 or more, here: NVIDIA L4 (8.9)")),
            (None, Some("needs 1 GPU of compute capability 9.0 or more, here: NVIDIA L4 (unknown)")),
        ] {
            let capacity =
                Capacity { units: vec![unit(capability)], cpu_slots: 1, headroom: 0.15, ..Capacity::default() };
            let plan = plan_demands(demands.clone(), capacity, &PlanSettings { jobs: 1, ..PlanSettings::default() });
            let reasons: Vec<_> = plan.not_run.iter().map(|refused| refused.reason.to_string()).collect();
            assert_eq!(reasons.first().map(String::as_str), refused);
            assert_eq!(validate(&plan, &demands), Vec::<String>::new());
        }
    }

    #[test]
    fn each_violation_is_found() {
        type Change = fn(&mut Step);
        let steps: [(&str, Change, &str); 9] = [
            ("a test is lost", |step| step.cases.retain(|case| !case.id.as_str().ends_with("cpu")), "is in 0 places"),
            ("a test is there twice", |step| step.cases.extend(step.cases.clone()), "is in 2 places"),
            ("one GPU for two", |step| step.claim.gpus.truncate(1), "needs 2 GPUs and has 1"),
            (
                "less memory than asked for",
                |step| step.claim.gpus.iter_mut().for_each(|gpu| gpu.share = Share::Bytes(GIB)),
                "has not what it needs",
            ),
            (
                "one GPU twice",
                |step| step.claim.gpus.iter_mut().for_each(|gpu| (gpu.unit, gpu.visible) = (0, "0".to_owned())),
                "has a GPU twice",
            ),
            ("a GPU that is not there", |step| step.claim.gpus.iter_mut().for_each(|gpu| gpu.unit += 7), "not there"),
            (
                "another GPU in the environment",
                |step| step.claim.gpus.iter_mut().for_each(|gpu| gpu.visible = "5".to_owned()),
                "would see another GPU",
            ),
            (
                "all at once",
                |step| {
                    if !step.claim.gpus.is_empty() {
                        step.window = crate::Window { start: Duration::ZERO, end: Duration::from_secs(10) };
                    }
                },
                "when step",
            ),
            (
                "the report before the tests",
                |step| step.window = crate::Window::default(),
                "the last step ends after 0ns",
            ),
        ];
        for (name, change, expected) in steps {
            let wrong = validate(&changed(change), &demands());
            assert!(wrong.iter().any(|text| text.contains(expected)), "{name}: {wrong:?}");
        }
        let mut late = demands();
        late.push(demand("new", 0, Share::Whole));
        assert!(validate(&plan(), &late).iter().any(|text| text.contains("is in 0 places")));
        assert!(validate(&plan(), &late[1..]).iter().any(|text| text.contains("was not asked for")));
        let before = changed(|step| {
            if matches!(step.kind, crate::StepKind::PreparePython) {
                step.window.end = Duration::from_secs(5);
            }
        });
        assert!(validate(&before, &demands()).iter().any(|text| text.contains("does not wait for")));
        let mut model = demands();
        model[2].model = Some("H100".to_owned());
        assert!(validate(&plan(), &model).iter().any(|text| text.contains("has not what it needs")));
        let mut few = demands();
        few[4].gpus = 2;
        assert!(validate(&plan(), &few).iter().any(|text| text.contains("is refused, and 2 GPUs would do")));
        let mut slots = plan();
        slots.capacity.cpu_slots = 1;
        assert!(validate(&slots, &demands()).iter().any(|text| text.contains("slots are taken")));
    }
}
