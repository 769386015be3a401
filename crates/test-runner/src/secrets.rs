//! Values that must not reach a file, a log or a report.

use std::borrow::Cow;
use std::fmt;

use crate::encoded;

/// Variables whose names end like this hold what is secret, in either case.
const ENDINGS: [&str; 5] = ["TOKEN", "KEY", "SECRET", "PASSWORD", "_PAT"];
/// What is shorter is no secret, and taking it out would make holes in ordinary words: `EMPTY`, `test`. In bytes.
const SHORTEST: usize = 6;
/// What stands in its place.
const SHOWN: &str = "***";
/// What pytest and this runner put where they leave out the middle or the end of a text.
const LEFT_OUT: &str = "...";

/// Secret values. They are not shown by `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    /// Each in each of its forms with its variable, the longest first: one may be a part of another.
    values: Vec<(String, String)>,
}

impl Secrets {
    /// The values of those variables whose names say that they are secret: they end in `TOKEN`, `KEY`, `SECRET`,
    /// `PASSWORD` or `_PAT`. Each line of a value of several is one for itself. What has less than six bytes is none. Each is looked for as
    /// it is and as URLs, base64, JSON and shells have it.
    pub fn of(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let is_secret = |name: &str| {
            let name = name.to_ascii_uppercase();
            ENDINGS.iter().any(|ending| name.ends_with(ending))
        };
        let named = variables.into_iter().filter(|(name, _)| is_secret(name));
        // A value may end with a line end where it was read from a file, and is printed without it. One of several lines, such as
        // a key, is shown line by line, each behind a mark, or as Python writes it in quotes.
        let parts = named.flat_map(|(name, value)| {
            let whole = value.trim().to_owned();
            let lines: Vec<String> =
                whole.lines().skip_while(|line| *line == whole).map(|line| line.trim().to_owned()).collect();
            std::iter::once(whole).chain(lines).map(move |part| (part, name.clone()))
        });
        // Before what is encoded, which may be longer than what is no secret.
        let parts = parts.filter(|(value, _)| value.len() >= SHORTEST).flat_map(|(value, name)| {
            let forms = encoded::forms(&value);
            std::iter::once(value).chain(forms).map(move |form| (form, name.clone()))
        });
        let mut values: Vec<(String, String)> = parts.filter(|(value, _)| value.len() >= SHORTEST).collect();
        values.sort_by(|(one, _), (other, _)| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        values.dedup_by(|(one, _), (other, _)| one == other);
        Self { values }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The text with `***` in the place of each secret.
    #[must_use]
    pub fn hidden<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.replaced(text, |_| SHOWN.to_owned())
    }

    /// The text with `***NAME***` in the place of each secret, by its variable: texts that differ in their secrets still do.
    pub(crate) fn named<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.replaced(text, |name| format!("{SHOWN}{name}{SHOWN}"))
    }

    fn replaced<'t>(&self, text: &'t str, shown: impl Fn(&str) -> String) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        for (value, name) in &self.values {
            if text.contains(value) {
                text = Cow::Owned(text.replace(value, &shown(name)));
            }
        }
        if text.contains(LEFT_OUT) {
            for (value, name) in &self.values {
                if let Some(hidden) = without_ends(&text, value, &shown(name)) {
                    text = Cow::Owned(hidden);
                }
            }
        }
        text
    }

    /// The same in place.
    pub(crate) fn hide(&self, text: &mut String) {
        if let Cow::Owned(hidden) = self.hidden(text) {
            *text = hidden;
        }
    }
}

