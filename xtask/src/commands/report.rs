//! `report`: one page that shows the tree.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fs;
use std::time::Instant;

use camino::{Utf8Path, Utf8PathBuf};
use execution_plan::{BudgetForecast, CargoFeatures, Plan};
use gpu_inventory::Inventory;
use marker_policy::code_owners::{CodeOwners, LOCATIONS, TOO_LARGE};
use marker_policy::{Baseline, Chosen, Judged, ResolvedCase, Selector, resolve};
use test_catalog::NodeId;
use test_report::count::{counted, tests};
use test_report::fits::Fit;
use test_report::html::{self, Trend};
use test_runner::RunOutcome;
use test_runner::history::{PastRun, Store};
use test_runner::recorded::{Recorded, RecordedOutcome};

use super::audit_markers::read_baseline;
use super::division;
use super::plan::Machine;
use crate::cli::{Global, ReportArgs, SelectionArgs, TestArgs};
use crate::environment::Environment;
use crate::error::Error;
use crate::exit::Exit;
use crate::judgement::Judgement;
use crate::output;
use crate::past;
use crate::progress;
use crate::results;
use crate::subject::{self, Subject};

pub(crate) fn run(global: &Global, args: &ReportArgs, environment: &Environment) -> Result<Exit, Error> {
    write(global, args, environment, None)
}

/// Writes the page; with the plan of the run that it shows, where the caller has it.
fn write(
    global: &Global,
    args: &ReportArgs,
    environment: &Environment,
    of_run: Option<(&Plan, &Machine)>,
) -> Result<Exit, Error> {
    let start = Instant::now();
    let subject = Subject::locate(global)?;
    // One that is misspelt would have no budget, and nothing would say so.
    marker_policy::select(&subject.policy, &[], &Selector { stage: args.stage.clone(), ..Selector::default() })?;
    let files = files(&subject.tree, args)?;
    let results = results::read_all(&files)?;
    let baseline = args.baseline.as_deref().map(read_baseline).transpose()?;
    let (catalog, ci) = subject.audited(global, &SelectionArgs::default())?;
    if catalog.cases.is_empty() && catalog.problems.is_empty() {
        return Err(Error::NothingSelected(format!("{} has no tests", subject.tree)));
    }
    let cases = resolve(&subject.policy, &catalog);
    let lanes = ci.lanes(&subject.tree, &subject.policy, &catalog, &cases);
    let judgement =
        Judgement::of(&subject, (&catalog, &cases), &lanes, &results::timings(&results), environment.today, true);
    let judged = Judged { policy: &subject.policy, lanes: &lanes, whole_tree: true };
    let owners = code_owners(&subject.tree)?;

    let compared = baseline.as_ref().map(|baseline| {
        let changes = baseline.changes(&Baseline::of(&judgement.open), &judged);
        (changes, baseline.compare(judgement.open.clone(), &judged).new)
    });
    let trend = compared.as_ref().zip(args.baseline.as_deref()).map(|((changes, new), file)| Trend {
        baseline: file.file_name().unwrap_or(file.as_str()),
        changes,
        new,
    });
    let source = names(&files);
    let ran = results.iter().filter(|result| result.outcome != RecordedOutcome::NotRun);
    let took = super::test::took(ran.map(|result| (&result.id, result.took, result.retried)));
    let of_history = run_of_history(&subject.tree, &files);
    let stage = args.stage.as_deref().or_else(|| of_history.as_ref()?.stage.as_deref());
    let budgets = super::test::budgets(&subject.policy, stage, &mut cases.iter(), &took);
    let parts = of_history.as_ref().map(|run| parts(&subject.tree, run, &results)).unwrap_or_default();
    let planned = match of_run {
        Some((plan, machine)) => {
            let chosen = chosen_of(&cases, plan);
            let budgets = division::budgets(&subject.policy, stage, &chosen, plan);
            let fits = machine.fits(&subject.policy, &chosen, CargoFeatures::default());
            Some(Made { plan: Cow::Borrowed(plan), inventory: Cow::Borrowed(&machine.inventory), budgets, fits })
        }
        None if args.plan || args.gpus.is_some() => Some(plan(&subject, args, &cases, environment)?),
        None => None,
    };
    let report = html::Subject {
        name: subject.tree.file_name().unwrap_or("the tree"),
        label: args.label.as_deref(),
        policy: &subject.policy,
        catalog: &catalog,
        cases: &cases,
        lanes: &lanes,
        findings: &judgement.open,
        allowed: &judgement.allowed,
        owners: owners.as_ref().map(|(file, owners)| (*file, owners)),
        trend,
        results: (!files.is_empty()).then_some(html::Results {
            source: &source,
            results: &results,
            budgets: &budgets,
            is_one_run: files.len() == 1,
            parts: &parts,
        }),
        planned: planned.as_ref().map(|made| html::Planned {
            plan: &made.plan,
            budgets: &made.budgets,
            inventory: &made.inventory,
            fits: &made.fits,
            stage: if of_run.is_some() { stage } else { args.stage.as_deref() },
            is_of_run: of_run.is_some(),
        }),
    }
    .report();
    let page = html::page(&report).map_err(|error| Error::Internal(error.to_string()))?;
    output::to_file(&args.output, page.as_bytes())?;
    progress::note(&format!(
        "{}: {}, {}, {:.1} MB, in {:.2} s",
        args.output,
        tests(cases.len()),
        counted(judgement.open.len(), "finding", "findings"),
        mega(page.len()),
        start.elapsed().as_secs_f64()
    ));
    Ok(Exit::Success)
}

