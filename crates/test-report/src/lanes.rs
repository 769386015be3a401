//! Lanes: what each runs, what none does, and what several of one stage do.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use indexmap::IndexMap;
use marker_policy::{Lane, Lanes, Policy, ResolvedCase, why_in_no_lane};
use owo_colors::OwoColorize;
use serde::Serialize;
use test_catalog::Reach;

use crate::count;
use crate::terminal::{Styles, printable};

/// The version of the JSON document.
const VERSION: u32 = 1;

/// How many groups of tests are shown of each kind.
const SHOWN: usize = 20;

/// What lanes are told of.
#[derive(Debug, Clone, Copy)]
pub struct LanesOf<'a> {
    /// What CI runs.
    pub lanes: &'a Lanes,
    /// The tests, in the catalog's order.
    pub cases: &'a [ResolvedCase<'a>],
    /// How long each of them is expected to take.
    pub durations: &'a [Duration],
    /// The policy.
    pub policy: &'a Policy,
}

/// Each lane with what it runs, the tests that are in none, and those that are in several of one stage.
#[must_use]
pub fn text(of: LanesOf<'_>, styles: &Styles) -> String {
    let LanesOf { lanes, cases, durations, policy } = of;
    if lanes.is_empty() {
        let seen = if lanes.unseen().is_empty() { "" } else { " that can be seen" };
        let none = format!("no lane: nothing{seen} in the tree's workflows or in the policy runs tests\n");
        return none + &unseen(lanes);
    }
    let mut out = table(lanes, durations, styles);
    out.push_str(&in_no_lane(lanes, cases, policy));
    out.push_str(&unseen(lanes));
    out.push_str(&in_several(lanes, cases));
    out.push_str(&idle(lanes));
    out.push_str(&contained(lanes));
    out
}

/// Lanes of one workflow that run the same tests by the same command: most differ in the combination of a matrix.
struct Group<'l> {
    first: &'l Lane,
    reach: &'l [Reach],
    more: usize,
}

fn table(lanes: &Lanes, durations: &[Duration], styles: &Styles) -> String {
    let mut workflows: IndexMap<&str, Vec<Group<'_>>> = IndexMap::new();
    for (lane, reach) in lanes.iter() {
        let groups = workflows.entry(split_name(lane).0).or_default();
        let is_same = |group: &&mut Group<'_>| {
            let first = group.first;
            first.command == lane.command
                && first.folder == lane.folder
                && first.condition() == lane.condition()
                && group.reach == reach
        };
        match groups.iter_mut().find(is_same) {
            Some(group) => group.more += 1,
            None => groups.push(Group { first: lane, reach, more: 0 }),
        }
    }
    let mut out = String::new();
    for (workflow, groups) in &workflows {
        let stage = groups.iter().find_map(|group| group.first.stage.as_deref());
        let stage = stage.map(|stage| format!("  {stage}")).unwrap_or_default();
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(out, "{}{}", printable(workflow).style(styles.heading), printable(&stage));
        for group in groups {
            write_group(&mut out, group, durations, styles);
        }
    }
    out
}

