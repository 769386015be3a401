//! The inventory as tables: devices, who holds their memory, what lies between them, and what cannot be used.

use std::fmt::Write;

use gpu_inventory::{Bytes, Device, Driver, Health, Host, Inventory, Link, Mig, Process, Visibility};
use owo_colors::OwoColorize;

use crate::columns::{Align, Columns};
use crate::count::counted;
use crate::terminal::{Styles, printable};

/// The driver, the devices with their MIG instances and processes, their links, and what cannot be used.
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
    out.push_str(&devices(inventory, styles));
    out.push_str(&processes(inventory, styles));
    out.push_str(&topology(inventory, styles));
    for device in &inventory.devices {
        for unknown in &device.health.unknown {
            let text = unknown.to_string();
            let _ = writeln!(
                out,
                "{} GPU {}: {}",
                "health not known:".style(styles.doubtful),
                device.index,
                printable(&text)
            );
        }
    }
    for device in &inventory.devices {
        if let Err(failure) = &device.processes {
            let text = failure.to_string();
            let word = "processes not known:".style(styles.doubtful);
            let _ = writeln!(out, "{word} GPU {}: {}", device.index, printable(&text));
        }
    }
    for unusable in inventory.unusable() {
        let _ = writeln!(out, "{} {}", "unusable:".style(styles.bad), printable(&unusable));
    }
    out
}

/// A line on what processes see of it under `CUDA_VISIBLE_DEVICES` (`None` where it is not set), or why nobody knows.
#[must_use]
pub fn visible(list: Option<&str>, visible: Result<&Visibility, &str>, styles: &Styles) -> String {
    let by = list.map_or_else(|| "visible".to_owned(), |list| format!("visible by CUDA_VISIBLE_DEVICES={list:?}"));
    let by = format!("{}:", printable(&by));
    let (what, why) = match visible {
        Ok(visible) if visible.units.is_empty() => ("nothing".to_owned(), visible.why_none()),
        Ok(visible) => {
            let labels: Vec<String> = visible.units.iter().map(|unit| format!("GPU {}", unit.label)).collect();
            (labels.join(", "), visible.cut.clone())
        }
        Err(why) => ("not known".to_owned(), Some(why.to_owned())),
    };
    let why = why.map(|why| format!(": {why}")).unwrap_or_default();
    format!("{} {}\n", by.style(styles.faint), printable(&format!("{what}{why}")))
}

/// A line on what there is beside GPUs.
#[must_use]
pub fn host(host: &Host) -> String {
    let cores = match host.cores {
        Some(1) => "1 core".to_owned(),
        Some(cores) => format!("{cores} cores"),
        None => "an unknown number of cores".to_owned(),
    };
    let memory = host.memory.map_or_else(|| "unknown".to_owned(), |memory| memory.to_string());
    let limit = host.memory_limit.map(|limit| format!(", of which its control group allows {limit}"));
    format!("host: {cores}, {memory} memory{}\n", limit.unwrap_or_default())
}

