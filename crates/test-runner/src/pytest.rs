//! Runs a step's tests in a pytest process, and the rest in a new one after a crash or a time-out.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use camino::Utf8Path;
use command_fds::{CommandFdExt as _, FdMapping};
use serde::Deserialize;
use test_catalog::NodeId;

use crate::executor::{Job, tail};
use crate::process::{Group, how};
use crate::{Capture, Event, NotRunCause, Outcome};

const PLUGIN: &str = include_str!("plugin.py");
/// The number of the events' pipe in the child.
const EVENTS_FD: i32 = 3;

#[derive(Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line {
    Item { planned: usize, id: String, occurrence: u32 },
    Absent { planned: usize, cause: String, reason: String },
    Collected,
    Start { item: usize },
    End { item: usize, outcome: String, reason: String, message: String, output: String },
    Finished,
}

/// Runs the step; a fragment says why it could not.
pub(crate) fn run(job: &Job<'_>, python: &Utf8Path) -> Result<(), String> {
    let mut over: HashSet<usize> = HashSet::new();
    let mut done: HashSet<(String, u32)> = HashSet::new();
    for attempt in 0.. {
        let before = (over.len(), done.len());
        let end = attempt_once(job, python, attempt, &mut over, &mut done)?;
        let left: Vec<_> = (0..job.step.cases.len()).filter(|case| !over.contains(case)).collect();
        let stuck = (over.len(), done.len()) == before;
        if left.is_empty() || end.finished || stuck || job.interrupt.count() > 0 {
            let (cause, reason) = if job.interrupt.count() > 0 {
                (NotRunCause::Interrupted, "the run was interrupted".to_owned())
            } else if end.collected {
                (NotRunCause::Stopped, format!("pytest ended before it ({})", end.how))
            } else {
                (NotRunCause::Collection, format!("pytest collected nothing ({}): {}", end.how, end.output.trim()))
            };
            for case in left {
                job.not_run(&job.step.cases[case], cause, reason.clone());
            }
            break;
        }
    }
    Ok(())
}

struct End {
    collected: bool,
    finished: bool,
    how: String,
    output: String,
}

struct Item {
    planned: usize,
    id: String,
    occurrence: u32,
}

fn attempt_once(
    job: &Job<'_>,
    python: &Utf8Path,
    attempt: u32,
    over: &mut HashSet<usize>,
    done: &mut HashSet<(String, u32)>,
) -> Result<End, String> {
    let folder = job.folder.join(format!("step-{}-{}-{attempt}", job.step.id, job.round));
    let io = |error: std::io::Error| format!("cannot run pytest in {folder}: {error}");
    fs::create_dir_all(&folder).map_err(io)?;
    fs::write(folder.join("dynamo_test_runner.py"), PLUGIN).map_err(io)?;
    let left: Vec<usize> = (0..job.step.cases.len()).filter(|case| !over.contains(case)).collect();
    fs::write(folder.join("plan.json"), plan_file(job, &left, done)).map_err(io)?;
    let (reader, writer) = std::io::pipe().map_err(io)?;
    let output_path = folder.join("output.txt");
    let output = File::create(&output_path).map_err(io)?;

    let mut command = Command::new(python);
    command.current_dir(&job.settings.rootdir).args(["-m", "pytest", "-p", "dynamo_test_runner"]);
    command.arg(format!("--rootdir={}", job.settings.rootdir)).arg("--continue-on-collection-errors");
    command.arg(format!("--basetemp={}", folder.join("tmp")));
    command.args(&job.settings.pytest_args);
    command.envs(job.settings.env.iter().cloned()).envs(job.step.env.iter().cloned());
    let inherited = std::env::var("PYTHONPATH").map(|path| format!(":{path}")).unwrap_or_default();
    command.env("PYTHONPATH", format!("{folder}{inherited}"));
    command.env("TEST_RUNNER_PLAN", folder.join("plan.json")).env("TEST_RUNNER_EVENTS_FD", EVENTS_FD.to_string());
    command.env("COVERAGE_FILE", folder.join("coverage")).stdin(Stdio::null());
    if job.settings.capture == Capture::Through {
        command.arg("-s");
    } else {
        command.stdout(output.try_clone().map_err(io)?).stderr(output);
    }
    let parent_fd = OwnedFd::from(writer);
    command.fd_mappings(vec![FdMapping { parent_fd, child_fd: EVENTS_FD }]).map_err(|error| error.to_string())?;
    let mut process = Group::spawn(&mut command).map_err(io)?;
    // The command holds the pipe's other end.
    drop(command);

    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(reader).lines().map_while(Result::ok) {
            if let Ok(line) = serde_json::from_str::<Line>(&line)
                && sender.send(line).is_err()
            {
                break;
            }
        }
    });
    let mut items: Vec<Item> = Vec::new();
    let (mut collected, mut finished) = (false, false);
    let mut running: Option<(usize, Instant)> = None;
    let collect_until = Instant::now() + Duration::from_mins(10);
    let mut ended_at = None;
    let status = loop {
        match lines.recv_timeout(Duration::from_millis(20)) {
            Ok(Line::Item { planned, id, occurrence }) => {
                items.push(Item { planned: left.get(planned).copied().unwrap_or_default(), id, occurrence });
            }
            Ok(Line::Absent { planned, cause, reason }) => {
                if let Some(&planned) = left.get(planned) {
                    over.insert(planned);
                    absent(job, planned, &cause, reason);
                }
            }
            Ok(Line::Collected) => collected = true,
            Ok(Line::Start { item }) => {
                running = Some((item, Instant::now()));
                if let Some(item) = items.get(item) {
                    job.started(NodeId::from_text(&item.id), item.occurrence);
                }
            }
            Ok(Line::End { item, outcome, reason, message, output }) => {
                let since = running.take().map_or_else(Instant::now, |(_, since)| since);
                let outcome = match outcome.as_str() {
                    "passed" => Outcome::Passed,
                    "skipped" => Outcome::Skipped { reason },
                    "xfailed" => Outcome::XFailed { reason },
                    "xpassed" => Outcome::XPassed,
                    _ => Outcome::Failed,
                };
                finish(job, &items, item, outcome, since, (message, output), over, done);
            }
            Ok(Line::Finished) => finished = true,
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(Duration::from_millis(5)),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if let Some(status) = process.ended() {
            // What was written before the end is still in the pipe.
            let since: &mut Instant = ended_at.get_or_insert_with(Instant::now);
            if since.elapsed() > Duration::from_millis(100) {
                process.sweep();
                break how(status);
            }
            continue;
        }
        let limit = running.and_then(|(item, since)| {
            let limit = job.step.cases[items.get(item)?.planned].timeout;
            (since.elapsed() > limit).then_some((item, since, limit))
        });
        if let Some((item, since, limit)) = limit {
            process.stop(job.settings.grace);
            let text = (String::new(), tail(&fs::read(&output_path).unwrap_or_default()));
            finish(job, &items, item, Outcome::TimedOut { limit }, since, text, over, done);
            return Ok(End { collected, finished: false, how: "time-out".to_owned(), output: String::new() });
        }
        if job.interrupt.count() > 0 || (!collected && Instant::now() > collect_until) {
            let grace = if job.interrupt.count() > 1 { Duration::ZERO } else { job.settings.grace };
            process.stop(grace);
            return Ok(End { collected, finished: true, how: "ended by the runner".to_owned(), output: String::new() });
        }
    };
    let output = tail(&fs::read(&output_path).unwrap_or_default());
    if let Some((item, since)) = running {
        let text = (String::new(), output.clone());
        finish(job, &items, item, Outcome::Crashed { how: status.clone() }, since, text, over, done);
        finished = false;
    }
    Ok(End { collected, finished, how: status, output })
}

