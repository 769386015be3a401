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
mod tests {
    use super::*;
    use crate::bytes::{Bytes, Memory};
    use crate::health::Fault;
    use crate::inventory::{Failure, PciAddress};
    use crate::unit::{UnitKind, child_environment};

    /// Three cards alike, with UUIDs that share beginnings.
    fn three() -> Inventory {
        let mut inventory = Inventory::describe("3xL4").unwrap();
        for (gpu, uuid) in inventory.devices.iter_mut().zip(["GPU-aa1", "GPU-aa2", "GPU-b3"]) {
            uuid.clone_into(&mut gpu.uuid);
        }
        inventory
    }

    fn instance(index: u32, uuid: &str) -> MigInstance {
        MigInstance {
            index,
            uuid: uuid.to_owned(),
            name: "NVIDIA L4 MIG 1g.10gb".to_owned(),
            gpu_instance: 7 + index,
            compute_instance: 0,
            memory: Memory::unused(Bytes::from_mib(9984)),
        }
    }

    /// The first card divided in two, two whole ones.
    fn divided() -> Inventory {
        let mut inventory = three();
        inventory.devices[0].mig = Mig::On(vec![instance(0, "MIG-0c7b8d11"), instance(2, "MIG-4be2a6a0")]);
        inventory
    }

    fn selectors(visibility: &Visibility) -> Vec<&str> {
        visibility.units.iter().map(Unit::cuda_visible_devices).collect()
    }

    /// The selectors of what is visible, and whether a part of the variable was ignored.
    #[track_caller]
    fn assert_visible(inventory: &Inventory, variable: &str, expected: &[&str], cut: bool) {
        let visibility = inventory.visibility(Some(variable), DeviceOrder::PciBusId).unwrap();
        assert_eq!(selectors(&visibility), expected, "{variable:?}");
        assert_eq!(visibility.cut.is_some(), cut, "{variable:?}: {visibility:?}");
    }

    #[test]
    fn without_the_variable_everything_is_visible() {
        let all = three().visibility(None, DeviceOrder::FastestFirst).unwrap();
        assert_eq!(selectors(&all), ["0", "1", "2"]);
    }

    #[test]
    fn indices_select_in_their_order_and_end_at_the_first_invalid_one() {
        for (variable, expected, cut) in [
            ("", &[][..], false),
            ("0", &["0"], false),
            ("2,1", &["2", "1"], false),
            (" 1 , 0 ", &["1", "0"], false),
            // The CUDA programming guide's own example.
            ("0,2,-1,1", &["0", "2"], true),
            ("-1", &[], true),
            ("0,3,1", &["0"], true),
            ("0,,1", &["0"], true),
            ("NoDevFiles", &[], true),
            ("none", &[], true),
            ("1gpu2,2ampere", &["1", "2"], false),
            ("+1", &["1"], false),
            ("99999999999999999999999", &[], true),
            ("0,GPU-b3", &["0"], true),
            (",", &[], true),
        ] {
            assert_visible(&three(), variable, expected, cut);
        }
    }

    #[test]
    fn an_entry_that_is_repeated_hides_every_device() {
        for variable in ["0,0", "0,1,+0", "GPU-b,GPU-b", "GPU-b,GPU-b3", "0,9,9"] {
            assert_visible(&three(), variable, &[], true);
        }
        assert_visible(&divided(), "MIG-0c7b8d11,MIG-0c7b8d11", &[], true);
        // The list has ended before the repetition.
        assert_visible(&three(), "0,-1,0", &["0"], true);
    }

    #[test]
    fn a_uuid_may_be_cut_short_as_long_as_it_is_the_only_one() {
        for (variable, expected, cut) in [
            ("GPU-b3", &["2"][..], false),
            ("GPU-b", &["2"], false),
            ("GPU-b,GPU-aa1", &["2", "0"], false),
            ("GPU-aa,GPU-b", &[], true),
            ("GPU-b,GPU-c,GPU-aa1", &["2"], true),
            ("GPU-", &[], true),
            ("GPU-b,0", &["2"], true),
            ("gpu-b3", &[], true),
            ("GPU-b33", &[], true),
        ] {
            assert_visible(&three(), variable, expected, cut);
        }
    }

    #[test]
    fn mig_instances_are_units_of_their_own() {
        let all = divided().visibility(None, DeviceOrder::PciBusId).unwrap();
        // CUDA's indices are in doubt beside MIG, so the whole cards go by UUID too.
        assert_eq!(selectors(&all), ["MIG-0c7b8d11", "MIG-4be2a6a0", "GPU-aa2", "GPU-b3"]);
        let (gpu_instance, compute_instance) = (9, 0);
        assert_eq!(all.units[1].kind, UnitKind::Mig { gpu_instance, compute_instance });
        assert_eq!(all.units[1].memory.total.mib(), 9984);
        assert_eq!(all.units[1].index, 0);
        assert_eq!(all.units[3].kind, UnitKind::Gpu);
    }

