//! Whether chosen tests fit a machine, now or at all.

use std::collections::HashMap;

use execution_plan::{Demand, Estimates, NotRun, PlanSettings, Share};
use gpu_inventory::{Bytes, Device, Inventory, Process, Unit, UnitKind, is_model};
use marker_policy::{Chosen, Policy};
use test_report::fits::{Against, Fit, Here, Memory, Need, UnitFit};

/// How many holders of memory are named.
const NAMED: usize = 2;

/// What the tests need, each need once, held against the units. Whether a test can run here at all is what a plan says
/// of it. Of the estimates, memory counts: what earlier runs took of a GPU.
pub(crate) fn of(
    policy: &Policy,
    chosen: &[Chosen<'_, '_>],
    inventory: &Inventory,
    units: &[Unit],
    estimates: &Estimates,
    settings: &PlanSettings,
) -> Vec<Fit> {
    let (demands, _) = execution_plan::demands(policy, chosen, estimates);
    // What others hold now is no reason against ever.
    let at_rest: Vec<Unit> = units.iter().map(Unit::at_rest).collect();
    let plan = execution_plan::plan(policy, chosen, &at_rest, estimates, settings);
    let refused: HashMap<_, &NotRun> =
        plan.not_run.iter().map(|refused| ((&refused.id, refused.occurrence), refused)).collect();
    let mut notes: HashMap<_, Vec<String>> = HashMap::new();
    for note in &plan.notes {
        let of_test = notes.entry(&note.id).or_default();
        if !of_test.contains(&note.text) {
            of_test.push(note.text.clone());
        }
    }
    let mut fits: Vec<Fit> = Vec::new();
    // By need, refusal and notes, which tell all that differs.
    let mut places = HashMap::new();
    for (demand, chosen) in demands.iter().zip(chosen) {
        let refusal = refused.get(&(&demand.case.id, demand.case.occurrence)).map(|refused| refused.reason.to_string());
        let notes = notes.get(&demand.case.id).cloned().unwrap_or_default();
        let memory = memory(policy, chosen, demand);
        let key = (demand.gpus, demand.model.clone(), memory, refusal.clone(), notes.clone());
        let place = *places.entry(key).or_insert_with(|| {
            let (gpus, model, marker) = (demand.gpus, demand.model.clone(), policy.vram_marker().to_owned());
            fits.push(fit(Need { gpus, model, memory, marker }, inventory, units, refusal, notes));
            fits.len() - 1
        });
        fits[place].tests.push(demand.case.id.as_str().to_owned());
    }
    fits
}

/// How much memory a test is given of each GPU, and how that is known.
fn memory(policy: &Policy, chosen: &Chosen<'_, '_>, demand: &Demand) -> Memory {
    match (demand.share, chosen.case.marker(policy.vram_marker())) {
        (Share::Bytes(bytes), Some(_)) => Memory::Marked(Bytes(bytes)),
        (Share::Bytes(bytes), None) => Memory::Measured(Bytes(bytes)),
        (Share::Whole, Some(_)) => Memory::Unreadable,
        (Share::Whole, None) => Memory::Unknown,
    }
}

/// One need, without the tests.
fn fit(need: Need, inventory: &Inventory, units: &[Unit], refusal: Option<String>, notes: Vec<String>) -> Fit {
    let units: Vec<UnitFit> = match need.gpus {
        0 => Vec::new(),
        _ => units.iter().map(|unit| unit_fit(&need, inventory, unit)).collect(),
    };
    let free = units.iter().filter(|unit| unit.against.is_none()).count();
    let here = match refusal {
        Some(why) => Here::Never(with_unusable(why, need.gpus, inventory)),
        None if free >= need.gpus as usize => Here::Now,
        None => Here::Later,
    };
    Fit { need, here, units, notes, tests: Vec::new() }
}

/// A refusal for want of GPUs, with those that would be there if nothing were wrong with them.
fn with_unusable(why: String, gpus: u32, inventory: &Inventory) -> String {
    let unusable = inventory.unusable();
    if gpus == 0 || unusable.is_empty() || unusable.iter().any(|reason| why.contains(reason.as_str())) {
        return why;
    }
    format!("{why}; unusable: {}", unusable.join("; "))
}

fn unit_fit(need: &Need, inventory: &Inventory, unit: &Unit) -> UnitFit {
    let instance = match unit.kind {
        UnitKind::Gpu => String::new(),
        UnitKind::Mig { gpu_instance, compute_instance } => format!(" GI {gpu_instance} CI {compute_instance}"),
    };
    UnitFit {
        name: format!("GPU {}{instance} ({})", unit.index, unit.name),
        uuid: unit.uuid.clone(),
        free: unit.memory.free,
        against: against(need, inventory, unit),
    }
}

fn against(need: &Need, inventory: &Inventory, unit: &Unit) -> Option<Against> {
    if let Some(model) = &need.model
        && !is_model(&unit.name, model)
    {
        return Some(Against::Never(format!("is no {model}")));
    }
    if need.gpus > 1 && unit.kind != UnitKind::Gpu {
        return Some(Against::Never("is a MIG instance, of which a process can have one alone".to_owned()));
    }
    let all = unit.usable();
    match need.memory.amount() {
        Some(memory) if memory > all => Some(Against::Never(format!("has {all}"))),
        Some(memory) if memory > unit.memory.free => {
            Some(Against::Now(format!("{} of {all} free{}", unit.memory.free, holders(inventory, unit))))
        }
        None => {
            let in_use = unit.held() > Bytes(0);
            in_use.then(|| Against::Now(format!("{} of {all} free{}", unit.memory.free, holders(inventory, unit))))
        }
        Some(_) => None,
    }
}

/// The processes that hold memory of the unit; `None` where they cannot be listed.
fn processes_on<'i>(unit: &Unit, inventory: &'i Inventory) -> Option<Vec<&'i Process>> {
    let of_unit = |device: &&Device| device.index == unit.index;
    let processes = inventory.devices.iter().find(of_unit)?.processes.as_ref().ok()?;
    let on_unit = |process: &&Process| match unit.kind {
        UnitKind::Gpu => true,
        UnitKind::Mig { gpu_instance, compute_instance } => {
            process.gpu_instance == Some(gpu_instance) && process.compute_instance == Some(compute_instance)
        }
    };
    Some(processes.iter().filter(on_unit).collect())
}

/// Who holds memory of the unit, the most first; empty where nobody is known to.
pub(in crate::commands) fn holders(inventory: &Inventory, unit: &Unit) -> String {
    let Some(mut processes) = processes_on(unit, inventory) else {
        return "; who holds it cannot be listed".to_owned();
    };
    processes.sort_by_key(|process| (std::cmp::Reverse(process.used), process.pid));
    let mut named: Vec<String> = processes.iter().take(NAMED).map(|process| holder(process)).collect();
    if processes.len() > NAMED {
        named.push(format!("{} more", processes.len() - NAMED));
    }
    if named.is_empty() { String::new() } else { format!(", held by {}", named.join(", ")) }
}

fn holder(process: &Process) -> String {
    let used = process.used.map_or_else(|| "an unknown amount".to_owned(), |used| used.to_string());
    match &process.owner {
        Ok(owner) => format!("process {} of {} ({used})", process.pid, owner.user),
        Err(_) => format!("process {} ({used})", process.pid),
    }
}
