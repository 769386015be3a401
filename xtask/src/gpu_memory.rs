//! What this machine's GPUs hold, for the runner.

use std::path::PathBuf;

use gpu_inventory::{DeviceOrder, Driver, Inventory, Unit, UnitKind};
use test_runner::{GpuMemory, ProcessMemory, UnitMemory};

/// NVML, opened anew for each reading: a library that is kept open could keep the driver's state of before a reset.
#[derive(Debug)]
pub(crate) struct Nvml {
    /// In place of the usual one.
    pub(crate) library: Option<PathBuf>,
}

impl GpuMemory for Nvml {
    fn read(&self) -> Result<Vec<UnitMemory>, String> {
        let inventory = Inventory::probe(self.library.as_deref()).map_err(|error| error.to_string())?;
        if let Driver::Absent(absence) = &inventory.driver {
            return Err(absence.to_string());
        }
        let units = inventory.visible(None, DeviceOrder::PciBusId).map_err(|error| error.to_string())?;
        let memory = |unit: &Unit| UnitMemory {
            visible: unit.cuda_visible_devices().to_owned(),
            used: unit.memory.used.0,
            held: held(&inventory, unit),
            holders: holders(&inventory, unit),
            processes: processes(&inventory, unit),
        };
        Ok(units.iter().map(memory).collect())
    }
}

/// The processes on a unit; `None` where the driver does not tell of them.
fn on<'i>(inventory: &'i Inventory, unit: &Unit) -> Option<Vec<&'i gpu_inventory::Process>> {
    let device = inventory.devices.iter().find(|device| device.index == unit.index)?;
    Some(device.processes.as_ref().ok()?.iter().filter(|process| is_on(unit, process)).collect())
}

/// What the processes on a unit have together; `None` where the driver does not say it of each.
fn held(inventory: &Inventory, unit: &Unit) -> Option<u64> {
    on(inventory, unit)?.iter().map(|process| Some(process.used?.0)).sum()
}

/// What each process on a unit has of it.
fn processes(inventory: &Inventory, unit: &Unit) -> Result<Vec<ProcessMemory>, String> {
    let device = inventory.devices.iter().find(|device| device.index == unit.index);
    let device = device.ok_or_else(|| "its device is not told of any more".to_owned())?;
    let all = device.processes.as_ref().map_err(ToString::to_string)?;
    let memory = |process: &gpu_inventory::Process| {
        if let Err(why @ gpu_inventory::OwnerUnknown::OtherNamespace) = &process.owner {
            return Err(format!("whose process {} is, is {why}", process.pid));
        }
        let bytes = process.used.ok_or_else(|| format!("the driver does not say what process {} has", process.pid))?;
        Ok(ProcessMemory { process: process.pid, bytes: bytes.0 })
    };
    all.iter().filter(|process| is_on(unit, process)).map(memory).collect()
}

fn is_on(unit: &Unit, process: &gpu_inventory::Process) -> bool {
    match unit.kind {
        UnitKind::Gpu => true,
        UnitKind::Mig { gpu_instance, .. } => process.gpu_instance == Some(gpu_instance),
    }
}

/// The processes on a unit, by number and program. Not with their arguments, which can hold secrets.
fn holders(inventory: &Inventory, unit: &Unit) -> Vec<String> {
    let named = |process: &gpu_inventory::Process| {
        let owner = process.owner.as_ref().ok();
        let program = owner.and_then(|owner| owner.command.split(' ').next()?.rsplit('/').next());
        format!("{} {}", process.pid, program.unwrap_or("(not known)"))
    };
    on(inventory, unit).unwrap_or_default().into_iter().map(named).collect()
}
