//! Runs a step's tests in pytest processes: one takes all of them; what a crash, a time-out or a failed collection leaves
//! goes to a new one, and so do files of other steps when all is done.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fs;
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::ExitStatus;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use command_fds::{CommandFdExt as _, FdMapping};
use test_catalog::NodeId;

use crate::captured::Captured;
use crate::clock::Instant;
use crate::executor::{Job, named, seconds};
use crate::output::{Output, tail};
use crate::pool::{FileCases, Pool, TakeOver};
use crate::process::{Group, TICK, how};
use crate::pytest_command::{EVENTS_FD, PLUGIN, STACKS, TEMPORARY, command, write_plan};
use crate::pytest_end::{End, label_of_stop};
use crate::pytest_events::{Line, lines};
use crate::pytest_given::{Given, not_run, result};
use crate::{Capture, CaseUsage, Event, NotRunCause, Outcome, stacks};

/// How long a process may take to end once it has closed its pipes, before it is looked after again.
const ENDING: Duration = Duration::from_millis(2);

/// How long a process may take to end once its session has: a test may leave a thread behind, for which Python waits.
const LINGERING: Duration = Duration::from_mins(1);

/// How long the rest of what a process said may take to be read when all of it is gone.
const END_OF_LINES: Duration = Duration::from_secs(30);

/// Runs one round of the step without the cases in `over`, and tests of other steps in `pool` when it is done. The error says
/// why no process could be started; every test has its result all the same.
///
/// Four limits hold: a running test's own, `collection_limit` until all is collected, while no test runs that of all
/// tests that the process was given, and a minute when the session is over. It counts each test that pytest makes of an inexact
/// function.
pub(crate) fn run<'p>(
    job: &Job<'p, '_>,
    python: &Utf8Path,
    pool: &Pool<'p>,
    over: &HashSet<usize>,
) -> Result<(), String> {
    let mut files = FileCases::of(job.step, job.round, over);
    if let Some(tries) = job.tries {
        files.iter_mut().for_each(|file| file.done = tries.over());
    }
    pool.add(job.step, files);
    // Files that are tried each by itself, since one of them may have kept the others from being collected.
    let mut apart = VecDeque::new();
    for number in 0.. {
        let given = match apart.pop_front() {
            Some(file) => vec![Given::own(file)],
            None => given(job, pool),
        };
        if given.is_empty() {
            break;
        }
        let alone = given.len() == 1;
        let mut attempt = match Attempt::start(job, pool, python, number, given) {
            Ok(attempt) => attempt,
            Err((error, given)) => {
                let (cause, reason) = label_of_stop(job).unwrap_or((NotRunCause::Machine, error.clone()));
                label_rest(job, pool, given, &[], cause, &reason);
                for file in apart {
                    label_file(job, &file, &HashMap::new(), cause, &reason);
                }
                return Err(error);
            }
        };
        let end = attempt.supervise();
        attempt.remove_temporary(&end);
        let Attempt { mut given, items, results, .. } = attempt;
        let go_on = !job.stop.is_raised();
        if go_on && matches!(end, End::TestEnded) && results > 0 {
            pool.add(job.step, given.into_iter().filter_map(Given::rest).collect());
        } else if go_on && end.is_of_some_file() && !alone {
            for file in &mut given {
                file.claim(job, pool);
            }
            apart.extend(given.into_iter().filter_map(Given::rest));
        } else {
            let (cause, reason) = end.label(job);
            label_rest(job, pool, given, &items, cause, &reason);
        }
    }
    Ok(())
}

/// What a step has left, else what it can take over.
fn given<'p>(job: &Job<'p, '_>, pool: &Pool<'p>) -> Vec<Given<'p>> {
    let mut files = pool.left(job.step.id);
    while files.is_empty() && !job.stop.is_raised() {
        match pool.take_over(job.step) {
            TakeOver::Taken => files = pool.left(job.step.id),
            TakeOver::Later => std::thread::sleep(TICK),
            TakeOver::Nothing => break,
        }
    }
    files.into_iter().map(|(ticket, cases, left)| Given::waiting(ticket, cases, left)).collect()
}

