//! What may be sent to a terminal, and how it looks there.

use std::borrow::Cow;
use std::fmt::Write;

use owo_colors::Style;

/// How things look. Plain by default; colour is for terminals.
#[derive(Debug, Clone, Default)]
pub struct Styles {
    /// Something is wrong: a failure, an error.
    pub bad: Style,
    /// Something to look at: a warning, a test that is not run.
    pub doubtful: Style,
    /// All is well.
    pub good: Style,
    /// The words of a heading.
    pub heading: Style,
    /// What matters less.
    pub faint: Style,
    /// Whether any of these do anything.
    pub coloured: bool,
}

impl Styles {
    /// Colour for terminals.
    #[must_use]
    pub fn colour() -> Self {
        Self {
            bad: Style::new().red().bold(),
            doubtful: Style::new().yellow(),
            good: Style::new().green(),
            heading: Style::new().bold(),
            faint: Style::new().dimmed(),
            coloured: true,
        }
    }

    /// Colour where `terminal` is one that shows it, plain text elsewhere.
    #[must_use]
    pub fn for_terminal(terminal: bool) -> Self {
        if terminal { Self::colour() } else { Self::default() }
    }
}

/// `text` on one line without anything that a terminal would obey: paths and ids of a tree are hostile input.
///
/// Control characters, and the characters that turn the direction of writing, are shown as Rust would escape them.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        push_safe(&mut safe, character);
    }
    Cow::Owned(safe)
}

/// The same for text of several lines: line ends and tabs stay.
#[must_use]
pub fn printable_lines(text: &str) -> Cow<'_, str> {
    let kept = |character| matches!(character, '\n' | '\t');
    if !text.chars().any(|character| is_obeyed(character) && !kept(character)) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if kept(character) {
            safe.push(character);
        } else {
            push_safe(&mut safe, character);
        }
    }
    Cow::Owned(safe)
}

fn push_safe(text: &mut String, character: char) {
    if is_obeyed(character) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{}", character.escape_default());
    } else {
        text.push(character);
    }
}

/// Control characters (Unicode's Cc) and the marks, embeddings, overrides and isolates that reorder text (UAX #9).
fn is_obeyed(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_obeys_nothing_of_it() {
        assert_eq!(printable("a\u{1b}[2Jb\nc\u{202e}d\u{9b}"), "a\\u{1b}[2Jb\\nc\\u{202e}d\\u{9b}");
        assert_eq!(printable("tests/é_日本.py::test[x y]"), "tests/é_日本.py::test[x y]");
        assert_eq!(printable_lines("a\n\tb\u{7}"), "a\n\tb\\u{7}");
    }
}
