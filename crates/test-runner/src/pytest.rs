//! Runs a step's tests in a pytest process, and the rest in a new one after a crash or a time-out.

use std::collections::{HashSet, VecDeque};
use std::fs;
use std::os::fd::OwnedFd;
use std::process::ExitStatus;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use command_fds::{CommandFdExt as _, FdMapping};
use test_catalog::NodeId;

use crate::clock::Instant;
use crate::executor::{Job, seconds};
use crate::output::{Output, tail};
use crate::process::{Group, TICK, how};
use crate::pytest_command::{EVENTS_FD, PLUGIN, STACKS, command, plan_file};
use crate::pytest_events::{Line, lines};
use crate::{Capture, NotRunCause, Outcome, stacks};

/// Runs the step; the error says why it could not. What is in `over` has its results.
///
/// Three limits hold: a running test's own, `collection_limit` until all is collected, and the step's while no test
/// runs. The step's counts each test that pytest makes of an inexact function.
pub(crate) fn run(job: &Job<'_>, python: &Utf8Path, over: &mut HashSet<usize>) -> Result<(), String> {
    let mut progress = Progress { done: HashSet::new(), allowed: job.step.timeout, spent: Duration::ZERO };
    let mut groups = VecDeque::from([(0..job.step.cases.len()).collect::<Vec<_>>()]);
    for number in 0.. {
        let Some(mut group) = groups.pop_front() else { break };
        let before = (over.len(), progress.done.len());
        let mut attempt = Attempt::start(job, python, number, group.clone(), over, &mut progress)?;
        let end = attempt.supervise();
        let items = std::mem::take(&mut attempt.items);
        let stuck = (over.len(), progress.done.len()) == before;
        group.retain(|case| !over.contains(case));
        let go_on = !job.stop.is_raised();
        if go_on && matches!(end, End::TestEnded) && !stuck {
            groups.push_front(group);
        } else if go_on && end.is_of_some_file() && by_file(job, &group).len() > 1 {
            groups.extend(by_file(job, &group));
        } else {
            let (cause, reason) = end.label(job);
            label_rest(job, &group, &items, over, &progress.done, cause, &reason);
        }
        groups.retain(|group| !group.is_empty());
    }
    Ok(())
}

/// The cases of each file, in the order of the files' first cases.
fn by_file(job: &Job<'_>, group: &[usize]) -> Vec<Vec<usize>> {
    let mut files: Vec<Vec<usize>> = Vec::new();
    let file_of = |case: usize| &job.step.cases[case].file;
    for &case in group {
        match files.iter_mut().find(|file| file.first().is_some_and(|&first| file_of(first) == file_of(case))) {
            Some(file) => file.push(case),
            None => files.push(vec![case]),
        }
    }
    files
}

/// Gives what is left its results: each test that pytest made by its own id, what it made nothing of by the planned one.
fn label_rest(
    job: &Job<'_>,
    group: &[usize],
    items: &[Item],
    over: &mut HashSet<usize>,
    done: &HashSet<(String, u32)>,
    cause: NotRunCause,
    reason: &str,
) {
    for &number in group {
        over.insert(number);
        let case = &job.step.cases[number];
        let mut made = items.iter().filter(|item| item.planned == number).peekable();
        if made.peek().is_none() {
            job.not_run(case, cause, reason);
        }
        for item in made.filter(|item| !done.contains(&(item.id.clone(), item.occurrence))) {
            let mut result = job.result(case, Outcome::NotRun { cause, reason: reason.to_owned() });
            result.id = NodeId::from_text(&item.id);
            result.occurrence = item.occurrence;
            job.finished(result);
        }
    }
}

/// What the attempts at a step share.
struct Progress {
    /// Tests with a result.
    done: HashSet<(String, u32)>,
    /// How long the step may take.
    allowed: Duration,
    /// How long earlier attempts took, collecting not counted.
    spent: Duration,
}

/// A test that pytest made of a planned case.
struct Item {
    planned: usize,
    id: String,
    occurrence: u32,
}

/// How a pytest process ended.
enum End {
    Exited {
        status: ExitStatus,
        collected: bool,
        output: String,
    },
    /// With a test that crashed or took too long, and has its result.
    TestEnded,
    Uncollected(Duration),
    StepOver(Duration),
    Stopped,
}

impl End {
    /// Whether one file may have kept all others from being collected: each is tried by itself then. Wrong usage
    /// (exit code 4) is that of no file.
    fn is_of_some_file(&self) -> bool {
        match self {
            Self::Exited { status, collected, .. } => !collected && status.code() != Some(4),
            Self::Uncollected(_) => true,
            Self::TestEnded | Self::StepOver(_) | Self::Stopped => false,
        }
    }

