//! `profile-above-gpus`: some GPU of the lanes has the memory that a test takes.

use super::machine::{Machine, profile};
use super::{Rule, RuleCode, Severity};
use crate::audit::Audited;
use crate::finding::Finding;
use crate::grouping::{by_cause, counted, ids};

pub(super) const RULE: Rule = Rule {
    code: RuleCode("profile-above-gpus"),
    severity: Severity::Error,
    needs: &[],
    summary: "some GPU of the lanes has the memory that a test takes",
    explanation: "`[gpus]` of the policy lists the GPUs of the machines that lanes run on. A test whose measured peak is \
                  above the largest of them, or of those of the model that it asks for, can run on none: it is left out \
                  everywhere, and nobody is told.",
    check,
};

fn check(audited: &Audited<'_>) -> Vec<Finding> {
    let policy = audited.policy;
    let causes = by_cause(audited.cases, |case| {
        let (gib, _, at) = profile(policy, case).filter(|_| case.is_judged())?;
        let machine = Machine::of(policy, case);
        let fits = |model: &str| machine.models.iter().all(|part| model.contains(part));
        let (model, largest) =
            policy.gpus().filter(|(model, _)| fits(model)).max_by(|one, other| one.1.total_cmp(&other.1))?;
        (gib > largest).then(|| (at, (format!("{gib}"), model.to_owned(), format!("{largest}"))))
    });
    causes
        .into_iter()
        .map(|((at, (gib, model, largest)), cases)| Finding {
            label: Some(format!("on {}", counted(cases.len(), "test", "tests"))),
            cases: ids(&cases),
            has: vec![format!("{}({gib})", policy.vram_marker())],
            needs: policy.gpus().map(|(model, gib)| format!("{model}: {gib} GiB")).collect(),
            effect: Some("no lane can run it".to_owned()),
            help: "make it take less, ask for a larger GPU, or list one in `[gpus]`".to_owned(),
            ..Finding::new(
                &RULE,
                format!("{gib} GiB are more than the largest GPU has: {model}, {largest} GiB"),
                at.clone(),
            )
        })
        .collect()
}