fn write_group(out: &mut String, group: &Group<'_>, durations: &[Duration], styles: &Styles) {
    let lane = group.first;
    let (_, name) = split_name(lane);
    let mut more = String::new();
    if group.more > 0 {
        let _ = write!(more, ", and {} more like it", group.more);
    }
    if let Some(limit) = lane.limit {
        let _ = write!(more, ", limit {}", count::duration(limit));
        let expected = expected(group.reach, durations);
        if !expected.is_zero() {
            let _ = write!(more, ", {} one after the other", count::duration(expected));
        }
    }
    let _ =
        writeln!(out, "  {:>14}  {}{}", Counts::of(group.reach).cell(lane), printable(name), more.style(styles.faint));
    let what = lane.marks.as_deref().filter(|_| lane.doubt.is_none()).unwrap_or(&lane.command);
    let folder = match lane.folder.as_deref() {
        Some("") => String::new(),
        Some(folder) => format!("  (in {folder})"),
        None => "  (in an unknown folder)".to_owned(),
    };
    let _ = writeln!(out, "  {:>14}  {}{}", "", printable(what), printable(&folder).style(styles.faint));
    if let Some(from) = lane.called_from.first() {
        let text = format!("in {}, run at {from}", lane.at);
        let _ = writeln!(out, "  {:>14}  {}", "", printable(&text).style(styles.faint));
    }
    if let Some(condition) = lane.condition() {
        let condition = shortened(&format!("may run: if {condition}"));
        let _ = writeln!(out, "  {:>14}  {}", "", printable(&condition).style(styles.faint));
    }
    if let Some(why) = lane.doubt.as_deref().or(lane.refused.as_deref()).or(lane.narrowed.as_deref()) {
        let _ = writeln!(out, "  {:>14}  {}", "", printable(why).style(styles.doubtful));
    }
}

