//! The findings for other tools.

use marker_policy::{Evidence, Finding, Safety};
use serde::Serialize;
use test_catalog::NodeId;

use super::{Audited, Identities};

#[derive(Serialize)]
struct Document<'a> {
    audit: u32,
    findings: Vec<JsonFinding<'a>>,
    audited: JsonAudited,
}

#[derive(Serialize)]
struct JsonFinding<'a> {
    rule: &'a str,
    severity: &'static str,
    /// The same for the same finding in another revision.
    identity: &'a str,
    message: &'a str,
    file: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    tests: Vec<&'a str>,
    has: &'a [String],
    needs: &'a [String],
    effect: Option<&'a str>,
    help: &'a str,
    insert: Option<JsonInsertion<'a>>,
    /// What speaks for which marker. Where it is for several, nothing is to be inserted.
    evidence: Vec<JsonEvidence<'a>>,
    note: Option<&'a str>,
}

#[derive(Serialize)]
struct JsonInsertion<'a> {
    line: u32,
    marker: &'a str,
    text: &'a str,
    /// Whether the tests have the marker in the end already; otherwise it is a proposal.
    safe: bool,
}

#[derive(Serialize)]
struct JsonEvidence<'a> {
    kind: &'static str,
    marker: &'a str,
    because: &'a str,
    file: Option<&'a str>,
    line: Option<u32>,
}

#[derive(Serialize)]
struct JsonAudited {
    tests: usize,
    files: usize,
    inexact: usize,
    /// Tests outside the folders whose tests the policy requires markers of.
    unbound: usize,
    /// Findings that comments allow.
    allowed: usize,
    /// Findings that the policy's exemptions hold back.
    exempt: usize,
    /// Findings that the baseline has, and its entries that are gone.
    in_baseline: usize,
    gone_from_baseline: usize,
}

/// The findings for other tools; the first field is the schema's version.
///
/// # Errors
/// None in practice: `serde_json` cannot fail on these types.
pub fn json(findings: &[Finding], audited: Audited) -> serde_json::Result<String> {
    let identities = Identities::of(findings);
    let findings = findings.iter().zip(identities.iter()).map(|(finding, identity)| JsonFinding {
        rule: finding.rule.as_str(),
        severity: finding.severity.as_str(),
        identity,
        message: &finding.message,
        file: finding.at.file.as_str(),
        line: finding.at.start.line,
        column: finding.at.start.column,
        end_line: finding.at.end.line,
        end_column: finding.at.end.column,
        tests: finding.cases.iter().map(NodeId::as_str).collect(),
        has: &finding.has,
        needs: &finding.needs,
        effect: finding.effect.as_deref(),
        help: &finding.help,
        insert: finding.insertion.as_ref().map(|insertion| JsonInsertion {
            line: insertion.at.start.line,
            marker: &insertion.marker,
            text: &insertion.text,
            safe: insertion.safety == Safety::Safe,
        }),
        evidence: finding.evidence.iter().map(evidence).collect(),
        note: finding.note.as_deref(),
    });
    let audited = JsonAudited {
        tests: audited.cases,
        files: audited.files,
        inexact: audited.inexact,
        unbound: audited.unbound,
        allowed: audited.allowed,
        exempt: audited.exempt,
        in_baseline: audited.known,
        gone_from_baseline: audited.gone,
    };
    serde_json::to_string_pretty(&Document { audit: 1, findings: findings.collect(), audited })
}

fn evidence(evidence: &Evidence) -> JsonEvidence<'_> {
    JsonEvidence {
        kind: evidence.kind.as_str(),
        marker: &evidence.marker,
        because: &evidence.because,
        file: evidence.at.as_ref().map(|at| at.file.as_str()),
        line: evidence.at.as_ref().map(|at| at.start.line),
    }
}
