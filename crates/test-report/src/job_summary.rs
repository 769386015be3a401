//! A run as Markdown for the page of a GitHub job (`GITHUB_STEP_SUMMARY`).

use std::fmt::Write;

use test_runner::{CaseResult, RunOutcome};

use crate::by_test::{self, times};
use crate::count::{duration, grouped};
use crate::coverage;
use crate::findings::markdown;
use crate::gist::told;
use crate::summary::{BudgetUse, counts, flaky_on_revision};
use crate::terminal::{Styles, printable};

/// GitHub takes 1 MiB of a step, in bytes, and shows nothing of one that wrote more.
pub const LIMIT: usize = 1 << 20;
/// How many failures are shown with what they say.
const FAILURES: usize = 50;
/// How many lines of each, and how many characters of a line.
const LINES: usize = 20;
const CHARACTERS: usize = 400;
/// How many of the slowest tests, and how many tests of one reason.
const SLOWEST: usize = 10;
const NAMED: usize = 5;
/// How many reasons for not running.
const REASONS: usize = 20;

/// The summary, at most `room` bytes: counts, failures with what they say, what did not run and why, the slowest tests,
/// budgets. `verdict` is what came of the run in a word or two: `passed`. What a tree's authors wrote shows as it is and is no
/// Markdown.
#[must_use]
pub fn text(outcome: &RunOutcome, budgets: &[BudgetUse], verdict: &str, room: usize) -> String {
    let mut out = Bounded { text: String::new(), room: room.min(LIMIT).saturating_sub(CUT.len()), full: false };
    out.push(&format!("## Tests {verdict}\n\n{}\n\n", markdown(&counts(outcome, &Styles::default()))));
    if outcome.interrupted {
        out.push("The run was interrupted: these are the results so far.\n\n");
    }
    if let Some(why) = &outcome.not_kept {
        out.push(&format!("Warning: {}\n\n", markdown(why)));
    }
    let failures = by_test::first_failures(outcome);
    for (result, count) in failures.iter().take(FAILURES) {
        out.push(&failure(result, *count));
    }
    if failures.len() > FAILURES {
        out.push(&format!("and {} more failures\n\n", grouped(failures.len() - FAILURES)));
    }
    for (said, (first, named)) in by_test::uncollected(outcome).into_iter().take(FAILURES) {
        let head = match named.len() - 1 {
            0 => first.outcome.to_string(),
            more => format!("and {} more: {}", grouped(more), first.outcome),
        };
        out.push(&details(first, &head, said));
    }
    for error in outcome.steps.iter().filter_map(|step| step.error.as_deref()).take(FAILURES) {
        out.push(&format!("A step failed:\n\n{}\n", block(error)));
    }
    let rows = outcome.flaky().into_iter().take(FAILURES).map(|((id, _), both)| {
        [markdown(&cut(id.as_str())), both.passed.to_string(), both.failed.to_string(), String::new()]
    });
    let rows = rows.chain(flaky_on_revision(outcome).take(FAILURES).map(|(id, both)| {
        let place = "on this revision".to_owned();
        [markdown(&cut(id.as_str())), both.passed.to_string(), both.failed.to_string(), place]
    }));
    out.push(&table(["flaky", "passed", "failed", ""], rows));
    out.push(&not_run(outcome));
    let over = |budget: &BudgetUse| if budget.used > budget.limit { "over" } else { "" };
    let rows = budgets
        .iter()
        .map(|budget| [markdown(&budget.name), duration(budget.used), duration(budget.limit), over(budget).to_owned()]);
    out.push(&table(["budget", "used", "of", ""], rows));
    let rows = outcome.slowest(SLOWEST).into_iter().map(|result| {
        [
            markdown(&cut(result.id.as_str())),
            duration(result.duration),
            result.outcome.as_str().to_owned(),
            gpus(result),
        ]
    });
    out.push(&table(["slowest", "took", "", "GPU"], rows));
    let rows = coverage::rows(outcome).into_iter().map(|row| {
        let place = format!("{} {}", row.language, markdown(&cut(&row.place)));
        [place, coverage::count(row.lines.covered), coverage::count(row.lines.all), coverage::percent(row.lines)]
    });
    out.push(&table(["coverage", "ran", "of lines", ""], rows));
    for why in coverage::missing(outcome) {
        out.push(&format!("Coverage: {}\n\n", markdown(&cut(&why))));
    }
    if out.full {
        out.text.push_str(CUT);
    }
    out.text
}

/// What stands at the end of a summary that had no room.
const CUT: &str = "\n\nThere was no room for the rest: the results file has it.\n";

/// Text up to a size. A part that has no room is left out as a whole, and so are all behind it.
struct Bounded {
    text: String,
    room: usize,
    full: bool,
}

impl Bounded {
    fn push(&mut self, part: &str) {
        self.full |= self.text.len() + part.len() > self.room;
        if !self.full {
            self.text.push_str(part);
        }
    }
}

/// The first of so many failures of a test.
fn failure(result: &CaseResult, count: usize) -> String {
    let gpus = gpus(result);
    let place = if gpus.is_empty() { String::new() } else { format!(", GPU {gpus}") };
    let head = format!("{} ({}{place}){}", told(result), duration(result.duration), times(count));
    let said = if result.message.trim().is_empty() { &result.output } else { &result.message };
    details(result, &head, said)
}

fn details(result: &CaseResult, head: &str, said: &str) -> String {
    // Below `summary`, Markdown begins again after an empty line.
    format!(
        "<details><summary>{}: {}</summary>\n\n{}\n</details>\n\n",
        html(&cut(result.id.as_str())),
        html(&cut(head)),
        block(said)
    )
}

/// The first lines, as code: fenced by more backticks than any of them has in a row.
fn block(text: &str) -> String {
    let text = text.trim_end().trim_start_matches('\n');
    // Cut first: what is shown of a megabyte is little.
    let shown = text.lines().take(LINES).map(|line| printable(&cut(line)).into_owned());
    let mut lines: Vec<String> = shown.collect();
    if text.lines().nth(LINES).is_some() {
        lines.push("...".to_owned());
    }
    let longest = lines.iter().flat_map(|line| line.split(|one| one != '`')).map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", lines.join("\n"))
}

fn not_run(outcome: &RunOutcome) -> String {
    let by_reason = by_test::not_run(outcome);
    let reasons = by_reason.len();
    let rows = by_reason.into_iter().take(REASONS).map(|(reason, tests)| {
        let named: Vec<String> = tests.tests().take(NAMED).map(|(id, times)| markdown(&cut(id)) + &times).collect();
        let more = tests.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {} more", grouped(more)) } else { String::new() };
        [grouped(tests.results()), markdown(&cut(&reason)), format!("{}{more}", named.join("<br>")), String::new()]
    });
    let mut out = table(["not run", "why", "tests", ""], rows);
    if reasons > REASONS {
        let _ = writeln!(out, "and {} more reasons\n", grouped(reasons - REASONS));
    }
    out
}

/// Nothing where there is no row.
fn table(heads: [&str; 4], rows: impl Iterator<Item = [String; 4]>) -> String {
    let rows: String = rows.map(|row| format!("| {} |\n", row.join(" | "))).collect();
    if rows.is_empty() { rows } else { format!("| {} |\n|---|---|---|---|\n{rows}\n", heads.join(" | ")) }
}

fn gpus(result: &CaseResult) -> String {
    markdown(&result.gpus.join(","))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(CHARACTERS) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// As text of HTML on one line.
fn html(text: &str) -> String {
    crate::plan_svg::escaped(&crate::terminal::printable(text))
}
