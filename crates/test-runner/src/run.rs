//! Carries out what the dispatcher decides: starts executors, has results kept, and tells events in one order.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use execution_plan::{Plan, StepKind};

use crate::dispatcher::{Action, Dispatcher, Input, Refusal};
use crate::executor::Job;
use crate::pool::Pool;
use crate::record::Record;
use crate::stop::{Stop, StopSignal};
use crate::{
    Event, Interrupt, NotRunCause, Outcome, RunError, RunOutcome, RunSettings, StepResult, cargo, pytest, python,
    rust_binary,
};

/// What steps share.
#[derive(Default)]
struct Shared<'p> {
    made: Mutex<Made>,
    /// CPU tests of pytest that no process has begun.
    pool: Pool<'p>,
}

/// What earlier steps made for later ones.
#[derive(Default)]
struct Made {
    python: Option<Utf8PathBuf>,
    binaries: cargo::Binaries,
}

/// Runs a plan. Every result is on disk before `events` hears of it. Where results cannot be kept, a warning says so, the run
/// goes on, and [`RunOutcome::not_kept`] has the reason.
///
/// # Errors
/// If neither the state folder nor one for temporary files can be written; everything later is part of the outcome.
pub fn run(
    plan: &Plan,
    settings: &RunSettings,
    interrupt: &Interrupt,
    events: impl FnMut(&Event),
) -> Result<RunOutcome, RunError> {
    let began = Instant::now();
    let mut record = Record::open(plan, settings, events)?;
    let folder = record.outcome.folder.clone();
    record.tell(&Event::RunStarted {
        run: record.outcome.run.clone(),
        folder: folder.clone(),
        cases: plan.case_count(),
    });
    record.tell_warnings();

    let stop = StopSignal::default();
    let shared = Shared::default();
    let (sender, messages) = channel();
    let job = |step, events: Sender<Event>| Job {
        step,
        settings,
        folder: folder.clone(),
        stop: &stop,
        events,
        began,
        round: 0,
    };
    let mut dispatcher = Dispatcher::new(plan, settings.fail_fast || settings.until_fail);
    let mut interrupts_seen = 0;
    std::thread::scope(|scope| {
        let mut actions = dispatcher.begin();
        loop {
            for action in actions.drain(..) {
                match action {
                    Action::Start(id) => {
                        let Some(step) = plan.step(id) else { continue };
                        let (job, shared) = (job(step, sender.clone()), &shared);
                        scope.spawn(move || run_step(job, shared));
                    }
                    Action::Refuse(id, refusal) => {
                        let Some(step) = plan.step(id) else { continue };
                        refuse(job(step, sender.clone()), &refusal);
                    }
                    Action::Stop(level) => {
                        stop.raise_to(level);
                        if level > Stop::FailFast {
                            record.outcome.interrupted = true;
                            record.tell(&Event::Interrupted { at_once: level == Stop::AtOnce });
                        }
                    }
                }
            }
            let event = if dispatcher.is_done() {
                // Only what refusals told is left.
                let Ok(event) = messages.try_recv() else { break };
                Some(event)
            } else {
                messages.recv_timeout(Duration::from_millis(50)).ok()
            };
            if let Some(event) = event {
                record.keep(&event);
                actions.extend(input(&event).into_iter().flat_map(|input| dispatcher.on(input)));
            }
            while interrupts_seen < interrupt.count() {
                interrupts_seen += 1;
                actions.extend(dispatcher.on(Input::Interrupt));
            }
        }
    });
    Ok(record.finish(began.elapsed()))
}

/// What an event means to the dispatcher.
fn input(event: &Event) -> Option<Input> {
    match event {
        Event::CaseFinished(result) if result.outcome.is_failure() => Some(Input::CaseFailed),
        Event::StepFinished(result) => Some(Input::StepEnded { step: result.step, error: result.error.clone() }),
        _ => None,
    }
}

fn rounds(job: &Job<'_>) -> u32 {
    if job.step.cases.is_empty() { 1 } else { job.settings.rounds() }
}

/// Runs all rounds of a step; each test has a result in each, but in those that `until_fail` never came to.
fn run_step<'p>(mut job: Job<'p>, shared: &Shared<'p>) {
    let start = job.began.elapsed();
    job.tell(Event::StepStarted { step: job.step.id, at: start });
    let mut first_error = None;
    for round in 0..rounds(&job) {
        if round > 0 && job.settings.until_fail && job.stop.is_raised() {
            break;
        }
        job.round = round;
        let mut over = HashSet::new();
        if let Err(error) = execute(&job, shared, &mut over) {
            for (_, case) in job.step.cases.iter().enumerate().filter(|(number, _)| !over.contains(number)) {
                if job.stop.is_raised() {
                    let (cause, reason) = job.stop.get().cause();
                    job.not_run(case, cause, reason);
                } else {
                    job.not_run(case, NotRunCause::Machine, error.clone());
                }
            }
            first_error.get_or_insert(error);
        }
    }
    let duration = job.began.elapsed().saturating_sub(start);
    job.tell(Event::StepFinished(StepResult { step: job.step.id, start, duration, error: first_error }));
}

/// Gives the tests of a step that is never started their results.
fn refuse(mut job: Job<'_>, refusal: &Refusal) {
    let rounds = if job.settings.until_fail { 1 } else { rounds(&job) };
    for round in 0..rounds {
        job.round = round;
        for case in &job.step.cases {
            match refusal {
                Refusal::Stopped(stop) => {
                    let (cause, reason) = stop.cause();
                    job.not_run(case, cause, reason);
                }
                // A crate that does not compile is its author's failure, as it is to cargo.
                Refusal::Unprepared(error) if case.rust.is_some() => {
                    let mut result = job.result(case, Outcome::Failed);
                    result.message.clone_from(error);
                    job.finished(result);
                }
                Refusal::Unprepared(error) => job.not_run(case, NotRunCause::Machine, error.clone()),
                Refusal::NeverFits => job.not_run(case, NotRunCause::Machine, "it claims more than the machine has"),
            }
        }
    }
}

/// Runs one round of a step. What is not in `over` after an error has no result yet.
fn execute<'p>(job: &Job<'p>, shared: &Shared<'p>, over: &mut HashSet<usize>) -> Result<(), String> {
    let lock = || shared.made.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    match &job.step.kind {
        StepKind::PreparePython => {
            let settings = job.settings;
            let found = python::find(&settings.python, &settings.tree, &settings.state_dir, job.supervision(None))?;
            lock().python = Some(found);
            Ok(())
        }
        StepKind::BuildRust(build) => {
            let built = cargo::build(job, build)?;
            lock().binaries.extend(built);
            Ok(())
        }
        StepKind::PythonBatch | StepKind::PythonGpu => {
            let python = lock().python.clone().ok_or("no Python was prepared")?;
            // It tells of all tests, whatever happens.
            over.extend(0..job.step.cases.len());
            let own = Pool::default();
            let pool = if job.step.kind == StepKind::PythonGpu { &own } else { &shared.pool };
            pytest::run(job, &python, pool)
        }
        StepKind::RustBinary { target, features } => {
            let binary = lock().binaries.get(&cargo::Key::of(job, target, features)).cloned();
            rust_binary::run(job, target, features, binary, over)
        }
        StepKind::Report => Ok(()),
    }
}
