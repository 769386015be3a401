//! Lists in which each entry stands once.

use std::hash::Hash;

use indexmap::IndexSet;

use super::data::Index;

/// A list that gives an entry the place of an equal one that is there already.
#[derive(Debug)]
pub(super) struct Table<T>(IndexSet<T>);

impl<T: Hash + Eq> Table<T> {
    pub(super) fn new() -> Self {
        Self(IndexSet::new())
    }

    pub(super) fn place(&mut self, entry: T) -> Index {
        index(self.0.insert_full(entry).0)
    }

    pub(super) fn into_list(self) -> Vec<T> {
        self.0.into_iter().collect()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }
}

/// A place in a list. No tree has four thousand million of anything: memory ends before.
pub(super) fn index(place: usize) -> Index {
    Index::try_from(place).unwrap_or(Index::MAX)
}
