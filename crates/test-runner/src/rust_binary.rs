//! Runs planned tests of one test binary, or of one library's documentation.

use std::collections::{HashMap, HashSet};
use std::io::PipeReader;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use camino::Utf8PathBuf;
use execution_plan::{CargoFeatures, PlannedCase};
use test_catalog::{CargoTarget, NodeId, TargetKind};

use crate::cargo::{Binary, Invocation, doc_test};
use crate::clock::Instant;
use crate::coverage;
use crate::executor::{Job, seconds};
use crate::libtest::{Wanted, certain, chunks, failure, listed, wanted};
use crate::libtest_lines::{Lines, Told};
use crate::output::{Kept, tail};
use crate::paced::Paced;
use crate::process::{Group, TICK, how};
use crate::tool::ToolError;
use crate::{CaseResult, NotRunCause, Outcome, stacks};

/// How long a process may take to end once it has closed its pipe, before it is looked after again.
const ENDING: Duration = Duration::from_millis(2);
/// What libtest exits with where a test failed.
const FAILED: i32 = 101;
/// How much a pipe holds, in bytes.
const PIPE: usize = 64 << 10;
/// How much of the beginning of a line, and of its end, is looked at: one that tells a result has what a test printed in front of
/// it or within it.
const LINE_END: usize = 256 << 10;

/// Runs the step; the error says why it could not. What is in `over` has its results.
pub(crate) fn run(
    job: &Job<'_, '_>,
    target: &CargoTarget,
    features: &CargoFeatures,
    binary: Option<Binary>,
    over: &mut HashSet<usize>,
) -> Result<(), String> {
    let manifest = target.manifest.in_tree(&job.settings.tree);
    let folder = manifest.parent().unwrap_or(&job.settings.tree).to_owned();
    let mut invocation = if target.kind == TargetKind::Doc {
        doc_test(job, &folder, target, features)?
    } else {
        let binary = binary.ok_or_else(|| format!("cargo built no binary {}", target.binary))?;
        let program = binary.executable.into_string();
        Invocation { program, arguments: Vec::new(), folder, env: binary.env }
    };
    invocation.env.extend(job.settings.env.iter().chain(job.step_env()).cloned());
    invocation.env.extend(job.variables());
    if job.settings.coverage.is_some() {
        invocation.env.push(coverage::profile_file(&job.folder));
    }
    let binary = RustBinary { job, target, invocation };
    if target.harness || target.kind == TargetKind::Doc { binary.run_harness(over) } else { binary.run_programs(over) }
}

struct RustBinary<'r, 'j> {
    job: &'r Job<'j, 'j>,
    target: &'r CargoTarget,
    invocation: Invocation,
}

/// How a binary is asked for tests.
#[derive(Debug, Clone, Copy, Default)]
struct Ask {
    include_ignored: bool,
    /// Whether it is known to have them.
    listed: bool,
    /// Whether they are all that it has.
    unfiltered: bool,
}

/// How a process of tests ended.
enum End {
    Exited(ExitStatus),
    /// It was ended: for so long, nothing came of it.
    Late(Duration),
    /// The run is stopping.
    Stopped,
}

impl RustBinary<'_, '_> {
    /// libtest: where the names are known for certain they are run as they are; else, and for those that it then says nothing
    /// of, what the binary lists decides.
    fn run_harness(&self, over: &mut HashSet<usize>) -> Result<(), String> {
        let cases = &self.job.step.cases;
        // `--include-ignored` is for those that were asked for although they are ignored.
        let (ignored, usual): (Vec<usize>, Vec<usize>) = (0..cases.len())
            .filter(|number| !over.contains(number))
            .partition(|&number| cases[number].rust.as_ref().is_some_and(|rust| rust.ignored));
        let mut unlisted = Vec::new();
        for (numbers, include_ignored) in [(usual, false), (ignored, true)] {
            let Some(tests) = certain(cases, &numbers) else {
                unlisted.push((numbers, include_ignored, false));
                continue;
            };
            let left = self.attempt(tests, Ask { include_ignored, ..Ask::default() })?;
            let left: HashSet<usize> = left.into_iter().map(|test| test.planned).collect();
            over.extend(numbers.iter().filter(|number| !left.contains(number)));
            unlisted.push((
                numbers.into_iter().filter(|number| left.contains(number)).collect(),
                include_ignored,
                true,
            ));
        }
        unlisted.retain(|(numbers, ..)| !numbers.is_empty());
        if unlisted.is_empty() {
            return Ok(());
        }
        let Some(listed) = self.list(over)? else { return Ok(()) };
        for (numbers, include_ignored, tried) in unlisted {
            let is_known = |name: &str| self.job.settings.known.contains(&NodeId::rust(&self.target.binary, name));
            let tests = wanted(cases, &numbers, &listed, is_known);
            let found: HashSet<usize> = tests.iter().map(|test| test.planned).collect();
            for number in numbers {
                over.insert(number);
                if !found.contains(&number) {
                    let is_call = cases[number].rust.as_ref().is_some_and(|rust| rust.name.ends_with('!'));
                    // What a macro makes need not be tests.
                    let (cause, reason) = if is_call {
                        (NotRunCause::Deselected, "its binary lists no test that could be of this macro")
                    } else {
                        (NotRunCause::Missing, "its binary lists no such test")
                    };
                    self.job.not_run(&cases[number], cause, reason);
                }
            }
            let unfiltered = tests.len() == listed.len();
            let ask = Ask { include_ignored, listed: true, unfiltered: false };
            let mut left = Vec::new();
            if tried {
                left = tests;
            } else {
                let groups = if unfiltered { vec![tests] } else { chunks(tests) };
                for group in groups.into_iter().filter(|group| !group.is_empty()) {
                    left.extend(self.attempt(group, Ask { unfiltered, ..ask })?);
                }
            }
            // Each by itself, to learn which of them crashed or hung.
            for test in left {
                self.attempt(vec![test], ask)?;
            }
        }
        Ok(())
    }

