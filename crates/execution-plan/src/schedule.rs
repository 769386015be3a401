//! A list schedule: at each moment, the first step in order of priority that has room is started.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use crate::assemble::Draft;
use crate::{Bounds, Capacity, GpuClaim, Ledger, Share, StepId, Window};

/// Gives every draft its window and its GPUs, and returns the makespan. Drafts wait only for earlier ones.
pub(crate) fn schedule(drafts: &mut [Draft], capacity: &Capacity) -> Duration {
    let mut order: Vec<usize> = (0..drafts.len()).collect();
    // Largest area first; what needs no GPU, the longest first.
    order.sort_by(|&a, &b| {
        let key = |draft: &Draft| (draft.area(capacity), draft.duration.as_secs_f64());
        key(&drafts[b]).partial_cmp(&key(&drafts[a])).unwrap_or(std::cmp::Ordering::Equal).then(a.cmp(&b))
    });
    let mut ledger = Ledger::new(capacity.clone());
    let mut ended = vec![false; drafts.len()];
    let mut running: BinaryHeap<Reverse<(Duration, usize)>> = BinaryHeap::new();
    let mut now = Duration::ZERO;
    while !order.is_empty() || !running.is_empty() {
        order.retain(|&index| {
            let draft = &drafts[index];
            if !draft.waits_for.iter().all(|&before| ended[before]) {
                return true;
            }
            let Some(gpus) = place(draft, capacity, &ledger) else { return true };
            let mut claim = draft.claim.clone();
            claim.gpus = gpus;
            if !ledger.admits(&claim) {
                return true;
            }
            ledger.take(StepId(index), claim.clone());
            let end = now + draft.duration;
            drafts[index].claim = claim;
            drafts[index].window = Window { start: now, end };
            running.push(Reverse((end, index)));
            false
        });
        let Some(Reverse((end, index))) = running.pop() else { break };
        now = end;
        ended[index] = true;
        ledger.release(StepId(index));
        while let Some(&Reverse((same, index))) = running.peek()
            && same == end
        {
            running.pop();
            ended[index] = true;
            ledger.release(StepId(index));
        }
    }
    now
}

/// The units with room now, those first that have the least left.
fn place(draft: &Draft, capacity: &Capacity, ledger: &Ledger) -> Option<Vec<GpuClaim>> {
    let mut free: Vec<usize> =
        draft.candidates.iter().copied().filter(|&unit| ledger.has_room(unit, draft.share)).collect();
    free.sort_by_key(|&unit| (capacity.units[unit].memory.saturating_sub(ledger.taken(unit)), unit));
    free.truncate(draft.gpus as usize);
    free.sort_unstable();
    (free.len() == draft.gpus as usize).then(|| {
        free.into_iter()
            .map(|unit| GpuClaim { unit, visible: capacity.units[unit].visible.clone(), share: draft.share })
            .collect()
    })
}

/// What no order of these drafts can beat.
pub(crate) fn bounds(drafts: &[Draft], capacity: &Capacity) -> Bounds {
    #[expect(clippy::cast_precision_loss, reason = "an area is a figure to compare by")]
    let memory: f64 = capacity.units.iter().map(|unit| unit.memory as f64).sum();
    let area: f64 = drafts.iter().map(|draft| draft.area(capacity)).sum();
    let slots: f64 = drafts.iter().map(|draft| draft.duration.as_secs_f64() * f64::from(draft.claim.cpu_slots)).sum();
    let mut ends = vec![Duration::ZERO; drafts.len()];
    for (index, draft) in drafts.iter().enumerate() {
        let start = draft.waits_for.iter().map(|&before| ends[before]).max().unwrap_or_default();
        ends[index] = start + draft.duration;
    }
    let seconds = |value: f64| Duration::try_from_secs_f64(value).unwrap_or_default();
    Bounds {
        gpu_area: if memory > 0.0 { seconds(area / memory) } else { Duration::ZERO },
        cpu_area: seconds(slots / f64::from(capacity.cpu_slots.max(1))),
        longest: ends.into_iter().max().unwrap_or_default(),
        ..Bounds::default()
    }
}

impl Draft {
    /// GPUs times bytes times seconds; the least it can take where it takes GPUs whole.
    fn area(&self, capacity: &Capacity) -> f64 {
        let bytes = match self.share {
            Share::Bytes(bytes) => bytes,
            Share::Whole => self.candidates.iter().map(|&unit| capacity.units[unit].memory).min().unwrap_or_default(),
        };
        #[expect(clippy::cast_precision_loss, reason = "an area is a figure to compare by")]
        let bytes = bytes as f64;
        f64::from(self.gpus) * bytes * self.duration.as_secs_f64()
    }
}
