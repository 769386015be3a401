//! What is taken of one thing over time: a GPU's memory, the slots, something exclusive.

/// A moment or a length in nanoseconds from the start.
pub(super) type Time = u64;

/// Of a GPU: all of it, and nobody else on it.
pub(super) const ALL: u64 = u64::MAX / 2;

/// What is taken of one thing, as steps in time. Nothing is taken behind the last of them.
#[derive(Debug, Clone)]
pub(super) struct Timeline {
    /// What one alone may have.
    alone: u64,
    /// What several may have together.
    shared: u64,
    steps: Vec<Step>,
}

/// What is taken from a moment on, until the next step.
#[derive(Debug, Clone, Copy)]
struct Step {
    from: Time,
    taken: u64,
    tenants: u32,
}

/// Before anything is taken.
const START: Step = Step { from: 0, taken: 0, tenants: 0 };

impl Timeline {
    pub(super) fn new(alone: u64, shared: u64) -> Self {
        Self { alone, shared, steps: vec![START] }
    }

    /// Nothing is taken any more.
    pub(super) fn clear(&mut self) {
        self.steps.clear();
        self.steps.push(START);
    }

    /// The first moment from `from` to `until` at which so much is free for so long.
    pub(super) fn earliest(&self, need: u64, from: Time, length: Time, until: Time) -> Option<Time> {
        let mut at = self.step_at(from);
        let mut start = from;
        loop {
            let next = self.steps.get(at + 1);
            if self.left(&self.steps[at], need).is_none() {
                start = next?.from;
                if start > until {
                    return None;
                }
            } else if next.is_none_or(|next| next.from >= start.saturating_add(length)) {
                return Some(start);
            }
            at += 1;
        }
    }

    /// The least that is left in a time, were so much taken in it.
    pub(super) fn least_left(&self, need: u64, from: Time, length: Time) -> u64 {
        let until = from.saturating_add(length);
        let at = self.step_at(from);
        let within = self.steps[at..].iter().take_while(|step| step.from < until.max(from + 1));
        within.filter_map(|step| self.left(step, need)).min().unwrap_or(0)
    }

    /// Takes so much for so long.
    pub(super) fn take(&mut self, need: u64, from: Time, length: Time) {
        if length == 0 {
            return;
        }
        let first = self.split(from);
        let behind = self.split(from.saturating_add(length));
        for step in &mut self.steps[first..behind] {
            step.taken += need;
            step.tenants += 1;
        }
    }

    /// What is left in a step if so much more is taken; `None` where that is too much.
    fn left(&self, step: &Step, need: u64) -> Option<u64> {
        match step.tenants {
            0 if need == ALL => Some(0),
            0 => self.alone.checked_sub(need),
            _ => self.shared.checked_sub(step.taken.saturating_add(need)),
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
