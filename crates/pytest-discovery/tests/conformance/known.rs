//! The cases in which discovery is known to differ.

use std::collections::BTreeSet;
use std::fs;

use oracle::Release;

/// What `fixtures/pytest/known-differences.txt` names: `CASE`, for every release, or `CASE@X.Y` for that one.
pub(crate) struct Known {
    lines: Vec<String>,
    still: BTreeSet<String>,
}

impl Known {
    pub(crate) fn read() -> Self {
        let text = fs::read_to_string(crate::cases().join("known-differences.txt")).unwrap();
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let lines = lines.map(|line| line.split_whitespace().next().unwrap().to_owned()).collect();
        Self { lines, still: BTreeSet::new() }
    }

    /// Whether a case that differs is known to.
    pub(crate) fn expects(&mut self, case: &str, release: Release) -> bool {
        let qualified = format!("{case}@{}", release.name);
        let Some(line) = self.lines.iter().find(|line| **line == case || **line == qualified) else { return false };
        // A line for every release has to hold for the newest: what differs on older ones only says which.
        if *line == qualified || release == oracle::RELEASES[0] {
            self.still.insert(line.clone());
        }
        true
    }

    /// The lines of cases that do not differ any more, or do not exist.
    pub(crate) fn mended(&self) -> Vec<&str> {
        self.lines.iter().filter(|line| !self.still.contains(*line)).map(String::as_str).collect()
    }

    pub(crate) fn still(&self) -> usize {
        self.still.len()
    }
}
