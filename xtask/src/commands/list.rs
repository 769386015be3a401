//! `list`: the catalog, as a tree for people or as JSON lines for tools.

use std::io::{self, Write};
use std::sync::mpsc;
use std::thread;

use marker_policy::{ResolvedCase, resolve, select};
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
            json::Lines::new(&mut *out, subject.tree.as_str(), catalog.pytest.as_ref())?;
            write_cases(out, &shown)
        })?,
    }
    let exit = if shown.is_empty() { Exit::NothingSelected } else { Exit::Success };
    // The process ends: giving a large catalog back piece by piece would only take time.
    drop(shown);
    std::mem::forget(cases);
    std::mem::forget(catalog);
    Ok(exit)
}

/// Cases that are written at a time.
const PART: usize = 128;
/// Room for so many: a case has one or two thousand bytes.
const PART_BYTES: usize = PART << 11;
/// Parts that a helper is ahead of this thread.
const MOST_WAITING: usize = 8;

/// Writes the lines of the cases. Further processors make parts of them ahead, each in its turn.
fn write_cases(out: impl Write, cases: &[&ResolvedCase<'_>]) -> io::Result<()> {
    let parts: Vec<_> = cases.chunks(PART).collect();
    let turns = thread::available_parallelism().map_or(1, usize::from).min(parts.len().max(1));
    thread::scope(|scope| {
        let helpers: Vec<_> = (1..turns)
            .map(|turn| {
                // A few parts may wait: to wait for each other costs more than they do.
                let (send, made) = mpsc::sync_channel(MOST_WAITING);
                // Fresh memory costs more than what was written before.
                let (give_back, used) = mpsc::channel::<Vec<u8>>();
                let parts = parts.iter().skip(turn).step_by(turns);
                scope.spawn(move || {
                    let mut lines = json::Lines::further(Vec::with_capacity(PART_BYTES));
                    for part in parts {
                        let written = write_part(part, &mut lines);
                        let next = used.try_recv().unwrap_or_else(|_| Vec::with_capacity(PART_BYTES));
                        let made = std::mem::replace(lines.out(), next);
                        // Nobody waits for it where the output has failed.
                        if send.send(written.map(|()| made)).is_err() {
                            break;
                        }
                    }
                });
                (made, give_back)
            })
            .collect();
        let mut lines = json::Lines::further(out);
        for (index, part) in parts.iter().enumerate() {
            let Some(helper) = (index % turns).checked_sub(1) else {
                write_part(part, &mut lines)?;
                continue;
            };
            let (made, give_back) = &helpers[helper];
            // Where its thread panicked, the scope passes that on.
            let Ok(made) = made.recv() else { break };
            let mut made = made?;
            lines.out().write_all(&made)?;
            made.clear();
            // It may have no use for it any more.
            let _ = give_back.send(made);
        }
        Ok(())
    })
}

fn write_part<W: Write>(part: &[&ResolvedCase<'_>], lines: &mut json::Lines<W>) -> io::Result<()> {
    part.iter().try_for_each(|case| lines.case(case.case, &case.effective))
}
