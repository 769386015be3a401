//! Whether a test fits this machine at all.

use std::collections::BTreeSet;

use crate::step::to_gib;
use crate::{Capacity, Demand, NotRunReason, PlanSettings, Share, UnitCapacity};

/// Why a test cannot run here; `None` where it can.
pub(crate) fn refusal(demand: &Demand, capacity: &Capacity, settings: &PlanSettings) -> Option<NotRunReason> {
    if let Some(needs) = &demand.not_compiled {
        return Some(NotRunReason::NotCompiled { needs: needs.clone() });
    }
    let here = |name: &String| capacity.resources.get(name).copied().unwrap_or_default();
    if let Some((name, &needed)) = demand.resources.iter().find(|(name, needed)| here(name) < **needed) {
        return Some(NotRunReason::Resource { name: name.clone(), needed, here: here(name) });
    }
    if let Some(all) = capacity.host_memory.filter(|all| demand.host_memory > *all) {
        let (needed_gib, here_gib) = (to_gib(demand.host_memory), to_gib(all));
        return Some(NotRunReason::TooLittleHostMemory { needed_gib, here_gib });
    }
    if demand.gpus == 0 {
        return None;
    }
    if let Some(limit_gib) = settings.max_vram_gib
        && demand.share.gib().is_none_or(|gib| gib > limit_gib)
    {
        return Some(NotRunReason::OverVramLimit { needed_gib: demand.share.gib(), limit_gib });
    }
    if let (true, Some(why)) = (capacity.units.is_empty(), &settings.why_no_gpu) {
        return Some(NotRunReason::NoInventory { why: why.clone(), needed: demand.gpus });
    }
    let of_model = units_of_model(demand, capacity);
    if let (Some(model), true) = (&demand.model, of_model.is_empty()) {
        let mut here: Vec<_> = capacity.units.iter().map(|unit| unit.name.clone()).collect();
        here.sort();
        here.dedup();
        return Some(NotRunReason::WrongModel { model: model.clone(), here });
    }
    if let Some(needed) = demand.capability
        && of_model.iter().filter(|unit| is_capable(demand, &capacity.units[**unit])).count() < demand.gpus as usize
        && of_model.len() >= demand.gpus as usize
    {
        let told = |unit: &usize| {
            let unit = &capacity.units[*unit];
            let capability =
                unit.capability.map_or_else(|| "unknown".to_owned(), |(major, minor)| format!("{major}.{minor}"));
            format!("{} ({capability})", unit.name)
        };
        let here: BTreeSet<String> = of_model.iter().map(told).collect();
        let here = here.into_iter().collect();
        return Some(NotRunReason::TooLittleCapability { gpus: demand.gpus, needed, here });
    }
    let of_model: Vec<usize> = of_model.into_iter().filter(|unit| is_capable(demand, &capacity.units[*unit])).collect();
    let visible = u32::try_from(of_model.len()).unwrap_or(u32::MAX);
    let of_model: Vec<usize> =
        of_model.into_iter().filter(|unit| can_be_had_together(demand, &capacity.units[*unit])).collect();
    let whole = u32::try_from(of_model.len()).unwrap_or(u32::MAX);
    if whole < demand.gpus && whole < visible {
        let instances = visible - whole;
        return Some(NotRunReason::TooFewWhole { needed: demand.gpus, whole, instances });
    }
    if visible < demand.gpus {
        return Some(NotRunReason::TooFewGpus { needed: demand.gpus, visible, model: demand.model.clone() });
    }
    too_little_memory(demand, &of_model, capacity)
}

/// Why units that do otherwise have too little memory for a test; `None` where enough of them have it free.
fn too_little_memory(demand: &Demand, of_model: &[usize], capacity: &Capacity) -> Option<NotRunReason> {
    let units = || of_model.iter().map(|&unit| &capacity.units[unit]);
    let count = |does: &dyn Fn(&UnitCapacity) -> bool| {
        u32::try_from(units().filter(|unit| does(unit)).count()).unwrap_or(u32::MAX)
    };
    let gpus = demand.gpus;
    let free = count(&|unit| has_free(demand.share, unit));
    if free >= gpus {
        return None;
    }
    let Share::Bytes(bytes) = demand.share else {
        return Some(NotRunReason::HeldByOthers { gpus, needed_gib: None, free });
    };
    let fitting = count(&|unit| unit.all() >= bytes);
    if fitting >= gpus {
        return Some(NotRunReason::HeldByOthers { gpus, needed_gib: Some(to_gib(bytes)), free });
    }
    let largest = units().map(|unit| unit.all()).max().unwrap_or_default();
    Some(NotRunReason::TooLittleMemory { gpus, needed_gib: to_gib(bytes), largest_gib: to_gib(largest), fitting })
}

/// Whether a unit has as much memory free as a test takes of it.
pub(crate) fn has_free(share: Share, unit: &UnitCapacity) -> bool {
    match share {
        Share::Bytes(bytes) => bytes <= unit.memory,
        Share::Whole => unit.held == 0,
    }
}

/// Whether a unit has the compute capability that is needed. One that is not known does not do.
fn is_capable(demand: &Demand, unit: &UnitCapacity) -> bool {
    demand.capability.is_none_or(|needed| unit.capability.is_some_and(|has| has >= needed))
}

/// Whether a test can have a unit beside others, where it needs several.
fn can_be_had_together(demand: &Demand, unit: &UnitCapacity) -> bool {
    demand.gpus < 2 || !unit.is_mig_instance()
}

/// The units that are of the needed model and compute capability, can be had together, and have the memory free.
pub(crate) fn units_that_do(demand: &Demand, capacity: &Capacity) -> Vec<usize> {
    let units = units_of_model(demand, capacity).into_iter();
    let does = |unit: &UnitCapacity| {
        is_capable(demand, unit) && can_be_had_together(demand, unit) && has_free(demand.share, unit)
    };
    units.filter(|&unit| does(&capacity.units[unit])).collect()
}

/// The units that are of the needed model, by their names.
fn units_of_model(demand: &Demand, capacity: &Capacity) -> Vec<usize> {
    let is_of_model = |name: &str| demand.model.as_ref().is_none_or(|model| gpu_inventory::is_model(name, model));
    (0..capacity.units.len()).filter(|&unit| is_of_model(&capacity.units[unit].name)).collect()
}
