//! `list`: the catalog, as a tree for people or as JSON lines for tools.

use marker_policy::{resolve, select};
use test_catalog::json;
use test_report::terminal::Styles;

use crate::cli::{Global, ListArgs, ListFormat};
use crate::environment::Environment;
use crate::error::Error;
use crate::exit::Exit;
use crate::output;
use crate::selected::warn_of_unknown_marks;
use crate::subject::{self, Subject};

pub(crate) fn run(global: &Global, args: &ListArgs, environment: &Environment) -> Result<Exit, Error> {
    let selector = subject::selector(&args.selection)?;
    let subject = Subject::locate(global)?;
    let catalog = subject.catalog(global, &args.selection)?;
    super::test::warn_of_problems(&catalog);
    let cases = resolve(&subject.policy, &catalog);
    // A listing shows what would not run, too: tools read `enabled` and `ignored`.
    let shown: Vec<_> = if args.selection.asks_for_nothing() {
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
