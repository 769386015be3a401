//! `test`: discover, select, plan, run and report.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use camino::Utf8Path;
use marker_policy::{Budget, BudgetScope, Category, Chosen, Policy, ResolvedCase, Selection, resolve, select};
use test_catalog::{Catalog, NodeId};
use test_report::count;
use test_report::summary::BudgetUse;
use test_report::terminal::Styles;
use test_runner::{Capture, Interrupt, PythonSettings, RunOutcome, RunSettings};

use crate::cli::{Global, PlanFormat, TestArgs};
use crate::environment::Environment;
use crate::error::Error;
use crate::exit::Exit;
use crate::output;
use crate::past;
use crate::progress::{Progress, note};
use crate::subject::{self, Subject};

use super::division::{self, Measured};
use super::plan::Machine;

/// How many problems are named one by one.
const NAMED_PROBLEMS: usize = 10;

pub(crate) fn run(global: &Global, args: &TestArgs, environment: &Environment) -> Result<Exit, Error> {
    let selector = subject::selector(&args.selection)?;
    let subject = Subject::locate(global)?;
    let catalog = subject.catalog(global, &args.selection)?;
    warn_of_problems(&catalog);
    let cases = resolve(&subject.policy, &catalog);
    let mut selection = select(&subject.policy, &cases, &selector)?;
    if selection.chosen.is_empty() {
        return Err(nothing_selected(&subject, &cases, &selection));
    }
    let machine = Machine::here(&args.machine, args.gpus.as_deref(), environment)?
        .remembering(past::of(&subject.tree, &args.division));
    let run_facts = past::facts(&subject.tree, global, args, &machine);
    let measured = Measured::of(&args.division)?;
    // Before anything that differs by machine: a shard is the same wherever it is asked for.
    let mut facts = division::divide(&subject.policy, &mut selection.chosen, args.division.shard, &measured);
    if args.failed {
        past::only_failed(&mut selection.chosen, &subject.tree)?;
    }
    let all_chosen = selection.chosen.clone();
    let continued =
        args.resume.then(|| past::continued(&mut selection.chosen, &subject.tree, &run_facts)).transpose()?;
    let estimates = measured.before(machine.estimates(&subject.policy));
    let plan =
        super::plan::plan(&subject.policy, &selection.chosen, &estimates, &machine, &args.machine, &args.selection);
    // Before anything is started: a plan that breaks its own rules is a mistake of this program.
    division::check(&subject.policy, &selection.chosen, &estimates, &plan)?;
    if args.dry_run {
        let stage = args.selection.stage.as_deref();
        facts.budgets = division::budgets(&subject.policy, stage, &selection.chosen, &plan);
        super::plan::show(&plan, &facts, PlanFormat::Text, environment)?;
        return Ok(division::exit(&facts, &args.division));
    }
    let interrupt = Interrupt::new();
    listen_for_signals(&interrupt)?;
    let styles = Styles::for_terminal(environment.colour);
    let mut progress = Progress::new(environment, styles.clone(), plan.case_count());
    let settings = RunSettings {
        earlier: continued.map(|continued| continued.results(&plan)).transpose()?,
        facts: run_facts,
        ..settings(&subject, &catalog, args, environment)
    };
    let outcome = test_runner::run(&plan, &settings, &interrupt, |event| progress.tell(event))?;
    progress.finish();
    if let Some(file) = &args.junit {
        write_junit(&outcome, file)?;
    }
    let budgets = budgets(&subject.policy, args.selection.stage.as_deref(), &all_chosen, &outcome);
    output::write(&test_report::summary::text(&outcome, &budgets, &styles))?;
    output::write(&test_report::plan_facts::origin(&facts))?;
    let exit = exit(&outcome, catalog.problems.is_empty(), require_all(args, environment));
    let is_over = budgets.iter().any(|budget| budget.used > budget.limit);
    Ok(if exit == Exit::Success && args.division.enforce_budget && is_over { Exit::OverBudget } else { exit })
}

/// What a run ends with. What this machine cannot run counts only where all is required.
fn exit(outcome: &RunOutcome, all_read: bool, require_all: bool) -> Exit {
    use test_runner::NotRunCause as Cause;
    let not_run = |causes: &[Cause]| {
        outcome.results.iter().any(|result| match &result.outcome {
            test_runner::Outcome::NotRun { cause, .. } => causes.contains(cause),
            _ => false,
        })
    };
    if outcome.interrupted {
        Exit::Interrupted
    } else if outcome.has_failures() || not_run(&[Cause::Collection, Cause::Missing, Cause::Stopped]) {
        Exit::Failure
    } else if outcome.not_kept.is_some()
        || not_run(&[Cause::Machine])
        || (require_all && (!outcome.refused.is_empty() || !all_read))
    {
        Exit::NotReady
    } else {
        Exit::Success
    }
}

