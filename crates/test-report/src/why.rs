//! One test explained: where it stands and whether it belongs there, each marker with the place it comes from, the stages
//! and lanes that take it, and whether this machine can run it.

use std::fmt::Write;

use execution_plan::{Estimate, Plan, Share, Step};
use indexmap::IndexMap;
use marker_expr::Truth;
use marker_policy::{BudgetScope, Category, Finding, Lanes, Policy, ResolvedCase, RuleLevel, rules, why_in_no_lane};
use owo_colors::OwoColorize;
use test_catalog::{Marker, Origin, Reach, Scope};

use crate::count::duration;
use crate::plan::{machine, place};
use crate::terminal::{Styles, printable};

/// How many ids of tests that are explained by the same words are shown.
const SHOWN: usize = 5;
/// How much of a marker with arguments is shown: `parametrize` can have hundreds of lines.
const WIDEST: usize = 60;

/// A test with all that is known of it.
#[derive(Debug, Clone)]
pub struct Explained<'a> {
    /// The test.
    pub case: &'a ResolvedCase<'a>,
    /// Its place among the cases that the lanes were asked about.
    pub index: usize,
    /// The policy that binds it.
    pub policy: &'a Policy,
    /// What CI runs.
    pub lanes: &'a Lanes,
    /// What the audit has against it.
    pub findings: Vec<&'a Finding>,
    /// The plan of this test alone on the machine that is asked about, or why there is none.
    pub plan: Result<Plan, &'a str>,
}

/// The rules about a file's name and its folder, which have a line of their own.
const FILE_NAME: &str = "file-name";
const FOLDER: &str = "misplaced-type";

