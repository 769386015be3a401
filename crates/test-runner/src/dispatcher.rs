//! Decides what is started, refused and stopped. It knows no process and no clock: what happened comes in with its time,
//! what is to be done goes out. What starts next, and on which GPUs, is `execution_plan`'s to say: the plan was made by the
//! same procedure.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use execution_plan::scheduling::Dispatch;
use execution_plan::{Plan, Step, StepId, StepKind};

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
    /// Start a step on these units.
    Start(StepId, Vec<usize>),
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
    steps: Vec<&'p Step>,
    dispatch: Dispatch<'p>,
    /// Steps that were neither started nor refused.
    pending: BTreeSet<StepId>,
    running: HashSet<StepId>,
    /// When something may start although nothing happens.
    next_moment: Option<Duration>,
    stop: Stop,
    fail_fast: bool,
}

impl<'p> Dispatcher<'p> {
    pub(crate) fn new(plan: &'p Plan, fail_fast: bool) -> Self {
        Self {
            plan,
            steps: plan.steps().collect(),
            dispatch: plan.dispatch(),
            pending: plan.steps().map(|step| step.id).collect(),
            running: HashSet::new(),
            next_moment: None,
            stop: Stop::No,
            fail_fast,
        }
    }

    /// What is to be done now that nothing has happened but that time has passed: at first, and at
    /// [`Dispatcher::next_moment`]. Times count from the start of the run.
    pub(crate) fn at(&mut self, now: Duration) -> Vec<Action> {
        let mut actions = Vec::new();
        self.advance(now, &mut actions);
        actions
    }

    /// What is to be done now that this has happened.
    pub(crate) fn on(&mut self, input: Input, now: Duration) -> Vec<Action> {
        let mut actions = Vec::new();
        let before = self.stop;
        match input {
            Input::Interrupt => {
                self.stop = if self.stop < Stop::Interrupted { Stop::Interrupted } else { Stop::AtOnce };
            }
            Input::CaseFailed if self.fail_fast => self.stop = self.stop.max(Stop::FailFast),
            Input::CaseFailed => {}
            Input::StepEnded { step, error } => {
                if self.running.remove(&step) {
                    self.dispatch.end(step.index());
                    if let Some(error) = error {
                        self.refuse_dependents(step, &error, &mut actions);
                    }
                }
            }
        }
        if self.stop > before {
            actions.push(Action::Stop(self.stop));
        }
        self.advance(now, &mut actions);
        actions
    }

    /// When something may start although nothing happens: [`Dispatcher::at`] is to be asked then.
    pub(crate) fn next_moment(&self) -> Option<Duration> {
        self.next_moment
    }

    /// Whether nothing runs and nothing is left.
    pub(crate) fn is_done(&self) -> bool {
        self.running.is_empty() && self.pending.is_empty()
    }

    /// Starts and refuses whatever can be, until nothing more can.
    fn advance(&mut self, now: Duration, actions: &mut Vec<Action>) {
        if self.stop > Stop::No {
            self.refuse_all(|step| step.kind != StepKind::Report, &Refusal::Stopped(self.stop), actions);
        }
        while let Some(start) = self.dispatch.start(now) {
            let Some(step) = self.steps.get(start.job) else { continue };
            self.pending.remove(&step.id);
            self.running.insert(step.id);
            actions.push(Action::Start(step.id, start.units));
        }
        self.next_moment = if self.pending.is_empty() { None } else { self.dispatch.next_moment(now) };
        if self.running.is_empty() && self.next_moment.is_none() {
            self.refuse_all(|_| true, &Refusal::NeverFits, actions);
        }
    }

    fn refuse_all(&mut self, those: impl Fn(&Step) -> bool, why: &Refusal, actions: &mut Vec<Action>) {
        let steps = self.pending.iter().copied().filter(|id| self.plan.step(*id).is_some_and(&those));
        for id in steps.collect::<Vec<_>>() {
            self.refuse(id, why.clone(), actions);
        }
    }

    /// Refuses what waits for a step that could not do its work, and what waits for that. The report is of all, whatever came
    /// of it.
    fn refuse_dependents(&mut self, failed: StepId, error: &str, actions: &mut Vec<Action>) {
        let mut failed = vec![failed];
        while let Some(step) = failed.pop() {
            for id in self.plan.dependents_of(step) {
                let is_report = self.plan.step(id).is_none_or(|step| step.kind == StepKind::Report);
                if !is_report && self.pending.contains(&id) {
                    self.refuse(id, Refusal::Unprepared(error.to_owned()), actions);
                    failed.push(id);
                }
            }
        }
    }

