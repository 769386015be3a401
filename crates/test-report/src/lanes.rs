//! Lanes: what each runs, what none does, and what several of one stage do.

use std::collections::BTreeMap;
use std::fmt::Write;

use marker_policy::{Category, Lane, Lanes, Policy, ResolvedCase};
use serde::Serialize;
use test_catalog::{Obstacle, Reach};

use crate::columns::{Align, Columns};
use crate::count;
use crate::terminal::{Styles, printable};

/// The version of the JSON document.
const VERSION: u32 = 1;

/// How many groups of tests are shown of each kind.
const SHOWN: usize = 20;

/// Each lane with what it runs, the tests that are in none, and those that are in several of one stage.
#[must_use]
pub fn text(lanes: &Lanes, cases: &[ResolvedCase<'_>], policy: &Policy, styles: &Styles) -> String {
    if lanes.is_empty() {
        return "no lane: nothing in the tree's workflows or in the policy runs tests\n".to_owned();
    }
    let mut out = table(lanes, styles);
    out.push_str(&in_no_lane(lanes, cases, policy));
    out.push_str(&in_several(lanes, cases));
    out
}

fn table(lanes: &Lanes, styles: &Styles) -> String {
    let mut columns =
        Columns::new(&[("lane", Align::Left), ("runs", Align::Left), ("tests", Align::Right), ("limit", Align::Right)]);
    for (lane, reach) in lanes.iter() {
        let counts = Counts::of(reach);
        let what = lane.marks.as_deref().filter(|_| lane.doubt.is_none()).unwrap_or(&lane.command);
        let folder = match lane.folder.as_deref() {
            Some("") => String::new(),
            Some(folder) => format!(" (in {folder})"),
            None => " (in an unknown folder)".to_owned(),
        };
        columns.row([
            printable(&lane.name).into_owned(),
            printable(&format!("{what}{folder}")).into_owned(),
            counts.cell(lane),
            lane.limit.map_or_else(|| "-".to_owned(), count::duration),
        ]);
    }
    columns.render(styles)
}

/// Tests in no lane, by their file and what keeps the nearest lane from them.
fn in_no_lane(lanes: &Lanes, cases: &[ResolvedCase<'_>], policy: &Policy) -> String {
    let mut groups: BTreeMap<(&str, String), usize> = BTreeMap::new();
    let mut total = 0;
    for (index, case) in cases.iter().enumerate() {
        if let Some(obstacle) = lanes.obstacle(index) {
            *groups.entry((case.case.file().as_str(), why_not(obstacle, case, policy))).or_default() += 1;
            total += 1;
        }
    }
    let mut out = format!("\n{} in no lane\n", count::counted(total, "test is", "tests are"));
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for ((file, why), count) in groups.iter().take(SHOWN) {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(out, "  {:>6}  {}: {}", count::grouped(*count), printable(file), printable(why));
    }
    if let Some(rest) = groups.get(SHOWN..).filter(|rest| !rest.is_empty()) {
        let tests: usize = rest.iter().map(|(_, count)| count).sum();
        let _ =
            writeln!(out, "  {:>6}  in {} more places (`--format json` has all)", count::grouped(tests), rest.len());
    }
    out
}

fn why_not(obstacle: &Obstacle, case: &ResolvedCase<'_>, policy: &Policy) -> String {
    match obstacle {
        Obstacle::Language => "no lane runs tests of its language".to_owned(),
        Obstacle::Path => "no lane runs this file".to_owned(),
        Obstacle::Package => "no lane builds the package".to_owned(),
        Obstacle::Target => "no lane builds the target, or tests its documentation".to_owned(),
        Obstacle::Features(sets) => {
            let sets: Vec<String> = sets.iter().map(|set| set.join(" and ")).collect();
            format!("no lane turns on {}", sets.join(", or "))
        }
        Obstacle::Condition => "its condition does not hold where CI builds".to_owned(),
        Obstacle::Ignored => "ignored, and no lane runs ignored tests".to_owned(),
        Obstacle::Name => "no lane selects its name".to_owned(),
        Obstacle::Vram => {
            "every lane leaves out what claims so much memory of a GPU, or does not say how much".to_owned()
        }
        Obstacle::Markers => {
            let of = |category| policy.members_of(category, case);
            let markers = [Category::Lifecycle, Category::Hardware, Category::Component].into_iter().flat_map(of);
            let markers: Vec<&str> = markers.collect();
            format!("no lane selects {}", markers.join(", "))
        }
    }
}

/// Tests that several lanes of one stage run, by these lanes.
fn in_several(lanes: &Lanes, cases: &[ResolvedCase<'_>]) -> String {
    let mut groups: BTreeMap<(&str, Vec<&str>), usize> = BTreeMap::new();
    for index in 0..cases.len() {
        let mut by_stage: BTreeMap<&str, Vec<&Lane>> = BTreeMap::new();
        for (lane, _) in lanes.of_case(index).filter(|(_, reach)| **reach == Reach::Runs) {
            by_stage.entry(lane.stage.as_deref().unwrap_or_default()).or_default().push(lane);
        }
        for (stage, several) in by_stage.into_iter().filter(|(stage, lanes)| !stage.is_empty() && lanes.len() > 1) {
            let mut names: Vec<&str> = several.iter().map(|lane| lane.name.as_str()).collect();
            names.dedup();
            *groups.entry((stage, names)).or_default() += 1;
        }
    }
    let total: usize = groups.values().sum();
    if total == 0 {
        return String::new();
    }
    let mut out = format!("\n{} in several lanes of one stage\n", count::counted(total, "test is", "tests are"));
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for ((stage, names), count) in groups.iter().take(SHOWN) {
        let _ = writeln!(out, "  {:>6}  {stage}:", count::grouped(*count));
        for name in names {
            let _ = writeln!(out, "          {}", printable(name));
        }
    }
    if groups.len() > SHOWN {
        let _ = writeln!(out, "  and {} more sets of lanes", groups.len() - SHOWN);
    }
    out
}

/// How many tests a lane runs, and how many it may run.
struct Counts {
    runs: usize,
    may_run: usize,
}

impl Counts {
    fn of(reach: &[Reach]) -> Self {
        let count = |wanted: &Reach| reach.iter().filter(|reach| *reach == wanted).count();
        Self { runs: count(&Reach::Runs), may_run: count(&Reach::Maybe) }
    }

    fn cell(&self, lane: &Lane) -> String {
        match self.may_run {
            _ if lane.doubt.is_some() => "unknown".to_owned(),
            0 => count::grouped(self.runs),
            more => format!("{} to {}", count::grouped(self.runs), count::grouped(self.runs + more)),
        }
    }
}

#[derive(Serialize)]
struct Document<'a> {
    lanes: u32,
    list: Vec<JsonLane<'a>>,
    in_no_lane: Vec<JsonCase<'a>>,
}

#[derive(Serialize)]
struct JsonLane<'a> {
    name: &'a str,
    file: &'a str,
    line: u32,
    stage: Option<&'a str>,
    folder: Option<&'a str>,
    command: &'a str,
    marks: Option<&'a str>,
    limit_s: Option<u64>,
    doubt: Option<&'a str>,
    runs: usize,
    may_run: usize,
}

#[derive(Serialize)]
struct JsonCase<'a> {
    id: &'a str,
    why: String,
}

/// The lanes for tools, with every test that is in none.
///
/// # Errors
/// Where the document cannot be written as JSON, which no lane makes happen.
pub fn json(lanes: &Lanes, cases: &[ResolvedCase<'_>], policy: &Policy) -> Result<String, serde_json::Error> {
    let list = lanes.iter().map(|(lane, reach)| {
        let counts = Counts::of(reach);
        JsonLane {
            name: &lane.name,
            file: lane.at.file.as_str(),
            line: lane.at.start.line,
            stage: lane.stage.as_deref(),
            folder: lane.folder.as_deref(),
            command: &lane.command,
            marks: lane.marks.as_deref(),
            limit_s: lane.limit.map(|limit| limit.as_secs()),
            doubt: lane.doubt.as_deref(),
            runs: counts.runs,
            may_run: counts.may_run,
        }
    });
    let in_no_lane = cases.iter().enumerate().filter_map(|(index, case)| {
        let obstacle = lanes.obstacle(index)?;
        Some(JsonCase { id: case.case.id.as_str(), why: why_not(obstacle, case, policy) })
    });
    serde_json::to_string_pretty(&Document { lanes: VERSION, list: list.collect(), in_no_lane: in_no_lane.collect() })
}
