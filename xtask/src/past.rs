//! The history of a tree as commands use it: what a run is said to be, what it continues, what tests take.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use execution_plan::timings::CaseTiming;
use execution_plan::{Estimates, Plan};
use gpu_inventory::Unit;
use marker_policy::Chosen;
use test_catalog::{NodeId, TestCase};
use test_runner::history::{CaseKey, Life, Past, RunFacts, RunState, Store, Typical, continue_alone};
use test_runner::{CaseResult, Earlier};

use crate::changed::Head;
use crate::cli::{DivisionArgs, Global, TestArgs};
use crate::commands::plan::Machine;
use crate::error::Error;
use crate::inexact::{Ids, exact, is_of};
use crate::progress::note;

/// Where runs and their history are kept.
pub(crate) fn state_dir(tree: &Utf8Path) -> Utf8PathBuf {
    tree.join("target/xtask")
}

/// Results of earlier runs. A history that cannot be read costs estimates, nothing else, and is said.
pub(crate) fn read(tree: &Utf8Path) -> Past {
    let past =
        Store::read(&state_dir(tree)).and_then(|store| store.map_or_else(|| Ok(Past::default()), |store| store.past()));
    past.unwrap_or_else(|error| {
        note(&format!(
            "warning: {}; times come from markers alone",
            test_report::terminal::printable(&error.to_string())
        ));
        Past::default()
    })
}

/// The same, unless it is not to count.
pub(crate) fn of(tree: &Utf8Path, args: &DivisionArgs) -> Past {
    if args.no_history { Past::default() } else { read(tree) }
}

/// Adds what each case took without a GPU, or on GPUs of these models: on this machine, else where a merged history is from.
pub(crate) fn fill(estimates: &mut Estimates, past: &Past, models: &[&str]) {
    let is_of = |class: &str| class.is_empty() || models.contains(&class);
    let mut add = |past: &Past| {
        for ((id, occurrence), takes) in takes(past, is_of) {
            estimates.measured_with_spread(id, occurrence, takes.median, takes.p90, takes.runs);
        }
    };
    add(past);
    // What was measured here takes the place of what other machines told.
    if !past.is_of_here() {
        add(&past.of_here());
    }
}

/// Runs that have to agree before a test without a profile shares a GPU.
const ENOUGH_RUNS: u32 = 3;

/// Adds how much of a GPU each case may be given that has no profile: a tenth more than the most that it took of one of this
/// model in several runs. Where that is nearly all of it, or GPUs are not all of one model, such a test has its GPU to itself.
pub(crate) fn fill_vram(estimates: &mut Estimates, past: &Past, units: &[Unit]) {
    let Some(first) = units.first().filter(|first| units.iter().all(|unit| unit.name == first.name)) else { return };
    let smallest = units.iter().map(|unit| unit.usable().0).min().unwrap_or_default();
    for peak in past.vram.iter().filter(|peak| peak.gpu_class == first.name && peak.runs >= ENOUGH_RUNS) {
        let share = peak.bytes.saturating_add(peak.bytes / 10);
        if peak.bytes > 0 && share <= smallest / 5 * 4 {
            let (id, occurrence) = peak.case.clone();
            estimates.vram(id, occurrence, share);
        }
    }
}

/// That alone: what tests without a profile take of these GPUs.
pub(crate) fn vram(past: &Past, units: &[Unit]) -> Estimates {
    let mut estimates = Estimates::none();
    fill_vram(&mut estimates, past, units);
    estimates
}

/// What each case took, whatever it ran on: for `--timings`, which every machine of a divided run reads.
pub(crate) fn timings(past: &Past) -> Vec<CaseTiming> {
    let timing = |((id, occurrence), takes): (CaseKey, Typical)| CaseTiming {
        id,
        occurrence,
        median: takes.median,
        p90: takes.p90,
        runs: takes.runs,
    };
    takes(past, |_| true).into_iter().map(timing).collect()
}

/// What each case took on GPUs of some classes: the most, where it ran on several.
fn takes(past: &Past, is_of: impl Fn(&str) -> bool) -> BTreeMap<CaseKey, Typical> {
    let mut cases: BTreeMap<CaseKey, Typical> = BTreeMap::new();
    for ((case, class), takes) in past.typical() {
        if is_of(class) {
            let known = cases.entry(case).or_insert(takes);
            if takes.median > known.median {
                *known = takes;
            }
        }
    }
    cases
}

/// What the history says of a run of the tree at that commit.
pub(crate) fn facts(head: Option<Head>, global: &Global, args: &TestArgs, machine: &Machine) -> RunFacts {
    // As a digest: options behind `--`, and variables, may be secret.
    let (policy, pytest) = (&global.policy, (&global.pytest_version, &global.python_version, &args.pytest_args));
    let found = (&global.environment, &global.absent, args.machine.max_vram_gib, &args.machine.has, args.failed);
    let division = (args.division.shard.map(|shard| shard.to_string()), &args.division.timings);
    let selection = format!("{:?}", (&args.selection, policy, pytest, found, division, rounds_of(args)));
    RunFacts {
        clean: head.as_ref().is_some_and(|head| head.clean),
        revision: head.map(|head| head.revision),
        machine: machine.describe(),
        arguments: without_secrets(std::env::args().skip(1)),
        stage: args.selection.stage.clone(),
        selection: execution_plan::timings::digest(selection.as_bytes()),
    }
}

