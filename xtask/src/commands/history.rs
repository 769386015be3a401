//! `history`: what stands out in the results of earlier runs, and carrying them from machine to machine.

use camino::{Utf8Path, Utf8PathBuf};
use marker_policy::{measured_proposals, resolve};
use test_report::terminal::Styles;
use test_runner::history::{Store, insights};

use crate::cli::{Global, HistoryArgs, HistoryCommand, MachineFormat, SelectionArgs};
use crate::environment::Environment;
use crate::error::Error;
use crate::exit::Exit;
use crate::progress::note;
use crate::subject::Subject;
use crate::{input, measured, output, past};

/// The largest document that is merged, in bytes.
const LARGEST: usize = 1 << 30;

pub(crate) fn run(global: &Global, args: &HistoryArgs, environment: &Environment) -> Result<Exit, Error> {
    let subject = Subject::locate(global)?;
    let state_dir = past::state_dir(&subject.tree);
    match &args.command {
        Some(HistoryCommand::Merge { files }) => merge(&state_dir, files),
        Some(HistoryCommand::Prune { keep }) => prune(&state_dir, *keep),
        Some(HistoryCommand::Markers) => {
            // Nobody proposes by what is not there.
            drop(store(&state_dir)?);
            let catalog = subject.catalog(global, &SelectionArgs::default())?;
            let cases = resolve(&subject.policy, &catalog);
            let timings = measured::of_history(&subject.tree)?;
            let found = measured_proposals(&subject.policy, &catalog, &cases, &timings);
            let above = measured::above_profile(&subject.policy, &cases, &timings);
            let text = measured::text(&found, usize::MAX)
                + &measured::text_above(&above, subject.policy.vram_marker(), usize::MAX);
            output::write(if text.is_empty() { "measured: no marker to add\n" } else { &text })?;
            Ok(Exit::Success)
        }
        Some(HistoryCommand::Export { output, timings }) => {
            let store = store(&state_dir)?;
            let text = if *timings {
                let cases = past::timings(&store.past()?);
                execution_plan::timings::write(&cases).map_err(|error| Error::Internal(error.to_string()))?
            } else {
                store.export()?
            };
            match output {
                Some(file) => output::to_file(file, text.as_bytes())?,
                None => output::write(&text)?,
            }
            Ok(Exit::Success)
        }
        None => {
            let past = store(&state_dir)?.past()?;
            let found = insights(&past);
            output::write(&match args.format {
                MachineFormat::Text => {
                    test_report::history::text(&found, past.runs, args.limit, &Styles::for_terminal(environment.colour))
                }
                MachineFormat::Json => test_report::history::json(&found, past.runs),
            })?;
            Ok(Exit::Success)
        }
    }
}

fn store(state_dir: &Utf8Path) -> Result<Store, Error> {
    Store::read(state_dir)?.ok_or_else(|| {
        Error::NothingSelected(format!("no run was recorded in {state_dir}: `cargo xtask test` records them"))
    })
}

fn prune(state_dir: &Utf8Path, keep: u32) -> Result<Exit, Error> {
    // Opening it to be written makes one where there is none.
    drop(store(state_dir)?);
    let mut opened = Store::open(state_dir)?;
    if let Some(said) = &opened.set_aside {
        note(&format!("warning: {said}"));
    }
    let pruned = opened.store.prune(state_dir, keep)?;
    let counted = test_report::count::counted;
    output::write(&format!(
        "taken out: {}, {}, {}\n",
        counted(pruned.runs, "run", "runs"),
        counted(pruned.results, "result", "results"),
        counted(pruned.folders, "folder of outputs", "folders of outputs")
    ))?;
    Ok(Exit::Success)
}

fn merge(state_dir: &Utf8Path, files: &[Utf8PathBuf]) -> Result<Exit, Error> {
    let mut opened = Store::open(state_dir)?;
    if let Some(said) = &opened.set_aside {
        note(&format!("warning: {said}"));
    }
    for file in files {
        let text = input::text(file, LARGEST)?;
        if text.len() > LARGEST {
            return Err(Error::TooLarge { path: file.clone(), most: LARGEST >> 20 });
        }
        let merged = opened.store.merge(&text).map_err(|source| Error::Merge { path: file.clone(), source })?;
        let (runs, results) = (
            test_report::count::counted(merged.runs, "run", "runs"),
            test_report::count::counted(merged.results, "result", "results"),
        );
        output::write(&format!("{file}: {runs} and {results} that were not here\n"))?;
    }
    Ok(Exit::Success)
}
