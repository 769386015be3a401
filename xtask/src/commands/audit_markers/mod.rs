//! `audit-markers`: the policy held against the tree.
//!
//! Findings pass what comments allow ([`crate::sources`] reads them), what was there before ([`baseline`]) and what was asked
//! for ([`narrow`]), and are written in one form or another ([`forms`]).

mod baseline;
mod forms;
mod narrow;

use std::collections::BTreeSet;
use std::mem::ManuallyDrop;
use std::time::{Instant, SystemTime};

use marker_policy::{Judged, NaiveDate, Timings, nearest, resolve, rules};
use test_report::findings::{self, Audited};
use test_report::rule_page;

use crate::cli::{AuditArgs, Global};
use crate::environment::Environment;
use crate::error::Error;
use crate::exit::Exit;
use crate::fix;
use crate::judgement::Judgement;
use crate::measured;
use crate::output;
use crate::results;
use crate::selected::{nothing_selected, warn_of_unknown_marks};
use crate::subject::{self, Subject};
pub(super) use baseline::read as read_baseline;
use forms::Audit;
use narrow::Narrow;

/// So often proposals are written that follow from the ones before; each time there are fewer.
const MOST_ROUNDS: u32 = 20;

pub(crate) fn run(global: &Global, args: &AuditArgs, environment: &Environment) -> Result<Exit, Error> {
    audit(global, args, environment, MOST_ROUNDS)
}

