//! Python's file name patterns, which pytest matches whole paths against.
//!
//! Own code, since globset's `*` stops at `/` and its braces and `**` mean more than Python's. Matching takes time
//! proportional to pattern times text, where Python's translation to a regular expression can take forever.

/// A pattern: `*` any run, `/` included; `?` any one; `[seq]` and `[!seq]`; nothing else is special.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FnMatch {
    tokens: Vec<Token>,
    /// The letters that a text has to end in.
    ending: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Letter(char),
    Any,
    Run,
    Class { negated: bool, ranges: Vec<(char, char)> },
}

impl FnMatch {
    /// Reads a pattern; every text is one.
    pub(crate) fn new(pattern: &str) -> Self {
        let letters: Vec<char> = pattern.chars().collect();
        let mut tokens = Vec::with_capacity(letters.len());
        let mut at = 0;
        while let Some(&letter) = letters.get(at) {
            at += 1;
            match letter {
                '*' => {
                    if tokens.last() != Some(&Token::Run) {
                        tokens.push(Token::Run);
                    }
                }
                '?' => tokens.push(Token::Any),
                '[' => match class_end(&letters, at) {
                    Some(end) => {
                        tokens.push(class(&letters[at..end]));
                        at = end + 1;
                    }
                    None => tokens.push(Token::Letter('[')),
                },
                other => tokens.push(Token::Letter(other)),
            }
        }
        let letter = |token: &Token| if let Token::Letter(letter) = token { Some(*letter) } else { None };
        let mut ending: Vec<char> = tokens.iter().rev().map_while(letter).collect();
        ending.reverse();
        Self { tokens, ending: ending.into_iter().collect() }
    }

    /// Whether the whole text matches.
    pub(crate) fn matches(&self, text: &str) -> bool {
        // Tells most texts from `*.egg` and `*_test.py` at once.
        if !text.ends_with(&self.ending) {
            return false;
        }
        let mut rest = text.chars();
        let mut at = 0;
        // Where to go on when a token fails: behind the last run, one letter further. Only the last run matters.
        let mut retry: Option<(usize, std::str::Chars<'_>)> = None;
        loop {
            if self.tokens.get(at) == Some(&Token::Run) {
                at += 1;
                retry = Some((at, rest.clone()));
                continue;
            }
            let fits = match (self.tokens.get(at), rest.next()) {
                (None, None) => return true,
                (Some(token), Some(letter)) => token.accepts(letter),
                (None, Some(_)) | (Some(_), None) => false,
            };
            if fits {
                at += 1;
                continue;
            }
            let Some((behind, from)) = &mut retry else { return false };
            if from.next().is_none() {
                return false;
            }
            at = *behind;
            rest = from.clone();
        }
    }
}

impl Token {
    fn accepts(&self, letter: char) -> bool {
        match self {
            Self::Letter(expected) => *expected == letter,
            Self::Any | Self::Run => true,
            Self::Class { negated, ranges } => {
                ranges.iter().any(|(from, to)| (*from..=*to).contains(&letter)) != *negated
            }
        }
    }
}

/// The place of the `]` that closes a class whose inside starts at `start`. One that comes first, or first behind
/// `!`, is a letter of the class.
fn class_end(letters: &[char], start: usize) -> Option<usize> {
    let mut at = start;
    if letters.get(at) == Some(&'!') {
        at += 1;
    }
    if letters.get(at) == Some(&']') {
        at += 1;
    }
    letters.get(at..)?.iter().position(|letter| *letter == ']').map(|offset| at + offset)
}

/// A class from its inside. Ranges that are empty (`z-a`) hold nothing.
fn class(inside: &[char]) -> Token {
    let (negated, set) = match inside {
        ['!', rest @ ..] => (true, rest),
        _ => (false, inside),
    };
    let mut ranges = Vec::new();
    let mut at = 0;
    while let Some(&from) = set.get(at) {
        // A hyphen makes a range where a letter stands on both sides of it.
        if let (Some('-'), Some(&to)) = (set.get(at + 1), set.get(at + 2)) {
            if from <= to {
                ranges.push((from, to));
            }
            at += 3;
        } else {
            ranges.push((from, from));
            at += 1;
        }
    }
    Token::Class { negated, ranges }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        FnMatch::new(pattern).matches(text)
    }

    #[test]
    fn a_star_crosses_slashes() {
        assert!(matches("/t/*model.py", "/t/a/b/my_model.py"));
        assert!(!matches("/t/*model.py", "/s/model.py"));
    }

    #[test]
    fn the_whole_text_must_match() {
        assert!(matches("test_*.py", "test_.py"));
        assert!(!matches("test_*.py", "a/test_x.py"));
        assert!(!matches("", "x"));
        assert!(matches("*", ""));
    }

    #[test]
    fn classes_hold_letters_and_ranges() {
        assert!(matches("[!a-c]x", "dx"));
        assert!(!matches("[!a-c]x", "bx"));
        assert!(matches("[]-]", "]") && matches("[]-]", "-"));
        assert!(!matches("[z-a]", "m"));
        assert!(matches("a[b", "a[b"));
    }

    #[test]
    fn many_stars_take_no_time() {
        let text = "a".repeat(2_000);
        assert!(!matches(&format!("{}b", "*a".repeat(200)), &text));
    }
}
