//! What a change of a tree does to its lanes: the tests that each gains and loses.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use marker_policy::{Lanes, ResolvedCase};
use serde::Serialize;

use crate::count;
use crate::terminal::printable;

/// How many tests are named of each lane before the rest is counted.
const SHOWN: usize = 10;

/// What each lane runs or may run, and what none does, by ids.
#[derive(Debug, Default)]
struct Runs<'a> {
    /// By the lane's name and, where one has several commands, the number of the command.
    lanes: BTreeMap<(&'a str, usize), BTreeSet<&'a str>>,
    in_no_lane: BTreeSet<&'a str>,
}

/// The lanes of two revisions of a tree beside each other.
#[derive(Debug)]
pub struct LaneChanges<'a> {
    changes: Vec<LaneChange<'a>>,
    /// Tests that a lane ran, or that were not there, and that none runs now.
    newly_in_no_lane: Vec<&'a str>,
    /// How many tests are in no lane, before and now.
    in_no_lane: (usize, usize),
}

/// What becomes of a lane.
#[derive(Debug)]
struct LaneChange<'a> {
    name: &'a str,
    kind: Kind,
    gained: Vec<&'a str>,
    lost: Vec<&'a str>,
}

/// Whether a lane is in both revisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    New,
    Gone,
    Changed,
}

impl<'a> Runs<'a> {
    fn of(lanes: &'a Lanes, cases: &'a [ResolvedCase<'a>]) -> Self {
        let mut runs = Self::default();
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        for (lane, reach) in lanes.iter() {
            let number = numbers.entry(&lane.name).or_default();
            let ids = cases.iter().zip(reach).filter(|(_, reach)| !reach.is_not());
            runs.lanes.insert((&lane.name, *number), ids.map(|(case, _)| case.case.id.as_str()).collect());
            *number += 1;
        }
        let in_none = cases.iter().enumerate().filter(|(index, _)| lanes.obstacle(*index).is_some());
        runs.in_no_lane = in_none.map(|(_, case)| case.case.id.as_str()).collect();
        runs
    }
}

impl<'a> LaneChanges<'a> {
    /// Compares. A test is known by its id.
    #[must_use]
    pub fn between(
        (old_lanes, old_cases): (&'a Lanes, &'a [ResolvedCase<'a>]),
        (new_lanes, new_cases): (&'a Lanes, &'a [ResolvedCase<'a>]),
    ) -> Self {
        let (old, new) = (Runs::of(old_lanes, old_cases), Runs::of(new_lanes, new_cases));
        let none = BTreeSet::new();
        let keys: BTreeSet<_> = old.lanes.keys().chain(new.lanes.keys()).copied().collect();
        let change = |key: (&'a str, usize)| {
            let (before, now) = (old.lanes.get(&key), new.lanes.get(&key));
            let kind = match (before, now) {
                (None, _) => Kind::New,
                (_, None) => Kind::Gone,
                _ => Kind::Changed,
            };
            let (before, now) = (before.unwrap_or(&none), now.unwrap_or(&none));
            let gained: Vec<_> = now.difference(before).copied().collect();
            let lost: Vec<_> = before.difference(now).copied().collect();
            let is_same = kind == Kind::Changed && gained.is_empty() && lost.is_empty();
            (!is_same).then_some(LaneChange { name: key.0, kind, gained, lost })
        };
        Self {
            changes: keys.into_iter().filter_map(change).collect(),
            newly_in_no_lane: new.in_no_lane.difference(&old.in_no_lane).copied().collect(),
            in_no_lane: (old.in_no_lane.len(), new.in_no_lane.len()),
        }
    }

    /// Whether no lane gains or loses a test.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.newly_in_no_lane.is_empty()
    }

    /// For a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        if self.changes.is_empty() {
            out.push_str("every lane runs the tests that it ran\n");
        }
        for change in &self.changes {
            // Writing to a string cannot fail, here and below.
            let _ = writeln!(out, "{}{}", printable(change.name), change.kind.word());
            for (sign, ids) in [('+', &change.gained), ('-', &change.lost)] {
                for id in ids.iter().take(SHOWN) {
                    let _ = writeln!(out, "  {sign} {}", printable(id));
                }
                if ids.len() > SHOWN {
                    let _ = writeln!(out, "  {sign} and {} more", count::grouped(ids.len() - SHOWN));
                }
            }
        }
        let (before, now) = self.in_no_lane;
        let _ = writeln!(
            out,
            "\n{} in no lane, {} before",
            count::counted(now, "test is", "tests are"),
            count::grouped(before)
        );
        for id in self.newly_in_no_lane.iter().take(SHOWN) {
            let _ = writeln!(out, "  {}", printable(id));
        }
        if self.newly_in_no_lane.len() > SHOWN {
            let _ = writeln!(out, "  and {} more", count::grouped(self.newly_in_no_lane.len() - SHOWN));
        }
        out
    }

    /// For a comment under a pull request.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut out = String::from("### Tests that CI's lanes run\n\n");
        if self.changes.is_empty() {
            out.push_str("Every lane runs the tests that it ran.\n");
        } else {
            out.push_str("| lane | gains | loses |\n|---|---:|---:|\n");
            for change in &self.changes {
                let name = format!("{}{}", code(change.name), change.kind.word());
                let _ = writeln!(
                    out,
                    "| {name} | {} | {} |",
                    count::grouped(change.gained.len()),
                    count::grouped(change.lost.len())
                );
            }
        }
        let (before, now) = self.in_no_lane;
        let _ = writeln!(
            out,
            "\n{} in no lane, {} before.",
            count::counted(now, "test is", "tests are"),
            count::grouped(before)
        );
        if !self.newly_in_no_lane.is_empty() {
            out.push_str("\n<details><summary>Newly in no lane</summary>\n\n");
            for id in self.newly_in_no_lane.iter().take(SHOWN * SHOWN) {
                let _ = writeln!(out, "- {}", code(id));
            }
            if self.newly_in_no_lane.len() > SHOWN * SHOWN {
                let _ = writeln!(out, "- and {} more", count::grouped(self.newly_in_no_lane.len() - SHOWN * SHOWN));
            }
            out.push_str("\n</details>\n");
        }
        out
    }

