//! `lanes`: what CI runs.

use marker_policy::resolve;
use test_report::terminal::Styles;

use crate::cli::{Global, LanesArgs, MachineFormat, SelectionArgs};
use crate::environment::Environment;
use crate::error::Error;
use crate::exit::Exit;
use crate::output;
use crate::progress;
use crate::subject::Subject;

pub(crate) fn run(global: &Global, args: &LanesArgs, environment: &Environment) -> Result<Exit, Error> {
    let subject = Subject::locate(global)?;
    let (catalog, ci) = subject.catalog_and_ci(global, &SelectionArgs::default())?;
    let cases = resolve(&subject.policy, &catalog);
    let lanes = ci.lanes(&subject.policy, &cases);
    for problem in lanes.problems() {
        progress::note(&format!("warning: {}: {}", problem.at, problem.text));
    }
    let text = match args.format {
        MachineFormat::Text => {
            let styles = Styles::for_terminal(environment.colour);
            test_report::lanes::text(&lanes, &cases, &subject.policy, &styles)
        }
        MachineFormat::Json => {
            let text = test_report::lanes::json(&lanes, &cases, &subject.policy)
                .map_err(|error| Error::Internal(error.to_string()))?;
            format!("{text}\n")
        }
    };
    output::write(&text)?;
    Ok(if lanes.is_empty() { Exit::NothingSelected } else { Exit::Success })
}
