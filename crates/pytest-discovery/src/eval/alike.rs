//! Objects that nobody can tell apart.
//!
//! Hooks ask the same of every test: whether it has a mark of some name, where it lies. What a call, or a turn of a loop, asked of one and
//! did to it is noted. Where another of its kind answers all of it alike, the same is done to that without running anything.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::exec::Flow;
use super::shared::changes;
use super::value::{Mark, ScopeKind, Value};
use super::{Frame, Interpreter};

/// How many different calls, or turns, are kept for a kind: each is held against each object.
pub(crate) const MOST_KEPT: usize = 16;

thread_local! {
    /// How often one was asked that nobody watches.
    static UNWATCHED: Cell<u64> = const { Cell::new(0) };
    /// How many of the changes there were are of the marks of objects.
    static MARKED: Cell<u64> = const { Cell::new(0) };
}

/// What was done with an object.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// It was asked for the closest mark of a name.
    Asked(Rc<str>, Option<Rc<Mark>>),
    /// It was asked for its own marks.
    Listed(Vec<Rc<Mark>>),
    /// It was asked for all marks, or for those of a name.
    Iterated(Option<Rc<str>>, Vec<Rc<Mark>>),
    /// It was given a mark, at the end or else at the beginning.
    Added(Rc<Mark>, bool),
}

/// Notes what is done with an object.
#[derive(Debug, Default)]
pub(crate) struct Watch(RefCell<Seen>);

#[derive(Debug, Default)]
enum Seen {
    #[default]
    Nothing,
    /// All that was asked and done so far.
    Steps(Vec<Step>),
    /// It was asked for what tells it from others.
    More,
}

impl Watch {
    /// Something is asked that another object may answer differently, or done that is not repeated.
    pub(crate) fn lose(&self) {
        self.see(|seen| *seen = Seen::More);
    }

    pub(crate) fn note(&self, step: impl FnOnce() -> Step) {
        self.see(|seen| {
            if let Seen::Steps(steps) = seen {
                steps.push(step());
            }
        });
    }

    fn see(&self, see: impl FnOnce(&mut Seen)) {
        match &mut *self.0.borrow_mut() {
            Seen::Nothing => UNWATCHED.set(UNWATCHED.get() + 1),
            seen => see(seen),
        }
    }

    fn is_on(&self) -> bool {
        !matches!(*self.0.borrow(), Seen::Nothing)
    }

    /// From now on, what is done with it is noted.
    pub(crate) fn begin(&self) {
        self.0.replace(Seen::Steps(Vec::new()));
    }

    /// All that was asked and done; `None` where there was more than that.
    pub(crate) fn end(&self) -> Option<Vec<Step>> {
        match self.0.take() {
            Seen::Steps(steps) => Some(steps),
            Seen::Nothing | Seen::More => None,
        }
    }
}

/// Changes the marks of an object. Nothing that is kept depends on those of any other, and its own are asked again.
pub(crate) fn mark(give: impl FnOnce()) {
    let before = changes();
    give();
    MARKED.set(MARKED.get() + changes() - before);
}

/// Those that answer alike all that is not noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kind {
    /// Where what they have in common lies, as long as one of them is there.
    pub(crate) among: *const (),
    pub(crate) has_function: bool,
    pub(crate) is_several: bool,
}

/// All that calls and turns see and do but for what is noted: it is as it was as long as this is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Epoch {
    /// Changes of anything but the marks of objects.
    changes: u64,
    /// How often an object was asked that nobody watches: its marks may change.
    unwatched: u64,
}

impl Epoch {
    pub(crate) fn now() -> Self {
        Self { changes: changes() - MARKED.get(), unwatched: UNWATCHED.get() }
    }

    /// Whether nothing has changed since, whoever was asked.
    pub(crate) fn lasts(self) -> bool {
        self.changes == Self::now().changes
    }
}

/// The turns of a loop that did nothing but ask.
#[derive(Debug, Default)]
pub(super) struct Turns {
    kept: Vec<Kept>,
    /// The kind that they are of, and when they saw what they saw.
    seen: Option<(Kind, Epoch, u32)>,
    /// How often the bodies of turns bound a name of the function that the loop is in.
    bound: u32,
}

#[derive(Debug)]
struct Kept {
    steps: Vec<Step>,
    under: Under,
}

/// Under how many doubts a turn ran, and whether what it did to its object was certain.
type Under = (usize, bool);

impl Interpreter<'_> {
    /// The body of a loop, with an element that its variable is bound to; nothing of it where a turn with another element did nothing but
    /// ask, and this one answers alike.
    pub(super) fn unless_alike(
        &mut self,
        turns: &mut Turns,
        element: &Value,
        frame: &Frame,
        run: impl FnOnce(&mut Self) -> Flow,
    ) -> Flow {
        let Value::Object(object) = element else { return run(self) };
        let (Some(kind), Some(watch)) = (object.kind(), object.watch()) else { return run(self) };
        if watch.is_on() || !self.sees_all(frame) {
            return run(self);
        }
        let under = (self.doubts.len(), self.is_certain_for(&**object));
        // Who is outside asks another object than its own.
        UNWATCHED.set(UNWATCHED.get() + 1);
        if turns.seen.is_some_and(|(of, epoch, bound)| of == kind && epoch.lasts() && bound == turns.bound) {
            if turns.kept.iter().any(|kept| kept.under == under && object.repeats(&kept.steps)) {
                return Flow::Next;
            }
        } else {
            turns.kept.clear();
        }
        let (epoch, bound) = (Epoch::now(), frame.scope.bound.get());
        watch.begin();
        let (flow, absence) = self.with_absence(run);
        let steps = watch.end();
        let has_all = absence.is_none();
        self.absence = self.absence.take().or(absence);
        let binds = frame.scope.bound.get().wrapping_sub(bound);
        turns.bound = turns.bound.wrapping_add(binds);
        if let Some(steps) = steps
            && matches!(flow, Flow::Next | Flow::Continue)
            && Epoch::now() == epoch
            && binds == 0
            && self.raised.is_none()
            && has_all
            && !self.is_exhausted()
            && turns.kept.len() < MOST_KEPT
        {
            turns.kept.push(Kept { steps, under });
            turns.seen = Some((kind, epoch, turns.bound));
        }
        flow
    }

    /// Whether all that code sees and does is counted: the loop is in a function, and no handler and no iterator that waits is told.
    fn sees_all(&self, frame: &Frame) -> bool {
        frame.scope.kind == ScopeKind::Function
            && self.guarded == 0
            && self.catching.is_empty()
            && self.may_run.is_empty()
            && self.yields.is_empty()
            && self.paused.is_none()
            && self.raised.is_none()
    }
}
