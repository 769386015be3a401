//! What runs now: for the live display, and for whoever asks in the middle of a run.
//!
//! It is fed with the events of a run and asked at a moment; it has no clock and draws nothing.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use execution_plan::{Plan, PlannedCase, Step, StepId, StepKind};
use owo_colors::OwoColorize;
use test_catalog::NodeId;
use test_runner::Event;

use crate::count::{duration, grouped};
use crate::plan::what;
use crate::terminal::{Styles, printable};

/// Which part of the plan has to be over before what it took counts more than what was expected.
const DOUBT: f64 = 0.1;

/// The state of a run, from its plan and its events.
#[derive(Debug, Clone)]
pub struct Running {
    steps: HashMap<StepId, Planned>,
    now: BTreeMap<StepId, Now>,
    /// How long what is planned takes by itself, and what of it is over, in seconds.
    work: f64,
    work_over: f64,
    /// How long the plan takes; `None` where it goes on until a test fails.
    expected: Option<Duration>,
    /// How many results come; `None` likewise.
    results: Option<usize>,
    finished: usize,
    failed: usize,
}

/// A step as it was planned.
#[derive(Debug, Clone)]
struct Planned {
    what: String,
    /// What of the work each of its tests is.
    parts: HashMap<(NodeId, u32), Part>,
    expected: Duration,
    /// Whether it tells which of its tests runs.
    tells: bool,
}

/// What a test is of the work: an inexact function all of its tests.
#[derive(Debug, Clone)]
struct Part {
    estimate: Duration,
    /// A round of it, in seconds: its share of what its step is expected to take.
    round: f64,
    /// How many rounds are not over.
    left: u32,
}

/// A step that runs.
#[derive(Debug, Clone)]
struct Now {
    since: Duration,
    gpus: Vec<String>,
    /// Of steps without a GPU: the lowest number that was free when it began.
    worker: Option<usize>,
    finished: usize,
    /// What of the work they were, in seconds.
    over: f64,
    case: Option<Case>,
}

/// A test that runs.
#[derive(Debug, Clone)]
struct Case {
    id: NodeId,
    occurrence: u32,
    since: Duration,
}

impl Planned {
    fn part(&self, case: &Case) -> Option<&Part> {
        self.parts.get(&(case.id.clone(), case.occurrence))
    }
}

impl Running {
    /// Before anything runs: each test so often, or `None` where it goes on until one fails.
    #[must_use]
    pub fn new(plan: &Plan, rounds: Option<u32>) -> Self {
        let repeated = rounds.unwrap_or(1);
        let planned = |step: &Step| {
            let all: f64 = step.cases.iter().map(|case| case.estimate.duration.as_secs_f64()).sum();
            let part = |case: &PlannedCase| {
                let estimate = case.estimate.duration;
                let share = if all > 0.0 { estimate.as_secs_f64() / all } else { 1.0 / step.cases.len() as f64 };
                let part = Part { estimate, round: step.expected().as_secs_f64() * share, left: repeated };
                ((case.id.clone(), case.occurrence), part)
            };
            Planned {
                what: what(step),
                parts: step.cases.iter().map(part).collect(),
                expected: step.expected(),
                tells: !matches!(step.kind, StepKind::RustBinary { .. }),
            }
        };
        let steps: HashMap<StepId, Planned> = plan.steps().map(|step| (step.id, planned(step))).collect();
        let work = |step: &Planned| {
            step.expected.as_secs_f64() * if step.parts.is_empty() { 1.0 } else { f64::from(repeated) }
        };
        Self {
            now: BTreeMap::new(),
            work: steps.values().map(work).sum(),
            work_over: 0.0,
            expected: rounds.map(|rounds| plan.expected.saturating_mul(rounds)),
            results: rounds.map(|rounds| plan.case_count().saturating_mul(rounds as usize)),
            finished: 0,
            failed: 0,
            steps,
        }
    }