    /// What the binary lists; `None` where it could not say, and its tests have their results.
    fn list(&self, over: &mut HashSet<usize>) -> Result<Option<Vec<String>>, String> {
        let limit = self.job.settings.collection_limit;
        let mut command = self.invocation.command(self.job.launcher, ["--list", "--format=terse"]);
        let output = self.job.supervision(Some(limit)).run(&mut command);
        let (cause, reason) = match output {
            Ok(output) if output.status.success() => {
                return Ok(Some(listed(&String::from_utf8_lossy(&output.stdout))));
            }
            Ok(output) => {
                let said = tail(&output.stderr);
                let said = if said.trim().is_empty() { String::new() } else { format!(": {}", said.trim()) };
                (NotRunCause::Collection, format!("cannot list its tests ({}){said}", how(output.status)))
            }
            Err(ToolError::Limit(limit)) => {
                (NotRunCause::Stopped, format!("listing its tests took longer than {}", seconds(limit)))
            }
            Err(ToolError::Stopped) => {
                let (cause, reason) = self.job.stop.get().cause();
                (cause, reason.to_owned())
            }
            Err(error @ ToolError::Start(_)) => return Err(format!("{}: {error}", self.invocation.program)),
        };
        for (number, case) in self.job.step.cases.iter().enumerate() {
            if over.insert(number) {
                self.job.not_run(case, cause, reason.clone());
            }
        }
        Ok(None)
    }

    /// `harness = false`: the program is the test, and its exit code the result.
    fn run_programs(&self, over: &mut HashSet<usize>) -> Result<(), String> {
        for (number, case) in self.job.step.cases.iter().enumerate() {
            if !over.insert(number) {
                continue;
            }
            if self.job.stop.is_raised() {
                let (cause, reason) = self.job.stop.get().cause();
                self.job.not_run(case, cause, reason);
                continue;
            }
            self.job.started(case.id.clone(), case.occurrence);
            let mut process = Process::start(self.job, &self.invocation, &[])?;
            let end = process.supervise(self.job, case.timeout, |_, _| ())?;
            let text = process.kept.text();
            let outcome = match end {
                End::Exited(status) if status.success() => Outcome::Passed,
                End::Exited(status) if status.code().is_some() => Outcome::Failed,
                End::Exited(status) => Outcome::Crashed { how: how(status) },
                End::Late(limit) => Outcome::TimedOut { limit },
                End::Stopped => self.stopped(),
            };
            let result = self.result(case, &case.id, outcome, process.began.elapsed());
            self.tell(result, &text, "");
        }
        Ok(())
    }

