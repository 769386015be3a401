//! What an editor can write for findings.

use std::collections::BTreeMap;

use marker_policy::{Finding, Insertion, fix};
use serde_json::{Value, json};
use test_catalog::{Position, SourceSpan};

use super::artifact;
use crate::findings::Audit;
use crate::terminal::{printable, printable_lines};

/// The fixes of the open findings, by their index.
///
/// Those that put markers at one place have one fix, which stands with the first of them: each by itself would make a
/// `pytestmark` of its own there, and only the last would count.
pub(super) fn of(audit: &Audit<'_>) -> BTreeMap<usize, Value> {
    let mut by_place: BTreeMap<&SourceSpan, Vec<usize>> = BTreeMap::new();
    for (index, finding) in audit.findings.iter().enumerate() {
        // No marker is named like that, and no editor shall write it.
        let writable = |insertion: &&Insertion| printable(&insertion.marker) == insertion.marker;
        if let Some(insertion) = finding.insertion.as_ref().filter(writable) {
            by_place.entry(&insertion.at).or_default().push(index);
        }
    }
    let fixed = |(at, indices): (&SourceSpan, Vec<usize>)| {
        let findings: Vec<&Finding> = indices.iter().map(|index| &audit.findings[*index]).collect();
        Some((*indices.first()?, written(audit, at, &findings)?))
    };
    by_place.into_iter().filter_map(fixed).collect()
}

fn written(audit: &Audit<'_>, at: &SourceSpan, findings: &[&Finding]) -> Option<Value> {
    let source = (audit.source)(&at.file)?;
    let names = (audit.pytest_names)(&at.file)?;
    let insertions: Vec<&Insertion> = findings.iter().filter_map(|finding| finding.insertion.as_ref()).collect();
    let replacements: Vec<Value> = fix::edits(source, &names, &insertions)
        .ok()?
        .into_iter()
        .map(|edit| {
            let Position { line, column } = edit.at;
            json!({
                "deletedRegion": { "startLine": line, "startColumn": column, "endLine": line, "endColumn": column },
                "insertedContent": { "text": edit.text },
            })
        })
        .collect();
    let help: Vec<&str> = findings.iter().map(|finding| finding.help.as_str()).collect();
    let change = json!({ "artifactLocation": artifact(audit, &at.file), "replacements": replacements });
    Some(json!({ "description": { "text": printable_lines(&help.join("\n")) }, "artifactChanges": [change] }))
}
