//! Shards over random tests: each test in one, evenly, and little moves when tests come.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU16;
use std::time::Duration;

use execution_plan::shard::{Class, Shard, assign, loads, weight};
use execution_plan::{Demand, Share};
use proptest::prelude::*;
use test_catalog::{NodeId, TreePath};

/// File, function, GPUs, GiB of each (`None`: whole), seconds, and whether it needs what no machine has.
type Test = (u8, u8, u32, Option<u64>, u64, bool);

fn demand(&(file, function, gpus, gib, seconds, is_nowhere): &Test, number: usize) -> Demand {
    let file = TreePath::new(format!("tests/test_{file}.py"));
    let function = format!("test_{function}");
    let id = NodeId::python(&file, [function.as_str()], Some(&number.to_string()));
    let mut demand = Demand::new(id, file.clone());
    demand.case.function = NodeId::python(&file, [function.as_str()], None);
    demand.case.estimate.duration = Duration::from_secs(seconds);
    let resources = is_nowhere.then(|| ("k8s".to_owned(), 1)).into_iter().collect();
    Demand { gpus, share: gib.map_or(Share::Whole, |gib| Share::Bytes(gib << 30)), resources, ..demand }
}

fn tests(most: usize) -> impl Strategy<Value = Vec<Test>> {
    let gpus = prop::sample::select(vec![0_u32, 0, 1, 2]);
    let nowhere = prop::bool::weighted(0.1);
    prop::collection::vec((0..12_u8, 0..5_u8, gpus, prop::option::of(0..40_u64), 0..300_u64, nowhere), 0..most)
}

/// The heaviest group of each class, and its whole weight. What is together is found here by another way.
fn groups(demands: &[Demand]) -> BTreeMap<Class, (u128, u128)> {
    let mut groups: HashMap<(Class, String), u128> = HashMap::new();
    for demand in demands {
        let class = Class::of(demand);
        let name = if class == Class::Cpu { demand.case.file.to_string() } else { demand.case.function.to_string() };
        *groups.entry((class, name)).or_default() += weight(demand);
    }
    let mut classes: BTreeMap<Class, (u128, u128)> = BTreeMap::new();
    for ((class, _), weight) in groups {
        let entry = classes.entry(class).or_default();
        *entry = (entry.0.max(weight), entry.1 + weight);
    }
    classes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn every_test_is_in_one_shard_and_each_class_is_divided_evenly(tests in tests(80), count in 1..9_u16) {
        let demands: Vec<_> = tests.iter().enumerate().map(|(number, test)| demand(test, number)).collect();
        let count = NonZeroU16::new(count).unwrap();
        let shards = assign(&demands, count);
        prop_assert_eq!(shards.len(), demands.len());
        prop_assert!(shards.iter().all(|shard| (1..=count.get()).contains(shard)));
        let n = u128::from(count.get());
        for (class, (heaviest, total)) in groups(&demands) {
            for shard in 1..=count.get() {
                let of_shard = demands.iter().zip(&shards).filter(|(demand, at)| **at == shard && Class::of(demand) == class);
                let load: u128 = of_shard.map(|(demand, _)| weight(demand)).sum();
                prop_assert!(load * n <= total + heaviest * n, "{:?} {}: {} of {}", class, shard, load, total);
                prop_assert!((load + heaviest) * n >= total, "{:?} {}: {} of {}", class, shard, load, total);
            }
        }
        let sum = loads(&demands, &shards, count).iter().map(|load| load.tests).sum::<usize>();
        prop_assert_eq!(sum, demands.len());
    }

    #[test]
    fn the_order_of_the_tests_does_not_matter(tests in tests(60), count in 1..9_u16) {
        let count = NonZeroU16::new(count).unwrap();
        let demands: Vec<_> = tests.iter().enumerate().map(|(number, test)| demand(test, number)).collect();
        let mut backwards = demands.clone();
        backwards.reverse();
        let mut shards = assign(&backwards, count);
        shards.reverse();
        prop_assert_eq!(shards, assign(&demands, count));
    }

    #[test]
    fn no_more_moves_than_was_added_and_a_group_at_each_cut(
        before in tests(80), added in tests(10), count in 1..9_u16,
    ) {
        let count = NonZeroU16::new(count).unwrap();
        let mut all = before.clone();
        // On GPUs in functions of their own; of the CPU they may join a file that is there, and make it heavier.
        all.extend(added.iter().map(|&(file, function, gpus, gib, seconds, is_nowhere)| {
            (file, function + 5, gpus, gib, seconds, is_nowhere)
        }));
        let all: Vec<_> = all.iter().enumerate().map(|(number, test)| demand(test, number)).collect();
        let old = &all[..before.len()];
        let (was, is) = (assign(old, count), assign(&all, count));
        let cuts = u128::from(count.get() - 1);
        let heaviest = groups(&all);
        for class in [Class::Cpu, Class::SharedGpu, Class::WholeGpu, Class::Nothing] {
            let of_class = |demand: &&Demand| Class::of(demand) == class;
            let added: u128 = all[before.len()..].iter().filter(of_class).map(weight).sum();
            let moves = old.iter().zip(was.iter().zip(&is)).filter(|(demand, (was, is))| of_class(demand) && was != is);
            let moved: u128 = moves.map(|(demand, _)| weight(demand)).sum();
            let heaviest = heaviest.get(&class).map_or(0, |(heaviest, _)| *heaviest);
            prop_assert!(moved <= cuts * (added + heaviest), "{:?}: {} moved for {}", class, moved, added);
            if added == 0 {
                prop_assert_eq!(moved, 0);
            }
        }
    }
}

#[test]
fn a_shard_is_written_as_a_part_of_a_whole() {
    assert_eq!("2/5".parse::<Shard>().unwrap().to_string(), "2/5");
    for text in ["", "2", "0/5", "6/5", "2/0", "+1/2", "1/2/3", " 1/2", "1/65536", "-1/2"] {
        assert!(text.parse::<Shard>().is_err(), "{text}");
    }
}

#[test]
fn where_all_shards_have_their_sum_nothing_is_far_from_it() {
    // A thousand tests of one file each on the CPU and hundred functions on GPUs: no shard is a tenth off.
    let demands: Vec<_> = (0..1_000_usize)
        .map(|number| {
            let small = u64::try_from(number % 7).unwrap() + 1;
            let mut demand = demand(&(0, 0, u32::from(number % 10 == 0), None, small, false), number);
            demand.case.file = TreePath::new(format!("tests/test_{number}.py"));
            demand.case.function = NodeId::python(&demand.case.file, ["test_a"], None);
            demand
        })
        .collect();
    let count = NonZeroU16::new(4).unwrap();
    let loads = loads(&demands, &assign(&demands, count), count);
    for load in &loads {
        let even = |own: Duration, of: fn(&execution_plan::shard::ShardLoad) -> Duration| {
            let mean = loads.iter().map(of).sum::<Duration>() / 4;
            own.abs_diff(mean) < mean / 10
        };
        assert!(even(load.cpu, |load| load.cpu) && even(load.gpu, |load| load.gpu), "{loads:?}");
    }
}
