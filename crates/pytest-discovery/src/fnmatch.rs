//! Python's file name patterns, which pytest matches whole paths against.
//!
//! Own code, since globset's `*` stops at `/` and its braces and `**` mean more than Python's. Matching takes time
//! proportional to pattern times text, where Python's translation to a regular expression can take forever.

/// A pattern: `*` any run, `/` included; `?` any one; `[seq]` and `[!seq]`; nothing else is special.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FnMatch(Form);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    /// Letters and runs, as most patterns are: what stands before, between and behind the runs.
    Pieces(Vec<String>),
    Tokens(Vec<Token>),
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
        Self(pieces(&tokens).map_or(Form::Tokens(tokens), Form::Pieces))
    }

    /// Whether the whole text matches.
    pub(crate) fn matches(&self, text: &str) -> bool {
        match &self.0 {
            Form::Pieces(pieces) => holds(pieces, text),
            Form::Tokens(tokens) => fits(tokens, text),
        }
    }
}

/// The texts that runs part; `None` where there is more than letters and runs.
fn pieces(tokens: &[Token]) -> Option<Vec<String>> {
    let mut pieces = vec![String::new()];
    for token in tokens {
        match token {
            Token::Letter(letter) => pieces.last_mut()?.push(*letter),
            Token::Run => pieces.push(String::new()),
            Token::Any | Token::Class { .. } => return None,
        }
    }
    Some(pieces)
}

/// Whether a text begins and ends with the outer pieces, and has the others between them in their order. Each is taken
/// where it is found first: that leaves the most for those behind it.
fn holds(pieces: &[String], text: &str) -> bool {
    let [first, rest @ ..] = pieces else { return text.is_empty() };
    let Some((last, inner)) = rest.split_last() else { return text == first };
    let Some(mut text) = text.strip_prefix(&**first).and_then(|text| text.strip_suffix(&**last)) else { return false };
    for piece in inner {
        let Some(at) = text.find(&**piece) else { return false };
        text = &text[at + piece.len()..];
    }
    true
}

/// Whether the tokens, one after the other, take the whole text.
fn fits(tokens: &[Token], text: &str) -> bool {
    let mut rest = text.chars();
    let mut at = 0;
    // Where to go on when a token fails: behind the last run, one letter further. Only the last run matters.
    let mut retry: Option<(usize, std::str::Chars<'_>)> = None;
    loop {
        if tokens.get(at) == Some(&Token::Run) {
            at += 1;
            retry = Some((at, rest.clone()));
            continue;
        }
        let fits = match (tokens.get(at), rest.next()) {
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

    /// All texts of these letters that are no longer.
    fn texts(letters: &[char], longest: usize) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut from = 0;
        for _ in 0..longest {
            let until = all.len();
            for index in from..until {
                all.extend(letters.iter().map(|letter| format!("{}{letter}", all[index])).collect::<Vec<_>>());
            }
            from = until;
        }
        all
    }

    #[test]
    fn pieces_say_what_tokens_say() {
        let texts_of_letters = texts(&['a', 'é'], 5);
        for pattern in texts(&['a', 'é', '*'], 5) {
            let found = FnMatch::new(&pattern);
            let Form::Pieces(pieces) = &found.0 else { panic!("{pattern} is letters and runs") };
            let mut tokens = Vec::new();
            for (number, piece) in pieces.iter().enumerate() {
                tokens.extend((number > 0).then_some(Token::Run));
                tokens.extend(piece.chars().map(Token::Letter));
            }
            for text in &texts_of_letters {
                assert_eq!(found.matches(text), fits(&tokens, text), "{pattern} {text}");
            }
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        let text = "a".repeat(2_000);
        for end in ["b", "[b]"] {
            assert!(!matches(&format!("{}{end}", "*a".repeat(200)), &text));
        }
    }
}