fn require_all(args: &TestArgs, environment: &Environment) -> bool {
    args.require_all || (environment.ci && !args.no_require_all)
}

fn settings(subject: &Subject, catalog: &Catalog, args: &TestArgs, environment: &Environment) -> RunSettings {
    let rootdir = catalog.pytest.as_ref().map_or(subject.tree.clone(), |pytest| pytest.rootdir.in_tree(&subject.tree));
    let stage = args.selection.stage.as_deref().and_then(|stage| subject.policy.stage(stage));
    let stage = stage.map(|markers| format!("({})", markers.join(" or ")));
    let marks: Vec<_> =
        stage.into_iter().chain(args.selection.marks.as_ref().map(|text| format!("({text})"))).collect();
    RunSettings {
        rootdir,
        python: PythonSettings {
            interpreter: args.python.clone(),
            virtual_env: environment.virtual_env.clone(),
            ..PythonSettings::default()
        },
        pytest_args: args.pytest_args.clone(),
        mark_expression: (!marks.is_empty()).then(|| marks.join(" and ")),
        keyword_expression: args.selection.keywords.clone(),
        capture: if args.no_capture { Capture::Through } else { Capture::Failures },
        fail_fast: args.fail_fast,
        ..RunSettings::new(subject.tree.clone(), past::state_dir(&subject.tree))
    }
}

/// Ctrl-C, and TERM and HUP like it: once to end in order, twice to end at once.
fn listen_for_signals(interrupt: &Interrupt) -> Result<(), Error> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP]).map_err(Error::Signals)?;
    let interrupt = interrupt.clone();
    std::thread::spawn(move || signals.forever().for_each(|_| interrupt.raise()));
    Ok(())
}

