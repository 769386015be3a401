//! Whether a plan keeps its promises, judged from the plan and what it was made for alone: nothing here is shared with
//! the planner but the capacity itself.

use std::collections::{HashMap, HashSet};

use test_catalog::NodeId;

use crate::{Claim, Demand, Plan, Share, Step, StepId};

/// Everything that is wrong with a plan: a GPU or the slots over their capacity at some moment, a step that starts
/// before what it waits for has ended, a test that is in two places or in none, or without the GPUs that it needs.
#[must_use]
pub fn validate(plan: &Plan, demands: &[Demand]) -> Vec<String> {
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
    }
    if wrong.is_empty() { at_every_moment(plan) } else { wrong }
}

/// Each demand is planned or refused once, and the step that it is in has what it needs.
fn each_once(plan: &Plan, demands: &[Demand]) -> Vec<String> {
    type Key<'p> = (&'p NodeId, u32);
    let mut wrong = Vec::new();
    let mut places: HashMap<Key<'_>, Vec<Option<&Step>>> = HashMap::new();
    for step in plan.steps() {
        for case in &step.cases {
            places.entry((&case.id, case.occurrence)).or_default().push(Some(step));
        }
    }
    for refused in &plan.not_run {
        places.entry((&refused.id, refused.occurrence)).or_default().push(None);
    }
    for demand in demands {
        let id = &demand.case.id;
        match places.remove(&(id, demand.case.occurrence)).as_deref() {
            Some([None]) => {}
            Some([Some(step)]) => wrong.extend(unmet(demand, &step.claim, plan)),
            places => wrong.push(format!("{id} is in {} places", places.map_or(0, <[_]>::len))),
        }
    }
    wrong.extend(places.keys().map(|(id, _)| format!("{id} is planned and was not asked for")));
    wrong
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
        gpu.share != demand.share || !demand.model.as_ref().is_none_or(is_of_model)
    };
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
    let mut slots = 0_u64;
    let mut units = vec![Tenants::default(); plan.capacity.units.len()];
    for (_, starts, id) in events {
        let Some(step) = plan.step(id) else { continue };
        let taken = u64::from(step.claim.cpu_slots.min(plan.capacity.cpu_slots));
        if !starts {
            slots -= taken;
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
    let limit = if tenants.count > 1 { crate::ledger::shared(memory, plan.capacity.headroom) } else { memory };
    let is_over = tenants.bytes > u128::from(limit) || (tenants.whole > 0 && tenants.count > 1);
    is_over.then(|| format!("GPU {unit} is over its memory when step {starts} starts"))
}
