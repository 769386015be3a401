//! A schedule of which only the end was put in again held against the same put in from the beginning.

use proptest::prelude::*;

use super::super::incumbent::Incumbent;
use super::super::packing::{Direction, Packing};
use super::super::timeline::Time;
use super::problems;

proptest! {
    #[test]
    fn what_is_put_in_again_from_a_place_on_is_what_is_put_in_as_a_whole(
        mut problem in problems(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<bool>()), 0..30),
    ) {
        // So that any order will do.
        problem.jobs.iter_mut().for_each(|job| job.after.clear());
        let count = problem.jobs.len();
        let packing = Packing::new(&problem).unwrap();
        let mut order: Vec<usize> = (0..count).collect();
        let mut incumbent = Incumbent::new(packing.clone(), order.clone()).unwrap();
        for (one, other, is_kept) in changes.iter().filter(|_| count > 0) {
            let (one, other) = (one.index(count), other.index(count));
            let mut changed = order.clone();
            changed.swap(one, other);
            incumbent.order_to_try().copy_from_slice(&changed);
            prop_assert!(incumbent.put(one.min(other), Time::MAX));
            let mut whole = packing.clone();
            prop_assert!(whole.put_all(&changed, Direction::Forward));
            prop_assert_eq!(incumbent.packing().schedule(), whole.schedule());
            if *is_kept {
                incumbent.keep();
                prop_assert_eq!(incumbent.makespan(), whole.makespan());
                order = changed;
            }
        }
    }
}