    /// For tools: every test by its id.
    ///
    /// # Errors
    /// Where the document cannot be written as JSON, which no lane makes happen.
    pub fn json(&self) -> Result<String, serde_json::Error> {
        let lanes = self.changes.iter().map(|change| JsonChange {
            name: change.name,
            kind: change.kind,
            gained: &change.gained,
            lost: &change.lost,
        });
        serde_json::to_string_pretty(&Document {
            lane_changes: 1,
            lanes: lanes.collect(),
            newly_in_no_lane: &self.newly_in_no_lane,
            in_no_lane_before: self.in_no_lane.0,
            in_no_lane: self.in_no_lane.1,
        })
    }
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::New => " (new)",
            Self::Gone => " (gone)",
            Self::Changed => "",
        }
    }
}

/// Text in Markdown that stands for itself, in a table too.
fn code(text: &str) -> String {
    let text: String = printable(text).replace('|', "\\|");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    if longest > 0 { format!("{fence} {text} {fence}") } else { format!("`{text}`") }
}

#[derive(Serialize)]
struct Document<'a> {
    lane_changes: u32,
    lanes: Vec<JsonChange<'a>>,
    newly_in_no_lane: &'a [&'a str],
    in_no_lane_before: usize,
    in_no_lane: usize,
}

#[derive(Serialize)]
struct JsonChange<'a> {
    name: &'a str,
    kind: Kind,
    gained: &'a [&'a str],
    lost: &'a [&'a str],
}

#[cfg(test)]
mod tests {
    use super::code;

    #[test]
    fn what_stands_in_code_ends_no_code_and_no_cell() {
        assert_eq!(code("a | b"), "`a \\| b`");
        assert_eq!(code("a `` b"), "``` a `` b ```");
        assert!(!code("a\nb").contains('\n'));
    }
}
