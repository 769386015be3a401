//! `ignored-path`: pytest's configuration leaves out no tests that the policy asks for.

use std::collections::BTreeMap;

use test_catalog::{SourceSpan, TreePath};

use super::{Rule, RuleCode, Severity};
use crate::audit::Audited;
use crate::finding::Finding;
use crate::grouping::{counted, ids};
use crate::resolve::ResolvedCase;

pub(super) const RULE: Rule = Rule {
    code: RuleCode("ignored-path"),
    severity: Severity::Warning,
    needs: &[],
    summary: "pytest's configuration leaves out no file with tests",
    explanation: "`--ignore` and `--ignore-glob` of `addopts` hold in every run. A pattern that was written for one file \
                  may match the name of another, whose tests then run only where somebody names the file. Files outside \
                  of the folders that the policy binds are left alone.",
    check,
};

fn check(audited: &Audited<'_>) -> Vec<Finding> {
    let mut files: BTreeMap<(&TreePath, &str, &SourceSpan), Vec<&ResolvedCase<'_>>> = BTreeMap::new();
    for case in audited.cases {
        if let Some(by) = &case.case.ignored_by
            && audited.policy.binds(case.case.file().as_str())
        {
            files.entry((case.case.file(), &by.text, &by.at)).or_default().push(case);
        }
    }
    files
        .into_iter()
        .map(|((file, option, at), cases)| Finding {
            cases: ids(&cases),
            effect: Some("no run collects them, unless it names the file".to_owned()),
            help: "narrow the option, or rename the file".to_owned(),
            note: Some(format!("the option stands at {}:{}", at.file, at.start.line)),
            ..Finding::new(
                &RULE,
                format!("`{option}` leaves out {} of this file", counted(cases.len(), "test", "tests")),
                SourceSpan::line(file.clone(), 1),
            )
        })
        .collect()
}
