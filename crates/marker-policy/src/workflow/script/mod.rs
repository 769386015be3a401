//! The commands of a script: which programs it runs, with which words, in which folder, and under what condition.

mod builtin;
mod command;
mod compound;
mod expand;
mod follow;
mod launcher;
mod parser;
mod simple;
mod source;
mod state;
mod syntax;
mod texts;
mod variables_file;
/// The commands of a script that stands elsewhere than in a workflow, on the line `at`, which run one of `programs`. It
/// begins in `directory`, with the variables of `environment`.
///
/// # Errors
///
/// Where the script cannot be followed, and why.
pub fn commands_of(
    script: &str,
    at: &SourceSpan,
    directory: Directory,
    environment: &[(String, Text)],
    programs: &[&str],
) -> Result<Vec<Command>, Reason> {
    let source = Source::on_line(script, at.start.line);
    let state = State::new(directory, environment);
    Follower::new(&source, &at.file, programs).script(state).map_err(|error| Reason {
        text: format!("this script is not followed: {}", error.message),
        at: SourceSpan::line(at.file.clone(), error.line),
    })
}

#[cfg(test)]
mod tests;
mod words;

use test_catalog::{Reason, SourceSpan, TreePath};

pub(super) use variables_file::WrittenVariable;

pub use command::{Branch, BranchKind, Command};

use self::follow::Follower;
use self::source::Source;
use self::state::State;
use super::directory::Directory;
use super::step::{Run, Shell, Step, Work};
use super::text::{Part, Text};

impl Step {
    /// The commands of the step's script that run one of `programs`, such as `["cargo"]`: in the order of the script. A
    /// step that does not run a script of `bash` or `sh` has none, and one that does not mention them is not read.
    ///
    /// # Errors
    ///
    /// Where the script cannot be followed; its line, and why.
    pub fn commands(&self, programs: &[&str]) -> Result<Vec<Command>, Reason> {
        match &self.work {
            Work::Run(run) => commands(run, &self.at.file, programs),
            Work::Action(_) | Work::Elsewhere(_) => Ok(Vec::new()),
        }
    }
}

/// The variables that a script writes for later steps, by `GITHUB_ENV`; `None` where it may write others.
pub(super) fn written_variables(run: &Run, file: &TreePath) -> Option<Vec<WrittenVariable>> {
    if !run.script.scalar.text.contains("GITHUB_ENV") {
        return Some(Vec::new());
    }
    if run.shell != Shell::Posix {
        return None;
    }
    let source = Source::new(&run.script, &run.contexts);
    let state = State::new(run.directory.clone(), &run.environment());
    Follower::new(&source, file, &[]).variables(state)
}

fn commands(run: &Run, file: &TreePath, programs: &[&str]) -> Result<Vec<Command>, Reason> {
    let mentions = |text: &str| programs.iter().any(|program| text.contains(program));
    let in_value = |part: &Part| matches!(part, Part::Known(text) if mentions(text));
    let environment = || run.environment().iter().any(|(_, value)| value.parts().iter().any(in_value));
    let mentioned = mentions(&run.script.scalar.text)
        || run.script.pieces(&run.contexts).iter().any(|piece| !piece.literal && in_value(&piece.part))
        || environment();
    if !mentioned {
        return Ok(Vec::new());
    }
    match &run.shell {
        Shell::Posix => {}
        // It is no script of commands.
        Shell::Other(shell) if shell.starts_with("python") => return Ok(Vec::new()),
        Shell::Other(shell) | Shell::Unknown(shell) => {
            let line = run.script.scalar.first_line.unwrap_or(run.script.at.line);
            let text = format!("this script is not read, as its shell is `{shell}`");
            return Err(Reason { text, at: SourceSpan::line(file.clone(), line) });
        }
    }
    let source = Source::new(&run.script, &run.contexts);
    let state = State::new(run.directory.clone(), &run.environment());
    Follower::new(&source, file, programs).script(state).map_err(|error| Reason {
        text: format!("this script is not followed: {}", error.message),
        at: SourceSpan::line(file.clone(), error.line),
    })
}
