//! `lane-in-another`: no lane runs only what another one runs anyway.

use super::{Needs, Rule, RuleCode, Severity};
use crate::audit::Audited;
use crate::finding::Finding;
use crate::grouping::counted;
use crate::lane::ContainedLane;

pub(super) const RULE: Rule = Rule {
    code: RuleCode("lane-in-another"),
    severity: Severity::Warning,
    summary: "no lane of CI runs only tests that another lane of its stage runs on the same machine",
    explanation: "Where the marker expression of a lane implies that of another one of the same stage, folder and machine \
                  with the same variables, and both run together, all its tests run twice. Combinations of one matrix are \
                  one lane. Nothing is said of lanes whose machine is not known, nor of those that only may run together.",
    needs: &[Needs::Lanes],
    check,
};

fn check(audited: &Audited<'_>) -> Vec<Finding> {
    audited.lanes.in_another().iter().map(finding).collect()
}

fn finding(contained: &ContainedLane<'_>) -> Finding {
    let ContainedLane { lane, other, tests, are_equal } = contained;
    let tests = counted(*tests, "test", "tests");
    let how = if *are_equal { "runs just the tests of" } else { "also runs all of" };
    let message = format!("`{}` {how} `{}`", other.name, lane.name);
    Finding {
        label: Some(format!("{tests} by `-m {}`", lane.marks.as_deref().unwrap_or_default())),
        effect: Some(format!("CI runs {tests} twice in one stage")),
        help: "leave them out of one of the two expressions".to_owned(),
        note: Some(format!(
            "the other lane, `-m {}`, stands at {}",
            other.marks.as_deref().unwrap_or_default(),
            other.at
        )),
        ..Finding::new(&RULE, message, lane.at.clone())
    }
}
