//! A plan as a page: the picture, what it rests on, and every step. It is one file without a script that loads nothing.

use std::fmt::Write;

use execution_plan::Plan;
use test_catalog::{NodeId, SourceSpan};

use crate::count::{duration, grouped, tests};
use crate::plan::{by_reason, by_text, machine, place, takes, what};
use crate::plan_facts::{self, PlanFacts};
use crate::plan_svg::{self, escaped};
use crate::terminal::{Styles, printable};

const STYLE: &str = "\
:root{color-scheme:light dark}body{margin:0 auto;max-width:78rem;padding:1.5rem;background:light-dark(#fff,#14171a);\
color:light-dark(#1a1f24,#e8eaed);font:.9375rem/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}\
h1{font-size:1.5rem}h2{font-size:1.125rem;margin-top:2rem}.picture{overflow-x:auto}.picture svg{width:100%;min-width:50rem;height:auto}\
summary{cursor:pointer}li{overflow-wrap:anywhere}\
pre{white-space:pre-wrap;overflow-wrap:anywhere}table{border-collapse:collapse;width:100%}\
th,td{text-align:left;padding:.2rem .6rem;border-bottom:1px solid light-dark(#dfe3e8,#31373d);vertical-align:top;\
overflow-wrap:anywhere}td.n,th.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}";

/// How many tests of one reason are shown without being asked for.
const FEW: usize = 5;

/// The page.
#[must_use]
pub fn text(plan: &Plan, facts: &PlanFacts) -> String {
    let title = escaped(&format!("Plan for {}", machine(&plan.capacity)));
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{title}</title><style>{STYLE}</style></head>\n<body><h1>{title}</h1>\n"
    );
    if let Some(slots) = plan_facts::slots(plan, facts) {
        let _ = writeln!(out, "<p>{}</p>", escaped(&slots));
    }
    out.push_str("<div class=\"picture\">");
    out.push_str(&plan_svg::without_refused(plan));
    out.push_str("</div>\n");
    let said = [
        plan_facts::origin(facts),
        plan_facts::budgets(plan, facts, &Styles::default()),
        plan_facts::checked(facts).to_owned(),
    ];
    let said = said.concat();
    if !said.is_empty() {
        let _ = writeln!(out, "<h2>Budgets and what the times rest on</h2><pre>{}</pre>", escaped(&said));
    }
    let refused = by_reason(&plan.not_run).into_iter();
    let refused = refused.map(|(reason, cases)| (reason, cases.into_iter().map(|case| (&case.id, &case.at)).collect()));
    grouped_tests(&mut out, "Not run here", refused);
    let notes = by_text(&plan.notes).into_iter();
    let notes =
        notes.map(|(text, notes)| (text.to_owned(), notes.into_iter().map(|note| (&note.id, &note.at)).collect()));
    grouped_tests(&mut out, "Run otherwise than marked", notes);
    out.push_str(
        "<h2>Steps</h2>\n<table><thead><tr><th class=\"n\">step</th><th>what</th><th class=\"n\">tests</th>\
         <th>where</th><th class=\"n\">from</th><th class=\"n\">takes</th></tr></thead><tbody>\n",
    );
    for step in plan.steps() {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(
            out,
            "<tr><td class=\"n\">{}</td><td>{}</td><td class=\"n\">{}</td><td>{}</td><td class=\"n\">{}</td>\
             <td class=\"n\">{}</td></tr>",
            step.id,
            escaped(&what(step)),
            grouped(step.cases.len()),
            escaped(&place(&step.claim, &plan.capacity)),
            duration(step.window.start),
            takes(step)
        );
    }
    out.push_str("</tbody></table>\n</body></html>\n");
    out
}

/// Each text once with its tests, which unfold where they are many.
fn grouped_tests<'p>(
    out: &mut String,
    title: &str,
    groups: impl Iterator<Item = (String, Vec<(&'p NodeId, &'p SourceSpan)>)>,
) {
    for (at, (text, cases)) in groups.enumerate() {
        if at == 0 {
            let _ = writeln!(out, "<h2>{title}</h2>");
        }
        let open = if cases.len() <= FEW { " open" } else { "" };
        let (count, text) = (tests(cases.len()), printable(&text).into_owned());
        let _ = writeln!(out, "<details{open}><summary>{count}: {}</summary><ul>", escaped(&text));
        for (id, at) in cases {
            let id = printable(id.as_str()).into_owned();
            let _ = writeln!(out, "<li>{} ({})</li>", escaped(&id), escaped(&printable(&at.to_string())));
        }
        out.push_str("</ul></details>\n");
    }
}
