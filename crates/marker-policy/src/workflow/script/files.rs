//! Follows the files that a script runs: `bash ci/test.sh`, `./ci/test.sh`, `source ci/lib.sh`.

use std::rc::Rc;

use super::super::text::Text;
use super::super::unseen::Unseen;
use super::follow::{Followed, Follower};
use super::launcher::{Launch, outside};
use super::scripts::{Missing, ScriptFile};
use super::simple::MOST_CALLS;
use super::state::{End, State};

/// The variable with the path of the file that is being read.
const OWN_PATH: &str = "BASH_SOURCE";

/// A file that a command line runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// A shell: `bash file`.
    Shell,
    /// Another program: `python file`.
    Other,
    /// Whatever the file says: `./file`.
    Itself,
}

impl Follower<'_> {
    /// What a command line runs of a file, whose words begin at `place` with its path. `state` is that of the new shell. False
    /// where the file is not followed.
    pub(super) fn run_file(
        &mut self,
        launched: &Launch,
        (reader, place): (Reader, usize),
        start: usize,
        mut state: State,
    ) -> Followed<bool> {
        let Some(path) = launched.words.get(place) else { return Ok(false) };
        let found = self.scripts.file(&outside(state.directory.join(path), &state.mounts));
        let is_script = reader == Reader::Shell || path.to_string().ends_with(".sh");
        let file = match found {
            Ok(file) => file,
            Err(missing) => {
                // A program that CI builds or installs is taken for one that runs no tests.
                if is_script {
                    self.unseen(&path.to_string(), format!("runs `{path}`, {}", missing.text()), start);
                }
                return Ok(false);
            }
        };
        if reader == Reader::Other || reader == Reader::Itself && !file.is_of_shell() {
            if let Some(program) = named_as_command(&file.source.text, self.scripts.programs) {
                let text = format!("runs `{path}`, which names `{program}` and is no script of a shell that is read");
                self.unseen(&path.to_string(), text, start);
            }
            return Ok(false);
        }
        // Another shell: what it does to itself is lost with it.
        if self.scripts.is_quiet(&file) {
            return Ok(true);
        }
        if !self.may_follow(&file, path, start) {
            return Ok(false);
        }
        let arguments = launched.words.get(place + 1..).unwrap_or_default();
        state.parameters = (!arguments.iter().any(Text::splits)).then(|| arguments.to_vec());
        state.set("0", Some(path.clone()));
        state.set(OWN_PATH, Some(path.clone()));
        let mut inner = Follower {
            branches: self.branches.clone(),
            left: self.left,
            bytes_left: self.bytes_left,
            calls: self.calls.iter().copied().chain([std::ptr::null()]).collect(),
            silent: self.silent,
            texts: Rc::clone(&self.texts),
            files: self.files.iter().chain([&file.path]).cloned().collect(),
            called_from: self.called_from.iter().cloned().chain([self.place(start)]).collect(),
            ..Follower::new(Rc::clone(&file.source), file.path.clone(), self.scripts)
        };
        let followed = match file.body() {
            Ok(body) => inner.follow_body(&body, &mut state),
            Err(_) => Ok(()),
        };
        self.left = inner.left;
        self.bytes_left = inner.bytes_left;
        self.commands.append(&mut inner.commands);
        self.unseen.append(&mut inner.unseen);
        followed.map(|()| true)
    }

    /// `source path arguments`. False where the file is not followed, so that anything may have happened.
    pub(super) fn source_file(&mut self, words: &[Text], start: usize, state: &mut State) -> Followed<bool> {
        let Some(path) = words.get(1) else { return Ok(false) };
        let place = outside(state.directory.join(path), &state.mounts);
        let file = match self.scripts.file(&place) {
            Ok(file) => file,
            Err(missing) => {
                self.unseen(&path.to_string(), format!("reads `{path}`, {}", missing.text()), start);
                return Ok(false);
            }
        };
        if !self.may_follow(&file, path, start) {
            return Ok(false);
        }
        let Ok(body) = file.body() else { return Ok(false) };
        let arguments = words.get(2..).unwrap_or_default();
        let outer = state.parameters.clone();
        if !arguments.is_empty() {
            state.parameters = (!arguments.iter().any(Text::splits)).then(|| arguments.to_vec());
        }
        let own_path = state.variable(OWN_PATH).cloned();
        state.set(OWN_PATH, Some(path.clone()));
        self.called_from.push(self.place(start));
        self.files.push(file.path.clone());
        self.calls.push(std::ptr::null());
        let loops = std::mem::take(&mut self.loops);
        let source = std::mem::replace(&mut self.source, Rc::clone(&file.source));
        let own_file = std::mem::replace(&mut self.file, file.path.clone());
        let followed = self.body(&body, state);
        self.file = own_file;
        self.source = source;
        self.loops = loops;
        self.calls.pop();
        self.files.pop();
        self.called_from.pop();
        state.set(OWN_PATH, own_path);
        if !arguments.is_empty() {
            state.parameters = outer;
        }
        if state.ended == Some(End::Returned) {
            state.ended = None;
        }
        followed.map(|()| true)
    }

    /// Whether a file can be followed here; tells where it cannot.
    fn may_follow(&mut self, file: &ScriptFile, path: &Text, start: usize) -> bool {
        let why = if self.files.contains(&file.path) {
            "within itself, which is not followed".to_owned()
        } else if self.calls.len() >= MOST_CALLS {
            format!("which stands in more than {MOST_CALLS} scripts and functions within each other")
        } else {
            match file.body() {
                Ok(_) => return true,
                Err(error) => {
                    format!("which is not followed: {} ({}:{})", error.message, file.path, file.source.line(error.at))
                }
            }
        };
        self.unseen(&path.to_string(), format!("runs `{path}` {why}").replace("` which", "`, which"), start);
        false
    }

    /// Tells of something that is run and not read.
    pub(super) fn unseen(&mut self, name: &str, text: String, start: usize) {
        if self.silent {
            return;
        }
        let unseen = Unseen { name: name.to_owned(), text, at: self.place(start) };
        if !self.unseen.contains(&unseen) && self.unseen.len() < MOST_UNSEEN {
            self.unseen.push(unseen);
        }
    }
}

/// So much is told of one script.
const MOST_UNSEEN: usize = 100;

impl Missing {
    fn text(&self) -> &'static str {
        match self {
            Self::Outside => "which is not in this tree",
            Self::Unknown => "and which file that is is not known",
            Self::Unreadable => "which this tree does not have as a file of text that is small enough to be read",
        }
    }
}

/// The program that the text of another language names as a command: in quotes, as a module's function, behind `-m`.
fn named_as_command<'p>(text: &str, programs: &[&'p str]) -> Option<&'p str> {
    programs.iter().copied().find(|program| {
        text.match_indices(program).any(|(at, _)| {
            let (before, behind) = (&text[..at], &text[at + program.len()..]);
            before.ends_with(['"', '\'', '`']) && behind.starts_with(['"', '\'', '`', ' '])
                || before.ends_with("-m ")
                || behind.starts_with(".main(")
                || before.trim_end_matches(' ').ends_with("system(\"")
        })
    })
}