fn devices(inventory: &Inventory, styles: &Styles) -> String {
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
        let memory = |pick: fn(&gpu_inventory::Memory) -> Bytes| {
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
                Mig::On(instances) => counted(instances.len(), "instance", "instances"),
            },
            health(&device.health).to_owned(),
            match &device.processes {
                Ok(processes) if processes.is_empty() => "-".to_owned(),
                Ok(processes) => processes.len().to_string(),
                // What failed stands below: it would make the table too wide.
                Err(_) => "unknown".to_owned(),
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
    columns.render(styles)
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

/// Memory that a driver and its contexts take beside what processes are said to hold; more is worth a line.
const UNEXPLAINED: Bytes = Bytes::from_mib(512);
/// How much of a command is shown: the rest is in the JSON.
const LONGEST_COMMAND: usize = 100;

/// Who holds memory, the most first; and memory that none of the processes is said to hold.
fn processes(inventory: &Inventory, styles: &Styles) -> String {
    let mut columns = Columns::new(&[
        ("GPU", Align::Right),
        ("pid", Align::Right),
        ("user", Align::Left),
        ("holds", Align::Right),
        ("command", Align::Left),
    ]);
    let mut any = false;
    for device in &inventory.devices {
        let Ok(processes) = &device.processes else { continue };
        let mut processes: Vec<&Process> = processes.iter().collect();
        processes.sort_by_key(|process| (std::cmp::Reverse(process.used), process.pid));
        for process in processes {
            any = true;
            let (user, command) = match &process.owner {
                Ok(owner) => (printable(&owner.user).into_owned(), short(&printable(&owner.command))),
                Err(unknown) => ("unknown".to_owned(), format!("({})", printable(&unknown.to_string()))),
            };
            columns.row([
                place(device, process),
                process.pid.to_string(),
                user,
                process.used.map_or_else(|| "unknown".to_owned(), |used| used.to_string()),
                command,
            ]);
        }
        if let Some(unexplained) = unexplained(device) {
            any = true;
            let why = "(by no process that NVML lists: another container's, graphics, or one that has just ended)";
            columns.row([
                device.index.to_string(),
                "-".to_owned(),
                "unknown".to_owned(),
                unexplained.to_string(),
                why.to_owned(),
            ]);
        }
    }
    if any { format!("\n{}", columns.render(styles)) } else { String::new() }
}

/// The device, and the instance where the process is on one.
fn place(device: &Device, process: &Process) -> String {
    let Mig::On(instances) = &device.mig else { return device.index.to_string() };
    let at = |instance: &&gpu_inventory::MigInstance| {
        Some(instance.gpu_instance) == process.gpu_instance
            && Some(instance.compute_instance) == process.compute_instance
    };
    match instances.iter().find(at) {
        Some(instance) => format!("{}.{}", device.index, instance.index),
        None => device.index.to_string(),
    }
}

/// Memory in use that no process is said to hold; `None` where a process does not tell, or it is little.
fn unexplained(device: &Device) -> Option<Bytes> {
    let used = device.memory?.used;
    let held: Option<Vec<u64>> = device.processes.as_ref().ok()?.iter().map(|process| Some(process.used?.0)).collect();
    let rest = Bytes(used.0.saturating_sub(held?.iter().fold(0, |sum, held| sum.saturating_add(*held))));
    (rest > UNEXPLAINED).then_some(rest)
}

pub(crate) fn short(command: &str) -> String {
    match command.char_indices().nth(LONGEST_COMMAND) {
        Some((end, _)) => format!("{}...", &command[..end]),
        None => command.to_owned(),
    }
}

/// The links as `nvidia-smi topo -m` shows them; nothing for a single device or where none is known.
fn topology(inventory: &Inventory, styles: &Styles) -> String {
    let topology = &inventory.topology;
    let links =
        || inventory.devices.iter().enumerate().flat_map(|(a, _)| (0..a).filter_map(move |b| topology.between(a, b)));
    if matches!(inventory.driver, Driver::Described(_)) || links().next().is_none() {
        return String::new();
    }
    // The cells are short and of one width: a table for people would only add to it.
    const WIDTH: usize = 6;
    let heading: String =
        inventory.devices.iter().map(|device| format!("{:<WIDTH$}", format!("GPU{}", device.index))).collect();
    let mut out = format!("\n{}\n", format!("link   {heading}").trim_end().style(styles.faint));
    for (a, device) in inventory.devices.iter().enumerate() {
        let row: String = (0..inventory.devices.len())
            .map(|b| {
                topology.between(a, b).map_or_else(|| format!("{:<WIDTH$}", "X"), |link| format!("{link:<WIDTH$}"))
            })
            .collect();
        let _ = writeln!(out, "{:<7}{}", format!("GPU{}", device.index), row.trim_end());
    }
    let mut meanings: Vec<&str> = links().map(meaning).collect();
    meanings.sort_unstable();
    meanings.dedup();
    let _ = writeln!(out, "{}", meanings.join(", ").style(styles.faint));
    let mut reasons: Vec<&str> = links()
        .filter_map(|link| if let Link::Unknown { reason } = link { Some(reason.as_str()) } else { None })
        .collect();
    reasons.sort_unstable();
    reasons.dedup();
    for reason in reasons {
        let _ = writeln!(out, "{} {}", "link not known:".style(styles.doubtful), printable(reason));
    }
    out
}

fn meaning(link: &Link) -> &'static str {
    use gpu_inventory::Pcie;
    match link {
        Link::NvLink { .. } => "NVn: n NVLinks",
        Link::Pcie(Pcie::Board) => "PSB: one board",
        Link::Pcie(Pcie::Switch) => "PIX: one PCIe switch",
        Link::Pcie(Pcie::Switches) => "PXB: several PCIe switches",
        Link::Pcie(Pcie::HostBridge) => "PHB: a PCIe host bridge",
        Link::Pcie(Pcie::NumaNode) => "NODE: a NUMA node",
        Link::Pcie(Pcie::Machine) => "SYS: between NUMA nodes",
        Link::Unknown { .. } => "?: not known",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use gpu_inventory::{Fault, Owner, OwnerUnknown};

    use super::*;

    fn process(pid: u32, mib: Option<u64>, command: &str) -> Process {
        let owner = match command {
            "" => Err(OwnerUnknown::OtherNamespace),
            command => Ok(Owner { user: "anna".to_owned(), command: command.to_owned() }),
        };
        Process { pid, owner, used: mib.map(Bytes::from_mib), gpu_instance: None, compute_instance: None }
    }

    #[test]
    fn who_holds_memory_is_told_and_what_nobody_holds() {
        let mut inventory = Inventory::describe("2xL4").unwrap();
        let first = &mut inventory.devices[0];
        first.memory.as_mut().unwrap().used = Bytes::from_mib(20_000);
        first.processes = Ok(vec![process(7, Some(1024), ""), process(42, Some(10_240), "python \u{1b}[31m-m vllm")]);
        inventory.devices[1].memory.as_mut().unwrap().used = Bytes::from_mib(20_000);
        inventory.devices[1].processes = Ok(vec![process(8, None, "x")]);
        let text = text(&inventory, &Styles::default());
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[5][..6], ["0", "42", "anna", "10.0", "GiB", "python"], "{text}");
        assert_eq!(lines[6][..5], ["0", "7", "unknown", "1.0", "GiB"], "{text}");
        assert_eq!(lines[7][..5], ["0", "-", "unknown", "8.5", "GiB"], "{text}");
        // A process that does not tell leaves open what is unexplained.
        assert_eq!(lines[8][..4], ["1", "8", "anna", "unknown"], "{text}");
        assert_eq!(lines.len(), 9, "{text}");
        assert!(!text.contains('\u{1b}'));
    }

    #[test]
    fn a_faulty_device_says_so_in_its_row_and_why_below() {
        let mut inventory = Inventory::describe("2xL4").unwrap();
        inventory.devices[1].health.faults.push(Fault::RowRemapFailed);
        let text = text(&inventory, &Styles::default());
        assert_eq!(text.matches("unusable").count(), 2, "{text}");
        assert!(text.contains("unusable: GPU 1: memory rows with errors could not be remapped"), "{text}");
    }

    #[test]
    fn instances_are_counted() {
        let instance = |index| gpu_inventory::MigInstance {
            index,
            uuid: format!("MIG-{index}"),
            name: "NVIDIA L4 MIG 1g.10gb".to_owned(),
            gpu_instance: index,
            compute_instance: 0,
            memory: gpu_inventory::Memory::unused(Bytes::from_mib(9984)),
        };
        let mut inventory = Inventory::describe("1xL4").unwrap();
        for (count, told) in [(0, "0 instances"), (1, "1 instance "), (2, "2 instances")] {
            inventory.devices[0].mig = Mig::On((0..count).map(instance).collect());
            let text = text(&inventory, &Styles::default());
            assert!(text.contains(told), "{text}");
        }
    }

    #[test]
    fn a_long_command_is_cut_between_characters() {
        assert_eq!(short("python"), "python");
        assert_eq!(short(&"é".repeat(200)), format!("{}...", "é".repeat(100)));
    }
}
