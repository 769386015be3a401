//! What a policy file can say: its tables and keys, each with what it takes and what it means.
//!
//! A key is added here first: [`DOCUMENT`] is the one place that knows. What is wrong with a file's keys and values is found by it, the
//! [JSON Schema](schema()) for editors is made from it, and so is the reference for people.

mod check;
mod document;
mod form;
mod schema;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests;

pub(crate) use check::check;
pub use document::DOCUMENT;
pub use form::Form;
pub(crate) use form::short;
pub use schema::schema;

/// A table of a policy file.
#[derive(Debug)]
pub struct Table {
    /// Its keys, in the order in which they are explained.
    pub keys: &'static [Key],
    /// What all other keys are; `None` where there are no others.
    pub names: Option<&'static Names>,
    /// Whether a table takes the place of the one that the policy extends, and does not add to it.
    pub whole: bool,
}

/// A key.
#[derive(Debug)]
pub struct Key {
    /// The key.
    pub name: &'static str,
    /// What its value may be.
    pub takes: Takes,
    /// Whether its table needs it.
    pub required: bool,
    /// A value, as TOML, which is none of the default policy.
    pub example: &'static str,
    /// What it says, in a few sentences of Markdown.
    pub means: &'static str,
}

/// The keys of a table that are names: of markers, of rules, of the author's choice.
#[derive(Debug)]
pub struct Names {
    /// What such a key is, as one word: `MARKER`.
    pub word: &'static str,
    /// How it is written.
    pub form: Form,
    /// What its value may be.
    pub takes: Takes,
    /// An entry, as TOML, which is none of the default policy.
    pub example: &'static str,
    /// What an entry says.
    pub means: &'static str,
}

/// What a value may be.
#[derive(Debug, Clone, Copy)]
pub enum Takes {
    /// A string.
    Text(Form),
    /// A list of strings, each once.
    Texts(Form),
    /// The number of the format's version.
    Version(u32),
    /// A whole number from 0.
    Whole,
    /// A number, whole or not.
    Number,
    /// A number above 0.
    Positive,
    /// A number from 0 to below 1.
    Share,
    /// `true` or `false`.
    Flag,
    /// A day: `2027-03-31`, with or without quotes.
    Day,
    /// A table.
    Table(&'static Table),
    /// A list of tables: `[[key]]`.
    Tables(&'static Table),
    /// A string, or a table that says more.
    TextOrTable(Form, &'static Table),
    /// A list of either.
    TextsOrTables(Form, &'static Table),
}

impl Takes {
    /// The table that a value is, or that several are.
    #[must_use]
    pub fn table(&self) -> Option<&'static Table> {
        match self {
            Self::Table(table) | Self::Tables(table) | Self::TextOrTable(_, table) | Self::TextsOrTables(_, table) => {
                Some(table)
            }
            _ => None,
        }
    }

    /// What it takes, for people: `a list of folders`.
    #[must_use]
    pub fn described(&self) -> String {
        match self {
            Self::Text(form) => form.one().to_owned(),
            Self::Texts(form) => format!("a list of {}", form.several()),
            Self::Version(version) => version.to_string(),
            Self::Whole => "a whole number from 0".to_owned(),
            Self::Number => "a number".to_owned(),
            Self::Positive => "a number above 0".to_owned(),
            Self::Share => "a share from 0 to below 1, such as 0.15".to_owned(),
            Self::Flag => "`true` or `false`".to_owned(),
            Self::Day => "a day, such as 2027-03-31".to_owned(),
            Self::Table(_) => "a table".to_owned(),
            Self::Tables(_) => "a list of tables".to_owned(),
            Self::TextOrTable(form, _) => format!("{} or a table", form.one()),
            Self::TextsOrTables(form, _) => format!("a list of {} or tables", form.several()),
        }
    }
}

impl Table {
    const fn of(keys: &'static [Key]) -> Self {
        Self { keys, names: None, whole: false }
    }

    const fn named(names: &'static Names) -> Self {
        Self { keys: &[], names: Some(names), whole: false }
    }

    /// The key of that name.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

impl Key {
    const fn new(name: &'static str, takes: Takes, example: &'static str, means: &'static str) -> Self {
        Self { name, takes, required: false, example, means }
    }

    const fn required(self) -> Self {
        Self { required: true, ..self }
    }
}
