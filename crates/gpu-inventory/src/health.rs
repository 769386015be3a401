//! Whether a device can be relied on.
//!
//! NVML is asked for what it can tell at once: memory errors of this boot, memory that is about to be taken out of
//! use, and whether the driver wants the card reset. It tells Xid errors only to who waits for them, so which there
//! were before now cannot be known from it; the serious ones show as a
//! reset that is needed, where the driver is new enough to tell that.

use std::fmt;

use crate::inventory::Failure;

/// What is known of a device's health.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// Each makes the device unusable: nothing is placed on it.
    pub faults: Vec<Fault>,
    /// What NVML could not tell. A card without a kind of error (no ECC memory) is not among these.
    pub unknown: Vec<Failure>,
}

impl Health {
    /// Why nothing may be placed on the device; `None` where nothing is known against it.
    #[must_use]
    pub fn unusable_because(&self) -> Option<String> {
        let faults: Vec<_> = self.faults.iter().map(Fault::to_string).collect();
        (!faults.is_empty()).then(|| faults.join("; "))
    }
}

/// Something wrong with a device. Its text says what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Memory errors that ECC could not correct, since the driver was loaded.
    UncorrectedEcc {
        /// How many.
        errors: u64,
    },
    /// Memory pages with errors are taken out of use at the next reset, and are still in use.
    PagesPendingRetirement,
    /// Memory rows with errors are replaced at the next reset, and are still in use.
    RowRemapPending,
    /// Memory rows with errors could not be replaced.
    RowRemapFailed,
    /// The driver asks for a recovery.
    Recovery(Recovery),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UncorrectedEcc { errors: 1 } => {
                f.write_str("1 memory error that ECC could not correct: reset the GPU")
            }
            Self::UncorrectedEcc { errors } => {
                write!(f, "{errors} memory errors that ECC could not correct: reset the GPU")
            }
            Self::PagesPendingRetirement => {
                f.write_str("memory pages with errors are waiting to be retired: reset the GPU")
            }
            Self::RowRemapPending => f.write_str("memory rows with errors are waiting to be remapped: reset the GPU"),
            Self::RowRemapFailed => f.write_str("memory rows with errors could not be remapped: replace the GPU"),
            Self::Recovery(recovery) => recovery.fmt(f),
        }
    }
}

/// What the driver asks for (`nvmlDeviceGpuRecoveryAction_t`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// A reset of the card.
    Reset,
    /// A reboot of the machine.
    Reboot,
    /// That traffic with other cards ends, then a reset.
    DrainPeers,
    /// That all work ends, then a reset.
    DrainAndReset,
    /// Something that is not known here.
    Other(u64),
}

impl Recovery {
    /// By NVML's number; `None` is no recovery at all.
    pub(crate) const fn from_nvml(action: u64) -> Option<Self> {
        match action {
            0 => None,
            1 => Some(Self::Reset),
            2 => Some(Self::Reboot),
            3 => Some(Self::DrainPeers),
            4 => Some(Self::DrainAndReset),
            other => Some(Self::Other(other)),
        }
    }
}

impl fmt::Display for Recovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reset => f.write_str("the driver asks for a reset of the GPU"),
            Self::Reboot => f.write_str("the driver asks for a reboot of the machine"),
            Self::DrainPeers => f.write_str("the driver asks to end traffic with other GPUs, then for a reset"),
            Self::DrainAndReset => f.write_str("the driver asks to end all work on the GPU, then for a reset"),
            Self::Other(action) => write!(f, "the driver asks for recovery action {action}, which is not known here"),
        }
    }
}
