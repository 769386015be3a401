//! What a run leaves behind: each result in the history and in `results.jsonl`, before anybody hears of it.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::hash::BuildHasher;
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use camino::{Utf8Path, Utf8PathBuf};
use execution_plan::Plan;
use test_catalog::NodeId;

use crate::history::{RunFacts, RunState, Store, claim};
use crate::{CaseResult, Event, RunError, RunOutcome, RunSettings};

/// What a run leaves behind.
pub(crate) struct Record<'p, E> {
    pub(crate) outcome: RunOutcome,
    plan: &'p Plan,
    /// When it began, in milliseconds since 1970.
    millis: i64,
    /// `None` before it is opened, and where results cannot be kept, or no longer.
    store: Option<Store>,
    results: Option<(Utf8PathBuf, File)>,
    /// Says, as long as it is open, that the run goes on.
    _alive: Option<File>,
    events: E,
    secrets: crate::Secrets,
}

impl<'p, E: FnMut(&Event)> Record<'p, E> {
    /// Makes the run's folder, from when on it is known to go on. [`Record::open_store`] is to follow before any result.
    pub(crate) fn open(plan: &'p Plan, settings: &RunSettings, events: E) -> Result<Self, RunError> {
        let millis = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        // Containers have the same process numbers, and histories of many machines are merged.
        let chance = RandomState::new().hash_one(millis) & 0xffff;
        let run = format!("{millis}-{}-{chance:04x}", std::process::id());
        let mut record = Self {
            outcome: RunOutcome {
                run: run.clone(),
                folder: settings.state_dir.join("runs").join(&run),
                // Each planned test has one at least, and a hundred thousand are moved when they outgrow their place.
                results: Vec::with_capacity(plan.case_count()),
                steps: Vec::new(),
                refused: plan.not_run.clone(),
                wall: Duration::ZERO,
                interrupted: false,
                warnings: Vec::new(),
                earlier: 0,
                not_kept: None,
                coverage: None,
                flaky_on_revision: BTreeMap::new(),
            },
            plan,
            millis: i64::try_from(millis).unwrap_or(i64::MAX),
            store: None,
            results: None,
            _alive: None,
            events,
            secrets: settings.secrets.clone(),
        };
        let folder = record.outcome.folder.clone();
        match make(&folder) {
            Ok((alive, results)) => {
                record._alive = Some(alive);
                record.results = Some((folder.join("results.jsonl"), results));
            }
            Err(error) => {
                // Outputs need a place while the run goes on.
                let temporary = temporary(&run);
                fs::create_dir_all(&temporary).map_err(|source| RunError::State { path: temporary.clone(), source })?;
                record.outcome.folder = temporary;
                record.give_up(&folder, &error.to_string());
            }
        }
        if let Some(earlier) = &settings.earlier {
            record.outcome.earlier = earlier.results.len();
            for result in &earlier.results {
                record.write_lines(&[result]);
                record.outcome.results.push(result.clone());
            }
        }
        Ok(record)
    }

    /// Opens the history, which takes as long as reading all of it. What is wrong with it is told at once.
    pub(crate) fn open_store(&mut self, settings: &RunSettings) {
        // Where the run has no folder of its own, it was said that nothing is kept.
        if self._alive.is_none() {
            return;
        }
        let before = self.outcome.warnings.len();
        let resumes = settings.earlier.as_ref().map(|earlier| earlier.run.as_str());
        let opened = Store::open(&settings.state_dir).and_then(|opened| {
            opened.store.begin(&self.outcome.run, self.millis, &settings.facts, resumes)?;
            Ok(opened)
        });
        match opened {
            Ok(opened) => {
                self.outcome.warnings.extend(opened.set_aside);
                self.store = Some(opened.store);
            }
            Err(error) => self.not_kept(format!("results are not kept for later runs: {error}")),
        }
        self.tell_warnings_from(before);
    }

    /// A warning that is told now.
    pub(crate) fn say(&mut self, warning: String) {
        self.outcome.warnings.push(warning.clone());
        self.tell(&Event::Warning(warning));
    }

    /// For [`Record::tell_warnings`].
    pub(crate) fn warn(&mut self, warning: impl Into<String>) {
        self.outcome.warnings.push(warning.into());
    }

    /// Tells what was found out before anybody listened.
    pub(crate) fn tell_warnings(&mut self) {
        self.tell_warnings_from(0);
    }

    fn tell_warnings_from(&mut self, first: usize) {
        for warning in self.outcome.warnings.split_off(first) {
            self.tell(&Event::Warning(warning.clone()));
            self.outcome.warnings.push(warning);
        }
    }

    pub(crate) fn tell(&mut self, event: &Event) {
        (self.events)(event);
    }

    /// Keeps what events tell, all in one transaction, and then tells them, both without secrets.
    pub(crate) fn keep(&mut self, mut events: Vec<Event>) {
        if !self.secrets.is_empty() {
            for event in &mut events {
                if let Event::StepFinished(result) = event {
                    for folder in [&self.outcome.folder, &temporary(&self.outcome.run)] {
                        crate::hiding::of_step(&self.secrets, folder, result.step);
                    }
                }
                *event = crate::hiding::of_event(&self.secrets, self.plan, event);
            }
        }
        let before = self.outcome.warnings.len();
        self.write(&events);
        self.tell_warnings_from(before);
        for event in events {
            self.tell(&event);
            match event {
                Event::CaseFinished(result) => self.outcome.results.push(result),
                Event::StepFinished(result) => self.outcome.steps.push(result),
                _ => {}
            }
        }
    }