/// The text for people. Tests of which the same is to be said, as most of one function are, share it.
#[must_use]
pub fn text(tests: &[Explained<'_>], styles: &Styles) -> String {
    let mut groups: IndexMap<String, Vec<&str>> = IndexMap::new();
    for test in tests {
        groups.entry(explanation(test, styles)).or_default().push(test.case.case.id.as_str());
    }
    let mut out = String::new();
    for (explanation, ids) in groups {
        if !out.is_empty() {
            out.push('\n');
        }
        // Writing to a string cannot fail, here and elsewhere in this file.
        for id in ids.iter().take(SHOWN) {
            let _ = writeln!(out, "{}", printable(id).style(styles.heading));
        }
        if ids.len() > SHOWN {
            let _ = writeln!(out, "{}", format!("and {} more", ids.len() - SHOWN).style(styles.heading));
        }
        out.push_str(&explanation);
    }
    out
}

fn explanation(explained: &Explained<'_>, styles: &Styles) -> String {
    let mut out = Lines::default();
    found(&mut out, explained);
    standing(&mut out, explained);
    markers(&mut out, explained.case);
    needs(&mut out, explained.case);
    stages(&mut out, explained);
    lanes(&mut out, explained);
    here(&mut out, explained);
    budgets(&mut out, explained);
    findings(&mut out, explained, styles);
    out.text
}

/// Lines with a word in front, which stands once before lines of one kind.
#[derive(Debug, Default)]
struct Lines {
    text: String,
    last: &'static str,
}

impl Lines {
    fn line(&mut self, word: &'static str, what: &str) {
        let shown = if word == self.last { "" } else { word };
        let _ = writeln!(self.text, "  {shown:<9} {}", printable(what));
        self.last = word;
    }
}

fn found(out: &mut Lines, explained: &Explained<'_>) {
    let case = explained.case.case;
    out.line("found", &case.span.to_string());
    if let Some(reason) = case.certainty.reason() {
        out.line("inexact", &format!("{} ({})", reason.text, reason.at));
    }
}

/// Whether the file has the name, and the folder is the place, that the policy asks for. Rust's tests are bound by
/// neither.
fn standing(out: &mut Lines, explained: &Explained<'_>) {
    let case = explained.case;
    let file = case.case.file();
    if case.case.as_rust().is_some() {
        return;
    }
    if !explained.policy.binds(file.as_str()) {
        out.line("file", "outside of the folders that the policy binds: it asks for no marker here");
        return;
    }
    if is_on(explained.policy, FILE_NAME)
        && let Some(pattern) = explained.policy.file_names()
    {
        let said = said_of(explained, FILE_NAME);
        out.line("file", &said.unwrap_or_else(|| format!("{} is named as `{pattern}` asks", file.file_name())));
    }
    if is_on(explained.policy, FOLDER) {
        let types = explained.policy.members_of(Category::Type, case);
        let folder = file.as_path().parent().map_or("", |folder| folder.as_str());
        match said_of(explained, FOLDER) {
            Some(said) => out.line("folder", &said),
            None if types.is_empty() => out.line("folder", "its type is not known, and so not where it belongs"),
            None => out.line("folder", &format!("{folder} is a place of {} tests", types.join(" and "))),
        }
    }
}

fn is_on(policy: &Policy, code: &str) -> bool {
    rules::find(code).is_some_and(|rule| policy.level(rule) != RuleLevel::Off)
}

/// What a rule has against the test.
fn said_of(explained: &Explained<'_>, code: &str) -> Option<String> {
    let finding = explained.findings.iter().find(|finding| finding.rule.as_str() == code)?;
    Some(format!("{}: {}", finding.message, finding.help))
}

fn markers(out: &mut Lines, resolved: &ResolvedCase<'_>) {
    let width = |texts: &[String]| texts.iter().map(|text| text.chars().count()).max().unwrap_or(0);
    let written: Vec<String> = resolved.effective.iter().map(|marker| shortened(&marker.to_string())).collect();
    let owners: Vec<String> = resolved.effective.iter().map(|marker| owner(marker)).collect();
    let (marker_width, owner_width) = (width(&written), width(&owners));
    for ((marker, written), owner) in resolved.effective.iter().zip(&written).zip(&owners) {
        let place = match &marker.origin {
            Origin::Source(at) | Origin::Hook(at) => at.to_string(),
            Origin::Policy { rule } => rule.clone(),
        };
        out.line("markers", &format!("{written:<marker_width$}  {owner:<owner_width$}  {place}"));
    }
    if resolved.effective.is_empty() {
        out.line("markers", "none");
    }
    if let Some(open) = &resolved.case.markers.open {
        out.line("markers", &format!("and maybe more: {} ({})", open.text, open.at));
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(WIDEST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// Whose a marker is.
fn owner(marker: &Marker) -> String {
    match (&marker.origin, marker.scope) {
        (Origin::Policy { .. }, _) => "policy",
        (Origin::Hook(_), _) => "added by a hook or plugin",
        (Origin::Source(_), Some(Scope::Param)) => "parameter set",
        (Origin::Source(_), Some(Scope::Function)) => "function",
        (Origin::Source(_), Some(Scope::Class)) => "class",
        (Origin::Source(_), Some(Scope::Module)) => "module",
        (Origin::Source(_), None) => "",
    }
    .to_owned()
}

/// What has to hold for it to run at all.
fn needs(out: &mut Lines, resolved: &ResolvedCase<'_>) {
    let case = resolved.case;
    if let Some(ignored) = &case.ignored_by {
        out.line("left out", &format!("by {} ({}): only naming its file runs it", ignored.text, ignored.at));
    }
    for condition in &case.conditions {
        out.line("needs", &format!("{} ({})", condition.text, condition.at));
    }
    if let Some(rust) = case.as_rust() {
        let cfg = rust.cfg.as_deref().unwrap_or("always");
        let here = if rust.enabled { "with the features chosen" } else { "not with the features chosen" };
        out.line("compiled", &format!("{cfg} ({here})"));
        if let Some(ignored) = &rust.ignored {
            let reason = ignored.reason.as_deref().unwrap_or("no reason given");
            out.line("ignored", &format!("{reason}: run it with --ignored"));
        }
    }
}

fn stages(out: &mut Lines, explained: &Explained<'_>) {
    let truths = stage_truths(explained).map(|(stage, truth)| {
        let word = match truth {
            Truth::Yes => "yes",
            Truth::Unknown => "unknown",
            Truth::No => "no",
        };
        format!("{stage} {word}")
    });
    out.line("stages", &truths.collect::<Vec<_>>().join("   "));
}

fn stage_truths<'a>(explained: &'a Explained<'_>) -> impl Iterator<Item = (&'a str, Truth)> {
    explained.policy.members(Category::Lifecycle).iter().filter_map(|stage| {
        let members = explained.policy.stage(stage)?;
        Some((&**stage, members.iter().fold(Truth::No, |truth, marker| truth.or(explained.case.has(marker)))))
    })
}

/// The lanes that run it, and what keeps those from it that come nearest where none does.
fn lanes(out: &mut Lines, explained: &Explained<'_>) {
    for (lane, reach) in explained.lanes.of_case(explained.index).filter(|(_, reach)| !reach.is_not()) {
        let maybe = if *reach == Reach::Maybe { ", maybe" } else { "" };
        let condition = lane.condition().map(|condition| format!(", if {condition}")).unwrap_or_default();
        out.line("lanes", &format!("{} ({}){maybe}{condition}", lane.name, lane.at));
    }
    if let Some(obstacle) = explained.lanes.obstacle(explained.index) {
        let unseen = explained.lanes.unseen();
        let seen = if unseen.is_empty() { "" } else { " that can be seen" };
        let why = why_in_no_lane(obstacle, explained.case, explained.policy);
        out.line("lanes", &format!("none{seen}: {why}"));
        if let Some((first, more)) = unseen.split_first() {
            let more = match more.len() {
                0 => String::new(),
                more => format!(", and {more} more such places (`cargo xtask lanes` shows them)"),
            };
            out.line("unseen", &format!("{} {} ({}){more}", first.family, first.text, first.at));
        }
        for problem in explained.lanes.problems() {
            out.line("unread", &format!("lanes may be missing: {} ({})", problem.text, problem.at));
        }
    }
}

/// Where it would run on this machine, for how long, or what is missing.
fn here(out: &mut Lines, explained: &Explained<'_>) {
    let plan = match &explained.plan {
        Ok(plan) => plan,
        Err(why) => return out.line("here", why),
    };
    for refused in &plan.not_run {
        let on =
            if plan.capacity.units.is_empty() { String::new() } else { format!(" on {}", machine(&plan.capacity)) };
        out.line("here", &format!("cannot run{on}: {}", refused.reason));
    }
    for step in plan.steps() {
        for case in &step.cases {
            let of =
                if step.claim.gpus.is_empty() { String::new() } else { format!(" of {}", machine(&plan.capacity)) };
            out.line("here", &format!("{}{of}", place(&step.claim, &plan.capacity)));
            let marker = explained.policy.vram_marker();
            let is_shared = step.claim.gpus.iter().any(|gpu| matches!(gpu.share, Share::Bytes(_)));
            if is_shared && explained.case.marker(marker).is_none() {
                out.line(
                    "here",
                    &format!("has no {marker}: it is given a tenth more than the most that earlier runs took"),
                );
            }
            let (expected, limit) = (duration(case.estimate.duration), duration(case.timeout));
            let known = known(&case.estimate, step, plan);
            out.line("takes", &format!("{expected} ({known}), at most {limit}"));
        }
    }
    for note in &plan.notes {
        out.line("here", &note.text);
    }
}

/// How its time is known: `12 runs on NVIDIA L4; p90 52 s`.
fn known(estimate: &Estimate, step: &Step, plan: &Plan) -> String {
    let mut models: Vec<&str> = step
        .claim
        .gpus
        .iter()
        .filter_map(|gpu| plan.capacity.units.get(gpu.unit))
        .map(|unit| unit.name.as_str())
        .collect();
    models.dedup();
    match estimate.p90 {
        Some(p90) => {
            let on = if models.is_empty() { String::new() } else { format!(" on {}", models.join(" + ")) };
            format!("{}{on}; p90 {}", estimate.source, duration(p90))
        }
        None => estimate.source.to_string(),
    }
}

/// The limits of time that its runs are held to.
fn budgets(out: &mut Lines, explained: &Explained<'_>) {
    let types = explained.policy.members_of(Category::Type, explained.case);
    for budget in explained.policy.budgets() {
        let is_of_type = budget.test_type.as_deref().is_none_or(|of| types.contains(&of));
        let in_stage = budget
            .stage
            .as_deref()
            .is_none_or(|of| stage_truths(explained).any(|(stage, truth)| stage == of && truth != Truth::No));
        if !is_of_type || !in_stage {
            continue;
        }
        let tests = budget.test_type.as_deref().map_or_else(String::new, |of| format!("{of} "));
        let of = match budget.scope {
            BudgetScope::Suite => format!("the {tests}tests of one component"),
            BudgetScope::Run => format!("all {tests}tests of a run"),
        };
        let stage = budget.stage.as_deref().map_or_else(String::new, |stage| format!(" in {stage}"));
        out.line("budget", &format!("{} for {of}{stage}", duration(budget.limit)));
    }
}

fn findings(out: &mut Lines, explained: &Explained<'_>, styles: &Styles) {
    let others = explained.findings.iter().filter(|finding| ![FILE_NAME, FOLDER].contains(&finding.rule.as_str()));
    for finding in others {
        let code = finding.rule.as_str();
        let code = code.style(styles.doubtful);
        let _ = writeln!(
            out.text,
            "  {:<9} {code}: {} ({})\n  {:<9}   {}",
            if out.last == "finding" { "" } else { "finding" },
            printable(&finding.message),
            printable(&finding.at.to_string()),
            "",
            printable(&finding.help)
        );
        out.last = "finding";
    }
}
