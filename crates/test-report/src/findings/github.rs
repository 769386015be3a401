//! What GitHub Actions shows: annotations by workflow commands, and the summary of a job.
//!
//! <https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands>

use std::collections::BTreeMap;
use std::fmt::Write;

use marker_policy::{Finding, Severity};

use super::Audit;
use super::text::notes;
use crate::count::{counted, grouped};
use crate::terminal::{printable, printable_lines};

/// How many annotations of each kind GitHub shows of a step.
const SHOWN: usize = 10;

/// An annotation's text is cut here: GitHub takes no more than 64 KiB.
const MESSAGE_CHARACTERS: usize = 4_000;

/// A workflow command for each finding, the errors first, then a line with the counts.
#[must_use]
pub fn commands(audit: &Audit<'_>) -> String {
    let mut out = String::new();
    let mut counts = Vec::new();
    for severity in [Severity::Error, Severity::Warning] {
        let findings: Vec<&Finding> = audit.findings.iter().filter(|finding| finding.severity == severity).collect();
        counts.push((severity, findings.len()));
        for finding in findings {
            command(&mut out, audit, finding);
        }
    }
    let summary = super::counts(audit.findings, audit.audited);
    if counts.iter().any(|(_, count)| *count > SHOWN) {
        let of = |severity: Severity, count: usize| {
            counted(count, severity.as_str(), if severity == Severity::Error { "errors" } else { "warnings" })
        };
        let counted: Vec<String> = counts.iter().map(|(severity, count)| of(*severity, *count)).collect();
        let notice = format!(
            "{}GitHub shows {SHOWN} annotations of each kind, of {}; all are in this step's log and in the job's summary",
            summary,
            counted.join(" and ")
        );
        let _ = writeln!(out, "::notice title=audit-markers::{}", data(&notice));
    }
    out.push_str(&printable_lines(&summary));
    out
}

fn command(out: &mut String, audit: &Audit<'_>, finding: &Finding) {
    let (start, end) = (finding.at.start, finding.at.end);
    let path = audit.path(&finding.at.file);
    // Writing to a string cannot fail, here and below.
    let _ = write!(out, "::{} file={},line={}", finding.severity.as_str(), property(&path), start.line);
    if end.line > start.line {
        let _ = write!(out, ",endLine={}", end.line);
    } else {
        let _ = write!(out, ",col={}", start.column);
        if end.column > start.column {
            let _ = write!(out, ",endColumn={}", end.column);
        }
    }
    let _ = writeln!(out, ",title={}::{}", property(finding.rule.as_str()), data(&message(finding)));
}

fn message(finding: &Finding) -> String {
    let mut text = printable(&finding.message).into_owned();
    for (word, note) in notes(finding) {
        let _ = write!(text, "\n{word}: {}", printable(&note));
    }
    match text.char_indices().nth(MESSAGE_CHARACTERS) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

/// The text behind `::`. What a terminal would obey is shown as an escape first: the log is a terminal, too.
fn data(text: &str) -> String {
    printable_lines(text.trim_end()).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(&printable(text)).replace(':', "%3A").replace(',', "%2C")
}

/// How many findings a summary lists: GitHub takes 1 MiB.
const LISTED: usize = 200;

/// The summary of a job, as Markdown: the counts, each rule with its findings, and the first of them with their places.
#[must_use]
pub fn job_summary(audit: &Audit<'_>) -> String {
    let mut out = String::from("## audit-markers\n\n");
    for line in super::counts(audit.findings, audit.audited).lines() {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(out, "{}\n", markdown(line));
    }
    if audit.findings.is_empty() {
        return out;
    }
    let mut by_rule: BTreeMap<&str, (Severity, usize, usize)> = BTreeMap::new();
    for finding in audit.findings {
        let (_, findings, tests) = by_rule.entry(finding.rule.as_str()).or_insert((finding.severity, 0, 0));
        *findings += 1;
        *tests += finding.cases.len();
    }
    out.push_str("| rule | | findings | tests |\n|---|---|--:|--:|\n");
    for (rule, (severity, findings, tests)) in by_rule {
        let severity = severity.as_str();
        let _ = writeln!(out, "| {} | {severity} | {} | {} |", markdown(rule), grouped(findings), grouped(tests));
    }
    out.push_str("\n| place | rule | finding | help |\n|---|---|---|---|\n");
    for finding in audit.findings.iter().take(LISTED) {
        let place = format!("{}:{}", audit.path(&finding.at.file), finding.at.start.line);
        let cells = [&*place, finding.rule.as_str(), &finding.message, &finding.help];
        let _ = writeln!(out, "| {} |", cells.map(|cell| markdown(&cut(cell))).join(" | "));
    }
    if let Some(more) = audit.findings.len().checked_sub(LISTED).filter(|more| *more > 0) {
        let _ = writeln!(out, "\nand {} more", grouped(more));
    }
    out
}

fn cut(text: &str) -> String {
    const CELL_CHARACTERS: usize = 400;
    match text.char_indices().nth(CELL_CHARACTERS) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// The text on one line, with nothing that Markdown or HTML would take for its own: any ASCII punctuation may have a
/// backslash in front of it.
pub(crate) fn markdown(text: &str) -> String {
    let text = printable(text);
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if character.is_ascii_punctuation() {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_a_command_or_adds_a_property() {
        assert_eq!(data("a\r\n::error::b %0A 100%\u{1b}[2J"), "a\\r%0A::error::b %250A 100%25\\u{1b}[2J");
        assert_eq!(property("a,line=1::b\n%2C:c"), "a%2Cline=1%3A%3Ab\\n%252C%3Ac");
    }

    #[test]
    fn markdown_says_what_the_text_says() {
        for text in [
            "<script>alert(1)</script>",
            "| a | `b` | ~~c~~ | $d$",
            "- a",
            "1. a",
            "# a",
            "[a](https://b.example) ![c](d) <https://e.example> &lt; &#124;",
            "*a* _b_ **c** __d__ \\| \\\\",
            "tests/a.py::test_b[x|y]",
            "--- ... ,",
        ] {
            use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
            let source = format!("| a |\n|---|\n| {} |\n", markdown(text));
            let mut shown = String::new();
            let mut in_cell = false;
            for event in Parser::new_ext(&source, Options::all()) {
                match event {
                    Event::Start(Tag::TableCell) => (in_cell, shown) = (true, String::new()),
                    Event::End(TagEnd::TableCell) => in_cell = false,
                    Event::Text(part) => shown.push_str(&part),
                    other => assert!(!in_cell, "{text}: {other:?}"),
                }
            }
            assert_eq!(shown, text);
        }
    }
}
