//! `why`: one test explained.

use std::fmt::Write;

use marker_policy::{Category, Lanes, Policy, ResolvedCase, nearest, resolve, why_in_no_lane};
use test_catalog::{Marker, Origin, Reach};
use test_report::terminal::printable;

use crate::cli::{Global, SelectionArgs, WhyArgs};
use crate::error::Error;
use crate::exit::Exit;
use crate::output;
use crate::subject::Subject;

pub(crate) fn run(global: &Global, args: &WhyArgs) -> Result<Exit, Error> {
    let subject = Subject::locate(global)?;
    let (catalog, ci) = subject.catalog_and_ci(global, &SelectionArgs::default())?;
    let cases = resolve(&subject.policy, &catalog);
    let lanes = ci.lanes(&subject.tree, &subject.policy, &catalog, &cases);
    let found: Vec<_> = cases
        .iter()
        .enumerate()
        .filter(|(_, case)| case.case.id.as_str() == args.id || case.case.function.as_str() == args.id)
        .collect();
    if found.is_empty() {
        let near = nearest(&args.id, cases.iter().map(|case| case.case.id.as_str()));
        let nearest = if near.is_empty() { String::new() } else { format!("; the nearest:\n  {}", near.join("\n  ")) };
        return Err(Error::NoSuchTest { id: args.id.clone(), nearest });
    }
    let mut text = String::new();
    for (index, case) in found {
        explain(&mut text, case, &subject);
        explain_lanes(&mut text, (index, case), &lanes, &subject.policy);
    }
    output::write(&text)?;
    Ok(Exit::Success)
}

fn explain(text: &mut String, resolved: &ResolvedCase<'_>, subject: &Subject) {
    let case = resolved.case;
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(text, "{}", printable(case.id.as_str()));
    let _ = writeln!(text, "  found     {}", printable(&case.span.to_string()));
    if let Some(reason) = case.certainty.reason() {
        let _ = writeln!(text, "  inexact   {} ({})", printable(&reason.text), printable(&reason.at.to_string()));
    }
    let width = resolved.effective.iter().map(|marker| marker.to_string().chars().count()).max().unwrap_or(0);
    for (index, marker) in resolved.effective.iter().enumerate() {
        let word = if index == 0 { "markers" } else { "" };
        let _ = writeln!(text, "  {word:<9} {:<width$}  {}", printable(&marker.to_string()), origin(marker));
    }
    if let Some(open) = &case.markers.open {
        let _ = writeln!(text, "  and maybe more: {} ({})", printable(&open.text), printable(&open.at.to_string()));
    }
    let stages = subject.policy.members(Category::Lifecycle).iter().filter_map(|stage| {
        let members = subject.policy.stage(stage)?;
        let truth = members.iter().fold(marker_expr::Truth::No, |truth, marker| truth.or(resolved.has(marker)));
        Some(format!(
            "{stage} {}",
            match truth {
                marker_expr::Truth::Yes => "yes",
                marker_expr::Truth::Unknown => "unknown",
                marker_expr::Truth::No => "no",
            }
        ))
    });
    let _ = writeln!(text, "  stages    {}", stages.collect::<Vec<_>>().join("   "));
    if let Some(ignored) = &case.ignored_by {
        let at = printable(&ignored.at.to_string()).into_owned();
        let _ = writeln!(text, "  left out  by {} ({at}): only naming its file runs it", printable(&ignored.text));
    }
    for condition in &case.conditions {
        let _ = writeln!(text, "  needs     {} ({})", printable(&condition.text), printable(&condition.at.to_string()));
    }
    if let Some(rust) = case.as_rust() {
        let cfg = rust.cfg.as_deref().unwrap_or("always");
        let _ = writeln!(text, "  compiled  {} ({})", printable(cfg), if rust.enabled { "here" } else { "not here" });
        if let Some(ignored) = &rust.ignored {
            let reason = ignored.reason.as_deref().unwrap_or("no reason given");
            let _ = writeln!(text, "  ignored   {}: run it with --ignored", printable(reason));
        }
    }
}

/// The lanes that run a test, and what keeps those from it that come nearest where none does.
fn explain_lanes(text: &mut String, (index, case): (usize, &ResolvedCase<'_>), lanes: &Lanes, policy: &Policy) {
    let mut word = "lanes";
    for (lane, reach) in lanes.of_case(index).filter(|(_, reach)| !reach.is_not()) {
        let maybe = if *reach == Reach::Maybe { ", maybe" } else { "" };
        let condition = lane.condition().map(|condition| format!(", if {condition}")).unwrap_or_default();
        let at = printable(&lane.at.to_string()).into_owned();
        let _ = writeln!(text, "  {word:<9} {} ({at}){maybe}{}", printable(&lane.name), printable(&condition));
        word = "";
    }
    if let Some(obstacle) = lanes.obstacle(index) {
        let why = why_in_no_lane(obstacle, case, policy);
        let _ = writeln!(text, "  lanes     none: {}", printable(&why));
        let maybe = if lanes.problems().is_empty() { "" } else { "lanes may be missing:" };
        let mut word = maybe;
        for problem in lanes.problems() {
            let at = printable(&problem.at.to_string()).into_owned();
            let _ =
                writeln!(text, "            {word:<width$} {} ({at})", printable(&problem.text), width = maybe.len());
            word = "";
        }
    }
}

fn origin(marker: &Marker) -> String {
    match &marker.origin {
        Origin::Source(at) => printable(&at.to_string()).into_owned(),
        Origin::Hook(at) => format!("added by a hook, {}", printable(&at.to_string())),
        Origin::Policy { rule } => format!("from the policy, {rule}"),
    }
}
