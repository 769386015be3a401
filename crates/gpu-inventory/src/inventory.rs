//! What a machine has: the driver, the devices and their parts.

use std::fmt;

use crate::bytes::{Bytes, Memory};
use crate::health::Health;
use crate::owner::{Owner, OwnerUnknown};
use crate::topology::Topology;

/// The GPUs of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    /// Where this comes from, or why there is nothing.
    pub driver: Driver,
    /// The devices that can be read, in the order of NVML's index.
    pub devices: Vec<Device>,
    /// The devices and MIG instances that NVML knows of and cannot read. Nothing can be placed on them.
    pub failed: Vec<FailedDevice>,
    /// What lies between the devices.
    pub topology: Topology,
}

impl Inventory {
    pub(crate) fn without_devices(driver: Driver) -> Self {
        Self { driver, devices: Vec::new(), failed: Vec::new(), topology: Topology::default() }
    }

    /// Why no device can be used: no driver, no device, or only failed and unusable ones. `None` where there is one.
    #[must_use]
    pub fn why_empty(&self) -> Option<String> {
        if self.devices.iter().any(|gpu| gpu.health.faults.is_empty()) {
            return None;
        }
        if let Driver::Absent(absence) = &self.driver {
            return Some(absence.to_string());
        }
        let unusable = self.unusable();
        Some(match unusable.len() {
            0 => "no GPU here: the driver reports no device".to_owned(),
            _ => format!("no GPU that works here: {}", unusable.join("; ")),
        })
    }

    /// The devices and MIG instances that nothing may be placed on, each with the reason: what NVML cannot read, and
    /// what it has faults of.
    #[must_use]
    pub fn unusable(&self) -> Vec<String> {
        let faulty = self.devices.iter().filter_map(|gpu| Some((gpu.index, None, gpu.unusable()?)));
        let failed = self.failed.iter().map(|failed| (failed.index, failed.mig_index, failed.to_string()));
        let mut all: Vec<_> = faulty.chain(failed).collect();
        all.sort();
        all.into_iter().map(|(_, _, text)| text).collect()
    }
}

/// Where an inventory comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Driver {
    /// NVML answered.
    Loaded(DriverVersions),
    /// There is no NVIDIA driver on this machine.
    Absent(Absence),
    /// Nobody was asked: the text describes a machine that is not here.
    Described(String),
}

/// The versions that NVML reports; `None` where it cannot say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DriverVersions {
    /// Of the kernel driver, such as `570.86.15`.
    pub driver: Option<String>,
    /// Of the NVML library.
    pub nvml: Option<String>,
    /// The newest CUDA that the driver can run, such as `12.8`.
    pub cuda: Option<String>,
}

/// Why a machine has no GPU as far as NVML is concerned. Its text starts with "no GPU here".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Absence {
    /// The library is missing or does not load.
    CannotOpen {
        /// Its name or path.
        library: String,
        /// What the dynamic linker says.
        detail: String,
    },
    /// The library loads and has no `nvmlInit_v2`.
    NotNvml {
        /// Its name or path.
        library: String,
    },
    /// The library is there and the kernel driver is not loaded.
    DriverNotLoaded {
        /// Its name or path.
        library: String,
    },
}

impl fmt::Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no GPU here: ")?;
        match self {
            Self::CannotOpen { library, detail } => {
                write!(f, "{library} cannot be opened")?;
                // That a file is not there says no more than the sentence; anything else does.
                if detail.ends_with("No such file or directory") { Ok(()) } else { write!(f, " ({detail})") }
            }
            Self::NotNvml { library } => {
                write!(f, "{library} is not NVML (it has no nvmlInit_v2)")
            }
            Self::DriverNotLoaded { library } => {
                write!(f, "{library} is there, the NVIDIA driver is not loaded")
            }
        }
    }
}

