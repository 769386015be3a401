//! `test`: discover, select, plan, run and report.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use marker_policy::{Budget, BudgetScope, Category, Policy, ResolvedCase, measured_proposals, resolve, select};
use test_catalog::{Catalog, Language, NodeId};
use test_report::summary::BudgetUse;
use test_report::terminal::{Styles, printable};
use test_runner::coverage::{CoverageSettings, LlvmTools, PYTHON_PACKAGE};
use test_runner::{
    Capture, CaseResult, Interrupt, NotRunCause, PortSettings, PythonSettings, Retry, RunOutcome, RunSettings,
};

use crate::asked::{self, Questions};
use crate::changed::Head;
use crate::cli::{Global, MessageFormat, PlanFormat, TestArgs};
use crate::environment::Environment;
use crate::error::Error;
use crate::exit::Exit;
use crate::gpu_memory::Nvml;
use crate::inexact;
use crate::measured;
use crate::output;
use crate::past;
use crate::progress::{Progress, note};
use crate::selected::{nothing_selected, warn_of_unknown_marks};
use crate::signals;
use crate::subject::{self, Subject};

use super::division::{self, Measured};
use super::plan::Machine;
use super::told::{self, EventLines};

/// How many problems are named one by one.
const NAMED_PROBLEMS: usize = 10;
/// How many measured markers are named below a run.
const NAMED_MARKERS: usize = 10;

pub(crate) fn run(global: &Global, args: &TestArgs, environment: &Environment) -> Result<Exit, Error> {
    if args.container.is_asked_for() {
        let interrupt = Interrupt::new();
        signals::listen(&interrupt)?;
        return crate::container::run(global, args, &interrupt, environment.github_step_summary.as_deref());
    }
    let questions = Questions::listen()?;
    let selector = subject::selector(&args.selection)?;
    let subject = Subject::locate(global)?;
    if let Some(name) = &args.container.inside {
        crate::container::started(&subject.tree, name);
    }
    // None needs what another finds; the history takes longest.
    let (catalog, past, machine, head) = thread::scope(|scope| {
        let past = scope.spawn(|| past::of(&subject.tree, &args.division));
        let head = scope.spawn(|| Head::of(&subject.tree));
        let machine = scope.spawn(|| Machine::here(&args.machine, args.gpus.as_deref(), environment));
        (subject.catalog(global, &args.selection), joined(past), joined(machine), joined(head))
    });
    let catalog = catalog?;
    warn_of_problems(&catalog);
    let cases = resolve(&subject.policy, &catalog);
    let mut selection = select(&subject.policy, &cases, &selector)?;
    if selection.chosen.is_empty() {
        return Err(nothing_selected(&subject, &cases, &selection));
    }
    warn_of_unknown_marks(&selection, &catalog);
    let machine = machine?.having(&args.machine.has, &subject.policy)?.remembering(past);
    let run_facts = past::facts(head, global, args, &machine);
    let measured = Measured::of(&args.division)?;
    // Before anything that differs by machine: a shard is the same wherever it is asked for.
    let mut facts = division::divide(&subject.policy, &mut selection.chosen, args.division.shard, &measured);
    if args.failed {
        past::only_failed(&mut selection.chosen, &subject.tree)?;
    }
    let all_chosen: Vec<&ResolvedCase<'_>> = selection.chosen.iter().map(|chosen| chosen.case).collect();
    let rounds = past::rounds_of(args);
    let continued =
        args.resume.then(|| past::continued(&mut selection.chosen, &subject.tree, &run_facts, rounds)).transpose()?;
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
    super::doctor::preflight(&subject, &selection.chosen, (args.python.as_deref(), args.coverage), environment)?;
    // What earlier runs took is in the plan by now, and the run may be long.
    drop((measured, estimates));
    let interrupt = Interrupt::new();
    signals::listen(&interrupt)?;
    let styles = Styles::for_terminal(environment.colour);
    // Output that comes through, and a debugger, have the terminal for themselves.
    let is_live = environment.progress && !args.no_capture;
    for file in [&args.junit, &args.html].into_iter().flatten() {
        output::make_way(file)?;
    }
    let mut progress = Progress::new(is_live, styles.clone(), &plan, (!args.until_fail).then_some(rounds));
    questions.answered_by(progress.asker());
    let _keys = if is_live { asked::listen_for_keys(progress.asker()) } else { None };
    let mut lines = (args.message_format == MessageFormat::Jsonl).then(EventLines::new);
    let settings = RunSettings {
        earlier: continued.map(|continued| continued.results(&plan)).transpose()?,
        facts: run_facts,
        gpu_memory: Some(Arc::new(Nvml { library: args.machine.nvml.clone().map(Into::into) })),
        ..settings(&subject, &catalog, args, environment)?
    };
    let outcome = test_runner::run(&plan, &settings, &interrupt, |event| {
        progress.tell(event);
        if let Some(lines) = &mut lines {
            lines.tell(event, &plan);
        }
    })?;
    progress.finish();
    let ran = outcome.results.iter().filter(|result| result.outcome.has_run());
    let took = took(ran.map(|result| (&result.id, result.duration, result.retried)));
    let mut counted = all_chosen.iter().copied();
    let budgets = budgets(&subject.policy, args.selection.stage.as_deref(), &mut counted, &took);
    let exit = exit(&outcome, catalog.problems.is_empty(), require_all(args, environment));
    let is_over = budgets.iter().any(|budget| budget.used > budget.limit);
    let exit = if exit == Exit::Success && args.division.enforce_budget && is_over { Exit::OverBudget } else { exit };
    let text = test_report::summary::text(&outcome, &budgets, &styles)
        + &test_report::coverage::text(&outcome, &styles)
        + &test_report::plan_facts::origin(&facts)
        + &measured_markers(&subject, &catalog, &cases, &outcome);
    let shown = match lines {
        // Stdout is for events alone.
        Some(lines) => {
            note(&text);
            lines.finish(&outcome, exit)
        }
        None => output::write(&text),
    };
    // After the summary: a file that cannot be written costs nobody what he waited for, and what cannot be shown costs no file.
    let junit = args.junit.as_ref().map(|file| told::write_junit(&outcome, &settings.facts, &plan, file));
    let html = args
        .html
        .as_ref()
        .map(|file| super::report::of_run(global, &outcome, args, file, (&plan, &machine), environment));
    if let Some(file) = &environment.github_step_summary {
        // It is not what the run was for.
        if let Err(error) = told::append_summary(&outcome, &budgets, exit, file) {
            note(&format!("warning: {}", printable(&error.to_string())));
        }
    }
    junit.into_iter().chain(html).collect::<Result<(), Error>>()?;
    match shown {
        // As when the terminal is gone, which is why it was interrupted.
        Err(Error::Output(_)) if exit == Exit::Interrupted => Ok(exit),
        shown => shown.map(|()| exit),
    }
}