fn audit(global: &Global, args: &AuditArgs, environment: &Environment, rounds: u32) -> Result<Exit, Error> {
    if let Some(code) = &args.explain {
        return explain(global, code);
    }
    let start = Instant::now();
    let started = SystemTime::now();
    let today = args.today.as_deref().map_or(Ok(environment.today), day)?;
    let selector = subject::selector(&args.selection)?;
    let mut subject = Subject::locate(global)?;
    baseline::check_usage(args, &selector)?;
    let known = args.baseline.as_deref().map(baseline::read).transpose()?;
    let mut timings = if args.measured { measured::of_history(&subject.tree)? } else { Timings::default() };
    results::add_times(&mut timings, &results::read_all(&args.results)?);
    // Who names a path asks about that path, wherever the policy binds.
    if !args.selection.paths.is_empty() {
        subject.policy = subject.policy.everywhere();
    }
    let named = narrow::named(&subject, global, &args.selection)?;
    let (catalog, ci) = subject.audited(global, &narrow::whole_files(&args.selection))?;
    if catalog.cases.is_empty() && catalog.problems.is_empty() {
        return Err(Error::NothingSelected(format!("{} has no tests", subject.tree)));
    }
    // The process ends with the audit: giving so much back piece by piece would only take time.
    let catalog = ManuallyDrop::new(catalog);
    let cases = ManuallyDrop::new(resolve(&subject.policy, &catalog));
    let lanes = ManuallyDrop::new(ci.lanes(&subject.tree, &subject.policy, &catalog, &cases));
    let whole_tree = narrow::is_whole_tree(&args.selection);
    let Judgement { mut open, mut allowed, exempt: mut held, sources } =
        Judgement::of(&subject, (&catalog, &cases), &lanes, &timings, today, whole_tree);
    let judged = Judged { policy: &subject.policy, lanes: &lanes, whole_tree };
    let (mut known_findings, mut gone) = (0, 0);
    let rewritten = match &args.write_baseline {
        Some(file) => Some(baseline::rewrite(file, args.grow, &open, &judged)?),
        None => None,
    };
    if let Some(baseline) = rewritten.as_ref().map(|rewritten| &rewritten.baseline).or(known.as_ref()) {
        let compared = baseline.compare(open, &judged);
        (open, known_findings, gone) = (compared.new, compared.known, compared.gone);
    }

    let selection = marker_policy::select(&subject.policy, &cases, &selector)?;
    // A misspelt name must not pass for a clean tree. What was written in an earlier round may well leave nothing.
    if rounds == MOST_ROUNDS {
        if narrow::chooses_tests(&selector) && selection.chosen.is_empty() {
            return Err(nothing_selected(&subject, &cases, &selection));
        }
        warn_of_unknown_marks(&selection, &catalog);
    }
    let narrow = Narrow::of(args, (&selector, &selection), named.as_ref(), &subject, &catalog)?;
    open.retain_mut(|finding| narrow.keeps(finding));
    allowed.retain_mut(|allowed| narrow.keeps(&mut allowed.finding));
    held.retain_mut(|held| narrow.keeps(&mut held.finding));

    if args.fix {
        let read = (!args.selection.paths.is_empty()).then(|| narrow::files_of_tests(&catalog));
        let fixed = fix::write(&subject.tree, &open, started, args.r#unsafe, read.as_ref())?;
        fixed.tell();
        // What was written shows others what they need: a further run must find nothing that this one would not.
        let again = args.r#unsafe && fixed.files > 0 && rounds > 0;
        // What is left is reported as the tree is now.
        let args = AuditArgs { fix: again, r#unsafe: again, ..args.clone() };
        return audit(global, &args, environment, rounds.saturating_sub(1));
    }
    let looked_at: Vec<_> = catalog.cases.iter().filter(|case| narrow.has(case)).collect();
    let unbound =
        looked_at.iter().filter(|case| case.as_rust().is_none() && !subject.policy.binds(case.file().as_str()));
    let audited = Audited {
        unbound: unbound.count(),
        cases: looked_at.len(),
        files: looked_at.iter().map(|case| case.file()).collect::<BTreeSet<_>>().len(),
        inexact: looked_at.iter().filter(|case| case.doubt().is_some()).count(),
        allowed: allowed.len(),
        exempt: held.len(),
        known: known_findings,
        gone,
        time: start.elapsed(),
    };
    let audit = Audit {
        subject: &subject,
        catalog: &catalog,
        sources: &sources,
        open: &open,
        allowed: &allowed,
        exempt: &held,
        audited,
    };
    let inexact = if args.inexact { findings::inexact(&looked_at) } else { String::new() };
    // Before the findings: their counts speak of the baseline as of a file that is there.
    if let Some(rewritten) = &rewritten {
        rewritten.write()?;
    }
    audit.write(args, environment, &inexact)?;
    if let Some(note) = narrow.note() {
        crate::progress::note(&note);
    }
    // What is shown is all that can be told, and not all that there is to tell.
    let is_incomplete = open.iter().any(|finding| finding.rule == rules::WORKFLOW);
    Ok(match open.is_empty() {
        _ if is_incomplete => Exit::Usage,
        true => Exit::Success,
        false => Exit::Failure,
    })
}

fn day(text: &str) -> Result<NaiveDate, Error> {
    text.parse().map_err(|_| Error::Option {
        option: "--today",
        text: text.to_owned(),
        why: "write a day such as 2027-03-31".to_owned(),
    })
}

/// `--explain RULE`: it takes a policy, but no tree.
fn explain(global: &Global, code: &str) -> Result<Exit, Error> {
    let rule = rules::find(code).ok_or_else(|| {
        let codes = || rules::ALL.iter().map(|rule| rule.code.as_str());
        let near = nearest(code, codes());
        let meant = match &near[..] {
            [] => format!("the rules are {}", codes().collect::<Vec<_>>().join(", ")),
            near => format!("did you mean {}?", near.join(" or ")),
        };
        Error::NoSuchRule { code: code.to_owned(), meant }
    })?;
    let policy = match Subject::locate(global) {
        Ok(subject) => subject.policy,
        Err(Error::NoTree) => marker_policy::Policy::embedded(),
        Err(error) => return Err(error),
    };
    output::write(&rule_page::explain(rule, &policy))?;
    Ok(Exit::Success)
}
