//! Cases with the very same markers: an expression over markers says the same of all of them.

use foldhash::HashMap;

use crate::resolve::ResolvedCase;

/// The sets of markers that cases have. Most tests share theirs with many others, and a lane asks each set once.
#[derive(Debug, Clone, Default)]
pub struct MarkerSets {
    set_of: Vec<usize>,
    /// One case of each set.
    examples: Vec<usize>,
}

impl MarkerSets {
    /// The sets of these cases. Two cases share one where they share each marker itself: the same line gives it to both.
    #[must_use]
    pub fn of(cases: &[ResolvedCase<'_>]) -> Self {
        let mut sets = Self::default();
        let mut known: HashMap<(Vec<usize>, bool), usize> = HashMap::default();
        for (index, case) in cases.iter().enumerate() {
            let markers = case.effective.iter().map(|marker| std::ptr::from_ref(&**marker).addr()).collect();
            let set = *known.entry((markers, case.case.markers.open.is_some())).or_insert_with(|| {
                sets.examples.push(index);
                sets.examples.len() - 1
            });
            sets.set_of.push(set);
        }
        sets
    }

    /// What a question about markers alone is answered with for each set, and so for each case.
    pub(super) fn answers<T: Copy>(&self, of: impl Fn(usize) -> T) -> impl Fn(usize) -> T {
        let answers: Vec<T> = self.examples.iter().map(|example| of(*example)).collect();
        move |case| answers[self.set_of[case]]
    }
}
