//! Orders tried for the shortest schedule.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::chain::Chain;
use super::linked::rename;
use super::order::{by_area, by_duration, varied};
use super::packing::Packing;
use super::problem::Problem;
use super::simulate::{Schedule, simulate};
use super::timeline::Time;

/// How much is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// For so long. How many orders that are depends on the machine and on what else it does, and so does the schedule;
    /// with no time at all it is the same everywhere.
    Time(Duration),
    /// So many orders: the same schedule everywhere.
    Tries(u64),
}

impl Effort {
    /// The part that is spent, from 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "a part")]
    fn spent(self, start: Instant, tries: u64) -> f64 {
        let spent = match self {
            Self::Time(time) => start.elapsed().as_secs_f64() / time.as_secs_f64(),
            Self::Tries(most) => tries as f64 / most as f64,
        };
        if spent.is_nan() { 1.0 } else { spent.min(1.0) }
    }
}

/// Looks for a short schedule until the effort is spent or a bound is reached. What it gives is never longer than what the
/// orders give that need no search.
///
/// A chain of schedules goes from one order of the jobs to the next. What it ends in is decided early: a long job that is begun late is
/// hardly ever begun first any more. So several are begun, and of these the better half goes on, again and again (successive
/// halving, Karnin et al. 2013). For a time, as many searches look as there are processors, each by random numbers of its own.
#[must_use]
pub fn search(problem: &Problem, bound: Duration, effort: Effort) -> Schedule {
    let mut schedule = shortest(problem, bound, effort);
    rename(problem, &mut schedule);
    schedule
}

fn shortest(problem: &Problem, bound: Duration, effort: Effort) -> Schedule {
    let start = Instant::now();
    let durations: Vec<Duration> = problem.jobs.iter().map(|job| job.duration).collect();
    let simple = [by_area(problem), by_duration(problem)].map(|order| simulate(problem, &order, &durations));
    let best = simple.into_iter().min_by_key(|schedule| schedule.makespan).unwrap_or_default();
    let is_reached = best.makespan <= bound.saturating_add(ROUNDING);
    if problem.jobs.len() < 2 || is_reached || effort.spent(start, 0) >= 1.0 {
        return best;
    }
    let Some(mut packing) = Packing::new(problem) else { return best };
    let shortest = AtomicU64::new(nanoseconds(best.makespan));
    let bound = nanoseconds(bound.saturating_add(ROUNDING));
    let look = |packing: &Packing<'_>, seed: u64| {
        let random = fastrand::Rng::with_seed(seed);
        Search { problem, effort, start, bound, of_all: &shortest, tries: 0, best: best.clone(), random }.run(packing)
    };
    let Effort::Time(time) = effort else { return look(&packing, SEED) };
    packing.stop_at(start.checked_add(time));
    let searches = std::thread::available_parallelism().map_or(1, NonZeroUsize::get).min(MOST_SEARCHES) as u64;
    std::thread::scope(|scope| {
        let (look, packing) = (&look, &packing);
        let others: Vec<_> = (1..searches).map(|number| scope.spawn(move || look(packing, SEED + number))).collect();
        let own = look(packing, SEED);
        let others = others.into_iter().filter_map(|other| other.join().ok());
        others.chain([own]).min_by_key(|schedule| schedule.makespan).unwrap_or_default()
    })
}

/// One of the searches.
struct Search<'p> {
    problem: &'p Problem,
    effort: Effort,
    start: Instant,
    bound: Time,
    /// The shortest that any of the searches has.
    of_all: &'p AtomicU64,
    tries: u64,
    best: Schedule,
    random: fastrand::Rng,
}

impl<'p> Search<'p> {
    /// Each round has the same part of the effort, and in it each chain.
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn run(mut self, packing: &Packing<'p>) -> Schedule {
        let chains = if self.problem.jobs.len() > MOST_VARIED { 1 } else { CHAINS };
        let rounds = f64::from(chains.ilog2() + 1);
        let mut running: Vec<Chain<'p>> = Vec::new();
        for number in 0..chains {
            let Some(mut chain) = self.begin(packing, number) else { break };
            self.go_on(&mut chain, (number + 1) as f64 / chains as f64 / rounds);
            running.push(chain);
        }
        let mut round = 1.0;
        while !running.is_empty() && !self.is_over() {
            running.sort_by_key(Chain::makespan);
            running.truncate(running.len().div_ceil(2));
            let count = running.len() as f64;
            for (number, chain) in running.iter_mut().enumerate() {
                self.go_on(chain, (round + (number + 1) as f64 / count) / rounds);
            }
            round += 1.0;
        }
        self.best
    }

    /// The first begins with the best schedule that needed no search, each other one with the best of some orders by chance.
    fn begin(&mut self, packing: &Packing<'p>, number: usize) -> Option<Chain<'p>> {
        let placements = &self.best.placements;
        let mut order: Vec<usize> = (0..placements.len()).collect();
        if number == 0 {
            order.sort_by_key(|&job| (placements[job].window.start, job));
            return Chain::new(self.problem, packing.clone(), order);
        }
        let mut best: Option<Chain<'p>> = None;
        for _ in 0..ORDERS_FOR_ONE {
            if self.is_over() {
                break;
            }
            self.tries += 1;
            let chain = Chain::new(self.problem, packing.clone(), varied(self.problem, &mut self.random))?;
            if best.as_ref().is_none_or(|best| chain.makespan() < best.makespan()) {
                best = Some(chain);
            }
        }
        best
    }

    fn is_over(&self) -> bool {
        self.is_spent(1.0)
    }

    /// Whether a part of the effort is spent, or a bound reached.
    fn is_spent(&self, part: f64) -> bool {
        self.effort.spent(self.start, self.tries) >= part || self.of_all.load(Ordering::Relaxed) <= self.bound
    }

    /// Until a part of the effort is spent.
    fn go_on(&mut self, chain: &mut Chain<'p>, until: f64) {
        self.note(chain);
        while !self.is_spent(until.min(1.0)) {
            self.tries += 1;
            if chain.step(&mut self.random) {
                self.note(chain);
            }
        }
    }

    fn note(&mut self, chain: &Chain<'p>) {
        if chain.makespan() < nanoseconds(self.best.makespan) {
            self.of_all.fetch_min(chain.makespan(), Ordering::Relaxed);
            self.best = chain.schedule();
        }
    }
}

fn nanoseconds(duration: Duration) -> Time {
    Time::try_from(duration.as_nanos()).unwrap_or(Time::MAX)
}

/// How many chains are begun: a power of two.
const CHAINS: usize = 32;
/// Of how many orders by chance the best begins a chain.
const ORDERS_FOR_ONE: usize = 8;
/// Of more jobs too few orders are tried to begin more than once.
const MOST_VARIED: usize = 200;
/// More searches at once find little more, and take processors from others.
const MOST_SEARCHES: usize = 8;
/// Seconds of bounds are rounded.
const ROUNDING: Duration = Duration::from_micros(1);
const SEED: u64 = 1;