    /// Takes the next event.
    pub fn tell(&mut self, event: &Event) {
        match event {
            Event::StepStarted { step, at, gpus } => {
                let is_free = |number: &usize| self.now.values().all(|now| now.worker != Some(*number));
                // As many numbers as steps that run, and one more: one of them is free.
                let worker = if gpus.is_empty() { (1..=self.now.len() + 1).find(is_free) } else { None };
                self.now
                    .insert(*step, Now { since: *at, gpus: gpus.clone(), worker, finished: 0, over: 0.0, case: None });
            }
            Event::CaseStarted { step, id, occurrence, at } => {
                if let Some(now) = self.now.get_mut(step) {
                    now.case = Some(Case { id: id.clone(), occurrence: *occurrence, since: *at });
                }
            }
            Event::CaseFinished(result) => {
                self.finished += usize::from(!result.retried);
                self.failed += usize::from(result.fails_run());
                let step = self.steps.get_mut(&result.step);
                let part = step.and_then(|step| step.parts.get_mut(&(result.id.clone(), result.occurrence)));
                let over = part.filter(|part| part.left > 0 && !result.retried).map_or(0.0, |part| {
                    part.left -= 1;
                    part.round
                });
                self.work_over += over;
                if let Some(now) = self.now.get_mut(&result.step) {
                    now.finished += 1;
                    now.over += over;
                    now.case = None;
                }
            }
            Event::StepFinished(result) => {
                self.now.remove(&result.step);
                let Some(step) = self.steps.get_mut(&result.step) else { return };
                if step.parts.is_empty() {
                    self.work_over += step.expected.as_secs_f64();
                }
                // What had no result by its own name: tests of inexact functions have others.
                for part in step.parts.values_mut() {
                    self.work_over += part.round * f64::from(std::mem::take(&mut part.left));
                }
            }
            Event::RunStarted { .. } | Event::Interrupted { .. } | Event::Warning(_) => {}
        }
    }

    /// How many tests are over of how many, and how many failed so far: `12/40 done, 1 failed`.
    #[must_use]
    pub fn counts(&self) -> String {
        let failed = if self.failed > 0 { format!(", {} failed", grouped(self.failed)) } else { String::new() };
        let of = self.results.map(|results| format!("/{}", grouped(results.max(self.finished)))).unwrap_or_default();
        format!("{}{of} done{failed}", grouped(self.finished))
    }

    /// How much of the expected work is over, from 0 to 1: the test that runs counts by the time that it has run, up to what is
    /// expected of it. What its process has yet to run does not. 0 where no end is planned.
    #[must_use]
    pub fn share(&self, at: Duration) -> f64 {
        if self.expected.is_none() {
            return 0.0;
        }
        let running = self.now.iter().map(|(step, now)| {
            let Some(planned) = self.steps.get(step) else { return 0.0 };
            match &now.case {
                Some(case) => {
                    let part = planned.part(case).filter(|part| part.left > 0);
                    part.map_or(0.0, |part| part.round.min(at.saturating_sub(case.since).as_secs_f64()))
                }
                None if planned.tells && !planned.parts.is_empty() => 0.0,
                None => {
                    let took = at.saturating_sub(now.since).min(planned.expected).as_secs_f64();
                    (took - now.over).max(0.0)
                }
            }
        });
        let over = self.work_over + running.sum::<f64>();
        if self.work > 0.0 { (over / self.work).clamp(0.0, 1.0) } else { 0.0 }
    }

    /// How long it goes on: what the plan expects of the rest, as much longer or shorter as what is over took. `None` where the
    /// plan expects no time at all, and where no end is planned.
    #[must_use]
    pub fn left(&self, at: Duration) -> Option<Duration> {
        let expected = self.expected.filter(|expected| !expected.is_zero())?.as_secs_f64();
        let share = self.share(at);
        // At first little is over, and says little of the rest.
        let doubt = expected * DOUBT;
        let pace = (at.as_secs_f64() + doubt) / (expected * share + doubt);
        Duration::try_from_secs_f64(expected * (1.0 - share) * pace).ok()
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
                let estimate = planned.and_then(|planned| planned.part(case)).map(|part| part.estimate);
                (printable(case.id.as_str()).into_owned(), case.since, estimate)
            }
            None => {
                let all = planned.map_or(0, |planned| planned.parts.len());
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
