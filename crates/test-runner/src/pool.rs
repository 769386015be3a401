//! Tests of the CPU that no pytest process has begun, file by file: a step that is done with its own takes over files of
//! others.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use execution_plan::{Claim, PlannedCase, Step, StepId};
use test_catalog::{NodeId, TreePath};

/// What a step has to have left, or how long it has to have been at one file, that a process is started to take over half of
/// what it has left: more than twice what pytest takes to start.
const WORTH_A_PROCESS: Duration = Duration::from_secs(1);

/// The planned tests of one file in one round, and how far they are.
pub(crate) struct FileCases<'p> {
    pub(crate) cases: Vec<&'p PlannedCase>,
    pub(crate) round: u32,
    /// The cases that have all their results.
    pub(crate) over: HashSet<usize>,
    /// The tests that have a result though their case is not over: pytest may make several of an inexact one.
    pub(crate) done: HashSet<(NodeId, u32)>,
}

impl<'p> FileCases<'p> {
    /// The cases of each file, in the order of the files' first cases; `over` has those of the step that need not run.
    pub(crate) fn of(step: &'p Step, round: u32, over: &HashSet<usize>) -> Vec<Self> {
        let mut files: Vec<Self> = Vec::new();
        let mut known: HashMap<&TreePath, usize> = HashMap::new();
        for (number, case) in step.cases.iter().enumerate() {
            let at = *known.entry(&case.file).or_insert_with(|| {
                files.push(Self { cases: Vec::new(), round, over: HashSet::new(), done: HashSet::new() });
                files.len() - 1
            });
            if over.contains(&number) {
                let place = files[at].cases.len();
                files[at].over.insert(place);
            }
            files[at].cases.push(case);
        }
        files.retain(|file| !file.is_over());
        files
    }

    /// The file's own name: modules of one name can shadow each other in one process.
    pub(crate) fn name(&self) -> &'p str {
        self.cases.first().map_or("", |case| case.file.file_name())
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.len() == self.cases.len()
    }

    /// What its tests take by their estimates and by what others of such estimates took, in seconds.
    fn expected(&self, paces: &HashMap<Duration, Pace>) -> f64 {
        let of = |case: &&PlannedCase| {
            let estimate = case.estimate.duration;
            estimate.as_secs_f64() * paces.get(&estimate).map_or(1.0, Pace::scale)
        };
        self.cases.iter().map(of).sum()
    }
}

/// A file in the pool, as its process names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

/// Tests that no process has begun, by the step whose process is to run them.
#[derive(Default)]
pub(crate) struct Pool<'p> {
    lines: Mutex<Lines<'p>>,
}

#[derive(Default)]
struct Lines<'p> {
    last: u64,
    by_step: HashMap<StepId, Line<'p>>,
    /// By their estimate: tests of one type have the same where none of them was measured, and types differ in how wrong that is.
    paces: HashMap<Duration, Pace>,
}

/// What tests took, and what they were expected to take, in seconds.
#[derive(Default)]
struct Pace {
    took: f64,
    expected: f64,
}

impl Pace {
    fn scale(&self) -> f64 {
        if self.expected > 0.0 { self.took / self.expected } else { 1.0 }
    }
}

/// What came of trying to take over files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TakeOver {
    Taken,
    /// Others have files left, and are at them.
    Later,
    Nothing,
}

struct Line<'p> {
    /// When a file was begun last.
    since: Instant,
    setting: Setting<'p>,
    files: VecDeque<(Ticket, FileCases<'p>)>,
}

/// What tests find when they run: the environment, and what their step has of the machine and alone. Files move between steps
/// of one setting.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Setting<'p> {
    env: &'p [(String, String)],
    exclusive: &'p [String],
    cpu_slots: u32,
    host_memory: u64,
}

fn setting(step: &Step) -> Setting<'_> {
    let Claim { cpu_slots, host_memory, exclusive, .. } = &step.claim;
    Setting { env: &step.env, exclusive, cpu_slots: *cpu_slots, host_memory: *host_memory }
}

impl<'p> Pool<'p> {
    /// Adds files in front of those that a step has left.
    pub(crate) fn add(&self, step: &'p Step, files: Vec<FileCases<'p>>) {
        let mut lines = self.lock();
        lines.add(step.id, setting(step), files);
    }

    /// What a step has left, without taking it out: a process collects all of it, and claims each file when it begins it.
    pub(crate) fn left(&self, step: StepId) -> Vec<(Ticket, Vec<&'p PlannedCase>, Left)> {
        let lines = self.lock();
        let files = lines.by_step.get(&step).into_iter().flat_map(|line| &line.files);
        files
            .map(|(ticket, file)| {
                let left = Left { over: file.over.clone(), done: file.done.clone() };
                (*ticket, file.cases.clone(), left)
            })
            .collect()
    }

