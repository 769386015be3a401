//! What this machine's GPUs hold, for the runner.

use std::path::PathBuf;

use gpu_inventory::{DeviceOrder, Driver, Inventory, Unit, UnitKind};
use test_runner::{GpuMemory, UnitMemory};

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
        };
        Ok(units.iter().map(memory).collect())
    }
}

/// The processes on a unit; `None` where the driver does not tell of them.
fn processes<'i>(inventory: &'i Inventory, unit: &Unit) -> Option<Vec<&'i gpu_inventory::Process>> {
    let device = inventory.devices.iter().find(|device| device.index == unit.index)?;
    let is_here = |process: &&gpu_inventory::Process| match unit.kind {
        UnitKind::Gpu => true,
        UnitKind::Mig { gpu_instance, .. } => process.gpu_instance == Some(gpu_instance),
    };
    Some(device.processes.as_ref().ok()?.iter().filter(is_here).collect())
}

/// What the processes on a unit have together; `None` where the driver does not say it of each.
fn held(inventory: &Inventory, unit: &Unit) -> Option<u64> {
    processes(inventory, unit)?.iter().map(|process| Some(process.used?.0)).sum()
}

/// The processes on a unit, by number and program. Not with their arguments, which can hold secrets.
fn holders(inventory: &Inventory, unit: &Unit) -> Vec<String> {
    let named = |process: &gpu_inventory::Process| {
        let owner = process.owner.as_ref().ok();
        let program = owner.and_then(|owner| owner.command.split(' ').next()?.rsplit('/').next());
        format!("{} {}", process.pid, program.unwrap_or("(not known)"))
    };
    processes(inventory, unit).unwrap_or_default().into_iter().map(named).collect()
}
