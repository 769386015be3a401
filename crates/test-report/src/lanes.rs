//! Lanes: what each runs, and what none does.

use std::collections::BTreeMap;
use std::fmt::Write;

use marker_policy::{Lane, Lanes, ResolvedCase};
use owo_colors::OwoColorize;
use serde::Serialize;
use test_catalog::{Obstacle, Reach};

use crate::count;
use crate::terminal::{Styles, printable};

/// The version of the JSON document.
const VERSION: u32 = 1;

/// Each lane with its command and what it runs, and how many tests are in none, by what keeps the nearest lane from them.
#[must_use]
pub fn text(lanes: &Lanes, cases: &[ResolvedCase<'_>], styles: &Styles) -> String {
    let mut out = String::new();
    for (lane, reach) in lanes.iter() {
        let counts = Counts::of(reach);
        let at = printable(&lane.at.to_string()).into_owned();
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(out, "{}  {}", printable(&lane.name).style(styles.heading), at.style(styles.faint));
        let folder = match lane.folder.as_deref() {
            Some("") => "the tree".to_owned(),
            Some(folder) => printable(folder).into_owned(),
            None => "an unknown folder".to_owned(),
        };
        let _ = writeln!(out, "  {} (in {folder})", printable(&lane.command));
        let _ = writeln!(out, "  {}", counts.sentence(lane));
    }
    if lanes.is_empty() {
        out.push_str("no lane runs tests of Rust\n");
        return out;
    }
    let mut left: BTreeMap<u8, (&'static str, usize)> = BTreeMap::new();
    let of_rust = cases.iter().enumerate().filter(|(_, case)| case.case.as_rust().is_some());
    let mut total = 0;
    for obstacle in of_rust.filter_map(|(index, _)| lanes.obstacle(index)) {
        let (rank, why) = cause(obstacle);
        left.entry(rank).or_insert((why, 0)).1 += 1;
        total += 1;
    }
    let _ = writeln!(out, "\n{} in no lane", count::counted(total, "test of Rust is", "tests of Rust are"));
    for (why, count) in left.into_values() {
        let _ = writeln!(out, "  {:>6}  {why}", count::grouped(count));
    }
    out
}

fn cause(obstacle: &Obstacle) -> (u8, &'static str) {
    match obstacle {
        Obstacle::Package => (0, "no lane builds the package"),
        Obstacle::Target => (1, "no lane builds the target, or tests its documentation"),
        Obstacle::Features(_) => (2, "they need features that no lane turns on (feature-in-no-lane)"),
        Obstacle::Condition => (3, "their condition does not hold where CI builds"),
        Obstacle::Ignored => (4, "they are ignored, and no lane runs ignored tests"),
        Obstacle::Name => (5, "no lane selects their names"),
    }
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

    fn sentence(&self, lane: &Lane) -> String {
        if let Some(doubt) = &lane.doubt {
            return format!("may run any test: {}", printable(doubt));
        }
        let more = match self.may_run {
            0 => String::new(),
            more => format!(", may run {} more", count::grouped(more)),
        };
        format!("runs {}{more}", count::tests(self.runs))
    }
}

#[derive(Serialize)]
struct Document<'a> {
    lanes: u32,
    list: Vec<JsonLane<'a>>,
}

#[derive(Serialize)]
struct JsonLane<'a> {
    name: &'a str,
    file: &'a str,
    line: u32,
    folder: Option<&'a str>,
    command: &'a str,
    doubt: Option<&'a str>,
    runs: usize,
    may_run: usize,
}

/// The lanes for tools.
///
/// # Errors
/// Where the document cannot be written as JSON, which no lane makes happen.
pub fn json(lanes: &Lanes) -> Result<String, serde_json::Error> {
    let list = lanes.iter().map(|(lane, reach)| {
        let counts = Counts::of(reach);
        JsonLane {
            name: &lane.name,
            file: lane.at.file.as_str(),
            line: lane.at.start.line,
            folder: lane.folder.as_deref(),
            command: &lane.command,
            doubt: lane.doubt.as_deref(),
            runs: counts.runs,
            may_run: counts.may_run,
        }
    });
    serde_json::to_string_pretty(&Document { lanes: VERSION, list: list.collect() })
}