/// Gives what is left of a step its results.
fn label_rest<'p>(
    job: &Job<'p, '_>,
    pool: &Pool<'p>,
    mut given: Vec<Given<'p>>,
    items: &[Item],
    cause: NotRunCause,
    reason: &str,
) {
    for (number, file) in given.iter_mut().enumerate() {
        if file.claim(job, pool)
            && let Some(file) = file.mine()
        {
            let mut made: HashMap<usize, Vec<&Item>> = HashMap::new();
            for item in items.iter().filter(|item| item.file == number) {
                made.entry(item.case).or_default().push(item);
            }
            label_file(job, file, &made, cause, reason);
        }
    }
    for file in pool.give_up(job.step.id) {
        label_file(job, &file, &HashMap::new(), cause, reason);
    }
}

/// Each test that pytest made gets a result by its own id, what it made nothing of by the planned one.
fn label_file(
    job: &Job<'_, '_>,
    file: &FileCases<'_>,
    made: &HashMap<usize, Vec<&Item>>,
    cause: NotRunCause,
    reason: &str,
) {
    for case in (0..file.cases.len()).filter(|case| !file.over.contains(case)) {
        let Some(made) = made.get(&case) else {
            job.finished(not_run(job, file, case, cause, reason));
            continue;
        };
        for item in made.iter().filter(|item| !file.done.contains(&item.key())) {
            let mut result = not_run(job, file, case, cause, reason);
            (result.id, result.occurrence) = (item.id.clone(), item.occurrence);
            job.finished(result);
        }
    }
}

/// A test that pytest made of a case of a file.
struct Item {
    file: usize,
    case: usize,
    id: NodeId,
    occurrence: u32,
    /// How often a plugin of the tree ran it again.
    tries: u32,
    /// What the first of those failures said, where the test is repeated anyway.
    failed: Option<Box<(String, String)>>,
}

impl Item {
    fn key(&self) -> (NodeId, u32) {
        (self.id.clone(), self.occurrence)
    }
}

/// How a test ended.
#[derive(Clone, Copy)]
enum Ended {
    /// By itself, having taken so much.
    Itself(Option<CaseUsage>),
    /// Its process ended, or was ended.
    WithProcess,
}

/// One pytest process.
struct Attempt<'r, 'p> {
    job: &'r Job<'p, 'r>,
    pool: &'r Pool<'p>,
    folder: Utf8PathBuf,
    process: Group,
    output: Option<Output>,
    captured: Captured,
    lines: Receiver<Line>,
    /// Answers to what the plugin asks.
    answers: UnixStream,
    given: Vec<Given<'p>>,
    /// Of each case that the plugin was given, its file and its number there.
    places: Vec<(usize, usize)>,
    items: Vec<Item>,
    /// How many tests of a case have no result yet.
    open: HashMap<(usize, usize), usize>,
    running: Option<(usize, Instant)>,
    results: usize,
    has_failed: bool,
    began: Instant,
    collected: Option<Instant>,
    /// Why pytest runs no further test.
    stopping: Option<String>,
    /// When its session was over.
    finished: Option<Instant>,
    /// How long it may go on once all is collected, while no test runs.
    allowed: Duration,
}

impl<'r, 'p> Attempt<'r, 'p> {
    fn start(
        job: &'r Job<'p, '_>,
        pool: &'r Pool<'p>,
        python: &Utf8Path,
        number: usize,
        given: Vec<Given<'p>>,
    ) -> Result<Self, (String, Vec<Given<'p>>)> {
        let started = job.prepared(number, |folder| prepare(job, folder, &given)).and_then(|(folder, places)| {
            match spawn(job, python, &folder) {
                Ok(spawned) => Ok((folder, places, spawned)),
                Err(error) => Err((folder, error)),
            }
        });
        match started {
            Ok((folder, places, Spawned { process, output, socket, reader })) => {
                let cases = given.iter().flat_map(|file| &file.cases);
                Ok(Self {
                    job,
                    pool,
                    folder,
                    process,
                    output: output.map(Output::of),
                    captured: Captured::default(),
                    lines: lines(reader),
                    answers: socket,
                    allowed: cases.map(|case| case.timeout).sum(),
                    given,
                    places,
                    items: Vec::new(),
                    open: HashMap::new(),
                    running: None,
                    results: 0,
                    has_failed: false,
                    began: Instant::now(),
                    collected: None,
                    stopping: None,
                    finished: None,
                })
            }
            Err((folder, error)) => Err((format!("cannot run pytest in {folder}: {error}"), given)),
        }
    }

