//! What is given out at one moment. The schedule asks it, and the runner does.

use crate::{Capacity, Claim, Share, StepId};

/// What is given out at one moment.
#[derive(Debug, Clone)]
pub struct Ledger {
    capacity: Capacity,
    held: Vec<(StepId, Claim)>,
}

impl Ledger {
    /// Nothing is given out.
    #[must_use]
    pub fn new(capacity: Capacity) -> Self {
        Self { capacity, held: Vec::new() }
    }

    /// Whether a claim can be met now. A test alone on a GPU may have all of its memory; several together leave the
    /// headroom free. A step that asks for more slots than there are runs when all are free.
    #[must_use]
    pub fn admits(&self, claim: &Claim) -> bool {
        let slots: u32 = self.held.iter().map(|(_, held)| held.cpu_slots).sum();
        let fits_slots = claim.cpu_slots == 0 || slots == 0 || slots + claim.cpu_slots <= self.capacity.cpu_slots;
        let is_held = |thing: &String| self.held.iter().any(|(_, held)| held.exclusive.contains(thing));
        fits_slots
            && !claim.exclusive.iter().any(is_held)
            && claim.gpus.iter().all(|gpu| self.has_room(gpu.unit, gpu.share))
    }

    /// Whether one more share fits on a unit now.
    #[must_use]
    pub fn has_room(&self, unit: usize, share: Share) -> bool {
        let Some(capacity) = self.capacity.units.get(unit) else { return false };
        let mut taken = 0_u64;
        let mut alone = true;
        for held in self.held.iter().flat_map(|(_, claim)| &claim.gpus).filter(|held| held.unit == unit) {
            alone = false;
            match held.share {
                Share::Whole => return false,
                Share::Bytes(bytes) => taken = taken.saturating_add(bytes),
            }
        }
        match share {
            Share::Whole => alone,
            Share::Bytes(bytes) if alone => bytes <= capacity.memory,
            Share::Bytes(bytes) => taken.saturating_add(bytes) <= shared(capacity.memory, self.capacity.headroom),
        }
    }

    /// Gives a step what it claims.
    pub fn take(&mut self, step: StepId, claim: Claim) {
        self.held.push((step, claim));
    }

    /// Takes back what a step holds.
    pub fn release(&mut self, step: StepId) {
        self.held.retain(|(holder, _)| *holder != step);
    }

    /// Bytes given out on a unit; all of it where a step has it whole.
    #[must_use]
    pub fn taken(&self, unit: usize) -> u64 {
        let whole = self.capacity.units.get(unit).map_or(0, |unit| unit.memory);
        self.held.iter().flat_map(|(_, claim)| &claim.gpus).filter(|held| held.unit == unit).fold(0, |sum, held| {
            sum.saturating_add(match held.share {
                Share::Bytes(bytes) => bytes,
                Share::Whole => whole,
            })
        })
    }
}

/// The part of a GPU's memory that tests may share.
pub(crate) fn shared(memory: u64, headroom: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "bytes")]
    let part = (memory as f64 * (1.0 - headroom.clamp(0.0, 1.0))) as u64;
    part
}
