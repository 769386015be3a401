//! What a process is allowed to see: CUDA's rules for `CUDA_VISIBLE_DEVICES`.
//!
//! The rules are those of the CUDA programming guide, appendix "CUDA Environment Variables". What it leaves open is
//! taken from what PyTorch has established in `torch.cuda`: the first entry decides whether the list is one of
//! indices, of `GPU-` or of `MIG-` names; an index may have text after its digits; a repeated entry hides everything.

use crate::inventory::{Device, FailedDevice, Inventory, Mig, MigInstance};
use crate::unit::{Unit, mig_unit};

/// The order in which CUDA counts devices: the variable `CUDA_DEVICE_ORDER`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DeviceOrder {
    /// CUDA's default: the fastest device first, by a heuristic of its own. Known here only where all devices are
    /// alike, and then taken as the order of the bus.
    #[default]
    FastestFirst,
    /// The order on the PCI bus.
    PciBusId,
}

impl DeviceOrder {
    /// The order that a value of `CUDA_DEVICE_ORDER` stands for; `None` is the variable not set.
    ///
    /// # Errors
    /// If it is neither `FASTEST_FIRST` nor `PCI_BUS_ID`: what CUDA then does is not documented.
    pub fn from_variable(value: Option<&str>) -> Result<Self, VisibleError> {
        match value {
            None | Some("FASTEST_FIRST") => Ok(Self::FastestFirst),
            Some("PCI_BUS_ID") => Ok(Self::PciBusId),
            Some(other) => Err(VisibleError::UnknownOrder { value: other.to_owned() }),
        }
    }
}

/// What `CUDA_VISIBLE_DEVICES` leaves visible.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Visibility {
    /// The units, in the variable's order.
    pub units: Vec<Unit>,
    /// Why CUDA ignores a part of the variable, where it does.
    pub cut: Option<String>,
    /// The devices that would be visible and that nothing may be placed on, each with the reason.
    pub unusable: Vec<String>,
    /// Whether the variable is set and empty, which hides every device.
    pub hides_all: bool,
}

impl Visibility {
    /// Why nothing is visible, as a fragment; `None` where something is, or where there is nothing to see.
    #[must_use]
    pub fn why_none(&self) -> Option<String> {
        if !self.units.is_empty() {
            None
        } else if self.hides_all {
            Some("CUDA_VISIBLE_DEVICES is empty, which hides every GPU".to_owned())
        } else if let Some(cut) = &self.cut {
            Some(cut.clone())
        } else {
            (!self.unusable.is_empty()).then(|| format!("no visible GPU works: {}", self.unusable.join("; ")))
        }
    }
}

/// What is visible cannot be known. Each message says how to make it clear.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VisibleError {
    /// A value of `CUDA_DEVICE_ORDER` that is not documented.
    #[error("CUDA_DEVICE_ORDER is {value:?}: CUDA knows FASTEST_FIRST and PCI_BUS_ID")]
    UnknownOrder {
        /// The value.
        value: String,
    },
    /// Indices in CUDA's own order, on devices that differ.
    #[error(
        "CUDA_VISIBLE_DEVICES has the index {entry}, and which GPU that is cannot be known: the GPUs differ, and CUDA \
         counts them by a guess of their speed; set CUDA_DEVICE_ORDER=PCI_BUS_ID or name GPUs by UUID"
    )]
    OrderUnknown {
        /// The index.
        entry: u64,
    },
    /// An index at or above that of a failed device.
    #[error(
        "CUDA_VISIBLE_DEVICES has the index {entry}, and which GPU that is cannot be known: {failed}; name GPUs by UUID"
    )]
    IndexBesideFailed {
        /// The index.
        entry: u64,
        /// The failed device.
        failed: String,
    },
    /// A name that no device has that can be read, beside a device whose name could not be asked.
    #[error(
        "CUDA_VISIBLE_DEVICES names {entry:?}, which no device has that can be read, and it may be one that cannot: \
         {failed}; name other devices"
    )]
    NameBesideFailed {
        /// The entry.
        entry: String,
        /// The failed device.
        failed: String,
    },
    /// An index on a machine with MIG.
    #[error(
        "CUDA_VISIBLE_DEVICES has the index {entry}, and what that is cannot be known: GPU {mig} has MIG on; name GPUs \
         and MIG instances by UUID"
    )]
    IndexBesideMig {
        /// The index.
        entry: u64,
        /// The device with MIG on.
        mig: u32,
    },
    /// A card that is divided, by the card's name.
    #[error(
        "CUDA_VISIBLE_DEVICES names {entry:?}, which is GPU {index} with MIG on, and which of its instances is meant \
         cannot be known: name the instance (nvidia-smi -L)"
    )]
    DividedGpu {
        /// The entry.
        entry: String,
        /// The device.
        index: u32,
    },
    /// The beginning of a MIG instance's name.
    #[error(
        "CUDA_VISIBLE_DEVICES names {entry:?}, the beginning of {full}: whether CUDA takes MIG names in part is not \
         documented; give the whole name"
    )]
    AbbreviatedMig {
        /// The entry.
        entry: String,
        /// An instance's name that begins so.
        full: String,
    },
}

