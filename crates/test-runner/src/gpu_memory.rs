//! What GPUs hold while tests run on them: the most of it, and whether it is free again.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use execution_plan::{GpuClaim, Share};

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

/// How long memory that nobody is known to have is waited for where the driver was not seen to name processes yet.
const UNSURE: Duration = Duration::from_secs(1);
/// So many readings in a row in which a step alone has memory and no process of it is named: the driver names none.
const UNNAMED: u32 = 5;

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
    /// What of it the processes have that the driver names, in bytes; `None` where it does not say it of each.
    pub held: Option<u64>,
    /// Who has some of it, as people know them: `4711 python`.
    pub holders: Vec<String>,
    /// What each process has of it, for tests that share it; or a fragment that says why that is not known.
    pub processes: Result<Vec<ProcessMemory>, String>,
}

/// What all units held at one moment, or why that is not known.
type Reading = Arc<Result<Vec<UnitMemory>, String>>;

/// The units of a run.
pub(crate) struct Gpus<'r> {
    memory: Option<&'r dyn GpuMemory>,
    /// What each unit held before any test.
    before: HashMap<String, UnitMemory>,
    /// What the steps that have each unit now claim of it.
    busy: Mutex<HashMap<String, Vec<Share>>>,
    /// The latest reading, and when it was begun: many steps ask, and one reading is enough for all of them.
    latest: Mutex<Option<(Instant, Reading)>>,
    /// Whether the driver names the processes of this run, once that was seen. In a container it may name none.
    names_processes: Mutex<Option<bool>>,
}

