//! Claims of GPU memory by which a test runs otherwise than its other markers say.

use marker_policy::{Chosen, Policy};

use crate::Note;
use crate::demand::first_of;

/// A note for each test that asks for GPUs and claims none of their memory, or an amount that its marker does not say. All
/// tests of one kind have the same words.
pub(crate) fn notes(policy: &Policy, chosen: &[Chosen<'_, '_>]) -> Vec<Note> {
    let marker = policy.vram_marker();
    let mut notes = Vec::new();
    for resolved in chosen.iter().map(|chosen| chosen.case) {
        let Some(claim) = resolved.marker(marker) else { continue };
        let mut hardware = resolved.effective.iter().filter_map(|marker| policy.hardware(&marker.name));
        if !hardware.any(|hardware| hardware.gpus > 0 || hardware.model.is_some() || hardware.capability.is_some()) {
            continue;
        }
        let text = match first_of(claim).map(|amount| amount.as_f64()) {
            Some(Some(0.0)) => format!("{marker}(0): takes no GPU memory, and runs on the CPU without a GPU"),
            None => format!("{marker}() says no amount: planned alone on its GPU"),
            Some(_) => continue,
        };
        notes.push(Note { id: resolved.case.id.clone(), at: resolved.case.span.clone(), text });
    }
    notes
}