impl Inventory {
    /// The units that a process may use, given `CUDA_VISIBLE_DEVICES` (`None` if it is not set) and
    /// `CUDA_DEVICE_ORDER`. [`Inventory::visibility`] also says what CUDA ignores.
    ///
    /// The variable is read as a grant: of several MIG instances CUDA shows a process one, and all are returned here,
    /// for processes that each get their own.
    ///
    /// # Errors
    /// If what is visible cannot be known.
    pub fn visible(&self, cuda_visible_devices: Option<&str>, order: DeviceOrder) -> Result<Vec<Unit>, VisibleError> {
        self.visibility(cuda_visible_devices, order).map(|visibility| visibility.units)
    }

    /// As [`Inventory::visible`], with the reason where CUDA ignores a part of the variable.
    ///
    /// # Errors
    /// If what is visible cannot be known.
    pub fn visibility(
        &self,
        cuda_visible_devices: Option<&str>,
        order: DeviceOrder,
    ) -> Result<Visibility, VisibleError> {
        let Some(list) = cuda_visible_devices else {
            let units = self.devices.iter().flat_map(|gpu| self.units(gpu)).collect();
            return Ok(Visibility { units, unusable: self.unusable(), ..Visibility::default() });
        };
        if list.is_empty() {
            return Ok(Visibility { hides_all: true, ..Visibility::default() });
        }
        if list.starts_with("GPU-") {
            self.visible_names(list, "GPU-", |entry| self.gpu_named(entry))
        } else if list.starts_with("MIG-") {
            self.visible_names(list, "MIG-", |entry| self.mig_named(entry))
        } else {
            self.visible_indices(list, order)
        }
    }

    fn first_failed(&self) -> Option<&FailedDevice> {
        self.failed.iter().filter(|failed| failed.mig_index.is_none()).min_by_key(|failed| failed.index)
    }

    /// Whether CUDA's guess of speed cannot tell the devices apart.
    fn all_alike(&self) -> bool {
        let figures = |gpu: &Device| {
            let total = gpu.memory.map(|memory| memory.total);
            (gpu.name.clone(), gpu.compute_capability, total)
        };
        self.devices.windows(2).all(|pair| figures(&pair[0]) == figures(&pair[1]))
    }

    fn visible_indices(&self, list: &str, order: DeviceOrder) -> Result<Visibility, VisibleError> {
        let mut indices: Vec<u64> = Vec::new();
        let mut cut = None;
        for entry in list.split(',') {
            let Some(index) = leading_index(entry.trim()) else {
                cut = Some(ignored_from(entry, "is not a device's index"));
                break;
            };
            if indices.contains(&index) {
                return Ok(hidden_by(entry));
            }
            indices.push(index);
        }
        let devices = self.in_bus_order();
        let (mut units, mut unusable) = (Vec::new(), Vec::new());
        for index in indices {
            self.check_index(index, order)?;
            let device = usize::try_from(index).ok().and_then(|index| devices.get(index));
            let Some(gpu) = device else {
                let why = format!("is not the index of one of {} devices", devices.len());
                cut = Some(ignored_from(&index.to_string(), &why));
                break;
            };
            units.extend(self.units(gpu));
            unusable.extend(gpu.unusable());
        }
        Ok(Visibility { units, cut, unusable, hides_all: false })
    }

