//! What is free on the GPUs at one moment.

use std::time::Duration;

use super::problem::{Job, Problem};
use crate::Share;
use crate::headroom::shared;

/// The state of one GPU.
#[derive(Debug, Clone)]
struct Unit {
    memory: u64,
    /// The part of its memory that several jobs may have together.
    shared: u64,
    taken: u64,
    tenants: u32,
    is_whole: bool,
    /// Until when no staggered job may start.
    quiet_until: Duration,
}

impl Unit {
    /// The most that one more job may take; `None` where no other may come.
    fn room(&self) -> Option<u64> {
        match self.tenants {
            0 => Some(self.memory),
            _ if self.is_whole => None,
            // One alone may have more than several may share.
            _ => self.shared.checked_sub(self.taken),
        }
    }

    /// When a job has room, if its tenants end when they should; `None` where it never fits.
    fn room_for(&self, job: &Job, tenants: &mut [(Duration, Share)]) -> Option<Duration> {
        let Share::Bytes(bytes) = job.share else {
            return Some(tenants.iter().map(|(end, _)| *end).max().unwrap_or_default());
        };
        if bytes > self.memory {
            return None;
        }
        tenants.sort_unstable();
        let mut left = self.clone();
        let mut at = Duration::ZERO;
        for (end, share) in tenants.iter() {
            if left.room().is_some_and(|room| room >= bytes) {
                break;
            }
            left.leave(*share);
            at = *end;
        }
        Some(at)
    }

    fn enter(&mut self, share: Share) {
        self.tenants += 1;
        match share {
            Share::Bytes(bytes) => self.taken += bytes,
            Share::Whole => self.is_whole = true,
        }
    }

    fn leave(&mut self, share: Share) {
        self.tenants -= 1;
        match share {
            Share::Bytes(bytes) => self.taken -= bytes,
            Share::Whole => self.is_whole = false,
        }
    }
}

/// The units of a pool that have room, by how much: those with tenants apart from the empty ones.
#[derive(Debug, Clone, Default)]
struct Free {
    partly: Vec<(u64, usize)>,
    empty: Vec<(u64, usize)>,
}

/// All GPUs, and which of each pool have room.
#[derive(Debug, Clone)]
pub(super) struct Room {
    units: Vec<Unit>,
    free: Vec<Free>,
    pools_of: Vec<Vec<usize>>,
    /// Units that are kept for one job.
    kept: Vec<bool>,
}

impl Room {
    pub(super) fn new(problem: &Problem) -> Self {
        let headroom = problem.capacity.headroom;
        let units: Vec<Unit> = problem
            .capacity
            .units
            .iter()
            .map(|unit| Unit {
                memory: unit.memory,
                shared: shared(unit.memory, headroom),
                taken: 0,
                tenants: 0,
                is_whole: false,
                quiet_until: Duration::ZERO,
            })
            .collect();
        let mut pools_of = vec![Vec::new(); units.len()];
        for (index, pool) in problem.pools.iter().enumerate() {
            for &unit in pool.units() {
                pools_of[unit].push(index);
            }
        }
        let kept = vec![false; units.len()];
        let mut room = Self { free: vec![Free::default(); problem.pools.len()], units, pools_of, kept };
        room.clear(problem);
        room
    }

    /// Everything is free again.
    pub(super) fn clear(&mut self, problem: &Problem) {
        for unit in &mut self.units {
            *unit = Unit { taken: 0, tenants: 0, is_whole: false, quiet_until: Duration::ZERO, ..unit.clone() };
        }
        for (free, pool) in self.free.iter_mut().zip(&problem.pools) {
            free.partly.clear();
            free.empty.clear();
            free.empty.extend(pool.units().iter().map(|&unit| (self.units[unit].memory, unit)));
            free.empty.sort_unstable();
        }
        self.kept.fill(false);
    }

    /// The most memory that a job may ask for of so many GPUs of a pool; `None` where there is none to be had. A job
    /// that takes GPUs whole asks for nothing more than that they are empty.
    pub(super) fn limit(&self, job: &Job, now: Duration) -> Option<u64> {
        let free = &self.free[job.pool];
        let is_open = |unit: usize| !self.kept[unit] && !self.is_quiet(job, unit, now);
        let wanted = job.gpus as usize;
        if job.share == Share::Whole {
            let empty = free.empty.iter().filter(|(_, unit)| is_open(*unit)).count();
            return (empty >= wanted).then_some(u64::MAX);
        }
        // The largest rooms of both lists, merged from their ends.
        let mut partly = free.partly.iter().rev().filter(|(_, unit)| is_open(*unit)).peekable();
        let mut empty = free.empty.iter().rev().filter(|(_, unit)| is_open(*unit)).peekable();
        let mut least = None;
        for _ in 0..wanted {
            let from = match (partly.peek(), empty.peek()) {
                (Some(one), Some(other)) if one.0 > other.0 => &mut partly as &mut dyn Iterator<Item = &(u64, usize)>,
                (_, Some(_)) => &mut empty,
                (Some(_), None) => &mut partly,
                (None, None) => return None,
            };
            least = from.next().map(|(room, _)| *room);
        }
        least
    }

