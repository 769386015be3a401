//! A machine, what of the tests fits it, and what would run where.

use std::collections::BTreeMap;
use std::time::Duration;

use execution_plan::{BudgetForecast, Plan, Share, Step};
use gpu_inventory::{Bytes, Device, Inventory, Process};

use super::data;
use super::subject::Planned;
use super::tables::index;
use super::timeline::merged;
use crate::fits::{self, Fit, Here};
use crate::plan::{machine, what};
use crate::plan_usage::{self, rows};
use crate::terminal::printable;

/// How many holders of a GPU's memory are named.
const HOLDERS: usize = 3;

/// A plan in the document.
pub(super) fn plan(planned: &Planned<'_>) -> data::Plan {
    let Planned { plan, inventory, .. } = planned;
    let on_gpus = plan.steps().filter(|step| !step.claim.gpus.is_empty()).map(|step| step.cases.len()).sum();
    let mut reasons: BTreeMap<String, u32> = BTreeMap::new();
    for refused in &plan.not_run {
        *reasons.entry(printable(&refused.reason.to_string()).into_owned()).or_default() += 1;
    }
    let mut not_run: Vec<(String, u32)> = reasons.into_iter().collect();
    not_run.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    data::Plan {
        machine: machine(&plan.capacity),
        stage: planned.stage.map(|stage| printable(stage).into_owned()),
        is_of_run: planned.is_of_run,
        tests: index(plan.case_count()),
        on_gpus: index(on_gpus),
        expected_ms: millis(plan.expected),
        bound_ms: millis(plan.bounds.best()),
        bound_by: plan.bounds.binding().to_string(),
        serial_ms: millis(plan.serial),
        why_no_gpu: inventory.why_empty().map(|why| printable(&why).into_owned()),
        gpus: inventory.devices.iter().map(|device| gpu(device, inventory)).collect(),
        fits: fits::in_order(planned.fits).into_iter().map(fit).collect(),
        not_run,
        budgets: planned.budgets.iter().map(budget).collect(),
        timeline: timeline(plan),
    }
}

fn gpu(device: &Device, inventory: &Inventory) -> data::Gpu {
    let memory = |pick: fn(&gpu_inventory::Memory) -> Bytes| device.memory.as_ref().map(|memory| pick(memory).0);
    let named = format!("GPU {}: ", device.index);
    let unusable = inventory.unusable().into_iter().find_map(|why| Some(why.strip_prefix(&named)?.to_owned()));
    let holders = match &device.processes {
        Ok(processes) => holders(processes),
        Err(failure) => vec![format!("who holds it cannot be listed: {failure}")],
    };
    data::Gpu {
        number: device.index,
        name: printable(&device.name).into_owned(),
        memory: memory(|memory| memory.total),
        free: memory(|memory| memory.free),
        instances: match &device.mig {
            gpu_inventory::Mig::On(instances) => index(instances.len()),
            _ => 0,
        },
        holders: holders.iter().map(|holder| printable(holder).into_owned()).collect(),
        unusable: unusable.map(|why| printable(&why).into_owned()),
    }
}

/// Those that hold most, and how many there are beside them.
fn holders(processes: &[Process]) -> Vec<String> {
    let mut processes: Vec<&Process> = processes.iter().collect();
    processes.sort_by_key(|process| (std::cmp::Reverse(process.used), process.pid));
    let name = |process: &&Process| {
        let owner = process.owner.as_ref().map_or_else(|_| String::new(), |owner| format!(" of {}", owner.user));
        let used = process.used.map_or_else(|| "an unknown amount".to_owned(), |used| used.to_string());
        format!("process {}{owner}: {used}", process.pid)
    };
    let mut named: Vec<String> = processes.iter().take(HOLDERS).map(name).collect();
    if processes.len() > HOLDERS {
        named.push(format!("{} more", processes.len() - HOLDERS));
    }
    named
}

fn fit(fit: &Fit) -> data::Fit {
    let (here, reason) = match &fit.here {
        Here::Now => ("now", None),
        Here::Later => ("later", None),
        Here::Never(why) => ("never", Some(printable(why).into_owned())),
    };
    data::Fit { need: fits::need(&fit.need), here, reason, tests: index(fit.tests.len()) }
}

fn budget(budget: &BudgetForecast) -> data::BudgetForecast {
    data::BudgetForecast {
        name: printable(&budget.name).into_owned(),
        limit_ms: millis(budget.limit),
        expected_ms: millis(budget.expected),
        p90_ms: budget.each_at_p90.map(millis),
        ends_ms: millis(budget.ends),
        tests: index(budget.tests),
        too_many: index(budget.too_many),
    }
}

/// GPUs, then the CPU; `None` for a plan that takes no time.
fn timeline(plan: &Plan) -> Option<data::Timeline> {
    let whole_ms = Some(millis(plan.expected)).filter(|whole| *whole > 0)?;
    let device = |name: String, steps: (Vec<(usize, &Step)>, usize), memory: Vec<(u64, u64)>| {
        let (placed, count) = steps;
        let mut rows: Vec<Vec<data::Bar>> = vec![Vec::new(); count];
        for (row, step) in placed {
            rows[row].push(bar(step));
        }
        let rows = rows.into_iter().map(|row| merged(row.into_iter(), whole_ms)).collect();
        data::Device { name, rows, left_out: 0, memory }
    };
    let lasting = |step: &&Step| step.window.start < step.window.end;
    let mut devices: Vec<data::Device> = Vec::new();
    for (unit, capacity) in plan.capacity.units.iter().enumerate() {
        let here = plan.steps().filter(lasting).filter(|step| step.claim.gpus.iter().any(|gpu| gpu.unit == unit));
        let memory = plan_usage::memory(plan, unit).into_iter().map(|(at, bytes)| (millis(at), bytes)).collect();
        devices.push(device(format!("GPU {}", printable(&capacity.label)), rows(here), memory));
    }
    let on_cpu = plan.steps().filter(lasting).filter(|step| step.claim.gpus.is_empty() && step.claim.cpu_slots > 0);
    devices.push(device("CPU".to_owned(), rows(on_cpu), Vec::new()));
    Some(data::Timeline { whole_ms, devices })
}

fn bar(step: &Step) -> data::Bar {
    let first = step.cases.first().map(|case| printable(case.id.as_str()).into_owned());
    data::Bar {
        start_ms: millis(step.window.start),
        took_ms: millis(step.expected()),
        name: first.unwrap_or_else(|| what(step)),
        outcome: match step.claim.gpus.first() {
            Some(gpu) if gpu.share == Share::Whole => "planned alone",
            _ => "planned",
        },
        is_failure: false,
        count: index(step.cases.len()),
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