    /// Whether CUDA and NVML mean the same device by `entry`.
    fn check_index(&self, entry: u64, order: DeviceOrder) -> Result<(), VisibleError> {
        if let Some(gpu) = self.first_divided() {
            return Err(VisibleError::IndexBesideMig { entry, mig: gpu.index });
        }
        if let Some(failed) = self.first_failed()
            && entry >= u64::from(failed.index)
        {
            return Err(VisibleError::IndexBesideFailed { entry, failed: failed.to_string() });
        }
        // An index that no device has in any order is no question of order.
        let exists = entry < self.devices.len() as u64;
        if order == DeviceOrder::FastestFirst && exists && !self.all_alike() {
            return Err(VisibleError::OrderUnknown { entry });
        }
        Ok(())
    }

    fn visible_names<'a>(
        &'a self,
        list: &str,
        prefix: &str,
        resolve: impl Fn(&str) -> Result<Vec<Named<'a>>, VisibleError>,
    ) -> Result<Visibility, VisibleError> {
        let mut names: Vec<&str> = Vec::new();
        let mut cut = None;
        for entry in list.split(',') {
            if names.contains(&entry) {
                return Ok(hidden_by(entry));
            }
            if !entry.starts_with(prefix) {
                let why = format!("does not begin with {prefix} as the first entry does");
                cut = Some(ignored_from(entry, &why));
                break;
            }
            names.push(entry);
        }
        let mut found: Vec<Named<'a>> = Vec::new();
        for name in names {
            let device = match resolve(name)?.as_slice() {
                [device] => *device,
                several => {
                    let why = if several.is_empty() {
                        self.check_absent(name, prefix)?;
                        format!("names no device ({})", self.names(prefix))
                    } else {
                        let all: Vec<String> =
                            several.iter().map(|named| format!("GPU {}", named.gpu().index)).collect();
                        format!("begins the names of {}: write more of the one that is meant", all.join(", "))
                    };
                    cut = Some(ignored_from(name, &why));
                    break;
                }
            };
            if found.iter().any(|earlier| earlier.uuid() == device.uuid()) {
                return Ok(hidden_by(name));
            }
            found.push(device);
        }
        let units = found.iter().flat_map(|named| match named {
            Named::Gpu(gpu) => self.units(gpu),
            Named::Mig(gpu, _) if gpu.unusable().is_some() => Vec::new(),
            Named::Mig(gpu, instance) => vec![mig_unit(gpu, instance)],
        });
        let mut unusable: Vec<_> = found.iter().filter_map(|named| named.gpu().unusable()).collect();
        unusable.dedup();
        Ok(Visibility { units: units.collect(), cut, unusable, hides_all: false })
    }

    /// Whether no device has the name, those included that could not be asked for theirs. Any of these may have MIG on.
    fn check_absent(&self, entry: &str, prefix: &str) -> Result<(), VisibleError> {
        let may_be = |failed: &&FailedDevice| match (prefix, failed.mig_index) {
            ("MIG-", None) => true,
            ("GPU-", Some(_)) => false,
            _ => failed.uuid.as_ref().is_none_or(|uuid| uuid.starts_with(entry)),
        };
        match self.failed.iter().find(may_be) {
            Some(failed) => Err(VisibleError::NameBesideFailed { entry: entry.to_owned(), failed: failed.to_string() }),
            None => Ok(()),
        }
    }

    /// The names that an entry with this prefix could be, for a message.
    fn names(&self, prefix: &str) -> String {
        let of = |gpu: &Device| match &gpu.mig {
            Mig::On(instances) if prefix == "MIG-" => instances.iter().map(|instance| instance.uuid.clone()).collect(),
            Mig::Off | Mig::Unsupported if prefix == "GPU-" => vec![gpu.uuid.clone()],
            _ => Vec::new(),
        };
        let names: Vec<String> = self.devices.iter().flat_map(of).collect();
        match names.len() {
            0 if prefix == "MIG-" => "no GPU here has MIG instances: `nvidia-smi -L` lists what there is".to_owned(),
            0 => "here is none: `nvidia-smi -L` lists what there is".to_owned(),
            more if more > MOST_NAMES => format!("here: {}, ...", names[..MOST_NAMES].join(", ")),
            _ => format!("here: {}", names.join(", ")),
        }
    }

    /// The GPUs whose UUIDs begin with `entry`; it names one where it is a whole one and the only.
    fn gpu_named(&self, entry: &str) -> Result<Vec<Named<'_>>, VisibleError> {
        let named: Vec<&Device> = self.devices.iter().filter(|gpu| gpu.uuid.starts_with(entry)).collect();
        match named.as_slice() {
            [gpu] if matches!(gpu.mig, Mig::On(_)) => {
                Err(VisibleError::DividedGpu { entry: entry.to_owned(), index: gpu.index })
            }
            _ => Ok(named.into_iter().map(Named::Gpu).collect()),
        }
    }

    /// The MIG instance of this name: its UUID, or the form of older drivers, `MIG-GPU-<uuid>/<GPU instance>/<compute
    /// instance>`.
    fn mig_named(&self, entry: &str) -> Result<Vec<Named<'_>>, VisibleError> {
        let mut beginning = None;
        for gpu in &self.devices {
            let Mig::On(instances) = &gpu.mig else {
                continue;
            };
            for instance in instances {
                let (card, compute) = (instance.gpu_instance, instance.compute_instance);
                if entry == instance.uuid || entry == format!("MIG-{}/{card}/{compute}", gpu.uuid) {
                    return Ok(vec![Named::Mig(gpu, instance)]);
                }
                if instance.uuid.starts_with(entry) {
                    beginning = Some(instance.uuid.clone());
                }
            }
        }
        match beginning {
            Some(full) => Err(VisibleError::AbbreviatedMig { entry: entry.to_owned(), full }),
            None => Ok(Vec::new()),
        }
    }
}

