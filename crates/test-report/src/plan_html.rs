//! A plan as a page: the picture, what it rests on, and every step. It is one file without a script that loads nothing.

use std::fmt::Write;

use execution_plan::Plan;

use crate::count::{duration, grouped, tests};
use crate::plan::{by_reason, machine, place, what};
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
    not_run(&mut out, plan);
    if !plan.notes.is_empty() {
        let rows = plan.notes.iter().map(|note| [note.id.as_str().to_owned(), note.text.clone(), note.at.to_string()]);
        table(&mut out, "Run otherwise than marked", ["test", "how", "where it stands"], rows);
    }
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
            duration(step.expected())
        );
    }
    out.push_str("</tbody></table>\n</body></html>\n");
    out
}

/// Each reason with its tests, which unfold where they are many.
fn not_run(out: &mut String, plan: &Plan) {
    if plan.not_run.is_empty() {
        return;
    }
    out.push_str("<h2>Not run here</h2>\n");
    for (reason, cases) in by_reason(&plan.not_run) {
        let open = if cases.len() <= FEW { " open" } else { "" };
        let (count, reason) = (tests(cases.len()), printable(&reason).into_owned());
        let _ = writeln!(out, "<details{open}><summary>{count}: {}</summary><ul>", escaped(&reason));
        for case in cases {
            let id = printable(case.id.as_str()).into_owned();
            let _ = writeln!(out, "<li>{} ({})</li>", escaped(&id), escaped(&printable(&case.at.to_string())));
        }
        out.push_str("</ul></details>\n");
    }
}

fn table(out: &mut String, title: &str, heads: [&str; 3], rows: impl Iterator<Item = [String; 3]>) {
    let heads: String = heads.map(|head| format!("<th>{head}</th>")).concat();
    let _ = writeln!(out, "<h2>{title}</h2>\n<table><thead><tr>{heads}</tr></thead><tbody>");
    for row in rows {
        let cells: String = row.map(|cell| format!("<td>{}</td>", escaped(&printable(&cell)))).concat();
        let _ = writeln!(out, "<tr>{cells}</tr>");
    }
    out.push_str("</tbody></table>\n");
}
