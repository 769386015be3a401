//! What starts now: the first job in order that fits.

use std::collections::HashMap;
use std::time::Duration;

use super::linked::Naming;
use super::problem::{Job, Problem};
use super::room::Room;
use super::waiting::Waiting;
use crate::Share;

/// A job that starts, and its GPUs, ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// Index into [`Problem::jobs`].
    pub job: usize,
    /// Indices into [`Capacity::units`](crate::Capacity::units).
    pub units: Vec<usize>,
}

/// What decides, beside memory, whether a job fits: jobs that agree in it wait in one line.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Shape {
    pool: usize,
    gpus: u32,
    is_whole: bool,
    cpu_slots: u32,
    host_memory: u64,
    resources: Vec<usize>,
    staggered: bool,
}

/// The jobs of one shape that wait.
#[derive(Debug, Clone)]
struct Line {
    /// One of them: all fit alike, but for their memory.
    like: usize,
    /// The jobs of the shape in order of priority, whether or not they wait now.
    jobs: Vec<usize>,
    waiting: Waiting,
}

/// A running schedule: told what ends, it says what starts.
///
/// Jobs are started in order of priority, and a job that does not fit is passed by those behind it that do. What is
/// passed for too long has its GPUs or slots kept for it, so that it waits no longer than for what runs now.
#[derive(Debug, Clone)]
pub struct Dispatch<'p> {
    problem: &'p Problem,
    lines: Vec<Line>,
    /// For each job its line and its place there.
    place: Vec<(usize, usize)>,
    /// The place of each job in the order.
    rank: Vec<usize>,
    /// How many jobs each still waits for.
    blocked_by: Vec<usize>,
    dependents: Vec<Vec<usize>>,
    room: Room,
    /// Where GPUs are linked unlike each other. All else here knows the GPUs of the schedule, and only who is told of a start
    /// those of the machine.
    naming: Option<Naming>,
    slots_taken: u32,
    host_memory_taken: u64,
    is_held: Vec<bool>,
    running: Vec<Option<Running>>,
    /// Which jobs were neither started nor withdrawn, and how many these are.
    is_open: Vec<bool>,
    open: usize,
    first: First,
    /// How long the first job may be passed.
    patience: Duration,
}

#[derive(Debug, Clone)]
struct Running {
    units: Vec<usize>,
    /// When it should end.
    end: Duration,
}

/// The first job in order that waits and could run if it had room.
#[derive(Debug, Clone, Default)]
struct First {
    job: Option<usize>,
    /// Since when it is the first.
    since: Duration,
    /// The GPUs that nobody else gets, since it was passed for too long; all slots and all memory of the machine that become
    /// free are kept as well, where it lacks them.
    kept: Option<Vec<usize>>,
}

impl<'p> Dispatch<'p> {
    /// Nothing runs yet. `order` has every job once, the first to start first.
    #[must_use]
    pub fn new(problem: &'p Problem, order: &[usize]) -> Self {
        let jobs = &problem.jobs;
        let mut line_of: HashMap<Shape, usize> = HashMap::new();
        let mut lines: Vec<Line> = Vec::new();
        let mut place = Vec::with_capacity(jobs.len());
        for (index, job) in jobs.iter().enumerate() {
            let line = *line_of.entry(Shape::of(job, problem)).or_insert_with(|| {
                lines.push(Line { like: index, jobs: Vec::new(), waiting: Waiting::new(0) });
                lines.len() - 1
            });
            lines[line].jobs.push(index);
            place.push((line, 0));
        }
        for line in &mut lines {
            line.waiting = Waiting::new(line.jobs.len());
        }
        let mut dispatch = Self {
            problem,
            lines,
            place,
            rank: vec![0; jobs.len()],
            blocked_by: Vec::new(),
            dependents: problem.dependents(),
            room: Room::new(problem),
            naming: Naming::new(problem),
            slots_taken: 0,
            host_memory_taken: 0,
            is_held: Vec::new(),
            running: vec![None; jobs.len()],
            is_open: Vec::new(),
            open: 0,
            first: First::default(),
            patience: jobs.iter().map(|job| job.duration).max().unwrap_or_default(),
        };
        dispatch.restart(order);
        dispatch
    }