/// How many names a message lists.
const MOST_NAMES: usize = 8;

/// What an entry of the variable names.
#[derive(Clone, Copy)]
enum Named<'a> {
    Gpu(&'a Device),
    Mig(&'a Device, &'a MigInstance),
}

impl<'a> Named<'a> {
    fn uuid(self) -> &'a str {
        match self {
            Self::Gpu(gpu) => &gpu.uuid,
            Self::Mig(_, instance) => &instance.uuid,
        }
    }

    /// The card, or the card that the instance is a part of.
    fn gpu(self) -> &'a Device {
        match self {
            Self::Gpu(gpu) | Self::Mig(gpu, _) => gpu,
        }
    }
}

/// The number at the start of an entry, as C's `strtoul` reads it; `None` without digits, or negative.
fn leading_index(entry: &str) -> Option<u64> {
    let unsigned = entry.strip_prefix('+').unwrap_or(entry);
    let digits = unsigned.len() - unsigned.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if digits == 0 {
        return None;
    }
    // Too many digits for a number are too many for any device.
    Some(unsigned[..digits].parse().unwrap_or(u64::MAX))
}

fn ignored_from(entry: &str, why: &str) -> String {
    format!("CUDA ignores CUDA_VISIBLE_DEVICES from {entry:?} on: it {why}")
}

fn hidden_by(entry: &str) -> Visibility {
    Visibility {
        cut: Some(format!("CUDA_VISIBLE_DEVICES names {entry:?} twice: CUDA then shows no device at all")),
        ..Visibility::default()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
