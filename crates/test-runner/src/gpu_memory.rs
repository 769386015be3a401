//! What GPUs hold while tests run on them: the most of it, and whether it is free again.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use execution_plan::Step;

use crate::clock::Instant;
use crate::gpu_processes::{ProcessMemory, held_by};
use crate::process::Launcher;
use crate::stop::StopSignal;

/// How often memory is read while a test runs.
const SAMPLE: Duration = Duration::from_millis(200);
/// How often memory is read while it is waited for.
const PAUSE: Duration = Duration::from_millis(50);
/// How much more than before a unit may hold and count as free, in bytes: what a driver keeps for itself varies.
const TOLERANCE: u64 = 128 << 20;

/// Reads what GPUs hold. The caller brings it: this crate knows no driver.
pub trait GpuMemory: fmt::Debug + Send + Sync {
    /// What each unit holds now.
    ///
    /// # Errors
    /// A fragment that says why it cannot be known.
    fn read(&self) -> Result<Vec<UnitMemory>, String>;
}

/// What a GPU or MIG instance holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitMemory {
    /// What `CUDA_VISIBLE_DEVICES` calls it.
    pub visible: String,
    /// What is in use, in bytes.
    pub used: u64,
    /// Who has some of it, as people know them: `4711 python`.
    pub holders: Vec<String>,
    /// What each process has of it, for tests that share it; or a fragment that says why that is not known.
    pub processes: Result<Vec<ProcessMemory>, String>,
}

/// The units of a run.
pub(crate) struct Gpus<'r> {
    memory: Option<&'r dyn GpuMemory>,
    /// What each unit held before any test.
    before: HashMap<String, u64>,
    /// How many steps have each unit now.
    busy: Mutex<HashMap<String, u32>>,
}

/// The units of a step.
pub(crate) struct Hold<'g> {
    gpus: &'g Gpus<'g>,
    units: Vec<String>,
    peak: AtomicU64,
    /// Somebody else was on a unit, and who had what of it is not known.
    is_shared: AtomicBool,
    /// Another step was on a unit at some time: what it leaves for a moment is not this one's.
    was_shared: AtomicBool,
    /// Why what the step's processes had of shared units is not known.
    unknown: Mutex<Option<String>>,
}

impl<'r> Gpus<'r> {
    /// Reads what units hold before any test; the error says why nothing can be told of them.
    pub(crate) fn new(memory: Option<&'r dyn GpuMemory>) -> (Self, Option<String>) {
        let (before, error) = match memory.map(GpuMemory::read) {
            None => (HashMap::new(), None),
            Some(Ok(units)) => (units.into_iter().map(|unit| (unit.visible, unit.used)).collect(), None),
            Some(Err(error)) => (HashMap::new(), Some(error)),
        };
        (Self { memory: memory.filter(|_| error.is_none()), before, busy: Mutex::default() }, error)
    }

