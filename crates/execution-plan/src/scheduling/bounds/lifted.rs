//! Weights of jobs, raised one after another as far as they may be.
//!
//! Give each job a weight such that the weights of jobs that can run at once never sum up to more than 1. Then at each
//! moment at most 1 is run, and `sum of weight x time` cannot exceed the makespan. Dual feasible functions give such weights,
//! but look at one job at a time: that a job which takes all GPUs keeps off all that have a GPU for themselves they do not
//! see. So weights are lifted as coefficients of cover inequalities are (Balas 1975): where what can run beside a job weighs
//! at most `m`, its own weight may be raised to `1 - m`, since a set with it then weighs at most 1, and one without it weighs
//! what it weighed before. What can run beside it is sought by a knapsack over the room that the job leaves, which
//! knows less than all rules of the machine: `m` is then too large, never too small.

use super::Part;

/// How finely the room of all GPUs is counted. What a job takes is rounded down.
const CELLS: f64 = 256.0;
/// How many cells are filled in all, some 20 ms of work; weights that were not raised by then stay as they are.
const MOST_CELLS: usize = 20_000_000;

/// The jobs of a pool, and tables that are used again.
pub(super) struct Lifting<'p> {
    jobs: &'p [Part],
    gpus: f64,
    /// Jobs by their times, the longest first: what is raised first gets most.
    order: Vec<usize>,
    best: Vec<f64>,
    /// How many cells of tables may still be filled.
    left: usize,
}

impl<'p> Lifting<'p> {
    pub(super) fn new(jobs: &'p [Part], gpus: f64) -> Self {
        let mut order: Vec<usize> = (0..jobs.len()).collect();
        order.sort_by_key(|&job| std::cmp::Reverse(jobs[job].duration));
        Self { jobs, gpus, order, best: Vec::new(), left: MOST_CELLS }
    }

    /// Raises the weights, which sum up to at most 1 over all sets of jobs that can run at once, and still do afterwards.
    pub(super) fn lift(&mut self, weights: &mut [f64]) {
        for at in 0..self.order.len() {
            if self.left == 0 {
                return;
            }
            let job = self.order[at];
            let raised = 1.0 - self.most_beside(job, weights);
            if raised > weights[job] {
                weights[job] = raised;
            }
        }
    }

    /// What jobs that can run beside one weigh at most.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small numbers of cells and GPUs")]
    fn most_beside(&mut self, job: usize, weights: &[f64]) -> f64 {
        let beside = Beside::of(&self.jobs[job], self.gpus);
        let items = self.jobs.iter().zip(weights).enumerate();
        let items = items.filter(|(other, (part, weight))| *other != job && **weight > 0.0 && beside.fits(part));
        let items: Vec<(&Part, f64)> = items.map(|(_, (part, weight))| (part, *weight)).collect();
        let smallest = items.iter().filter(|(part, _)| part.of_each > beside.half).map(|(part, _)| part.of_each);
        let large = beside.gpus_for_large(smallest.fold(f64::INFINITY, f64::min));
        let scale = CELLS / self.gpus;
        let cells = (beside.room * scale + super::ROUNDING) as usize;
        let width = cells + 1;
        self.left = self.left.saturating_sub(width * (large + 1) * (items.len() + 1));
        self.best.clear();
        self.best.resize(width * (large + 1), 0.0);
        for (part, weight) in items {
            let takes = (part.gpus * part.of_each * scale) as usize;
            let counts = if part.of_each > beside.half { part.gpus as usize } else { 0 };
            for row in (counts..=large).rev() {
                let from = (row - counts) * width;
                for cell in (takes..=cells).rev() {
                    let with = self.best[from + cell - takes] + weight;
                    let here = &mut self.best[row * width + cell];
                    *here = here.max(with);
                }
            }
        }
        self.best.last().copied().unwrap_or(0.0)
    }
}

/// The room that a job leaves to others.
struct Beside {
    gpus: f64,
    /// GPUs that it is on.
    own: f64,
    /// The part of each of them that is left.
    left: f64,
    /// GPUs and parts of them in all.
    room: f64,
    /// Of jobs with a greater part no two share a GPU.
    half: f64,
}

impl Beside {
    fn of(part: &Part, gpus: f64) -> Self {
        let left = (1.0 - part.of_each).max(0.0);
        let on_all = part.gpus >= gpus;
        Self {
            gpus,
            own: part.gpus,
            left,
            room: gpus - part.gpus * part.of_each,
            half: if on_all { left / 2.0 } else { 0.5 } + super::ROUNDING,
        }
    }

    /// Whether there are GPUs enough on which a job has room.
    fn fits(&self, part: &Part) -> bool {
        let on_own = if part.of_each <= self.left + super::ROUNDING { self.own } else { 0.0 };
        part.gpus <= self.gpus - self.own + on_own
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small number of GPUs")]
    /// How many GPUs large jobs may have, of which this is the part of the smallest.
    fn gpus_for_large(&self, smallest: f64) -> usize {
        let gpus = if smallest <= self.left + super::ROUNDING { self.gpus } else { self.gpus - self.own };
        gpus.max(0.0) as usize
    }
}
