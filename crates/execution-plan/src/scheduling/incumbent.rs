//! The schedule that a search goes on from, and others made of it: only what stands behind a change of the order is put in
//! again.

use super::packing::{Direction, Packing};
use super::taken::Taken;
use super::timeline::Time;

/// A schedule in hand and one that is tried.
pub(super) struct Incumbent<'p> {
    packing: Packing<'p>,
    kept: Record,
    tried: Record,
    /// From which place on the one that is tried was put in again.
    from: usize,
}

/// How a schedule came about.
struct Record {
    order: Vec<usize>,
    starts: Vec<Time>,
    places: Vec<usize>,
    makespan: Time,
    /// What was taken before every so many places.
    marks: Vec<Option<Taken>>,
}

impl<'p> Incumbent<'p> {
    /// An order to begin with. `None` where a job fits nowhere, or time is up.
    pub(super) fn new(packing: Packing<'p>, order: Vec<usize>) -> Option<Self> {
        let marks = if order.len() > MOST_MARKED { 0 } else { order.len() / BETWEEN_MARKS };
        let record = |order: Vec<usize>| Record {
            starts: vec![0; order.len()],
            order,
            places: vec![0; packing.places().len()],
            makespan: Time::MAX,
            marks: vec![None; marks],
        };
        let mut incumbent = Self { kept: record(order.clone()), tried: record(order), packing, from: 0 };
        let is_made = incumbent.put(0, Time::MAX);
        incumbent.keep();
        is_made.then_some(incumbent)
    }

    /// The packing that was made last.
    pub(super) fn packing(&self) -> &Packing<'p> {
        &self.packing
    }

    /// The makespan of the schedule in hand.
    pub(super) fn makespan(&self) -> Time {
        self.kept.makespan
    }

    /// The order that is tried, which begins as that in hand.
    pub(super) fn order_to_try(&mut self) -> &mut [usize] {
        self.tried.order.copy_from_slice(&self.kept.order);
        &mut self.tried.order
    }

    /// Puts in the order that is tried, which up to `first` is that in hand. False where the end would be later than `limit`, where
    /// a job fits nowhere, or time is up.
    pub(super) fn put(&mut self, first: usize, limit: Time) -> bool {
        let mark = (first / BETWEEN_MARKS).min(self.kept.marks.len());
        self.from = 0;
        self.packing.clear();
        if let Some(taken) = mark.checked_sub(1).and_then(|at| self.kept.marks[at].as_ref()) {
            self.from = mark * BETWEEN_MARKS;
            self.packing.resume(taken, &self.kept.starts, &self.kept.places);
        }
        for place in self.from..self.tried.order.len() {
            self.mark(place);
            let job = self.tried.order[place];
            if self.packing.is_late(place) || !self.packing.put(job, Direction::Forward, limit) {
                return false;
            }
        }
        true
    }

    /// Puts what was tried in from its end and from the start again, as long as that is shorter. False as with [`Self::put`].
    pub(super) fn improve(&mut self) -> bool {
        loop {
            let before = self.packing.makespan();
            self.packing.order_from_end(&mut self.tried.order);
            if !self.packing.put_all(&self.tried.order, Direction::Backward) {
                return false;
            }
            self.packing.order_from_backward(&mut self.tried.order);
            if !self.put(0, Time::MAX) {
                return false;
            }
            if self.packing.makespan() >= before {
                return true;
            }
        }
    }

    /// What was tried is in hand now.
    pub(super) fn keep(&mut self) {
        let kept = &mut self.kept;
        std::mem::swap(&mut kept.order, &mut self.tried.order);
        kept.starts.copy_from_slice(self.packing.starts());
        kept.places.copy_from_slice(self.packing.places());
        kept.makespan = self.packing.makespan();
        let first = (self.from / BETWEEN_MARKS).min(kept.marks.len());
        kept.marks[first..].swap_with_slice(&mut self.tried.marks[first..]);
    }

    /// Notes what is taken before a place, if there is to be a mark.
    fn mark(&mut self, place: usize) {
        if place == self.from || !place.is_multiple_of(BETWEEN_MARKS) {
            return;
        }
        match self.tried.marks.get_mut(place / BETWEEN_MARKS - 1) {
            Some(Some(mark)) => mark.clone_from(self.packing.taken()),
            Some(mark) => *mark = Some(self.packing.taken().clone()),
            None => {}
        }
    }
}

/// How many jobs are put in between two marks.
const BETWEEN_MARKS: usize = 4;
/// Of more jobs, marks would take more memory than they save time.
const MOST_MARKED: usize = 500;
