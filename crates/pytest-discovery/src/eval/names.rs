//! The names that a scope, a class or an object binds.

use std::cell::RefCell;
use std::hash::BuildHasher;
use std::rc::Rc;

use foldhash::HashSet;
use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::value::Binding;

/// So many are found sooner by comparing than by their hash: a call binds hardly ever more.
const FEW: usize = 8;

/// Names in the order of their first binding.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    entries: Vec<Entry>,
    /// Where they are, once there are more than a few: most scopes, objects and functions have few names, or none.
    places: Option<Box<Places>>,
}

type Entry = (Rc<str>, Binding);

/// Places of entries by their names, which they do not hold once more.
#[derive(Debug, Clone, Default)]
struct Places {
    table: HashTable<u32>,
    hasher: RandomState,
}

impl Places {
    fn of(entries: &[Entry], room: usize) -> Self {
        let mut places = Self { table: HashTable::with_capacity(room), hasher: RandomState::default() };
        (0..entries.len()).for_each(|place| places.add(entries, place));
        places
    }

    fn find(&self, entries: &[Entry], name: &str) -> Option<usize> {
        let is_it = |place: &u32| *entries[*place as usize].0 == *name;
        self.table.find(self.hasher.hash_one(name), is_it).map(|place| *place as usize)
    }

    /// Adds one that is not there.
    fn add(&mut self, entries: &[Entry], place: usize) {
        let hash = |place: &u32| self.hasher.hash_one(&*entries[*place as usize].0);
        // What evaluation binds is bounded by its steps.
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        self.table.insert_unique(hash(&place), place, hash);
    }
}

impl Names {
    /// None yet, and room for so many.
    pub(crate) fn with_capacity(names: usize) -> Self {
        Self { entries: Vec::with_capacity(names), places: None }
    }

    fn place(&self, name: &str) -> Option<usize> {
        match &self.places {
            None => self.entries.iter().position(|(one, _)| **one == *name),
            Some(places) => places.find(&self.entries, name),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Binding> {
        self.place(name).map(|place| &self.entries[place].1)
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Binding> {
        self.place(name).map(|place| &mut self.entries[place].1)
    }

    pub(crate) fn contains_key(&self, name: &str) -> bool {
        self.place(name).is_some()
    }

    /// Binds a name anew, or in its place; what it was bound to.
    pub(crate) fn insert(&mut self, name: Rc<str>, binding: Binding) -> Option<Binding> {
        if let Some(bound) = self.get_mut(&name) {
            return Some(std::mem::replace(bound, binding));
        }
        self.entries.push((name, binding));
        match &mut self.places {
            Some(places) => places.add(&self.entries, self.entries.len() - 1),
            None => self.index(),
        }
        None
    }

    /// Takes a name away; the others keep their order.
    pub(crate) fn shift_remove(&mut self, name: &str) -> Option<Binding> {
        let place = self.place(name)?;
        let (_, binding) = self.entries.remove(place);
        self.index();
        Some(binding)
    }

    fn index(&mut self) {
        let has_many = self.entries.len() > FEW;
        self.places = has_many.then(|| Box::new(Places::of(&self.entries, self.entries.capacity())));
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (&Rc<str>, &Binding)> {
        self.entries.iter().map(|(name, binding)| (name, binding))
    }

    pub(crate) fn keys(&self) -> impl ExactSizeIterator<Item = &Rc<str>> {
        self.entries.iter().map(|(name, _)| name)
    }

    pub(crate) fn values(&self) -> impl ExactSizeIterator<Item = &Binding> {
        self.entries.iter().map(|(_, binding)| binding)
    }

    pub(crate) fn values_mut(&mut self) -> impl ExactSizeIterator<Item = &mut Binding> {
        self.entries.iter_mut().map(|(_, binding)| binding)
    }
}

impl IntoIterator for Names {
    type Item = (Rc<str>, Binding);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl Extend<(Rc<str>, Binding)> for Names {
    fn extend<T: IntoIterator<Item = (Rc<str>, Binding)>>(&mut self, more: T) {
        for (name, binding) in more {
            self.insert(name, binding);
        }
    }
}

/// Every name once that was bound or asked for: most are those of others as well.
#[derive(Debug, Default)]
pub(super) struct KnownNames(RefCell<HashSet<Rc<str>>>);

impl KnownNames {
    /// The name, to be kept.
    pub(super) fn name(&self, name: &str) -> Rc<str> {
        let mut known = self.0.borrow_mut();
        if let Some(name) = known.get(name) {
            return name.clone();
        }
        let name: Rc<str> = name.into();
        known.insert(name.clone());
        name
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use indexmap::IndexMap;

    use super::super::value::Value;
    use super::*;

    /// Few or many, they are what a map in the order of insertion is.
    #[test]
    fn they_are_a_map_in_order() {
        for seed in 0..200 {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut names = Names::default();
            let mut map: IndexMap<Rc<str>, String> = IndexMap::new();
            for turn in 0..random.u32(..80) {
                let key: Rc<str> = format!("name_{}", random.u8(..24)).into();
                let binding = Binding { value: Value::int(turn), doubt: None };
                let shown = format!("{binding:?}");
                let (one, other) = if random.bool() {
                    (names.insert(key.clone(), binding), map.insert(key, shown))
                } else {
                    (names.shift_remove(&key), map.shift_remove(&key))
                };
                assert_eq!(one.map(|one| format!("{one:?}")), other, "seed {seed}");
                let all: Vec<(Rc<str>, String)> =
                    names.iter().map(|(name, one)| (name.clone(), format!("{one:?}"))).collect();
                assert_eq!(all, map.clone().into_iter().collect::<Vec<_>>(), "seed {seed}");
                assert!((0..24).all(|key| {
                    let key = format!("name_{key}");
                    names.get(&key).map(|one| format!("{one:?}")).as_ref() == map.get(&*key)
                }));
            }
        }
    }
}
