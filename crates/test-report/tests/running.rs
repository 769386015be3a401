//! What is said while a run goes on: how much is over, and how much time is left.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use execution_plan::{Capacity, Demand, Plan, PlanSettings, StepKind, plan_demands};
use support::result;
use test_catalog::{NodeId, TreePath};
use test_report::running::Running;
use test_runner::{CaseResult, Event, Outcome, StepResult};

const TESTS: u32 = 10;

/// Tests of a file each, expected to take so long, one after the other.
fn plan(estimate: Duration) -> Plan {
    let demand = |number: u32| {
        let file = TreePath::new(format!("test_{number}.py"));
        let mut demand = Demand::new(NodeId::python(&file, ["test_a"], None), file);
        demand.case.estimate.duration = estimate;
        demand
    };
    let capacity = Capacity { units: Vec::new(), cpu_slots: 1, headroom: 0.15, ..Capacity::default() };
    plan_demands((0..TESTS).map(demand).collect(), capacity, &PlanSettings { jobs: 1, ..PlanSettings::default() })
}

/// Plays a run of that plan in which each test takes that long, and looks at it before and in the middle of each test, and at the
/// end.
fn played(plan: &Plan, took: Duration, rounds: Option<u32>, mut look: impl FnMut(&Running, Duration)) {
    let mut running = Running::new(plan, rounds);
    let mut at = Duration::ZERO;
    for step in plan.steps() {
        running.tell(&Event::StepStarted { step: step.id, at, gpus: Vec::new() });
        let start = at;
        for _ in 0..rounds.unwrap_or(3) {
            for case in &step.cases {
                look(&running, at);
                let (id, occurrence) = (case.id.clone(), case.occurrence);
                running.tell(&Event::CaseStarted { step: step.id, id, occurrence, at });
                look(&running, at + took / 2);
                at += took;
                let result = result(case.id.as_str(), Outcome::Passed);
                running.tell(&Event::CaseFinished(CaseResult { step: step.id, ..result }));
            }
        }
        let duration = at - start;
        running.tell(&Event::StepFinished(StepResult { step: step.id, start, duration, error: None, usage: None }));
    }
    look(&running, at);
}

#[test]
fn what_is_over_grows_to_all_and_is_no_more_than_the_tests_that_are() {
    let plan = plan(Duration::from_secs(1));
    assert!(plan.steps().any(|step| step.kind == StepKind::PythonBatch && step.cases.len() > 1));
    for factor in [0.1, 1.0, 10.0] {
        for rounds in [1, 3] {
            let mut shares = Vec::new();
            played(&plan, Duration::from_secs(1).mul_f64(factor), Some(rounds), |running, at| {
                shares.push(running.share(at));
            });
            assert!(shares.is_sorted(), "{factor} {rounds}: {shares:?}");
            assert!((shares.last().unwrap() - 1.0).abs() < 1e-6, "{factor} {rounds}: {shares:?}");
            // In the middle of the first test, no more than that test is over.
            assert!(shares[1] <= 1.0 / f64::from(TESTS * rounds) + 1e-6, "{factor} {rounds}: {shares:?}");
        }
    }
}

/// Guesses are wrong by ten times: what is over tells by how much the rest is, too.
#[test]
fn the_time_left_is_told_by_what_tests_took() {
    for factor in [0.2, 1.0, 10.0] {
        let took = Duration::from_secs(1).mul_f64(factor);
        for rounds in [1, 3] {
            let all = took * TESTS * rounds;
            played(&plan(Duration::from_secs(1)), took, Some(rounds), |running, at| {
                let left = running.left(at).unwrap().as_secs_f64();
                let truth = (all - at).as_secs_f64();
                // Half-way through it is within twice of what is true, and a test.
                if at > all / 2 {
                    let most = truth.max(left) / 2.0 - took.as_secs_f64();
                    assert!(truth.min(left) >= most, "{factor} {rounds}: {left} {truth}");
                }
            });
        }
    }
}

#[test]
fn each_round_counts_and_of_a_run_without_an_end_no_end_is_told() {
    let plan = plan(Duration::from_secs(1));
    let mut told = Vec::new();
    played(&plan, Duration::from_secs(1), Some(3), |running, _| told.push(running.counts()));
    assert_eq!((told[0].as_str(), told.last().unwrap().as_str()), ("0/30 done", "30/30 done"));
    played(&plan, Duration::from_secs(1), None, |running, at| {
        assert_eq!((running.left(at), running.share(at)), (None, 0.0));
        assert!(!running.counts().contains('/'), "{}", running.counts());
    });
}
