//! A plan for people: what runs where, how long it should take, and what does not run and why.

use std::fmt::Write;

use execution_plan::{Capacity, Claim, NotRun, Note, Plan, Share, Step, StepKind, UnitCapacity};
use indexmap::IndexMap;
use owo_colors::OwoColorize;

use crate::columns::{Align, Columns};
use crate::count::{counted, duration, grouped, tests};
use crate::plan_facts::{self, PlanFacts};
use crate::terminal::{Styles, printable};

/// How many reasons are shown before the rest is folded into a count.
const SHOWN: usize = 20;
/// How many tests are named where the same is to be said of more.
const NAMED: usize = 3;

/// The whole plan as text.
#[must_use]
pub fn text(plan: &Plan, facts: &PlanFacts, styles: &Styles) -> String {
    let mut out = plan_facts::origin(facts);
    let on_gpus = plan.steps().filter(|step| !step.claim.gpus.is_empty()).map(|step| step.cases.len()).sum::<usize>();
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(
        out,
        "{}: {}, {} on GPUs, {} not run here",
        machine(&plan.capacity).style(styles.heading),
        tests(plan.case_count()),
        grouped(on_gpus),
        grouped(plan.not_run.len())
    );
    let _ = writeln!(out, "{}", expected(plan));
    for line in headroom(&plan.capacity).into_iter().chain(plan_facts::slots(plan, facts)) {
        let _ = writeln!(out, "{line}");
    }
    out.push('\n');
    out.push_str(&steps(plan, styles));
    out.push_str(&crate::plan_usage::lines(plan));
    out.push_str(&not_run(&plan.not_run, styles));
    out.push_str(&plan_facts::budgets(plan, facts, styles));
    out.push_str(plan_facts::checked(facts));
    out.push_str(&notes(&plan.notes, styles));
    out
}

/// `15% of a shared GPU stays free`; nothing where there is no GPU.
pub(crate) fn headroom(capacity: &Capacity) -> Option<String> {
    let percent = (capacity.headroom * 1000.0).round() / 10.0;
    (!capacity.units.is_empty()).then(|| format!("{percent}% of a shared GPU stays free"))
}

/// What is to be said, each with its tests.
pub(crate) fn by_text(notes: &[Note]) -> IndexMap<&str, Vec<&Note>> {
    let mut by_text: IndexMap<&str, Vec<&Note>> = IndexMap::new();
    for note in notes {
        by_text.entry(&note.text).or_default().push(note);
    }
    by_text
}

/// A line for each thing that is to be said, with its tests.
fn notes(notes: &[Note], styles: &Styles) -> String {
    let mut out = String::new();
    for (text, notes) in by_text(notes) {
        let named = notes.iter().take(NAMED).map(|note| format!("{} ({})", note.id.as_str(), note.at));
        let named = named.collect::<Vec<_>>().join(", ");
        let more = notes.len().saturating_sub(NAMED);
        let more =
            if more == 0 { String::new() } else { format!(" and {} more (`--format json` has all)", grouped(more)) };
        let _ = writeln!(
            out,
            "{} {}: {}: {}{more}",
            "note:".style(styles.doubtful),
            printable(text),
            tests(notes.len()),
            printable(&named)
        );
    }
    out
}

/// How long it takes, and how near that is to the best there can be.
pub(crate) fn expected(plan: &Plan) -> String {
    let has = |is_its: fn(&StepKind) -> bool| plan.steps().any(|step| is_its(&step.kind));
    let python = has(|kind| matches!(kind, StepKind::PreparePython)).then_some("preparing Python");
    let rust = has(|kind| matches!(kind, StepKind::BuildRust(_))).then_some("building Rust tests");
    let without: Vec<&str> = python.into_iter().chain(rust).collect();
    let without = if without.is_empty() { String::new() } else { format!(" without {}", without.join(" and ")) };
    format!(
        "expected {}{without}, no plan can be faster than {} ({}{}); one after another it would be {}",
        duration(plan.expected),
        duration(plan.bounds.best()),
        plan.bounds.binding(),
        above(plan),
        duration(plan.serial)
    )
}

/// By how much a plan is above its bound; nothing where it reaches it.
fn above(plan: &Plan) -> String {
    let bound = plan.bounds.best().as_secs_f64();
    let percent = 100.0 * (plan.expected.as_secs_f64() / bound - 1.0);
    if percent.is_finite() && percent >= 0.05 { format!("; this plan is {percent:.1}% above") } else { String::new() }
}

/// `2x NVIDIA L4 (22.5 GiB), 8 CPU slots`.
pub(crate) fn machine(capacity: &Capacity) -> String {
    let mut groups: Vec<(&UnitCapacity, usize)> = Vec::new();
    let kind = |unit: &UnitCapacity| (unit.name.clone(), unit.memory, unit.held);
    for unit in &capacity.units {
        match groups.iter_mut().find(|(one, _)| kind(one) == kind(unit)) {
            Some((_, count)) => *count += 1,
            None => groups.push((unit, 1)),
        }
    }
    let in_gib = |bytes: u64| gib(Share::Bytes(bytes)).unwrap_or_default();
    let gpu = |(unit, count): &(&UnitCapacity, usize)| {
        let held =
            if unit.held > 0 { format!(", {} of them held by others", in_gib(unit.held)) } else { String::new() };
        format!("{count}x {} ({} GiB{held})", printable(&unit.name), in_gib(unit.all()))
    };
    let gpus: Vec<_> = groups.iter().map(gpu).collect();
    let gpus = if gpus.is_empty() { "no GPU".to_owned() } else { gpus.join(", ") };
    format!("{gpus}, {} CPU slots", capacity.cpu_slots)
}

