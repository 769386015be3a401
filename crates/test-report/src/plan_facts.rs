//! What is said of a plan beside the plan itself: which part of a run it is, what its times rest on, and its budgets.

use std::fmt::Write;

use execution_plan::shard::{Shard, ShardLoad};
use execution_plan::{BudgetForecast, KnownBy, Plan};
use owo_colors::OwoColorize;

use crate::count::{counted, duration, grouped, tests};
use crate::plan::machine_in_short;
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
    /// Whether the slots are those of this machine, for a plan of one that is not here.
    pub slots_of_this_machine: bool,
    /// Whether the plan was held against what it was made for, and keeps it all. One that does not is never shown.
    pub checked: bool,
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
        let _ = writeln!(
            out,
            "timings sha256 {sha256}: {}, {} of them selected",
            counted(*cases, "case", "cases"),
            grouped(*used)
        );
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

/// That the slots are no fact of the planned machine; `None` where they are.
#[must_use]
pub fn slots(plan: &Plan, facts: &PlanFacts) -> Option<String> {
    let of = match plan.capacity.cpu_slots {
        1 => "the CPU slot is".to_owned(),
        count => format!("the {} CPU slots are", grouped(count as usize)),
    };
    facts.slots_of_this_machine.then(|| format!("{of} this machine's: -j N plans with as many as that one has"))
}

/// What a plan that was checked keeps; nothing where it was not.
#[must_use]
pub fn checked(facts: &PlanFacts) -> &'static str {
    if facts.checked {
        "checked: each test planned once or refused; memory and slots at every moment; GPUs by number, type and share; order\n"
    } else {
        ""
    }
}

/// A few lines for each budget: what its tests are expected to take in all, and what would bring it under.
#[must_use]
pub fn budgets(plan: &Plan, facts: &PlanFacts, styles: &Styles) -> String {
    let mut out = String::new();
    let machine = machine_in_short(&plan.capacity);
    for budget in &facts.budgets {
        let Some(over) = budget.over() else { continue };
        let _ = writeln!(out, "{} {}", "over budget:".style(styles.bad), excess(budget, over, &machine));
        let _ = writeln!(out, "  {} one after another, as a run counts them; {}", tests(budget.tests), wall(budget));
        let _ = writeln!(out, "  their times are known by {}", known_by(budget));
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
    let kept: Vec<_> = facts.budgets.iter().filter(|budget| budget.over().is_none()).collect();
    // By the part of it that is used; a budget of no time at all is used up.
    let used = |budget: &BudgetForecast| budget.expected.as_secs_f64() / budget.limit.as_secs_f64().max(1e-9);
    if let Some(closest) = kept.iter().max_by(|one, other| used(one).total_cmp(&used(other))) {
        let kept = match kept.len() {
            1 => "1 budget is kept:".to_owned(),
            count => format!("{} budgets are kept, the closest:", grouped(count)),
        };
        let _ = writeln!(out, "{} {}", kept.style(styles.faint), use_of(closest, &machine));
    }
    out
}

/// The budgets that are exceeded, a line each.
#[must_use]
pub fn over_budget(plan: &Plan, facts: &PlanFacts) -> Vec<String> {
    let machine = machine_in_short(&plan.capacity);
    let line = |budget: &BudgetForecast| Some(format!("over budget: {}", excess(budget, budget.over()?, &machine)));
    facts.budgets.iter().filter_map(line).collect()
}

/// `e2e in pre_merge on 1x NVIDIA L4: 41 min expected, budget 30 min: over by 11 min`.
fn excess(budget: &BudgetForecast, over: std::time::Duration, machine: &str) -> String {
    format!("{}: over by {}", use_of(budget, machine), duration(over))
}

/// What the tests take beside each other, against the same limit.
fn wall(budget: &BudgetForecast) -> String {
    let ends = duration(budget.ends);
    match budget.ends.checked_sub(budget.limit).filter(|over| !over.is_zero()) {
        None => format!("beside each other the last of them ends after {ends} here, within the budget's time"),
        Some(over) => format!("beside each other the last of them ends after {ends} here, over by {}", duration(over)),
    }
}

/// `e2e in pre_merge on 1x NVIDIA L4: 41 min expected (52 min with each at its p90), budget 30 min`.
fn use_of(budget: &BudgetForecast, machine: &str) -> String {
    let each = budget.each_at_p90.map_or(String::new(), |time| format!(" ({} with each at its p90)", duration(time)));
    let (name, limit) = (printable(&budget.name), duration(budget.limit));
    format!("{name} on {machine}: {} expected{each}, budget {limit}", duration(budget.expected))
}

/// `measuring (30), a third of their time-out (18)`.
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
