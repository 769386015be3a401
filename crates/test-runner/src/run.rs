//! Carries out what the dispatcher decides: starts executors, has results kept, and tells events in one order.

use std::collections::{BTreeSet, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use execution_plan::{Place, Plan, StepKind};

use crate::before::Before;
use crate::clock::Instant;
use crate::coverage::{self, Coverage, Measured};
use crate::dispatcher::{Action, Dispatcher, Input, Refusal};
use crate::executor::{Job, named};
use crate::gpu_memory::Gpus;
use crate::pool::Pool;
use crate::process::{Launcher, Seen, TICK};
use crate::record::Record;
use crate::retry::Tries;
use crate::shim::{huge_pages, leftovers, orphans};
use crate::stop::{Stop, StopSignal};
use crate::tool::Supervision;
use crate::{
    Event, Interrupt, NotRunCause, Outcome, PortSettings, RunError, RunOutcome, RunSettings, StepResult, cargo, pytest,
    python, rust_binary,
};

/// How long the run waits for events before it looks for interrupts.
const WAIT: Duration = Duration::from_millis(50);
/// How many events are kept at once, so that none waits long to be told.
const AT_ONCE: usize = 256;

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
    /// All programs that were built for tests.
    programs: BTreeSet<Utf8PathBuf>,
}

/// Runs a plan. Every result is on disk before `events` hears of it. Where results cannot be kept, a warning says so, the run
/// goes on, and [`RunOutcome::not_kept`] has the reason.
///
/// With [`RunSettings::shim`], this process becomes a subreaper, and stays one: a child that it has in another session
/// than its own and that is no shim is taken for what a killed shim left, and is ended when that happens. It does without
/// transparent huge pages from then on, and what it starts under shims has them.
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
    if settings.shim.is_none() {
        record.warn("there is no shim to run tests under: what a test takes out of its process group is left behind");
    }
    record.tell_warnings();

    if settings.shim.is_some() {
        orphans::adopt();
        huge_pages::forgo();
    }
    let run = record.outcome.run.clone();
    let shim = settings.shim.clone().map(|shim| shim.with_grace(settings.grace).with_session(&run));
    let launcher = Launcher::new(shim);
    let has_gpus = plan.steps().any(|step| !step.claim.gpus.is_empty());
    let (gpus, unknown) = Gpus::new(settings.gpu_memory.as_deref().filter(|_| has_gpus));
    if let Some(why) = unknown {
        record.say(format!("whether GPUs are free after each test cannot be seen: {why}"));
    }
    let stop = StopSignal::default();
    let shared = Shared::default();
    let before = Before::of(settings);
    let (sender, messages) = channel();
    let job = |step, place, events: Sender<Event>| Job {
        step,
        place,
        settings,
        run: run.clone(),
        folder: folder.clone(),
        stop: &stop,
        launcher: &launcher,
        hold: None,
        events,
        began,
        round: 0,
        ports: None,
        tries: None,
        before: &before,
    };
    let mut dispatcher = Dispatcher::new(plan, settings.fail_fast || settings.until_fail);
    let mut interrupts_seen = 0;
    let mut is_ready = false;
    std::thread::scope(|scope| {
        let mut actions = dispatcher.at(began.elapsed());
        loop {
            for action in actions.drain(..) {
                match action {
                    Action::Start(id, units) => {
                        let Some(step) = plan.step(id) else { continue };
                        if !step.cases.is_empty() {
                            make_ready(&mut is_ready, settings, interrupt, &mut record);
                        }
                        let (job, shared) = (job(step, plan.place(id, &units), sender.clone()), &shared);
                        let (launcher, gpus) = (&launcher, &gpus);
                        scope.spawn(move || run_step(job, launcher, gpus, shared));
                    }
                    Action::Refuse(id, refusal) => {
                        let Some(step) = plan.step(id) else { continue };
                        refuse(job(step, Place::default(), sender.clone()), &refusal);
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
            // What tests wait for has begun meanwhile.
            make_ready(&mut is_ready, settings, interrupt, &mut record);
            let event = if dispatcher.is_done() {
                // Only what refusals told is left.
                let Ok(event) = messages.try_recv() else { break };
                Some(event)
            } else {
                let next = dispatcher.next_moment().map(|moment| moment.saturating_sub(began.elapsed()));
                messages.recv_timeout(next.map_or(WAIT, |next| next.min(WAIT))).ok()
            };
            if let Some(event) = event {
                // What has come meanwhile is kept with it: the many results of short tests cost one transaction.
                let events: Vec<Event> = std::iter::once(event).chain(messages.try_iter().take(AT_ONCE)).collect();
                let inputs: Vec<Input> = events.iter().filter_map(input).collect();
                record.keep(events);
                actions.extend(inputs.into_iter().flat_map(|input| dispatcher.on(input, began.elapsed())));
            }
            while interrupts_seen < interrupt.count() {
                interrupts_seen += 1;
                actions.extend(dispatcher.on(Input::Interrupt, began.elapsed()));
            }
            let now = began.elapsed();
            if dispatcher.next_moment().is_some_and(|moment| now >= moment) {
                actions.extend(dispatcher.at(now));
            }
        }
    });
    if settings.coverage.is_some() {
        let made = shared.made.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        record.outcome.coverage =
            Some(measure(plan, settings, &folder, &made, (&launcher, &stop), (interrupt, interrupts_seen)));
    }
    Ok(record.finish(began.elapsed(), &settings.facts))
}

/// Puts together what the tests ran of the tree, unless the run was asked to stop; an interrupt ends it.
fn measure(
    plan: &Plan,
    settings: &RunSettings,
    folder: &Utf8Path,
    made: &Made,
    (launcher, stop): (&Launcher, &StopSignal),
    (interrupt, seen): (&Interrupt, u8),
) -> Coverage {
    let measured = Measured { python: made.python.clone(), programs: &made.programs };
    let is_over = AtomicBool::new(false);
    // What fails fast is measured all the same; a person who interrupts waits for nothing more.
    let tools = StopSignal::default();
    if stop.get() > Stop::FailFast {
        tools.raise_to(stop.get());
    }
    let supervision = Supervision { launcher, stop: &tools, grace: settings.grace, limit: None };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::SeqCst) {
                if interrupt.count() > seen {
                    tools.raise_to(Stop::Interrupted);
                }
                std::thread::sleep(TICK);
            }
        });
        let found = coverage::collect(plan, settings, folder, &measured, supervision);
        is_over.store(true, Ordering::SeqCst);
        found
    })
}