    /// Runs these tests in one process and returns those without a result; a single one that the binary lists always has one.
    fn attempt(&self, tests: Vec<Wanted>, ask: Ask) -> Result<Vec<Wanted>, String> {
        let cases = &self.job.step.cases;
        if self.job.stop.is_raised() {
            for test in &tests {
                self.tell(self.result_of(test, self.stopped(), Duration::ZERO), "", "");
            }
            return Ok(Vec::new());
        }
        let alone = ask.listed && tests.len() == 1;
        let names: HashMap<&str, usize> =
            tests.iter().enumerate().map(|(index, test)| (test.name.as_str(), index)).collect();
        let limit = tests.iter().map(|test| cases[test.planned].timeout).max().unwrap_or_default();
        let most: Duration = tests.iter().map(|test| cases[test.planned].timeout).sum();
        let mut arguments = self.filter(&tests, ask);
        if alone && self.target.kind != TargetKind::Doc {
            // What libtest has captured of a test that aborts is lost with it.
            arguments.push("--nocapture".to_owned());
        }
        if let (true, Some(test)) = (alone, tests.first()) {
            self.job.started(self.id(test), cases[test.planned].occurrence);
        }
        let mut process = Process::start(self.job, &self.invocation, &arguments)?;
        let mut verdicts: HashMap<usize, (Outcome, Duration)> = HashMap::new();
        let mut before = process.began;
        let (mut lines, mut ended) = (Lines::of(&names), HashMap::new());
        let end = process.supervise_within(self.job, limit, most, |line, now| {
            let told = lines.take(line);
            let is_progress = !told.is_empty();
            for told in told {
                let took = now.saturating_duration_since(before);
                before = now;
                match told {
                    Told::Began => {}
                    Told::Ended(index) => drop(ended.insert(index, took)),
                    Told::Verdict(index, outcome) if !verdicts.contains_key(&index) => {
                        let took = ended.remove(&index).unwrap_or(took);
                        if !alone && !outcome.is_failure() {
                            self.tell(self.result_of(&tests[index], outcome.clone(), took), "", "");
                        }
                        verdicts.insert(index, (outcome, took));
                    }
                    Told::Verdict(..) => {}
                }
            }
            is_progress
        })?;
        // Any other status is none that libtest ends with.
        let libtest_ended = |status: &ExitStatus| matches!(status.code(), Some(0 | FAILED));
        let is_over = lines.is_over();
        let at_the_end = match &end {
            End::Exited(status) if libtest_ended(status) => lines.finish(status.success()),
            End::Exited(_) | End::Late(_) | End::Stopped => Vec::new(),
        };
        for (index, outcome) in at_the_end {
            if verdicts.contains_key(&index) {
                continue;
            }
            let took = ended.remove(&index).unwrap_or_else(|| before.elapsed());
            if !alone && !outcome.is_failure() {
                self.tell(self.result_of(&tests[index], outcome.clone(), took), "", "");
            }
            verdicts.insert(index, (outcome, took));
        }
        let text = process.kept.text();
        let mut left = Vec::new();
        for (index, test) in tests.iter().enumerate() {
            let (outcome, took) = match (verdicts.remove(&index), &end) {
                (Some((outcome, _)), _) if !alone && !outcome.is_failure() => continue,
                (Some(verdict), _) => verdict,
                (None, End::Stopped) => (self.stopped(), process.began.elapsed()),
                (None, _) if !alone => {
                    left.push(test.clone());
                    continue;
                }
                (None, End::Late(limit)) => (Outcome::TimedOut { limit: *limit }, process.began.elapsed()),
                (None, End::Exited(status)) if status.success() && is_over => {
                    let reason = "its binary lists it and says nothing of it".to_owned();
                    (Outcome::NotRun { cause: NotRunCause::Missing, reason }, Duration::ZERO)
                }
                (None, End::Exited(status)) => (Outcome::Crashed { how: how(*status) }, process.began.elapsed()),
            };
            self.tell(self.result_of(test, outcome, took), &text, &test.name);
        }
        Ok(left)
    }

    /// rustdoc splits each argument at its spaces, and all names of doc tests have some: what is wanted is told by its
    /// line, and whatever else has that line's number is run unseen.
    fn filter(&self, tests: &[Wanted], ask: Ask) -> Vec<String> {
        let mut arguments = Vec::new();
        if ask.include_ignored {
            arguments.push("--include-ignored".to_owned());
        }
        if ask.unfiltered {
            return arguments;
        }
        if self.target.kind == TargetKind::Doc {
            let lines = tests.iter().filter_map(|test| test.name.rsplit(' ').next());
            arguments.extend(lines.collect::<HashSet<_>>().into_iter().map(str::to_owned));
        } else {
            arguments.push("--exact".to_owned());
            arguments.extend(tests.iter().map(|test| test.name.clone()));
        }
        arguments
    }

    fn id(&self, test: &Wanted) -> NodeId {
        let case = &self.job.step.cases[test.planned];
        if case.rust.as_ref().is_some_and(|rust| rust.name == test.name) {
            return case.id.clone();
        }
        NodeId::rust(&self.target.binary, &test.name)
    }

    fn stopped(&self) -> Outcome {
        let (cause, reason) = self.job.stop.get().cause();
        Outcome::NotRun { cause, reason: reason.to_owned() }
    }

    fn result_of(&self, test: &Wanted, outcome: Outcome, took: Duration) -> CaseResult {
        self.result(&self.job.step.cases[test.planned], &self.id(test), outcome, took)
    }

    fn result(&self, case: &PlannedCase, id: &NodeId, outcome: Outcome, took: Duration) -> CaseResult {
        let mut result = self.job.result(case, outcome);
        if *id != case.id {
            result.id = id.clone();
            result.occurrence = 0;
        }
        result.start = result.start.saturating_sub(took);
        result.duration = took;
        result
    }

