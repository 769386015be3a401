//! Decides what is started, refused and stopped. It knows no process and no clock: what happened comes in, what is to
//! be done goes out.

use std::collections::{HashMap, HashSet};

use execution_plan::{Ledger, Plan, Step, StepId, StepKind};

use crate::stop::Stop;

/// Something that happened.
#[derive(Debug, Clone)]
pub(crate) enum Input {
    /// The caller asked the run to stop, for the first time or again.
    Interrupt,
    /// A test failed.
    CaseFailed,
    /// A step is over; the error says why it could not do its work.
    StepEnded { step: StepId, error: Option<String> },
}

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// Start a step.
    Start(StepId),
    /// Report the tests of a step as not run; it is never started.
    Refuse(StepId, Refusal),
    /// Tell running executors to stop.
    Stop(Stop),
}

/// Why a step is not started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The run is stopping.
    Stopped(Stop),
    /// What it needs could not be prepared.
    Unprepared(String),
    /// It claims more than there is.
    NeverFits,
}

/// The state of a run.
pub(crate) struct Dispatcher<'p> {
    plan: &'p Plan,
    ledger: Ledger,
    pending: Vec<&'p Step>,
    running: HashSet<StepId>,
    /// Steps that are over, with why they failed.
    ended: HashMap<StepId, Option<String>>,
    stop: Stop,
    fail_fast: bool,
}

impl<'p> Dispatcher<'p> {
    pub(crate) fn new(plan: &'p Plan, fail_fast: bool) -> Self {
        Self {
            plan,
            ledger: Ledger::new(plan.capacity.clone()),
            pending: plan.steps().collect(),
            running: HashSet::new(),
            ended: HashMap::new(),
            stop: Stop::No,
            fail_fast,
        }
    }

    /// What is to be done first.
    pub(crate) fn begin(&mut self) -> Vec<Action> {
        self.advance()
    }

    /// What is to be done now that this has happened.
    pub(crate) fn on(&mut self, input: Input) -> Vec<Action> {
        let before = self.stop;
        match input {
            Input::Interrupt => {
                self.stop = if self.stop < Stop::Interrupted { Stop::Interrupted } else { Stop::AtOnce };
            }
            Input::CaseFailed if self.fail_fast => self.stop = self.stop.max(Stop::FailFast),
            Input::CaseFailed => {}
            Input::StepEnded { step, error } => {
                if self.running.remove(&step) {
                    self.ledger.release(step);
                    self.ended.insert(step, error);
                }
            }
        }
        let mut actions = Vec::new();
        if self.stop > before {
            actions.push(Action::Stop(self.stop));
        }
        actions.extend(self.advance());
        actions
    }

    /// Whether nothing runs and nothing is left.
    pub(crate) fn is_done(&self) -> bool {
        self.running.is_empty() && self.pending.is_empty()
    }

    /// Starts and refuses whatever can be, until nothing more can.
    fn advance(&mut self) -> Vec<Action> {
        let mut actions = Vec::new();
        loop {
            let before = actions.len();
            let mut pending = std::mem::take(&mut self.pending);
            pending.retain(|step| match self.decide(step) {
                Some(action) => {
                    actions.push(action);
                    false
                }
                None => true,
            });
            self.pending = pending;
            if actions.len() == before {
                break;
            }
        }
        if self.running.is_empty() {
            for step in self.pending.drain(..) {
                self.ended.insert(step.id, None);
                actions.push(Action::Refuse(step.id, Refusal::NeverFits));
            }
        }
        actions
    }

