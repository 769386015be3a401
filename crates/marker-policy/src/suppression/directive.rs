//! The text of a comment that allows something.

/// What such a comment begins with.
const MARK: &str = "test-kit:";

/// What a comment allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Directive {
    pub(super) reach: Reach,
    /// The rules as they are written; at least one.
    pub(super) rules: Vec<String>,
    pub(super) reason: Option<String>,
}

/// How far it reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// The lines that the comment is about.
    Lines,
    /// The whole file.
    File,
}

impl Directive {
    /// Reads a comment without its mark; `None` for one that is not addressed to this tool.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(text: &str) -> Option<Result<Self, String>> {
        let rest = text.strip_prefix(MARK)?.trim();
        Some(Self::read(rest).ok_or_else(|| format!("the comment `{}` allows nothing", short(text))))
    }

    fn read(rest: &str) -> Option<Self> {
        let (word, behind) = rest.split_once('(')?;
        let reach = match word.trim_end() {
            "allow" => Reach::Lines,
            "allow-file" => Reach::File,
            _ => return None,
        };
        let (names, reason) = behind.split_once(')')?;
        let rules: Vec<String> = names.split(',').map(|name| name.trim().to_owned()).collect();
        if rules.iter().any(String::is_empty) {
            return None;
        }
        // `allow(x): why` and `allow(x) - why` are what people write.
        let reason =
            reason.trim_start_matches(|character: char| !character.is_alphanumeric() && !"`'\"(#".contains(character));
        let says_something = reason.chars().any(char::is_alphanumeric);
        Some(Self { reach, rules, reason: says_something.then(|| reason.trim_end().to_owned()) })
    }
}

/// A comment may be as long as its line is.
fn short(text: &str) -> String {
    const MOST: usize = 60;
    let mut characters = text.chars();
    let start: String = characters.by_ref().take(MOST).collect();
    if characters.next().is_some() { format!("{start}...") } else { start }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directive_names_rules_and_a_reason() {
        let reads = |text: &str| match Directive::parse(text) {
            Some(Ok(Directive { reach, rules, reason })) => Some((reach, rules.join("+"), reason.unwrap_or_default())),
            _ => None,
        };
        for (text, reach, rules, reason) in [
            ("test-kit: allow(missing-type) run by hand", Reach::Lines, "missing-type", "run by hand"),
            ("test-kit:allow( a , b ): see #12", Reach::Lines, "a+b", "see #12"),
            ("test-kit: allow-file(a) - (legacy) code", Reach::File, "a", "(legacy) code"),
            ("test-kit: allow(a) #12", Reach::Lines, "a", "#12"),
            ("test-kit: allow(a)", Reach::Lines, "a", ""),
            ("test-kit: allow(a) -- ...", Reach::Lines, "a", ""),
        ] {
            assert_eq!(reads(text), Some((reach, rules.to_owned(), reason.to_owned())), "{text}");
        }
        for text in
            ["test-kit: alow(a) x", "test-kit: allow a", "test-kit:", "test-kit: allow(a", "test-kit: allow() x"]
        {
            assert!(matches!(Directive::parse(text), Some(Err(_))), "{text}");
        }
        for text in ["", "noqa", "see test-kit: allow(a) x", "testkit: allow(a) x"] {
            assert_eq!(Directive::parse(text), None, "{text}");
        }
    }
}