    fn refuse(&mut self, id: StepId, why: Refusal, actions: &mut Vec<Action>) {
        self.pending.remove(&id);
        self.dispatch.withdraw(id.index());
        actions.push(Action::Refuse(id, why));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod schedules;
#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use execution_plan::{Capacity, Demand, PlanSettings, UnitCapacity, plan_demands};
    use test_catalog::{NodeId, TreePath};

    use super::*;

    fn demand(name: &str, gpus: u32) -> Demand {
        let file = TreePath::new("test_a.py");
        let id = NodeId::python(&file, [name], None);
        Demand { gpus, ..Demand::new(id, file) }
    }

    /// A preparation, two tests that want the only GPU, and the report.
    fn two_tests_for_one_gpu() -> Plan {
        let unit = UnitCapacity {
            name: "L4".to_owned(),
            visible: "0".to_owned(),
            memory: 24 << 30,
            ..UnitCapacity::default()
        };
        let capacity = Capacity { units: vec![unit], cpu_slots: 2, headroom: 0.15, ..Capacity::default() };
        let settings = PlanSettings { jobs: 2, ..PlanSettings::default() };
        plan_demands(vec![demand("test_a", 1), demand("test_b", 1)], capacity, &settings)
    }

    fn of_kind(plan: &Plan, kind: &StepKind) -> Vec<StepId> {
        plan.steps().filter(|step| step.kind == *kind).map(|step| step.id).collect()
    }

    /// Where time decides nothing.
    const NOW: Duration = Duration::ZERO;

    fn start(step: StepId, units: &[usize]) -> Action {
        Action::Start(step, units.to_vec())
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
        assert_eq!(dispatcher.at(NOW), [start(prepare, &[])]);
        assert_eq!(dispatcher.on(ended(prepare), NOW), [start(tests[0], &[0])]);
        assert_eq!(dispatcher.on(ended(tests[0]), NOW), [start(tests[1], &[0])]);
        assert_eq!(dispatcher.on(ended(tests[1]), NOW), [start(report, &[])]);
        assert!(!dispatcher.is_done());
        assert_eq!(dispatcher.on(ended(report), NOW), []);
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
            dispatcher.at(NOW);
            dispatcher.on(ended(prepare), NOW);
            let mut actions = dispatcher.on(first.clone(), NOW);
            assert!(actions.contains(&Action::Refuse(tests[1], Refusal::Stopped(stops[0]))), "{first:?}: {actions:?}");
            actions.extend(dispatcher.on(second.clone(), NOW));
            actions.extend(dispatcher.on(ended(tests[0]), NOW));
            let told: Vec<_> = actions
                .iter()
                .filter_map(|action| match action {
                    Action::Stop(stop) => Some(*stop),
                    _ => None,
                })
                .collect();
            assert_eq!(told, stops, "{first:?} then {second:?}");
            let report = of_kind(&plan, &StepKind::Report)[0];
            let started: Vec<_> = actions.iter().filter(|action| matches!(action, Action::Start(..))).collect();
            assert_eq!(started, [&start(report, &[])]);
        }
    }

    #[test]
    fn a_signal_before_or_after_a_step_ends_leaves_no_step_undecided_and_none_decided_twice() {
        let plan = two_tests_for_one_gpu();
        let prepare = of_kind(&plan, &StepKind::PreparePython)[0];
        for inputs in [[Input::Interrupt, ended(prepare)], [ended(prepare), Input::Interrupt]] {
            let mut dispatcher = Dispatcher::new(&plan, false);
            let mut actions = dispatcher.at(NOW);
            for input in inputs {
                actions.extend(dispatcher.on(input, NOW));
            }
            for step in plan.steps().filter(|step| step.kind != StepKind::Report) {
                let of_step = |action: &&Action| match action {
                    Action::Start(id, _) | Action::Refuse(id, _) => *id == step.id,
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
        dispatcher.at(NOW);
        assert_eq!(dispatcher.on(Input::CaseFailed, NOW), []);
    }

    #[test]
    fn what_needs_a_failed_preparation_is_refused_with_its_error_and_the_report_still_comes() {
        let plan = two_tests_for_one_gpu();
        let (prepare, tests) = (of_kind(&plan, &StepKind::PreparePython)[0], of_kind(&plan, &StepKind::PythonGpu));
        let mut dispatcher = Dispatcher::new(&plan, false);
        dispatcher.at(NOW);
        let error = "no pytest".to_owned();
        let actions = dispatcher.on(Input::StepEnded { step: prepare, error: Some(error.clone()) }, NOW);
        for test in tests {
            assert!(actions.contains(&Action::Refuse(test, Refusal::Unprepared(error.clone()))), "{actions:?}");
        }
        assert!(actions.contains(&start(of_kind(&plan, &StepKind::Report)[0], &[])));
    }
}
