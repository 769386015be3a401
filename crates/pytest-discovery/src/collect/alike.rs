//! Tests that a hook cannot tell apart.
//!
//! A conftest's `pytest_itemcollected` is called for every test, and mostly asks each the same: where it lies, and
//! whether it has marks of some names. What the hook asked and did is kept. The next test of the file that answers all
//! of it alike is given the same marks without a call, unless the call changed, or saw, anything else.

use std::rc::Rc;

use super::item::Item;
use super::plugins::Hook;
use crate::eval::Interpreter;
use crate::eval::alike::{Epoch, MOST_KEPT, Step};
use crate::eval::value::{Mark, Value};

/// The calls of one hook for the tests of one file.
#[derive(Debug)]
pub(super) struct Calls {
    pub(super) hook: Hook,
    kept: Vec<Vec<Step>>,
    /// When they saw what they saw.
    seen: Epoch,
}

impl Calls {
    pub(super) fn new(hook: Hook) -> Self {
        Self { hook, kept: Vec::new(), seen: Epoch::now() }
    }

    /// Does with the test what the hook does.
    pub(super) fn tell(&mut self, item: &Rc<Item>, interpreter: &mut Interpreter<'_>) {
        if self.seen.lasts() && self.kept.iter().any(|steps| repeat(steps, item)) {
            return;
        }
        let before = Epoch::now();
        item.watch.begin();
        self.hook.call(interpreter, &[("item", Value::Object(item.clone()))]);
        let steps = item.watch.end();
        if Epoch::now() != before || interpreter.has_failed() {
            return;
        }
        if !self.seen.lasts() {
            self.kept.clear();
            self.seen = before;
        }
        if let Some(steps) = steps
            && self.kept.len() < MOST_KEPT
        {
            self.kept.push(steps);
        }
    }
}

/// Takes the steps again, if the test answers alike all the way. Otherwise it is as it was.
pub(super) fn repeat(steps: &[Step], item: &Item) -> bool {
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
        Step::Listed(marks) => item.lists_all() && are_same(item.own().iter().map(|own| &own.mark), marks),
        Step::Iterated(name, marks) => {
            item.more_marks().is_none() && are_same(item.named(&item.own(), name.as_deref()), marks)
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

fn are_same<'m>(mut some: impl Iterator<Item = &'m Rc<Mark>>, others: &[Rc<Mark>]) -> bool {
    others.iter().all(|other| some.next().is_some_and(|one| is_same(one, other))) && some.next().is_none()
}

/// Whether nobody can tell two marks apart.
fn is_same(one: &Rc<Mark>, other: &Rc<Mark>) -> bool {
    let is_plain = |mark: &Mark| mark.args.is_empty() && mark.kwargs.is_empty() && mark.doubt.is_none();
    Rc::ptr_eq(one, other) || (one.name == other.name && is_plain(one) && is_plain(other))
}