/// The text without what is left of a secret that was cut: its beginning in front of `...`, its end behind it. `None` where there
/// is neither.
fn without_ends(text: &str, secret: &str, shown: &str) -> Option<String> {
    let beginnings = || (SHORTEST..secret.len()).rev().filter_map(|end| secret.get(..end));
    let ends = || (1..=secret.len().saturating_sub(SHORTEST)).filter_map(|begin| secret.get(begin..));
    let (shortest_beginning, shortest_end) = (beginnings().next_back()?, ends().next_back()?);
    if !text.contains(shortest_beginning) && !text.contains(shortest_end) {
        return None;
    }
    let is_between = |character: char| character.is_whitespace() || character == '.';
    let last = text.matches(LEFT_OUT).count();
    let part = |(number, mut part): (usize, &str)| {
        let (mut front, mut back) = (String::new(), String::new());
        let rest = part.trim_start_matches(is_between);
        if let Some(end) = ends().filter(|_| number > 0).find(|end| rest.starts_with(end)) {
            front = format!("{}{shown}", &part[..part.len() - rest.len()]);
            part = &rest[end.len()..];
        }
        let rest = part.trim_end_matches(is_between);
        if let Some(beginning) = beginnings().filter(|_| number < last).find(|beginning| rest.ends_with(beginning)) {
            back = format!("{shown}{}", &part[rest.len()..]);
            part = &rest[..rest.len() - beginning.len()];
        }
        format!("{front}{part}{back}")
    };
    let hidden = text.split(LEFT_OUT).enumerate().map(part).collect::<Vec<_>>().join(LEFT_OUT);
    (hidden != text).then_some(hidden)
}

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Secrets({})", self.values.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(variables: &[(&str, &str)]) -> Secrets {
        Secrets::of(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn names_tell_what_is_secret() {
        for (name, value, hidden) in [
            ("HF_TOKEN", "hf_abcdef", true),
            ("hf_token", "hf_abcdef", true),
            ("AWS_SECRET", "hf_abcdef\n", true),
            ("OPENAI_API_KEY", "hf_abcdef", true),
            ("DB_PASSWORD", "hf_abcdef", true),
            ("OPS_BOT_PAT", "hf_abcdef", true),
            ("COMPAT", "hf_abcdef", false),
            ("TOKENIZERS_PARALLELISM", "hf_abcdef", false),
            ("OPENAI_API_KEY", "EMPTY", false),
            ("PATH", "hf_abcdef", false),
        ] {
            let text = "a hf_abcdef EMPTY b";
            let expected = if hidden { "a *** EMPTY b" } else { text };
            assert_eq!(secrets(&[(name, value)]).hidden(text), expected, "{name}={value}");
        }
    }

    /// As pytest shows a key that was compared: line by line, and on one line in quotes.
    #[test]
    fn of_several_lines_none_is_left() {
        let key = secrets(&[("DEPLOY_KEY", "-----BEGIN-----\nMIIEabc\n  secondline\nend\n")]);
        assert_eq!(key.hidden("E  + -----BEGIN-----\nE  + MIIEabc\nE  + secondline"), "E  + ***\nE  + ***\nE  + ***");
        assert_eq!(key.hidden(r"'-----BEGIN-----\nMIIEabc\n  secondline\nend'"), "'***'");
        assert_eq!(key.hidden(r"'MIIEabc\n  secondline\nend'"), r"'***\n  ***\nend'");
    }

    #[test]
    fn of_one_that_was_cut_neither_end_is_left() {
        let token = secrets(&[("HF_TOKEN", "hf_abcdefghijklmnop")]);
        for (text, expected) in [
            ("assert 'hf_abcdefg...jklmnop' == 'x'", "assert '***...***' == 'x'"),
            ("+ hf_abcdefghijkl...\n", "+ ***...\n"),
            ("hf_abcde\n...\nklmnop", "***\n...\n***"),
            ("hf_abcdefghijklmnop... hf_abcdefg", "***... hf_abcdefg"),
            ("hf_ab...op", "hf_ab...op"),
            ("hf_abcdefx...xjklmnop é...", "hf_abcdefx...xjklmnop é..."),
        ] {
            assert_eq!(token.hidden(text), expected);
        }
    }

    proptest::proptest! {
        /// Wherever a text is cut in the middle of a secret, what is left of it is no more than is shorter than any secret.
        #[test]
        fn however_it_is_cut(secret in "[a-c]{6,40}", from in 0_usize..40, to in 0_usize..40) {
            let (from, to) = (from.min(secret.len()), to.min(secret.len()));
            let text = format!("x = '{}...{}'", &secret[..from], &secret[secret.len() - to..]);
            let hidden = secrets(&[("A_TOKEN", &secret)]);
            let hidden = hidden.hidden(&text);
            let (front, back) = hidden.split_once("...").unwrap_or((&hidden, ""));
            proptest::prop_assert!(from < SHORTEST || !front.ends_with(&secret[..from]), "{hidden}");
            proptest::prop_assert!(to < SHORTEST || !back.starts_with(&secret[secret.len() - to..]), "{hidden}");
        }
    }

    #[test]
    fn of_one_that_is_encoded_nothing_is_left() {
        let token = secrets(&[("A_PASSWORD", "p@ss/w'rd")]);
        for (text, expected) in [
            ("https://me:p%40ss%2Fw%27rd@host", "https://me:***@host"),
            ("curl -u 'me:p@ss/w'\\''rd' host", "curl -u 'me:***' host"),
            // `me:` and it.
            ("Authorization: Basic bWU6cEBzcy93J3Jk", "Authorization: Basic bWU6***"),
            // `you:` and it: characters that it shares with what stands beside it tell some bits.
            ("Authorization: Basic eW91OnBAc3MvdydyZA==", "Authorization: Basic eW91On***A=="),
        ] {
            assert_eq!(token.hidden(text), expected);
        }
    }

    #[test]
    fn of_one_in_another_nothing_is_left() {
        let both = secrets(&[("A_KEY", "abcdef"), ("B_KEY", "abcdefghi")]);
        assert_eq!(both.hidden("abcdefghi abcdef"), "*** ***");
        assert_eq!(both.named("a[abcdefghi] a[abcdef]"), "a[***B_KEY***] a[***A_KEY***]");
        assert!(format!("{both:?}").starts_with("Secrets("));
    }
}
