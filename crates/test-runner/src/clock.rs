//! Time while this process runs. A runner that is stopped, or a machine that sleeps, lets no time pass: a limit is for
//! what a test does, and nobody looked after it meanwhile.

use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

/// How often the clock is looked at.
const TICK: Duration = Duration::from_millis(100);
/// A longer time between two looks is no delay of a loaded machine: nothing ran.
const JUMP: Duration = Duration::from_secs(2);

static CLOCK: Mutex<Option<Clock>> = Mutex::new(None);

/// A moment of this clock; used as `std::time::Instant` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(Duration);

impl Instant {
    pub(crate) fn now() -> Self {
        start_ticking();
        let mut clock = CLOCK.lock().unwrap_or_else(PoisonError::into_inner);
        Self(clock.get_or_insert_with(Clock::new).at(std::time::Instant::now()))
    }

    pub(crate) fn elapsed(self) -> Duration {
        Self::now().saturating_duration_since(self)
    }

    pub(crate) fn saturating_duration_since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

struct Clock {
    seen: std::time::Instant,
    counted: Duration,
}

impl Clock {
    fn new() -> Self {
        Self { seen: std::time::Instant::now(), counted: Duration::ZERO }
    }

    /// The time that has passed, asked at that moment.
    fn at(&mut self, now: std::time::Instant) -> Duration {
        let passed = now.saturating_duration_since(self.seen);
        self.counted += if passed > JUMP { TICK } else { passed };
        self.seen = self.seen.max(now);
        self.counted
    }
}

/// Somebody has to look, or a quiet time would be taken for a jump.
fn start_ticking() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        std::thread::spawn(|| {
            loop {
                std::thread::sleep(TICK);
                let mut clock = CLOCK.lock().unwrap_or_else(PoisonError::into_inner);
                clock.get_or_insert_with(Clock::new).at(std::time::Instant::now());
            }
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_counts_as_one_tick_and_all_else_as_it_is() {
        let mut clock = Clock::new();
        let mut now = clock.seen;
        let mut at = |millis| {
            now += Duration::from_millis(millis);
            clock.at(now).as_millis()
        };
        assert_eq!(at(100), 100);
        assert_eq!(at(0), 100);
        assert_eq!(at(2000), 2100);
        assert_eq!(at(2001), 2200);
        assert_eq!(at(86_400_000), 2300);
        assert_eq!(at(7), 2307);
    }
}
