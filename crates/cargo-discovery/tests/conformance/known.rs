//! The cases in which discovery is known to differ.

use std::collections::BTreeSet;
use std::fs;

/// What `fixtures/cargo/known-differences.txt` names.
pub(crate) struct Known {
    cases: BTreeSet<String>,
    still: BTreeSet<String>,
}

impl Known {
    pub(crate) fn read() -> Self {
        let text = fs::read_to_string(crate::case::root().join("known-differences.txt")).unwrap();
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let cases = lines.map(|line| line.split_whitespace().next().unwrap().to_owned()).collect();
        Self { cases, still: BTreeSet::new() }
    }

    /// Whether a case that differs is known to.
    pub(crate) fn expects(&mut self, case: &str) -> bool {
        let known = self.cases.contains(case);
        if known {
            self.still.insert(case.to_owned());
        }
        known
    }

    /// The named cases that do not differ any more, or do not exist.
    pub(crate) fn mended(&self) -> Vec<&String> {
        self.cases.difference(&self.still).collect()
    }

    pub(crate) fn still(&self) -> usize {
        self.still.len()
    }
}