    /// Takes events until the process ends, by itself or for a limit or a stop.
    fn supervise(&mut self) -> End {
        loop {
            match self.lines.recv_timeout(TICK) {
                Ok(line) => self.take(line),
                Err(RecvTimeoutError::Disconnected) => self.process.wait(ENDING),
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
                // pytest takes it when it is stopped, and does not tell it.
                let captured = self.captured.text();
                self.stop();
                let output = self.keep_output(&captured);
                self.finish(item, Outcome::TimedOut { limit }, (place, tail(&output)), Ended::WithProcess);
                return End::TestEnded;
            }
            if let Some((item, _)) = self.running {
                self.captured.trim(item);
            }
            let limit = self.job.settings.collection_limit;
            let ending = LINGERING.min(limit);
            if self.finished.is_some_and(|since| since.elapsed() > ending) {
                return self.lingered(ending);
            }
            if self.collected.is_none() && self.began.elapsed() > limit {
                self.stop();
                return End::Uncollected(limit);
            }
            let spent = self.collected.map(|at| at.elapsed()).unwrap_or_default();
            if self.running.is_none() && spent > self.allowed {
                self.stop();
                return End::StepOver(self.allowed);
            }
        }
    }

    /// The running test that is over its limit, with the limit.
    fn late(&self) -> Option<(usize, Duration)> {
        let (item, since) = self.running?;
        let item_of = self.items.get(item)?;
        let limit = self.given[item_of.file].cases[item_of.case].timeout;
        (since.elapsed() > limit).then_some((item, limit))
    }

    /// What was told in its session counts; that it had to be ended is said.
    fn lingered(&mut self, limit: Duration) -> End {
        let place = stacks::place(&mut self.process, Some(&self.folder.join(STACKS)));
        self.stop();
        self.keep_output(&place);
        self.job.tell(Event::Warning(format!(
            "{}: pytest did not end within {} after its last test, and was ended; {} says where it was",
            named(self.job),
            seconds(limit),
            self.output_path(),
        )));
        End::Lingered { collected: self.collected.is_some() }
    }

    fn exited(&mut self, status: ExitStatus) -> End {
        let captured = self.running.map(|_| self.captured.text()).unwrap_or_default();
        let output = self.keep_output(&captured);
        if let Some((item, _)) = self.running {
            self.finish(
                item,
                Outcome::Crashed { how: how(status) },
                (String::new(), tail(&output)),
                Ended::WithProcess,
            );
            return End::TestEnded;
        }
        let stopping = self.stopping.take();
        End::Exited { status, collected: self.collected.is_some(), stopping, output: tail(&output) }
    }

    fn stop(&mut self) {
        self.process.stop(self.job.settings.grace, self.job.stop);
    }

    /// Takes what was written before the process ended. Under a shim nothing is left that could hold the pipe, so that its end
    /// comes, on a loaded machine a while later; else a daemon that holds it is waited for but shortly.
    fn drain(&mut self) {
        let wait = match self.process.ended() {
            Some(_) if self.process.leaves_nothing() => END_OF_LINES,
            Some(_) => Duration::from_millis(500),
            None => Duration::ZERO,
        };
        while let Ok(line) = self.lines.recv_timeout(wait) {
            self.take(line);
        }
    }

