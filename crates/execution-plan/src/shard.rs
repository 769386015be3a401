//! Which of several machines runs a test, when a run is divided among them.
//!
//! Tests are divided by what they need: those of the CPU, those that share a GPU, those that take GPUs whole, and those
//! that need what machines do not have unless it is said of one, of which each weighs as much. Of each class, [`assign`]
//! puts the groups in the order of their names and cuts that order into pieces of equal weight. A group is what is best
//! not divided: a file's tests of the CPU, the tests of one function on a GPU, a test binary. A weight is the expected
//! time, times the GPUs, times the memory of each where GPUs are shared. A group belongs to the piece that its middle is
//! in.
//!
//! With `n` shards, a class of weight `W` and its heaviest group of weight `g`:
//!
//! - **Each test is in one shard**, for a middle is in one piece.
//! - **Balance.** No shard has more than `W/n + g` of a class, and none less than `W/n - g`: a piece is `W/n` long, and at
//!   each of its two ends half a group reaches over.
//! - **Stability.** Tests of weight `w` are added. A cut then lies less than `w` from where it lay between the old groups,
//!   so that the old groups whose middles it passes weigh at most `w + g`. There are `n - 1` cuts: no more than
//!   `(n - 1)(w + g)` changes its shard, whatever `W` is. Taking tests away, or another estimate, is the same.
//! - **Everywhere the same.** Weights are whole numbers, groups are in order of their names, and nothing of the machine is
//!   looked at.
//!
//! Names in order keep what belongs together in few shards: the tests of a folder, which load the same models, and the
//! binaries of a package, which are built together. Hashed names would be as even and spread each over all shards.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;
use std::time::Duration;

use crate::{Demand, Share};

/// One of several parts of a run: `2/5` is the second of five.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shard {
    /// From 1, at most `count`.
    number: NonZeroU16,
    count: NonZeroU16,
}

/// A text that names no shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no shard: write it as 2/5, the second of five; the first is 1, and there are at most {max}", max = u16::MAX)]
pub struct ShardError;

impl Shard {
    /// Its number, from 1.
    #[must_use]
    pub fn number(self) -> u16 {
        self.number.get()
    }

    /// How many there are.
    #[must_use]
    pub fn count(self) -> NonZeroU16 {
        self.count
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let part = |text: &str| {
            // `parse` takes a sign, which nobody means.
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            if digits { text.parse::<NonZeroU16>().ok() } else { None }
        };
        let (number, count) = text.split_once('/').ok_or(ShardError)?;
        match (part(number), part(count)) {
            (Some(number), Some(count)) if number <= count => Ok(Self { number, count }),
            _ => Err(ShardError),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.number, self.count)
    }
}

/// What tests compete for: each shard gets an equal part of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// CPU slots.
    Cpu,
    /// A part of the memory of GPUs.
    SharedGpu,
    /// GPUs that nobody else is on.
    WholeGpu,
    /// Nothing that every machine gives: it is refused where it comes to, unless that machine is said to have what it needs.
    Nothing,
}

impl Class {
    /// What a test competes for.
    #[must_use]
    pub fn of(demand: &Demand) -> Self {
        match demand.share {
            _ if !demand.resources.is_empty() || demand.not_compiled.is_some() => Self::Nothing,
            _ if demand.gpus == 0 => Self::Cpu,
            Share::Bytes(_) => Self::SharedGpu,
            Share::Whole => Self::WholeGpu,
        }
    }
}

/// For each test the number of its shard, from 1, of so many.
#[must_use]
pub fn assign(demands: &[Demand], count: NonZeroU16) -> Vec<u16> {
    let mut groups: BTreeMap<(Class, &str), Vec<usize>> = BTreeMap::new();
    let mut totals: BTreeMap<Class, u128> = BTreeMap::new();
    for (index, demand) in demands.iter().enumerate() {
        let class = Class::of(demand);
        groups.entry((class, group(demand, class))).or_default().push(index);
        *totals.entry(class).or_default() += weight(demand);
    }
    let mut before: BTreeMap<Class, u128> = BTreeMap::new();
    let mut shards = vec![1; demands.len()];
    for ((class, _), members) in groups {
        let weight: u128 = members.iter().map(|&index| weight(&demands[index])).sum();
        let before = before.entry(class).or_default();
        // The middle, doubled so that it is a whole number; below twice the total.
        let middle = 2 * *before + weight;
        *before += weight;
        let total = totals.get(&class).copied().unwrap_or_default().max(1);
        let piece = middle * u128::from(count.get()) / (2 * total);
        let shard = u16::try_from(piece).unwrap_or(u16::MAX).min(count.get() - 1) + 1;
        for index in members {
            shards[index] = shard;
        }
    }
    shards
}

/// What a test is best not separated from. A GPU test has a process to itself, so that only its function's are together:
/// a conftest may prepare things for all of its parameters.
fn group(demand: &Demand, class: Class) -> &str {
    match (&demand.target, class) {
        (Some(target), _) => &target.binary,
        (None, Class::Cpu) => demand.case.file.as_str(),
        (None, _) => demand.case.function.as_str(),
    }
}

/// The most that one test weighs: sums of a million such, times any number of shards, are whole numbers still.
const HEAVIEST: u128 = 1 << 80;

/// The weight of a test within its class. It is never 0, so that tests that take no time are divided too.
#[must_use]
pub fn weight(demand: &Demand) -> u128 {
    const MIB: u64 = 1 << 20;
    if Class::of(demand) == Class::Nothing {
        return 1;
    }
    let time = demand.case.estimate.duration.as_millis() + 1;
    let memory = match demand.share {
        Share::Bytes(bytes) if demand.gpus > 0 => u128::from(bytes.div_ceil(MIB)).max(1),
        _ => 1,
    };
    let gpus = u128::from(demand.gpus.max(1));
    time.saturating_mul(memory).saturating_mul(gpus).min(HEAVIEST)
}

/// What one shard has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ShardLoad {
    /// How many tests, an inexact function counting as one.
    pub tests: usize,
    /// What those of them take one after another that need no GPU.
    pub cpu: Duration,
    /// What those on GPUs take one after another, each times its GPUs.
    pub gpu: Duration,
}

/// What each shard has, in order, by what [`assign`] says.
#[must_use]
pub fn loads(demands: &[Demand], shards: &[u16], count: NonZeroU16) -> Vec<ShardLoad> {
    let mut loads = vec![ShardLoad::default(); usize::from(count.get())];
    for (demand, &shard) in demands.iter().zip(shards) {
        let Some(load) = loads.get_mut(usize::from(shard).saturating_sub(1)) else { continue };
        let duration = demand.case.estimate.duration;
        load.tests += 1;
        match Class::of(demand) {
            Class::Nothing => {}
            Class::Cpu => load.cpu = load.cpu.saturating_add(duration),
            _ => load.gpu = load.gpu.saturating_add(duration.saturating_mul(demand.gpus)),
        }
    }
    loads
}
