//! Follows simple commands: assignments, what the shell itself does, calls of functions, and the programs that are kept.

use std::rc::Rc;

use super::super::directory::Directory;
use super::super::text::{Part, Text};
use super::builtin::{Effect, base_name, effect};
use super::command::{Branch, BranchKind, Command};
use super::follow::{Followed, Follower, NotFollowed};
use super::launcher::{Launch, launch, outside};
use super::source::Source;
use super::state::{End, Function, State, length};
use super::syntax::{Assignment, Simple, Value};

/// Functions and scripts within each other.
pub(super) const MOST_CALLS: usize = 10;

/// What a variable takes beside its texts.
const OVERHEAD: usize = 64;

impl Follower<'_> {
    pub(super) fn simple(&mut self, simple: &Simple, start: usize, state: &mut State) -> Followed<()> {
        if simple.words.is_empty() {
            return simple.assignments.iter().try_for_each(|assignment| self.assign(assignment, state));
        }
        let mut assignments = Vec::new();
        for assignment in &simple.assignments {
            let value = match &assignment.value {
                Value::Set(word) => Some(self.text(word, state)?),
                Value::Append(word) | Value::Element(word) => {
                    self.run_commands(word, state)?;
                    None
                }
                Value::Array(words) | Value::MoreElements(words) => {
                    words.iter().try_for_each(|word| self.run_commands(word, state))?;
                    None
                }
            };
            assignments.push((assignment.name.clone(), value));
        }
        let mut words = Vec::new();
        for word in &simple.words {
            words.extend(self.words(word, state)?);
        }
        if words.is_empty() {
            assignments.into_iter().for_each(|(name, value)| state.set(&name, value));
            return Ok(());
        }
        if let Some(name) = words[0].as_known()
            && let Some(function) = state.functions.get(name).cloned()
        {
            // The function sees what is set for it, and whether that stays depends on the shell.
            assignments.iter().for_each(|(name, value)| state.set(name, value.clone()));
            self.call(name, function, &words[1..], start, state)?;
            assignments.iter().for_each(|(name, _)| state.set(name, None));
            return Ok(());
        }
        self.variables_file.run(&words, !self.silent && self.branches.is_empty() && state.branches.is_empty());
        let mut launched = launch(words, self.scripts.programs, state);
        let programs = self.scripts.programs;
        let is_asked_for = |launched: &Launch| {
            let name = launched.words.first().and_then(Text::as_known);
            name.is_some_and(|name| programs.contains(&base_name(name)))
        };
        let mut is_followed = false;
        if launched.script.is_some() || launched.file.is_some() {
            let mut apart = state.apart(&launched.environment, launched.is_apart);
            assignments.iter().for_each(|(name, value)| apart.set_exported(name, value.clone()));
            apart.directory = launched.directory.clone();
            apart.mounts = launched.mounts.clone();
            is_followed = match (&launched.script, launched.file) {
                (Some(script), _) => {
                    self.inner_script(script, start, &mut apart)?;
                    true
                }
                (None, Some(file)) => self.run_file(&launched, file, start, apart)?,
                (None, None) => false,
            };
        }
        if !is_followed {
            launched.find_named(programs);
            if is_asked_for(&launched) {
                self.keep(&assignments, &launched, start, state);
            } else {
                self.keep_text_of_variable(&launched, start, state);
                self.tell_of(&launched, start);
            }
        }
        if launched.is_here {
            return self.change(effect(&launched.prefix, &launched.words), &launched.words, start, state);
        }
        if launched.prefix.first().and_then(Text::as_known) == Some("exec") {
            state.ended = Some(End::Exited);
        }
        Ok(())
    }

    fn assign(&mut self, assignment: &Assignment, state: &mut State) -> Followed<()> {
        let name = assignment.name.as_str();
        match &assignment.value {
            Value::Set(word) => {
                let value = self.text(word, state)?;
                self.note_text(name, &value);
                state.set(name, Some(value));
            }
            Value::Append(word) => {
                let more = self.text(word, state)?;
                let value =
                    state.variable(name).map(|before| before.parts().iter().chain(more.parts()).cloned().collect());
                if let Some(value) = &value {
                    self.note_text(name, value);
                }
                state.set(name, value);
            }
            Value::Element(word) => {
                self.run_commands(word, state)?;
                state.set(name, None);
            }
            Value::Array(words) | Value::MoreElements(words) => {
                let mut elements = Some(Vec::new());
                if matches!(assignment.value, Value::MoreElements(_)) {
                    elements = state.array(name).map(<[Text]>::to_vec);
                }
                for word in words {
                    let more = self.words(word, state)?;
                    elements = elements.filter(|_| !more.iter().any(Text::splits));
                    elements.iter_mut().for_each(|elements| elements.extend(more.iter().cloned()));
                }
                if let Some(elements) = &elements {
                    self.note_words(name, elements);
                }
                state.set_array(name, elements);
            }
        }
        Ok(())
    }

    /// What a command of the shell itself does.
    fn change(&mut self, effect: Effect, words: &[Text], start: usize, state: &mut State) -> Followed<()> {
        self.moved |= matches!(effect, Effect::Enter(_) | Effect::EnterUnknown(_) | Effect::Source | Effect::Eval(_));
        match effect {
            Effect::Nothing => {}
            Effect::Enter(path) => state.directory = outside(state.directory.join(&path), &state.mounts),
            Effect::EnterUnknown(directory) => state.directory = directory,
            Effect::Set(values) => values.into_iter().for_each(|(name, value)| state.set(&name, value)),
            Effect::Export(values) => {
                for (name, value) in values {
                    if let Some(value) = value {
                        state.set(&name, value);
                    }
                    state.export(&name);
                }
            }
            Effect::Unset(names) => names.iter().for_each(|name| state.unset(name)),
            Effect::ExportAll(all) => state.exports_all = all,
            Effect::Forget => {
                state.forget_variables();
                state.fields_changed = true;
            }
            Effect::SetLocal(values) => {
                for (name, value) in values {
                    state.set(&name, value);
                    self.locals.push(name);
                }
            }
            Effect::Shift(by) => match &mut state.parameters {
                Some(parameters) if by <= parameters.len() => drop(parameters.drain(..by)),
                parameters => *parameters = None,
            },
            Effect::SetParameters(parameters) => state.parameters = parameters,
            // Outside of a loop, nothing ends.
            Effect::End(End::Looped) if self.loops == 0 => {}
            Effect::End(end) => state.ended = Some(end),
            Effect::Eval(text) => {
                // Functions stand in another text than this one.
                let functions = Rc::clone(&state.functions);
                state.forget_functions();
                self.inner_script(&text, start, state)?;
                state.forget_functions();
                let known = functions.iter().map(|(name, body)| (name.clone(), body.clone()));
                Rc::make_mut(&mut state.functions).extend(known);
                if text.as_known().is_none() {
                    self.anything(format!("eval {text}"), start, state);
                }
            }
            Effect::Source => {
                if self.source_file(words, start, state)? {
                    return Ok(());
                }
                let text = words.iter().map(Text::to_string).collect::<Vec<_>>().join(" ");
                self.anything(text, start, state);
            }
        }
        Ok(())
    }

    /// What ran is not known.
    fn anything(&self, text: String, start: usize, state: &mut State) {
        state.forget_variables();
        state.fields_changed = true;
        let branch = Branch { kind: BranchKind::AfterEval, text, at: self.place(start) };
        if !state.branches.contains(&branch) {
            state.branches.push(branch);
        }
    }

    fn keep(&mut self, assignments: &[(String, Option<Text>)], launched: &Launch, start: usize, state: &State) {
        if self.silent {
            return;
        }
        let unknown = || Text::from_iter([Part::Unknown { source: "an array".to_owned(), splits: false }]);
        let assignments: Vec<(String, Text)> =
            assignments.iter().map(|(name, value)| (name.clone(), value.clone().unwrap_or_else(unknown))).collect();
        let mut environment = if launched.is_apart { Vec::new() } else { state.environment() };
        let own = if launched.is_apart { &[][..] } else { &assignments };
        for (name, value) in own.iter().chain(&launched.environment) {
            environment.retain(|(known, _)| known != name);
            environment.push((name.clone(), value.clone()));
        }
        let mut doubt = launched.doubt.clone();
        let bytes: usize = environment.iter().map(|(name, value)| OVERHEAD + name.len() + length(value)).sum();
        match self.bytes_left.checked_sub(bytes) {
            Some(left) => self.bytes_left = left,
            None => {
                self.bytes_left = 0;
                environment.clear();
                doubt = Some("the script has more variables than are followed".to_owned());
            }
        }
        self.commands.push(Command {
            words: launched.words.clone(),
            assignments,
            environment,
            prefix: launched.prefix.clone(),
            directory: launched.directory.clone(),
            at: self.place(start),
            called_from: self.called_from.clone(),
            branches: self.branches.iter().chain(&state.branches).cloned().collect(),
            doubt,
        });
    }

    /// Where the program is what a variable says: what such a variable was seen to say.
    fn keep_text_of_variable(&mut self, launched: &Launch, start: usize, state: &State) {
        let Some(program) = launched.words.first().filter(|program| program.as_known().is_none()) else { return };
        let texts = Rc::clone(&self.texts);
        for words in texts.of(program) {
            let doubt = Some(format!("what `{program}` comes to is not known"));
            let launched = Launch {
                words: words.clone(),
                prefix: launched.prefix.clone(),
                directory: launched.directory.clone(),
                mounts: launched.mounts.clone(),
                environment: launched.environment.clone(),
                script: None,
                file: None,
                doubt,
                ..*launched
            };
            self.keep(&[], &launched, start, state);
        }
    }

    fn note_text(&mut self, name: &str, value: &Text) {
        Rc::make_mut(&mut self.texts).note(name, &super::texts::words(value), self.scripts.programs);
    }

    fn note_words(&mut self, name: &str, words: &[Text]) {
        Rc::make_mut(&mut self.texts).note(name, words, self.scripts.programs);
    }

    /// A call of a function, or of what may be one.
    fn call(
        &mut self,
        name: &str,
        function: Option<Function>,
        arguments: &[Text],
        start: usize,
        state: &mut State,
    ) -> Followed<()> {
        let followed = function
            .filter(|function| self.calls.len() < MOST_CALLS && !self.calls.contains(&Rc::as_ptr(&function.body)));
        let Some(function) = followed else {
            self.uncertain.insert(name.to_owned());
            state.directory = Directory::Unknown(format!("what {name} does"));
            self.anything(name.to_owned(), start, state);
            return Ok(());
        };
        if !self.silent {
            self.called.insert(Rc::as_ptr(&function.body));
        }
        let parameters = (!arguments.iter().any(Text::splits)).then(|| arguments.to_vec());
        let outer = std::mem::replace(&mut state.parameters, parameters);
        let locals = std::mem::take(&mut self.locals);
        let loops = std::mem::take(&mut self.loops);
        self.calls.push(Rc::as_ptr(&function.body));
        let from_another = (function.file != self.file).then(|| self.place(start));
        let result = self.within_function(&function, |follower, function| match from_another {
            Some(from) => {
                follower.called_from.push(from);
                let result = follower.command(&function.body, state);
                follower.called_from.pop();
                result
            }
            None => follower.command(&function.body, state),
        });
        self.calls.pop();
        self.loops = loops;
        // What they hide comes back, if they were made.
        for name in std::mem::replace(&mut self.locals, locals) {
            state.set(&name, None);
        }
        state.parameters = outer;
        if state.ended == Some(End::Returned) {
            state.ended = None;
        }
        result
    }

    /// What `bash -c text` runs, and `eval text`.
    fn inner_script(&mut self, text: &Text, start: usize, state: &mut State) -> Followed<()> {
        if self.calls.len() >= MOST_CALLS {
            let why = format!("runs a text in more than {MOST_CALLS} scripts and functions within each other");
            self.unseen("a script", why, start);
            return Ok(());
        }
        let source = Rc::new(Source::of_text(text, self.source.line(start)));
        let mut inner = Follower {
            branches: self.branches.clone(),
            left: self.left,
            bytes_left: self.bytes_left,
            calls: self.calls.iter().copied().chain([std::ptr::null()]).collect(),
            loops: self.loops,
            silent: self.silent,
            texts: Rc::clone(&self.texts),
            files: self.files.clone(),
            called_from: self.called_from.clone(),
            ..Follower::new(source, self.file.clone(), self.scripts)
        };
        let followed = inner.follow_all(state);
        self.left = inner.left;
        self.bytes_left = inner.bytes_left;
        self.moved |= inner.moved;
        self.uncertain.extend(inner.uncertain);
        self.commands.append(&mut inner.commands);
        self.unseen.append(&mut inner.unseen);
        match followed {
            // What is not known of it may well make it complete.
            Err(NotFollowed { is_of_syntax: true, .. }) if text.as_known().is_none() => Ok(()),
            followed => followed,
        }
    }
}
