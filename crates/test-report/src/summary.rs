//! The end of a run: what came of it, what did not run and why, what was slow, what was over budget.

use std::fmt::Write;
use std::time::Duration;

use owo_colors::OwoColorize;
use test_catalog::NodeId;
use test_runner::{Both, Outcome, RunOutcome};

use crate::by_test::{self, is_deselected};
use crate::count::{duration, grouped, tests};
use crate::terminal::{Styles, printable};

/// How many of the slowest tests are named.
const SLOWEST: usize = 10;
/// How many tests are named below one reason.
const NAMED: usize = 3;

/// A time against the policy's limit for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetUse {
    /// What it is for: `suite planner unit`, `integration in pre_merge`.
    pub name: String,
    /// What its tests took.
    pub used: Duration,
    /// What they may take.
    pub limit: Duration,
}

/// Everything that a reader wants at the end of a run.
#[must_use]
pub fn text(outcome: &RunOutcome, budgets: &[BudgetUse], styles: &Styles) -> String {
    let mut out = String::new();
    for (id, times) in by_test::failed(outcome).tests() {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(out, "{} {}{times}", "FAILED".style(styles.bad), printable(id));
    }
    for ((id, _), both) in outcome.flaky() {
        let _ = writeln!(out, "{} {}: {both}", "flaky:".style(styles.doubtful), printable(id.as_str()));
    }
    for (id, both) in flaky_on_revision(outcome) {
        let _ =
            writeln!(out, "{} {}: {both} on this revision", "flaky:".style(styles.doubtful), printable(id.as_str()));
    }
    for step in outcome.steps.iter().filter_map(|step| step.error.as_deref()) {
        let _ =
            writeln!(out, "{} {}", "step failed:".style(styles.bad), printable(step.lines().next().unwrap_or(step)));
    }
    out.push_str(&not_run(outcome, styles));
    let _ = writeln!(out, "{}", counts(outcome, styles));
    // As the counts have it.
    let earlier = outcome.results.iter().take(outcome.earlier).filter(|result| !result.retried).count();
    if earlier > 0 {
        let _ = writeln!(out, "{} of them before the run was interrupted", grouped(earlier));
    }
    let undecided = outcome.not_run().filter(|result| is_deselected(result)).count();
    if undecided > 0 {
        let _ = writeln!(
            out,
            "{} could not be decided on by reading, and pytest's own -m and -k left them out",
            tests(undecided)
        );
    }
    let slowest = outcome.slowest(SLOWEST);
    if !slowest.is_empty() {
        let _ = writeln!(out, "{}", "slowest:".style(styles.faint));
        for result in slowest {
            let _ = writeln!(out, "  {:>8}  {}", duration(result.duration), printable(result.id.as_str()));
        }
    }
    for BudgetUse { name, used, limit } in budgets {
        let (word, style) = if used > limit { ("over budget:", styles.bad) } else { ("budget:", styles.faint) };
        let _ = writeln!(
            out,
            "{} {} took {}, of {}",
            word.style(style),
            printable(name),
            duration(*used),
            duration(*limit)
        );
    }
    if outcome.interrupted {
        let _ = writeln!(
            out,
            "{}",
            "interrupted: results so far are kept, and --resume goes on from here".style(styles.doubtful)
        );
    }
    if let Some(why) = &outcome.not_kept {
        let _ = writeln!(out, "{} {}", "warning:".style(styles.doubtful), printable(why));
    }
    let _ = writeln!(out, "results: {}", printable(outcome.folder.as_str()));
    out
}

/// The tests that only this run and earlier ones of the same revision together tell of.
pub(crate) fn flaky_on_revision(outcome: &RunOutcome) -> impl Iterator<Item = (&NodeId, &Both)> {
    let in_run = outcome.flaky();
    let others =
        outcome.flaky_on_revision.iter().filter(move |((id, occurrence), _)| !in_run.contains_key(&(id, *occurrence)));
    others.map(|((id, _), both)| (id, both))
}

/// `1,399 run in 24 min 8 s: 1,396 passed, 1 failed, 2 skipped; 3 not run`.
pub(crate) fn counts(outcome: &RunOutcome, styles: &Styles) -> String {
    // What is tried again has another result, which counts.
    let counted = || outcome.results.iter().filter(|result| !result.retried);
    let count = |wanted: fn(&Outcome) -> bool| counted().filter(|result| wanted(&result.outcome)).count();
    let run = count(Outcome::has_run);
    let kinds = [
        (count(|outcome| matches!(outcome, Outcome::Passed)), "passed", styles.good),
        (count(|outcome| matches!(outcome, Outcome::Failed)), "failed", styles.bad),
        (count(|outcome| matches!(outcome, Outcome::TimedOut { .. })), "timed out", styles.bad),
        (count(|outcome| matches!(outcome, Outcome::Crashed { .. })), "crashed", styles.bad),
        (count(|outcome| matches!(outcome, Outcome::Skipped { .. })), "skipped", styles.doubtful),
        (count(|outcome| matches!(outcome, Outcome::XFailed { .. })), "failed as expected", styles.faint),
        (count(|outcome| matches!(outcome, Outcome::XPassed)), "passed unexpectedly", styles.doubtful),
    ];
    let kinds: Vec<_> = kinds
        .iter()
        .filter(|(count, word, _)| *count > 0 || *word == "passed" || *word == "failed")
        .map(|(count, word, style)| {
            let text = format!("{} {word}", grouped(*count));
            if *count > 0 { text.style(*style).to_string() } else { text }
        })
        .collect();
    let not_run = outcome.refused.len() + outcome.not_run().filter(|result| !is_deselected(result)).count();
    let tail = if not_run > 0 { format!("; {} not run", grouped(not_run)) } else { String::new() };
    let again = outcome.results.len() - counted().count();
    let again = if again > 0 { format!("; {} tried again", grouped(again)) } else { String::new() };
    format!("{} run in {}: {}{again}{tail}", grouped(run), duration(outcome.wall), kinds.join(", "))
}

/// Each reason once, with its first tests.
fn not_run(outcome: &RunOutcome, styles: &Styles) -> String {
    let mut out = String::new();
    for (reason, named) in by_test::not_run(outcome) {
        let count = grouped(named.results());
        let _ = writeln!(out, "{} {count}: {}", "not run:".style(styles.doubtful), printable(&reason));
        for (id, times) in named.tests().take(NAMED) {
            let _ = writeln!(out, "  {}{times}", printable(id));
        }
        if named.len() > NAMED {
            let _ = writeln!(out, "  and {} more", grouped(named.len() - NAMED));
        }
    }
    out
}