    fn take(&mut self, line: Line) {
        match line {
            // Once, before any test that could say so.
            Line::Capturing { process, out, err } if self.collected.is_none() && self.items.is_empty() => {
                self.captured = Captured::open(process, out, err);
            }
            Line::Capturing { .. } => {}
            Line::Item { planned, id, occurrence } => {
                let Some(&(file, case)) = self.places.get(planned) else { return };
                *self.open.entry((file, case)).or_default() += 1;
                // Mostly the very id that is planned, which is there once.
                let planned = &self.given[file].cases[case].id;
                let id = if planned.as_str() == id { planned.clone() } else { NodeId::from_text(id) };
                self.items.push(Item { file, case, id, occurrence, tries: 0, failed: None });
            }
            Line::Absent { planned, cause, reason } => {
                if let Some(&(file, case)) = self.places.get(planned) {
                    self.given[file].absent(self.job, case, cause, reason);
                }
            }
            Line::Collected => self.has_collected(),
            Line::Claim { file } => {
                let is_mine = self.given.get_mut(file).is_some_and(|file| file.claim(self.job, self.pool));
                // Where the plugin is gone, its end is seen.
                let _ = self.answers.write_all(if is_mine { b"1\n" } else { b"0\n" });
            }
            Line::Start { item: number } => {
                if let Some(item) = self.items.get(number) {
                    self.captured.said(String::new());
                    self.running = Some((number, Instant::now()));
                    self.job.started(item.id.clone(), item.occurrence);
                }
            }
            Line::Retried { item, message, output } => self.retried(item, message, output),
            Line::Said { output } => self.captured.said(output),
            Line::End { item, outcome, reason, message, output, cpu, memory, before } => {
                for peak in [memory, before].into_iter().flatten() {
                    self.job.launcher.saw_memory(peak);
                }
                let processor_time = cpu.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
                let usage = processor_time.map(|processor_time| CaseUsage { processor_time, peak_memory: memory });
                let outcome = match outcome.as_str() {
                    "passed" => Outcome::Passed,
                    "skipped" => Outcome::Skipped { reason },
                    "xfailed" => Outcome::XFailed { reason },
                    "xpassed" => Outcome::XPassed,
                    _ => Outcome::Failed,
                };
                self.finish(item, outcome, (message, output), Ended::Itself(usage));
            }
            Line::Stopping { reason } => self.stopping = Some(reason),
            // What has no result by now is told when the process ends.
            Line::Finished => self.finished = Some(Instant::now()),
        }
    }

    fn has_collected(&mut self) {
        self.collected = Some(Instant::now());
        let timeouts = self.items.iter().map(|item| self.given[item.file].cases[item.case].timeout);
        self.allowed = self.allowed.max(timeouts.sum());
        // The plugin claims a file with its first test.
        let with_tests: HashSet<usize> = self.items.iter().map(|item| item.file).collect();
        for (_, file) in self.given.iter_mut().enumerate().filter(|(number, _)| !with_tests.contains(number)) {
            file.claim(self.job, self.pool);
        }
    }

    /// A test failed, and a plugin of the tree runs it again: what comes of it in the end does not hide that. Where tests are repeated
    /// to see whether they ever fail, they did.
    fn retried(&mut self, number: usize, message: String, output: String) {
        let Some(item) = self.items.get_mut(number) else { return };
        if self.job.settings.rounds() > 1 {
            item.failed.get_or_insert_with(|| Box::new((message, output)));
            return;
        }
        let round = item.tries;
        item.tries += 1;
        let (file, case, id, occurrence) = (item.file, item.case, item.id.clone(), item.occurrence);
        let Some(file) = self.given[file].mine() else { return };
        let mut result = result(self.job, file, case, Outcome::Failed);
        (result.id, result.occurrence, result.retried) = (id, occurrence, true);
        result.round += round;
        // It is told when the last one is over: all of them began with the first.
        let since = self.running.map_or_else(Instant::now, |(_, since)| since);
        result.start = since.saturating_duration_since(self.job.began);
        (result.message, result.output) = (message, output);
        self.job.tell(Event::CaseFinished(result));
    }

