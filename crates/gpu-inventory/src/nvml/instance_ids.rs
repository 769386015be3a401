//! The ids of MIG instances, which `nvml-wrapper` does not wrap.
#![allow(unsafe_code)]

use std::ffi::c_uint;

use nvml_wrapper::error::{NvmlError, nvml_sym, nvml_try};
use nvml_wrapper::{Device, Nvml};

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
