//! What a pytest process is started with: its command line, its environment, and the plugin's plan.

use std::collections::HashSet;
use std::process::{Command, Stdio};

use camino::Utf8Path;

use crate::Capture;
use crate::executor::Job;

pub(crate) const PLUGIN: &str = include_str!("plugin.py");
/// The file that the plugin writes stacks to, in the attempt's folder.
pub(crate) const STACKS: &str = "stacks.txt";
/// The number of the events' pipe in the child.
pub(crate) const EVENTS_FD: i32 = 3;

/// pytest with the plugin of `folder`.
pub(crate) fn command(job: &Job<'_>, python: &Utf8Path, folder: &Utf8Path) -> Command {
    let settings = job.settings;
    let mut command = job.launcher.command(python);
    command.current_dir(&settings.rootdir).args(["-m", "pytest", "-p", "dynamo_test_runner"]);
    command.arg(format!("--rootdir={}", settings.rootdir)).arg("--continue-on-collection-errors");
    command.arg(format!("--basetemp={}", folder.join("tmp")));
    if settings.capture == Capture::Through {
        command.arg("-s");
    }
    command.args(&settings.pytest_args);
    command.envs(settings.env.iter().cloned()).envs(job.step.env.iter().cloned());
    let inherited = std::env::var("PYTHONPATH").map(|path| format!(":{path}")).unwrap_or_default();
    command.env("PYTHONPATH", format!("{folder}{inherited}"));
    command.env("TEST_RUNNER_PLAN", folder.join("plan.json")).env("TEST_RUNNER_EVENTS_FD", EVENTS_FD.to_string());
    command.env("COVERAGE_FILE", folder.join("coverage")).stdin(Stdio::null());
    command
}

/// What the plugin reads.
pub(crate) fn plan_file(job: &Job<'_>, left: &[usize], done: &HashSet<(String, u32)>, folder: &Utf8Path) -> String {
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
        "files": files, "cases": cases, "done": done, "outputs": folder.join("outputs"),
        "stacks": folder.join(STACKS),
        "mark": mark.as_deref().unwrap_or_default(), "keyword": keyword.as_deref().unwrap_or_default(),
    })
    .to_string()
}
