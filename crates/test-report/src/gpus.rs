//! The inventory as a table.

use std::fmt::Write;

use gpu_inventory::{Driver, Health, Inventory, Mig};
use owo_colors::OwoColorize;

use crate::columns::{Align, Columns};
use crate::terminal::{Styles, printable};

/// The driver, the devices with their MIG instances and processes, and what cannot be used.
#[must_use]
pub fn text(inventory: &Inventory, styles: &Styles) -> String {
    let mut out = String::new();
    if let Some(why) = inventory.why_empty().filter(|_| inventory.devices.is_empty()) {
        return format!("{}\n", printable(&why));
    }
    if let Driver::Loaded(versions) = &inventory.driver {
        let known = |version: &Option<String>| version.as_deref().map_or("unknown".into(), printable).into_owned();
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(
            out,
            "driver {}, NVML {}, CUDA up to {}",
            known(&versions.driver),
            known(&versions.nvml),
            known(&versions.cuda)
        );
    }
    let mut columns = Columns::new(&[
        ("GPU", Align::Right),
        ("name", Align::Left),
        ("memory", Align::Right),
        ("free", Align::Right),
        ("compute", Align::Right),
        ("MIG", Align::Left),
        ("health", Align::Left),
        ("processes", Align::Left),
        ("UUID", Align::Left),
    ]);
    for device in &inventory.devices {
        let memory = |pick: fn(&gpu_inventory::Memory) -> gpu_inventory::Bytes| {
            device.memory.as_ref().map_or_else(|| "unknown".to_owned(), |memory| pick(memory).to_string())
        };
        columns.row([
            device.index.to_string(),
            printable(&device.name).into_owned(),
            memory(|memory| memory.total),
            memory(|memory| memory.free),
            device.compute_capability.map_or_else(|| "unknown".to_owned(), |version| version.to_string()),
            match &device.mig {
                Mig::Unsupported => "-".to_owned(),
                Mig::Off => "off".to_owned(),
                Mig::On(instances) => format!("{} instances", instances.len()),
            },
            health(&device.health).to_owned(),
            match &device.processes {
                Ok(processes) if processes.is_empty() => "-".to_owned(),
                Ok(processes) => processes.iter().map(|process| process.pid.to_string()).collect::<Vec<_>>().join(" "),
                Err(failure) => printable(&failure.to_string()).into_owned(),
            },
            printable(&device.uuid).into_owned(),
        ]);
        if let Mig::On(instances) = &device.mig {
            for instance in instances {
                columns.row([
                    format!("{}.{}", device.index, instance.index),
                    printable(&instance.name).into_owned(),
                    instance.memory.total.to_string(),
                    instance.memory.free.to_string(),
                    String::new(),
                    format!("GI {} CI {}", instance.gpu_instance, instance.compute_instance),
                    String::new(),
                    String::new(),
                    printable(&instance.uuid).into_owned(),
                ]);
            }
        }
    }
    out.push_str(&columns.render(styles));
    for unusable in inventory.unusable() {
        let _ = writeln!(out, "{} {}", "unusable:".style(styles.bad), printable(&unusable));
    }
    out
}

/// In a word; why a device is unusable stands below the table.
fn health(health: &Health) -> &'static str {
    match (health.faults.is_empty(), health.unknown.is_empty()) {
        (false, _) => "unusable",
        (true, true) => "ok",
        // Nothing is known against it, and not everything could be asked.
        (true, false) => "unknown",
    }
}