    fn finish(&mut self, number: usize, outcome: Outcome, said: (String, String), ended: Ended) {
        let since = self.running.take().map_or_else(Instant::now, |(_, since)| since);
        let Some(item) = self.items.get_mut(number) else { return };
        let (outcome, (message, output)) = match item.failed.take() {
            Some(failed) if outcome == Outcome::Passed => (Outcome::Failed, *failed),
            _ => (outcome, said),
        };
        let (item, output_path) = (&self.items[number], self.output_path());
        let Some(file) = self.given[item.file].mine() else { return };
        let key = item.key();
        if file.over.contains(&item.case) || file.done.contains(&key) {
            return;
        }
        let mut result = result(self.job, file, item.case, outcome);
        result.id = item.id.clone();
        result.occurrence = item.occurrence;
        result.round += item.tries;
        result.start = since.saturating_duration_since(self.job.began);
        result.duration = since.elapsed();
        (result.message, result.output) = (message, output);
        if let Ended::Itself(usage) = ended {
            result.usage = usage;
        }
        if result.outcome.is_failure() && !result.output.is_empty() {
            let own = self.folder.join(format!("outputs/{number}.txt"));
            let file = if matches!(ended, Ended::WithProcess) { output_path } else { own };
            result.output_file = file.is_file().then_some(file);
        }
        self.results += 1;
        self.has_failed |= result.outcome.is_failure();
        self.pool.took(file.cases[item.case], result.duration);
        let open = self.open.entry((item.file, item.case)).or_default();
        *open = open.saturating_sub(1);
        if *open == 0 {
            file.over.insert(item.case);
        } else {
            file.done.insert(key);
        }
        self.job.finished(result);
    }

    /// What tests wrote below `tmp_path`, unless one failed: a person looks at that. pytest keeps three sessions' where it
    /// chooses the folder itself, and of the runner's removes nothing.
    fn remove_temporary(&self, end: &End) {
        if matches!(end, End::Exited { .. } | End::Lingered { .. }) && !self.has_failed {
            // Mostly it is not there.
            let _ = fs::remove_dir_all(self.folder.join(TEMPORARY));
        }
    }

    fn output_path(&self) -> Utf8PathBuf {
        self.folder.join("output.txt")
    }

    /// What the process printed, bounded, and what else is known, which is kept in a file as well.
    fn keep_output(&self, more: &str) -> Vec<u8> {
        let mut output = self.output.as_ref().map(Output::settled).unwrap_or_default();
        if !more.is_empty() && output.last().is_some_and(|last| *last != b'\n') {
            output.push(b'\n');
        }
        output.extend_from_slice(more.as_bytes());
        // It stands in results too: a full disk must not cost them.
        let _ = fs::write(self.output_path(), &output);
        output
    }
}

/// A pytest process as it was started.
struct Spawned {
    process: Group,
    output: Option<std::io::PipeReader>,
    socket: UnixStream,
    reader: UnixStream,
}

/// Writes what a pytest process reads. Of each case of its plan, the file and its number there.
fn prepare(job: &Job<'_, '_>, folder: &Utf8Path, given: &[Given<'_>]) -> std::io::Result<Vec<(usize, usize)>> {
    fs::create_dir_all(folder.join("outputs"))?;
    fs::write(folder.join("dynamo_test_runner.py"), PLUGIN)?;
    write_plan(job, given, &folder.join("plan.json"))
}

fn spawn(job: &Job<'_, '_>, python: &Utf8Path, folder: &Utf8Path) -> std::io::Result<Spawned> {
    let mut command = command(job, python, folder);
    let (socket, its) = UnixStream::pair()?;
    // A test that asks without end and never reads must not stop the one who answers.
    socket.set_write_timeout(Some(Duration::from_secs(1)))?;
    let reader = socket.try_clone()?;
    let mapping = FdMapping { parent_fd: OwnedFd::from(its), child_fd: EVENTS_FD };
    command.fd_mappings(vec![mapping]).map_err(std::io::Error::other)?;
    let mut output = None;
    if job.settings.capture == Capture::Failures {
        let (reader, writer) = std::io::pipe()?;
        command.stdout(writer.try_clone()?).stderr(writer);
        output = Some(reader);
    }
    let process = job.launcher.spawn(&mut command)?;
    // The command holds the other ends of pipe and socket.
    drop(command);
    Ok(Spawned { process, output, socket, reader })
}
