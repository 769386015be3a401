//! What is taken of one thing over time: a GPU's memory, the slots, something exclusive.

/// A moment or a length in nanoseconds from the start.
pub(super) type Time = u64;

/// Of a GPU: all of it, and nobody else on it.
pub(super) const ALL: u64 = u64::MAX / 4;

/// What is taken of one thing, as steps in time. Nothing is taken behind the last of them.
#[derive(Debug)]
pub(super) struct Timeline {
    /// What one alone may have.
    alone: u64,
    /// What several may have together.
    shared: i64,
    steps: Vec<Step>,
}

/// What holds from a moment on, until the next step.
#[derive(Debug, Clone, Copy)]
struct Step {
    from: Time,
    /// What one more may have; below zero where not even one that has nothing may come. Where nobody is, all.
    room: i64,
    tenants: u32,
}

/// Before anything is taken.
const START: Step = Step { from: 0, room: signed(ALL), tenants: 0 };

impl Timeline {
    pub(super) fn new(alone: u64, shared: u64) -> Self {
        Self { alone, shared: signed(shared), steps: vec![START] }
    }

    /// Nothing is taken any more.
    pub(super) fn clear(&mut self) {
        self.steps.clear();
        self.steps.push(START);
    }

    /// The first moment from `from` to `until` at which so much is free for so long.
    pub(super) fn earliest(&self, need: u64, from: Time, length: Time, until: Time) -> Option<Time> {
        if need > self.alone && need != ALL {
            return None;
        }
        let need = signed(need);
        let mut steps = self.steps[self.step_at(from)..].iter();
        let mut start = from;
        let mut end = from.saturating_add(length);
        let mut step = steps.next()?;
        loop {
            while step.room < need {
                step = steps.next()?;
                start = step.from;
                if start > until {
                    return None;
                }
                end = start.saturating_add(length);
            }
            match steps.next() {
                Some(next) if next.from < end => step = next,
                _ => return Some(start),
            }
        }
    }

    /// The least that is left in a time, were so much taken in it.
    pub(super) fn least_left(&self, need: u64, from: Time, length: Time) -> u64 {
        let until = from.saturating_add(length).max(from + 1);
        let within = self.steps[self.step_at(from)..].iter().take_while(|step| step.from < until);
        let left = within.map(|step| match step.tenants {
            0 => self.alone.saturating_sub(need),
            _ => u64::try_from(step.room.saturating_sub(signed(need))).unwrap_or(0),
        });
        left.min().unwrap_or(0)
    }

    /// Takes so much for so long.
    pub(super) fn take(&mut self, need: u64, from: Time, length: Time) {
        if length == 0 {
            return;
        }
        let first = self.split(from);
        let behind = self.split(from.saturating_add(length));
        for step in &mut self.steps[first..behind] {
            let room = if step.tenants == 0 { self.shared } else { step.room };
            step.room = room.saturating_sub(signed(need));
            step.tenants += 1;
        }
    }

    /// The step that holds a moment.
    fn step_at(&self, moment: Time) -> usize {
        self.steps.partition_point(|step| step.from <= moment).saturating_sub(1)
    }

    /// The step that begins at a moment, which is made where there is none.
    fn split(&mut self, moment: Time) -> usize {
        let at = self.step_at(moment);
        if self.steps[at].from == moment {
            return at;
        }
        let step = Step { from: moment, ..self.steps[at] };
        self.steps.insert(at + 1, step);
        at + 1
    }
}

/// A copy into one that is there takes no memory anew.
impl Clone for Timeline {
    fn clone(&self) -> Self {
        Self { steps: self.steps.clone(), ..*self }
    }

    fn clone_from(&mut self, other: &Self) {
        (self.alone, self.shared) = (other.alone, other.shared);
        self.steps.clone_from(&other.steps);
    }
}

/// Memory of GPUs and numbers of slots are far below what a signed number holds.
const fn signed(amount: u64) -> i64 {
    const MOST: u64 = i64::MAX as u64;
    #[expect(clippy::cast_possible_wrap, reason = "at most the largest signed number")]
    if amount > MOST { i64::MAX } else { amount as i64 }
}
