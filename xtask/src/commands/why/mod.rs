//! `why`: tests explained one by one, or why there are none of that name.

mod absent;
mod named;

use std::sync::Arc;

use execution_plan::Plan;
use marker_expr::Truth;
use marker_policy::{Chosen, resolve};
use test_report::terminal::Styles;
use test_report::why::{self, Explained};

use crate::cli::{Global, SelectionArgs, WhyArgs};
use crate::commands::plan::{self, Machine};
use crate::environment::Environment;
use crate::error::Error;
use crate::exit::Exit;
use crate::judgement::Judgement;
use crate::output;
use crate::past;
use crate::subject::Subject;
use named::Named;

pub(crate) fn run(global: &Global, args: &WhyArgs, environment: &Environment) -> Result<Exit, Error> {
    let subject = Subject::locate(global)?;
    let machine = match &args.gpus {
        Some(text) => Ok(Machine::described(text)?),
        // What else is known of a test is worth telling without a driver.
        None => Machine::here(&args.machine, None, environment).map_err(|error| error.to_string()),
    };
    let machine = match machine {
        Ok(machine) => Ok(machine.having(&args.machine.has, &subject.policy)?.remembering(past::read(&subject.tree))),
        Err(why) => Err(why),
    };
    let (catalog, ci) = subject.audited(global, &SelectionArgs::default())?;
    let cases = resolve(&subject.policy, &catalog);
    let lanes = ci.lanes(&subject.tree, &subject.policy, &catalog, &cases);
    let findings = Judgement::of(
        &subject,
        (&catalog, &cases),
        &lanes,
        &marker_policy::Timings::default(),
        environment.today,
        true,
    )
    .open;

    let mut explained = Vec::new();
    let mut absent = Vec::new();
    for id in &args.ids {
        let named = Named::parse(id);
        let of_name: Vec<usize> = (0..cases.len()).filter(|index| named.is(cases[*index].case)).collect();
        if of_name.is_empty() {
            absent.push(absent::explain(&named, global, &subject, &catalog)?);
        }
        for index in of_name {
            let case = &cases[index];
            explained.push(Explained {
                case,
                index,
                policy: &subject.policy,
                lanes: &lanes,
                findings: findings.iter().filter(|finding| finding.cases.contains(&case.case.id)).collect(),
                plan: match &machine {
                    Ok(machine) => Ok(alone(case, &subject, machine, args)),
                    Err(why) => Err(why.as_str()),
                },
            });
        }
    }
    output::write(&why::text(&explained, &Styles::for_terminal(environment.colour)))?;
    if absent.is_empty() { Ok(Exit::Success) } else { Err(Error::NoSuchTest(absent.join("\n"))) }
}

/// The plan of one test.
fn alone(case: &marker_policy::ResolvedCase<'_>, subject: &Subject, machine: &Machine, args: &WhyArgs) -> Plan {
    let chosen = [Chosen { case, verdict: Truth::Yes, why: Arc::default() }];
    plan::plan(
        &subject.policy,
        &chosen,
        &machine.estimates(&subject.policy),
        machine,
        &args.machine,
        &SelectionArgs::default(),
    )
}
