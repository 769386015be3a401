//! `doctor`: whether this machine has what the selected tests need, and what to do where it has not.

use std::fmt::Write;

use marker_policy::{Chosen, resolve, select};
use owo_colors::OwoColorize;
use test_report::terminal::{Styles, printable};

use crate::cli::{DoctorArgs, Global};
use crate::environment::Environment;
use crate::error::Error;
use crate::exit::Exit;
use crate::output;
use crate::progress::note;
use crate::readiness::{Check, Found, Needs, State, checks};
use crate::selected::{nothing_selected, warn_of_unknown_marks};
use crate::subject::{self, Subject};

pub(crate) fn run(global: &Global, args: &DoctorArgs, environment: &Environment) -> Result<Exit, Error> {
    let selector = subject::selector(&args.selection)?;
    let subject = Subject::locate(global)?;
    let catalog = subject.catalog(global, &args.selection)?;
    let cases = resolve(&subject.policy, &catalog);
    let selection = select(&subject.policy, &cases, &selector)?;
    if selection.chosen.is_empty() {
        return Err(nothing_selected(&subject, &cases, &selection));
    }
    warn_of_unknown_marks(&selection, &catalog);
    let needs = Needs { coverage: args.coverage, ..needs(&subject, &selection.chosen) };
    let checks = of(&subject, &needs, args.python.as_deref(), environment);
    output::write(&text(&checks, &Styles::for_terminal(environment.colour)))?;
    Ok(if checks.iter().any(|check| check.state == State::Missing) { Exit::NotReady } else { Exit::Success })
}

/// Before a run: says what tests are known to need and is not here. The run goes on: tests without what they need say so
/// themselves. What was asked for and cannot be measured ends it before it begins.
pub(super) fn preflight(
    subject: &Subject,
    chosen: &[Chosen<'_, '_>],
    (python, coverage): (Option<&camino::Utf8Path>, bool),
    environment: &Environment,
) -> Result<(), Error> {
    let needs = Needs { coverage, ..needs(subject, chosen) };
    let checks = of(subject, &needs, python, environment);
    for check in checks.iter().filter(|check| check.before_run && check.state != State::Here) {
        if check.ends_run && check.state == State::Missing {
            let remedy = check.remedy.clone().unwrap_or_default();
            return Err(Error::NotReady { what: check.what.clone(), found: check.detail.clone(), remedy });
        }
        let remedy = check.remedy.as_ref().map(|remedy| format!(": {remedy}")).unwrap_or_default();
        note(&format!("warning: {}: {}{}", check.what, printable(&check.detail), printable(&remedy)));
    }
    Ok(())
}

fn needs(subject: &Subject, chosen: &[Chosen<'_, '_>]) -> Needs {
    Needs::of(&subject.policy, chosen.iter().map(|chosen| chosen.case))
}

fn of(subject: &Subject, needs: &Needs, python: Option<&camino::Utf8Path>, environment: &Environment) -> Vec<Check> {
    checks(needs, &Found::of(needs, &subject.tree, python, environment))
}

fn text(checks: &[Check], styles: &Styles) -> String {
    let mut out = String::new();
    for check in checks {
        let (word, style) = match check.state {
            State::Missing => ("missing", styles.bad),
            State::Doubtful => ("look at", styles.doubtful),
            State::Here => ("ok", styles.good),
        };
        // Styles take no room on the screen: the width is added by hand. Writing to a string cannot fail.
        let pad = " ".repeat(8usize.saturating_sub(word.len()));
        let _ = writeln!(out, "{}{pad} {:<16} {}", word.style(style), check.what, printable(&check.detail));
        if let Some(remedy) = &check.remedy {
            let _ = writeln!(out, "{:26}{}", "", printable(remedy));
        }
    }
    out
}