    #[test]
    fn a_mig_instance_goes_by_its_whole_name_in_either_form() {
        assert_visible(&divided(), "MIG-4be2a6a0", &["MIG-4be2a6a0"], false);
        assert_visible(&divided(), "MIG-GPU-aa1/9/0", &["MIG-4be2a6a0"], false);
        assert_visible(&divided(), "MIG-GPU-aa1/8/0", &[], true);
        assert_visible(&divided(), "MIG-4be2a6a0,GPU-b3", &["MIG-4be2a6a0"], true);
        assert!(matches!(
            divided().visible(Some("MIG-4b"), DeviceOrder::PciBusId),
            Err(VisibleError::AbbreviatedMig { full, .. }) if full == "MIG-4be2a6a0"
        ));
    }

    #[test]
    fn what_a_divided_card_stands_for_is_not_guessed() {
        assert!(matches!(
            divided().visible(Some("GPU-aa1"), DeviceOrder::PciBusId),
            Err(VisibleError::DividedGpu { index: 0, .. })
        ));
        assert!(matches!(
            divided().visible(Some("1"), DeviceOrder::PciBusId),
            Err(VisibleError::IndexBesideMig { entry: 1, mig: 0 })
        ));
        assert_visible(&divided(), "GPU-b", &["GPU-b3"], false);
    }

    #[test]
    fn a_card_that_is_divided_into_nothing_gives_no_unit() {
        let mut inventory = three();
        inventory.devices[0].mig = Mig::On(Vec::new());
        let units = inventory.visible(None, DeviceOrder::PciBusId).unwrap();
        assert_eq!(units.len(), 2);
    }

    #[test]
    fn cudas_own_order_is_known_only_where_all_cards_are_alike() {
        let alike = three();
        let fastest = DeviceOrder::FastestFirst;
        assert_eq!(alike.visible(Some("1"), fastest).unwrap()[0].index, 1);

        let mixed = Inventory::describe("1xL4+1xH100").unwrap();
        assert_eq!(mixed.visible(Some("1"), fastest), Err(VisibleError::OrderUnknown { entry: 1 }));
        assert_eq!(mixed.visible(Some("-1"), fastest), Ok(Vec::new()));
        assert_eq!(mixed.visible(Some("7"), fastest), Ok(Vec::new()));
        assert_eq!(mixed.visible(None, fastest).unwrap().len(), 2);
        let by_bus = mixed.visible(Some("1"), DeviceOrder::PciBusId).unwrap();
        assert_eq!(by_bus[0].name, "NVIDIA H100 80GB HBM3");
    }

    #[test]
    fn an_index_counts_along_the_bus_even_where_nvml_counts_otherwise() {
        let mut inventory = three();
        for (gpu, bus) in inventory.devices.iter_mut().zip([0x50, 0x10, 0x30]) {
            gpu.pci = Some(PciAddress { domain: 0, bus, device: 0 });
        }
        let first = &inventory.visible(Some("0"), DeviceOrder::PciBusId).unwrap()[0];
        assert_eq!((first.index, first.cuda_visible_devices()), (1, "0"));
    }

    #[test]
    fn an_index_at_or_above_a_failed_device_is_not_guessed() {
        let mut inventory = three();
        inventory.devices.remove(1);
        inventory.failed.push(FailedDevice {
            index: 1,
            mig_index: None,
            uuid: None,
            failure: Failure { call: "nvmlDeviceGetHandleByIndex_v2", reason: "lost".to_owned() },
        });
        assert_visible(&inventory, "0", &["GPU-aa1"], false);
        assert_visible(&inventory, "GPU-b3", &["GPU-b3"], false);
        let refusal = inventory.visible(Some("2"), DeviceOrder::PciBusId).unwrap_err();
        assert!(refusal.to_string().contains("GPU 1: nvmlDeviceGetHandleByIndex_v2: lost"));
        assert_eq!(inventory.visible(None, DeviceOrder::PciBusId).unwrap().len(), 2);
    }

