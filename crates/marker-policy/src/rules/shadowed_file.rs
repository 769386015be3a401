//! `shadowed-file`: no two test files have one module name.

use test_catalog::ObservationKind;

use super::{Rule, RuleCode, Severity, observed};
use crate::audit::Audited;
use crate::finding::Finding;
use crate::grouping::counted;

pub(super) const RULE: Rule = Rule {
    code: RuleCode("shadowed-file"),
    severity: Severity::Error,
    needs: &[],
    summary: "no two test files have one module name",
    explanation: "pytest imports a test file by its name, below the nearest folder without an `__init__.py`. Of two files \
                  of one such name the second is the first one again to Python: pytest stops with an error, or, with \
                  `PY_IGNORE_IMPORTMISMATCH`, collects the first one's tests under the second one's name and never runs \
                  the second one's own.",
    check,
};

fn check(audited: &Audited<'_>) -> Vec<Finding> {
    observed::of_kind(audited, ObservationKind::Shadowed)
        .map(|one| {
            let tests = audited.cases.iter().filter(|case| *case.case.file() == one.at.file);
            let cases: Vec<_> = tests.map(|case| case.case.id.clone()).collect();
            Finding {
                label: (!cases.is_empty())
                    .then(|| format!("a run of both files loses {}", counted(cases.len(), "test", "tests"))),
                cases,
                effect: Some("in a run of both, its own tests do not run".to_owned()),
                help: "rename one of them, or put an `__init__.py` into its folder".to_owned(),
                ..Finding::new(
                    &RULE,
                    format!("`{}` has the same module name as `{}`", one.at.file.file_name(), one.text),
                    one.at.clone(),
                )
            }
        })
        .collect()
}
