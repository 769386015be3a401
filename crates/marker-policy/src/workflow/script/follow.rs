//! Follows a script from command to command, knowing what it can of folder and variables.

use std::collections::HashSet;
use std::rc::Rc;

use test_catalog::{SourceSpan, TreePath};

use super::super::directory::Directory;
use super::super::text::Text;
use super::super::unseen::Unseen;
use super::command::{Branch, BranchKind, Command, ScriptCommands};
use super::parser::Parser;
use super::scripts::Scripts;
use super::source::Source;
use super::state::{End, Function, State};
use super::syntax::{self, Body, Form, List, Operator, Pipeline, Word};
use super::texts::CommandTexts;
use super::variables_file::{VariablesFile, WrittenVariable};

/// Commands that are gone through in all, those in loops and functions each time.
const MOST_COMMANDS: usize = 50_000;

/// The variables of all commands that are kept may have so many bytes.
const MOST_BYTES_OF_VARIABLES: usize = 1 << 24;

/// A `for` over so many words is followed word by word.
const MOST_PASSES: usize = 64;

/// Texts of branches are cut behind so many characters.
const MOST_SHOWN: usize = 100;

/// A script that is not followed: why, and where.
#[derive(Debug)]
pub(super) struct NotFollowed {
    pub(super) message: String,
    pub(super) at: SourceSpan,
    /// Whether it cannot be read, rather than not be followed.
    pub(super) is_of_syntax: bool,
}

pub(super) type Followed<T> = Result<T, NotFollowed>;

/// Goes through a script.
pub(super) struct Follower<'a> {
    /// The text that is being followed, and the file that it stands in.
    pub(super) source: Rc<Source>,
    pub(super) file: TreePath,
    /// What is looked for, and the files of the tree.
    pub(super) scripts: &'a Scripts<'a>,
    /// The files that are being followed, and where they are run.
    pub(super) files: Vec<TreePath>,
    pub(super) called_from: Vec<SourceSpan>,
    /// What is run and not read.
    pub(super) unseen: Vec<Unseen>,
    pub(super) commands: Vec<Command>,
    pub(super) branches: Vec<Branch>,
    /// What the variables of the commands that are kept may still take.
    pub(super) bytes_left: usize,
    /// Commands that may still be gone through.
    pub(super) left: usize,
    /// The functions that are being called, and the scripts around this one.
    pub(super) calls: Vec<*const syntax::Command>,
    /// The loops around, within the function that is being called.
    pub(super) loops: usize,
    /// Variables of the function that is being called.
    pub(super) locals: Vec<String>,
    /// Set while a loop is gone through to see what it changes.
    pub(super) silent: bool,
    /// Some command changed folder.
    pub(super) moved: bool,
    /// Functions that were seen to be called.
    pub(super) called: HashSet<*const syntax::Command>,
    /// Names of functions of which it was not known what they are when they were called.
    pub(super) uncertain: HashSet<String>,
    /// All functions, with what was known where they are declared.
    pub(super) declared: Vec<(String, Function, State)>,
    /// The commands that texts of variables begin, of programs that are looked for.
    pub(super) texts: Rc<CommandTexts>,
    /// What is written for later steps.
    pub(super) variables_file: VariablesFile,
}

impl<'a> Follower<'a> {
    pub(super) fn new(source: Rc<Source>, file: TreePath, scripts: &'a Scripts<'a>) -> Self {
        Self {
            texts: Rc::default(),
            variables_file: VariablesFile::default(),
            source,
            file,
            scripts,
            files: Vec::new(),
            called_from: Vec::new(),
            unseen: Vec::new(),
            commands: Vec::new(),
            branches: Vec::new(),
            left: MOST_COMMANDS,
            bytes_left: MOST_BYTES_OF_VARIABLES,
            calls: Vec::new(),
            loops: 0,
            locals: Vec::new(),
            silent: false,
            moved: false,
            called: HashSet::new(),
            uncertain: HashSet::new(),
            declared: Vec::new(),
        }
    }