    /// Tells a result, a failure with what the process said of it.
    fn tell(&self, mut result: CaseResult, text: &str, name: &str) {
        if result.outcome.is_failure() {
            let (printed, said) = if name.is_empty() { (text.trim(), "") } else { failure(text, name) };
            result.message = tail(said.as_bytes());
            result.output = tail(printed.as_bytes());
            if !printed.is_empty() {
                result.output_file = self.keep(&result.id, printed);
            }
        }
        self.job.finished(result);
    }

    /// What a failed test printed, in a file of its own. It stands in the result as well, so that a full disk costs
    /// the beginning of it only.
    fn keep(&self, id: &NodeId, printed: &str) -> Option<Utf8PathBuf> {
        use std::hash::{DefaultHasher, Hash as _, Hasher as _};
        let mut hasher = DefaultHasher::new();
        id.as_str().hash(&mut hasher);
        let folder = self.job.attempt_folder(0);
        let path = folder.join(format!("{:016x}.txt", hasher.finish()));
        let mut kept = Kept::default();
        kept.push(printed.as_bytes());
        std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, kept.bytes())).ok()?;
        Some(path)
    }
}

/// Takes the middle out of a line that is too long.
fn shorten(line: &mut Vec<u8>) {
    if line.len() > 2 * LINE_END + PIPE {
        line.drain(LINE_END..line.len() - LINE_END);
    }
}

/// A running test binary.
struct Process {
    group: Group,
    /// What it prints; `None` when nobody can print any more.
    output: Option<Paced<PipeReader>>,
    kept: Kept,
    began: Instant,
}

impl Process {
    fn start(job: &Job<'_, '_>, invocation: &Invocation, arguments: &[String]) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("cannot run {}: {error}", invocation.program);
        let (reader, writer) = std::io::pipe().map_err(failed)?;
        let mut command = invocation.command(job.launcher, arguments);
        command.stdin(Stdio::null()).stderr(writer.try_clone().map_err(failed)?).stdout(writer);
        let group = job.launcher.spawn(&mut command).map_err(failed)?;
        Ok(Self { group, output: Some(Paced::new(reader)), kept: Kept::default(), began: Instant::now() })
    }

    /// Waits for its end, at most so long.
    fn supervise(
        &mut self,
        job: &Job<'_, '_>,
        limit: Duration,
        mut line: impl FnMut(&str, Instant),
    ) -> Result<End, String> {
        self.supervise_within(job, limit, limit, |text, now| {
            line(text, now);
            false
        })
    }

    /// Waits for its end. `line` says whether a line is progress; without any for `limit`, or after `most` in all, it
    /// is ended.
    fn supervise_within(
        &mut self,
        job: &Job<'_, '_>,
        limit: Duration,
        most: Duration,
        mut line: impl FnMut(&str, Instant) -> bool,
    ) -> Result<End, String> {
        let (mut progress, mut partial, mut buffer) = (Instant::now(), Vec::new(), vec![0_u8; PIPE]);
        let mut ended: Option<(ExitStatus, Instant)> = None;
        loop {
            match self.output.as_mut().map(|output| output.read_within(&mut buffer, TICK)) {
                Some(Ok(None)) => {}
                Some(Ok(Some(count @ 1..))) => {
                    let chunk = &buffer[..count];
                    self.kept.push(chunk);
                    for part in chunk.split_inclusive(|byte| *byte == b'\n') {
                        partial.extend_from_slice(part);
                        if partial.ends_with(b"\n") {
                            let now = Instant::now();
                            if line(String::from_utf8_lossy(&partial).trim_end(), now) {
                                progress = now;
                            }
                            partial.clear();
                        }
                        shorten(&mut partial);
                    }
                }
                Some(Ok(Some(0)) | Err(_)) => self.output = None,
                None => {
                    if let Some((status, _)) = ended {
                        return Ok(End::Exited(status));
                    }
                    self.group.wait(ENDING);
                }
            }
            match ended {
                // A daemon may hold the pipe: it is not waited for.
                Some((status, at)) if at.elapsed() > Duration::from_secs(1) => return Ok(End::Exited(status)),
                Some(_) => continue,
                None => {}
            }
            if let Some(status) = self.group.ended() {
                self.group.sweep();
                ended = Some((status, Instant::now()));
            } else if job.stop.is_raised() {
                self.group.stop(job.settings.grace, job.stop);
                return Ok(End::Stopped);
            } else if progress.elapsed() > limit || self.began.elapsed() > most {
                self.kept.push(stacks::place(&mut self.group, None).as_bytes());
                self.group.stop(job.settings.grace, job.stop);
                return Ok(End::Late(limit));
            }
        }
    }
}
