//! What tests are expected to take in all, against what they may.

use std::collections::BTreeMap;
use std::time::Duration;

use test_catalog::NodeId;

use crate::{Estimate, EstimateSource, PlannedCase};

/// How many of the tests that cost most are kept.
const DEAREST: usize = 10;

/// What the tests of one budget are expected to take, one after another: the same sum that a run holds against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetForecast {
    /// What it is for: `e2e in pre_merge`.
    pub name: String,
    /// What its tests may take.
    pub limit: Duration,
    /// How many tests count in it, an inexact function counting as one.
    pub tests: usize,
    /// What they are expected to take.
    pub expected: Duration,
    /// When the last of them ends in the plan, counted from the run's start: what they take on its machine, beside each other
    /// and whatever else the plan has.
    pub ends: Duration,
    /// The same where every test of which enough runs were measured takes what nine of ten of them kept below. It is no
    /// ninth decile of the sum: that would be less. `None` where no test has such a figure.
    pub each_at_p90: Option<Duration>,
    /// Where the estimates come from, with how many tests each.
    pub known_by: Vec<(KnownBy, usize)>,
    /// The tests that cost most, the dearest first.
    pub dearest: Vec<(NodeId, Estimate)>,
    /// The fewest tests without which the rest fits: so many of the dearest. 0 where all fit.
    pub too_many: usize,
}

/// The kinds of [`EstimateSource`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KnownBy {
    /// [`EstimateSource::Measured`].
    Measured,
    /// [`EstimateSource::ThirdOfTimeout`].
    ThirdOfTimeout,
    /// [`EstimateSource::TypeDefault`].
    TypeDefault,
}

impl From<EstimateSource> for KnownBy {
    fn from(source: EstimateSource) -> Self {
        match source {
            EstimateSource::Measured { .. } => Self::Measured,
            EstimateSource::ThirdOfTimeout => Self::ThirdOfTimeout,
            EstimateSource::TypeDefault => Self::TypeDefault,
        }
    }
}

impl BudgetForecast {
    /// Of the tests that count in a budget, the last of which ends then.
    #[must_use]
    pub fn new(name: String, limit: Duration, cases: &[&PlannedCase], ends: Duration) -> Self {
        let sum = |of: fn(&Estimate) -> Duration| {
            cases.iter().fold(Duration::ZERO, |sum, case| sum.saturating_add(of(&case.estimate)))
        };
        let expected = sum(|estimate| estimate.duration);
        let has_p90 = cases.iter().any(|case| case.estimate.p90.is_some());
        let mut known_by: BTreeMap<KnownBy, usize> = BTreeMap::new();
        for case in cases {
            *known_by.entry(case.estimate.source.into()).or_default() += 1;
        }
        let mut sorted = cases.to_vec();
        sorted.sort_by_key(|case| (std::cmp::Reverse(case.estimate.duration), &case.id, case.occurrence));
        let mut left = expected;
        let mut dearest = sorted.iter();
        let mut too_many = 0;
        while left > limit
            && let Some(case) = dearest.next()
        {
            left = left.saturating_sub(case.estimate.duration);
            too_many += 1;
        }
        Self {
            name,
            limit,
            tests: cases.len(),
            expected,
            ends,
            each_at_p90: has_p90.then(|| sum(|estimate| estimate.p90.unwrap_or(estimate.duration))),
            known_by: known_by.into_iter().collect(),
            dearest: sorted.iter().take(DEAREST).map(|case| (case.id.clone(), case.estimate)).collect(),
            too_many,
        }
    }

    /// By how much the budget is exceeded; `None` where it is kept.
    #[must_use]
    pub fn over(&self) -> Option<Duration> {
        self.expected.checked_sub(self.limit).filter(|over| !over.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use test_catalog::TreePath;

    use super::*;

    fn case(name: &str, seconds: u64, p90: Option<u64>) -> PlannedCase {
        let file = TreePath::new("tests/test_a.py");
        let source = p90.map_or(EstimateSource::ThirdOfTimeout, |_| EstimateSource::Measured { runs: 9 });
        let estimate = Estimate { duration: Duration::from_secs(seconds), source, p90: p90.map(Duration::from_secs) };
        PlannedCase { estimate, ..PlannedCase::new(NodeId::python(&file, [name], None), file) }
    }

    #[test]
    fn what_is_over_a_budget_is_told_with_the_fewest_tests_that_have_to_go() {
        let cases = [case("a", 10, None), case("b", 30, None), case("c", 20, Some(35))];
        let cases: Vec<&PlannedCase> = cases.iter().collect();
        let of =
            |limit| BudgetForecast::new("e2e".to_owned(), Duration::from_secs(limit), &cases, Duration::from_secs(7));
        for (limit, over, too_many) in
            [(60, None, 0), (59, Some(1), 1), (30, Some(30), 1), (29, Some(31), 2), (0, Some(60), 3)]
        {
            let forecast = of(limit);
            assert_eq!((forecast.over(), forecast.too_many), (over.map(Duration::from_secs), too_many), "{limit}");
        }
        let forecast = of(60);
        assert_eq!(forecast.each_at_p90, Some(Duration::from_secs(75)));
        assert_eq!(forecast.known_by, [(KnownBy::Measured, 1), (KnownBy::ThirdOfTimeout, 2)]);
        assert!(forecast.dearest[0].0.as_str().ends_with("::b"));
    }

    #[test]
    fn without_a_spread_there_is_no_higher_figure() {
        let case = case("a", 10, None);
        assert_eq!(BudgetForecast::new(String::new(), Duration::ZERO, &[&case], Duration::ZERO).each_at_p90, None);
    }
}
