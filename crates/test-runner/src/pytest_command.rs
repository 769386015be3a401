//! What a pytest process is started with: its command line, its environment, and the plugin's plan.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::process::{Command, Stdio};

use camino::Utf8Path;
use serde::Serialize;

use crate::Capture;
use crate::coverage::PYTHON_PACKAGE;
use crate::executor::Job;
use crate::pytest_given::Given;

pub(crate) const PLUGIN: &str = include_str!("plugin.py");
/// The file that the plugin writes stacks to, in the attempt's folder.
pub(crate) const STACKS: &str = "stacks.txt";
/// The folder of temporary folders, in the attempt's folder.
pub(crate) const TEMPORARY: &str = "tmp";
/// The number of the socket of events and answers in the child.
pub(crate) const EVENTS_FD: i32 = 3;

/// pytest with the plugin of `folder`.
pub(crate) fn command(job: &Job<'_, '_>, python: &Utf8Path, folder: &Utf8Path) -> Command {
    let settings = job.settings;
    let mut command = job.launcher.command(python);
    command.current_dir(&settings.rootdir).args(["-m", "pytest", "-p", "dynamo_test_runner"]);
    command.arg(format!("--rootdir={}", settings.rootdir)).arg("--continue-on-collection-errors");
    command.arg(format!("--basetemp={}", folder.join(TEMPORARY)));
    if settings.capture == Capture::Through {
        command.arg("-s");
    }
    if settings.coverage.is_some() {
        // The limit is for all tests together, and so is the report.
        command.args(["-p", PYTHON_PACKAGE.0, "--cov", "--cov-report=", "--cov-fail-under=0"]);
    }
    command.args(&settings.pytest_args);
    command.envs(settings.env.iter().cloned()).envs(job.step_env().cloned());
    command.envs(job.variables());
    let inherited = std::env::var("PYTHONPATH").map(|path| format!(":{path}")).unwrap_or_default();
    command.env("PYTHONPATH", format!("{folder}{inherited}"));
    command.env("TEST_RUNNER_FOLDER", folder).env("TEST_RUNNER_EVENTS_FD", EVENTS_FD.to_string());
    command.env("COVERAGE_FILE", folder.join("coverage")).stdin(Stdio::null());
    command
}

/// What the plugin reads.
#[derive(Serialize)]
struct PlanFile<'p> {
    /// Files to collect, by the number that the plugin claims each by.
    files: Vec<String>,
    /// The cases that have no result yet.
    cases: Vec<PlannedLine<'p>>,
    /// The tests that have one, though their case may have more tests.
    done: Vec<(&'p str, u32)>,
    mark: &'p str,
    keyword: &'p str,
}

#[derive(Serialize)]
struct PlannedLine<'p> {
    id: &'p str,
    occurrence: u32,
    exact: bool,
    undecided: bool,
    file: usize,
    /// Its limit, in seconds.
    timeout: f64,
}

/// Writes what the plugin reads; of each case its file's number and its own there.
pub(crate) fn write_plan(
    job: &Job<'_, '_>,
    given: &[Given<'_>],
    path: &Utf8Path,
) -> std::io::Result<Vec<(usize, usize)>> {
    let prefix = job.settings.rootdir.strip_prefix(&job.settings.tree).unwrap_or(Utf8Path::new(""));
    let mut plan = PlanFile {
        files: Vec::new(),
        cases: Vec::new(),
        done: Vec::new(),
        mark: job.settings.mark_expression.as_deref().unwrap_or_default(),
        keyword: job.settings.keyword_expression.as_deref().unwrap_or_default(),
    };
    let mut places = Vec::new();
    for (number, file) in given.iter().enumerate() {
        let path = file.cases.first().map_or(Utf8Path::new(""), |case| case.file.as_path());
        plan.files.push(format!("./{}", path.strip_prefix(prefix).unwrap_or(path)));
        for (at, case) in file.cases.iter().enumerate().filter(|(at, _)| !file.left().over.contains(at)) {
            plan.cases.push(PlannedLine {
                id: case.id.as_str(),
                occurrence: case.occurrence,
                exact: case.exact,
                undecided: case.undecided,
                file: number,
                timeout: case.timeout.as_secs_f64(),
            });
            places.push((number, at));
        }
        plan.done.extend(file.left().done.iter().map(|(id, occurrence)| (id.as_str(), *occurrence)));
    }
    let mut file = BufWriter::new(File::create(path)?);
    serde_json::to_writer(&mut file, &plan)?;
    file.flush()?;
    Ok(places)
}
