//! What work is placed on: whole GPUs and MIG instances.

use crate::bytes::{Bytes, Memory};
use crate::inventory::{ComputeCapability, Device, Inventory, Mig, MigInstance};

/// Something that work is placed on: a whole GPU, or a MIG instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// NVML's index of the device that it is, or is a part of.
    pub index: u32,
    /// The name for people, short and of no other unit: `0`, or `0.2 1g.10gb` of a MIG instance with its place and profile.
    pub label: String,
    /// Its own UUID.
    pub uuid: String,
    /// NVML's name.
    pub name: String,
    /// Whole or part.
    pub kind: UnitKind,
    /// Its memory.
    pub memory: Memory,
    /// As [`Device::compute_capability`].
    pub compute_capability: Option<ComputeCapability>,
    selector: String,
}

/// A GPU that nothing runs on may show this much in use: NVML's first call for memory counts what the driver reserves.
const OF_THE_DRIVER: Bytes = Bytes::from_mib(512);

impl Unit {
    /// What `CUDA_VISIBLE_DEVICES` must be, with `CUDA_DEVICE_ORDER=PCI_BUS_ID`, for a process to see just this unit:
    /// the index, which every engine understands; the UUID for MIG, and where CUDA may count other devices than NVML
    /// does (MIG elsewhere on the machine, or a failed or faulty device).
    #[must_use]
    pub fn cuda_visible_devices(&self) -> &str {
        &self.selector
    }

    /// What processes can have of its memory where nobody else has any: what the driver reserves is not among it.
    #[must_use]
    pub fn usable(&self) -> Bytes {
        Bytes(self.memory.total.0.saturating_sub(self.memory.reserved.0))
    }

    /// What of that processes hold now; none where it is no more than a GPU shows that nothing runs on.
    #[must_use]
    pub fn held(&self) -> Bytes {
        let in_use = Bytes(self.usable().0.saturating_sub(self.memory.free.0));
        if in_use > OF_THE_DRIVER { in_use } else { Bytes(0) }
    }

    /// The same unit when nobody holds any of its memory.
    #[must_use]
    pub fn at_rest(&self) -> Self {
        Self { memory: Memory { used: Bytes(0), free: self.usable(), ..self.memory }, ..self.clone() }
    }
}

/// Whether a unit is a whole GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitKind {
    /// A whole GPU.
    Gpu,
    /// A MIG instance. A process sees at most one, so work that needs two GPUs cannot have two of these. Units with
    /// the same index and GPU instance share their memory.
    Mig {
        /// The GPU instance.
        gpu_instance: u32,
        /// The compute instance.
        compute_instance: u32,
    },
}

/// The environment in which a child process sees just these units, in this order; none of them, if there are none.
#[must_use]
pub fn child_environment(units: &[Unit]) -> [(&'static str, String); 2] {
    let selectors: Vec<_> = units.iter().map(Unit::cuda_visible_devices).collect();
    [("CUDA_VISIBLE_DEVICES", selectors.join(",")), ("CUDA_DEVICE_ORDER", "PCI_BUS_ID".to_owned())]
}

impl Inventory {
    /// The units of one device: itself, or its MIG instances; none where something is wrong with it.
    pub(crate) fn units(&self, gpu: &Device) -> Vec<Unit> {
        if !gpu.health.faults.is_empty() {
            return Vec::new();
        }
        match (&gpu.mig, gpu.memory) {
            (Mig::On(instances), _) => instances.iter().map(|instance| mig_unit(gpu, instance)).collect(),
            (Mig::Off | Mig::Unsupported, Some(memory)) => vec![self.gpu_unit(gpu, memory)],
            (Mig::Off | Mig::Unsupported, None) => Vec::new(),
        }
    }

    fn gpu_unit(&self, gpu: &Device, memory: Memory) -> Unit {
        let faulty = self.devices.iter().any(|gpu| !gpu.health.faults.is_empty());
        let indices_agree = self.failed.is_empty() && !faulty && self.first_divided().is_none();
        Unit {
            index: gpu.index,
            label: gpu.index.to_string(),
            uuid: gpu.uuid.clone(),
            name: gpu.name.clone(),
            kind: UnitKind::Gpu,
            memory,
            compute_capability: gpu.compute_capability,
            selector: match self.in_bus_order().iter().position(|other| *other == gpu) {
                Some(position) if indices_agree => position.to_string(),
                _ => gpu.uuid.clone(),
            },
        }
    }

    /// The devices as `PCI_BUS_ID` counts them.
    pub(crate) fn in_bus_order(&self) -> Vec<&Device> {
        let mut devices: Vec<_> = self.devices.iter().collect();
        devices.sort_by_key(|gpu| (gpu.pci, gpu.index));
        devices
    }

    /// The first device with MIG on.
    pub(crate) fn first_divided(&self) -> Option<&Device> {
        self.devices.iter().find(|gpu| matches!(gpu.mig, Mig::On(_)))
    }
}

/// The unit that an instance of `gpu` is.
pub(crate) fn mig_unit(gpu: &Device, instance: &MigInstance) -> Unit {
    let profile = instance.profile().map(|profile| format!(" {profile}")).unwrap_or_default();
    Unit {
        index: gpu.index,
        label: format!("{}.{}{profile}", gpu.index, instance.index),
        uuid: instance.uuid.clone(),
        name: instance.name.clone(),
        kind: UnitKind::Mig { gpu_instance: instance.gpu_instance, compute_instance: instance.compute_instance },
        memory: instance.memory,
        compute_capability: gpu.compute_capability,
        selector: instance.uuid.clone(),
    }
}
