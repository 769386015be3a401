//! What a pytest process is started with: its command line, its environment, and the plugin's plan.

use std::process::{Command, Stdio};

use camino::Utf8Path;

use crate::Capture;
use crate::coverage::PYTHON_PACKAGE;
use crate::executor::Job;
use crate::pytest_given::Given;

pub(crate) const PLUGIN: &str = include_str!("plugin.py");
/// The file that the plugin writes stacks to, in the attempt's folder.
pub(crate) const STACKS: &str = "stacks.txt";
/// The number of the socket of events and answers in the child.
pub(crate) const EVENTS_FD: i32 = 3;

/// pytest with the plugin of `folder`.
pub(crate) fn command(job: &Job<'_, '_>, python: &Utf8Path, folder: &Utf8Path) -> Command {
    let settings = job.settings;
    let mut command = job.launcher.command(python);
    command.current_dir(&settings.rootdir).args(["-m", "pytest", "-p", "dynamo_test_runner"]);
    command.arg(format!("--rootdir={}", settings.rootdir)).arg("--continue-on-collection-errors");
    command.arg(format!("--basetemp={}", folder.join("tmp")));
    if settings.capture == Capture::Through {
        command.arg("-s");
    }
    if settings.coverage.is_some() {
        // The limit is for all tests together, and so is the report.
        command.args(["-p", PYTHON_PACKAGE.0, "--cov", "--cov-report=", "--cov-fail-under=0"]);
    }
    command.args(&settings.pytest_args);
    command.envs(settings.env.iter().cloned()).envs(job.step.env.iter().cloned());
    command.envs(job.variables());
    let inherited = std::env::var("PYTHONPATH").map(|path| format!(":{path}")).unwrap_or_default();
    command.env("PYTHONPATH", format!("{folder}{inherited}"));
    command.env("TEST_RUNNER_FOLDER", folder).env("TEST_RUNNER_EVENTS_FD", EVENTS_FD.to_string());
    command.env("COVERAGE_FILE", folder.join("coverage")).stdin(Stdio::null());
    command
}

/// What the plugin reads: files to collect, with the number that it claims each by, and the cases that have no result yet;
/// and of each case its file's number and its own there.
pub(crate) fn plan_file(job: &Job<'_, '_>, given: &[Given<'_>]) -> (String, Vec<(usize, usize)>) {
    let prefix = job.settings.rootdir.strip_prefix(&job.settings.tree).unwrap_or(Utf8Path::new(""));
    let (mut files, mut cases, mut done, mut places) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (number, file) in given.iter().enumerate() {
        let path = file.cases.first().map_or(Utf8Path::new(""), |case| case.file.as_path());
        files.push(format!("./{}", path.strip_prefix(prefix).unwrap_or(path)));
        for (at, case) in file.cases.iter().enumerate().filter(|(at, _)| !file.left().over.contains(at)) {
            cases.push(serde_json::json!({
                "id": case.id.as_str(), "occurrence": case.occurrence, "exact": case.exact,
                "undecided": case.undecided, "file": number,
            }));
            places.push((number, at));
        }
        done.extend(&file.left().done);
    }
    let (mark, keyword) = (&job.settings.mark_expression, &job.settings.keyword_expression);
    let plan = serde_json::json!({
        "files": files, "cases": cases, "done": done,
        "mark": mark.as_deref().unwrap_or_default(), "keyword": keyword.as_deref().unwrap_or_default(),
    });
    (plan.to_string(), places)
}