    /// What is said of the tests that it left without a result.
    fn label(self, job: &Job<'_>) -> (NotRunCause, String) {
        if job.stop.is_raised() {
            let (cause, reason) = job.stop.get().cause();
            return (cause, reason.to_owned());
        }
        match self {
            Self::TestEnded | Self::Stopped => (NotRunCause::Stopped, "pytest makes no progress".to_owned()),
            Self::Uncollected(limit) => {
                (NotRunCause::Stopped, format!("collecting took longer than {}", seconds(limit)))
            }
            Self::StepOver(limit) => {
                (NotRunCause::Stopped, format!("its step took longer than {} with no test running", seconds(limit)))
            }
            Self::Exited { status, collected: true, .. } => {
                (NotRunCause::Stopped, format!("pytest ended before it ({})", how(status)))
            }
            Self::Exited { status, output, .. } => {
                (NotRunCause::Collection, format!("pytest collected nothing ({}): {}", how(status), output.trim()))
            }
        }
    }
}

/// One pytest process.
struct Attempt<'r, 'j> {
    job: &'r Job<'j>,
    folder: Utf8PathBuf,
    /// The planned cases that the plugin was given, in its order.
    left: Vec<usize>,
    over: &'r mut HashSet<usize>,
    progress: &'r mut Progress,
    process: Group,
    output: Option<Output>,
    lines: Receiver<Line>,
    items: Vec<Item>,
    running: Option<(usize, Instant)>,
    began: Instant,
    collected: Option<Instant>,
}

impl<'r, 'j> Attempt<'r, 'j> {
    fn start(
        job: &'r Job<'j>,
        python: &Utf8Path,
        number: usize,
        left: Vec<usize>,
        over: &'r mut HashSet<usize>,
        progress: &'r mut Progress,
    ) -> Result<Self, String> {
        let folder = job.attempt_folder(number);
        let io = |error: std::io::Error| format!("cannot run pytest in {folder}: {error}");
        fs::create_dir_all(folder.join("outputs")).map_err(io)?;
        fs::write(folder.join("dynamo_test_runner.py"), PLUGIN).map_err(io)?;
        let plan = plan_file(job, &left, &progress.done, &folder);
        fs::write(folder.join("plan.json"), plan).map_err(io)?;
        let mut command = command(job, python, &folder);
        let (events, writer) = std::io::pipe().map_err(io)?;
        let parent_fd = OwnedFd::from(writer);
        command.fd_mappings(vec![FdMapping { parent_fd, child_fd: EVENTS_FD }]).map_err(|error| error.to_string())?;
        let mut output = None;
        if job.settings.capture == Capture::Failures {
            let (reader, writer) = std::io::pipe().map_err(io)?;
            command.stdout(writer.try_clone().map_err(io)?).stderr(writer);
            output = Some(reader);
        }
        let process = job.launcher.spawn(&mut command).map_err(io)?;
        // The command holds the pipes' other ends.
        drop(command);
        Ok(Self {
            job,
            folder,
            left,
            over,
            progress,
            process,
            output: output.map(Output::of),
            lines: lines(events),
            items: Vec::new(),
            running: None,
            began: Instant::now(),
            collected: None,
        })
    }

