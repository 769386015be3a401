//! One call of cargo.

use std::io::ErrorKind;
use std::process::Output;

use camino::{Utf8Path, Utf8PathBuf};

use super::ListingError;
use crate::process::Launcher;
use crate::tool::run_outside;

/// How many lines of what cargo said are shown where it failed.
const LINES: usize = 20;

/// A call of cargo that is not made yet.
pub(super) struct Cargo {
    arguments: Vec<String>,
    folder: Utf8PathBuf,
    env: Vec<(&'static str, String)>,
}

impl Cargo {
    pub(super) fn new(arguments: Vec<String>, folder: Utf8PathBuf) -> Self {
        Self { arguments, folder, env: Vec::new() }
    }

    pub(super) fn env(mut self, name: &'static str, value: &str) -> Self {
        self.env.push((name, value.to_owned()));
        self
    }

    pub(super) fn args(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|word| (*word).to_owned()));
        self
    }

    /// As people type it, and see it in messages.
    pub(super) fn text(&self) -> String {
        format!("cargo {}", self.arguments.join(" "))
    }

    /// Runs it to its end. How it exits is for the caller to judge.
    pub(super) fn run(&self) -> Result<Output, ListingError> {
        self.output(false)
    }

    /// Runs it, and gives what it prints, errors and all, in the order in which it is printed.
    pub(super) fn run_merged(&self) -> Result<Output, ListingError> {
        self.output(true)
    }

    fn output(&self, is_merged: bool) -> Result<Output, ListingError> {
        let launcher = Launcher::of_this_program();
        let mut command = launcher.command("cargo");
        command.args(&self.arguments).current_dir(&self.folder);
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        run_outside(&launcher, &mut command, is_merged).map_err(|error| self.no_tool(error.to_string()))
    }

    fn no_tool(&self, why: String) -> ListingError {
        ListingError::NoTool { tool: self.text(), why, remedy: "install Rust: https://rustup.rs" }
    }

    /// It was told to build, and did not.
    pub(super) fn not_built(&self, output: &Output, said: &[u8]) -> ListingError {
        ListingError::Build {
            workspace: self.folder.clone(),
            command: self.text(),
            how: output.status.to_string(),
            output: last_lines(said, LINES),
        }
    }

    pub(super) fn not_understood(&self, why: impl ToString) -> ListingError {
        ListingError::Answer { command: self.text(), why: why.to_string() }
    }
}

/// What a tool calls itself: `cargo 1.95.0`.
pub(super) fn version(tree: &Utf8Path, arguments: &[&str], remedy: &'static str) -> Result<String, ListingError> {
    let tool = format!("cargo {}", arguments.join(" "));
    let no_tool = |why| ListingError::NoTool { tool: tool.clone(), why, remedy };
    let launcher = Launcher::of_this_program();
    let output = run_outside(&launcher, launcher.command("cargo").args(arguments).current_dir(tree), false);
    let output = output.map_err(|error| no_tool(error.to_string()))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    match said.lines().next() {
        // Behind the version stand the commit and the date.
        Some(line) if output.status.success() => Ok(line.split(" (").next().unwrap_or(line).to_owned()),
        _ => Err(no_tool(error_line(&output.stderr))),
    }
}

pub(super) fn last_lines(text: &[u8], count: usize) -> String {
    let text = String::from_utf8_lossy(text);
    let lines: Vec<_> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

/// The error that a tool tells, with its innermost cause, in one line.
pub(super) fn error_line(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let lines: Vec<&str> = text.lines().collect();
    let Some(error) = lines.iter().find_map(|line| line.strip_prefix("error: ")) else { return last_lines(said, 1) };
    let error = error.trim_end_matches(':');
    let cause = lines.iter().rposition(|line| *line == "Caused by:").and_then(|at| lines.get(at + 1));
    cause.map_or_else(|| error.to_owned(), |cause| format!("{error}: {}", cause.trim()))
}

/// The workspace's `Cargo.lock` as it was: cargo writes one where there is none, and brings an old one up to date.
pub(super) struct KeptLock {
    path: Utf8PathBuf,
    before: Option<Vec<u8>>,
}

impl KeptLock {
    pub(super) fn of(workspace: &Utf8Path) -> Result<Self, ListingError> {
        let path = workspace.join("Cargo.lock");
        match std::fs::read(&path) {
            Ok(text) => Ok(Self { path, before: Some(text) }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self { path, before: None }),
            Err(error) => Err(ListingError::File { path, why: error.to_string() }),
        }
    }
}

impl Drop for KeptLock {
    /// Where that fails, the tree has the lock that any other call of cargo would leave.
    fn drop(&mut self) {
        let now = std::fs::read(&self.path).ok();
        match &self.before {
            Some(before) if now.as_ref() != Some(before) => drop(std::fs::write(&self.path, before)),
            None if now.is_some() => drop(std::fs::remove_file(&self.path)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_lock_file_is_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let tree = Utf8Path::from_path(folder.path()).unwrap();
        let lock = tree.join("Cargo.lock");
        let written = |text: &str| {
            let kept = KeptLock::of(tree).unwrap();
            std::fs::write(&lock, text).unwrap();
            drop(kept);
        };
        written("new");
        assert!(!lock.exists());
        std::fs::write(&lock, "old").unwrap();
        written("new");
        assert_eq!(std::fs::read_to_string(&lock).unwrap(), "old");
    }

    #[test]
    fn an_error_is_told_with_its_innermost_cause() {
        let said =
            b"   Compiling p\nerror: creating the list failed\n\nCaused by:\n  a\n\nCaused by:\n  b is no test\n  c\n";
        assert_eq!(error_line(said), "creating the list failed: b is no test");
        assert_eq!(error_line(b"error: it is in no workspace:\ncurrent: a\n"), "it is in no workspace");
        assert_eq!(error_line(b"killed\n"), "killed");
    }

    #[test]
    fn the_end_of_what_was_said_is_shown_without_empty_lines() {
        assert_eq!(last_lines(b"a\nb\n\n  c \n\n", 2), "b\n  c");
    }
}