    /// Takes a file out, to be begun; `None` where another process has it.
    pub(crate) fn claim(&self, step: StepId, ticket: Ticket) -> Option<FileCases<'p>> {
        let mut lines = self.lock();
        let line = lines.by_step.get_mut(&step)?;
        let at = line.files.iter().position(|(known, _)| *known == ticket)?;
        line.since = Instant::now();
        line.files.remove(at).map(|(_, file)| file)
    }

    /// A test took so long: guesses are scaled by what tests of the same guess took.
    pub(crate) fn took(&self, case: &PlannedCase, took: Duration) {
        let mut lines = self.lock();
        let pace = lines.paces.entry(case.estimate.duration).or_default();
        pace.took += took.as_secs_f64();
        pace.expected += case.estimate.duration.as_secs_f64();
    }

    /// Moves half of what another step has left to this one, from the end, where that is worth a process. Who has most to
    /// do gives; its last file is left to it, since it may be about to begin it: two that start for each other's would go
    /// on for ever.
    pub(crate) fn take_over(&self, to: &'p Step) -> TakeOver {
        let mut lines = self.lock();
        let left = |line: &Line<'_>| line.files.iter().map(|(_, file)| file.expected(&lines.paces)).sum::<f64>();
        let is_worth_it =
            |left: f64, line: &Line<'_>| left.max(line.since.elapsed().as_secs_f64()) >= WORTH_A_PROCESS.as_secs_f64();
        let others = || {
            let lines = lines.by_step.iter();
            lines.filter(|(step, line)| **step != to.id && line.setting == setting(to) && line.files.len() > 1)
        };
        let worth = others().map(|(step, line)| (left(line), *step, line));
        let worth = worth.filter(|(left, _, line)| is_worth_it(*left, line)).map(|(left, step, _)| (left, step));
        let Some((_, from)) = worth.max_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1))) else {
            return if others().next().is_some() { TakeOver::Later } else { TakeOver::Nothing };
        };
        let Some(line) = lines.by_step.get_mut(&from) else { return TakeOver::Nothing };
        let half = line.files.len() / 2;
        let mut names: HashSet<&str> = HashSet::new();
        let mut taken = Vec::new();
        for at in (0..line.files.len()).rev() {
            if taken.len() < half && names.insert(line.files[at].1.name()) {
                taken.extend(line.files.remove(at).map(|(_, file)| file));
            }
        }
        taken.reverse();
        lines.add(to.id, setting(to), taken);
        TakeOver::Taken
    }

    /// Takes out all that a step has left: it will not be run.
    pub(crate) fn give_up(&self, step: StepId) -> Vec<FileCases<'p>> {
        let line = self.lock().by_step.remove(&step);
        line.into_iter().flat_map(|line| line.files).map(|(_, file)| file).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Lines<'p>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a file in the pool still needs.
pub(crate) struct Left {
    pub(crate) over: HashSet<usize>,
    pub(crate) done: HashSet<(NodeId, u32)>,
}