    /// Writes the results among these events.
    fn write(&mut self, events: &[Event]) {
        let finished = events.iter().filter_map(|event| match event {
            Event::CaseFinished(result) => Some(result),
            _ => None,
        });
        let results: Vec<&CaseResult> = finished.collect();
        if !results.is_empty() {
            self.write_rows(&results);
            self.write_lines(&results);
        }
    }

    pub(crate) fn finish(mut self, wall: Duration, facts: &RunFacts) -> RunOutcome {
        self.outcome.wall = wall;
        if let (Some(store), Some(revision), true) = (&self.store, &facts.revision, facts.clean) {
            let ran = self.outcome.results.iter().filter(|result| result.outcome.has_run());
            let ran: HashSet<(&NodeId, u32)> = ran.map(|result| (&result.id, result.occurrence)).collect();
            // What was read of the same store a moment ago can be read; if not, that is nothing that this run did.
            let mut flaky = store.flaky_on(revision).unwrap_or_default();
            flaky.retain(|(id, occurrence), _| ran.contains(&(id, *occurrence)));
            self.outcome.flaky_on_revision = flaky;
        }
        let state = if self.outcome.interrupted { RunState::Interrupted } else { RunState::Complete };
        self.look_for_files();
        if let Some(store) = self.store.take()
            && let Err(error) = store.end(&self.outcome.run, state)
        {
            let warning = format!("the history does not say that this run ended: {error}");
            self.tell(&Event::Warning(warning.clone()));
            self.not_kept(warning);
        }
        self.outcome
    }

    /// Somebody may have removed them while the run went on, as by `cargo clean`: what is written into them then is lost.
    fn look_for_files(&mut self) {
        let is_there = |path: &Utf8Path, file: u64| fs::metadata(path).is_ok_and(|found| found.ino() == file);
        let results = self.results.as_ref().and_then(|(path, file)| Some((path.clone(), file.metadata().ok()?.ino())));
        let store = self.store.as_ref().and_then(|store| Some((store.path().to_owned(), store.file()?)));
        let gone: Vec<Utf8PathBuf> = [results, store]
            .into_iter()
            .flatten()
            .filter(|(path, file)| !is_there(path, *file))
            .map(|(path, _)| path)
            .collect();
        if let Some(first) = gone.first() {
            let warning = format!(
                "{first} was removed or replaced while the run went on: its results are not kept for later runs"
            );
            self.tell(&Event::Warning(warning.clone()));
            self.not_kept(warning);
        }
    }

    fn write_rows(&mut self, results: &[&CaseResult]) {
        let Some(store) = &self.store else { return };
        let run = &self.outcome.run;
        let rows = || results.iter().map(|result| (*result, gpu_class(self.plan, &result.gpus)));
        // Where not all of them can be kept, those before the first that cannot are.
        let one_by_one = |_| rows().try_for_each(|(result, gpu_class)| store.add(run, result, &gpu_class));
        if let Err(error) = store.add_all(run, rows()).or_else(one_by_one) {
            // Each further one would wait as long as this one did.
            self.store = None;
            self.not_kept(format!("results from here on are not kept for later runs: {error}"));
        }
    }

    fn write_lines(&mut self, results: &[&CaseResult]) {
        let Some((path, file)) = &mut self.results else { return };
        let lines: String = results.iter().map(|result| crate::json::line(result)).collect();
        if let Err(error) = file.write_all(lines.as_bytes()) {
            let path = path.clone();
            self.results = None;
            self.give_up(&path, &error.to_string());
        }
    }

    fn give_up(&mut self, path: &Utf8Path, error: &str) {
        self.not_kept(format!("cannot write {path}: {error}; results are in memory only"));
    }

    /// The first reason is the one that matters to people.
    fn not_kept(&mut self, why: String) {
        self.outcome.warnings.push(why.clone());
        self.outcome.not_kept.get_or_insert(why);
    }
}

/// Where a run writes what it cannot write in its own folder.
pub(crate) fn temporary(run: &str) -> Utf8PathBuf {
    let folder = Utf8PathBuf::try_from(std::env::temp_dir()).unwrap_or_else(|_| "/tmp".into());
    folder.join(format!("xtask-run-{run}"))
}

/// The run's folder, what says that it is in use, and the file of results.
fn make(folder: &Utf8Path) -> io::Result<(File, File)> {
    fs::create_dir_all(folder)?;
    Ok((claim(folder)?, File::create(folder.join("results.jsonl"))?))
}

/// The models of the GPUs that a test had; empty where it had none.
fn gpu_class(plan: &Plan, gpus: &[String]) -> String {
    let units = plan.capacity.units.iter().filter(|unit| gpus.contains(&unit.visible));
    let mut models: Vec<&str> = units.map(|unit| unit.name.as_str()).collect();
    models.sort_unstable();
    models.dedup();
    models.join(" + ")
}
