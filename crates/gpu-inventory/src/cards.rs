//! Known cards: what NVML reports of each, for machines that are described.

use crate::bytes::Bytes;
use crate::inventory::ComputeCapability;

/// A card that a description can name without its memory.
pub(crate) struct Card {
    /// As descriptions name it.
    pub(crate) short: &'static str,
    /// As NVML names it.
    pub(crate) name: &'static str,
    memory_mib: u64,
    capability: (i32, i32),
}

impl Card {
    /// What NVML reports as the total, not what the box says.
    pub(crate) fn memory(&self) -> Bytes {
        Bytes::from_mib(self.memory_mib)
    }

    pub(crate) fn compute_capability(&self) -> ComputeCapability {
        let (major, minor) = self.capability;
        ComputeCapability { major, minor }
    }
}

const fn card(short: &'static str, name: &'static str, memory_mib: u64, capability: (i32, i32)) -> Card {
    Card { short, name, memory_mib, capability }
}

/// The totals are those of `nvidia-smi` under its drivers since R515, with ECC as the cards are delivered (off on the
/// RTX 4090); the compute capabilities are those of NVIDIA's list of CUDA GPUs.
pub(crate) const CARDS: &[Card] = &[
    card("A10", "NVIDIA A10", 23028, (8, 6)),
    card("A10G", "NVIDIA A10G", 23028, (8, 6)),
    card("A100-40GB", "NVIDIA A100-SXM4-40GB", 40960, (8, 0)),
    card("A100-80GB", "NVIDIA A100-SXM4-80GB", 81920, (8, 0)),
    card("A40", "NVIDIA A40", 46068, (8, 6)),
    card("B200", "NVIDIA B200", 183_359, (10, 0)),
    card("H100", "NVIDIA H100 80GB HBM3", 81559, (9, 0)),
    card("H200", "NVIDIA H200", 143_771, (9, 0)),
    card("L4", "NVIDIA L4", 23034, (8, 9)),
    card("L40S", "NVIDIA L40S", 46068, (8, 9)),
    card("RTX4090", "NVIDIA GeForce RTX 4090", 24564, (8, 9)),
    card("T4", "Tesla T4", 15360, (7, 5)),
];

/// The card of this name, in any case.
pub(crate) fn find(short: &str) -> Option<&'static Card> {
    CARDS.iter().find(|card| card.short.eq_ignore_ascii_case(short))
}