fn absent(job: &Job<'_>, planned: usize, cause: &str, reason: String) {
    let case = &job.step.cases[planned];
    match cause {
        "skipped" => job.tell(Event::CaseFinished(job.result(case, Outcome::Skipped { reason }))),
        "collection" => job.not_run(case, NotRunCause::Collection, reason),
        "deselected" => job.not_run(case, NotRunCause::Deselected, reason),
        _ => job.not_run(case, NotRunCause::Missing, reason),
    }
}

#[expect(clippy::too_many_arguments, reason = "one call's bookkeeping")]
fn finish(
    job: &Job<'_>,
    items: &[Item],
    number: usize,
    outcome: Outcome,
    since: Instant,
    (message, output): (String, String),
    over: &mut HashSet<usize>,
    done: &mut HashSet<(String, u32)>,
) {
    let Some(item) = items.get(number) else { return };
    let mut result = job.result(&job.step.cases[item.planned], outcome);
    result.id = NodeId::from_text(&item.id);
    result.occurrence = item.occurrence;
    result.start = since.saturating_duration_since(job.began);
    result.duration = since.elapsed();
    (result.message, result.output) = (message, output);
    done.insert((item.id.clone(), item.occurrence));
    let all_done = |other: &Item| done.contains(&(other.id.clone(), other.occurrence));
    if items.iter().filter(|other| other.planned == item.planned).all(all_done) {
        over.insert(item.planned);
    }
    job.tell(Event::CaseFinished(result));
}

fn plan_file(job: &Job<'_>, left: &[usize], done: &HashSet<(String, u32)>) -> String {
    let prefix = job.settings.rootdir.strip_prefix(&job.settings.tree).unwrap_or(Utf8Path::new(""));
    let mut files: Vec<_> = Vec::new();
    let mut cases = Vec::new();
    for case in left.iter().map(|&case| &job.step.cases[case]) {
        let file = case.file.as_path();
        let file = format!("./{}", file.strip_prefix(prefix).unwrap_or(file));
        if !files.contains(&file) {
            files.push(file);
        }
        cases.push(serde_json::json!({
            "id": case.id.as_str(), "occurrence": case.occurrence, "exact": case.exact, "undecided": case.undecided,
        }));
    }
    let (mark, keyword) = (&job.settings.mark_expression, &job.settings.keyword_expression);
    serde_json::json!({
        "files": files, "cases": cases, "done": done,
        "mark": mark.as_deref().unwrap_or_default(), "keyword": keyword.as_deref().unwrap_or_default(),
    })
    .to_string()
}
