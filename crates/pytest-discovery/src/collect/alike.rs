//! Tests that a hook cannot tell apart.
//!
//! A conftest's `pytest_itemcollected` is called for every test, and mostly asks each the same: where it lies, and
//! whether it has marks of some names. What the hook asked and did is kept. The next test of the file that answers all
//! of it alike is given the same marks without a call, unless the call changed, or saw, anything else.

use std::cell::RefCell;
use std::rc::Rc;

use super::item::Item;
use super::plugins::Hook;
use crate::eval::Interpreter;
use crate::eval::shared::changes;
use crate::eval::value::{Mark, Value};

/// How many different calls are kept for a file: each is held against each test.
const MOST_CALLS: usize = 16;

/// What a hook did with a test.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// It asked for the closest mark of a name.
    Asked(Rc<str>, Option<Rc<Mark>>),
    /// It added a mark, at the end or else at the beginning.
    Added(Rc<Mark>, bool),
}

/// Notes what a hook does with a test.
#[derive(Debug, Default)]
pub(super) struct Watch(RefCell<Seen>);

#[derive(Debug, Default)]
enum Seen {
    #[default]
    Nothing,
    /// All that was asked and done so far.
    Steps(Vec<Step>),
    /// It asked for what tells this test from others.
    More,
}

impl Watch {
    /// Something is asked that another test may answer differently, or done that is not repeated.
    pub(super) fn lose(&self) {
        let mut seen = self.0.borrow_mut();
        if matches!(*seen, Seen::Steps(_)) {
            *seen = Seen::More;
        }
    }

    pub(super) fn note(&self, step: impl FnOnce() -> Step) {
        if let Seen::Steps(steps) = &mut *self.0.borrow_mut() {
            steps.push(step());
        }
    }

    /// Whether the hook is called for this test, and not for another one.
    pub(super) fn is_on(&self) -> bool {
        !matches!(*self.0.borrow(), Seen::Nothing)
    }

    fn begin(&self) {
        self.0.replace(Seen::Steps(Vec::new()));
    }

    /// All that was asked and done; `None` where there was more than that.
    fn end(&self) -> Option<Vec<Step>> {
        match self.0.take() {
            Seen::Steps(steps) => Some(steps),
            Seen::Nothing | Seen::More => None,
        }
    }
}

/// The calls of one hook for the tests of one file.
#[derive(Debug)]
pub(super) struct Calls {
    pub(super) hook: Hook,
    kept: Vec<Vec<Step>>,
    /// What was seen by these calls is as it was while there are as many changes.
    changes: u64,
}

impl Calls {
    pub(super) fn new(hook: Hook) -> Self {
        Self { hook, kept: Vec::new(), changes: changes() }
    }

    /// Does with the test what the hook does.
    pub(super) fn tell(&mut self, item: &Rc<Item>, interpreter: &mut Interpreter<'_>) {
        if self.changes == changes() && self.kept.iter().any(|steps| repeat(steps, item)) {
            return;
        }
        let before = changes();
        item.watch.begin();
        self.hook.call(interpreter, &[("item", Value::Object(item.clone()))]);
        let steps = item.watch.end();
        if changes() != before || interpreter.has_failed() {
            return;
        }
        if self.changes != before {
            self.kept.clear();
            self.changes = before;
        }
        if let Some(steps) = steps
            && self.kept.len() < MOST_CALLS
        {
            self.kept.push(steps);
        }
    }
}

/// Takes the steps again, if the test answers alike all the way. Otherwise it is as it was.
fn repeat(steps: &[Step], item: &Item) -> bool {
    item.watch.begin();
    let other = steps.iter().position(|step| !match step {
        Step::Asked(name, answer) => {
            let closest = item.closest(name);
            match (&closest, answer) {
                (Some(one), Some(other)) => is_same(one, other),
                (None, None) => item.more_marks().is_none(),
                _ => false,
            }
        }
        Step::Added(mark, at_end) => {
            item.add_mark(mark, *at_end);
            true
        }
    });
    if let Some(other) = other {
        for step in steps[..other].iter().rev() {
            if let Step::Added(_, at_end) = step {
                item.take_mark(*at_end);
            }
        }
    }
    item.watch.end();
    other.is_none()
}

/// Whether nobody can tell two marks apart.
fn is_same(one: &Rc<Mark>, other: &Rc<Mark>) -> bool {
    let is_plain = |mark: &Mark| mark.args.is_empty() && mark.kwargs.is_empty() && mark.doubt.is_none();
    Rc::ptr_eq(one, other) || (one.name == other.name && is_plain(one) && is_plain(other))
}
