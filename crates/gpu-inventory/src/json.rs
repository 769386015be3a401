//! The schema of an inventory for other programs: what `gpus --format json` prints.
//!
//! The first field is the schema's version, [`SCHEMA`]; fields may be added within a version. Memory is in bytes;
//! what NVML could not say is `null`.

use serde::Serialize;

use crate::bytes::Memory;
use crate::inventory::{self, Driver, Failure, Mig};
use crate::topology::{self, Pcie};

/// The version of the schema.
pub const SCHEMA: u32 = 1;

/// An inventory in the form that is written; serialise it with any serde format.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    inventory: u32,
    source: Source<'a>,
    devices: Vec<Device<'a>>,
    failed: Vec<FailedDevice<'a>>,
    /// Of each pair of devices once.
    links: Vec<Link<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Source<'a> {
    Nvml { driver_version: Option<&'a str>, nvml_version: Option<&'a str>, cuda_version: Option<&'a str> },
    Absent { reason: String },
    Description { text: &'a str },
}

#[derive(Debug, Serialize)]
struct Device<'a> {
    index: u32,
    uuid: &'a str,
    name: &'a str,
    pci_bus_id: Option<String>,
    compute_capability: Option<String>,
    memory: Option<MemoryBytes>,
    mig: &'static str,
    mig_instances: Vec<MigInstance<'a>>,
    /// Why nothing may be placed on it; `null` where nothing is known against it.
    unusable_because: Option<String>,
    /// What of its health could not be asked.
    health_unknown: Vec<String>,
    /// `null` where they cannot be listed; `processes_error` then says why.
    processes: Option<Vec<Process<'a>>>,
    processes_error: Option<String>,
}

/// What lies between two devices, by their indices.
#[derive(Debug, Serialize)]
struct Link<'a> {
    devices: [u32; 2],
    kind: &'static str,
    /// How many, where it is NVLink.
    nvlinks: Option<u32>,
    /// Why it is unknown, where it is.
    reason: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct MemoryBytes {
    total: u64,
    reserved: u64,
    used: u64,
    free: u64,
}

#[derive(Debug, Serialize)]
struct MigInstance<'a> {
    index: u32,
    uuid: &'a str,
    name: &'a str,
    profile: Option<&'a str>,
    gpu_instance: u32,
    compute_instance: u32,
    memory: MemoryBytes,
}

#[derive(Debug, Serialize)]
struct Process<'a> {
    pid: u32,
    used: Option<u64>,
    user: Option<&'a str>,
    command: Option<&'a str>,
    /// Why user and command are `null`, where they are.
    owner_unknown: Option<String>,
    gpu_instance: Option<u32>,
    compute_instance: Option<u32>,
}

#[derive(Debug, Serialize)]
struct FailedDevice<'a> {
    index: u32,
    mig_index: Option<u32>,
    uuid: Option<&'a str>,
    call: &'static str,
    reason: &'a str,
}

impl<'a> From<&'a inventory::Inventory> for Document<'a> {
    fn from(inventory: &'a inventory::Inventory) -> Self {
        Self {
            inventory: SCHEMA,
            source: match &inventory.driver {
                Driver::Loaded(versions) => Source::Nvml {
                    driver_version: versions.driver.as_deref(),
                    nvml_version: versions.nvml.as_deref(),
                    cuda_version: versions.cuda.as_deref(),
                },
                Driver::Absent(absence) => Source::Absent { reason: absence.to_string() },
                Driver::Described(text) => Source::Description { text },
            },
            devices: inventory.devices.iter().map(Device::from).collect(),
            failed: inventory.failed.iter().map(FailedDevice::from).collect(),
            links: links(inventory),
        }
    }
}

fn links(inventory: &inventory::Inventory) -> Vec<Link<'_>> {
    let devices = inventory.devices.iter().enumerate();
    let pairs =
        devices.flat_map(|(b, second)| inventory.devices[..b].iter().enumerate().map(move |a| (a, (b, second))));
    pairs
        .filter_map(|((a, first), (b, second))| {
            let link = inventory.topology.between(a, b)?;
            let (kind, nvlinks, reason) = match link {
                topology::Link::NvLink { links } => ("nvlink", Some(links.0), None),
                topology::Link::Pcie(pcie) => (pcie_name(*pcie), None, None),
                topology::Link::Unknown { reason } => ("unknown", None, Some(reason.as_str())),
            };
            Some(Link { devices: [first.index, second.index], kind, nvlinks, reason })
        })
        .collect()
}

fn pcie_name(pcie: Pcie) -> &'static str {
    match pcie {
        Pcie::Board => "board",
        Pcie::Switch => "pcie_switch",
        Pcie::Switches => "pcie_switches",
        Pcie::HostBridge => "host_bridge",
        Pcie::NumaNode => "numa_node",
        Pcie::Machine => "machine",
    }
}

impl<'a> From<&'a inventory::Device> for Device<'a> {
    fn from(device: &'a inventory::Device) -> Self {
        let (mig, instances): (_, &[_]) = match &device.mig {
            Mig::Unsupported => ("unsupported", &[]),
            Mig::Off => ("off", &[]),
            Mig::On(instances) => ("on", instances),
        };
        Self {
            index: device.index,
            uuid: &device.uuid,
            name: &device.name,
            pci_bus_id: device.pci.map(|pci| pci.to_string()),
            compute_capability: device.compute_capability.map(|version| version.to_string()),
            memory: device.memory.map(MemoryBytes::from),
            mig,
            mig_instances: instances.iter().map(MigInstance::from).collect(),
            unusable_because: device.health.unusable_because(),
            health_unknown: device.health.unknown.iter().map(Failure::to_string).collect(),
            processes: device.processes.as_ref().ok().map(|processes| processes.iter().map(Process::from).collect()),
            processes_error: device.processes.as_ref().err().map(Failure::to_string),
        }
    }
}

impl From<Memory> for MemoryBytes {
    fn from(memory: Memory) -> Self {
        Self { total: memory.total.0, reserved: memory.reserved.0, used: memory.used.0, free: memory.free.0 }
    }
}

impl<'a> From<&'a inventory::MigInstance> for MigInstance<'a> {
    fn from(instance: &'a inventory::MigInstance) -> Self {
        Self {
            index: instance.index,
            uuid: &instance.uuid,
            name: &instance.name,
            profile: instance.profile(),
            gpu_instance: instance.gpu_instance,
            compute_instance: instance.compute_instance,
            memory: instance.memory.into(),
        }
    }
}

impl<'a> From<&'a inventory::Process> for Process<'a> {
    fn from(process: &'a inventory::Process) -> Self {
        let owner = process.owner.as_ref();
        Self {
            pid: process.pid,
            used: process.used.map(|used| used.0),
            user: owner.ok().map(|owner| owner.user.as_str()),
            command: owner.ok().map(|owner| owner.command.as_str()),
            owner_unknown: owner.err().map(ToString::to_string),
            gpu_instance: process.gpu_instance,
            compute_instance: process.compute_instance,
        }
    }
}

impl<'a> From<&'a inventory::FailedDevice> for FailedDevice<'a> {
    fn from(failed: &'a inventory::FailedDevice) -> Self {
        Self {
            index: failed.index,
            mig_index: failed.mig_index,
            uuid: failed.uuid.as_deref(),
            call: failed.failure.call,
            reason: &failed.failure.reason,
        }
    }
}
