//! A plan as a graph for Graphviz: a box for each step, an arrow from a step to one that waits for it.

use std::fmt::Write;

use execution_plan::Plan;

use crate::count::{duration, tests};
use crate::plan::{place, what};

/// The plan in the language of `dot`.
#[must_use]
pub fn text(plan: &Plan) -> String {
    let mut out = String::from("digraph plan {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n");
    for step in plan.steps() {
        let mut lines = vec![what(step)];
        if !step.cases.is_empty() {
            lines.push(tests(step.cases.len()));
        }
        lines.push(place(&step.claim, &plan.capacity));
        lines.push(format!("{} from {}", duration(step.expected()), duration(step.window.start)));
        lines.retain(|line| !line.is_empty());
        let label: Vec<_> = lines.iter().map(|line| quoted(line)).collect();
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(out, "  s{} [label=\"{}\"];", step.id, label.join("\\n"));
    }
    for step in plan.steps() {
        for before in plan.dependencies_of(step.id) {
            let _ = writeln!(out, "  s{before} -> s{};", step.id);
        }
    }
    out.push_str("}\n");
    out
}

/// Within quotes. A backslash would begin one of `dot`'s own signs.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
