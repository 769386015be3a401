//! What executors share: the step's context, and the messages they send.

use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use execution_plan::{PlannedCase, Step};
use test_catalog::{Language, NodeId};

use crate::{CaseResult, Event, Interrupt, NotRunCause, Outcome, RunSettings};

/// One step being run.
pub(crate) struct Job<'r> {
    pub(crate) step: &'r Step,
    pub(crate) settings: &'r RunSettings,
    pub(crate) folder: Utf8PathBuf,
    pub(crate) interrupt: &'r Interrupt,
    pub(crate) events: Sender<Event>,
    pub(crate) began: Instant,
    pub(crate) round: u32,
}

impl Job<'_> {
    pub(crate) fn tell(&self, event: Event) {
        // Nobody listens only when the run is over.
        let _ = self.events.send(event);
    }

    pub(crate) fn result(&self, case: &PlannedCase, outcome: Outcome) -> CaseResult {
        CaseResult {
            id: case.id.clone(),
            occurrence: case.occurrence,
            round: self.round,
            language: if case.rust.is_some() { Language::Rust } else { Language::Python },
            step: self.step.id,
            outcome,
            start: self.began.elapsed(),
            duration: Duration::ZERO,
            message: String::new(),
            output: String::new(),
            output_file: None,
            gpus: self.step.claim.gpus.iter().map(|gpu| gpu.visible.clone()).collect(),
        }
    }

    pub(crate) fn not_run(&self, case: &PlannedCase, cause: NotRunCause, reason: impl Into<String>) {
        self.tell(Event::CaseFinished(self.result(case, Outcome::NotRun { cause, reason: reason.into() })));
    }

    pub(crate) fn started(&self, id: NodeId, occurrence: u32) {
        self.tell(Event::CaseStarted { step: self.step.id, id, occurrence, at: self.began.elapsed() });
    }
}

/// The end of a text, at most 64 KiB of it.
pub(crate) fn tail(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(65_536)..]).into_owned()
}
