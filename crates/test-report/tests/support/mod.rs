//! Runs that never were, for tests of what is said of them.
#![allow(dead_code, clippy::unwrap_used)]

use std::time::Duration;

use execution_plan::{Capacity, NotRun, NotRunReason, PlanSettings, StepId, plan_demands};
use test_catalog::{Language, NodeId, SourceSpan, TreePath};
use test_runner::{CaseResult, NotRunCause, Outcome, RunOutcome, StepResult};

/// What a hostile author may name a test, a parameter or a file, and what a test may print.
pub(crate) const HOSTILE: [&str; 10] = [
    "a\n::error::b",
    "%0A::error::b%25",
    "<script>alert(1)</script>]]>",
    "&amp;<![CDATA[&#0;\"'",
    "\u{1b}[2J\u{1b}]8;;https://a.example\u{7}\u{1}\u{b}",
    "[a](https://b.example) ![c](d) @everyone #1",
    "| `a` | \"b' \\",
    "\u{202e}\u{2028}\u{0}\u{ffff}\u{fffe}é日本\u{fffd}",
    "```\n</details>\n# big\n~~~",
    "=HYPERLINK(\"a\")",
];

/// The step of a plan without tests.
pub(crate) fn step() -> StepId {
    let capacity = Capacity { units: Vec::new(), cpu_slots: 1, headroom: 0.0, ..Capacity::default() };
    plan_demands(Vec::new(), capacity, &PlanSettings::default()).steps().next().unwrap().id
}

pub(crate) fn result(id: &str, outcome: Outcome) -> CaseResult {
    CaseResult {
        id: NodeId::from_text(id),
        occurrence: 0,
        round: 0,
        retried: false,
        usage: None,
        language: if id.contains(".py::") { Language::Python } else { Language::Rust },
        step: step(),
        outcome,
        start: Duration::from_millis(10),
        duration: Duration::from_millis(1234),
        message: String::new(),
        output: String::new(),
        output_file: None,
        gpus: Vec::new(),
        vram_peak: None,
    }
}

pub(crate) fn run(results: Vec<CaseResult>) -> RunOutcome {
    RunOutcome {
        run: "1700000000000-1-abcd".to_owned(),
        folder: "target/xtask/runs/1700000000000-1-abcd".into(),
        results,
        steps: Vec::new(),
        refused: Vec::new(),
        wall: Duration::from_secs(4000),
        interrupted: false,
        warnings: Vec::new(),
        earlier: 0,
        not_kept: None,
        coverage: None,
        flaky_on_revision: std::collections::BTreeMap::new(),
    }
}

/// Every outcome under every hostile name, with that name as reason, message and output; tests that were refused; steps
/// that failed; flaky tests.
pub(crate) fn hostile() -> RunOutcome {
    let mut results = Vec::new();
    for name in HOSTILE {
        let text = || name.to_owned();
        let outcomes = [
            Outcome::Passed,
            Outcome::Failed,
            Outcome::Skipped { reason: text() },
            Outcome::XFailed { reason: text() },
            Outcome::XPassed,
            Outcome::TimedOut { limit: Duration::from_secs(30) },
            Outcome::Crashed { how: text() },
            Outcome::NotRun { cause: NotRunCause::Machine, reason: text() },
            Outcome::NotRun { cause: NotRunCause::Deselected, reason: text() },
        ];
        for (number, outcome) in outcomes.into_iter().enumerate() {
            let result = result(&format!("tests/{name}/test_a.py::test_{number}[{name}]"), outcome);
            results.push(CaseResult { message: text(), output: text(), ..result });
        }
    }
    results.push(result("dynamo::lib module::test", Outcome::Failed));
    results.extend(rounds("tests/test_b.py::test_flaky", &[Outcome::Passed, Outcome::Failed, Outcome::Passed]));
    results.extend(rounds("tests/test_b.py::test_never", &[Outcome::Failed, Outcome::Failed]));
    results.extend(rounds("tests/test_b.py::test_always", &[Outcome::Passed, Outcome::Passed]));
    let refused = HOSTILE.map(|name| NotRun {
        id: NodeId::from_text(format!("tests/test_c.py::test_c[{name}]")),
        occurrence: 0,
        at: SourceSpan::line(TreePath::new("tests/test_c.py"), 3),
        reason: NotRunReason::Resource { name: name.to_owned(), needed: 1, here: 0 },
    });
    let failed = HOSTILE.map(|name| StepResult {
        step: step(),
        start: Duration::ZERO,
        duration: Duration::from_secs(1),
        error: Some(name.to_owned()),
        usage: None,
    });
    RunOutcome { refused: refused.to_vec(), steps: failed.to_vec(), ..run(results) }
}

/// One test's results, round by round.
pub(crate) fn rounds(id: &str, outcomes: &[Outcome]) -> Vec<CaseResult> {
    let rounds = outcomes.iter().zip(0..);
    rounds.map(|(outcome, round)| CaseResult { round, ..result(id, outcome.clone()) }).collect()
}