    /// Takes events until the process ends, by itself or for a limit or a stop.
    fn supervise(&mut self) -> End {
        loop {
            match self.lines.recv_timeout(TICK) {
                Ok(line) => self.take(line),
                Err(RecvTimeoutError::Disconnected) => std::thread::sleep(TICK),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if let Some(status) = self.process.ended() {
                self.process.sweep();
                self.drain();
                return self.exited(status);
            }
            if self.job.stop.is_raised() {
                self.drain();
                self.stop();
                return End::Stopped;
            }
            if let Some((item, limit)) = self.late() {
                let place = stacks::place(&mut self.process, Some(&self.folder.join(STACKS)));
                self.stop();
                let output = self.keep_output();
                self.finish(item, Outcome::TimedOut { limit }, (place, tail(&output)), true);
                return End::TestEnded;
            }
            let limit = self.job.settings.collection_limit;
            if self.collected.is_none() && self.began.elapsed() > limit {
                self.stop();
                return End::Uncollected(limit);
            }
            let spent = self.progress.spent + self.collected.map(|at| at.elapsed()).unwrap_or_default();
            if self.running.is_none() && spent > self.progress.allowed {
                self.stop();
                return End::StepOver(self.progress.allowed);
            }
        }
    }

    /// The running test that is over its limit, with the limit.
    fn late(&self) -> Option<(usize, Duration)> {
        let (item, since) = self.running?;
        let limit = self.job.step.cases[self.items.get(item)?.planned].timeout;
        (since.elapsed() > limit).then_some((item, limit))
    }

    fn exited(&mut self, status: ExitStatus) -> End {
        self.progress.spent += self.collected.map(|at| at.elapsed()).unwrap_or_default();
        let output = self.keep_output();
        if let Some((item, _)) = self.running {
            self.finish(item, Outcome::Crashed { how: how(status) }, (String::new(), tail(&output)), true);
            return End::TestEnded;
        }
        End::Exited { status, collected: self.collected.is_some(), output: tail(&output) }
    }

    fn stop(&mut self) {
        self.progress.spent += self.collected.map(|at| at.elapsed()).unwrap_or_default();
        self.process.stop(self.job.settings.grace, self.job.stop);
    }

    /// Takes what was written before the process ended; a daemon that holds the pipe is waited for but shortly.
    fn drain(&mut self) {
        let wait = if self.process.ended().is_some() { Duration::from_millis(500) } else { Duration::ZERO };
        while let Ok(line) = self.lines.recv_timeout(wait) {
            self.take(line);
        }
    }

    fn take(&mut self, line: Line) {
        match line {
            Line::Item { planned, id, occurrence } => {
                let Some(&planned) = self.left.get(planned) else { return };
                self.items.push(Item { planned, id, occurrence });
            }
            Line::Absent { planned, cause, reason } => {
                if let Some(&planned) = self.left.get(planned)
                    && self.over.insert(planned)
                {
                    absent(self.job, planned, &cause, reason);
                }
            }
            Line::Collected => {
                self.collected = Some(Instant::now());
                let all: Duration = self.items.iter().map(|item| self.job.step.cases[item.planned].timeout).sum();
                self.progress.allowed = self.progress.allowed.max(all);
            }
            Line::Start { item: number } => {
                if let Some(item) = self.items.get(number) {
                    self.running = Some((number, Instant::now()));
                    self.job.started(NodeId::from_text(&item.id), item.occurrence);
                }
            }
            Line::End { item, outcome, reason, message, output } => {
                let outcome = match outcome.as_str() {
                    "passed" => Outcome::Passed,
                    "skipped" => Outcome::Skipped { reason },
                    "xfailed" => Outcome::XFailed { reason },
                    "xpassed" => Outcome::XPassed,
                    _ => Outcome::Failed,
                };
                self.finish(item, outcome, (message, output), false);
            }
            // What has no result by now is told when the process ends.
            Line::Finished => {}
        }
    }

    fn finish(&mut self, number: usize, outcome: Outcome, (message, output): (String, String), died: bool) {
        let since = self.running.take().map_or_else(Instant::now, |(_, since)| since);
        let Some(item) = self.items.get(number) else { return };
        if !self.progress.done.insert((item.id.clone(), item.occurrence)) {
            return;
        }
        let mut result = self.job.result(&self.job.step.cases[item.planned], outcome);
        result.id = NodeId::from_text(&item.id);
        result.occurrence = item.occurrence;
        result.start = since.saturating_duration_since(self.job.began);
        result.duration = since.elapsed();
        (result.message, result.output) = (message, output);
        if result.outcome.is_failure() && !result.output.is_empty() {
            let own = self.folder.join(format!("outputs/{number}.txt"));
            let file = if died { self.output_path() } else { own };
            result.output_file = file.is_file().then_some(file);
        }
        let is_done = |other: &Item| self.progress.done.contains(&(other.id.clone(), other.occurrence));
        if self.items.iter().filter(|other| other.planned == item.planned).all(is_done) {
            self.over.insert(item.planned);
        }
        self.job.finished(result);
    }

    fn output_path(&self) -> Utf8PathBuf {
        self.folder.join("output.txt")
    }

    /// What the process printed, bounded, which is kept in a file as well.
    fn keep_output(&self) -> Vec<u8> {
        let output = self.output.as_ref().map(Output::settled).unwrap_or_default();
        // It stands in results too: a full disk must not cost them.
        let _ = fs::write(self.output_path(), &output);
        output
    }
}

fn absent(job: &Job<'_>, planned: usize, cause: &str, reason: String) {
    let case = &job.step.cases[planned];
    match cause {
        "skipped" => job.finished(job.result(case, Outcome::Skipped { reason })),
        "collection" => job.not_run(case, NotRunCause::Collection, reason),
        "deselected" => job.not_run(case, NotRunCause::Deselected, reason),
        _ => job.not_run(case, NotRunCause::Missing, reason),
    }
}
