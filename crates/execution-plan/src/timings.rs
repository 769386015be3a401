//! A file of measured durations: what several machines agree on when they divide a run.
//!
//! ```json
//! {"timings": 1, "cases": [
//!   {"id": "tests/test_a.py::test_b[x]", "median_s": 12.5, "p90_s": 14.0, "runs": 9},
//!   {"id": "dynamo-llm tests::one", "median_s": 0.25, "runs": 1}
//! ]}
//! ```
//!
//! `occurrence` tells cases of one id apart and is 0 where it is missing; `p90_s`, which nine of ten runs kept below, is
//! there only where enough runs were measured. Fields of later versions are passed over. Machines that read the same
//! bytes have the same [`digest`], which `sha256sum` prints too.

use std::collections::HashSet;
use std::fmt::Write;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use test_catalog::NodeId;

use crate::Estimates;

/// The version of the format.
pub const VERSION: u32 = 1;

/// The longest that a test is believed to take.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// What one case took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseTiming {
    /// Its id.
    pub id: NodeId,
    /// Which of the cases with this id.
    pub occurrence: u32,
    /// The median of its runs.
    pub median: Duration,
    /// What nine of ten of its runs kept below; `None` where too few were measured.
    pub p90: Option<Duration>,
    /// How many runs these come from.
    pub runs: u32,
}

/// Why a file is no file of timings. A fragment that fits behind the file's name.
#[derive(Debug, thiserror::Error)]
pub enum TimingsError {
    /// No JSON, or of another shape.
    #[error("this is no file of timings, which begins with {{\"timings\": 1: {0}")]
    Shape(#[from] serde_json::Error),
    /// Written by a later release.
    #[error("the version of its format is {0}, and only {VERSION} is known here: use the release that wrote it")]
    Version(u32),
    /// A case of which something cannot be.
    #[error("case {number} (`{id}`): {why}")]
    Case {
        /// Its place in the list, from 1.
        number: usize,
        /// Its id.
        id: String,
        /// What cannot be.
        why: String,
    },
}

#[derive(Serialize, Deserialize)]
struct Document {
    timings: u32,
    cases: Vec<Case>,
}

#[derive(Serialize, Deserialize)]
struct Case {
    id: String,
    #[serde(default, skip_serializing_if = "is_zero")]
    occurrence: u32,
    median_s: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    p90_s: Option<f64>,
    runs: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(value: &u32) -> bool {
    *value == 0
}

/// Reads a file of timings.
///
/// # Errors
/// The text is of another shape or version, or a case's time cannot be. Nothing is passed over: machines that divide a run
/// by what each could read of the file would not divide it alike.
pub fn read(text: &str) -> Result<Vec<CaseTiming>, TimingsError> {
    #[derive(Deserialize)]
    struct Version {
        timings: u32,
    }
    let Version { timings } = serde_json::from_str(text)?;
    if timings != VERSION {
        return Err(TimingsError::Version(timings));
    }
    let document: Document = serde_json::from_str(text)?;
    let mut seen = HashSet::new();
    let mut read = Vec::with_capacity(document.cases.len());
    for (index, case) in document.cases.into_iter().enumerate() {
        let wrong = |why: String| TimingsError::Case { number: index + 1, id: case.id.clone(), why };
        let time = |field: &str, seconds: f64| {
            let time = Duration::try_from_secs_f64(seconds).ok().filter(|time| *time <= LONGEST);
            time.ok_or_else(|| wrong(format!("{field} is {seconds}, which is no number of seconds up to a year")))
        };
        let median = time("median_s", case.median_s)?;
        let p90 = case.p90_s.map(|seconds| time("p90_s", seconds)).transpose()?;
        if p90.is_some_and(|p90| p90 < median) {
            return Err(wrong("p90_s is below median_s".to_owned()));
        }
        if case.runs == 0 {
            return Err(wrong("runs is 0: a case without a run has no time".to_owned()));
        }
        if !seen.insert((case.id.clone(), case.occurrence)) {
            return Err(wrong("it stands above already, with the same occurrence".to_owned()));
        }
        let (occurrence, runs) = (case.occurrence, case.runs);
        read.push(CaseTiming { id: NodeId::from_text(case.id), occurrence, median, p90, runs });
    }
    Ok(read)
}

/// The text of a file of timings, a case a line, in order of the ids: the same cases give the same bytes.
///
/// # Errors
/// None in practice: `serde_json` cannot fail on these types.
pub fn write(cases: &[CaseTiming]) -> serde_json::Result<String> {
    let mut sorted: Vec<_> = cases.iter().collect();
    sorted.sort_by_key(|case| (&case.id, case.occurrence));
    let mut text = format!("{{\"timings\": {VERSION}, \"cases\": [");
    for (index, case) in sorted.into_iter().enumerate() {
        let line = serde_json::to_string(&Case {
            id: case.id.as_str().to_owned(),
            occurrence: case.occurrence,
            median_s: case.median.as_secs_f64(),
            p90_s: case.p90.map(|p90| p90.as_secs_f64()),
            runs: case.runs,
        })?;
        text.push_str(if index == 0 { "\n  " } else { ",\n  " });
        text.push_str(&line);
    }
    text.push_str("\n]}\n");
    Ok(text)
}

/// The SHA-256 of a file's bytes, in hexadecimal.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl Estimates {
    /// Adds what a file says.
    pub fn add_timings(&mut self, cases: &[CaseTiming]) {
        for case in cases {
            self.measured_with_spread(case.id.clone(), case.occurrence, case.median, case.p90, case.runs);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_cannot_be_is_told_with_its_place() {
        for (text, expected) in [
            ("", "no file of timings"),
            ("{\"timings\": 2}", "the version of its format is 2"),
            ("{\"timings\": 1, \"cases\": [{\"id\": \"a\"}]}", "line 1 column"),
            (r#"{"timings": 1, "cases": [{"id": "a", "median_s": -1, "runs": 1}]}"#, "case 1 (`a`): median_s is -1"),
            (r#"{"timings": 1, "cases": [{"id": "a", "median_s": 1e300, "runs": 1}]}"#, "up to a year"),
            (r#"{"timings": 1, "cases": [{"id": "a", "median_s": 2, "p90_s": 1, "runs": 1}]}"#, "p90_s is below"),
            (r#"{"timings": 1, "cases": [{"id": "a", "median_s": 2, "runs": 0}]}"#, "runs is 0"),
            (
                r#"{"timings": 1, "cases": [{"id": "a", "median_s": 2, "runs": 1}, {"id": "a", "median_s": 3, "runs": 1}]}"#,
                "case 2 (`a`): it stands above",
            ),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn the_digest_is_what_sha256sum_prints() {
        assert_eq!(digest(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            cases in prop::collection::btree_map(
                (".*", 0..3_u32),
                (0..1_000_000_u64, prop::option::of(0..1_000_u64), 1..50_u32),
                0..20,
            ),
        ) {
            let cases: Vec<CaseTiming> = cases.into_iter().map(|((id, occurrence), (median, more, runs))| CaseTiming {
                id: NodeId::from_text(id),
                occurrence,
                median: Duration::from_millis(median),
                p90: more.map(|more| Duration::from_millis(median + more)),
                runs,
            }).collect();
            let text = write(&cases).unwrap();
            let reversed: Vec<_> = cases.iter().rev().cloned().collect();
            prop_assert_eq!(&write(&reversed).unwrap(), &text);
            prop_assert_eq!(read(&text).unwrap(), cases);
        }
    }
}