    /// The commands of the script, in order, those of functions that nothing calls behind all others.
    pub(super) fn script(mut self, mut state: State) -> Followed<ScriptCommands> {
        self.follow_all(&mut state)?;
        Ok(ScriptCommands { commands: self.commands, unseen: self.unseen })
    }

    /// The variables that the script writes for later steps; `None` where it may write others.
    pub(super) fn variables(mut self, mut state: State) -> Option<Vec<WrittenVariable>> {
        self.follow_all(&mut state).ok()?;
        self.variables_file.written(&self.source.text)
    }

    pub(super) fn follow_all(&mut self, state: &mut State) -> Followed<()> {
        let source = Rc::clone(&self.source);
        let body = Parser::new(&source).script().map_err(|error| NotFollowed {
            message: error.message,
            at: self.place(error.at),
            is_of_syntax: true,
        })?;
        self.follow_body(&body, state)
    }

    /// Follows what is all of a script, then its functions that nothing calls.
    pub(super) fn follow_body(&mut self, body: &Body, state: &mut State) -> Followed<()> {
        self.body(body, state)?;
        // Something may call them in a way that is not seen: a trap, another program.
        let mut next = 0;
        while let Some((name, function, state)) = self.declared.get(next).cloned() {
            next += 1;
            if self.called.contains(&Rc::as_ptr(&function.body)) && !self.uncertain.contains(&name) {
                continue;
            }
            let mut state = state;
            state.forget_variables();
            if self.moved {
                state.directory = Directory::Unknown(format!("where {name} is called"));
            }
            self.within_function(&function, |follower, function| {
                let at = follower.place(function.body.start);
                follower.branches.push(Branch { kind: BranchKind::Uncalled, text: name, at });
                follower.calls.push(Rc::as_ptr(&function.body));
                follower.command(&function.body, &mut state)?;
                follower.calls.pop();
                follower.branches.pop();
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Follows in the text in which a function stands.
    pub(super) fn within_function(
        &mut self,
        function: &Function,
        follow: impl FnOnce(&mut Self, &Function) -> Followed<()>,
    ) -> Followed<()> {
        let source = std::mem::replace(&mut self.source, Rc::clone(&function.source));
        let file = std::mem::replace(&mut self.file, function.file.clone());
        let followed = follow(self, function);
        self.file = file;
        self.source = source;
        followed
    }

    /// Where something stands in the text that is being followed.
    pub(super) fn place(&self, at: usize) -> SourceSpan {
        SourceSpan::line(self.file.clone(), self.source.line(at))
    }

    /// A stretch of the script as written.
    pub(super) fn written(&self, start: usize, end: usize) -> String {
        let text = self.source.text.get(start..end).unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    pub(super) fn branch(&self, kind: BranchKind, start: usize, end: usize) -> Branch {
        // A line can be the whole script, and hold a thousand branches: only what is shown of it is looked at.
        let mut text = String::new();
        let mut left = MOST_SHOWN;
        for (place, word) in self.source.text.get(start..end).unwrap_or_default().split_whitespace().enumerate() {
            let space = if place > 0 { " " } else { "" };
            for character in space.chars().chain(word.chars()) {
                let Some(less) = left.checked_sub(1) else {
                    text.push('…');
                    return Branch { kind, text, at: self.place(start) };
                };
                left = less;
                text.push(character);
            }
        }
        Branch { kind, text, at: self.place(start) }
    }

    /// Follows what runs only by a branch.
    pub(super) fn within(
        &mut self,
        branch: Branch,
        state: &mut State,
        follow: impl FnOnce(&mut Self, &mut State) -> Followed<()>,
    ) -> Followed<()> {
        self.branches.push(branch);
        let result = follow(self, state);
        self.branches.pop();
        result
    }

    pub(super) fn body(&mut self, body: &Body, state: &mut State) -> Followed<()> {
        for list in body {
            if state.ended.is_some() {
                return Ok(());
            }
            if list.background {
                let mut apart = state.clone();
                self.list(list, &mut apart)?;
            } else {
                self.list(list, state)?;
            }
        }
        Ok(())
    }

    /// Commands whose changes of folder and variables are lost with their shell.
    pub(super) fn subshell(&mut self, body: &Body, state: &State) -> Followed<()> {
        self.body(body, &mut state.clone())
    }

    fn list(&mut self, list: &List, state: &mut State) -> Followed<()> {
        let before = if list.rest.is_empty() { None } else { Some(state.clone()) };
        self.pipeline(&list.first, state)?;
        let mut last = &list.first;
        for (operator, pipeline) in &list.rest {
            if state.ended.is_some() {
                return Ok(());
            }
            let kind = match operator {
                Operator::And => BranchKind::AfterSuccess,
                Operator::Or => BranchKind::AfterFailure,
            };
            let branch = self.branch(kind, last.start, last.end);
            let mut inside = state.clone();
            if let (Operator::Or, Some(before)) = (operator, &before) {
                // What failed may not have changed what it would have.
                inside = inside.join(before.clone(), &branch);
            }
            self.within(branch.clone(), &mut inside, |follower, state| follower.pipeline(pipeline, state))?;
            *state = state.clone().join(inside, &branch);
            last = pipeline;
        }
        Ok(())
    }

    fn pipeline(&mut self, pipeline: &Pipeline, state: &mut State) -> Followed<()> {
        if let [command] = &*pipeline.commands {
            return self.command(command, state);
        }
        for command in &pipeline.commands {
            self.command(command, &mut state.clone())?;
        }
        Ok(())
    }

    pub(super) fn command(&mut self, command: &syntax::Command, state: &mut State) -> Followed<()> {
        self.left = self.left.checked_sub(1).ok_or_else(|| NotFollowed {
            message: format!("it runs through more than {MOST_COMMANDS} commands"),
            at: self.place(command.start),
            is_of_syntax: false,
        })?;
        for word in &command.redirections {
            self.run_commands(word, state)?;
        }
        let into_variables = self.variables_file.opens(&command.redirections, &self.source.text);
        let result = self.form(command, state);
        self.variables_file.closes(into_variables);
        result
    }

    fn form(&mut self, command: &syntax::Command, state: &mut State) -> Followed<()> {
        match &command.form {
            Form::Simple(simple) => self.simple(simple, command.start, state),
            Form::Subshell(body) => self.subshell(body, state),
            Form::Group(body) => self.body(body, state),
            Form::If(branches, otherwise) => self.conditional(branches, otherwise.as_ref(), command.start, state),
            Form::While(condition, body) => {
                let branch = self.branch_of_line(BranchKind::Loop, command.start);
                self.repeated(Some(condition), None, body, &branch, state)
            }
            Form::For(name, words, body) => {
                self.loop_over(name.as_deref(), words.as_deref(), body, command.start, state)
            }
            Form::Case(subject, arms) => {
                self.run_commands(subject, state)?;
                let branch = self.branch_of_line(BranchKind::Case, command.start);
                // That no arm matches is one way too.
                let mut after = state.clone();
                for arm in arms {
                    let mut inside = state.clone();
                    self.within(branch.clone(), &mut inside, |follower, state| follower.body(arm, state))?;
                    after = after.join(inside, &branch);
                }
                *state = after;
                Ok(())
            }
            Form::Function(name, body) => {
                let (source, file) = (Rc::clone(&self.source), self.file.clone());
                let function = Function { body: Rc::clone(body), source, file };
                state.define(name, function.clone());
                if !self.silent && !self.declared.iter().any(|(_, known, _)| Rc::ptr_eq(&known.body, body)) {
                    self.declared.push((name.clone(), function, state.clone()));
                }
                Ok(())
            }
            Form::Test(words) => words.iter().try_for_each(|word| self.run_commands(word, state)),
            Form::Arithmetic(text) => {
                forget_names(text, state);
                Ok(())
            }
        }
    }

    /// A branch that is told by the line on which it begins.
    fn branch_of_line(&self, kind: BranchKind, start: usize) -> Branch {
        let rest = self.source.text.get(start..).unwrap_or_default();
        self.branch(kind, start, start + rest.find('\n').unwrap_or(rest.len()))
    }

    fn conditional(
        &mut self,
        branches: &[(Body, Body)],
        otherwise: Option<&Body>,
        start: usize,
        state: &mut State,
    ) -> Followed<()> {
        let branch = self.branch_of_line(BranchKind::If, start);
        let mut after: Option<State> = None;
        for (index, (condition, body)) in branches.iter().enumerate() {
            let before = state.clone();
            // The first condition is always asked.
            if index == 0 {
                self.body(condition, state)?;
            } else {
                self.within(branch.clone(), state, |follower, state| follower.body(condition, state))?;
            }
            let mut inside = state.clone();
            self.within(branch.clone(), &mut inside, |follower, state| follower.body(body, state))?;
            after = Some(match after {
                Some(after) => after.join(inside, &branch),
                None => inside,
            });
            // What fails may not have done what it would.
            if state.ended.is_none() {
                *state = state.clone().join(before, &branch);
            }
        }
        if let Some(otherwise) = otherwise {
            self.within(branch.clone(), state, |follower, state| follower.body(otherwise, state))?;
        }
        if let Some(after) = after {
            *state = state.clone().join(after, &branch);
        }
        Ok(())
    }

    fn loop_over(
        &mut self,
        name: Option<&str>,
        words: Option<&[Word]>,
        body: &Body,
        start: usize,
        state: &mut State,
    ) -> Followed<()> {
        let branch = self.branch_of_line(BranchKind::Loop, start);
        let mut values = Vec::new();
        for word in words.unwrap_or_default() {
            values.extend(self.words(word, state)?);
        }
        let certain = words.is_some() && values.len() <= MOST_PASSES && !values.iter().any(Text::splits);
        let Some(name) = name.filter(|_| certain) else {
            return self.repeated(None, name, body, &branch, state);
        };
        for value in values {
            state.set(name, Some(value));
            self.loops += 1;
            let result = self.body(body, state);
            self.loops -= 1;
            result?;
            match state.ended {
                // What comes behind `break` and `continue` of this pass may run in the next.
                Some(End::Looped) => {
                    state.ended = None;
                    state.branches.push(Branch { kind: BranchKind::AfterExit, ..branch.clone() });
                }
                Some(_) => return Ok(()),
                None => {}
            }
        }
        Ok(())
    }

    /// A loop of which it is not known how often it runs.
    fn repeated(
        &mut self,
        condition: Option<&Body>,
        name: Option<&str>,
        body: &Body,
        branch: &Branch,
        state: &mut State,
    ) -> Followed<()> {
        let pass = |follower: &mut Self, state: &mut State| -> Followed<()> {
            let before = state.clone();
            if let Some(condition) = condition {
                follower.body(condition, state)?;
            }
            if let Some(name) = name {
                state.set(name, None);
            }
            let mut inside = state.clone();
            follower.loops += 1;
            let result = follower.within(branch.clone(), &mut inside, |follower, state| follower.body(body, state));
            follower.loops -= 1;
            result?;
            if inside.ended == Some(End::Looped) {
                inside.ended = None;
            }
            if state.ended.is_none() {
                *state = state.clone().join(before, branch).join(inside, branch);
            }
            Ok(())
        };
        // What a pass changes is not known at the start of the next, nor is what follows from that.
        let silent = std::mem::replace(&mut self.silent, true);
        let mut settled = false;
        for _ in 0..3 {
            let mut after = state.clone();
            pass(self, &mut after)?;
            let joined = state.clone().join(after, branch);
            settled = joined.knows_as_much_as(state);
            *state = joined;
            if settled || state.ended.is_some() {
                break;
            }
        }
        self.silent = silent;
        if !settled {
            state.forget_variables();
            state.forget_functions();
            state.directory = Directory::Unknown(branch.text.clone());
        }
        pass(self, state)
    }
}

/// Arithmetic may set any variable that it names.
fn forget_names(text: &str, state: &mut State) {
    for name in text.split(|one: char| !(one.is_ascii_alphanumeric() || one == '_')) {
        state.set(name, None);
    }
}