/// A text on one line, cut where it is long.
fn shortened(text: &str) -> String {
    const MOST: usize = 160;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// How long the tests that a lane runs for sure are expected to take, one after the other.
fn expected(reach: &[Reach], durations: &[Duration]) -> Duration {
    let runs = reach.iter().zip(durations).filter(|(reach, _)| **reach == Reach::Runs);
    runs.map(|(_, duration)| *duration).sum()
}

/// Lanes whose expressions select nothing.
fn idle(lanes: &Lanes) -> String {
    let idle = lanes.selecting_nothing();
    let mut out = String::new();
    if idle.is_empty() {
        return out;
    }
    let _ = writeln!(out, "\n{} no test", count::counted(idle.len(), "lane selects", "lanes select"));
    for one in idle.iter().take(SHOWN) {
        let options = [("-m", &one.lane.marks), ("-k", &one.lane.keywords)];
        let options: Vec<String> =
            options.iter().filter_map(|(option, text)| Some(format!("{option} {}", text.as_ref()?))).collect();
        let why = if one.is_contradiction { ", which contradicts itself" } else { "" };
        let (name, options) = (printable(&one.lane.name), options.join(" "));
        let _ = writeln!(out, "          {name}: {}{why} ({})", printable(&options), one.lane.at);
    }
    out
}

/// Lanes that run only what another one runs.
fn contained(lanes: &Lanes) -> String {
    let contained = lanes.in_another();
    let mut out = String::new();
    if contained.is_empty() {
        return out;
    }
    let total = count::counted(contained.len(), "lane runs", "lanes run");
    let _ = writeln!(out, "\n{total} only tests that another of the stage runs on the same machine");
    for one in contained.iter().take(SHOWN) {
        let _ = writeln!(out, "  {:>6}  {}", count::grouped(one.tests), printable(&one.lane.family));
        let _ = writeln!(out, "          in {}", printable(&one.other.family));
    }
    if contained.len() > SHOWN {
        let _ = writeln!(out, "  and {} more", contained.len() - SHOWN);
    }
    out
}

/// The workflow that starts a lane, and the rest of its name. One of the policy has no workflow.
fn split_name(lane: &Lane) -> (&str, &str) {
    lane.name.split_once(" / ").unwrap_or(("the policy", &lane.name))
}

/// Tests in no lane, by their file and what keeps the nearest lane from them.
fn in_no_lane(lanes: &Lanes, cases: &[ResolvedCase<'_>], policy: &Policy) -> String {
    let mut groups: BTreeMap<(&str, String), usize> = BTreeMap::new();
    let mut total = 0;
    for (index, case) in cases.iter().enumerate() {
        if let Some(obstacle) = lanes.obstacle(index) {
            *groups.entry((case.case.file().as_str(), why_in_no_lane(obstacle, case, policy))).or_default() += 1;
            total += 1;
        }
    }
    let seen = if lanes.unseen().is_empty() { "" } else { " that can be seen" };
    let mut out = format!("\n{} in no lane{seen}\n", count::counted(total, "test is", "tests are"));
    if let Some((first, more)) = lanes.problems().split_first() {
        let more = if more.is_empty() { String::new() } else { format!(", and {} more such places", more.len()) };
        let (at, text) = (first.at.to_string(), &first.text);
        let _ = writeln!(out, "  lanes may be missing: {} ({}){more}", printable(text), printable(&at));
    }
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

/// What CI runs beside the lanes and nobody can read here.
fn unseen(lanes: &Lanes) -> String {
    let unseen = lanes.unseen();
    let mut out = String::new();
    if unseen.is_empty() {
        return out;
    }
    let places = count::counted(unseen.len(), "place", "places");
    let _ = writeln!(out, "\nCI also runs what cannot be seen here, at {places}: whether it runs tests is not known");
    for one in unseen.iter().take(SHOWN) {
        let (family, text, at) = (printable(&one.family), shortened(&one.text), one.at.to_string());
        let more = match one.more {
            0 => String::new(),
            more => format!(", and {} more", count::counted(more, "step", "steps")),
        };
        let _ = writeln!(out, "          {family}{more}");
        let _ = writeln!(out, "            {} ({})", printable(&text), printable(&at));
    }
    if unseen.len() > SHOWN {
        let _ = writeln!(out, "  and {} more places (`--format json` has all)", unseen.len() - SHOWN);
    }
    let _ = writeln!(
        out,
        "  list the lanes that it has in [[lanes]], or what runs no tests in `[ci] runs-no-tests` of the policy"
    );
    out
}

/// Tests that several lanes of one stage run, by these lanes: for sure, and where both come to run.
fn in_several(lanes: &Lanes, cases: &[ResolvedCase<'_>]) -> String {
    let mut groups: BTreeMap<(&str, Vec<&str>, bool), usize> = BTreeMap::new();
    for index in 0..cases.len() {
        let mut by_stage: BTreeMap<&str, Vec<&Lane>> = BTreeMap::new();
        for (lane, _) in lanes.of_case(index).filter(|(_, reach)| **reach == Reach::Runs) {
            by_stage.entry(lane.stage.as_deref().unwrap_or_default()).or_default().push(lane);
        }
        for (stage, several) in by_stage.into_iter().filter(|(stage, _)| !stage.is_empty()) {
            let mut names: Vec<&str> = several.iter().map(|lane| lane.family.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            if names.len() > 1 {
                let meet = |one: &&Lane, other: &&Lane| one.family != other.family && one.meets(other);
                let is_sure = several.iter().any(|one| several.iter().any(|other| meet(one, other)));
                *groups.entry((stage, names, is_sure)).or_default() += 1;
            }
        }
    }
    let mut out = String::new();
    for (is_sure, what) in [(true, "in several lanes of one stage"), (false, "in several that may both run")] {
        let mut groups: Vec<_> = groups.iter().filter(|((.., sure), _)| *sure == is_sure).collect();
        let total: usize = groups.iter().map(|(_, count)| **count).sum();
        if total == 0 {
            continue;
        }
        let _ = writeln!(out, "\n{} {what}", count::counted(total, "test is", "tests are"));
        groups.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for ((stage, names, _), count) in groups.iter().take(SHOWN) {
            let _ = writeln!(out, "  {:>6}  {stage}:", count::grouped(**count));
            for name in names {
                let _ = writeln!(out, "          {}", printable(name));
            }
        }
        if groups.len() > SHOWN {
            let _ = writeln!(out, "  and {} more sets of lanes", groups.len() - SHOWN);
        }
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
            _ if lane.refused.is_some() => "refused".to_owned(),
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
    /// The lanes whose expressions select no test.
    selecting_nothing: Vec<&'a str>,
    /// The lanes that run only what another one of the stage runs on the same machine, each with that.
    in_another: Vec<(&'a str, &'a str)>,
    /// What could not be read of the workflows, so that lanes may be missing.
    problems: Vec<JsonProblem<'a>>,
    /// What CI runs that cannot be seen here, so that it may be a lane.
    unseen: Vec<JsonUnseen<'a>>,
}

#[derive(Serialize)]
struct JsonUnseen<'a> {
    lane: &'a str,
    /// How many further steps come to this place.
    more: usize,
    name: &'a str,
    text: &'a str,
    file: &'a str,
    line: u32,
}

/// A place from which a script is run.
#[derive(Serialize)]
struct JsonPlace<'a> {
    file: &'a str,
    line: u32,
}

#[derive(Serialize)]
struct JsonProblem<'a> {
    text: &'a str,
    file: &'a str,
    line: u32,
}

#[derive(Serialize)]
struct JsonLane<'a> {
    name: &'a str,
    file: &'a str,
    line: u32,
    stage: Option<&'a str>,
    folder: Option<&'a str>,
    command: &'a str,
    /// Where the scripts are run that it stands in, the outermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    called_from: Vec<JsonPlace<'a>>,
    marks: Option<&'a str>,
    keywords: Option<&'a str>,
    machine: Option<&'a str>,
    limit_s: Option<u64>,
    /// How long its tests are expected to take, one after the other.
    expected_s: u64,
    /// What must hold for it to run, where only CI knows.
    conditions: Vec<&'a str>,
    doubt: Option<&'a str>,
    refused: Option<&'a str>,
    narrowed: Option<&'a str>,
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
pub fn json(of: LanesOf<'_>) -> Result<String, serde_json::Error> {
    let LanesOf { lanes, cases, durations, policy } = of;
    let list = lanes.iter().map(|(lane, reach)| {
        let counts = Counts::of(reach);
        JsonLane {
            name: &lane.name,
            file: lane.at.file.as_str(),
            line: lane.at.start.line,
            stage: lane.stage.as_deref(),
            folder: lane.folder.as_deref(),
            command: &lane.command,
            called_from: lane
                .called_from
                .iter()
                .map(|at| JsonPlace { file: at.file.as_str(), line: at.start.line })
                .collect(),
            marks: lane.marks.as_deref(),
            keywords: lane.keywords.as_deref(),
            conditions: lane.conditions.iter().map(|condition| condition.text.as_str()).collect(),
            machine: lane.machine.as_deref(),
            expected_s: expected(reach, durations).as_secs(),
            limit_s: lane.limit.map(|limit| limit.as_secs()),
            doubt: lane.doubt.as_deref(),
            refused: lane.refused.as_deref(),
            narrowed: lane.narrowed.as_deref(),
            runs: counts.runs,
            may_run: counts.may_run,
        }
    });
    let in_no_lane = cases.iter().enumerate().filter_map(|(index, case)| {
        let obstacle = lanes.obstacle(index)?;
        Some(JsonCase { id: case.case.id.as_str(), why: why_in_no_lane(obstacle, case, policy) })
    });
    let problems = lanes.problems().iter().map(|problem| JsonProblem {
        text: &problem.text,
        file: problem.at.file.as_str(),
        line: problem.at.start.line,
    });
    serde_json::to_string_pretty(&Document {
        lanes: VERSION,
        list: list.collect(),
        in_no_lane: in_no_lane.collect(),
        selecting_nothing: lanes.selecting_nothing().iter().map(|idle| idle.lane.name.as_str()).collect(),
        in_another: lanes.in_another().iter().map(|one| (one.lane.name.as_str(), one.other.name.as_str())).collect(),
        problems: problems.collect(),
        unseen: lanes
            .unseen()
            .iter()
            .map(|one| JsonUnseen {
                lane: &one.family,
                more: one.more,
                name: &one.name,
                text: &one.text,
                file: one.at.file.as_str(),
                line: one.at.start.line,
            })
            .collect(),
    })
}
