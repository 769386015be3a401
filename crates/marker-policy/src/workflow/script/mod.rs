//! The commands of a script: which programs it runs, with which words, in which folder, and under what condition.

mod builtin;
mod command;
mod compound;
mod expand;
mod files;
mod follow;
mod glance;
mod launcher;
mod output;
mod parser;
mod runner;
mod scripts;
mod simple;
mod source;
mod state;
mod syntax;
#[cfg(test)]
mod tests;
mod texts;
mod variables_file;
mod words;

use std::rc::Rc;

use test_catalog::{Reason, SourceSpan, TreePath};

pub(super) use variables_file::WrittenVariable;

pub use command::{Branch, BranchKind, Command, ScriptCommands};
pub use scripts::Scripts;

use self::follow::{Follower, NotFollowed};
use self::scripts::Script;
use self::source::Source;
use self::state::State;
use super::directory::Directory;
use super::step::{Run, Shell, Step, Work};
use super::text::{Part, Text};

impl Step {
    /// The commands of the step's script that run one of the programs that are looked for, and what it runs that cannot be
    /// seen. A step that does not run a script of `bash` or `sh` has none.
    ///
    /// # Errors
    ///
    /// Where the script cannot be followed and may run one of the programs; its line, and why.
    pub fn commands(&self, scripts: &Scripts<'_>) -> Result<ScriptCommands, Reason> {
        match &self.work {
            Work::Run(run) => commands(run, &self.at.file, scripts),
            Work::Action(_) | Work::Elsewhere(_) => Ok(ScriptCommands::default()),
        }
    }
}

impl Scripts<'_> {
    /// The commands of a script that stands elsewhere than in a workflow, on the line `at`. It begins in `directory`, with the
    /// variables of `environment`.
    ///
    /// # Errors
    ///
    /// Where the script cannot be followed, and why.
    pub fn commands_of(
        &self,
        script: &str,
        at: &SourceSpan,
        directory: Directory,
        environment: &[(String, Text)],
    ) -> Result<ScriptCommands, Reason> {
        let source = Rc::new(Source::on_line(script, at.start.line));
        let state = State::new(directory, environment);
        Follower::new(source, at.file.clone(), self).script(state).map_err(NotFollowed::into_reason)
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
    let source = Rc::new(Source::new(&run.script, &run.contexts));
    let state = State::new(run.directory.clone(), &run.environment());
    let scripts = Scripts::new(&[], &[], &|_| None);
    Follower::new(source, file.clone(), &scripts).variables(state)
}

fn commands(run: &Run, file: &TreePath, scripts: &Scripts<'_>) -> Result<ScriptCommands, Reason> {
    let mentions = |text: &str| scripts.mentioned_in(text).is_some();
    let in_value = |part: &Part| matches!(part, Part::Known(text) if mentions(text));
    let environment = || run.environment().iter().any(|(_, value)| value.parts().iter().any(in_value));
    let mentioned = mentions(&run.script.scalar.text)
        || run.script.pieces(&run.contexts).iter().any(|piece| !piece.literal && in_value(&piece.part))
        || environment();
    if !mentioned && !scripts.may_run_files(&run.script) {
        return Ok(ScriptCommands::default());
    }
    match &run.shell {
        Shell::Posix => {}
        // It is no script of commands.
        Shell::Other(shell) if shell.starts_with("python") => return Ok(ScriptCommands::default()),
        Shell::Other(_) | Shell::Unknown(_) if !mentioned => return Ok(ScriptCommands::default()),
        Shell::Other(shell) | Shell::Unknown(shell) => {
            let line = run.script.scalar.first_line.unwrap_or(run.script.at.line);
            let text = format!("this script is not read, as its shell is `{shell}`");
            return Err(Reason { text, at: SourceSpan::line(file.clone(), line) });
        }
    }
    let script = Script {
        file: file.clone(),
        at: run.script.at,
        source: Rc::new(Source::new(&run.script, &run.contexts)),
        directory: run.directory.clone(),
        environment: run.environment(),
    };
    scripts.once(script, |script| {
        let state = State::new(script.directory.clone(), &script.environment);
        Follower::new(Rc::clone(&script.source), script.file.clone(), scripts)
            .script(state)
            .map_err(NotFollowed::into_reason)
    })
}

impl NotFollowed {
    fn into_reason(self) -> Reason {
        Reason { text: format!("this script is not followed: {}", self.message), at: self.at }
    }
}
