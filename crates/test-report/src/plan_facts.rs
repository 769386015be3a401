//! What is said of a plan beside the plan itself: which part of a run it is, what its times rest on, and its budgets.

use std::fmt::Write;

use execution_plan::shard::{Shard, ShardLoad};
use execution_plan::{BudgetForecast, KnownBy};
use owo_colors::OwoColorize;

use crate::count::{duration, grouped, tests};
use crate::terminal::{Styles, printable};

/// What is said of a plan beside the plan itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlanFacts {
    /// The part of a run that it is; `None` for all of it.
    pub shard: Option<ShardFacts>,
    /// The file that measured times come from.
    pub timings: Option<TimingsFacts>,
    /// What the policy's budgets come to.
    pub budgets: Vec<BudgetForecast>,
}

/// A part of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardFacts {
    /// Which.
    pub shard: Shard,
    /// What each part has, in order.
    pub loads: Vec<ShardLoad>,
}

/// A file of timings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimingsFacts {
    /// Its SHA-256: machines of one run must have the same.
    pub sha256: String,
    /// How many cases it has.
    pub cases: usize,
    /// How many of the selected tests it tells of.
    pub used: usize,
}

/// What is said above a plan: the shard and the file of timings, a line each.
#[must_use]
pub fn origin(facts: &PlanFacts) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail, here and below.
    if let Some(ShardFacts { shard, loads }) = &facts.shard {
        let own = loads.get(usize::from(shard.number()) - 1).copied().unwrap_or_default();
        let _ = writeln!(
            out,
            "shard {shard}: {}, {} on the CPU, {} on GPUs; all shards: {}",
            tests(own.tests),
            duration(own.cpu),
            duration(own.gpu),
            spread(loads)
        );
        let known = match &facts.timings {
            Some(_) => "by the timings below",
            None => "by markers alone",
        };
        let _ = writeln!(out, "divided {known}: every machine that is given the same divides alike");
    }
    if let Some(TimingsFacts { sha256, cases, used }) = &facts.timings {
        let _ =
            writeln!(out, "timings sha256 {sha256}: {} cases, {} of them selected", grouped(*cases), grouped(*used));
    }
    out
}

/// `4 min to 5 min on the CPU, 0.00 s to 20 min on GPUs`.
fn spread(loads: &[ShardLoad]) -> String {
    let range = |of: fn(&ShardLoad) -> std::time::Duration| {
        let least = loads.iter().map(of).min().unwrap_or_default();
        let most = loads.iter().map(of).max().unwrap_or_default();
        format!("{} to {}", duration(least), duration(most))
    };
    format!("{} on the CPU, {} on GPUs", range(|load| load.cpu), range(|load| load.gpu))
}

/// A few lines for each budget: what its tests are expected to take in all, and what would bring it under.
#[must_use]
pub fn budgets(facts: &PlanFacts, styles: &Styles) -> String {
    let mut out = String::new();
    for budget in &facts.budgets {
        let over = budget.over();
        let (word, style) = if over.is_some() { ("over budget:", styles.bad) } else { ("budget:", styles.faint) };
        let each =
            budget.each_at_p90.map_or(String::new(), |time| format!(" ({} with each at its p90)", duration(time)));
        let _ = write!(
            out,
            "{} {} {} expected{each}, budget {}: ",
            word.style(style),
            printable(&budget.name),
            duration(budget.expected),
            duration(budget.limit)
        );
        let Some(over) = over else {
            out.push_str("fits\n");
            continue;
        };
        let _ = writeln!(out, "over by {}", duration(over));
        let _ = writeln!(out, "  {} in all, their times known by {}", tests(budget.tests), known_by(budget));
        let fewest = match budget.too_many {
            1 => "the first of these".to_owned(),
            count if count <= budget.dearest.len() => format!("the first {count} of these"),
            count => format!("its {} dearest", grouped(count)),
        };
        let _ = writeln!(
            out,
            "  without {fewest} it fits: let a later stage run them, or make the tests {} faster in all; what costs most:",
            duration(over)
        );
        for (id, estimate) in &budget.dearest {
            let time = duration(estimate.duration);
            let _ = writeln!(out, "  {time:>12}  {}  ({})", printable(id.as_str()), estimate.source);
        }
    }
    out
}

/// `30 measured, 18 by a third of their time-out`.
fn known_by(budget: &BudgetForecast) -> String {
    let part = |(kind, count): &(KnownBy, usize)| {
        let kind = match kind {
            KnownBy::Measured => "measuring",
            KnownBy::ThirdOfTimeout => "a third of their time-out",
            KnownBy::TypeDefault => "the default of their type",
        };
        format!("{kind} ({})", grouped(*count))
    };
    budget.known_by.iter().map(part).collect::<Vec<_>>().join(", ")
}