impl<'p> Lines<'p> {
    fn add(&mut self, step: StepId, setting: Setting<'p>, files: Vec<FileCases<'p>>) {
        let new = || Line { since: Instant::now(), setting, files: VecDeque::new() };
        let line = self.by_step.entry(step).or_insert_with(new);
        for file in files.into_iter().rev() {
            self.last += 1;
            line.files.push_front((Ticket(self.last), file));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use execution_plan::{Capacity, Demand, Plan, PlanSettings, StepKind, plan_demands};
    use test_catalog::NodeId;

    use super::*;

    /// Two batches of files that are expected to take a second each.
    fn plan(files: u32) -> Plan {
        plan_with(files, |_| Vec::new())
    }

    /// The same where a test has these things alone.
    fn plan_with(files: u32, exclusive: impl Fn(u32) -> Vec<String>) -> Plan {
        plan_of(files, exclusive, |_| Duration::from_secs(1))
    }

    fn plan_of(files: u32, exclusive: impl Fn(u32) -> Vec<String>, estimate: impl Fn(u32) -> Duration) -> Plan {
        let demand = |number: u32| {
            let file = TreePath::new(format!("test_{number}.py"));
            let id = NodeId::python(&file, ["test_a"], None);
            let mut demand = Demand { exclusive: exclusive(number), ..Demand::new(id, file) };
            demand.case.estimate.duration = estimate(number);
            demand
        };
        let capacity = Capacity { units: Vec::new(), cpu_slots: 2, headroom: 0.15, ..Capacity::default() };
        plan_demands((0..files).map(demand).collect(), capacity, &PlanSettings { jobs: 2, ..PlanSettings::default() })
    }

    fn batches(plan: &Plan) -> [&Step; 2] {
        let steps: Vec<_> = plan.steps().filter(|step| step.kind == StepKind::PythonBatch).collect();
        steps.try_into().unwrap()
    }

    #[test]
    fn each_file_is_begun_once_whoever_takes_it_over() {
        let plan = plan(20);
        let steps = batches(&plan);
        let pool = Pool::default();
        let mut begun = Vec::new();
        for step in steps {
            pool.add(step, FileCases::of(step, 0, &HashSet::new()));
        }
        let collected = steps.map(|step| pool.left(step.id));
        // The first step is done at once and takes over what it can; the second goes on with what it collected.
        for (ticket, ..) in &collected[0] {
            begun.extend(pool.claim(steps[0].id, *ticket).map(|file| file.name()));
        }
        while pool.take_over(steps[0]) == TakeOver::Taken {
            for (ticket, ..) in pool.left(steps[0].id) {
                begun.extend(pool.claim(steps[0].id, ticket).map(|file| file.name()));
            }
        }
        let taken = begun.len();
        for (ticket, ..) in &collected[1] {
            begun.extend(pool.claim(steps[1].id, *ticket).map(|file| file.name()));
        }
        assert!(taken > 10 && taken < 20, "{taken}");
        begun.sort_unstable();
        begun.dedup();
        assert_eq!(begun.len(), 20);
        assert_eq!(pool.take_over(steps[0]), TakeOver::Nothing);
    }

    #[test]
    fn what_a_step_has_alone_is_taken_over_by_none_that_has_it_not() {
        let plan = plan_with(20, |number| if number < 10 { vec!["etcd".to_owned()] } else { Vec::new() });
        let steps: Vec<_> = plan.steps().filter(|step| step.kind == StepKind::PythonBatch).collect();
        let pool = Pool::default();
        steps.iter().for_each(|step| pool.add(step, FileCases::of(step, 0, &HashSet::new())));
        let (alone, others): (Vec<&Step>, Vec<&Step>) = steps.iter().partition(|step| !step.claim.exclusive.is_empty());
        let count = |steps: &[&Step]| steps.iter().map(|step| pool.left(step.id).len()).sum::<usize>();
        for step in &steps {
            while pool.take_over(step) == TakeOver::Taken && pool.left(step.id).len() < 10 {}
        }
        assert_eq!((count(&alone), count(&others)), (10, 10));
    }

    /// Tests of a type that takes as long as it was guessed to are taken over at once, however fast others were.
    #[test]
    fn a_guess_is_held_against_tests_of_the_same_guess_only() {
        let (fast, slow) = (Duration::from_millis(100), Duration::from_secs(2));
        let plan = plan_of(20, |_| Vec::new(), |number| if number < 10 { fast } else { slow });
        // The first batch has all that are fast, and some of the others.
        let [first, second] = batches(&plan);
        let pool = Pool::default();
        for case in first.cases.iter().filter(|case| case.estimate.duration == fast) {
            pool.took(case, Duration::from_millis(1));
        }
        pool.add(first, FileCases::of(first, 0, &HashSet::new()));
        let slow_ones: Vec<Ticket> = pool
            .left(first.id)
            .iter()
            .filter(|(_, cases, _)| cases[0].estimate.duration == slow)
            .map(|(ticket, ..)| *ticket)
            .collect();
        let slow_ones: Vec<FileCases<'_>> =
            slow_ones.into_iter().map(|ticket| pool.claim(first.id, ticket).unwrap()).collect();
        assert!(!slow_ones.is_empty());
        assert_eq!(pool.take_over(second), TakeOver::Later);
        pool.add(first, slow_ones);
        assert_eq!(pool.take_over(second), TakeOver::Taken);
    }

    #[test]
    fn what_is_nearly_done_is_left_to_its_process_and_so_is_its_last_file() {
        let plan = plan(20);
        let [first, second] = batches(&plan);
        let pool = Pool::default();
        pool.add(second, FileCases::of(second, 0, &HashSet::new()));
        // What was guessed to take a second takes a millisecond.
        pool.took(&first.cases[0], Duration::from_millis(1));
        assert_eq!(pool.take_over(first), TakeOver::Later);
        for (ticket, ..) in &pool.left(second.id)[1..] {
            assert!(pool.claim(second.id, *ticket).is_some());
        }
        assert_eq!(pool.take_over(first), TakeOver::Nothing);
        assert_eq!(pool.give_up(second.id).len(), 1);
    }
}