    fn decide(&mut self, step: &Step) -> Option<Action> {
        let needs = self.plan.dependencies_of(step.id);
        let is_report = step.kind == StepKind::Report;
        if self.stop > Stop::No && !is_report {
            self.ended.insert(step.id, None);
            return Some(Action::Refuse(step.id, Refusal::Stopped(self.stop)));
        }
        if !needs.iter().all(|id| self.ended.contains_key(id)) {
            return None;
        }
        let failed = needs.iter().find_map(|id| self.ended.get(id)?.clone());
        if let (Some(error), false) = (failed, is_report) {
            self.ended.insert(step.id, Some(error.clone()));
            return Some(Action::Refuse(step.id, Refusal::Unprepared(error)));
        }
        if !self.ledger.admits(&step.claim) {
            return None;
        }
        self.ledger.take(step.id, step.claim.clone());
        self.running.insert(step.id);
        Some(Action::Start(step.id))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::time::Duration;

    use execution_plan::{
        Capacity, Demand, Estimate, EstimateSource, PlanSettings, PlannedCase, Share, UnitCapacity, plan_demands,
    };
    use test_catalog::{NodeId, SourceSpan, TreePath};

    use super::*;

    fn demand(name: &str, gpus: u32) -> Demand {
        let file = TreePath::new("test_a.py");
        let id = NodeId::python(&file, [name], None);
        Demand {
            case: PlannedCase {
                function: id.clone(),
                id,
                occurrence: 0,
                file: file.clone(),
                exact: true,
                undecided: false,
                timeout: Duration::from_secs(1),
                estimate: Estimate { duration: Duration::from_secs(1), source: EstimateSource::TypeDefault, p90: None },
                rust: None,
            },
            at: SourceSpan::line(file, 1),
            gpus,
            model: None,
            share: Share::Whole,
            env: Vec::new(),
            resources: Vec::new(),
            exclusive: Vec::new(),
            capability: None,
            target: None,
            not_compiled: None,
        }
    }

    /// A preparation, two tests that want the only GPU, and the report.
    fn two_tests_for_one_gpu() -> Plan {
        let unit = UnitCapacity {
            name: "L4".to_owned(),
            visible: "0".to_owned(),
            memory: 24 << 30,
            ..UnitCapacity::default()
        };
        let capacity = Capacity { units: vec![unit], cpu_slots: 2, headroom: 0.15 };
        let settings = PlanSettings { jobs: 2, ..PlanSettings::default() };
        plan_demands(vec![demand("test_a", 1), demand("test_b", 1)], capacity, &settings)
    }

    fn of_kind(plan: &Plan, kind: &StepKind) -> Vec<StepId> {
        plan.steps().filter(|step| step.kind == *kind).map(|step| step.id).collect()
    }

    fn ended(step: StepId) -> Input {
        Input::StepEnded { step, error: None }
    }

    #[test]
    fn a_step_starts_when_what_it_needs_is_done_and_what_it_claims_is_free() {
        let plan = two_tests_for_one_gpu();
        let (prepare, tests) = (of_kind(&plan, &StepKind::PreparePython)[0], of_kind(&plan, &StepKind::PythonGpu));
        let report = of_kind(&plan, &StepKind::Report)[0];
        let mut dispatcher = Dispatcher::new(&plan, false);
        assert_eq!(dispatcher.begin(), [Action::Start(prepare)]);
        assert_eq!(dispatcher.on(ended(prepare)), [Action::Start(tests[0])]);
        assert_eq!(dispatcher.on(ended(tests[0])), [Action::Start(tests[1])]);
        assert_eq!(dispatcher.on(ended(tests[1])), [Action::Start(report)]);
        assert!(!dispatcher.is_done());
        assert_eq!(dispatcher.on(ended(report)), []);
        assert!(dispatcher.is_done());
    }

    /// Whatever comes first and second, the stop grows by these rules, and nothing but the report starts after it.
    #[test]
    fn every_pair_of_signals_stops_the_run_as_far_as_the_stronger_says() {
        let table = [
            (Input::Interrupt, Input::Interrupt, vec![Stop::Interrupted, Stop::AtOnce]),
            (Input::Interrupt, Input::CaseFailed, vec![Stop::Interrupted]),
            (Input::CaseFailed, Input::Interrupt, vec![Stop::FailFast, Stop::Interrupted]),
            (Input::CaseFailed, Input::CaseFailed, vec![Stop::FailFast]),
        ];
        let plan = two_tests_for_one_gpu();
        let (prepare, tests) = (of_kind(&plan, &StepKind::PreparePython)[0], of_kind(&plan, &StepKind::PythonGpu));
        for (first, second, stops) in table {
            let mut dispatcher = Dispatcher::new(&plan, true);
            dispatcher.begin();
            dispatcher.on(ended(prepare));
            let mut actions = dispatcher.on(first.clone());
            assert!(actions.contains(&Action::Refuse(tests[1], Refusal::Stopped(stops[0]))), "{first:?}: {actions:?}");
            actions.extend(dispatcher.on(second.clone()));
            actions.extend(dispatcher.on(ended(tests[0])));
            let told: Vec<_> = actions
                .iter()
                .filter_map(|action| match action {
                    Action::Stop(stop) => Some(*stop),
                    _ => None,
                })
                .collect();
            assert_eq!(told, stops, "{first:?} then {second:?}");
            let report = of_kind(&plan, &StepKind::Report)[0];
            let started: Vec<_> = actions.iter().filter(|action| matches!(action, Action::Start(_))).collect();
            assert_eq!(started, [&Action::Start(report)]);
        }
    }

    #[test]
    fn a_signal_before_or_after_a_step_ends_leaves_no_step_undecided_and_none_decided_twice() {
        let plan = two_tests_for_one_gpu();
        let prepare = of_kind(&plan, &StepKind::PreparePython)[0];
        for inputs in [[Input::Interrupt, ended(prepare)], [ended(prepare), Input::Interrupt]] {
            let mut dispatcher = Dispatcher::new(&plan, false);
            let mut actions = dispatcher.begin();
            for input in inputs {
                actions.extend(dispatcher.on(input));
            }
            for step in plan.steps().filter(|step| step.kind != StepKind::Report) {
                let of_step = |action: &&Action| match action {
                    Action::Start(id) | Action::Refuse(id, _) => *id == step.id,
                    Action::Stop(_) => false,
                };
                assert_eq!(actions.iter().filter(of_step).count(), 1, "{:?}: {actions:?}", step.kind);
            }
        }
    }

    #[test]
    fn without_fail_fast_a_failure_stops_nothing() {
        let plan = two_tests_for_one_gpu();
        let mut dispatcher = Dispatcher::new(&plan, false);
        dispatcher.begin();
        assert_eq!(dispatcher.on(Input::CaseFailed), []);
    }

    #[test]
    fn what_needs_a_failed_preparation_is_refused_with_its_error_and_the_report_still_comes() {
        let plan = two_tests_for_one_gpu();
        let (prepare, tests) = (of_kind(&plan, &StepKind::PreparePython)[0], of_kind(&plan, &StepKind::PythonGpu));
        let mut dispatcher = Dispatcher::new(&plan, false);
        dispatcher.begin();
        let error = "no pytest".to_owned();
        let actions = dispatcher.on(Input::StepEnded { step: prepare, error: Some(error.clone()) });
        for test in tests {
            assert!(actions.contains(&Action::Refuse(test, Refusal::Unprepared(error.clone()))), "{actions:?}");
        }
        assert!(actions.contains(&Action::Start(of_kind(&plan, &StepKind::Report)[0])));
    }
}