/// What is needed before the first test starts and the first result comes, once.
fn make_ready(
    is_ready: &mut bool,
    settings: &RunSettings,
    interrupt: &Interrupt,
    record: &mut Record<'_, impl FnMut(&Event)>,
) {
    if !std::mem::replace(is_ready, true) {
        record.open_store(settings);
        if settings.shim.is_some() {
            sweep_earlier(&settings.state_dir, interrupt, record);
        }
    }
}

/// Ends what runs that were killed have left, before anything is given the GPUs that it holds.
fn sweep_earlier(state_dir: &Utf8Path, interrupt: &Interrupt, record: &mut Record<'_, impl FnMut(&Event)>) {
    let names = |names: BTreeSet<String>| names.into_iter().collect::<Vec<_>>().join(", ");
    let warning = match leftovers::sweep(state_dir, || interrupt.count() > 0) {
        Ok(ended) if ended.is_empty() => return,
        Ok(ended) => {
            format!("processes of an earlier run, which was killed, were left and are ended: {}", names(ended))
        }
        Err(left) => {
            format!("processes of an earlier run, which was killed, are left and do not end by KILL: {}", names(left))
        }
    };
    record.say(warning);
}

/// What an event means to the dispatcher.
fn input(event: &Event) -> Option<Input> {
    match event {
        Event::CaseFinished(result) if result.fails_run() => Some(Input::CaseFailed),
        Event::StepFinished(result) => Some(Input::StepEnded { step: result.step, error: result.error.clone() }),
        _ => None,
    }
}

fn rounds(job: &Job<'_, '_>) -> u32 {
    if job.step.cases.is_empty() { 1 } else { job.settings.rounds() }
}

