//! Builds test binaries with cargo, and runs planned tests of them.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead as _, Read as _};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use execution_plan::{CargoFeatures, RustBuild};
use test_catalog::{CargoTarget, TargetKind};

use crate::executor::{Job, tail};
use crate::process::{Group, how};
use crate::{Event, NotRunCause, Outcome};

/// Test executables by manifest, kind and name.
pub(crate) type Binaries = HashMap<(Utf8PathBuf, &'static str, String), Utf8PathBuf>;

fn cargo(job: &Job<'_>, folder: &Utf8Path, features: &CargoFeatures) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(folder).arg("test").env("CARGO_TARGET_DIR", job.settings.state_dir.join("cargo"));
    command.args(features.all.then_some("--all-features")).args(features.no_default.then_some("--no-default-features"));
    if !features.names.is_empty() {
        command.arg(format!("--features={}", features.names.join(",")));
    }
    command
}

/// Builds; the error is what the compiler says.
pub(crate) fn build(job: &Job<'_>, build: &RustBuild) -> Result<Binaries, String> {
    let tree = &job.settings.tree;
    let mut command = cargo(job, &build.workspace.in_tree(tree), &build.features);
    command.args(["--no-run", "--message-format=json-render-diagnostics"]);
    let packages: HashSet<_> = build.targets.iter().map(|target| &target.package).collect();
    for package in packages {
        command.arg("-p").arg(package);
    }
    if build.targets.iter().all(|target| target.kind == TargetKind::Doc) {
        return Ok(Binaries::new());
    }
    for target in &build.targets {
        match target.kind {
            TargetKind::Lib => command.arg("--lib"),
            TargetKind::Bin => command.args(["--bin", &target.name]),
            TargetKind::Test => command.args(["--test", &target.name]),
            TargetKind::Example => command.args(["--example", &target.name]),
            TargetKind::Bench => command.args(["--bench", &target.name]),
            TargetKind::Doc => &mut command,
        };
    }
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("cannot run cargo: {error}"))?;
    if !output.status.success() {
        return Err(tail(&output.stderr));
    }
    let mut binaries = Binaries::new();
    for line in output.stdout.lines().map_while(Result::ok) {
        let Ok(message) = serde_json::from_str::<serde_json::Value>(&line) else { continue };
        let text = |pointer: &str| message.pointer(pointer).and_then(|value| value.as_str());
        if let (Some(executable), Some(manifest), Some(name), Some(kind), Some(true)) = (
            text("/executable"),
            text("/manifest_path"),
            text("/target/name"),
            text("/target/kind/0"),
            message.pointer("/profile/test").and_then(serde_json::Value::as_bool),
        ) {
            let kind = match kind {
                "bin" => "bin",
                "test" => "test",
                "example" => "example",
                "bench" => "bench",
                _ => "lib",
            };
            binaries.insert((manifest.into(), kind, name.replace('-', "_")), executable.into());
        }
    }
    Ok(binaries)
}

fn kind_key(target: &CargoTarget) -> &'static str {
    match target.kind {
        TargetKind::Bin => "bin",
        TargetKind::Test => "test",
        TargetKind::Example => "example",
        TargetKind::Bench => "bench",
        TargetKind::Lib | TargetKind::Doc => "lib",
    }
}

/// Runs the planned tests of one binary; after a crash or a hang, each that is left by itself.
pub(crate) fn run(
    job: &Job<'_>,
    target: &CargoTarget,
    features: &CargoFeatures,
    binaries: &Binaries,
) -> Result<(), String> {
    let manifest = target.manifest.in_tree(&job.settings.tree);
    let folder = manifest.parent().unwrap_or(&job.settings.tree).to_owned();
    let key = (manifest.clone(), kind_key(target), target.name.replace('-', "_"));
    let command = || {
        let mut command = if target.kind == TargetKind::Doc {
            let mut command = cargo(job, &folder, features);
            command.args(["--doc", "-p", &target.package, "--"]);
            command
        } else {
            Command::new(binaries.get(&key)?)
        };
        command.current_dir(&folder).env("CARGO_MANIFEST_DIR", &folder).env("CARGO_MANIFEST_PATH", &manifest);
        command.env("CARGO_PKG_NAME", &target.package);
        command.envs(job.settings.env.iter().cloned()).envs(job.step.env.iter().cloned());
        Some(command)
    };
    let mut left: Vec<usize> = (0..job.step.cases.len()).collect();
    let mut alone = !target.harness;
    while !left.is_empty() {
        let now: Vec<usize> = if alone { vec![left[0]] } else { left.clone() };
        let command = command().ok_or_else(|| format!("cargo built no binary {}", target.binary))?;
        let over = attempt(job, command, &now, target.harness)?;
        left.retain(|case| !(over.contains(case) || alone && *case == now[0]));
        alone = true;
        if job.interrupt.count() > 0 {
            left.iter().for_each(|&case| {
                job.not_run(&job.step.cases[case], NotRunCause::Interrupted, "the run was interrupted");
            });
            break;
        }
    }
    Ok(())
}

