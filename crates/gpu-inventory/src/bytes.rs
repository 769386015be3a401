//! Amounts of memory.

use std::fmt;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// An amount of memory, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub u64);

impl Bytes {
    /// `mib` mebibytes; the greatest amount there is, if that is too many.
    #[must_use]
    pub const fn from_mib(mib: u64) -> Self {
        Self(mib.saturating_mul(MIB))
    }

    /// The amount in GiB (2^30 bytes), the unit of `profiled_vram_gib`.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "exact up to 8 PiB, far above any card")]
    pub fn gib(self) -> f64 {
        self.0 as f64 / GIB as f64
    }

    /// The amount in whole MiB (2^20 bytes), rounded down as `nvidia-smi` does.
    #[must_use]
    pub const fn mib(self) -> u64 {
        self.0 / MIB
    }
}

/// GiB with one decimal, and MiB below one GiB. What is not nothing does not read as nothing.
impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1..MIB => f.write_str("under 1 MiB"),
            0..GIB => write!(f, "{} MiB", self.mib()),
            GIB.. => write!(f, "{:.1} GiB", self.gib()),
        }
    }
}

/// The memory of a device or of a MIG instance: `total = reserved + used + free`, as `nvmlDeviceGetMemoryInfo_v2`
/// reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// All of it.
    pub total: Bytes,
    /// What the driver and the firmware keep for themselves; no process can have it.
    pub reserved: Bytes,
    /// What processes hold.
    pub used: Bytes,
    /// What can be allocated now.
    pub free: Bytes,
}

impl Memory {
    /// Memory that nothing uses.
    #[must_use]
    pub const fn unused(total: Bytes) -> Self {
        Self { total, reserved: Bytes(0), used: Bytes(0), free: total }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_prints_in_gib_and_below_one_in_mib() {
        assert_eq!(Bytes::from_mib(23034).to_string(), "22.5 GiB");
        assert_eq!(Bytes::from_mib(1024).to_string(), "1.0 GiB");
        assert_eq!(Bytes(GIB - 1).to_string(), "1023 MiB");
        assert_eq!(Bytes::default().to_string(), "0 MiB");
        assert_eq!(Bytes(1).to_string(), "under 1 MiB");
    }

    #[test]
    fn an_amount_beyond_all_is_the_greatest() {
        assert_eq!(Bytes::from_mib(u64::MAX), Bytes(u64::MAX));
    }
}
