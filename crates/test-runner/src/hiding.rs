//! Takes secrets out of what a run tells and keeps.

use std::fs;

use camino::Utf8Path;
use execution_plan::{Plan, StepId};
use test_catalog::NodeId;

use crate::secrets::Secrets;
use crate::{CaseResult, Event, Outcome};

/// A file of what was printed that is larger is cut off before it is written. In bytes.
const LARGEST: u64 = 1 << 26;
/// How far files of a step are below its folder.
const DEPTH: u32 = 3;

/// The event without secrets. Of ids only those that pytest made while it collected are gone over: one that is planned is the
/// tree's own text, and a run is gone on with by it.
pub(crate) fn of_event(secrets: &Secrets, plan: &Plan, event: &Event) -> Event {
    let mut event = event.clone();
    match &mut event {
        Event::CaseFinished(result) => {
            of_id(secrets, plan, &mut result.id);
            of_result(secrets, result);
        }
        Event::CaseStarted { id, .. } => of_id(secrets, plan, id),
        Event::StepFinished(result) => {
            if let Some(error) = &mut result.error {
                secrets.hide(error);
            }
        }
        Event::Warning(text) => secrets.hide(text),
        Event::RunStarted { .. } | Event::StepStarted { .. } | Event::Interrupted { .. } => {}
    }
    event
}

fn of_id(secrets: &Secrets, plan: &Plan, id: &mut NodeId) {
    let is_planned = |id: &NodeId| plan.steps().any(|step| step.cases.iter().any(|case| case.id == *id));
    if let std::borrow::Cow::Owned(hidden) = secrets.named(id.as_str())
        && !is_planned(id)
    {
        *id = NodeId::from_text(hidden);
    }
}

fn of_result(secrets: &Secrets, result: &mut CaseResult) {
    secrets.hide(&mut result.message);
    secrets.hide(&mut result.output);
    match &mut result.outcome {
        Outcome::Skipped { reason } | Outcome::XFailed { reason } | Outcome::NotRun { reason, .. } => {
            secrets.hide(reason);
        }
        Outcome::Crashed { how } => secrets.hide(how),
        Outcome::Passed | Outcome::Failed | Outcome::XPassed | Outcome::TimedOut { .. } => {}
    }
    if let Some(file) = &result.output_file {
        of_file(secrets, file);
    }
}

/// The files with what a step's processes printed, once it is over.
pub(crate) fn of_step(secrets: &Secrets, folder: &Utf8Path, step: StepId) {
    let prefix = format!("step-{step}-");
    let Ok(entries) = folder.read_dir_utf8() else { return };
    for entry in entries.flatten().filter(|entry| entry.file_name().starts_with(&prefix)) {
        below(secrets, entry.path(), DEPTH);
    }
}

fn below(secrets: &Secrets, folder: &Utf8Path, depth: u32) {
    let Ok(entries) = folder.read_dir_utf8() else { return };
    for entry in entries.flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth > 0 => below(secrets, entry.path(), depth - 1),
            // The plugin has read its plan, which names tests that are done.
            Ok(kind) if kind.is_file() && matches!(entry.path().extension(), Some("txt" | "json")) => {
                of_file(secrets, entry.path());
            }
            _ => {}
        }
    }
}

/// A file that cannot be read has nothing to show, either; one that cannot be written again is removed.
fn of_file(secrets: &Secrets, file: &Utf8Path) {
    let is_small = fs::metadata(file).is_ok_and(|found| found.is_file() && found.len() <= LARGEST);
    let Some(bytes) = is_small.then(|| fs::read(file).ok()).flatten() else { return };
    let text = String::from_utf8_lossy(&bytes);
    if let std::borrow::Cow::Owned(hidden) = secrets.hidden(&text)
        && fs::write(file, hidden).is_err()
    {
        // Nothing more can be done than to leave nothing.
        let _ = fs::remove_file(file);
    }
}
