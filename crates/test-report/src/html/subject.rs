//! What a report is about.

use execution_plan::{BudgetForecast, Plan};
use gpu_inventory::Inventory;
use marker_policy::code_owners::CodeOwners;
use marker_policy::{Allowed, Change, Finding, Lanes, Policy, ResolvedCase};
use test_catalog::Catalog;
use test_runner::recorded::Recorded;

use super::data::Report;
use super::gather::Gathering;
use crate::fits::Fit;
use crate::summary::BudgetUse;

/// What a report is about.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The tree's name.
    pub name: &'a str,
    /// What stands beside it: a date, a commit. Without it, a report of the same tree is the same, byte for byte.
    pub label: Option<&'a str>,
    /// The policy.
    pub policy: &'a Policy,
    /// The tests.
    pub catalog: &'a Catalog,
    /// The same with the markers that they have in the end, in the catalog's order.
    pub cases: &'a [ResolvedCase<'a>],
    /// What CI runs.
    pub lanes: &'a Lanes,
    /// What the audit found and no comment allows.
    pub findings: &'a [Finding],
    /// What comments allow.
    pub allowed: &'a [Allowed],
    /// The CODEOWNERS file of the tree, and what it says.
    pub owners: Option<(&'a str, &'a CodeOwners)>,
    /// The baseline, where there is one.
    pub trend: Option<Trend<'a>>,
    /// What an earlier run gave, where one is to be shown.
    pub results: Option<Results<'a>>,
    /// A machine and what would run there, where that is to be shown.
    pub planned: Option<Planned<'a>>,
}

/// The results of an earlier run.
#[derive(Debug, Clone, Copy)]
pub struct Results<'a> {
    /// Where they are from, as the caller names it.
    pub source: &'a str,
    /// The results, in the order in which they came.
    pub results: &'a [Recorded],
    /// What they took of the policy's budgets.
    pub budgets: &'a [BudgetUse],
    /// Whether they are of one run, so that their times are on one clock.
    pub is_one_run: bool,
    /// Which of the parts of a run each result is of, where the run continued others, whose clocks begin anew: from 0 in the
    /// order of the parts. Empty for a run in one part.
    pub parts: &'a [usize],
}

/// A machine, what fits it, and a plan for it.
#[derive(Debug, Clone, Copy)]
pub struct Planned<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// What the policy's budgets come to.
    pub budgets: &'a [BudgetForecast],
    /// The machine.
    pub inventory: &'a Inventory,
    /// What the tests need of GPUs, and whether the machine has it.
    pub fits: &'a [Fit],
    /// The stage that is planned; `None` for all tests.
    pub stage: Option<&'a str>,
    /// Whether it is the plan of the very run that is shown.
    pub is_of_run: bool,
}

/// Findings beside those of a baseline.
#[derive(Debug, Clone, Copy)]
pub struct Trend<'a> {
    /// The baseline's file, as the caller names it.
    pub baseline: &'a str,
    /// How the findings changed.
    pub changes: &'a [Change],
    /// The findings that the baseline does not have, or not all of.
    pub new: &'a [Finding],
}

impl Subject<'_> {
    /// The document of the page.
    #[must_use]
    pub fn report(&self) -> Report {
        Gathering::new().report(self)
    }
}
