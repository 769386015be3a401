//! `audit-markers`: the policy held against the tree.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::time::Instant;

use marker_policy::{Lanes, audit, resolve, select, unjudged};
use test_catalog::TreePath;
use test_report::findings::{self, Audited};
use test_report::terminal::Styles;

use crate::cli::{AuditArgs, AuditFormat, Global};
use crate::environment::Environment;
use crate::error::Error;
use crate::exit::Exit;
use crate::output;
use crate::subject::{self, Subject};

pub(crate) fn run(global: &Global, args: &AuditArgs, environment: &Environment) -> Result<Exit, Error> {
    let start = Instant::now();
    let selector = subject::selector(&args.selection)?;
    let mut subject = Subject::locate(global)?;
    // Who names a path asks about that path, wherever the policy binds.
    if !args.selection.paths.is_empty() {
        subject.policy = subject.policy.everywhere();
    }
    let catalog = subject.observed_catalog(global, &args.selection)?;
    if catalog.cases.is_empty() && catalog.problems.is_empty() {
        return Err(Error::NothingSelected(format!("{} has no tests", subject.tree)));
    }
    let cases = resolve(&subject.policy, &catalog);
    let mut found = audit(&subject.policy, &catalog, &cases, &Lanes::none());
    let selection = select(&subject.policy, &cases, &selector)?;
    let narrowed = selector.stage.is_some()
        || selector.marks.is_some()
        || selector.keywords.is_some()
        || !selector.components.is_empty()
        || !selector.types.is_empty();
    // A case that the feature set does not compile is audited all the same: its markers are wrong or they are not.
    if narrowed {
        let chosen: BTreeSet<_> = selection.chosen.iter().map(|chosen| &chosen.case.case.id).collect();
        found.retain_mut(|finding| {
            finding.cases.retain(|case| chosen.contains(case));
            !finding.cases.is_empty()
        });
    }
    let judged: Vec<_> = if narrowed {
        selection.chosen.iter().map(|chosen| chosen.case.case).collect()
    } else {
        catalog.cases.iter().collect()
    };
    let unbound = judged.iter().filter(|case| case.as_rust().is_none() && !subject.policy.binds(case.file().as_str()));
    let audited = Audited {
        unbound: unbound.count(),
        cases: judged.len(),
        files: judged.iter().map(|case| case.file()).collect::<BTreeSet<_>>().len(),
        inexact: judged.iter().filter(|case| !case.certainty.is_exact()).count(),
        time: start.elapsed(),
    };
    match args.format {
        AuditFormat::Json => {
            let text = findings::json(&found, audited).map_err(|error| Error::Internal(error.to_string()))?;
            output::write(&format!("{text}\n"))?;
        }
        AuditFormat::Text => {
            let styles = Styles::for_terminal(environment.colour);
            let mut sources: HashMap<&TreePath, Option<String>> = HashMap::new();
            let mut text = String::new();
            for finding in &found {
                let file = &finding.at.file;
                let source =
                    sources.entry(file).or_insert_with(|| fs::read_to_string(file.in_tree(&subject.tree)).ok());
                text.push_str(&findings::text(finding, source.as_deref(), &styles));
                text.push('\n');
            }
            if args.inexact {
                text.push_str(&findings::unjudged(&unjudged(&cases)));
            }
            text.push_str(&findings::counts(&found, audited));
            output::write(&text)?;
        }
    }
    Ok(if found.is_empty() { Exit::Success } else { Exit::Failure })
}
