//! Jobs that wait, in order of priority: the first that needs no more than there is.

/// The needs of waiting jobs by their place in an order. A tree of minima: finding, adding and taking out one of `n` jobs
/// takes time in `log n`.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    /// `tree[1]` is the root; the children of `i` are `2 i` and `2 i + 1`; the leaves are the places.
    tree: Vec<u64>,
    leaves: usize,
}

/// The need of a place where nobody waits.
const NOBODY: u64 = u64::MAX;

impl Waiting {
    /// Places for so many jobs, at which nobody waits yet.
    pub(super) fn new(places: usize) -> Self {
        let leaves = places.next_power_of_two();
        Self { tree: vec![NOBODY; 2 * leaves], leaves }
    }

    /// Nobody waits any more.
    pub(super) fn clear(&mut self) {
        self.tree.fill(NOBODY);
    }

    /// A job begins to wait. A need of `u64::MAX` is lowered by one: no limit can tell them apart.
    pub(super) fn add(&mut self, place: usize, need: u64) {
        self.set(place, need.min(NOBODY - 1));
    }

    /// It waits no more.
    pub(super) fn remove(&mut self, place: usize) {
        self.set(place, NOBODY);
    }

    /// The first job of the order that needs at most so much.
    pub(super) fn first_within(&self, limit: u64) -> Option<usize> {
        let limit = limit.min(NOBODY - 1);
        if self.tree[1] > limit {
            return None;
        }
        let mut node = 1;
        while node < self.leaves {
            node *= 2;
            if self.tree[node] > limit {
                node += 1;
            }
        }
        Some(node - self.leaves)
    }

    fn set(&mut self, place: usize, need: u64) {
        let mut node = self.leaves + place;
        self.tree[node] = need;
        while node > 1 {
            node /= 2;
            let least = self.tree[2 * node].min(self.tree[2 * node + 1]);
            if self.tree[node] == least {
                break;
            }
            self.tree[node] = least;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_finds_what_a_look_at_each_finds(
            needs in prop::collection::vec(prop::option::of(0..20_u64), 1..40),
            limit in 0..20_u64,
        ) {
            let mut waiting = Waiting::new(needs.len());
            for (place, need) in needs.iter().enumerate() {
                waiting.add(place, 3);
                match need {
                    Some(need) => waiting.add(place, *need),
                    None => waiting.remove(place),
                }
            }
            let first = needs.iter().position(|need| need.is_some_and(|need| need <= limit));
            prop_assert_eq!(waiting.first_within(limit), first);
        }
    }
}
