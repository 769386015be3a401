//! Whether a plan keeps its promises, judged from the plan alone.

use std::collections::{HashMap, HashSet};

use crate::{Plan, Share};

/// Everything that is wrong with a plan: a GPU or the slots over their capacity at some moment, a step that starts
/// before what it waits for has ended, a test in two places.
#[must_use]
pub fn validate(plan: &Plan) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut seen = HashMap::new();
    let planned = plan.steps().flat_map(|step| &step.cases).map(|case| (&case.id, case.occurrence));
    for key in planned.chain(plan.not_run.iter().map(|refused| (&refused.id, refused.occurrence))) {
        *seen.entry(key).or_insert(0) += 1;
    }
    wrong.extend(
        seen.iter().filter(|(_, count)| **count > 1).map(|((id, _), count)| format!("{id} is in {count} places")),
    );
    for step in plan.steps() {
        for before in plan.dependencies_of(step.id).iter().filter_map(|id| plan.step(*id)) {
            if before.window.end > step.window.start || before.id >= step.id {
                wrong.push(format!("step {} does not wait for step {}", step.id, before.id));
            }
        }
        let units: HashSet<_> = step.claim.gpus.iter().map(|gpu| gpu.unit).collect();
        if units.len() != step.claim.gpus.len() {
            wrong.push(format!("step {} has a GPU twice", step.id));
        }
        // Capacity can only be exceeded where something starts.
        let at = step.window.start;
        let running: Vec<_> = plan.steps().filter(|other| other.window.start <= at && at < other.window.end).collect();
        let slots: u32 = running.iter().map(|other| other.claim.cpu_slots).sum();
        if slots > plan.capacity.cpu_slots {
            wrong.push(format!("{slots} slots are taken when step {} starts", step.id));
        }
        for (number, unit) in plan.capacity.units.iter().enumerate() {
            let shares: Vec<_> =
                running.iter().flat_map(|other| &other.claim.gpus).filter(|gpu| gpu.unit == number).collect();
            let bytes: u128 = shares
                .iter()
                .map(|gpu| match gpu.share {
                    Share::Bytes(bytes) => u128::from(bytes),
                    Share::Whole => u128::from(unit.memory),
                })
                .sum();
            let whole = shares.iter().any(|gpu| gpu.share == Share::Whole);
            let limit =
                if shares.len() > 1 { crate::ledger::shared(unit.memory, plan.capacity.headroom) } else { unit.memory };
            if bytes > u128::from(limit) || (whole && shares.len() > 1) {
                wrong.push(format!("GPU {number} is over its memory when step {} starts", step.id));
            }
        }
    }
    wrong
}