    /// For a step that begins.
    pub(crate) fn hold(&'r self, step: &Step) -> Hold<'r> {
        let units: Vec<String> = step.claim.gpus.iter().map(|gpu| gpu.visible.clone()).collect();
        let mut busy = self.busy();
        for unit in &units {
            *busy.entry(unit.clone()).or_default() += 1;
        }
        Hold {
            gpus: self,
            units,
            peak: AtomicU64::new(0),
            is_shared: AtomicBool::new(false),
            was_shared: AtomicBool::new(false),
            unknown: Mutex::default(),
        }
    }

    fn busy(&self) -> MutexGuard<'_, HashMap<String, u32>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a unit holds beyond what it held before any test.
    fn above(&self, unit: &UnitMemory) -> u64 {
        unit.used.saturating_sub(self.before.get(&unit.visible).copied().unwrap_or_default())
    }
}

impl Hold<'_> {
    /// Does the step's work, and reads memory meanwhile.
    pub(crate) fn during<T>(&self, launcher: &Launcher, work: impl FnOnce() -> T) -> T {
        if self.gpus.memory.is_none() || self.units.is_empty() {
            return work();
        }
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let sampler = scope.spawn(|| self.sample(&is_over, launcher));
            let done = work();
            is_over.store(true, Ordering::SeqCst);
            sampler.thread().unpark();
            done
        })
    }

    /// Reads memory until told that the step is over.
    fn sample(&self, is_over: &AtomicBool, launcher: &Launcher) {
        let Some(memory) = self.gpus.memory else { return };
        while !is_over.load(Ordering::SeqCst) {
            let is_alone = |gpus: &Gpus<'_>| {
                let busy = gpus.busy();
                let was_shared = self.was_shared.load(Ordering::SeqCst);
                !was_shared && self.units.iter().all(|unit| busy.get(unit) == Some(&1))
            };
            let before = is_alone(self.gpus);
            match memory.read() {
                Ok(units) if before && is_alone(self.gpus) => {
                    let mine = units.iter().filter(|unit| self.units.contains(&unit.visible));
                    self.peak.fetch_max(mine.map(|unit| self.gpus.above(unit)).sum(), Ordering::SeqCst);
                }
                Ok(units) => self.see_shared(units.iter().filter(|unit| self.units.contains(&unit.visible)), launcher),
                Err(_) => {}
            }
            std::thread::park_timeout(SAMPLE);
        }
    }

    /// Of units that others have as well, what the step's own processes have counts.
    fn see_shared<'u>(&self, units: impl Iterator<Item = &'u UnitMemory>, launcher: &Launcher) {
        self.was_shared.store(true, Ordering::SeqCst);
        match held_by(&launcher.processes(), units) {
            Ok(held) => drop(self.peak.fetch_max(held, Ordering::SeqCst)),
            Err(why) => {
                self.is_shared.store(true, Ordering::SeqCst);
                self.unknown.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
            }
        }
    }

    /// Why the peak is not known, where that is for others on the step's units.
    pub(crate) fn unknown_peak(&self) -> Option<String> {
        self.unknown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The most that the step's units held beyond what they held before any test, together, in bytes. `None` where nothing was seen,
    /// or where another step had one of them, too, and what each process had is not known.
    pub(crate) fn peak(&self) -> Option<u64> {
        let peak = self.peak.load(Ordering::SeqCst);
        (peak > 0 && !self.is_shared.load(Ordering::SeqCst)).then_some(peak)
    }

    /// Waits until the units hold no more than before any test, and says what does not come back. A unit that another step has, too, is
    /// waited for by the last one.
    pub(crate) fn give_back(&self, of: &str, limit: Duration, stop: &StopSignal) -> Vec<String> {
        let last: Vec<&String> = {
            let mut busy = self.gpus.busy();
            self.units
                .iter()
                .filter(|unit| {
                    let count = busy.entry((*unit).clone()).or_insert(1);
                    *count = count.saturating_sub(1);
                    *count == 0
                })
                .collect()
        };
        let Some(memory) = self.gpus.memory.filter(|_| !last.is_empty()) else { return Vec::new() };
        let began = Instant::now();
        loop {
            // What cannot be read now could be read before: it is asked again, and then said.
            let read = memory.read();
            let kept: Vec<String> = match &read {
                Ok(units) => {
                    let is_kept = |unit: &UnitMemory| self.gpus.above(unit) > TOLERANCE;
                    let kept = |name: &&String| match units.iter().find(|unit| unit.visible == **name) {
                        None => Some(format!("GPU {name} is not told of any more after {of} ended")),
                        Some(unit) => is_kept(unit).then(|| self.kept(unit, of, limit)),
                    };
                    last.iter().filter_map(kept).collect()
                }
                Err(error) => vec![format!("whether the GPUs of {of} are free again is unknown: {error}")],
            };
            if kept.is_empty() || stop.is_raised() {
                return Vec::new();
            }
            if began.elapsed() > limit {
                return kept;
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn kept(&self, unit: &UnitMemory, of: &str, limit: Duration) -> String {
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        let gib = |bytes: u64| format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30));
        let holders =
            if unit.holders.is_empty() { "nobody that can be seen".to_owned() } else { unit.holders.join(", ") };
        format!(
            "GPU {} still has {} in use {:.0} s after {of} ended, {} more than before the run: {holders}",
            unit.visible,
            gib(unit.used),
            limit.as_secs_f64(),
            gib(self.gpus.above(unit)),
        )
    }
}