/// A GPU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// NVML's index, which `nvidia-smi` shows.
    pub index: u32,
    /// NVML's UUID, such as `GPU-8932f937-...`. A described device has a made-up one, `GPU-described-N`.
    pub uuid: String,
    /// The product, such as `NVIDIA L4`.
    pub name: String,
    /// Where it sits; `None` for a described device.
    pub pci: Option<PciAddress>,
    /// `None` for a described card that is not in the table.
    pub compute_capability: Option<ComputeCapability>,
    /// Its memory. `None` only with MIG on, where NVML tells the whole card's figure to privileged callers alone.
    pub memory: Option<Memory>,
    /// Whether it is divided.
    pub mig: Mig,
    /// What speaks against using it.
    pub health: Health,
    /// The processes with a compute context (graphics excepted), or why they cannot be listed.
    pub processes: Result<Vec<Process>, Failure>,
}

impl Device {
    /// The device and why nothing may be placed on it, as a fragment; `None` where nothing is known against it.
    #[must_use]
    pub fn unusable(&self) -> Option<String> {
        Some(format!("GPU {}: {}", self.index, self.health.unusable_because()?))
    }
}

/// A place on the PCI bus; places order as CUDA's `PCI_BUS_ID` orders devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PciAddress {
    /// The domain.
    pub domain: u32,
    /// The bus.
    pub bus: u32,
    /// The device.
    pub device: u32,
}

/// In the form of `nvidia-smi`: `00000000:31:00.0`.
impl fmt::Display for PciAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08X}:{:02X}:{:02X}.0", self.domain, self.bus, self.device)
    }
}

/// The generation of a GPU's instruction set, such as 8.9.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ComputeCapability {
    /// The part before the point.
    pub major: i32,
    /// The part after it.
    pub minor: i32,
}

impl fmt::Display for ComputeCapability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Multi-Instance GPU: whether a card is divided, now (not after its next reset).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mig {
    /// The card cannot be divided.
    Unsupported,
    /// The card can be divided and is whole.
    Off,
    /// The card is divided: work goes to these instances, never to the card. There may be none.
    On(Vec<MigInstance>),
}

/// A MIG device: a compute instance of a GPU instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigInstance {
    /// Its place among the possible instances of its card.
    pub index: u32,
    /// Its own UUID, `MIG-...`.
    pub uuid: String,
    /// NVML's name, such as `NVIDIA H100 80GB HBM3 MIG 3g.40gb`.
    pub name: String,
    /// The GPU instance.
    pub gpu_instance: u32,
    /// The compute instance within it.
    pub compute_instance: u32,
    /// The memory of the GPU instance: compute instances of one GPU instance share it.
    pub memory: Memory,
}

impl MigInstance {
    /// The profile, such as `3g.40gb`, which NVML puts at the end of the name.
    #[must_use]
    pub fn profile(&self) -> Option<&str> {
        Some(self.name.rsplit_once(" MIG ")?.1)
    }
}

/// A process that uses a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its id, in the PID namespace of the driver (of the host, seen from a container).
    pub pid: u32,
    /// Whose it is, and what it is.
    pub owner: Result<Owner, OwnerUnknown>,
    /// The memory that it holds there; `None` where the driver cannot say.
    pub used: Option<Bytes>,
    /// The GPU instance that it runs on, with MIG.
    pub gpu_instance: Option<u32>,
    /// The compute instance that it runs on, with MIG.
    pub compute_instance: Option<u32>,
}

/// An NVML call that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The function, such as `nvmlDeviceGetMemoryInfo_v2`.
    pub call: &'static str,
    /// What NVML answered, in words.
    pub reason: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.call, self.reason)
    }
}

/// A device or MIG instance that NVML counts and cannot read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedDevice {
    /// The device's index.
    pub index: u32,
    /// The instance's index on that device, where it is one.
    pub mig_index: Option<u32>,
    /// The UUID, if NVML still told it.
    pub uuid: Option<String>,
    /// What failed.
    pub failure: Failure,
}

impl fmt::Display for FailedDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GPU {}", self.index)?;
        if let Some(index) = self.mig_index {
            write!(f, ", MIG instance {index}")?;
        }
        write!(f, ": {}", self.failure)
    }
}
