//! What is said on stderr while work goes on.

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use execution_plan::Plan;
use indicatif::{ProgressBar, ProgressStyle};
use test_report::count::duration;
use test_report::progress::{failure, line};
use test_report::running::Running;
use test_report::terminal::{Styles, printable};
use test_runner::{CaseResult, Event};

/// How often a terminal is drawn again.
const TICK: Duration = Duration::from_millis(200);
/// How many steps have a line.
const LINES: usize = 16;

/// One line, or several, for people; never part of a command's result.
///
/// It is written at once: stderr has no buffer, and each part of a format would be a write of its own.
pub(crate) fn note(text: &str) {
    let line = format!("{}\n", text.trim_end());
    // Nobody is left to tell that stderr is closed.
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

/// On a terminal a line for each device and worker and a bar for all, drawn again and again; elsewhere a line a finished
/// test. Failures at once on both.
pub(crate) struct Progress {
    shared: Arc<Shared>,
    /// What was said last of a file that cannot be collected: all of its tests have it.
    said: String,
    redraws: Option<std::thread::JoinHandle<()>>,
}

/// Asks a run what runs now.
#[derive(Clone)]
pub(crate) struct Asker(Arc<Shared>);

struct Shared {
    bar: Option<ProgressBar>,
    styles: Styles,
    began: Instant,
    running: Mutex<Running>,
    over: AtomicBool,
}

impl Progress {
    /// Begins. `live` says whether stderr can be drawn again, `rounds` how often each test runs where that is known.
    pub(crate) fn new(live: bool, styles: Styles, plan: &Plan, rounds: Option<u32>) -> Self {
        let bar = live.then(|| {
            let bar = ProgressBar::new(1000);
            let style = ProgressStyle::with_template("{bar:30} {prefix} {elapsed}{msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        let shared = Arc::new(Shared {
            bar,
            styles,
            began: Instant::now(),
            running: Mutex::new(Running::new(plan, rounds)),
            over: AtomicBool::new(false),
        });
        let redraws = live.then(|| {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || {
                while !shared.over.load(Ordering::SeqCst) {
                    shared.draw();
                    std::thread::park_timeout(TICK);
                }
            })
        });
        Self { shared, said: String::new(), redraws }
    }

    /// For those who ask what runs now.
    pub(crate) fn asker(&self) -> Asker {
        Asker(Arc::clone(&self.shared))
    }

    /// Takes the next event.
    pub(crate) fn tell(&mut self, event: &Event) {
        let shared = Arc::clone(&self.shared);
        shared.running().tell(event);
        match event {
            Event::CaseFinished(result) if result.fails_run() => shared.say(&failure(result, &shared.styles)),
            Event::CaseFinished(result) if self.is_said_anew(result) => shared.say(&failure(result, &shared.styles)),
            Event::CaseFinished(result) if shared.bar.is_none() || result.retried => {
                shared.say(&line(result, &shared.styles))
            }
            Event::StepFinished(step) => {
                if let Some(error) = &step.error {
                    let error = test_report::terminal::printable_lines(error);
                    shared.say(&format!("step {} failed: {error}", step.step));
                }
            }
            Event::Interrupted { at_once } => shared.say(if *at_once {
                "stopping at once"
            } else {
                "stopping: running tests are ended; again to stop at once"
            }),
            Event::Warning(text) => shared.say(&format!("warning: {}", printable(text))),
            Event::RunStarted { .. }
            | Event::StepStarted { .. }
            | Event::CaseStarted { .. }
            | Event::CaseFinished(_) => {}
        }
    }

    /// Whether this one of a file's tests tells why the file cannot be collected.
    fn is_said_anew(&mut self, result: &CaseResult) -> bool {
        if result.outcome.has_run() || result.message.is_empty() || result.message == self.said {
            return false;
        }
        self.said.clone_from(&result.message);
        true
    }

    /// Takes the display away.
    pub(crate) fn finish(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        if let Some(thread) = self.redraws.take() {
            thread.thread().unpark();
            // It only draws.
            let _ = thread.join();
        }
        if let Some(bar) = &self.shared.bar {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Asker {
    /// Says what runs now.
    pub(crate) fn say(&self) {
        if !self.0.over.load(Ordering::SeqCst) {
            let text = self.0.running().text(self.0.began.elapsed(), &self.0.styles);
            self.0.say(&text);
        }
    }
}

impl Shared {
    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn draw(&self) {
        let Some(bar) = &self.bar else { return };
        let at = self.began.elapsed();
        let (counts, share, left, lines) = {
            let running = self.running();
            (running.counts(), running.share(at), running.left(at), running.lines(at, LINES, &self.styles))
        };
        let left = left.map(|left| format!(", about {} left", duration(left))).unwrap_or_default();
        let rows: String = lines.iter().map(|line| format!("\n{}", fitting(line))).collect();
        bar.set_position((share * 1000.0) as u64);
        bar.set_prefix(counts);
        bar.set_message(format!("{left}{rows}"));
        bar.tick();
    }

    fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text.trim_end()),
            None => note(text),
        }
    }
}

/// As much of a line as a terminal shows without breaking it: lines that break are not taken away again.
fn fitting(line: &str) -> String {
    let width = usize::from(console::Term::stderr().size().1).saturating_sub(1).max(20);
    console::truncate_str(line, width, "…").into_owned()
}
