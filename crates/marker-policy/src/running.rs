//! What the policy says of a run itself: which failures are tried again, and which ports tests get.

use std::time::Duration;

/// The failures of GPU tests that are tried again: start-up races, known by what a test prints. None where it names none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// Regular expressions; a failure is tried again where one of them matches in what it said or printed.
    pub output: Vec<String>,
    /// How often a test is run again at most.
    pub times: u32,
    /// The pause before a test is run again; before each further time it is twice as long.
    pub pause: Duration,
}

impl Retry {
    /// The most that `times` may be: a test that needs more is no race.
    pub const MOST: u32 = 10;
}

impl Default for Retry {
    fn default() -> Self {
        Self { output: Vec::new(), times: 3, pause: Duration::from_secs(5) }
    }
}

/// The ports that each slot has for itself. None where no variable is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ports {
    /// The variable that tests read: `FIRST-LAST`.
    pub variable: Option<String>,
    /// The first port that is given out.
    pub first: u16,
    /// The last one.
    pub last: u16,
    /// How many ports a slot gets.
    pub each: u16,
}

impl Default for Ports {
    fn default() -> Self {
        Self { variable: None, first: 20_000, last: 29_999, each: 20 }
    }
}
