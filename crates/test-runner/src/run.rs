//! The loop that gives out slots and GPUs, keeps results, and tells events in one order.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::Write as _;
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use camino::Utf8PathBuf;
use execution_plan::{Ledger, Plan, Step, StepId, StepKind};

use crate::executor::Job;
use crate::{Event, Interrupt, NotRunCause, RunError, RunOutcome, RunSettings, StepResult, cargo, pytest, python};

/// What earlier steps made for later ones.
#[derive(Default)]
struct Made {
    python: Option<Utf8PathBuf>,
    binaries: cargo::Binaries,
}

/// Runs a plan. Every result is on disk before `events` hears of it.
///
/// # Errors
/// If the state folder cannot be written; everything later is part of the outcome.
pub fn run(
    plan: &Plan,
    settings: &RunSettings,
    interrupt: &Interrupt,
    mut events: impl FnMut(&Event),
) -> Result<RunOutcome, RunError> {
    let began = Instant::now();
    let millis = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let run = format!("{millis}-{}", std::process::id());
    let folder = settings.state_dir.join("runs").join(&run);
    let results_file = folder.join("results.jsonl");
    let state = |path: &Utf8PathBuf| {
        let path = path.clone();
        move |source| RunError::State { path, source }
    };
    fs::create_dir_all(&folder).map_err(state(&folder))?;
    let mut results_out = File::create(&results_file).map_err(state(&results_file))?;
    let mut outcome = RunOutcome {
        run: run.clone(),
        folder: folder.clone(),
        results: Vec::new(),
        steps: Vec::new(),
        refused: plan.not_run.clone(),
        wall: Duration::ZERO,
        interrupted: false,
        warnings: Vec::new(),
    };
    events(&Event::RunStarted { run, folder: folder.clone(), cases: plan.case_count() });

    // Stops executors, for the caller's interrupt and for `--fail-fast`.
    let stop = Interrupt::new();
    let mut failed_fast = false;
    let mut ledger = Ledger::new(plan.capacity.clone());
    let mut pending: Vec<&Step> = plan.steps().collect();
    let (mut ended, mut errors): (HashSet<StepId>, HashMap<StepId, String>) = (HashSet::new(), HashMap::new());
    let made = Mutex::new(Made::default());
    let (sender, messages) = channel();
    std::thread::scope(|scope| {
        let mut running = 0_usize;
        loop {
            while stop.count() < interrupt.count() {
                stop.raise();
                outcome.interrupted = true;
                events(&Event::Interrupted { at_once: stop.count() > 1 });
            }
            pending.retain(|&step| {
                let before = plan.dependencies_of(step.id);
                if !before.iter().all(|id| ended.contains(id)) || !ledger.admits(&step.claim) {
                    return true;
                }
                ledger.take(step.id, step.claim.clone());
                running += 1;
                let error = before.iter().find_map(|id| errors.get(id)).cloned();
                let (sender, folder, stop, made) = (sender.clone(), folder.clone(), &stop, &made);
                scope.spawn(move || {
                    let start = began.elapsed();
                    let mut job = Job { step, settings, folder, interrupt: stop, events: sender, began, round: 0 };
                    job.tell(Event::StepStarted { step: step.id, at: start });
                    let mut error = error.map_or(Ok(()), Err);
                    for round in 0..settings.repeat.max(1) {
                        job.round = round;
                        error = error.and_then(|()| execute(&job, made));
                        if step.cases.is_empty() {
                            break;
                        }
                    }
                    let error = error.err();
                    if let Some(error) = &error {
                        let is_rust = matches!(step.kind, StepKind::RustBinary { .. });
                        for case in &step.cases {
                            if stop.count() > 0 {
                                job.not_run(case, NotRunCause::Interrupted, "the run was stopped");
                            } else if is_rust {
                                let mut result = job.result(case, crate::Outcome::Failed);
                                result.message.clone_from(error);
                                job.tell(Event::CaseFinished(result));
                            } else {
                                job.not_run(case, NotRunCause::Machine, error.clone());
                            }
                        }
                    }
                    let duration = began.elapsed().saturating_sub(start);
                    job.tell(Event::StepFinished(StepResult { step: step.id, start, duration, error }));
                });
                false
            });
            if running == 0 {
                break;
            }
            let Ok(event) = messages.recv_timeout(Duration::from_millis(50)) else { continue };
            match &event {
                Event::CaseFinished(result) => {
                    let line = crate::json::line(result);
                    if let Err(error) = results_out.write_all(line.as_bytes()).and_then(|()| results_out.flush()) {
                        let warning = format!("cannot write {results_file}: {error}");
                        events(&Event::Warning(warning.clone()));
                        outcome.warnings.push(warning);
                    }
                    if settings.fail_fast && result.outcome.is_failure() && !failed_fast {
                        failed_fast = true;
                        stop.raise();
                    }
                    outcome.results.push(result.clone());
                }
                Event::StepFinished(result) => {
                    running -= 1;
                    ledger.release(result.step);
                    ended.insert(result.step);
                    if let Some(error) = &result.error {
                        errors.insert(result.step, error.clone());
                    }
                    outcome.steps.push(result.clone());
                }
                _ => {}
            }
            events(&event);
        }
    });
    outcome.wall = began.elapsed();
    Ok(outcome)
}

fn execute(job: &Job<'_>, made: &Mutex<Made>) -> Result<(), String> {
    if job.interrupt.count() > 0 && !matches!(job.step.kind, StepKind::Report) {
        return Err("the run was stopped".to_owned());
    }
    let lock = || made.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    match &job.step.kind {
        StepKind::PreparePython => {
            let settings = job.settings;
            lock().python = Some(python::prepare(&settings.python, &settings.tree, &settings.state_dir)?);
            Ok(())
        }
        StepKind::BuildRust(build) => {
            let built = cargo::build(job, build)?;
            lock().binaries.extend(built);
            Ok(())
        }
        StepKind::PythonBatch | StepKind::PythonGpu => {
            let python = lock().python.clone().ok_or("no Python was prepared")?;
            pytest::run(job, &python)
        }
        StepKind::RustBinary { target, features } => {
            let binaries = lock().binaries.clone();
            cargo::run(job, target, features, &binaries)
        }
        StepKind::Report => Ok(()),
    }
}