    /// Whether a job has to wait on a unit for others to have started.
    fn is_quiet(&self, job: &Job, unit: usize, now: Duration) -> bool {
        job.staggered && self.units[unit].quiet_until > now
    }

    /// The units for a job that has room: those that are left with the least, so that large jobs find empty ones. Where
    /// `kept` is its own, only these.
    pub(super) fn choose(&self, job: &Job, now: Duration, own: Option<&[usize]>) -> Option<Vec<usize>> {
        let free = &self.free[job.pool];
        let is_open = |unit: usize| {
            let is_free = own.map_or(!self.kept[unit], |own| own.contains(&unit));
            is_free && !self.is_quiet(job, unit, now)
        };
        let (partly, empty) = match job.share {
            Share::Whole => (&[][..], &free.empty[..]),
            Share::Bytes(bytes) => {
                let from = |list: &'_ [(u64, usize)]| list.partition_point(|(room, _)| *room < bytes);
                (&free.partly[from(&free.partly)..], &free.empty[from(&free.empty)..])
            }
        };
        let units: Vec<usize> = partly
            .iter()
            .chain(empty)
            .map(|(_, unit)| *unit)
            .filter(|unit| is_open(*unit))
            .take(job.gpus as usize)
            .collect();
        (units.len() == job.gpus as usize).then_some(units)
    }

    /// A job starts on these units.
    pub(super) fn take(&mut self, job: &Job, units: &[usize], now: Duration, stagger: Duration) {
        for &unit in units {
            self.change(unit, |unit| {
                unit.enter(job.share);
                if job.staggered {
                    unit.quiet_until = now + stagger;
                }
            });
        }
    }

    /// It has ended.
    pub(super) fn release(&mut self, job: &Job, units: &[usize]) {
        for &unit in units {
            self.change(unit, |unit| unit.leave(job.share));
        }
    }

    /// The units of a job's pool on which it should have room first, if what runs ends as it should.
    pub(super) fn soonest<'r>(
        &self,
        problem: &Problem,
        job: &Job,
        running: impl Iterator<Item = (usize, Duration, &'r [usize])>,
    ) -> Vec<usize> {
        let mut ends: Vec<Vec<(Duration, Share)>> = vec![Vec::new(); self.units.len()];
        for (other, end, units) in running {
            for &unit in units {
                ends[unit].push((end, problem.jobs[other].share));
            }
        }
        let pool = problem.pools.get(job.pool).map_or(&[][..], |pool| pool.units());
        let mut soonest: Vec<(Duration, usize)> =
            pool.iter().filter_map(|&unit| Some((self.units[unit].room_for(job, &mut ends[unit])?, unit))).collect();
        soonest.sort_unstable();
        soonest.into_iter().take(job.gpus as usize).map(|(_, unit)| unit).collect()
    }

    /// Keeps units for one job, or gives them all back.
    pub(super) fn keep(&mut self, units: &[usize]) {
        self.kept.fill(false);
        for &unit in units {
            self.kept[unit] = true;
        }
    }

    /// The next moment after `now` at which a unit takes staggered jobs again.
    pub(super) fn next_quiet_end(&self, now: Duration) -> Option<Duration> {
        self.units.iter().map(|unit| unit.quiet_until).filter(|end| *end > now).min()
    }

    fn change(&mut self, index: usize, change: impl FnOnce(&mut Unit)) {
        let unit = &mut self.units[index];
        let (was_empty, before) = (unit.tenants == 0, unit.room());
        change(unit);
        let (is_empty, after) = (unit.tenants == 0, unit.room());
        for &pool in &self.pools_of[index] {
            let free = &mut self.free[pool];
            if let Some(room) = before {
                let list = if was_empty { &mut free.empty } else { &mut free.partly };
                if let Ok(at) = list.binary_search(&(room, index)) {
                    list.remove(at);
                }
            }
            if let Some(room) = after {
                let list = if is_empty { &mut free.empty } else { &mut free.partly };
                if let Err(at) = list.binary_search(&(room, index)) {
                    list.insert(at, (room, index));
                }
            }
        }
    }
}
