//! Functions of NVML that `nvml-wrapper` does not wrap, or not so that they can be used.
#![allow(unsafe_code)]

use std::ffi::c_uint;

use nvml_wrapper::error::{NvmlError, nvml_sym, nvml_try};
use nvml_wrapper::{Device, Nvml};
use nvml_wrapper_sys::bindings::{
    nvmlIntNvLinkDeviceType_enum_NVML_NVLINK_DEVICE_TYPE_SWITCH,
    nvmlIntNvLinkDeviceType_enum_NVML_NVLINK_DEVICE_TYPE_UNKNOWN,
};

/// The id of the GPU instance that a MIG device is part of.
pub(super) fn gpu_instance(nvml: &Nvml, device: &Device<'_>) -> Result<u32, NvmlError> {
    let function = nvml_sym(nvml.lib().nvmlDeviceGetGpuInstanceId.as_ref())?;
    let mut id: c_uint = 0;
    // SAFETY: the handle comes from this library, which is initialised while `nvml` lives, and `id` is a valid place.
    nvml_try(unsafe { function(device.handle(), &raw mut id) })?;
    Ok(id)
}

/// The id of a MIG device's compute instance, within its GPU instance.
pub(super) fn compute_instance(nvml: &Nvml, device: &Device<'_>) -> Result<u32, NvmlError> {
    let function = nvml_sym(nvml.lib().nvmlDeviceGetComputeInstanceId.as_ref())?;
    let mut id: c_uint = 0;
    // SAFETY: as above.
    nvml_try(unsafe { function(device.handle(), &raw mut id) })?;
    Ok(id)
}

/// What became of memory rows with errors.
pub(super) struct RemappedRows {
    /// Some are replaced at the next reset.
    pub(super) pending: bool,
    /// Some could not be replaced.
    pub(super) failed: bool,
}

/// Rows of memory that were or are to be replaced.
pub(super) fn remapped_rows(nvml: &Nvml, device: &Device<'_>) -> Result<RemappedRows, NvmlError> {
    let function = nvml_sym(nvml.lib().nvmlDeviceGetRemappedRows.as_ref())?;
    let [mut correctable, mut uncorrectable, mut pending, mut failed]: [c_uint; 4] = [0; 4];
    // SAFETY: the handle as above, and four valid places.
    nvml_try(unsafe {
        function(device.handle(), &raw mut correctable, &raw mut uncorrectable, &raw mut pending, &raw mut failed)
    })?;
    Ok(RemappedRows { pending: pending != 0, failed: failed != 0 })
}

/// Whether an NVLink of a device ends at a switch. The wrapper's own function answers "unknown" always.
pub(super) fn ends_at_switch(nvml: &Nvml, device: &Device<'_>, link: u32) -> Result<bool, NvmlError> {
    let function = nvml_sym(nvml.lib().nvmlDeviceGetNvLinkRemoteDeviceType.as_ref())?;
    let mut kind = nvmlIntNvLinkDeviceType_enum_NVML_NVLINK_DEVICE_TYPE_UNKNOWN;
    // SAFETY: the handle as above, and `kind` is a valid place.
    nvml_try(unsafe { function(device.handle(), link, &raw mut kind) })?;
    Ok(kind == nvmlIntNvLinkDeviceType_enum_NVML_NVLINK_DEVICE_TYPE_SWITCH)
}