/// What a thread of a scope found.
fn joined<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// What a run ends with. What this machine cannot run counts only where all is required.
fn exit(outcome: &RunOutcome, all_read: bool, require_all: bool) -> Exit {
    let not_run = |is_meant: fn(NotRunCause) -> bool| {
        outcome.results.iter().filter_map(|result| result.outcome.cause()).any(is_meant)
    };
    if outcome.interrupted {
        Exit::Interrupted
    } else if outcome.has_failures() || not_run(|cause| cause.fails_run() && cause != NotRunCause::Usage) {
        Exit::Failure
    } else if not_run(|cause| cause == NotRunCause::Usage) {
        Exit::Usage
    } else if outcome.not_kept.is_some()
        || not_run(|cause| cause == NotRunCause::Machine)
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

fn settings(
    subject: &Subject,
    catalog: &Catalog,
    args: &TestArgs,
    environment: &Environment,
) -> Result<RunSettings, Error> {
    let rootdir = catalog.pytest.as_ref().map_or(subject.tree.clone(), |pytest| pytest.rootdir.in_tree(&subject.tree));
    let stage = args.selection.stage.as_deref().and_then(|stage| subject.policy.stage(stage));
    let stage = stage.map(|markers| format!("({})", markers.join(" or ")));
    let marks: Vec<_> =
        stage.into_iter().chain(args.selection.marks.as_ref().map(|text| format!("({text})"))).collect();
    Ok(RunSettings {
        rootdir,
        python: PythonSettings {
            interpreter: args.python.clone(),
            virtual_env: environment.virtual_env.clone(),
            requirements: args.coverage.then(|| PYTHON_PACKAGE.1.to_owned()).into_iter().collect(),
        },
        pytest_args: args.pytest_args.clone(),
        mark_expression: (!marks.is_empty()).then(|| marks.join(" and ")),
        keyword_expression: args.selection.keywords.clone(),
        capture: if args.no_capture { Capture::Through } else { Capture::Failures },
        fail_fast: args.fail_fast,
        secrets: environment.secrets.clone(),
        repeat: args.repeat.unwrap_or(1),
        until_fail: args.until_fail,
        ports: ports(&subject.policy),
        retry: retry(&subject.policy)?,
        coverage: args.coverage.then(|| coverage(subject, environment)),
        known: inexact::known_of_rust(&catalog.cases),
        ..RunSettings::new(subject.tree.clone(), past::state_dir(&subject.tree))
    })
}

/// The file that all runs of a machine lock the ports of their slots in, whoever's they are and whatever their temporary folders.
const PORTS: &str = "/tmp/dynamo-test-kit.ports";

/// The ports of slots, where the policy names a variable for them.
fn ports(policy: &Policy) -> Option<PortSettings> {
    let ports = policy.ports();
    let variable = ports.variable.clone()?;
    Some(PortSettings { variable, first: ports.first, last: ports.last, each: ports.each, file: PORTS.into() })
}

/// Which failures run again, where the policy names any.
fn retry(policy: &Policy) -> Result<Option<Retry>, Error> {
    let retry = policy.retry();
    if retry.output.is_empty() || retry.times == 0 {
        return Ok(None);
    }
    // The policy was held against the same library when it was read.
    Retry::new(&retry.output, retry.times, retry.pause).map(Some).map_err(Error::Internal)
}

/// What measures; of what is missing a run that needs it has been told before.
fn coverage(subject: &Subject, environment: &Environment) -> CoverageSettings {
    let named = environment.llvm_tools.clone();
    CoverageSettings { llvm: named.or_else(|| LlvmTools::of_toolchain(&subject.tree).ok()) }
}

/// What times and memory propose of the tests that ran, short. A history that cannot be read was warned of before.
fn measured_markers(subject: &Subject, catalog: &Catalog, cases: &[ResolvedCase<'_>], outcome: &RunOutcome) -> String {
    // No marker is written at a test of Rust.
    let may_get_one = |result: &CaseResult| result.language == Language::Python && result.outcome.has_run();
    if !outcome.results.iter().any(may_get_one) {
        return String::new();
    }
    let Ok(timings) = measured::of_history(&subject.tree) else { return String::new() };
    let ran: HashSet<&NodeId> =
        outcome.results.iter().filter(|result| result.outcome.has_run()).map(|result| &result.id).collect();
    let mut found = measured_proposals(&subject.policy, catalog, cases, &timings);
    found.retain(|finding| finding.cases.iter().any(|case| ran.contains(case)));
    let of_run = cases.iter().filter(|case| ran.contains(&case.case.id));
    let above = measured::above_profile(&subject.policy, of_run, &timings);
    measured::text(&found, NAMED_MARKERS) + &measured::text_above(&above, subject.policy.vram_marker(), NAMED_MARKERS)
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

/// What each test took: all its tries together, and of those that were repeated one round, since no budget is for several. Of each
/// result the id, the time, and whether another try followed.
pub(super) fn took<'r>(results: impl Iterator<Item = (&'r NodeId, Duration, bool)>) -> Vec<(&'r NodeId, Duration)> {
    let mut tests: BTreeMap<&NodeId, (Duration, u32)> = BTreeMap::new();
    for (id, took, retried) in results {
        let (all, rounds) = tests.entry(id).or_default();
        *all += took;
        *rounds += u32::from(!retried);
    }
    tests.into_iter().map(|(id, (all, rounds))| (id, all / rounds.max(1))).collect()
}

/// What the tests took, against the policy's budgets for them.
pub(super) fn budgets<'c, 'x: 'c>(
    policy: &Policy,
    stage: Option<&str>,
    cases: &mut dyn Iterator<Item = &'c ResolvedCase<'x>>,
    took: &[(&NodeId, Duration)],
) -> Vec<BudgetUse> {
    let cases: BTreeMap<&NodeId, &ResolvedCase<'_>> = cases.map(|case| (&case.case.id, case)).collect();
    let mut used: BTreeMap<String, (Duration, Duration)> = BTreeMap::new();
    for (id, took) in took {
        let Some(case) = cases.get(id) else { continue };
        for budget in policy.budgets() {
            for name in budget_names(policy, budget, stage, case) {
                used.entry(name).or_insert((Duration::ZERO, budget.limit)).0 += *took;
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
    fn a_budget_has_one_round_of_a_test_with_all_its_tries() {
        let ids = ["a", "b"].map(NodeId::from_text);
        let seconds = Duration::from_secs;
        let results = [(&ids[0], seconds(1), false), (&ids[0], seconds(3), false), (&ids[1], seconds(4), true)];
        let all = results.into_iter().chain([(&ids[1], seconds(5), false)]);
        assert_eq!(took(all), [(&ids[0], seconds(2)), (&ids[1], seconds(9))]);
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
