//! Expands words: parameters, quotes, and the splitting of what is not quoted.

use super::super::text::{Part, Text};
use super::follow::{Followed, Follower};
use super::output::{dirname, path_of};
use super::state::State;
use super::syntax::{Piece, PieceKind, Word};

/// Characters that make a pattern of a word.
const PATTERN: [char; 3] = ['*', '?', '['];

impl Follower<'_> {
    /// The words that a word becomes, and the commands that run for it.
    pub(super) fn words(&mut self, word: &Word, state: &mut State) -> Followed<Vec<Text>> {
        self.run_commands(word, state)?;
        let whole = || vec![Text::from_iter([self.unknown(word.start, word.end, true)])];
        if is_pattern(word) {
            return Ok(whole());
        }
        // `"$@"` alone is no word where there are no parameters.
        if let [Piece { kind: PieceKind::Text(quotes), .. }, several] = &*word.pieces
            && quotes.is_empty()
            && elements(several, state).is_some_and(|elements| elements.is_some_and(<[Text]>::is_empty))
        {
            return Ok(Vec::new());
        }
        let mut words = Vec::new();
        // The word that is being put together, if there is one.
        let mut current: Option<Text> = None;
        for piece in &word.pieces {
            if let Some(elements) = elements(piece, state) {
                let splits = |text: &Text| {
                    text.as_known().is_none_or(|text| {
                        text.is_empty() || text.contains(char::is_whitespace) || !splits_as_usual(text, state)
                    })
                };
                let Some(elements) = elements.filter(|elements| piece.quoted || !elements.iter().any(splits)) else {
                    return Ok(whole());
                };
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        words.extend(current.take());
                    }
                    element.parts().iter().for_each(|part| current.get_or_insert_default().push(part.clone()));
                    current.get_or_insert_default();
                }
                continue;
            }
            let name = match &piece.kind {
                PieceKind::Parameter(name) => name,
                _ => {
                    for part in self.parts(piece, state).parts() {
                        current.get_or_insert_default().push(part.clone());
                    }
                    // Nothing in quotes is a word too.
                    if piece.quoted {
                        current.get_or_insert_default();
                    }
                    continue;
                }
            };
            if piece.quoted {
                current.get_or_insert_default();
                for part in self.parts(piece, state).parts() {
                    current.get_or_insert_default().push(part.clone());
                }
                continue;
            }
            match value_of(name, state).as_ref() {
                Some(value) => match value.as_known() {
                    Some(known) if splits_as_usual(known, state) => split(known, &mut current, &mut words),
                    _ if value.in_workspace().is_some_and(|rest| !rest.contains(char::is_whitespace)) => {
                        value.parts().iter().for_each(|part| current.get_or_insert_default().push(part.clone()));
                    }
                    _ if !splits_as_usual_where_known(value, state) => return Ok(whole()),
                    // What is known of it is split; the rest may be, too.
                    _ => {
                        for part in value.parts() {
                            match part {
                                Part::Known(known) => split(known, &mut current, &mut words),
                                Part::Workspace => current.get_or_insert_default().push(Part::Workspace),
                                Part::Unknown { source, .. } => {
                                    let part = Part::Unknown { source: source.clone(), splits: true };
                                    current.get_or_insert_default().push(part);
                                }
                            }
                        }
                    }
                },
                None => current.get_or_insert_default().push(self.unknown(piece.start, piece.end, true)),
            }
        }
        words.extend(current);
        Ok(words)
    }

    /// What a word is where it is not split: in an assignment.
    pub(super) fn text(&mut self, word: &Word, state: &mut State) -> Followed<Text> {
        self.run_commands(word, state)?;
        let home = word.pieces.first().is_some_and(starts_with_tilde);
        if home {
            return Ok(Text::from_iter([self.unknown(word.start, word.end, false)]));
        }
        let parts: Vec<Part> =
            word.pieces.iter().flat_map(|piece| self.parts(piece, state).parts().to_vec()).map(unsplit).collect();
        Ok(parts.into_iter().collect())
    }

    /// Runs the commands in a word.
    pub(super) fn run_commands(&mut self, word: &Word, state: &mut State) -> Followed<()> {
        for piece in &word.pieces {
            match &piece.kind {
                PieceKind::Commands(body) => {
                    self.subshell(body, state)?;
                }
                PieceKind::Expansion(sets, inner) => {
                    self.run_commands(inner, state)?;
                    if let Some(name) = sets {
                        state.set(name, None);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What a piece is, in quotes or in an assignment.
    pub(super) fn parts(&self, piece: &Piece, state: &State) -> Text {
        let unknown = || Text::from_iter([self.unknown(piece.start, piece.end, !piece.quoted)]);
        match &piece.kind {
            PieceKind::Text(text) => Text::known(text.clone()),
            PieceKind::Hole(Part::Unknown { source, .. }) => {
                Text::from_iter([Part::Unknown { source: source.clone(), splits: !piece.quoted }])
            }
            PieceKind::Hole(part) => Text::from_iter([part.clone()]),
            PieceKind::Parameter(name) => value_of(name, state).unwrap_or_else(unknown),
            PieceKind::Commands(body) => {
                let output = self.output(body, state).filter(|output| piece.quoted || is_one_word(output, state));
                output.unwrap_or_else(unknown)
            }
            PieceKind::Expansion(..) => self.own_path(piece, state).unwrap_or_else(unknown),
            PieceKind::Elements(_) | PieceKind::Opaque => unknown(),
        }
    }

    /// The path of the file that is being read, by the ways in which scripts ask for it and for its folder.
    fn own_path(&self, piece: &Piece, state: &State) -> Option<Text> {
        let text = self.source.text.get(piece.start..piece.end)?;
        let path = match text {
            "${BASH_SOURCE[0]}" | "${BASH_SOURCE[0]:-$0}" => state.variable("BASH_SOURCE").cloned(),
            "${0%/*}" => {
                value_of("0", state).filter(|path| path.to_string().contains('/')).and_then(|path| dirname(&path))
            }
            "${BASH_SOURCE[0]%/*}" | "${BASH_SOURCE%/*}" => {
                let path = state.variable("BASH_SOURCE").filter(|path| path.to_string().contains('/'));
                path.and_then(dirname)
            }
            _ => None,
        };
        path.filter(|path| piece.quoted || is_one_word(path, state))
    }

    /// What only the shell knows, as written.
    fn unknown(&self, start: usize, end: usize, splits: bool) -> Part {
        Part::Unknown { source: self.written(start, end), splits }
    }
}

/// The words that a piece stands for where that may be several: `"$@"`, `${name[@]}`. The inner `None` where they are not
/// known.
fn elements<'s>(piece: &Piece, state: &'s State) -> Option<Option<&'s [Text]>> {
    match &piece.kind {
        PieceKind::Parameter(name) if name == "@" && piece.quoted => Some(state.parameters.as_deref()),
        PieceKind::Elements(name) => Some(state.array(name)),
        _ => None,
    }
}

/// A variable or a parameter by its number.
fn value_of(name: &str, state: &State) -> Option<Text> {
    match name.parse::<usize>() {
        Ok(0) => state.variable("0").cloned(),
        Ok(number) => state.parameters.as_ref()?.get(number.checked_sub(1)?).cloned(),
        Err(_) => match state.variable(name) {
            None if name == "PWD" => path_of(&state.directory),
            value => value.cloned(),
        },
    }
}

fn splits_as_usual_where_known(text: &Text, state: &State) -> bool {
    text.parts().iter().all(|part| match part {
        Part::Known(known) => splits_as_usual(known, state),
        Part::Workspace | Part::Unknown { .. } => true,
    })
}

/// Whether it stays one word where it is not quoted.
fn is_one_word(text: &Text, state: &State) -> bool {
    text.parts().iter().all(|part| match part {
        Part::Known(known) => splits_as_usual(known, state) && !known.contains(char::is_whitespace),
        Part::Workspace => true,
        Part::Unknown { .. } => false,
    })
}

/// Whether white space splits it, and nothing else.
fn splits_as_usual(text: &str, state: &State) -> bool {
    !text.contains(PATTERN) && !text.contains('\\') && !state.fields_changed
}

/// Splits the value of a parameter at white space, into the words before and the one that goes on.
fn split(text: &str, current: &mut Option<Text>, words: &mut Vec<Text>) {
    let space = |one: char| matches!(one, ' ' | '\t' | '\n');
    for (index, field) in text.split(space).enumerate() {
        if index > 0 {
            words.extend(current.take());
        }
        if !field.is_empty() {
            current.get_or_insert_default().push(Part::Known(field.to_owned()));
        }
    }
}

fn unsplit(part: Part) -> Part {
    match part {
        Part::Unknown { source, .. } => Part::Unknown { source, splits: false },
        other => other,
    }
}

fn starts_with_tilde(piece: &Piece) -> bool {
    matches!(&piece.kind, PieceKind::Text(text) if !piece.quoted && text.starts_with('~'))
}

/// Whether files or braces may make other words of it, or it begins with a home folder.
fn is_pattern(word: &Word) -> bool {
    if word.pieces.first().is_some_and(starts_with_tilde) {
        return true;
    }
    let texts = || {
        word.pieces.iter().filter(|piece| !piece.quoted).filter_map(|piece| match &piece.kind {
            PieceKind::Text(text) => Some(&**text),
            _ => None,
        })
    };
    let brackets = texts().any(|text| text.contains('[')) && texts().any(|text| text.contains(']'));
    let braces = texts().any(|text| text.contains('{'))
        && texts().any(|text| text.contains('}'))
        && texts().any(|text| text.contains(',') || text.contains(".."));
    brackets || braces || texts().any(|text| text.contains(['*', '?']))
}
