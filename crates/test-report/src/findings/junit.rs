//! The audit as JUnit XML: a test case for each rule, which fails where the rule has findings.

use std::fmt::Write;

use marker_policy::{Finding, RuleLevel, rules};
use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};

use super::Audit;
use super::text::notes;
use crate::count::counted;
use crate::terminal::printable;

/// The document. A rule is the same test case in every run, so that CI can show since when it fails; one that the policy
/// has off is skipped.
///
/// # Errors
/// When the XML writer fails; on these types it does not.
pub fn junit(audit: &Audit<'_>) -> Result<String, SerializeError> {
    let mut report = Report::new("audit-markers");
    report.set_time(audit.audited.time);
    let mut suite = TestSuite::new("audit-markers");
    for rule in rules::ALL {
        let found: Vec<&Finding> = audit.findings.iter().filter(|finding| finding.rule == rule.code).collect();
        let status = match audit.policy.level(rule) {
            _ if !found.is_empty() => failure(audit, &found),
            RuleLevel::On(_) => TestCaseStatus::success(),
            RuleLevel::Off => {
                let mut status = TestCaseStatus::skipped();
                status.set_message("the policy has it off");
                status
            }
        };
        let mut case = TestCase::new(rule.code.as_str(), status);
        case.set_classname("audit-markers");
        suite.add_test_case(case);
    }
    report.add_test_suite(suite);
    report.to_string().map(crate::junit::valid)
}

fn failure(audit: &Audit<'_>, findings: &[&Finding]) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    let mut text = String::new();
    for finding in findings {
        let path = audit.path(&finding.at.file);
        let place = format!("{path}:{}:{}", finding.at.start.line, finding.at.start.column);
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(text, "{}: {}", printable(&place), printable(&finding.message));
        for (word, note) in notes(finding) {
            let _ = writeln!(text, "  {word}: {}", printable(&note));
        }
    }
    let first = findings.first().map_or("", |finding| finding.message.as_str());
    let message = match findings {
        [_] => printable(first).into_owned(),
        _ => format!("{}; the first: {}", counted(findings.len(), "finding", "findings"), printable(first)),
    };
    status.set_message(message).set_description(text);
    if let Some(finding) = findings.first() {
        status.set_type(finding.severity.as_str());
    }
    status
}