/// The same in the middle of a sentence: `2x NVIDIA L4`, `8 CPU slots` of a machine without GPUs.
pub(crate) fn machine_in_short(capacity: &Capacity) -> String {
    let mut groups: Vec<(&str, usize)> = Vec::new();
    for unit in &capacity.units {
        match groups.iter_mut().find(|(name, _)| *name == unit.name) {
            Some((_, count)) => *count += 1,
            None => groups.push((&unit.name, 1)),
        }
    }
    let gpus: Vec<_> = groups.iter().map(|(name, count)| format!("{count}x {}", printable(name))).collect();
    if gpus.is_empty() { counted(capacity.cpu_slots as usize, "CPU slot", "CPU slots") } else { gpus.join(" + ") }
}

fn steps(plan: &Plan, styles: &Styles) -> String {
    let mut columns = Columns::new(&[
        ("step", Align::Right),
        ("what", Align::Left),
        ("tests", Align::Right),
        ("where", Align::Left),
        ("from", Align::Right),
        ("takes", Align::Right),
    ]);
    for step in plan.steps() {
        columns.row([
            step.id.to_string(),
            what(step),
            if step.cases.is_empty() { String::new() } else { grouped(step.cases.len()) },
            place(&step.claim, &plan.capacity),
            duration(step.window.start),
            takes(step),
        ]);
    }
    columns.render(styles)
}

/// How long a step is expected to take: of tests. Nothing says it of what prepares for them, which is planned as if it took no
/// time.
pub(crate) fn takes(step: &Step) -> String {
    match step.kind {
        StepKind::PreparePython | StepKind::BuildRust(_) => "not known".to_owned(),
        StepKind::Report => String::new(),
        StepKind::PythonBatch | StepKind::PythonGpu | StepKind::RustBinary { .. } => duration(step.expected()),
    }
}

/// A step in a few words; its tests by their common place.
pub(crate) fn what(step: &Step) -> String {
    match &step.kind {
        StepKind::PreparePython => "prepare Python".to_owned(),
        StepKind::BuildRust(build) => {
            let place = if build.workspace.as_str().is_empty() { "." } else { build.workspace.as_str() };
            format!("build Rust tests in {}", printable(place))
        }
        StepKind::PythonBatch => format!("pytest {}", files_of(step)),
        StepKind::PythonGpu => format!("pytest {}", ids_of(step)),
        StepKind::RustBinary { target, .. } => format!("run {}", printable(&target.binary)),
        StepKind::Report => "report".to_owned(),
    }
}

fn files_of(step: &Step) -> String {
    let mut files: Vec<_> = step.cases.iter().map(|case| case.file.as_str()).collect();
    files.dedup();
    first_and_more(&files)
}

fn ids_of(step: &Step) -> String {
    first_and_more(&step.cases.iter().map(|case| case.id.as_str()).collect::<Vec<_>>())
}

fn first_and_more(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => printable(one).into_owned(),
        [first, rest @ ..] => format!("{} and {} more", printable(first), rest.len()),
    }
}

/// Where a step runs: `CPU`, or `GPU 0,1 (2.4 GiB; in turn: etcd)`.
pub(crate) fn place(claim: &Claim, capacity: &Capacity) -> String {
    let in_turn = (!claim.exclusive.is_empty()).then(|| format!("in turn: {}", printable(&claim.exclusive.join(", "))));
    if claim.gpus.is_empty() {
        return match in_turn {
            Some(in_turn) => format!("CPU ({in_turn})"),
            None if claim.cpu_slots == 0 => String::new(),
            None => "CPU".to_owned(),
        };
    }
    let units = claim.gpus.iter().filter_map(|gpu| capacity.units.get(gpu.unit));
    let units: Vec<_> = units.map(|unit| unit.label.as_str()).collect();
    let share = match claim.gpus.first().and_then(|gpu| gib(gpu.share)) {
        Some(gib) => format!("{gib} GiB"),
        None => "alone".to_owned(),
    };
    let in_turn = in_turn.map(|in_turn| format!("; {in_turn}")).unwrap_or_default();
    format!("GPU {} ({share}{in_turn})", printable(&units.join(",")))
}

fn gib(share: Share) -> Option<String> {
    // What is not nothing does not read as nothing.
    share.gib().map(|gib| if gib > 0.0 && gib < 0.05 { "under 0.1".to_owned() } else { format!("{gib:.1}") })
}

/// The refused tests by reason, those with the most tests first.
pub(crate) fn by_reason(refused: &[NotRun]) -> Vec<(String, Vec<&NotRun>)> {
    let mut by_reason: IndexMap<String, Vec<&NotRun>> = IndexMap::new();
    for case in refused {
        by_reason.entry(case.reason.to_string()).or_default().push(case);
    }
    let mut by_reason: Vec<_> = by_reason.into_iter().collect();
    by_reason.sort_by_key(|(_, cases)| std::cmp::Reverse(cases.len()));
    by_reason
}

/// Each reason once, with its first tests.
fn not_run(refused: &[NotRun], styles: &Styles) -> String {
    let mut out = String::new();
    let by_reason = by_reason(refused);
    for (reason, cases) in by_reason.iter().take(SHOWN) {
        let count = grouped(cases.len());
        let _ = writeln!(out, "{} {count}: {}", "not run:".style(styles.doubtful), printable(reason));
        for case in cases.iter().take(NAMED) {
            let _ = writeln!(out, "  {}", printable(case.id.as_str()));
        }
        if cases.len() > NAMED {
            let _ = writeln!(out, "  and {} more (`--format json` has all)", grouped(cases.len() - NAMED));
        }
    }
    if by_reason.len() > SHOWN {
        let _ = writeln!(out, "and {} more reasons (`--format json` has all)", grouped(by_reason.len() - SHOWN));
    }
    out
}
