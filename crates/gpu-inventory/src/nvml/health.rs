//! A device's health, as far as NVML tells it at once.

use nvml_wrapper::Device as Handle;
use nvml_wrapper::Nvml;
use nvml_wrapper::enum_wrappers::device::{EccCounter, MemoryError};
use nvml_wrapper::enums::device::SampleValue;
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::structs::device::FieldId;
use nvml_wrapper::sys_exports::field_id::NVML_FI_DEV_GET_GPU_RECOVERY_ACTION;

use super::{failure, unwrapped};
use crate::health::{Fault, Health, Recovery};
use crate::inventory::Failure;

/// Asks for everything that speaks against the device.
///
/// # Errors
/// If the device stops answering: it is then one that cannot be read, and not one without faults.
pub(super) fn read(nvml: &Nvml, handle: &Handle<'_>) -> Result<Health, Failure> {
    let mut health = Health::default();
    let errors = health.known(
        "nvmlDeviceGetTotalEccErrors",
        handle.total_ecc_errors(MemoryError::Uncorrected, EccCounter::Volatile),
    )?;
    if let Some(errors @ 1..) = errors {
        health.faults.push(Fault::UncorrectedEcc { errors });
    }
    let pending = health.known("nvmlDeviceGetRetiredPagesPendingStatus", handle.are_pages_pending_retired())?;
    if pending == Some(true) {
        health.faults.push(Fault::PagesPendingRetirement);
    }
    let rows = health.known("nvmlDeviceGetRemappedRows", unwrapped::remapped_rows(nvml, handle))?;
    if let Some(rows) = rows {
        health.faults.extend(rows.failed.then_some(Fault::RowRemapFailed));
        health.faults.extend(rows.pending.then_some(Fault::RowRemapPending));
    }
    let action = match recovery_action(handle) {
        // Unlike a card without ECC, a driver that does not tell this leaves open whether a reset is needed.
        Err(NvmlError::NotSupported) => {
            health.unknown.push(Failure {
                call: RECOVERY_CALL,
                reason: "the driver does not tell whether the GPU needs a reset: newer ones do".to_owned(),
            });
            None
        }
        answer => health.known(RECOVERY_CALL, answer)?,
    };
    if let Some(recovery) = action.and_then(Recovery::from_nvml) {
        health.faults.push(Fault::Recovery(recovery));
    }
    Ok(health)
}

const RECOVERY_CALL: &str = "nvmlDeviceGetFieldValues";

fn recovery_action(handle: &Handle<'_>) -> Result<u64, NvmlError> {
    let samples = handle.field_values_for(&[FieldId(NVML_FI_DEV_GET_GPU_RECOVERY_ACTION)])?;
    let sample = samples.into_iter().next().ok_or(NvmlError::NotFound)??;
    match sample.value? {
        SampleValue::U32(action) => Ok(action.into()),
        SampleValue::U64(action) => Ok(action),
        // No form of the answer that is documented.
        SampleValue::I64(_) | SampleValue::F64(_) => Err(NvmlError::NotSupported),
    }
}

impl Health {
    /// The answer; `None` where the card has no such thing, or it cannot be known, which is then noted.
    fn known<T>(&mut self, call: &'static str, answer: Result<T, NvmlError>) -> Result<Option<T>, Failure> {
        match answer {
            Ok(value) => Ok(Some(value)),
            Err(NvmlError::NotSupported) => Ok(None),
            // The driver does not have the question or does not answer it to us: that says nothing of the device.
            Err(
                error @ (NvmlError::FailedToLoadSymbol(_)
                | NvmlError::NoPermission
                | NvmlError::InvalidArg
                | NvmlError::NotFound
                | NvmlError::UnexpectedVariant(_)),
            ) => {
                self.unknown.push(failure(call, &error));
                Ok(None)
            }
            Err(error) => Err(failure(call, &error)),
        }
    }
}
