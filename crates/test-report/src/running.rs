//! What runs now: for the live display, and for whoever asks in the middle of a run.
//!
//! It is fed with the events of a run and asked at a moment; it has no clock and draws nothing.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use execution_plan::{Plan, StepId};
use owo_colors::OwoColorize;
use test_catalog::NodeId;
use test_runner::Event;

use crate::count::{duration, grouped};
use crate::plan::what;
use crate::terminal::{Styles, printable};

/// The state of a run, from its plan and its events.
#[derive(Debug, Clone)]
pub struct Running {
    steps: HashMap<StepId, Planned>,
    now: BTreeMap<StepId, Now>,
    /// How long what is planned takes by itself, and what of it is over.
    work: Duration,
    work_over: Duration,
    /// How long the plan takes.
    expected: Duration,
    cases: usize,
    finished: usize,
    failed: usize,
}

/// A step as it was planned.
#[derive(Debug, Clone)]
struct Planned {
    what: String,
    cases: usize,
    expected: Duration,
    estimates: HashMap<(NodeId, u32), Duration>,
}

/// A step that runs.
#[derive(Debug, Clone)]
struct Now {
    since: Duration,
    gpus: Vec<String>,
    /// Of steps without a GPU: the lowest number that was free when it began.
    worker: Option<usize>,
    finished: usize,
    case: Option<Case>,
}

/// A test that runs.
#[derive(Debug, Clone)]
struct Case {
    id: NodeId,
    occurrence: u32,
    since: Duration,
}

impl Running {
    /// Before anything runs.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let planned = |step: &execution_plan::Step| Planned {
            what: what(step),
            cases: step.cases.len(),
            expected: step.expected(),
            estimates: step
                .cases
                .iter()
                .map(|case| ((case.id.clone(), case.occurrence), case.estimate.duration))
                .collect(),
        };
        Self {
            steps: plan.steps().map(|step| (step.id, planned(step))).collect(),
            now: BTreeMap::new(),
            work: plan.steps().map(execution_plan::Step::expected).sum(),
            work_over: Duration::ZERO,
            expected: plan.expected,
            cases: plan.case_count(),
            finished: 0,
            failed: 0,
        }
    }

    /// Takes the next event.
    pub fn tell(&mut self, event: &Event) {
        match event {
            Event::StepStarted { step, at, gpus } => {
                let is_free = |number: &usize| self.now.values().all(|now| now.worker != Some(*number));
                // As many numbers as steps that run, and one more: one of them is free.
                let worker = if gpus.is_empty() { (1..=self.now.len() + 1).find(is_free) } else { None };
                self.now.insert(*step, Now { since: *at, gpus: gpus.clone(), worker, finished: 0, case: None });
            }
            Event::CaseStarted { step, id, occurrence, at } => {
                if let Some(now) = self.now.get_mut(step) {
                    now.case = Some(Case { id: id.clone(), occurrence: *occurrence, since: *at });
                }
            }
            Event::CaseFinished(result) => {
                self.finished += usize::from(!result.retried);
                self.failed += usize::from(result.fails_run());
                if let Some(now) = self.now.get_mut(&result.step) {
                    now.finished += 1;
                    now.case = None;
                }
            }
            Event::StepFinished(result) => {
                self.now.remove(&result.step);
                self.work_over += self.steps.get(&result.step).map_or(Duration::ZERO, |step| step.expected);
            }
            Event::RunStarted { .. } | Event::Interrupted { .. } | Event::Warning(_) => {}
        }
    }

    /// How many tests are over, and how many of how many failed so far: `12/40 done, 1 failed`.
    #[must_use]
    pub fn counts(&self) -> String {
        let failed = if self.failed > 0 { format!(", {} failed", grouped(self.failed)) } else { String::new() };
        format!("{}/{} done{failed}", grouped(self.finished), grouped(self.cases.max(self.finished)))
    }

    /// How much of the expected work is over, from 0 to 1: what runs counts by the time that it has run.
    #[must_use]
    pub fn share(&self, at: Duration) -> f64 {
        let running = self.now.iter().map(|(step, now)| {
            let expected = self.steps.get(step).map_or(Duration::ZERO, |planned| planned.expected);
            at.saturating_sub(now.since).min(expected)
        });
        let over = self.work_over + running.sum::<Duration>();
        if self.work.is_zero() { 0.0 } else { (over.as_secs_f64() / self.work.as_secs_f64()).min(1.0) }
    }

    /// How long it goes on, by the estimates of the plan; `None` where the plan expects no time at all.
    #[must_use]
    pub fn left(&self, at: Duration) -> Option<Duration> {
        (!self.expected.is_zero()).then(|| self.expected.mul_f64(1.0 - self.share(at)))
    }

    /// A line for each step that runs, GPUs first, at most `most` of them: where, what, how long, of how long.
    #[must_use]
    pub fn lines(&self, at: Duration, most: usize, styles: &Styles) -> Vec<String> {
        let mut rows: Vec<(bool, usize, String)> =
            self.now.iter().map(|(step, now)| self.row(*step, now, at, styles)).collect();
        rows.sort_by_key(|row| (row.0, row.1));
        let more = rows.len().saturating_sub(most);
        let mut lines: Vec<String> = rows.into_iter().take(most).map(|(.., line)| line).collect();
        if more > 0 {
            lines.push(format!("and {} more", grouped(more)));
        }
        lines
    }

    fn row(&self, step: StepId, now: &Now, at: Duration, styles: &Styles) -> (bool, usize, String) {
        let planned = self.steps.get(&step);
        let place = match now.worker {
            None => format!("GPU {}", printable(&now.gpus.join(","))),
            Some(worker) => format!("CPU {worker}"),
        };
        let (name, since, expected) = match &now.case {
            Some(case) => {
                let key = (case.id.clone(), case.occurrence);
                let estimate = planned.and_then(|planned| planned.estimates.get(&key)).copied();
                (printable(case.id.as_str()).into_owned(), case.since, estimate)
            }
            None => {
                let all = planned.map_or(0, |planned| planned.cases);
                let done = if all > 0 {
                    format!(" ({} of {} done)", grouped(now.finished), grouped(all))
                } else {
                    String::new()
                };
                let what = planned.map(|planned| planned.what.clone()).unwrap_or_default();
                (format!("{what}{done}"), now.since, planned.map(|planned| planned.expected))
            }
        };
        let took = duration(at.saturating_sub(since));
        let of = expected.filter(|expected| !expected.is_zero());
        let of = of.map(|expected| format!(" of {}", duration(expected))).unwrap_or_default();
        let line = format!("{:<8} {:>18}  {name}", place, format!("{took}{of}").style(styles.faint));
        (now.worker.is_some(), now.worker.unwrap_or(step.index()), line)
    }

    /// All of it as text, for whoever asks: the counts, the time left, what runs.
    #[must_use]
    pub fn text(&self, at: Duration, styles: &Styles) -> String {
        let left = self.left(at).map(|left| format!(", about {} left", duration(left))).unwrap_or_default();
        let mut out = format!("after {}: {}{left}\n", duration(at), self.counts());
        for line in self.lines(at, usize::MAX, styles) {
            out.push_str(&format!("  {line}\n"));
        }
        out
    }
}
