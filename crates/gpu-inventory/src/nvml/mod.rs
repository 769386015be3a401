//! The inventory that NVML gives.

mod device;
mod health;
mod topology;
mod unwrapped;

use std::mem;
use std::path::Path;

use nvml_wrapper::Nvml;
use nvml_wrapper::error::NvmlError;

use crate::inventory::{Absence, Driver, DriverVersions, Failure, Inventory};
use crate::owner::Owners;

/// The library that is opened where no other is named.
pub const DEFAULT_LIBRARY: &str = "libnvidia-ml.so.1";

/// NVML is there and does not work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InventoryError {
    /// A call that concerns the whole machine failed.
    #[error("NVML does not work here ({library}): {failure}")]
    Call {
        /// The library's name or path.
        library: String,
        /// The call and its answer.
        failure: Failure,
    },
    /// The library lacks a function without which it cannot be used at all.
    #[error("NVML does not work here ({library}): it has no {symbol}")]
    MissingSymbol {
        /// The library's name or path.
        library: String,
        /// The function.
        symbol: &'static str,
    },
}

impl Inventory {
    /// The GPUs of this machine, through NVML.
    ///
    /// `library` is opened in place of [`DEFAULT_LIBRARY`]; as the dynamic linker takes it, a name without a slash is
    /// searched for.
    ///
    /// No library, a library that is not NVML, and a driver that is not loaded are answers: the inventory has no
    /// devices, and [`Driver::Absent`] says why. A device that cannot be read is among [`Inventory::failed`] and
    /// costs only itself.
    ///
    /// # Errors
    /// If NVML is there and cannot be used at all: versions of library and driver that do not match, no permission,
    /// or any other failure to start it or to count devices.
    pub fn probe(library: Option<&Path>) -> Result<Self, InventoryError> {
        let library = library.unwrap_or(Path::new(DEFAULT_LIBRARY));
        let shown = library.display().to_string();
        let nvml = match Nvml::builder().lib_path(library.as_os_str()).init() {
            Ok(nvml) => nvml,
            Err(error) => return absent(shown, error),
        };
        if nvml.lib().nvmlShutdown.is_err() {
            // Dropping it would call the function that is not there, which panics.
            mem::forget(nvml);
            return Err(InventoryError::MissingSymbol { library: shown, symbol: "nvmlShutdown" });
        }
        let count = nvml.device_count().map_err(|error| InventoryError::Call {
            library: shown,
            failure: failure("nvmlDeviceGetCount_v2", &error),
        })?;
        let mut inventory = Self::without_devices(Driver::Loaded(versions(&nvml)));
        let owners = Owners::here();
        for index in 0..count {
            match device::read(&nvml, index, &owners, &mut inventory.failed) {
                Ok(device) => inventory.devices.push(device),
                Err(failed) => inventory.failed.push(failed),
            }
        }
        inventory.topology = topology::read(&nvml, &inventory.devices);
        Ok(inventory)
    }
}

/// What it means that NVML does not start: that there is no GPU here, or that it is broken.
fn absent(library: String, error: NvmlError) -> Result<Inventory, InventoryError> {
    let absence = match error {
        NvmlError::LibloadingError(detail) => Absence::CannotOpen { library, detail: detail.to_string() },
        NvmlError::FailedToLoadSymbol(_) => Absence::NotNvml { library },
        NvmlError::DriverNotLoaded => Absence::DriverNotLoaded { library },
        broken => {
            return Err(InventoryError::Call { library, failure: failure("nvmlInit_v2", &broken) });
        }
    };
    Ok(Inventory::without_devices(Driver::Absent(absence)))
}

fn versions(nvml: &Nvml) -> DriverVersions {
    DriverVersions {
        driver: nvml.sys_driver_version().ok(),
        nvml: nvml.sys_nvml_version().ok(),
        cuda: nvml.sys_cuda_driver_version().ok().map(|version| {
            let major = nvml_wrapper::cuda_driver_version_major(version);
            let minor = nvml_wrapper::cuda_driver_version_minor(version);
            format!("{major}.{minor}")
        }),
    }
}

/// An NVML error in words that say what to do, where that is known.
fn failure(call: &'static str, error: &NvmlError) -> Failure {
    let reason = match error {
        NvmlError::LibRmVersionMismatch => {
            "the library and the loaded driver have different versions: reboot after a driver update, or give the \
             container the host's driver"
                .to_owned()
        }
        NvmlError::NoPermission => {
            "no permission: this user or container may not use the device (/dev/nvidia*)".to_owned()
        }
        NvmlError::FailedToLoadSymbol(_) => "the library does not have this function: the driver is too old".to_owned(),
        NvmlError::UnexpectedVariant(code) => {
            format!("NVML returned {code}, a code that is not known here")
        }
        other => other.to_string(),
    };
    Failure { call, reason }
}