/// The page of a run that has just ended.
pub(super) fn of_run(
    global: &Global,
    outcome: &RunOutcome,
    args: &TestArgs,
    output: &Utf8Path,
    (plan, machine): (&Plan, &Machine),
    environment: &Environment,
) -> Result<(), Error> {
    let args = ReportArgs {
        output: output.to_owned(),
        baseline: None,
        results: vec![outcome.folder.join(RESULTS)],
        run: None,
        no_run: false,
        label: None,
        plan: false,
        gpus: None,
        stage: args.selection.stage.clone(),
        machine: args.machine.clone(),
    };
    write(global, &args, environment, Some((plan, machine))).map(drop)
}

/// A plan, and what is said beside it.
struct Made<'a> {
    plan: Cow<'a, Plan>,
    inventory: Cow<'a, Inventory>,
    budgets: Vec<BudgetForecast>,
    fits: Vec<Fit>,
}

/// Plans what was asked for.
fn plan(
    subject: &Subject,
    args: &ReportArgs,
    cases: &[ResolvedCase<'_>],
    environment: &Environment,
) -> Result<Made<'static>, Error> {
    let selection = SelectionArgs { stage: args.stage.clone(), ..SelectionArgs::default() };
    let chosen = marker_policy::select(&subject.policy, cases, &subject::selector(&selection)?)?.chosen;
    let machine = match &args.gpus {
        Some(text) => Machine::described(text)?,
        None => Machine::here(&args.machine, None, environment)?,
    }
    .having(&args.machine.has, &subject.policy)?
    .remembering(past::read(&subject.tree));
    let estimates = machine.estimates(&subject.policy);
    let plan = super::plan::plan(&subject.policy, &chosen, &estimates, &machine, &args.machine, &selection);
    division::check(&subject.policy, &chosen, &estimates, &plan)?;
    let budgets = division::budgets(&subject.policy, args.stage.as_deref(), &chosen, &plan);
    let fits = machine.fits(&subject.policy, &chosen, CargoFeatures::default());
    Ok(Made { plan: Cow::Owned(plan), inventory: Cow::Owned(machine.inventory), budgets, fits })
}

/// The tests that a plan has or refuses.
fn chosen_of<'c, 'x>(cases: &'c [ResolvedCase<'x>], plan: &Plan) -> Vec<Chosen<'c, 'x>> {
    let planned = plan.steps().flat_map(|step| &step.cases).map(|case| (&case.id, case.occurrence));
    let refused = plan.not_run.iter().map(|refused| (&refused.id, refused.occurrence));
    let ids: HashSet<(&NodeId, u32)> = planned.chain(refused).collect();
    let is_there = |case: &&ResolvedCase<'_>| ids.contains(&(&case.case.id, case.case.occurrence));
    let chosen = |case| Chosen { case, verdict: marker_expr::Truth::Yes, why: "".into() };
    cases.iter().filter(is_there).map(chosen).collect()
}