/// Runs these tests in one process and returns those with a result; a single one always has one.
fn attempt(job: &Job<'_>, mut command: Command, now: &[usize], harness: bool) -> Result<HashSet<usize>, String> {
    let names: HashMap<&str, usize> =
        now.iter().filter_map(|&case| Some((job.step.cases[case].rust.as_ref()?.name.as_str(), case))).collect();
    if harness {
        command.args(["--exact", "--include-ignored"]).args(names.keys());
    }
    let (mut reader, writer) = std::io::pipe().map_err(|error| error.to_string())?;
    command.stdin(Stdio::null()).stderr(writer.try_clone().map_err(|error| error.to_string())?).stdout(writer);
    let mut process = Group::spawn(&mut command).map_err(|error| format!("cannot run {command:?}: {error}"))?;
    drop(command);
    let (sender, chunks) = channel();
    std::thread::spawn(move || {
        let mut buffer = [0_u8; 8192];
        while let Ok(count @ 1..) = reader.read(&mut buffer) {
            if sender.send(buffer[..count].to_vec()).is_err() {
                break;
            }
        }
    });
    let limit = now.iter().map(|&case| job.step.cases[case].timeout).max().unwrap_or_default();
    let began = Instant::now();
    let (mut progress, mut output, mut line, mut ended) = (began, Vec::new(), Vec::new(), None);
    let mut verdicts: HashMap<usize, Outcome> = HashMap::new();
    let end = loop {
        match chunks.recv_timeout(Duration::from_millis(20)) {
            Ok(chunk) => {
                if output.len() < 8 << 20 {
                    output.extend_from_slice(&chunk);
                }
                line.extend_from_slice(&chunk);
                while let Some(newline) = line.iter().position(|byte| *byte == b'\n') {
                    let rest = line.split_off(newline + 1);
                    let text = String::from_utf8_lossy(&line).into_owned();
                    line = rest;
                    if let Some((case, outcome)) = verdict(text.trim_end(), &names) {
                        progress = Instant::now();
                        verdicts.entry(case).or_insert_with(|| outcome.clone());
                        if outcome == Outcome::Passed && now.len() > 1 {
                            let mut result = job.result(&job.step.cases[case], outcome);
                            result.duration = progress - began;
                            job.tell(Event::CaseFinished(result));
                        }
                    }
                }
                line.truncate(1 << 20);
            }
            Err(RecvTimeoutError::Disconnected | RecvTimeoutError::Timeout) => {
                if let Some(status) = process.child().try_wait().map_err(|error| error.to_string())? {
                    if *ended.get_or_insert_with(Instant::now) + Duration::from_millis(100) < Instant::now() {
                        process.sweep();
                        break Some(status);
                    }
                } else if progress.elapsed() > limit || job.interrupt.count() > 0 {
                    process.stop(job.settings.grace);
                    break None;
                }
            }
        }
    };
    let text = tail(&output);
    let mut over = HashSet::new();
    for &case in now {
        let planned = &job.step.cases[case];
        let name = planned.rust.as_ref().map_or("", |rust| rust.name.as_str());
        let outcome = match (verdicts.remove(&case), end) {
            (Some(Outcome::Passed), _) if now.len() > 1 => {
                over.insert(case);
                continue;
            }
            (Some(outcome), _) => outcome,
            // Each by itself, to learn which of them it was.
            (None, _) if now.len() > 1 => continue,
            (None, None) if job.interrupt.count() > 0 => {
                Outcome::NotRun { cause: NotRunCause::Interrupted, reason: "the run was interrupted".to_owned() }
            }
            (None, None) => Outcome::TimedOut { limit },
            (None, Some(status)) if !harness && status.success() => Outcome::Passed,
            (None, Some(status)) if !harness && status.code().is_some() => Outcome::Failed,
            (None, Some(status)) if status.success() => {
                Outcome::NotRun { cause: NotRunCause::Missing, reason: "its binary has no such test".to_owned() }
            }
            (None, Some(status)) => Outcome::Crashed { how: how(status) },
        };
        let mut result = job.result(planned, outcome);
        result.duration = began.elapsed();
        if result.outcome.is_failure() {
            let mark = format!("---- {name} stdout ----\n");
            let body = text.split_once(&mark).map_or(text.as_str(), |(_, rest)| {
                rest.split("\n---- ").next().unwrap_or(rest).split("\n\nfailures:").next().unwrap_or(rest)
            });
            result.message = body.trim().to_owned();
        }
        over.insert(case);
        job.tell(Event::CaseFinished(result));
    }
    Ok(over)
}

/// `test NAME ... ok` of a planned test, whatever a test wrote before it on the line.
fn verdict(line: &str, names: &HashMap<&str, usize>) -> Option<(usize, Outcome)> {
    let (head, word) = line.rsplit_once(" ... ")?;
    let name = head.rsplit_once("test ").map_or(head, |(_, name)| name);
    let name = name.trim_end_matches(" - should panic");
    let case = *names.get(name)?;
    match word {
        "ok" => Some((case, Outcome::Passed)),
        "FAILED" => Some((case, Outcome::Failed)),
        word if word.starts_with("ignored") => Some((case, Outcome::Skipped { reason: word.to_owned() })),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_read_behind_what_a_test_wrote() {
        let names = HashMap::from([("a::b", 0)]);
        assert_eq!(verdict("noise test a::b ... ok", &names), Some((0, Outcome::Passed)));
        assert_eq!(verdict("test a::b - should panic ... FAILED", &names), Some((0, Outcome::Failed)));
        assert_eq!(verdict("test other ... ok", &names), None);
    }
}
