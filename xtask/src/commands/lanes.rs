//! `lanes`: what CI runs.

use marker_policy::{Lanes, resolve};
use test_report::lane_changes::LaneChanges;
use test_report::lanes::LanesOf;
use test_report::terminal::Styles;
use test_runner::history::Past;

use crate::cli::{ChangesFormat, Global, LanesArgs, LanesCommand, MachineFormat, SelectionArgs};
use crate::environment::Environment;
use crate::error::Error;
use crate::exit::Exit;
use crate::output;
use crate::past;
use crate::progress;
use crate::snapshot::Snapshot;
use crate::subject::Subject;

pub(crate) fn run(global: &Global, args: &LanesArgs, environment: &Environment) -> Result<Exit, Error> {
    if let Some(LanesCommand::Diff { revision, format }) = &args.command {
        return diff(global, revision, *format);
    }
    let subject = Subject::locate(global)?;
    let (catalog, ci) = subject.catalog_and_ci(global, &SelectionArgs::default())?;
    let cases = resolve(&subject.policy, &catalog);
    let lanes = ci.lanes(&subject.tree, &subject.policy, &catalog, &cases);
    tell_problems(&lanes, "");
    let past = if args.no_history { Past::default() } else { past::read(&subject.tree) };
    let durations = super::plan::durations(&subject.policy, &cases, &past);
    let of = LanesOf { lanes: &lanes, cases: &cases, durations: &durations, policy: &subject.policy };
    let text = match args.format {
        MachineFormat::Text => {
            let styles = Styles::for_terminal(environment.colour);
            test_report::lanes::text(of, &styles)
        }
        MachineFormat::Json => {
            let text = test_report::lanes::json(of).map_err(|error| Error::Internal(error.to_string()))?;
            format!("{text}\n")
        }
    };
    output::write(&text)?;
    Ok(match lanes.problems() {
        [] if lanes.is_empty() => Exit::NothingSelected,
        [] => Exit::Success,
        _ => Exit::Usage,
    })
}

/// What the lanes gain and lose since a revision.
fn diff(global: &Global, revision: &str, format: ChangesFormat) -> Result<Exit, Error> {
    let subject = Subject::locate(global)?;
    let snapshot = Snapshot::take(&subject.tree, revision)?;
    let left_out = snapshot.left_out();
    for (count, what) in [(left_out.links, "links that lead out of the tree"), (left_out.submodules, "submodules")] {
        if count > 0 {
            let text = format!("{what}: {count} left out of {revision}, so that tests below show as gained");
            progress::note(&format!("warning: {text}"));
        }
    }
    let before = subject.elsewhere(global, snapshot.path()?)?;
    let selection = SelectionArgs::default();
    let (old_catalog, old_ci) = before.catalog_and_ci(global, &selection)?;
    let (new_catalog, new_ci) = subject.catalog_and_ci(global, &selection)?;
    let (old_cases, new_cases) = (resolve(&before.policy, &old_catalog), resolve(&subject.policy, &new_catalog));
    let old_lanes = old_ci.lanes(&before.tree, &before.policy, &old_catalog, &old_cases);
    let new_lanes = new_ci.lanes(&subject.tree, &subject.policy, &new_catalog, &new_cases);
    tell_problems(&old_lanes, &format!(" in {revision}"));
    tell_problems(&new_lanes, "");
    let changes = LaneChanges::between((&old_lanes, &old_cases), (&new_lanes, &new_cases));
    let text = match format {
        ChangesFormat::Text => changes.text(),
        ChangesFormat::Markdown => changes.markdown(),
        ChangesFormat::Json => {
            let text = changes.json().map_err(|error| Error::Internal(error.to_string()))?;
            format!("{text}\n")
        }
    };
    output::write(&text)?;
    let is_read = old_lanes.problems().is_empty() && new_lanes.problems().is_empty();
    Ok(if is_read { Exit::Success } else { Exit::Usage })
}

/// What could not be read, so that lanes may be missing.
fn tell_problems(lanes: &Lanes, place: &str) {
    for problem in lanes.problems() {
        progress::note(&format!("warning: {}{place}: {}: lanes may be missing", problem.at, problem.text));
    }
}
