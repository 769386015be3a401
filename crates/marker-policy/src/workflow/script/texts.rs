//! The commands that variables were seen to hold as text: `CMD="pytest -m unit"`, for `bash -c "$CMD"` later.

use std::collections::BTreeMap;

use super::super::text::{Part, Text};
use super::builtin::base_name;

/// So many variables are kept, and so many texts of each.
const MOST: (usize, usize) = (100, 8);

/// By variable, the words of commands of programs that are looked for.
#[derive(Debug, Clone, Default)]
pub(super) struct CommandTexts(BTreeMap<String, Vec<Vec<Text>>>);

impl CommandTexts {
    /// Keeps what a variable is set to, where one of the programs is named in it.
    pub(super) fn note(&mut self, variable: &str, words: &[Text], programs: &[&str]) {
        let is_asked_for = |word: &Text| word.as_known().is_some_and(|name| programs.contains(&base_name(name)));
        let Some(place) = words.iter().position(is_asked_for) else { return };
        let ends = |word: &&Text| matches!(word.as_known(), Some("|" | "||" | "&&" | ";" | "&"));
        let command: Vec<Text> = words[place..].iter().take_while(|word| !ends(word)).cloned().collect();
        if self.0.len() < MOST.0 || self.0.contains_key(variable) {
            let known = self.0.entry(variable.to_owned()).or_default();
            if known.len() < MOST.1 && !known.contains(&command) {
                known.push(command);
            }
        }
    }

    /// What the variables were set to that a word may come from.
    pub(super) fn of<'t>(&'t self, word: &'t Text) -> impl Iterator<Item = &'t Vec<Text>> {
        let variables = word.parts().iter().filter_map(|part| match part {
            Part::Unknown { source, .. } => {
                let name = source.trim_start_matches(['"', '$', '{', '!']);
                name.split(|one: char| !(one.is_ascii_alphanumeric() || one == '_')).next()
            }
            Part::Known(_) | Part::Workspace => None,
        });
        variables.filter_map(|name| self.0.get(name)).flatten()
    }
}

/// The words of a text, between blanks.
pub(super) fn words(text: &Text) -> Vec<Text> {
    let lines = text.split('\n');
    let words = lines.iter().flat_map(|line| line.split(' '));
    words.filter(|word| !word.parts().is_empty()).collect()
}