/// Runs all rounds of a step; each test has a result in each, but in those that `until_fail` never came to.
fn run_step<'p>(job: Job<'p, '_>, launcher: &Launcher, gpus: &Gpus<'_>, shared: &Shared<'p>) {
    let (launcher, hold) = (launcher.fresh(), gpus.hold(&job.place.gpus));
    let job = Job { launcher: &launcher, hold: Some(&hold), ..job };
    let start = job.began.elapsed();
    let visible = job.place.gpus.iter().map(|gpu| gpu.visible.clone()).collect();
    job.tell(Event::StepStarted { step: job.step.id, at: start, gpus: visible });
    let wanted = job.settings.ports.as_ref().filter(|_| !job.step.cases.is_empty());
    let error = match wanted.map(PortSettings::take).transpose() {
        Ok(ports) => hold.during(&launcher, || run_rounds(&Job { ports: ports.as_ref(), ..job.again() }, shared)),
        Err(error) => {
            for round in 0..if job.settings.until_fail { 1 } else { rounds(&job) } {
                let job = Job { round, ..job.again() };
                for case in job.step.cases.iter().filter(|case| !job.has_result(case)) {
                    job.not_run(case, NotRunCause::Machine, error.clone());
                }
            }
            Some(error)
        }
    };
    // What a person stopped did not fail.
    let error = error.filter(|_| !job.step.cases.is_empty() || job.stop.get() <= Stop::FailFast);
    if let (Some(why), [case]) = (hold.unknown_peak(), job.step.cases.as_slice()) {
        let text = format!("{}: what it took of a GPU that it shared is not known: {why}", case.id);
        job.tell(Event::Warning(text));
    }
    let duration = job.began.elapsed().saturating_sub(start);
    let seen = launcher.seen();
    tell_what_was_left(&job, &seen);
    // The next step gets the GPUs when it hears that this one is over.
    for kept in hold.give_back(&named(&job), job.settings.gpu_limit, job.stop) {
        job.tell(Event::Warning(kept));
    }
    let usage = seen.usage;
    job.tell(Event::StepFinished(StepResult { step: job.step.id, start, duration, error, usage }));
}

/// The error of the first round that could not do its work.
fn run_rounds<'p>(job: &Job<'p, '_>, shared: &Shared<'p>) -> Option<String> {
    let (mut first_error, rounds) = (None, rounds(job));
    for round in 0..rounds {
        if round > 0 && job.settings.until_fail && job.stop.is_raised() {
            break;
        }
        let mut tries = Tries::of(job, rounds);
        let mut this = round;
        loop {
            let error = run_round(&Job { round: this, tries: Some(&tries), ..job.again() }, shared);
            first_error = first_error.or(error);
            match tries.next(job.stop) {
                Some(next) => this = next,
                None => break,
            }
        }
    }
    first_error
}

/// Each test has a result after it.
fn run_round<'p>(job: &Job<'p, '_>, shared: &Shared<'p>) -> Option<String> {
    let has_result = |number: &usize| job.has_result(&job.step.cases[*number]);
    let mut over: HashSet<usize> = (0..job.step.cases.len()).filter(has_result).collect();
    if !over.is_empty() && over.len() == job.step.cases.len() {
        return None;
    }
    let error = execute(job, shared, &mut over).err()?;
    for (_, case) in job.step.cases.iter().enumerate().filter(|(number, _)| !over.contains(number)) {
        if job.stop.is_raised() {
            let (cause, reason) = job.stop.get().cause();
            job.not_run(case, cause, reason);
        } else {
            job.not_run(case, NotRunCause::Machine, error.clone());
        }
    }
    Some(error)
}

/// A test that leaves processes is not cleaned up behind silently. Tools may, and do: a compiler's cache is a daemon.
fn tell_what_was_left(job: &Job<'_, '_>, seen: &Seen) {
    let names = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(", ");
    if job.step.cases.is_empty() {
        return;
    }
    let tests = named(job);
    if !seen.left.is_empty() {
        let text = format!("{tests}: left processes behind, which were ended: {}", names(&seen.left));
        job.tell(Event::Warning(text));
    }
    if !seen.stuck.is_empty() {
        job.tell(Event::Warning(format!("{tests}: processes do not end by KILL: {}", names(&seen.stuck))));
    }
}

/// Gives the tests of a step that is never started their results.
fn refuse(mut job: Job<'_, '_>, refusal: &Refusal) {
    let rounds = if job.settings.until_fail { 1 } else { rounds(&job) };
    for round in 0..rounds {
        job.round = round;
        for case in job.step.cases.iter().filter(|case| !job.has_result(case)) {
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

/// Runs one round of a step, without what is in `over`. What is not in there after an error has no result yet.
fn execute<'p>(job: &Job<'p, '_>, shared: &Shared<'p>, over: &mut HashSet<usize>) -> Result<(), String> {
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
            let mut made = lock();
            made.binaries.extend(built.binaries);
            made.programs.extend(built.programs);
            Ok(())
        }
        StepKind::PythonBatch | StepKind::PythonGpu => {
            let python = lock().python.clone().ok_or("no Python was prepared")?;
            // It tells of all tests, whatever happens.
            let before = std::mem::replace(over, (0..job.step.cases.len()).collect());
            let own = Pool::default();
            let pool = if job.step.kind == StepKind::PythonGpu { &own } else { &shared.pool };
            pytest::run(job, &python, pool, &before)
        }
        StepKind::RustBinary { target, features } => {
            let binary = lock().binaries.get(&cargo::Key::of(job, target, features)).cloned();
            rust_binary::run(job, target, features, binary, over)
        }
        StepKind::Report => Ok(()),
    }
}
