//! The Python half of the catalog held against real pytest.

use camino::Utf8Path;
use test_catalog::NodeId;
use test_catalog::comparison::pytest::compare;
use test_report::terminal::Styles;
use test_report::verify::pytest::{Verified, json, text};
use test_runner::collection::{collect, python_with_pytest};

use crate::cli::{Global, LanguageArg, MachineFormat, SelectionArgs, VerifyArgs};
use crate::environment::Environment;
use crate::error::Error;
use crate::exit::Exit;
use crate::output;
use crate::subject::Subject;

use super::LINES;

pub(super) fn run(global: &Global, args: &VerifyArgs, environment: &Environment) -> Result<Exit, Error> {
    let subject = Subject::locate(global)?;
    let python = python_with_pytest(args.python.interpreter.as_deref(), &subject.tree)?;
    let global =
        Global { pytest_version: Some(python.pytest.clone()), python_version: python.python.clone(), ..global.clone() };
    let everything_python =
        SelectionArgs { paths: args.paths.clone(), language: Some(LanguageArg::Python), ..SelectionArgs::default() };
    // First, so that a wrong path is told of without waiting for pytest.
    let catalog = subject.catalog(&global, &everything_python)?;
    crate::commands::test::warn_of_problems(&catalog);
    let folder = tempfile::tempdir().map_err(|source| Error::Write { path: "a temporary folder".into(), source })?;
    let path = Utf8Path::from_path(folder.path()).ok_or_else(|| Error::NotUtf8(folder.path().display().to_string()))?;
    let arguments: Vec<_> = args.python.pytest_args.iter().chain(&args.paths).cloned().collect();
    let collection = collect(&python, &subject.tree, &arguments, &global.environment, path)?;
    let unseen: Vec<NodeId> =
        collection.failed.iter().chain(&collection.skipped).map(|unseen| unseen.node.clone()).collect();
    let comparison = compare(&catalog, &collection.tests, &unseen);
    let verified =
        Verified { python: &python, collection: &collection, cases: catalog.cases.len(), comparison: &comparison };
    match args.format {
        MachineFormat::Json => {
            let text = json(&verified).map_err(|error| Error::Internal(error.to_string()))?;
            output::write(&format!("{text}\n"))?;
        }
        MachineFormat::Text => {
            let most = (!args.all).then_some(LINES);
            output::write(&text(&verified, most, &Styles::for_terminal(environment.colour)))?;
        }
    }
    Ok(if comparison.is_same() { Exit::Success } else { Exit::Failure })
}
