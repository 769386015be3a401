//! The names that a scope, a class or an object binds.

use std::cell::RefCell;
use std::rc::Rc;

use foldhash::fast::RandomState;
use foldhash::{HashMap, HashSet};

use super::value::Binding;

/// So many are found sooner by comparing than by their hash: a call binds hardly ever more.
const FEW: usize = 8;

/// Names in the order of their first binding.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    entries: Vec<(Rc<str>, Binding)>,
    /// Where they are, once there are more than a few: most scopes, objects and functions have few names, or none.
    places: Option<Box<HashMap<Rc<str>, usize>>>,
}

impl Names {
    /// None yet, and room for so many.
    pub(crate) fn with_capacity(names: usize) -> Self {
        Self { entries: Vec::with_capacity(names), places: None }
    }

    fn place(&self, name: &str) -> Option<usize> {
        match &self.places {
            None => self.entries.iter().position(|(one, _)| **one == *name),
            Some(places) => places.get(name).copied(),
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
        match &mut self.places {
            Some(places) => drop(places.insert(name.clone(), self.entries.len())),
            None if self.entries.len() == FEW => {
                self.entries.push((name, binding));
                self.index();
                return None;
            }
            None => {}
        }
        self.entries.push((name, binding));
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
        let by_place = self.entries.iter().enumerate().map(|(place, (name, _))| (name.clone(), place));
        self.places = (self.entries.len() > FEW).then(|| {
            let mut places = HashMap::with_capacity_and_hasher(self.entries.capacity(), RandomState::default());
            places.extend(by_place);
            Box::new(places)
        });
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
