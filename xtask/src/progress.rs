//! What is said on stderr while work goes on.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use test_report::progress::{failure, line};
use test_report::terminal::{Styles, printable};
use test_runner::Event;

use crate::environment::Environment;

/// One line, or several, for people; never part of a command's result.
#[expect(clippy::print_stderr, reason = "the one place that writes diagnostics")]
pub(crate) fn note(text: &str) {
    eprintln!("{}", text.trim_end());
}

/// A bar on a terminal, a line a finished test elsewhere; failures at once on both.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    styles: Styles,
    running: BTreeMap<String, usize>,
    failed: usize,
}

impl Progress {
    /// Begins, for so many tests.
    pub(crate) fn new(environment: &Environment, styles: Styles, cases: usize) -> Self {
        let bar = environment.progress.then(|| {
            let bar = ProgressBar::new(cases as u64);
            let template = "{bar:30} {pos}/{len} {elapsed} {msg}";
            bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Self { bar, styles, running: BTreeMap::new(), failed: 0 }
    }

    /// Takes the next event.
    pub(crate) fn tell(&mut self, event: &Event) {
        match event {
            Event::CaseStarted { id, .. } => *self.running.entry(id.to_string()).or_default() += 1,
            Event::CaseFinished(result) => {
                self.running.remove(result.id.as_str());
                if result.outcome.is_failure() {
                    self.failed += 1;
                    self.say(&failure(result, &self.styles));
                } else if self.bar.is_none() {
                    self.say(&line(result, &self.styles));
                }
                if let Some(bar) = &self.bar {
                    bar.inc(1);
                }
            }
            Event::StepFinished(step) => {
                if let Some(error) = &step.error {
                    self.say(&format!("step {} failed: {}", step.step, test_report::terminal::printable_lines(error)));
                }
            }
            Event::Interrupted { at_once } => self.say(if *at_once {
                "stopping at once"
            } else {
                "stopping: running tests are ended; again to stop at once"
            }),
            Event::Warning(text) => self.say(&format!("warning: {}", printable(text))),
            Event::RunStarted { .. } | Event::StepStarted { .. } => {}
        }
        if let Some(bar) = &self.bar {
            let first = self.running.keys().next().map(|id| printable(id).into_owned()).unwrap_or_default();
            let failed = if self.failed > 0 { format!("{} failed ", self.failed) } else { String::new() };
            bar.set_message(format!("{failed}{first}"));
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text.trim_end()),
            None => note(text),
        }
    }
}
