//! Cells that outlive a call, whose changes are counted.
//!
//! Whatever evaluation can change and see again lies in one of these, or is counted with [`changed`], so that it can be told whether a call changed
//! anything: one that did not, and is asked the same again, does the same again.

use std::cell::{Cell, Ref, RefCell, RefMut};

thread_local! {
    static CHANGES: Cell<u64> = const { Cell::new(0) };
    /// How many cells were made.
    static MADE: Cell<u64> = const { Cell::new(0) };
    /// How many cells there were when somebody began to watch, and how often one of them was changed since.
    static WATCHED: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

/// How many changes there were on this thread. The same number means that all cells hold what they held.
pub(crate) fn changes() -> u64 {
    CHANGES.get()
}

/// Counts a change of what lies elsewhere.
pub(super) fn changed() {
    CHANGES.set(CHANGES.get() + 1);
}

/// The same of what was there before anybody began to watch.
pub(crate) fn changed_for_all() {
    changed();
    let (before, count) = WATCHED.get();
    WATCHED.set((before, count + 1));
}

/// How many cells there are.
pub(super) fn made() -> u64 {
    MADE.get()
}

/// Runs something, and says whether it changed any cell that was there before.
pub(crate) fn changes_others<T>(run: impl FnOnce() -> T) -> (T, bool) {
    let (done, count) = changes_of(made(), run);
    (done, count > 0)
}

/// Runs something, and counts how often it changed one of the first so many cells: in a few cases, one that is newer.
pub(super) fn changes_of<T>(cells: u64, run: impl FnOnce() -> T) -> (T, u64) {
    let outer = WATCHED.replace((cells, 0));
    let done = run();
    let (_, changed) = WATCHED.get();
    // What was there before the outer one is among what was there before this one.
    WATCHED.set((outer.0, outer.1 + changed));
    (done, changed)
}

/// A cell whose changes are counted.
#[derive(Debug)]
pub(crate) struct Shared<T>(RefCell<T>, u64);

impl<T: Default> Default for Shared<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> Shared<T> {
    pub(crate) fn new(value: T) -> Self {
        let made = MADE.get() + 1;
        MADE.set(made);
        Self(RefCell::new(value), made)
    }

    pub(crate) fn borrow(&self) -> Ref<'_, T> {
        self.0.borrow()
    }

    /// To be changed.
    pub(crate) fn borrow_mut(&self) -> RefMut<'_, T> {
        changed();
        let (before, count) = WATCHED.get();
        if self.1 <= before {
            WATCHED.set((before, count + 1));
        }
        self.0.borrow_mut()
    }

    /// To be changed by whoever asks an iterator: counted, and nothing that others were to see as it was.
    pub(super) fn borrow_asked(&self) -> RefMut<'_, T> {
        changed();
        self.0.borrow_mut()
    }

    /// To be changed without being counted: for what only the call itself can see, or who asks for the count knows of.
    pub(crate) fn borrow_own(&self) -> RefMut<'_, T> {
        self.0.borrow_mut()
    }

    pub(crate) fn into_inner(self) -> T {
        self.0.into_inner()
    }

    pub(crate) fn replace(&self, value: T) -> T {
        std::mem::replace(&mut *self.borrow_mut(), value)
    }

    pub(crate) fn take(&self) -> T
    where
        T: Default,
    {
        std::mem::take(&mut *self.borrow_mut())
    }

    pub(crate) fn get(&self) -> T
    where
        T: Copy,
    {
        *self.borrow()
    }

    pub(crate) fn set(&self, value: T) {
        *self.borrow_mut() = value;
    }
}

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}