/// How often each test runs.
pub(crate) fn rounds_of(args: &TestArgs) -> u32 {
    test_runner::rounds(args.repeat.unwrap_or(1), args.until_fail)
}

/// Less the values of `--env`, and less what is for pytest.
fn without_secrets(arguments: impl Iterator<Item = String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for argument in arguments.take_while(|argument| argument != "--") {
        let is_value = kept.last().is_some_and(|last| last == "--env") || argument.starts_with("--env=");
        let name = argument.strip_prefix("--env=").unwrap_or(&argument);
        let shown = if is_value { name.split('=').next().unwrap_or_default().to_owned() } else { argument };
        kept.push(shown);
    }
    kept
}

/// Leaves the tests that failed when they ran last; of an inexact function one of its tests is enough.
pub(crate) fn only_failed(chosen: &mut Vec<Chosen<'_, '_>>, tree: &Utf8Path) -> Result<(), Error> {
    let Some(store) = Store::read(&state_dir(tree))? else {
        return Err(Error::NothingSelected("no run of this tree was recorded: leave out --failed once".to_owned()));
    };
    let failed = store.failed_last()?;
    let ids = Ids::new(failed.iter().map(|(id, _)| id), chosen);
    chosen.retain(|chosen| {
        let case = chosen.case.case;
        failed.contains(&(case.id.clone(), case.occurrence)) || (!case.certainty.is_exact() && ids.has_some_of(case))
    });
    if chosen.is_empty() {
        return Err(Error::NothingSelected("none of the selected tests failed when it ran last".to_owned()));
    }
    Ok(())
}

/// An interrupted run that is gone on with.
pub(crate) struct Continued {
    /// Nobody else continues it meanwhile.
    lock: Option<File>,
    store: Store,
    run: String,
    chain: Vec<String>,
    /// Inexact cases, which run again as a whole: what they gave before counts no more.
    again: Vec<TestCase>,
    /// The ids of all others.
    exact: HashSet<NodeId>,
}

/// Leaves the tests that the last run of this selection gave no result of, or not of all rounds.
pub(crate) fn continued(
    chosen: &mut Vec<Chosen<'_, '_>>,
    tree: &Utf8Path,
    facts: &RunFacts,
    rounds: u32,
) -> Result<Continued, Error> {
    let none = |why: &str| Error::Resume(why.to_owned());
    let state_dir = state_dir(tree);
    let store = Store::read(&state_dir)?.ok_or_else(|| none("no run of this tree was recorded"))?;
    let run = store.last_of(&facts.selection)?.ok_or_else(|| none("no run with these options was recorded"))?;
    let revision = |revision: &Option<String>| revision.clone().unwrap_or_else(|| "an unknown revision".to_owned());
    match Life::of(&state_dir, &run.id) {
        _ if run.state == RunState::Complete => {
            return Err(none("the last run with these options came to its end: leave out --resume"));
        }
        Life::Running => return Err(Error::Resume(format!("the run {} goes on", run.id))),
        Life::NotHere => return Err(Error::Resume(format!("the folder of the run {} is gone", run.id))),
        Life::Over if run.revision != facts.revision => {
            let (then, now) = (revision(&run.revision), revision(&facts.revision));
            return Err(Error::Resume(format!("the interrupted run was one of {then}, and the tree is at {now}")));
        }
        Life::Over => {}
    }
    let (lock, is_alone) = continue_alone(&state_dir, &run.id);
    // The other one may have come to its end before the lock was had.
    if !is_alone || store.last_of(&facts.selection)?.is_none_or(|last| last.id != run.id) {
        return Err(Error::Resume(format!("the run {} is continued already", run.id)));
    }
    let chain = store.chain(&run)?;
    let done = store.finished(&chain)?;
    let exact = exact(chosen).cloned().collect();
    let mut again = Vec::new();
    chosen.retain(|chosen| {
        let case = chosen.case.case;
        // How many tests an inexact function has is not known, and so not whether all had results.
        if !case.certainty.is_exact() {
            again.push(case.clone());
            return true;
        }
        done.get(&(case.id.clone(), case.occurrence)).is_none_or(|done| *done < rounds)
    });
    Ok(Continued { lock, store, run: run.id, chain, again, exact })
}

impl Continued {
    /// Its results, as results of the plan that goes on.
    pub(crate) fn results(self, plan: &Plan) -> Result<Earlier, Error> {
        let mut results: Vec<CaseResult> = Vec::new();
        // Every plan ends with a report.
        if let Some(step) = plan.steps().last().map(|step| step.id) {
            for run in self.chain.iter().rev() {
                results.extend(self.store.results(run, step)?);
            }
        }
        results
            .retain(|result| self.exact.contains(&result.id) || !self.again.iter().any(|case| is_of(case, &result.id)));
        Ok(Earlier { run: self.run, results, lock: self.lock.map(Arc::new) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_secret_is_not_kept() {
        let line = "--env TOKEN=a test --env=KEY=b --stage nightly -k x=y -- --password c";
        let kept = without_secrets(line.split(' ').map(str::to_owned)).join(" ");
        assert_eq!(kept, "--env TOKEN test KEY --stage nightly -k x=y");
    }
}
