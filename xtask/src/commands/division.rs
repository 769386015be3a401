//! The part of the selected tests that this machine takes, and what measured times and budgets say of it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use execution_plan::shard::{self, Shard};
use execution_plan::timings::{self, CaseTiming};
use execution_plan::{BudgetForecast, Estimates, Plan, PlannedCase};
use marker_policy::{Chosen, Policy, ResolvedCase};
use test_catalog::NodeId;
use test_report::plan_facts::{PlanFacts, ShardFacts, TimingsFacts};

use crate::cli::DivisionArgs;
use crate::error::Error;
use crate::exit::Exit;
use crate::input;

/// The largest file of timings that is read, in bytes: a million cases.
const LARGEST: usize = 1 << 28;

/// What was measured, from the file that is named.
#[derive(Default)]
pub(crate) struct Measured {
    cases: Vec<CaseTiming>,
    sha256: Option<String>,
}

impl Measured {
    /// The file of `--timings`; nothing without one.
    pub(crate) fn of(args: &DivisionArgs) -> Result<Self, Error> {
        let Some(path) = &args.timings else { return Ok(Self::default()) };
        let text = input::text(path, LARGEST)?;
        if text.len() > LARGEST {
            return Err(Error::TooLarge { path: path.clone(), most: LARGEST >> 20 });
        }
        let cases = timings::read(&text).map_err(|source| Error::Timings { path: path.clone(), source })?;
        Ok(Self { cases, sha256: Some(timings::digest(text.as_bytes())) })
    }

    /// Estimates by these times and, for all other tests, by their markers: the same on every machine.
    pub(crate) fn estimates(&self, policy: &Policy) -> Estimates {
        self.before(super::plan::estimates(policy))
    }

    /// These times where there are any, else what the estimates say.
    pub(crate) fn before(&self, mut estimates: Estimates) -> Estimates {
        estimates.add_timings(&self.cases);
        estimates
    }

    fn facts(&self, chosen: &[Chosen<'_, '_>]) -> Option<TimingsFacts> {
        let known: HashSet<(&NodeId, u32)> = self.cases.iter().map(|case| (&case.id, case.occurrence)).collect();
        let is_known = |chosen: &&Chosen<'_, '_>| known.contains(&(&chosen.case.case.id, chosen.case.case.occurrence));
        Some(TimingsFacts {
            sha256: self.sha256.clone()?,
            cases: self.cases.len(),
            used: chosen.iter().filter(is_known).count(),
        })
    }
}

/// Leaves of the chosen tests those of the shard, where one is asked for. Only what every machine of the run has goes into
/// it: the tree, the policy, the options, and the file of timings.
pub(crate) fn divide(
    policy: &Policy,
    chosen: &mut Vec<Chosen<'_, '_>>,
    shard: Option<Shard>,
    measured: &Measured,
) -> PlanFacts {
    let timings = measured.facts(chosen);
    let shard = shard.map(|shard| {
        let (demands, _) = execution_plan::demands(policy, chosen, &measured.estimates(policy));
        let numbers = shard::assign(&demands, shard.count());
        let mut own = numbers.iter().map(|number| *number == shard.number());
        chosen.retain(|_| own.next().unwrap_or_default());
        ShardFacts { shard, loads: shard::loads(&demands, &numbers, shard.count()) }
    });
    PlanFacts { shard, timings, ..PlanFacts::default() }
}

/// What the planned tests come to in each of the policy's budgets. What this machine refuses costs nothing.
pub(crate) fn budgets(
    policy: &Policy,
    stage: Option<&str>,
    chosen: &[Chosen<'_, '_>],
    plan: &Plan,
) -> Vec<BudgetForecast> {
    let cases: HashMap<(&NodeId, u32), &ResolvedCase<'_>> =
        chosen.iter().map(|chosen| ((&chosen.case.case.id, chosen.case.case.occurrence), chosen.case)).collect();
    let mut used: BTreeMap<String, (Duration, Vec<&PlannedCase>, Duration)> = BTreeMap::new();
    for (planned, end) in plan.steps().flat_map(|step| step.cases.iter().map(|case| (case, step.window.end))) {
        let Some(case) = cases.get(&(&planned.id, planned.occurrence)) else { continue };
        for budget in policy.budgets() {
            for name in super::test::budget_names(policy, budget, stage, case) {
                let (_, cases, ends) = used.entry(name).or_insert((budget.limit, Vec::new(), Duration::ZERO));
                cases.push(planned);
                *ends = end.max(*ends);
            }
        }
    }
    used.into_iter().map(|(name, (limit, cases, ends))| BudgetForecast::new(name, limit, &cases, ends)).collect()
}

/// Holds a plan against what it was made for.
///
/// # Errors
/// It does not keep all of it: a mistake of the planner.
pub(crate) fn check(
    policy: &Policy,
    chosen: &[Chosen<'_, '_>],
    estimates: &Estimates,
    plan: &Plan,
) -> Result<bool, Error> {
    // Again from the markers, and not what the planner was given.
    let mut notes = Vec::new();
    let demands = execution_plan::each_demand(policy, chosen, estimates, &mut notes);
    let violations = execution_plan::validate_each(plan, demands);
    if violations.is_empty() {
        return Ok(true);
    }
    Err(Error::Internal(format!("the plan does not keep what it was made for:\n  {}", violations.join("\n  "))))
}

/// What a plan ends with: over budget counts only where that is asked for.
pub(crate) fn exit(facts: &PlanFacts, args: &DivisionArgs) -> Exit {
    let is_over = facts.budgets.iter().any(|budget| budget.over().is_some());
    if args.enforce_budget && is_over { Exit::OverBudget } else { Exit::Success }
}
