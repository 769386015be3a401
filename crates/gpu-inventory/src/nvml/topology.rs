//! What lies between the devices, as NVML tells it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use nvml_wrapper::enum_wrappers::device::TopologyLevel;
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::{Device as Handle, Nvml};

use super::{failure, unwrapped};
use crate::inventory::{Device, Failure, PciAddress};
use crate::topology::{Link, Pcie, Topology};

/// NVML's greatest number of links a device (`NVML_NVLINK_MAX_LINKS`).
const MOST_LINKS: u32 = nvml_wrapper_sys::bindings::NVML_NVLINK_MAX_LINKS;

/// The links between `devices`. What cannot be read is unknown, with the reason; it costs no device.
pub(super) fn read(nvml: &Nvml, devices: &[Device]) -> Topology {
    let ends: Vec<_> = devices.iter().map(|device| Ends::of(nvml, device)).collect();
    Topology::of(devices.len(), |a, b| {
        link(nvml, (&devices[a], &ends[a]), (&devices[b], &ends[b]))
            .unwrap_or_else(|failure| Link::Unknown { reason: failure.to_string() })
    })
}

type WithEnds<'a> = (&'a Device, &'a Result<Ends, Failure>);

fn link(nvml: &Nvml, (a, a_ends): WithEnds<'_>, (b, b_ends): WithEnds<'_>) -> Result<Link, Failure> {
    let (a_ends, b_ends) = (a_ends.as_ref().map_err(Clone::clone)?, b_ends.as_ref().map_err(Clone::clone)?);
    let direct = match (a.pci, b.pci) {
        // Both ends should say the same: what only one says is not relied on.
        (Some(a), Some(b)) => a_ends.direct(b).min(b_ends.direct(a)),
        _ => 0,
    };
    let switched: u32 =
        a_ends.switches.iter().map(|(switch, links)| links.min(b_ends.switches.get(switch).unwrap_or(&0))).sum();
    if let links @ 1.. = direct + switched {
        return Ok(Link::NvLink { links: Reverse(links) });
    }
    let (a, b) = (handle(nvml, a)?, handle(nvml, b)?);
    let level =
        a.topology_common_ancestor(b).map_err(|error| failure("nvmlDeviceGetTopologyCommonAncestor", &error))?;
    Ok(Link::Pcie(match level {
        TopologyLevel::Internal => Pcie::Board,
        TopologyLevel::Single => Pcie::Switch,
        TopologyLevel::Multiple => Pcie::Switches,
        TopologyLevel::HostBridge => Pcie::HostBridge,
        TopologyLevel::Node => Pcie::NumaNode,
        TopologyLevel::System => Pcie::Machine,
    }))
}

fn handle<'n>(nvml: &'n Nvml, device: &Device) -> Result<Handle<'n>, Failure> {
    nvml.device_by_index(device.index).map_err(|error| failure("nvmlDeviceGetHandleByIndex_v2", &error))
}

/// Where the active NVLinks of a device end, and how many at each place.
struct Ends {
    /// At another device.
    devices: BTreeMap<PciAddress, u32>,
    /// At a switch, through which they reach every device with a link to the same switch.
    switches: BTreeMap<PciAddress, u32>,
}

impl Ends {
    fn of(nvml: &Nvml, device: &Device) -> Result<Self, Failure> {
        let handle = handle(nvml, device)?;
        let mut ends = Self { devices: BTreeMap::new(), switches: BTreeMap::new() };
        for number in 0..MOST_LINKS {
            let link = handle.link_wrapper_for(number);
            match link.is_active() {
                Ok(true) => {}
                // Off, or a card with fewer links or none.
                Ok(false) | Err(NvmlError::NotSupported | NvmlError::InvalidArg) => continue,
                Err(error) => return Err(failure("nvmlDeviceGetNvLinkState", &error)),
            }
            let remote = link.remote_pci_info();
            let remote = remote.map_err(|error| failure("nvmlDeviceGetNvLinkRemotePciInfo_v2", &error))?;
            let at_switch = unwrapped::ends_at_switch(nvml, &handle, number);
            let at_switch = at_switch.map_err(|error| failure("nvmlDeviceGetNvLinkRemoteDeviceType", &error))?;
            let ends = if at_switch { &mut ends.switches } else { &mut ends.devices };
            *ends.entry(PciAddress { domain: remote.domain, bus: remote.bus, device: remote.device }).or_default() += 1;
        }
        Ok(ends)
    }

    fn direct(&self, other: PciAddress) -> u32 {
        self.devices.get(&other).copied().unwrap_or_default()
    }
}
