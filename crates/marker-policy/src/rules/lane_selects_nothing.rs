//! `lane-selects-nothing`: the expression of a lane selects tests.

use super::{Needs, Rule, RuleCode, Severity};
use crate::audit::Audited;
use crate::finding::Finding;
use crate::lane::IdleLane;

pub(super) const RULE: Rule = Rule {
    code: RuleCode("lane-selects-nothing"),
    severity: Severity::Warning,
    summary: "the expression of a lane of CI selects some test",
    explanation: "A lane whose `-m` or `-k` no test matches looks green and tests nothing: a marker was renamed, or the \
                  expression contradicts itself. Nothing is said of a lane of which something is not known, nor where the \
                  markers of some test are not all known that it may select.",
    needs: &[Needs::Lanes],
    check,
};

fn check(audited: &Audited<'_>) -> Vec<Finding> {
    audited.lanes.selecting_nothing().iter().map(finding).collect()
}

fn finding(idle: &IdleLane<'_>) -> Finding {
    let lane = idle.lane;
    let expressions = [("-m", &lane.marks), ("-k", &lane.keywords)];
    let named = expressions.iter().filter_map(|(option, text)| Some(format!("`{option} {}`", text.as_ref()?)));
    let named = named.collect::<Vec<_>>().join(" with ");
    let message = match idle.is_contradiction {
        true => format!("no test can match {named}: it contradicts itself"),
        false => format!("no test matches {named}"),
    };
    let more = match idle.more {
        0 => String::new(),
        more => format!(", and {more} more combinations of its matrix"),
    };
    Finding {
        label: Some(format!("{}{more}", lane.name)),
        effect: Some("the lane passes without a test".to_owned()),
        help: "correct the expression, give some test the markers that it asks for, or remove the lane".to_owned(),
        ..Finding::new(&RULE, message, lane.at.clone())
    }
}
