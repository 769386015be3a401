//! What commands print where that is known without running them: folders, and paths of files.

use super::super::directory::Directory;
use super::super::text::{Part, Text};
use super::follow::Follower;
use super::launcher::outside;
use super::state::State;
use super::syntax::{self, Body, Form, Operator, Simple, Word};

impl Follower<'_> {
    /// What the commands of `$( )` print: `pwd`, `dirname`, `realpath`, `git rev-parse --show-toplevel`, each also behind `cd`.
    pub(super) fn output(&self, body: &Body, state: &State) -> Option<Text> {
        let mut commands = Vec::new();
        for list in body {
            let is_plain = !list.background && list.rest.iter().all(|(operator, _)| *operator == Operator::And);
            is_plain.then_some(())?;
            for pipeline in std::iter::once(&list.first).chain(list.rest.iter().map(|(_, pipeline)| pipeline)) {
                let [command] = &*pipeline.commands else { return None };
                commands.push(command);
            }
        }
        let (last, before) = commands.split_last()?;
        let mut directory = state.directory.clone();
        for command in before {
            let words = self.known_words(command, state)?;
            let arguments = plain_arguments(words.strip_prefix(&["cd".to_owned()])?, command)?;
            let [word] = arguments else { return None };
            directory = outside(directory.join(&self.value(word, state)?), &state.mounts);
        }
        // Printed elsewhere, it is no output.
        if !last.redirections.is_empty() {
            return None;
        }
        let words = self.known_words(last, state)?;
        let (program, options) = words.split_first()?;
        match (program.as_str(), options) {
            ("pwd", []) => path_of(&directory),
            ("pwd", [option]) if option == "-P" || option == "-L" => path_of(&directory),
            ("git", [command, option]) if command == "rev-parse" && option == "--show-toplevel" => {
                matches!(directory, Directory::Tree(_)).then(|| Text::from_iter([Part::Workspace]))
            }
            ("dirname" | "realpath" | "readlink", options) => {
                let [word] = plain_arguments(options, last)? else { return None };
                let value = self.value(word, state)?;
                if program == "dirname" {
                    return dirname(&value);
                }
                if program == "readlink" && !options.iter().any(|option| option == "-f" || option == "-e") {
                    return None;
                }
                path_of(&outside(directory.join(&value), &state.mounts))
            }
            _ => None,
        }
    }

    /// The words at the start of a simple command that are plain text, where it is nothing else.
    fn known_words(&self, command: &syntax::Command, state: &State) -> Option<Vec<String>> {
        let simple = simple(command)?;
        // `CDPATH= cd folder`
        let is_harmless = simple.assignments.iter().all(|assignment| assignment.name == "CDPATH");
        let words: Vec<String> = simple.words.iter().map_while(Word::bare).map(str::to_owned).collect();
        let is_function = words.first().is_some_and(|name| state.functions.contains_key(name));
        (is_harmless && !is_function).then_some(words)
    }

    /// What is known of a word that is not split.
    fn value(&self, word: &Word, state: &State) -> Option<Text> {
        let text: Text = word.pieces.iter().flat_map(|piece| self.parts(piece, state).parts().to_vec()).collect();
        let starts_at_home = word.bare().is_some_and(|text| text.starts_with('~'));
        (!text.parts().is_empty() && !starts_at_home).then_some(text)
    }
}

fn simple(command: &syntax::Command) -> Option<&Simple> {
    match &command.form {
        Form::Simple(simple) => Some(simple),
        _ => None,
    }
}

/// What stands behind the options of a command, which begin its words of plain text behind its name.
fn plain_arguments<'c>(plain: &[String], command: &'c syntax::Command) -> Option<&'c [Word]> {
    let options = plain.iter().take_while(|word| word.starts_with('-')).count();
    simple(command)?.words.get(1 + options..)
}

/// The path of a folder or a file.
pub(super) fn path_of(place: &Directory) -> Option<Text> {
    match place {
        Directory::Tree(path) if path.is_empty() => Some(Text::from_iter([Part::Workspace])),
        Directory::Tree(path) => Some(Text::from_iter([Part::Workspace, Part::Known(format!("/{path}"))])),
        Directory::Outside(path) => Some(Text::known(path)),
        Directory::Unknown(_) => None,
    }
}

/// The path without what stands behind its last `/`.
pub(super) fn dirname(path: &Text) -> Option<Text> {
    let (last, before) = path.parts().split_last()?;
    // Above the checkout, its own name would be needed.
    let Part::Known(end) = last else { return None };
    let end = match end.trim_end_matches('/') {
        "" => return before.is_empty().then(|| Text::known("/")),
        trimmed => trimmed,
    };
    let kept = match end.rfind('/') {
        Some(at) => end[..at].trim_end_matches('/'),
        None if before.is_empty() => ".",
        None => return None,
    };
    let whole_is_root = kept.is_empty() && before.is_empty();
    let kept = if whole_is_root { "/" } else { kept };
    Some(before.iter().cloned().chain([Part::Known(kept.to_owned())]).collect())
}
