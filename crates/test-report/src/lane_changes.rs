//! What a change of a tree does to its lanes: the tests that each gains and loses.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write;

use marker_policy::{Lane, Lanes, ResolvedCase};
use serde::Serialize;
use test_catalog::Reach;

use crate::count;
use crate::terminal::printable;
use crate::unseen_changes::UnseenChanges;

/// How many tests are named of each lane before the rest is counted.
const SHOWN: usize = 10;

/// How long a comment becomes before no further tests are named in it, in bytes: GitHub takes 65,536 characters.
const LONGEST_COMMENT: usize = 40_000;

/// What a lane runs or may run, by ids.
#[derive(Debug)]
struct Runs<'a> {
    lane: &'a Lane,
    ids: BTreeSet<&'a str>,
}

/// The lanes of two revisions of a tree beside each other.
#[derive(Debug)]
pub struct LaneChanges<'a> {
    changes: Vec<LaneChange<'a>>,
    /// Tests that a lane ran, or that were not there, and that none runs now.
    newly_in_no_lane: Vec<&'a str>,
    /// How many tests are in no lane, before and now.
    in_no_lane: (usize, usize),
    /// What is not read, where that changed.
    unseen: UnseenChanges<'a>,
}

/// What becomes of a lane.
#[derive(Debug)]
struct LaneChange<'a> {
    name: &'a str,
    kind: Kind,
    gained: Vec<&'a str>,
    lost: Vec<&'a str>,
    /// What must hold for it to run, before and now, where that differs.
    conditions: Option<(Option<String>, Option<String>)>,
}

/// Whether a lane is in both revisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    New,
    Gone,
    Changed,
}

fn runs<'a>(lanes: &'a Lanes, cases: &'a [ResolvedCase<'a>]) -> Vec<Runs<'a>> {
    let of = |(lane, reach): (&'a Lane, &'a [Reach])| {
        let ids = cases.iter().zip(reach).filter(|(_, reach)| !reach.is_not());
        Runs { lane, ids: ids.map(|(case, _)| case.case.id.as_str()).collect() }
    };
    lanes.iter().map(of).collect()
}

fn in_none<'a>(lanes: &'a Lanes, cases: &'a [ResolvedCase<'a>]) -> BTreeSet<&'a str> {
    let in_none = cases.iter().enumerate().filter(|(index, _)| lanes.obstacle(*index).is_some());
    in_none.map(|(_, case)| case.case.id.as_str()).collect()
}

/// A lane's name without the lines by which steps without a name are told: these move with every edit above.
fn steady_name(lane: &Lane) -> String {
    let is_line =
        |part: &&str| part.strip_prefix("line ").is_some_and(|line| line.bytes().all(|byte| byte.is_ascii_digit()));
    let parts = lane.name.split(" / ").map(|part| if is_line(&part) { "a step" } else { part });
    parts.collect::<Vec<_>>().join(" / ")
}

/// The lanes of both revisions that are one lane: of the same name with the same command, else of the same name in their
/// order. What is left is new, or gone.
fn pairs<'r, 'a>(old: &'r [Runs<'a>], new: &'r [Runs<'a>]) -> Vec<(Option<&'r Runs<'a>>, Option<&'r Runs<'a>>)> {
    let mut partners: Vec<Option<usize>> = vec![None; new.len()];
    let mut is_paired = vec![false; old.len()];
    for with_command in [true, false] {
        let key = |runs: &Runs<'_>| {
            let lane = runs.lane;
            (steady_name(lane), with_command.then(|| (lane.command.clone(), lane.folder.clone())))
        };
        let mut free: BTreeMap<_, VecDeque<usize>> = BTreeMap::new();
        for (place, runs) in old.iter().enumerate().filter(|(place, _)| !is_paired[*place]) {
            free.entry(key(runs)).or_default().push_back(place);
        }
        for (runs, partner) in new.iter().zip(&mut partners).filter(|(_, partner)| partner.is_none()) {
            *partner = free.get_mut(&key(runs)).and_then(VecDeque::pop_front);
            partner.iter().for_each(|place| is_paired[*place] = true);
        }
    }
    let gone = old.iter().zip(&is_paired).filter(|(_, paired)| !**paired).map(|(runs, _)| (Some(runs), None));
    let kept = new.iter().zip(&partners).map(|(runs, partner)| (partner.map(|place| &old[place]), Some(runs)));
    kept.chain(gone).collect()
}

