//! What executors share: the step's context, and the messages they send.

use std::sync::mpsc::Sender;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use execution_plan::{Place, PlannedCase, Step, StepKind};
use test_catalog::{Language, NodeId};

use crate::before::Before;
use crate::clock::Instant;
use crate::gpu_memory::Hold;
use crate::ports::Ports;
use crate::process::Launcher;
use crate::record::temporary;
use crate::retry::Tries;
use crate::stop::StopSignal;
use crate::tool::Supervision;
use crate::{CaseResult, Event, NotRunCause, Outcome, RunSettings};

/// One round of a step being run. The plan outlives the step's own launcher and hold.
pub(crate) struct Job<'p, 'r> {
    pub(crate) step: &'p Step,
    /// Where it runs, which may be elsewhere than planned.
    pub(crate) place: Place,
    pub(crate) settings: &'r RunSettings,
    /// The run's id.
    pub(crate) run: String,
    /// The run's folder.
    pub(crate) folder: Utf8PathBuf,
    pub(crate) stop: &'r StopSignal,
    pub(crate) launcher: &'r Launcher,
    /// What the step's GPUs held, while it runs.
    pub(crate) hold: Option<&'r Hold<'r>>,
    pub(crate) events: Sender<Event>,
    pub(crate) began: Instant,
    pub(crate) round: u32,
    /// Ports that are the step's alone.
    pub(crate) ports: Option<&'r Ports>,
    /// What of its failures is tried again.
    pub(crate) tries: Option<&'r Tries<'r>>,
    /// What has its result from the run that is gone on with.
    pub(crate) before: &'r Before,
}

impl<'p, 'r> Job<'p, 'r> {
    /// The same, for what differs in a field.
    pub(crate) fn again(&self) -> Job<'p, 'r> {
        Job {
            place: self.place.clone(),
            folder: self.folder.clone(),
            run: self.run.clone(),
            events: self.events.clone(),
            ..*self
        }
    }
}

impl Job<'_, '_> {
    /// Whether the run that is gone on with has a result of this round of a test.
    pub(crate) fn has_result(&self, case: &PlannedCase) -> bool {
        self.before.has_round(case, self.round)
    }

    pub(crate) fn tell(&self, event: Event) {
        // Nobody listens only when the run is over.
        let _ = self.events.send(event);
    }

    /// What the step's processes find in their environment, beyond what the run's and the step's own settings say.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (String, String)> {
        self.ports.map(Ports::variable).into_iter()
    }

    pub(crate) fn result(&self, case: &PlannedCase, outcome: Outcome) -> CaseResult {
        CaseResult {
            id: case.id.clone(),
            occurrence: case.occurrence,
            round: self.round + self.before.tries(case),
            retried: false,
            language: if case.rust.is_some() { Language::Rust } else { Language::Python },
            step: self.step.id,
            outcome,
            start: self.began.elapsed(),
            duration: Duration::ZERO,
            message: String::new(),
            output: String::new(),
            output_file: None,
            vram_peak: None,
            usage: None,
            gpus: self.place.gpus.iter().map(|gpu| gpu.visible.clone()).collect(),
        }
    }

    pub(crate) fn finished(&self, mut result: CaseResult) {
        // Of several tests in a process nobody knows whose it is.
        if result.outcome.has_run() && self.step.kind == StepKind::PythonGpu && self.step.cases.len() == 1 {
            result.vram_peak = self.hold.and_then(Hold::peak);
        }
        result.retried = self.tries.is_some_and(|tries| tries.takes(&result, self.stop));
        self.tell(Event::CaseFinished(result));
    }

    pub(crate) fn not_run(&self, case: &PlannedCase, cause: NotRunCause, reason: impl Into<String>) {
        self.finished(self.result(case, Outcome::NotRun { cause, reason: reason.into() }));
    }

    pub(crate) fn started(&self, id: NodeId, occurrence: u32) {
        self.tell(Event::CaseStarted { step: self.step.id, id, occurrence, at: self.began.elapsed() });
    }

    /// The variables of the step's processes beyond those of all tests: its own, and which GPUs they see.
    pub(crate) fn step_env(&self) -> impl Iterator<Item = &(String, String)> {
        self.step.env.iter().chain(&self.place.env)
    }

    pub(crate) fn supervision(&self, limit: Option<Duration>) -> Supervision<'_> {
        Supervision { launcher: self.launcher, stop: self.stop, grace: self.settings.grace, limit }
    }

    /// The folder of an attempt at this step.
    pub(crate) fn attempt_folder(&self, attempt: usize) -> Utf8PathBuf {
        self.folder.join(self.attempt_name(attempt))
    }

    fn attempt_name(&self, attempt: usize) -> String {
        format!("step-{}-{}-{attempt}", self.step.id, self.round)
    }

    /// The folder of an attempt at this step, with what is needed in it: where the disk of the run's folder is full or cannot be
    /// written any more, in a folder for temporary files, so that the tests run all the same.
    pub(crate) fn prepared<T>(
        &self,
        attempt: usize,
        prepare: impl Fn(&Utf8Path) -> std::io::Result<T>,
    ) -> Result<(Utf8PathBuf, T), (Utf8PathBuf, std::io::Error)> {
        let folder = self.attempt_folder(attempt);
        match prepare(&folder) {
            Ok(prepared) => Ok((folder, prepared)),
            Err(error) => {
                let elsewhere = temporary(&self.run).join(self.attempt_name(attempt));
                if elsewhere == folder {
                    return Err((folder, error));
                }
                prepare(&elsewhere).map(|prepared| (elsewhere, prepared)).map_err(|_| (folder, error))
            }
        }
    }
}

/// A step as warnings name it: by its first test.
pub(crate) fn named(job: &Job<'_, '_>) -> String {
    match job.step.cases.as_slice() {
        [] => "a step without tests".to_owned(),
        [case] => case.id.to_string(),
        [case, ..] => format!("{} and the {} with it", case.id, job.step.cases.len() - 1),
    }
}

/// Seconds, as reasons name them.
pub(crate) fn seconds(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds.fract() == 0.0 { format!("{seconds:.0} s") } else { format!("{seconds:.1} s") }
}
