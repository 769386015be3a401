//! Results of earlier runs.

use camino::Utf8PathBuf;
use marker_policy::Timings;
use test_runner::recorded::{self, Recorded};

use crate::error::Error;
use crate::input;

/// The largest file of results that is read, in bytes: outputs of failed tests are in it.
const LARGEST: usize = 1 << 28;

/// The results of these files, one after the other.
pub(crate) fn read_all(files: &[Utf8PathBuf]) -> Result<Vec<Recorded>, Error> {
    let mut results = Vec::new();
    for file in files {
        let text = input::text(file, LARGEST)?;
        if text.len() > LARGEST {
            return Err(Error::TooLarge { path: file.clone(), most: LARGEST >> 20 });
        }
        let read = recorded::read(&text).map_err(|source| Error::Results { path: file.clone(), source })?;
        results.extend(read);
    }
    Ok(results)
}

/// What the tests took that went through.
pub(crate) fn timings(results: &[Recorded]) -> Timings {
    let mut timings = Timings::default();
    add_times(&mut timings, results);
    timings
}

/// The same, to others.
pub(crate) fn add_times(timings: &mut Timings, results: &[Recorded]) {
    for result in results.iter().filter(|result| result.outcome.tells_time()) {
        timings.add(result.id.clone(), result.took);
    }
}