/// Written whole or not at all: a reader never sees half a file.
fn write_junit(outcome: &RunOutcome, file: &Utf8Path) -> Result<(), Error> {
    let xml = test_report::junit::xml(outcome).map_err(|error| Error::Internal(error.to_string()))?;
    let failed = |source| Error::Write { path: file.to_owned(), source };
    let folder = file.parent().filter(|folder| !folder.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    let mut temporary = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    std::io::Write::write_all(&mut temporary, xml.as_bytes()).map_err(failed)?;
    temporary.persist(file).map_err(|error| failed(error.error))?;
    Ok(())
}

/// What could not be read, as warnings: such a file costs its own tests only.
pub(crate) fn warn_of_problems(catalog: &Catalog) {
    use test_report::terminal::printable;
    for problem in catalog.problems.iter().take(NAMED_PROBLEMS) {
        note(&format!(
            "warning: {}: {}; its tests are not run",
            printable(&problem.at.to_string()),
            printable(&problem.message)
        ));
    }
    let more = catalog.problems.len().saturating_sub(NAMED_PROBLEMS);
    if more > 0 {
        note(&format!("warning: and {more} more such problems: `cargo xtask audit-markers` shows all"));
    }
}

/// Why nothing is left, with what was probably meant.
pub(crate) fn nothing_selected(subject: &Subject, cases: &[ResolvedCase<'_>], selection: &Selection<'_, '_>) -> Error {
    if cases.is_empty() {
        return Error::NothingSelected(format!("{} has no tests where they were looked for", subject.tree));
    }
    let mut text = format!("none of {} is selected:", count::tests(cases.len()));
    for (filter, left_out) in &selection.left_out {
        text.push_str(&format!("\n  {} left out by {}", count::grouped(*left_out), filter.as_str()));
    }
    for unknown in &selection.unknown_marks {
        text.push_str(&format!("\n  no test has the marker `{}` (column {})", unknown.name, unknown.column));
        if let Some(nearest) = unknown.nearest.first() {
            text.push_str(&format!("; did you mean `{nearest}`?"));
        }
    }
    Error::NothingSelected(text)
}

/// What the tests took, against the policy's budgets for them.
fn budgets(policy: &Policy, stage: Option<&str>, chosen: &[Chosen<'_, '_>], outcome: &RunOutcome) -> Vec<BudgetUse> {
    let cases: BTreeMap<&NodeId, &ResolvedCase<'_>> =
        chosen.iter().flat_map(|chosen| [(&chosen.case.case.id, chosen.case)]).collect();
    let mut used: BTreeMap<String, (Duration, Duration)> = BTreeMap::new();
    for result in outcome.results.iter().filter(|result| result.outcome.has_run()) {
        let Some(case) = cases.get(&result.id) else { continue };
        for budget in policy.budgets() {
            for name in budget_names(policy, budget, stage, case) {
                used.entry(name).or_insert((Duration::ZERO, budget.limit)).0 += result.duration;
            }
        }
    }
    used.into_iter().map(|(name, (used, limit))| BudgetUse { name, used, limit }).collect()
}

/// The budgets of this kind that a case counts in: one, or one for each of its components.
pub(super) fn budget_names(
    policy: &Policy,
    budget: &Budget,
    run_stage: Option<&str>,
    case: &ResolvedCase<'_>,
) -> Vec<String> {
    let has = |name: &String| case.marker(name).is_some();
    // A stage takes every earlier one's tests, too; a run of another stage does not tell how long this one takes.
    let is_of_stage = |stage: &String| {
        run_stage.is_none_or(|run| run == stage) && policy.stage(stage).is_some_and(|all| all.iter().any(has))
    };
    if !budget.test_type.as_ref().is_none_or(has) || !budget.stage.as_ref().is_none_or(is_of_stage) {
        return Vec::new();
    }
    let kind = budget.test_type.as_deref().unwrap_or("all tests");
    let stage = budget.stage.as_deref().map(|stage| format!(" in {stage}")).unwrap_or_default();
    match budget.scope {
        BudgetScope::Suite => {
            let components = policy.members_of(Category::Component, case);
            let components = if components.is_empty() { vec!["(no component)"] } else { components };
            components.into_iter().map(|component| format!("suite {component} {kind}{stage}")).collect()
        }
        BudgetScope::Run => vec![format!("{kind}{stage}")],
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use test_catalog::{Catalog, Certainty, Marker, Markers, Origin, Position, SourceSpan, TestCase};

    use super::*;

    /// The budgets that a test with these markers counts in, in a run of that stage.
    fn names(stage: Option<&str>, markers: &[&str]) -> Vec<String> {
        let text = "extends = \"dynamo-2025-10\"\nbudgets = [{ stage = \"nightly\", limit = \"3 h\" }, \
                    { type = \"unit\", limit = \"5 min\" }, { type = \"unit\", per = \"suite\", limit = \"15 s\" }, \
                    { type = \"e2e\", stage = \"pre_merge\", limit = \"15 min\" }]\n";
        let policy = Policy::parse("p", text).unwrap();
        let at = SourceSpan::at("tests/test_a.py".into(), Position { line: 1, column: 1 });
        let list = markers.iter().map(|name| Marker::bare(*name, Origin::Source(at.clone())));
        let id = NodeId::from_text("tests/test_a.py::test_a");
        let case = TestCase::python(id, at.clone(), Markers::known(list), Certainty::Exact);
        let catalog = Catalog { cases: vec![case], ..Catalog::default() };
        let cases = resolve(&policy, &catalog);
        policy.budgets().iter().flat_map(|budget| budget_names(&policy, budget, stage, &cases[0])).collect()
    }

    #[test]
    fn a_test_counts_in_the_budgets_of_its_type_its_suite_and_the_stage_that_runs() {
        let nightly = "all tests in nightly";
        for (stage, markers, expected) in [
            (None, &["pre_merge", "e2e"][..], &[nightly, "e2e in pre_merge"][..]),
            (Some("pre_merge"), &["pre_merge", "e2e"], &["e2e in pre_merge"]),
            (Some("nightly"), &["pre_merge", "e2e"], &[nightly]),
            (Some("nightly"), &["nightly", "e2e"], &[nightly]),
            (Some("weekly"), &["weekly", "e2e"], &[]),
            (
                Some("pre_merge"),
                &["pre_merge", "unit", "vllm", "router"],
                &["unit", "suite vllm unit", "suite router unit"],
            ),
            (Some("pre_merge"), &["pre_merge", "unit"], &["unit", "suite (no component) unit"]),
        ] {
            assert_eq!(names(stage, markers), expected, "{stage:?} {markers:?}");
        }
    }
}