/// What the history knows of the run that is shown, where it is one of this tree. A history that cannot be read was warned of, or
/// is by who needs it; it costs what is said here.
fn run_of_history(tree: &Utf8Path, files: &[Utf8PathBuf]) -> Option<PastRun> {
    let [file] = files else { return None };
    let folder = file.parent()?;
    let state_dir = past::state_dir(tree);
    if folder.parent()?.canonicalize_utf8().ok()? != state_dir.join("runs").canonicalize_utf8().ok()? {
        return None;
    }
    Store::read(&state_dir).ok()??.run(folder.file_name()?).ok()?
}

/// Which part of a run each result is of, where the run continued others; empty for a run in one part.
fn parts(tree: &Utf8Path, run: &PastRun, results: &[Recorded]) -> Vec<usize> {
    let ids = || {
        let store = Store::read(&past::state_dir(tree)).ok()??;
        // The first part first.
        let chain = store.chain(run).ok()?;
        chain.iter().rev().map(|part| store.ids_of(part).ok()).collect::<Option<Vec<_>>>()
    };
    let ids = ids().unwrap_or_default();
    if ids.len() < 2 {
        return Vec::new();
    }
    // A test that ran again has its later result in the file.
    let part = |result: &Recorded| ids.iter().rposition(|part| part.contains(&result.id)).unwrap_or(ids.len() - 1);
    results.iter().map(part).collect()
}

/// The results to show: those that are named, else those of the run that is named, else those of the last run.
fn files(tree: &Utf8Path, args: &ReportArgs) -> Result<Vec<Utf8PathBuf>, Error> {
    if args.no_run || !args.results.is_empty() {
        return Ok(args.results.clone());
    }
    let runs = past::state_dir(tree).join("runs");
    let results = |run: &str| Some(runs.join(run).join(RESULTS)).filter(|file| file.is_file());
    match &args.run {
        Some(run) => {
            let plain = !run.contains(['/', '\\']) && run != "..";
            let file = plain.then(|| results(run)).flatten();
            file.map(|file| vec![file])
                .ok_or_else(|| Error::NothingSelected(format!("no run `{run}` is kept in {runs}")))
        }
        // A run's name begins with when it began, in milliseconds.
        None => {
            let entries = runs.read_dir_utf8().into_iter().flatten().flatten();
            let mut names: Vec<(u64, String)> = entries
                .filter_map(|entry| {
                    let name = entry.file_name().to_owned();
                    Some((name.split('-').next()?.parse().ok()?, name))
                })
                .collect();
            names.sort_unstable();
            Ok(names.iter().rev().find_map(|(_, name)| results(name)).into_iter().collect())
        }
    }
}

/// The file of a run's results in its folder.
const RESULTS: &str = "results.jsonl";

/// The files as the page names them: where they lie on this machine tells a reader nothing, but the name of a run does.
fn names(files: &[Utf8PathBuf]) -> String {
    let name = |file: &Utf8PathBuf| {
        let of_run = file.parent().filter(|folder| folder.parent().is_some_and(|runs| runs.ends_with("xtask/runs")));
        let of_run = of_run.and_then(Utf8Path::file_name).map(|run| format!("the run {run}"));
        of_run.unwrap_or_else(|| file.file_name().unwrap_or(file.as_str()).to_owned())
    };
    files.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// The first CODEOWNERS file where GitHub looks for it. One that GitHub does not load gives nobody anything.
fn code_owners(tree: &Utf8Path) -> Result<Option<(&'static str, CodeOwners)>, Error> {
    let found: Option<(&'static str, Utf8PathBuf)> =
        LOCATIONS.into_iter().map(|name| (name, tree.join(name))).find(|(_, path)| path.is_file());
    let Some((name, path)) = found else { return Ok(None) };
    let failed = |source| Error::Read { path: path.clone(), source };
    let size = fs::metadata(&path).map_err(failed)?.len();
    if size >= TOO_LARGE {
        progress::note(&format!(
            "warning: {name} has {:.1} MB, and GitHub loads none of 3 MB or more: nobody owns anything",
            mega(usize::try_from(size).unwrap_or(usize::MAX))
        ));
        return Ok(Some((name, CodeOwners::default())));
    }
    let text = fs::read(&path).map_err(failed)?;
    Ok(Some((name, CodeOwners::parse(&String::from_utf8_lossy(&text)))))
}

#[expect(clippy::cast_precision_loss, reason = "it is shown with one digit")]
fn mega(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}
