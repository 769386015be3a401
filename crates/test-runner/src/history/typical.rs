//! What a test takes, from what it took. Pure.

use std::time::Duration;

/// How many of the latest times count: older ones are of another test by the same name.
pub const RECENT: usize = 20;

/// Longer is a clock that was set, not a test: a week, in seconds.
const ABSURD: f64 = 7.0 * 24.0 * 3600.0;

/// What a test takes, and how sure that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Typical {
    /// The median.
    pub median: Duration,
    /// Nine of ten took no longer; `None` where fewer than ten were measured, which have no ninth tenth.
    pub p90: Option<Duration>,
    /// How many times that comes from.
    pub runs: u32,
}

/// What times in seconds say, the latest first: of the latest [`RECENT`] that can be true, the median and the ninth
/// tenth, both by nearest rank, so that each is a time that was measured. `None` where none can be true.
#[must_use]
pub fn typical(seconds: impl IntoIterator<Item = f64>) -> Option<Typical> {
    let mut times: Vec<Duration> = seconds
        .into_iter()
        .filter(|seconds| (0.0..=ABSURD).contains(seconds))
        .filter_map(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .take(RECENT)
        .collect();
    times.sort_unstable();
    let rank = |tenths: usize| times.get((times.len() * tenths).div_ceil(10).saturating_sub(1)).copied();
    Some(Typical {
        median: rank(5)?,
        p90: rank(9).filter(|_| times.len() >= 10),
        runs: u32::try_from(times.len()).unwrap_or(u32::MAX),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_time() -> impl Strategy<Value = f64> {
        prop_oneof![
            4 => 0.0..1e4,
            1 => any::<f64>(),
            1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, -1.0, -0.0, 365.0 * 86400.0, 0.0]),
        ]
    }

    fn sound(seconds: f64) -> bool {
        (0.0..=ABSURD).contains(&seconds)
    }

    proptest! {
        #[test]
        fn what_cannot_be_true_changes_nothing(times in prop::collection::vec(any_time(), 0..60)) {
            let all = typical(times.iter().copied());
            let true_ones: Vec<f64> = times.iter().copied().filter(|time| sound(*time)).collect();
            prop_assert_eq!(all, typical(true_ones.iter().copied()));
            prop_assert_eq!(all.is_none(), true_ones.is_empty());
        }

        #[test]
        fn both_were_measured_and_split_the_times(times in prop::collection::vec(any_time(), 1..60)) {
            let recent: Vec<f64> = times.iter().copied().filter(|time| sound(*time)).take(RECENT).collect();
            let Some(found) = typical(times) else { return Ok(()) };
            let recent: Vec<Duration> = recent.iter().map(|time| Duration::from_secs_f64(*time)).collect();
            prop_assert_eq!(found.runs as usize, recent.len());
            prop_assert!(recent.contains(&found.median));
            prop_assert_eq!(found.p90.is_some(), recent.len() >= 10);
            let up_to = |limit| recent.iter().filter(|time| **time <= limit).count();
            let below = |limit| recent.iter().filter(|time| **time < limit).count();
            prop_assert!(up_to(found.median) * 2 >= recent.len() && below(found.median) * 2 < recent.len());
            let Some(p90) = found.p90 else { return Ok(()) };
            prop_assert!(found.median <= p90 && recent.contains(&p90));
            prop_assert!(up_to(p90) * 10 >= recent.len() * 9 && below(p90) * 10 < recent.len() * 9);
        }

        #[test]
        fn only_the_latest_count(new in prop::collection::vec(0.0..1e4, RECENT), old in prop::collection::vec(any_time(), 0..9)) {
            let both = new.iter().chain(&old).copied();
            prop_assert_eq!(typical(both), typical(new.iter().copied()));
        }
    }

    #[test]
    fn of_ten_runs_the_fifth_and_the_ninth() {
        let found = typical((1..=10).map(f64::from)).unwrap();
        assert_eq!((found.median, found.p90, found.runs), (Duration::from_secs(5), Some(Duration::from_secs(9)), 10));
    }
}
