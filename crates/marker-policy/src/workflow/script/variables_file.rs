//! Variables for later steps: what a script writes to the file that `GITHUB_ENV` names ("Setting an environment variable" of
//! GitHub's workflow commands).

use std::collections::BTreeSet;

use super::super::text::{Part, Text};
use super::parser::is_name;
use super::syntax::{PieceKind, Word};

/// The variable with the path of the file.
const NAME: &str = "GITHUB_ENV";

/// A variable that a script sets for later steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct WrittenVariable {
    /// Its name.
    pub(in super::super) name: String,
    /// What it is set to, as far as that is known.
    pub(in super::super) value: Text,
    /// Whether the script surely comes to set it.
    pub(in super::super) is_certain: bool,
}

/// What a script writes, as it is followed.
#[derive(Debug, Clone, Default)]
pub(super) struct VariablesFile {
    written: Vec<WrittenVariable>,
    /// Whether something is written that is not followed.
    more: bool,
    /// How many commands around write to it all that they print.
    open: usize,
    /// What ends the value that is being written, line by line.
    ends: Option<String>,
    /// Where in the script the file is named and that was followed.
    followed: BTreeSet<usize>,
}

impl VariablesFile {
    /// A command begins that prints to the file, if it does.
    pub(super) fn opens(&mut self, redirections: &[Word], script: &str) -> bool {
        let target = redirections.iter().find(|word| {
            matches!(&*word.pieces, [.., piece] if matches!(&piece.kind, PieceKind::Parameter(name) if name == NAME))
        });
        let Some(target) = target else { return false };
        let text = script.get(target.start..target.end).unwrap_or_default();
        self.followed.extend(text.find(NAME).map(|at| target.start + at));
        self.open += 1;
        true
    }

    pub(super) fn closes(&mut self, opened: bool) {
        self.open = self.open.saturating_sub(usize::from(opened));
    }

    /// A command runs, and may print.
    pub(super) fn run(&mut self, words: &[Text], is_certain: bool) {
        let Some((program, arguments)) = words.split_first().filter(|_| self.open > 0) else { return };
        match program.as_known() {
            Some("[" | "test" | ":" | "true" | "cd" | "export" | "sleep") => {}
            Some("echo") if !arguments.first().is_some_and(|first| first.known_start().starts_with('-')) => {
                self.line(arguments, is_certain);
            }
            // The rest of a value over several lines.
            _ if self.ends.is_some() => {}
            _ => self.more = true,
        }
    }

    fn line(&mut self, arguments: &[Text], is_certain: bool) {
        let line: Text = arguments
            .iter()
            .enumerate()
            .flat_map(|(index, argument)| {
                let space = (index > 0).then(|| Part::Known(" ".to_owned()));
                space.into_iter().chain(argument.parts().iter().cloned())
            })
            .collect();
        if let Some(end) = &self.ends {
            if line.as_known() == Some(end) {
                self.ends = None;
            }
            return;
        }
        let start = line.known_start();
        let (name, value) = match (start.split_once('='), start.split_once("<<")) {
            (Some((name, _)), _) if is_name(name) => (name, line.strip_prefix(&format!("{name}="))),
            (_, Some((name, _))) if is_name(name) => {
                let end = line.strip_prefix(&format!("{name}<<"));
                self.ends = end.and_then(|end| end.as_known().map(str::to_owned));
                self.more |= self.ends.is_none();
                (name, None)
            }
            _ => {
                self.more = true;
                return;
            }
        };
        let value = value.filter(|value| !value.splits() && !value.known_start().contains('\n'));
        let value = value.unwrap_or_else(|| Text::unknown(format!("env.{name}")));
        self.written.push(WrittenVariable { name: name.to_owned(), value, is_certain });
    }

    /// The variables; `None` where there may be others.
    pub(super) fn written(self, script: &str) -> Option<Vec<WrittenVariable>> {
        let is_followed = |at: &usize| self.followed.contains(at);
        let all = script.match_indices(NAME).all(|(at, _)| is_followed(&at));
        (all && !self.more && self.ends.is_none()).then_some(self.written)
    }
}