    /// From the beginning, in another order. It is cheaper than a new dispatch.
    pub(super) fn restart(&mut self, order: &[usize]) {
        let jobs = &self.problem.jobs;
        for line in &mut self.lines {
            line.jobs.clear();
            line.waiting.clear();
        }
        for (at, &job) in order.iter().enumerate() {
            self.rank[job] = at;
            let (line, place) = &mut self.place[job];
            let line = &mut self.lines[*line];
            *place = line.jobs.len();
            line.jobs.push(job);
        }
        self.blocked_by.clear();
        self.blocked_by.extend(jobs.iter().map(|job| job.after.len()));
        self.room.clear(self.problem);
        self.naming.iter_mut().for_each(Naming::restart);
        self.slots_taken = 0;
        self.host_memory_taken = 0;
        self.is_held.clear();
        self.is_held.resize(self.problem.resources, false);
        self.running.fill(None);
        self.is_open.clear();
        self.is_open.resize(jobs.len(), true);
        self.open = jobs.len();
        self.first = First::default();
        for &job in order {
            if self.blocked_by[job] == 0 {
                self.queue(job);
            }
        }
    }

    /// The next job that starts now; to be asked until there is none.
    pub fn start(&mut self, now: Duration) -> Option<Start> {
        self.look_at_first(now);
        let (first, mut units) = match self.start_of_kept(now) {
            Some(start) => start,
            None => {
                let fits = (0..self.lines.len()).filter_map(|line| self.first_of(line, now));
                let first = fits.min_by_key(|job| self.rank[*job])?;
                let job = &self.problem.jobs[first];
                (first, if job.gpus == 0 { Vec::new() } else { self.room.choose(job, now, None)? })
            }
        };
        let job = &self.problem.jobs[first];
        units.sort_unstable();
        self.room.take(job, &units, now, self.problem.stagger);
        self.slots_taken += self.problem.slots(job);
        self.host_memory_taken += self.problem.host_memory(job);
        for &resource in &job.resources {
            self.is_held[resource] = true;
        }
        let (line, place) = self.place[first];
        self.lines[line].waiting.remove(place);
        self.is_open[first] = false;
        self.open -= 1;
        let named = self.naming.as_mut().map(|naming| naming.start(self.problem, job, &units, now));
        self.running[first] = Some(Running { units: units.clone(), end: now + job.duration });
        Some(Start { job: first, units: named.unwrap_or(units) })
    }

    /// A job that was started has ended, and what it held is free.
    pub fn end(&mut self, job: usize) {
        let Some(running) = self.running[job].take() else { return };
        let ended = &self.problem.jobs[job];
        self.room.release(ended, &running.units);
        self.naming.iter_mut().for_each(|naming| naming.end(&running.units));
        self.slots_taken -= self.problem.slots(ended);
        self.host_memory_taken -= self.problem.host_memory(ended);
        for &resource in &ended.resources {
            self.is_held[resource] = false;
        }
        self.unblock_dependents(job);
    }

    /// A job is not started, whether it waits or is waited for: those that wait for it wait no longer. One that was started
    /// goes on.
    pub fn withdraw(&mut self, job: usize) {
        if !std::mem::take(&mut self.is_open[job]) {
            return;
        }
        let (line, place) = self.place[job];
        self.lines[line].waiting.remove(place);
        self.open -= 1;
        self.unblock_dependents(job);
    }

    /// The next moment after `now` at which something may start although nothing ends.
    #[must_use]
    pub fn next_moment(&self, now: Duration) -> Option<Duration> {
        if self.problem.stagger.is_zero() { None } else { self.room.next_quiet_end(now) }
    }

