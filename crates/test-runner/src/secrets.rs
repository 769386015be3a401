//! Values that must not reach a file, a log or a report.

use std::borrow::Cow;
use std::fmt;

/// Variables whose names end like this hold what is secret, in either case.
const ENDINGS: [&str; 4] = ["TOKEN", "KEY", "SECRET", "PASSWORD"];
/// What is shorter is no secret, and taking it out would make holes in ordinary words: `EMPTY`, `test`. In bytes.
const SHORTEST: usize = 6;
/// What stands in its place.
const SHOWN: &str = "***";

/// Secret values. They are not shown by `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    /// Each with its variable, the longest first: one may be a part of another.
    values: Vec<(String, String)>,
}

impl Secrets {
    /// The values of those variables whose names say that they are secret: they end in `TOKEN`, `KEY`, `SECRET` or
    /// `PASSWORD`. Values of less than six bytes are none.
    pub fn of(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let is_secret = |name: &str| {
            let name = name.to_ascii_uppercase();
            ENDINGS.iter().any(|ending| name.ends_with(ending))
        };
        let named = variables.into_iter().filter(|(name, _)| is_secret(name));
        // A value may end with a line end where it was read from a file, and is printed without it.
        let trimmed = named.map(|(name, value)| (value.trim().to_owned(), name));
        let mut values: Vec<(String, String)> = trimmed.filter(|(value, _)| value.len() >= SHORTEST).collect();
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
        text
    }

    /// The same in place.
    pub(crate) fn hide(&self, text: &mut String) {
        if let Cow::Owned(hidden) = self.hidden(text) {
            *text = hidden;
        }
    }
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
            ("TOKENIZERS_PARALLELISM", "hf_abcdef", false),
            ("OPENAI_API_KEY", "EMPTY", false),
            ("PATH", "hf_abcdef", false),
        ] {
            let text = "a hf_abcdef EMPTY b";
            let expected = if hidden { "a *** EMPTY b" } else { text };
            assert_eq!(secrets(&[(name, value)]).hidden(text), expected, "{name}={value}");
        }
    }

    #[test]
    fn of_one_in_another_nothing_is_left() {
        let both = secrets(&[("A_KEY", "abcdef"), ("B_KEY", "abcdefghi")]);
        assert_eq!(both.hidden("abcdefghi abcdef"), "*** ***");
        assert_eq!(both.named("a[abcdefghi] a[abcdef]"), "a[***B_KEY***] a[***A_KEY***]");
        assert_eq!(format!("{both:?}"), "Secrets(2)");
    }
}