/// The units of a step.
pub(crate) struct Hold<'g> {
    gpus: &'g Gpus<'g>,
    units: Vec<(String, Share)>,
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
            Some(Ok(units)) => (units.into_iter().map(|unit| (unit.visible.clone(), unit)).collect(), None),
            Some(Err(error)) => (HashMap::new(), Some(error)),
        };
        let gpus = Self {
            memory: memory.filter(|_| error.is_none()),
            before,
            busy: Mutex::default(),
            latest: Mutex::default(),
            names_processes: Mutex::default(),
        };
        (gpus, error)
    }

    /// For a step that begins.
    pub(crate) fn hold(&'r self, gpus: &[GpuClaim]) -> Hold<'r> {
        let units: Vec<_> = gpus.iter().map(|gpu| (gpu.visible.clone(), gpu.share)).collect();
        let mut busy = self.busy();
        for (unit, share) in &units {
            busy.entry(unit.clone()).or_default().push(*share);
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

    fn busy(&self) -> MutexGuard<'_, HashMap<String, Vec<Share>>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A reading that was begun at that moment or later; `None` without a reader.
    fn read_since(&self, moment: Instant) -> Option<Reading> {
        let memory = self.memory?;
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((begun, reading)) = &*latest
            && *begun >= moment
        {
            return Some(Arc::clone(reading));
        }
        let begun = Instant::now();
        let reading = Arc::new(memory.read());
        if reading.iter().flatten().any(|unit| self.is_named(unit)) {
            *self.names_processes() = Some(true);
        }
        *latest = Some((begun, Arc::clone(&reading)));
        Some(reading)
    }

    /// What a unit holds beyond what it held before any test.
    fn above(&self, unit: &UnitMemory) -> u64 {
        unit.used.saturating_sub(self.before.get(&unit.visible).map_or(0, |before| before.used))
    }

    fn names_processes(&self) -> MutexGuard<'_, Option<bool>> {
        self.names_processes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether processes that were not there before any test are said to have memory of a unit.
    fn is_named(&self, unit: &UnitMemory) -> bool {
        let before = self.before.get(&unit.visible).and_then(|before| before.held);
        unit.held > before.or(Some(0))
    }

    /// What a unit that others have as well still holds of a step whose processes were gone so long ago, as far as that can be
    /// told.
    fn left_of_step(&self, unit: &UnitMemory, others: &[Share], ago: Duration) -> u64 {
        let before = self.before.get(&unit.visible);
        let names_processes = self.names_processes().unwrap_or(ago < UNSURE);
        match (unit.held, before.map_or(Some(0), |before| before.held)) {
            // What no process has that lives.
            (Some(held), Some(held_before)) if names_processes => {
                let nobodys_before = before.map_or(0, |before| before.used.saturating_sub(held_before));
                unit.used.saturating_sub(held).saturating_sub(nobodys_before)
            }
            // What is more than the others may have. While they have less, what is left may hide behind their claims.
            _ => {
                let claims = others.iter().map(|share| match share {
                    Share::Bytes(bytes) => *bytes,
                    Share::Whole => u64::MAX,
                });
                self.above(unit).saturating_sub(claims.fold(0, u64::saturating_add))
            }
        }
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
        let mut unnamed = 0;
        while !is_over.load(Ordering::SeqCst) {
            let is_alone = |gpus: &Gpus<'_>| {
                let busy = gpus.busy();
                let was_shared = self.was_shared.load(Ordering::SeqCst);
                !was_shared && self.units.iter().all(|(unit, _)| busy.get(unit).map(Vec::len) == Some(1))
            };
            let before = is_alone(self.gpus);
            let Some(reading) = self.gpus.read_since(Instant::now()) else { return };
            match &*reading {
                Ok(units) if before && is_alone(self.gpus) => {
                    let mine = || units.iter().filter(|unit| self.has(&unit.visible));
                    self.peak.fetch_max(mine().map(|unit| self.gpus.above(unit)).sum(), Ordering::SeqCst);
                    let is_unnamed = |unit| self.gpus.above(unit) > TOLERANCE && !self.gpus.is_named(unit);
                    unnamed = if mine().any(is_unnamed) { unnamed + 1 } else { 0 };
                    if unnamed == UNNAMED {
                        self.gpus.names_processes().get_or_insert(false);
                    }
                }
                Ok(units) => self.see_shared(units.iter().filter(|unit| self.has(&unit.visible)), launcher),
                Err(_) => {}
            }
            std::thread::park_timeout(SAMPLE);
        }
    }

    fn has(&self, unit: &str) -> bool {
        self.units.iter().any(|(mine, _)| mine == unit)
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

    /// Waits until the units hold nothing more of the step, and says what does not come back. A unit that no other step has must
    /// hold no more than before any test. Of one that others have, what no living process has must be gone; where the driver
    /// does not name processes, no more may be in use than the others claim.
    pub(crate) fn give_back(&self, of: &str, limit: Duration, stop: &StopSignal) -> Vec<String> {
        {
            let mut busy = self.gpus.busy();
            for (unit, share) in &self.units {
                let others = busy.entry(unit.clone()).or_default();
                if let Some(mine) = others.iter().position(|other| other == share) {
                    others.swap_remove(mine);
                }
            }
        }
        let began = Instant::now();
        let mut good_in_a_row = 0;
        loop {
            let Some(reading) = self.gpus.read_since(Instant::now()).filter(|_| !self.units.is_empty()) else {
                return Vec::new();
            };
            // What cannot be read now could be read before: it is asked again, and then said.
            let (kept, is_shared) = match &*reading {
                Ok(units) => self.kept(units, of, limit, began.elapsed()),
                Err(error) => (vec![format!("whether the GPUs of {of} are free again is unknown: {error}")], false),
            };
            good_in_a_row = if kept.is_empty() { good_in_a_row + 1 } else { 0 };
            // Use and processes are not read at one moment: what another step takes in between may hide what is left.
            if good_in_a_row > u32::from(is_shared) || stop.is_raised() {
                return Vec::new();
            }
            if began.elapsed() > limit && !kept.is_empty() {
                return kept;
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// What of a reading is not back, and whether another step has one of the units.
    fn kept(&self, units: &[UnitMemory], of: &str, limit: Duration, ago: Duration) -> (Vec<String>, bool) {
        let busy = self.gpus.busy();
        let mut is_shared = false;
        let mut kept = Vec::new();
        for (name, _) in &self.units {
            let others = busy.get(name).map(Vec::as_slice).unwrap_or_default();
            is_shared |= !others.is_empty();
            let Some(unit) = units.iter().find(|unit| unit.visible == *name) else {
                kept.push(format!("GPU {name} is not told of any more after {of} ended"));
                continue;
            };
            let left =
                if others.is_empty() { self.gpus.above(unit) } else { self.gpus.left_of_step(unit, others, ago) };
            if left > TOLERANCE {
                kept.push(not_back(unit, left, of, limit, !others.is_empty()));
            }
        }
        (kept, is_shared)
    }
}

fn not_back(unit: &UnitMemory, left: u64, of: &str, limit: Duration, is_shared: bool) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let gib = |bytes: u64| format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30));
    let holders = if unit.holders.is_empty() { "nobody that can be seen".to_owned() } else { unit.holders.join(", ") };
    let than = if is_shared { "than the tests that still run there have" } else { "than before the run" };
    format!(
        "GPU {} still has {} in use {:.0} s after {of} ended, {} more {than}: {holders}",
        unit.visible,
        gib(unit.used),
        limit.as_secs_f64(),
        gib(left),
    )
}
