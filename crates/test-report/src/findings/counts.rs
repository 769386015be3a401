//! What the audit looked at, and how much it found.

use std::collections::BTreeMap;
use std::fmt::Write;

use marker_policy::Finding;
use test_catalog::NodeId;

use crate::count::{counted, files, grouped, tests};

/// What the audit looked at, for its last lines.
#[derive(Debug, Clone, Copy, Default)]
pub struct Audited {
    /// How many tests.
    pub cases: usize,
    /// In how many files.
    pub files: usize,
    /// How many of them are inexact.
    pub inexact: usize,
    /// How many of them lie where the policy requires no markers.
    pub unbound: usize,
    /// How many findings comments allow.
    pub allowed: usize,
    /// How many findings the policy's exemptions hold back.
    pub exempt: usize,
    /// How many findings the baseline has.
    pub known: usize,
    /// How many entries of the baseline are gone, in whole or in part.
    pub gone: usize,
    /// How long it took.
    pub time: std::time::Duration,
}

/// The counts at the end: one line for a clean tree, two where something was found.
#[must_use]
pub fn counts(findings: &[Finding], audited: Audited) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail, here and below.
    if findings.is_empty() {
        let _ = write!(out, "no finding: ");
    } else {
        let mut cases: Vec<&NodeId> = findings.iter().flat_map(|finding| &finding.cases).collect();
        cases.sort_unstable();
        cases.dedup();
        let mut places: Vec<_> = findings.iter().map(|finding| &finding.at.file).collect();
        places.sort_unstable();
        places.dedup();
        let mut by_rule: BTreeMap<&str, usize> = BTreeMap::new();
        for finding in findings {
            *by_rule.entry(finding.rule.as_str()).or_default() += finding.cases.len().max(1);
        }
        let by_rule: Vec<_> = by_rule.iter().map(|(rule, count)| format!("{rule} {}", grouped(*count))).collect();
        // A file that cannot be read has no tests to count.
        let (what, verb) = match cases.len() {
            0 => (counted(findings.len(), "finding", "findings"), ""),
            1 => (tests(1), " breaks the policy"),
            several => (tests(several), " break the policy"),
        };
        let _ = writeln!(out, "{what} in {}{verb}: {}", files(places.len()), by_rule.join(", "));
    }
    let _ = writeln!(
        out,
        "audited {} in {} in {:.2} s; {} inexact{}",
        tests(audited.cases),
        files(audited.files),
        audited.time.as_secs_f64(),
        grouped(audited.inexact),
        if audited.inexact > 0 { " (`--inexact` shows why)" } else { "" }
    );
    if audited.allowed > 0 {
        let _ = writeln!(out, "comments allow {}", counted(audited.allowed, "more finding", "more findings"));
    }
    if audited.exempt > 0 {
        let _ = writeln!(out, "the policy exempts {}", counted(audited.exempt, "more finding", "more findings"));
    }
    if audited.known > 0 {
        let _ = writeln!(out, "the baseline has {}", counted(audited.known, "more finding", "more findings"));
    }
    if audited.gone > 0 {
        let (entries, they) =
            (counted(audited.gone, "entry", "entries"), if audited.gone == 1 { "it" } else { "them" });
        let _ =
            writeln!(out, "{entries} of the baseline found less than before: take {they} out with --write-baseline");
    }
    if audited.unbound > 0 {
        let _ = writeln!(
            out,
            "the policy requires no markers of {}, outside the folders it names: name their path to judge them too",
            tests(audited.unbound)
        );
    }
    out
}
