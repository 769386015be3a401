//! `syntax`, `unreadable`, `manifest`, `collection`, `orphan`: files whose tests nobody can run. A rule each, so that a
//! policy can weigh each by itself; discovery finds them, these report them.

use test_catalog::ProblemKind;

use super::{Rule, RuleCode, Severity};
use crate::audit::Audited;
use crate::finding::Finding;

pub(super) const SYNTAX: Rule = Rule {
    code: RuleCode("syntax"),
    severity: Severity::Error,
    needs: &[],
    summary: "every test file parses",
    explanation: "A file that does not parse has no tests that anybody could run.",
    check: |audited| check(&SYNTAX, ProblemKind::Syntax, "make the file parse", audited),
};

pub(super) const UNREADABLE: Rule = Rule {
    code: RuleCode("unreadable"),
    severity: Severity::Error,
    needs: &[],
    summary: "every test file can be read",
    explanation: "What cannot be read cannot be audited: its tests, if any, are not accounted for.",
    check: |audited| {
        check(&UNREADABLE, ProblemKind::Unreadable, "make the file readable: UTF-8, and less deeply nested", audited)
    },
};

pub(super) const MANIFEST: Rule = Rule {
    code: RuleCode("manifest"),
    severity: Severity::Error,
    needs: &[],
    summary: "every Cargo.toml can be understood",
    explanation: "cargo builds nothing of a package whose manifest it cannot understand, so none of its tests run.",
    check: |audited| check(&MANIFEST, ProblemKind::Manifest, "repair the manifest", audited),
};

pub(super) const COLLECTION: Rule = Rule {
    code: RuleCode("collection"),
    severity: Severity::Error,
    needs: &[],
    summary: "pytest collects every test module and class",
    explanation: "pytest drops a module or class that it cannot collect; its tests look like tests and never run.",
    check: |audited| check(&COLLECTION, ProblemKind::Collection, "change it so that pytest collects it", audited),
};

pub(super) const ORPHAN: Rule = Rule {
    code: RuleCode("orphan"),
    severity: Severity::Error,
    needs: &[],
    summary: "every Rust file with tests is part of a crate",
    explanation: "A file that no `mod` reaches is never compiled, and its tests never run. Declare the module in the \
                  file above it, or delete the file.",
    check: |audited| check(&ORPHAN, ProblemKind::Orphan, "declare it with `mod`, or delete it", audited),
};

fn check(rule: &Rule, kind: ProblemKind, help: &str, audited: &Audited<'_>) -> Vec<Finding> {
    audited
        .catalog
        .problems
        .iter()
        .filter(|problem| problem.kind == kind)
        .map(|problem| Finding {
            rule: rule.code,
            severity: rule.severity,
            message: problem.message.clone(),
            at: problem.at.clone(),
            label: None,
            cases: Vec::new(),
            has: Vec::new(),
            needs: Vec::new(),
            effect: None,
            help: help.to_owned(),
            insertion: None,
            evidence: Vec::new(),
            note: None,
        })
        .collect()
}