    #[test]
    fn a_faulty_device_counts_and_gives_no_unit() {
        let mut inventory = three();
        inventory.devices[1].health.faults.push(Fault::RowRemapFailed);
        for (variable, expected, unusable) in [
            (None, &["GPU-aa1", "GPU-b3"][..], 1),
            (Some("0,1"), &["GPU-aa1"], 1),
            (Some("2"), &["GPU-b3"], 0),
            (Some("GPU-aa2,GPU-b"), &["GPU-b3"], 1),
        ] {
            let visible = inventory.visibility(variable, DeviceOrder::PciBusId).unwrap();
            assert_eq!((selectors(&visible), visible.unusable.len()), (expected.to_vec(), unusable), "{variable:?}");
            assert_eq!(visible.cut, None);
        }
        assert_eq!(inventory.why_empty(), None);
        for gpu in &mut inventory.devices {
            gpu.health.faults = vec![Fault::UncorrectedEcc { errors: 2 }];
        }
        let why = inventory.why_empty().unwrap();
        assert!(why.starts_with("no GPU that works here: GPU 0: 2 memory errors"), "{why}");
        let mut divided = divided();
        divided.devices[0].health.faults.push(Fault::PagesPendingRetirement);
        assert_visible(&divided, "MIG-0c7b8d11,MIG-4be2a6a0", &[], false);
    }

    #[test]
    fn a_name_that_is_not_here_tells_what_is() {
        let cut = |inventory: Inventory, variable| {
            inventory.visibility(Some(variable), DeviceOrder::PciBusId).unwrap().cut.unwrap()
        };
        let absent = cut(divided(), "MIG-ffff");
        assert!(absent.contains("names no device") && absent.contains("here: MIG-0c7b8d11, MIG-4be2a6a0"), "{absent}");
        assert!(cut(three(), "MIG-ffff").contains("no GPU here has MIG instances"));
        assert!(cut(three(), "GPU-c").contains("here: GPU-aa1, GPU-aa2, GPU-b3"));
        let several = cut(three(), "GPU-aa");
        assert!(several.contains("begins the names of GPU 0, GPU 1") && !several.contains("no device"), "{several}");
    }

    #[test]
    fn why_nothing_is_visible_is_known() {
        let why = |inventory: &Inventory, variable| {
            inventory.visibility(Some(variable), DeviceOrder::PciBusId).unwrap().why_none()
        };
        let mut inventory = three();
        assert_eq!(why(&inventory, "1,9"), None);
        assert!(why(&inventory, "").unwrap().contains("CUDA_VISIBLE_DEVICES is empty"));
        assert!(why(&inventory, "9").unwrap().contains("\"9\""));
        inventory.devices[1].health.faults.push(Fault::RowRemapFailed);
        assert!(why(&inventory, "1").unwrap().starts_with("no visible GPU works: GPU 1: "));
    }

    #[test]
    fn a_name_that_may_be_a_failed_devices_is_not_taken_for_absent() {
        let mut inventory = three();
        let failed = |mig_index, uuid: Option<&str>| FailedDevice {
            index: 7,
            mig_index,
            uuid: uuid.map(str::to_owned),
            failure: Failure { call: "nvmlDeviceGetHandleByIndex_v2", reason: "lost".to_owned() },
        };
        // The failed device, a name, and whether it may be that device's.
        for (device, name, may_be) in [
            (failed(None, None), "GPU-c", true),
            (failed(None, Some("GPU-c4")), "GPU-c", true),
            (failed(None, Some("GPU-d4")), "GPU-c", false),
            (failed(None, None), "GPU-aa", false),
            (failed(None, Some("GPU-d4")), "MIG-1", true),
            (failed(Some(2), Some("MIG-2")), "MIG-1", false),
            (failed(Some(2), None), "MIG-1", true),
            (failed(Some(2), None), "GPU-c", false),
        ] {
            inventory.failed = vec![device.clone()];
            let found = inventory.visibility(Some(name), DeviceOrder::PciBusId);
            assert_eq!(found.is_err(), may_be, "{name} beside {device:?}: {found:?}");
            if let Err(error) = found {
                assert!(error.to_string().contains("GPU 7") && error.to_string().contains("lost"), "{error}");
            }
        }
    }

    #[test]
    fn the_order_variable_has_two_values() {
        assert_eq!(DeviceOrder::from_variable(None), Ok(DeviceOrder::FastestFirst));
        assert_eq!(DeviceOrder::from_variable(Some("PCI_BUS_ID")), Ok(DeviceOrder::PciBusId));
        assert!(DeviceOrder::from_variable(Some("pci_bus_id")).is_err());
    }

    #[test]
    fn a_child_sees_the_units_it_is_given_and_no_others() {
        let units = three().visible(Some("2,0"), DeviceOrder::PciBusId).unwrap();
        let environment = child_environment(&units);
        assert_eq!(environment[0], ("CUDA_VISIBLE_DEVICES", "2,0".to_owned()));
        assert_eq!(environment[1], ("CUDA_DEVICE_ORDER", "PCI_BUS_ID".to_owned()));
        assert_eq!(child_environment(&[])[0].1, "");
    }
}
