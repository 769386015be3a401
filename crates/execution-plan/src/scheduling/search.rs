//! Orders tried for the shortest schedule.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::linked::rename;
use super::order::{by_area, by_duration};
use super::packing::{Direction, Packing};
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
/// From the best of these it moves one job at a time within the order in which jobs are put in, and goes on from what is not
/// much worse (simulated annealing, Kirkpatrick et al. 1983, at one temperature, Connolly 1990). Some of the schedules are made again from
/// their end and then from their start, which closes gaps (forward-backward improvement, Tormos and Lova 2001). For a time, as
/// many searches look as there are processors, each by random numbers of its own: what they look at differs early.
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
    let Effort::Time(time) = effort else {
        return Annealing::new(problem, packing, best, bound, SEED, &shortest).run(effort, start);
    };
    packing.stop_at(start.checked_add(time));
    let searches = std::thread::available_parallelism().map_or(1, NonZeroUsize::get).min(MOST_SEARCHES) as u64;
    let look =
        |seed: u64| Annealing::new(problem, packing.clone(), best.clone(), bound, seed, &shortest).run(effort, start);
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..searches).map(|number| scope.spawn(move || look(SEED + number))).collect();
        let own = look(SEED);
        let others = others.into_iter().filter_map(|other| other.join().ok());
        others.chain([own]).min_by_key(|schedule| schedule.makespan).unwrap_or_default()
    })
}

/// The state of a search.
struct Annealing<'p> {
    packing: Packing<'p>,
    /// Where a job may stand: behind what it waits for, before what waits for it.
    problem: &'p Problem,
    dependents: Vec<Vec<usize>>,
    order: Vec<usize>,
    tried: Vec<usize>,
    place: Vec<usize>,
    cost: f64,
    best: Schedule,
    shortest: Time,
    /// The shortest that any of the searches has.
    of_all: &'p AtomicU64,
    bound: Time,
    random: fastrand::Rng,
}

impl<'p> Annealing<'p> {
    fn new(
        problem: &'p Problem,
        packing: Packing<'p>,
        best: Schedule,
        bound: Duration,
        seed: u64,
        of_all: &'p AtomicU64,
    ) -> Self {
        let mut order: Vec<usize> = (0..problem.jobs.len()).collect();
        order.sort_by_key(|&job| (best.placements[job].window.start, job));
        Self {
            packing,
            problem,
            dependents: problem.dependents(),
            tried: order.clone(),
            place: vec![0; order.len()],
            order,
            cost: f64::INFINITY,
            shortest: nanoseconds(best.makespan),
            of_all,
            best,
            bound: nanoseconds(bound.saturating_add(ROUNDING)),
            random: fastrand::Rng::with_seed(seed),
        }
    }

    fn run(mut self, effort: Effort, start: Instant) -> Schedule {
        let mut tries = 0;
        loop {
            if effort.spent(start, tries) >= 1.0 || self.of_all.load(Ordering::Relaxed) <= self.bound {
                return self.best;
            }
            self.tried.copy_from_slice(&self.order);
            if tries > 0 {
                self.move_one();
            }
            self.try_order();
            tries += 1;
        }
    }

    /// Takes a job to another place among those that it may have.
    fn move_one(&mut self) {
        for (place, &job) in self.tried.iter().enumerate() {
            self.place[job] = place;
        }
        let from = self.random.usize(..self.tried.len());
        let job = self.tried[from];
        let place = |other: &usize| self.place[*other];
        let first = self.problem.jobs[job].after.iter().map(|before| place(before) + 1).max().unwrap_or(0);
        let behind = self.dependents[job].iter().map(place).min().unwrap_or(self.tried.len());
        if first < behind {
            shift(&mut self.tried, from, self.random.usize(first..behind));
        }
    }

    /// Makes a schedule in the order in hand and goes on from there if it is good enough.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a limit")]
    fn try_order(&mut self) {
        let temperature = TEMPERATURE * self.shortest as f64;
        let limit = self.cost - temperature * (1.0 - self.random.f64()).ln();
        // A cost is not below the makespan.
        if !self.packing.put_all(&self.tried, Direction::Forward, limit as Time) {
            return;
        }
        if self.random.f64() < IMPROVED && !self.improve() {
            return;
        }
        let makespan = self.packing.makespan();
        if makespan < self.shortest {
            self.shortest = makespan;
            self.of_all.fetch_min(makespan, Ordering::Relaxed);
            self.best = self.packing.schedule();
        }
        let cost = makespan as f64 + self.packing.mean_end();
        if cost <= limit {
            std::mem::swap(&mut self.order, &mut self.tried);
            self.cost = cost;
        }
    }

    /// From the end and from the start again, as long as that is shorter; false where time is up.
    fn improve(&mut self) -> bool {
        loop {
            let before = self.packing.makespan();
            self.packing.order_from_end(&mut self.tried);
            if !self.packing.put_all(&self.tried, Direction::Backward, Time::MAX) {
                return false;
            }
            self.packing.order_from_backward(&mut self.tried);
            if !self.packing.put_all(&self.tried, Direction::Forward, Time::MAX) {
                return false;
            }
            if self.packing.makespan() >= before {
                return true;
            }
        }
    }
}

fn nanoseconds(duration: Duration) -> Time {
    Time::try_from(duration.as_nanos()).unwrap_or(Time::MAX)
}

/// Moves what stands at one place to another.
fn shift(order: &mut [usize], from: usize, to: usize) {
    if from < to {
        order[from..=to].rotate_left(1);
    } else {
        order[to..=from].rotate_right(1);
    }
}

/// By how much of the shortest makespan a schedule may be worse on the mean to go on from it. On problems that are not in the
/// benchmark's tables it loses less than 0.002 and 0.005, and less than a temperature that falls from 0.01 to 0.001: with 3,000
/// orders each 0.6 % less of `single` and 0.1 % of `mixed`.
const TEMPERATURE: f64 = 0.003;
/// How many of the schedules are made again from their ends. Without any the family `mixed` of `benches/planning` loses half
/// a percent more.
const IMPROVED: f64 = 0.15;
/// More searches at once find little more, and take processors from others.
const MOST_SEARCHES: usize = 8;
/// Seconds of bounds are rounded.
const ROUNDING: Duration = Duration::from_micros(1);
const SEED: u64 = 1;