impl<'a> LaneChanges<'a> {
    /// Compares. A test is known by its id.
    #[must_use]
    pub fn between(
        (old_lanes, old_cases): (&'a Lanes, &'a [ResolvedCase<'a>]),
        (new_lanes, new_cases): (&'a Lanes, &'a [ResolvedCase<'a>]),
    ) -> Self {
        let (old, new) = (runs(old_lanes, old_cases), runs(new_lanes, new_cases));
        let (old_in_none, new_in_none) = (in_none(old_lanes, old_cases), in_none(new_lanes, new_cases));
        let none = BTreeSet::new();
        let change = |(before, now): (Option<&Runs<'a>>, Option<&Runs<'a>>)| {
            let kind = match (before, now) {
                (None, _) => Kind::New,
                (_, None) => Kind::Gone,
                _ => Kind::Changed,
            };
            let lane = now.or(before)?.lane;
            let condition = |runs: Option<&Runs<'a>>| runs.and_then(|runs| runs.lane.condition());
            let conditions = (condition(before), condition(now));
            let conditions = Some(conditions).filter(|(before, now)| kind == Kind::Changed && before != now);
            let (before, now) = (before.map_or(&none, |runs| &runs.ids), now.map_or(&none, |runs| &runs.ids));
            let gained: Vec<_> = now.difference(before).copied().collect();
            let lost: Vec<_> = before.difference(now).copied().collect();
            let is_same = kind == Kind::Changed && gained.is_empty() && lost.is_empty() && conditions.is_none();
            (!is_same).then_some(LaneChange { name: &lane.name, kind, gained, lost, conditions })
        };
        let mut changes: Vec<_> = pairs(&old, &new).into_iter().filter_map(change).collect();
        changes.sort_by_key(|change| change.name);
        Self {
            changes,
            newly_in_no_lane: new_in_none.difference(&old_in_none).copied().collect(),
            in_no_lane: (old_in_none.len(), new_in_none.len()),
            unseen: UnseenChanges::between(old_lanes, new_lanes),
        }
    }

    /// Whether no lane gains or loses a test, and nothing else comes to be seen or not.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.newly_in_no_lane.is_empty() && self.unseen.is_empty()
    }

    /// Lanes to which the same happens, together: those of a matrix, of a pull request and of a night.
    fn alike(&self) -> Vec<Vec<&LaneChange<'a>>> {
        let mut places = BTreeMap::new();
        let mut alike: Vec<Vec<&LaneChange<'a>>> = Vec::new();
        for change in &self.changes {
            let place =
                *places.entry((change.kind, &change.gained, &change.lost, &change.conditions)).or_insert(alike.len());
            match alike.get_mut(place) {
                Some(others) => others.push(change),
                None => alike.push(vec![change]),
            }
        }
        alike
    }

    /// For a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        if self.changes.is_empty() {
            out.push_str("every lane runs the tests that it ran\n");
        }
        for alike in self.alike() {
            // Writing to a string cannot fail, here and below.
            for lane in &alike {
                let _ = writeln!(out, "{}{}", printable(lane.name), lane.kind.word());
            }
            let Some(change) = alike.first() else { continue };
            if let Some((before, now)) = &change.conditions {
                for (sign, condition) in [('-', before), ('+', now)] {
                    if let Some(condition) = condition {
                        let _ = writeln!(out, "  {sign} runs only if {}", printable(condition));
                    }
                }
            }
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
        out.push_str(&self.unseen.text());
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
            let alike = self.alike();
            for alike in &alike {
                let Some(change) = alike.first() else { continue };
                let condition = if change.conditions.is_some() { ", under other conditions" } else { "" };
                let name = |lane: &&LaneChange<'_>| format!("{}{}{condition}", code(lane.name), lane.kind.word());
                let names: Vec<String> = alike.iter().map(name).collect();
                let (gained, lost) = (count::grouped(change.gained.len()), count::grouped(change.lost.len()));
                let _ = writeln!(out, "| {} | {gained} | {lost} |", names.join("<br>"));
            }
            for alike in &alike {
                details(&mut out, alike);
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
        out.push_str(&self.unseen.markdown());
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
            runs_if_before: change.conditions.as_ref().and_then(|(before, _)| before.as_deref()),
            runs_if: change.conditions.as_ref().and_then(|(_, now)| now.as_deref()),
        });
        serde_json::to_string_pretty(&Document {
            lane_changes: 1,
            lanes: lanes.collect(),
            newly_in_no_lane: &self.newly_in_no_lane,
            in_no_lane_before: self.in_no_lane.0,
            in_no_lane: self.in_no_lane.1,
            unseen: self.unseen.json(),
        })
    }
}

/// The tests that lanes gain and lose, folded, as far as there is room.
fn details(out: &mut String, alike: &[&LaneChange<'_>]) {
    let Some(change) = alike.first().filter(|change| !change.gained.is_empty() || !change.lost.is_empty()) else {
        return;
    };
    let others = match alike.len() {
        1 => String::new(),
        all => format!(" and {} more", all - 1),
    };
    let name = printable(change.name).replace('&', "&amp;").replace('<', "&lt;");
    // In code nobody is mentioned.
    let _ = writeln!(out, "\n<details><summary><code>{name}</code>{others}</summary>\n");
    for (word, ids) in [("gains", &change.gained), ("loses", &change.lost)] {
        let mut named = 0;
        for id in ids.iter().take(SHOWN * SHOWN) {
            if out.len() > LONGEST_COMMENT {
                break;
            }
            let _ = writeln!(out, "- {word} {}", code(id));
            named += 1;
        }
        if ids.len() > named {
            let _ = writeln!(
                out,
                "- {word} {} {}",
                count::grouped(ids.len() - named),
                if named > 0 { "more" } else { "tests" }
            );
        }
    }
    out.push_str("\n</details>\n");
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
pub(crate) fn code(text: &str) -> String {
    let text: String = printable(text).replace('|', "\\|");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    if longest > 0 { format!("{fence} {text} {fence}") } else { format!("`{text}`") }
}

#[derive(Serialize)]
struct Document<'a, U: Serialize> {
    lane_changes: u32,
    lanes: Vec<JsonChange<'a>>,
    newly_in_no_lane: &'a [&'a str],
    in_no_lane_before: usize,
    in_no_lane: usize,
    /// What is not read: what came to be so, and what is so no more.
    unseen: U,
}

#[derive(Serialize)]
struct JsonChange<'a> {
    name: &'a str,
    kind: Kind,
    gained: &'a [&'a str],
    lost: &'a [&'a str],
    /// What must hold for it to run, before and now, where that differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    runs_if_before: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    runs_if: Option<&'a str>,
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
