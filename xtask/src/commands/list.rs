//! `list`: the catalog, as a tree for people or as JSON lines for tools.

use marker_policy::{resolve, resolve_cases, select};
use test_catalog::json;
use test_report::terminal::Styles;

use crate::cli::{Global, ListArgs, ListFormat};
use crate::environment::Environment;
use crate::error::Error;
use crate::exit::Exit;
use crate::output;
use crate::selected::warn_of_unknown_marks;
use crate::subject::{self, Reading, Subject};

pub(crate) fn run(global: &Global, args: &ListArgs, environment: &Environment) -> Result<Exit, Error> {
    let selector = subject::selector(&args.selection)?;
    let subject = Subject::locate(global)?;
    let reading = subject.read(global, &args.selection)?;
    let shows_all = args.selection.asks_for_nothing();
    if shows_all && matches!(args.format, ListFormat::Jsonl) {
        return write_all(&subject, reading);
    }
    let catalog = reading.finish()?;
    super::test::warn_of_problems(&catalog);
    let cases = resolve(&subject.policy, &catalog);
    // A listing shows what would not run, too: tools read `enabled` and `ignored`.
    let shown: Vec<_> = if shows_all {
        cases.iter().collect()
    } else {
        let selection = select(&subject.policy, &cases, &selector)?;
        warn_of_unknown_marks(&selection, &catalog);
        selection.chosen.iter().map(|chosen| chosen.case).collect()
    };
    match args.format {
        ListFormat::Text => {
            let styles = Styles::for_terminal(environment.colour);
            output::with(|out| test_report::listing::write(out, shown.iter().copied(), &styles))?;
        }
        ListFormat::Jsonl => output::with(|out| {
            let mut lines = json::Lines::new(out, subject.tree.as_str(), catalog.pytest.as_ref())?;
            shown.iter().try_for_each(|case| lines.case(case.case, &case.effective))
        })?,
    }
    let exit = if shown.is_empty() { Exit::NothingSelected } else { Exit::Success };
    // The process ends: giving a large catalog back piece by piece would only take time.
    drop(shown);
    std::mem::forget(cases);
    std::mem::forget(catalog);
    Ok(exit)
}

/// Writes all tests, each as soon as it is known: nothing that is written of one depends on those behind it.
fn write_all(subject: &Subject, reading: Reading) -> Result<Exit, Error> {
    let facts = reading.facts().cloned();
    // Nothing is written of a tree that cannot be listed.
    let mut reading = reading.wait()?;
    let mut exit = Exit::NothingSelected;
    let written = output::with(|out| {
        let mut lines = json::Lines::new(out, subject.tree.as_str(), facts.as_ref())?;
        while let Some(cases) = reading.next_cases() {
            exit = Exit::Success;
            // The process ends: nothing of it is given back.
            let cases = resolve_cases(&subject.policy, cases.leak()).leak();
            cases.iter().try_for_each(|case| lines.case(case.case, &case.effective))?;
        }
        Ok(())
    });
    super::test::warn_of_problems(&reading.finish()?);
    written?;
    Ok(exit)
}
