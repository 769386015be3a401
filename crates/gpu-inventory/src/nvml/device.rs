//! One device: every figure that NVML has of it.

use nvml_wrapper::enums::device::UsedGpuMemory;
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::struct_wrappers::device::{MemoryInfo, ProcessInfo};
use nvml_wrapper::{Device as Handle, Nvml};

use super::{failure, health, unwrapped};
use crate::bytes::{Bytes, Memory};
use crate::inventory::{ComputeCapability, Device, FailedDevice, Failure, Mig, MigInstance, PciAddress, Process};
use crate::owner::Owners;

/// The device at `index`. MIG instances of it that cannot be read go to `failed`.
pub(super) fn read(
    nvml: &Nvml,
    index: u32,
    owners: &Owners,
    failed: &mut Vec<FailedDevice>,
) -> Result<Device, FailedDevice> {
    let mut uuid = None;
    read_parts(nvml, index, owners, &mut uuid, failed).map_err(|failure| FailedDevice {
        index,
        mig_index: None,
        uuid,
        failure,
    })
}

/// `known_uuid` is set as soon as it is known, so that a device that fails later still has its name.
fn read_parts(
    nvml: &Nvml,
    index: u32,
    owners: &Owners,
    known_uuid: &mut Option<String>,
    failed: &mut Vec<FailedDevice>,
) -> Result<Device, Failure> {
    let handle = nvml.device_by_index(index).map_err(|error| failure("nvmlDeviceGetHandleByIndex_v2", &error))?;
    let uuid = handle.uuid().map_err(of("nvmlDeviceGetUUID"))?;
    *known_uuid = Some(uuid.clone());
    let name = handle.name().map_err(of("nvmlDeviceGetName"))?;
    let pci = handle.pci_info().map_err(of("nvmlDeviceGetPciInfo_v3"))?;
    let capability = handle.cuda_compute_capability().map_err(of("nvmlDeviceGetCudaComputeCapability"))?;
    let memory = memory(&handle);
    if let Err(NoMemory::Failed(failure)) = memory {
        return Err(failure);
    }
    let mig = mig(nvml, &handle, index, failed)?;
    let memory = match memory {
        Ok(memory) => Some(memory),
        Err(_) if matches!(mig, Mig::On(_)) => None,
        Err(NoMemory::NotPermitted(failure) | NoMemory::Failed(failure)) => return Err(failure),
    };
    Ok(Device {
        index,
        uuid,
        name,
        pci: Some(PciAddress { domain: pci.domain, bus: pci.bus, device: pci.device }),
        compute_capability: Some(ComputeCapability { major: capability.major, minor: capability.minor }),
        memory,
        mig,
        health: health::read(nvml, &handle)?,
        processes: handle
            .running_compute_processes()
            .map(|processes| processes.iter().map(|info| process(info, owners)).collect())
            .map_err(of("nvmlDeviceGetComputeRunningProcesses_v3")),
    })
}

fn of(call: &'static str) -> impl Fn(NvmlError) -> Failure {
    move |error| failure(call, &error)
}

/// Why a device's memory is not known.
enum NoMemory {
    NotPermitted(Failure),
    Failed(Failure),
}

fn memory(handle: &Handle<'_>) -> Result<Memory, NoMemory> {
    const CALL: &str = "nvmlDeviceGetMemoryInfo_v2";
    match handle.memory_info() {
        // No card is without memory: this is a driver that cannot say.
        Ok(MemoryInfo { total: 0, .. }) => {
            Err(NoMemory::Failed(Failure { call: CALL, reason: "reports a total of 0 bytes".to_owned() }))
        }
        Ok(info) => Ok(Memory {
            total: Bytes(info.total),
            reserved: Bytes(info.reserved),
            used: Bytes(info.used),
            free: Bytes(info.free),
        }),
        Err(NvmlError::NoPermission) => Err(NoMemory::NotPermitted(failure(CALL, &NvmlError::NoPermission))),
        Err(error) => Err(NoMemory::Failed(failure(CALL, &error))),
    }
}

fn mig(nvml: &Nvml, handle: &Handle<'_>, index: u32, failed: &mut Vec<FailedDevice>) -> Result<Mig, Failure> {
    match handle.mig_mode() {
        Err(NvmlError::NotSupported) => return Ok(Mig::Unsupported),
        Err(error) => return Err(failure("nvmlDeviceGetMigMode", &error)),
        Ok(mode) if mode.current == 0 => return Ok(Mig::Off),
        Ok(_) => {}
    }
    let places = handle.mig_device_count().map_err(of("nvmlDeviceGetMaxMigDeviceCount"))?;
    let mut instances = Vec::new();
    for place in 0..places {
        let instance = match handle.mig_device_by_index(place) {
            Ok(instance) => instance,
            // The count is of possible instances: this place is empty.
            Err(NvmlError::NotFound) => continue,
            Err(error) => {
                failed.push(FailedDevice {
                    index,
                    mig_index: Some(place),
                    uuid: None,
                    failure: failure("nvmlDeviceGetMigDeviceHandleByIndex", &error),
                });
                continue;
            }
        };
        match mig_instance(nvml, &instance, place) {
            Ok(instance) => instances.push(instance),
            Err(failure) => {
                failed.push(FailedDevice { index, mig_index: Some(place), uuid: instance.uuid().ok(), failure })
            }
        }
    }
    Ok(Mig::On(instances))
}

fn mig_instance(nvml: &Nvml, handle: &Handle<'_>, index: u32) -> Result<MigInstance, Failure> {
    Ok(MigInstance {
        index,
        uuid: handle.uuid().map_err(of("nvmlDeviceGetUUID"))?,
        name: handle.name().map_err(of("nvmlDeviceGetName"))?,
        gpu_instance: unwrapped::gpu_instance(nvml, handle).map_err(of("nvmlDeviceGetGpuInstanceId"))?,
        compute_instance: unwrapped::compute_instance(nvml, handle).map_err(of("nvmlDeviceGetComputeInstanceId"))?,
        memory: memory(handle).map_err(|(NoMemory::NotPermitted(why) | NoMemory::Failed(why))| why)?,
    })
}

fn process(info: &ProcessInfo, owners: &Owners) -> Process {
    Process {
        pid: info.pid,
        owner: owners.of(info.pid),
        used: match info.used_gpu_memory {
            UsedGpuMemory::Used(bytes) => Some(Bytes(bytes)),
            UsedGpuMemory::Unavailable => None,
        },
        gpu_instance: info.gpu_instance_id,
        compute_instance: info.compute_instance_id,
    }
}