    /// Whether every job has been started or withdrawn.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.open == 0
    }

    fn unblock_dependents(&mut self, job: usize) {
        for index in 0..self.dependents[job].len() {
            let dependent = self.dependents[job][index];
            self.blocked_by[dependent] -= 1;
            if self.blocked_by[dependent] == 0 && self.is_open[dependent] {
                self.queue(dependent);
            }
        }
    }

    fn queue(&mut self, job: usize) {
        let need = match self.problem.jobs[job].share {
            Share::Bytes(bytes) if self.problem.jobs[job].gpus > 0 => bytes,
            _ => 0,
        };
        let (line, place) = self.place[job];
        self.lines[line].waiting.add(place, need);
    }

    /// Notes which job is the first now, and keeps what it needs once it was passed for too long.
    fn look_at_first(&mut self, now: Duration) {
        let firsts = self.lines.iter().filter_map(|line| Some(line.jobs[line.waiting.first_within(u64::MAX)?]));
        let first = firsts.min_by_key(|job| self.rank[*job]);
        if first != self.first.job {
            if self.first.kept.is_some() {
                self.room.keep(&[]);
            }
            self.first = First { job: first, since: now, kept: None };
        }
        if let (Some(job), None) = (first, &self.first.kept)
            && now.saturating_sub(self.first.since) > self.patience
        {
            let running = self.running.iter().enumerate();
            let ends = running.filter_map(|(job, running)| running.as_ref().map(|it| (job, it.end, &*it.units)));
            let units = self.room.soonest(self.problem, &self.problem.jobs[job], ends);
            self.room.keep(&units);
            self.first.kept = Some(units);
        }
    }

    /// The job that something is kept for, where that is enough by now.
    fn start_of_kept(&self, now: Duration) -> Option<(usize, Vec<usize>)> {
        let (job, kept) = (self.first.job?, self.first.kept.as_ref()?);
        let waits = &self.problem.jobs[job];
        if !self.has_room_beside_gpus(waits) {
            return None;
        }
        let units = if waits.gpus == 0 { Vec::new() } else { self.room.choose(waits, now, Some(kept))? };
        Some((job, units))
    }

    fn has_room_beside_gpus(&self, job: &Job) -> bool {
        self.has_slots(job)
            && self.has_host_memory(job)
            && !job.resources.iter().any(|resource| self.is_held[*resource])
    }

    fn has_slots(&self, job: &Job) -> bool {
        self.slots_taken + self.problem.slots(job) <= self.problem.capacity.cpu_slots
    }

    fn has_host_memory(&self, job: &Job) -> bool {
        let all = self.problem.capacity.host_memory;
        all.is_none_or(|all| self.host_memory_taken.saturating_add(self.problem.host_memory(job)) <= all)
    }

    /// Whether a job would take slots or memory that are being saved up.
    fn takes_what_is_saved(&self, job: &Job) -> bool {
        let kept = self.first.kept.as_ref().and(self.first.job).map(|job| &self.problem.jobs[job]);
        kept.is_some_and(|kept| {
            (self.problem.slots(job) > 0 && !self.has_slots(kept))
                || (self.problem.host_memory(job) > 0 && !self.has_host_memory(kept))
        })
    }

    /// The first waiting job of a line that fits now.
    fn first_of(&self, line: usize, now: Duration) -> Option<usize> {
        let line = &self.lines[line];
        let like = &self.problem.jobs[line.like];
        if !self.has_room_beside_gpus(like) || self.takes_what_is_saved(like) {
            return None;
        }
        let limit = if like.gpus == 0 { 0 } else { self.room.limit(like, now)? };
        line.waiting.first_within(limit).map(|place| line.jobs[place])
    }
}

impl Shape {
    fn of(job: &Job, problem: &Problem) -> Self {
        Self {
            pool: job.pool,
            gpus: job.gpus,
            is_whole: job.gpus > 0 && job.share == Share::Whole,
            cpu_slots: problem.slots(job),
            host_memory: problem.host_memory(job),
            resources: job.resources.clone(),
            staggered: job.staggered && job.gpus > 0,
        }
    }
}
