//! A TOML document read key by key, collecting every mistake with its place instead of stopping at the first.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::PolicyMistake;
use crate::nearest::{did_you_mean, nearest};

/// The mistakes found so far, by their place in the text.
#[derive(Debug)]
pub(crate) struct Mistakes<'t> {
    text: &'t str,
    found: RefCell<Vec<(usize, String)>>,
}

/// A string of the document and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) span: Range<usize>,
}

/// A table of the document. What nobody asked for is a mistake: see [`Section::finish`].
#[derive(Debug)]
pub(crate) struct Section<'d, 't> {
    /// The table's own name, empty for the document.
    name: String,
    table: &'d DeTable<'t>,
    span: Range<usize>,
    mistakes: &'d Mistakes<'t>,
    asked: BTreeSet<&'static str>,
}

/// What may be written in a short form and in a long one.
#[derive(Debug)]
pub(crate) enum Item<S> {
    Word(Word),
    Section(S),
}

fn as_real(value: &Spanned<DeValue<'_>>) -> Option<f64> {
    match value.get_ref() {
        DeValue::Integer(integer) => integer.as_str().parse().ok(),
        DeValue::Float(float) => float.as_str().parse().ok(),
        _ => None,
    }
}

impl<'t> Mistakes<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, found: RefCell::default() }
    }

    pub(crate) fn add(&self, at: &Range<usize>, message: impl Into<String>) {
        self.found.borrow_mut().push((at.start, message.into()));
    }

    /// All of them, in the order of the text.
    pub(crate) fn into_list(self) -> Vec<PolicyMistake> {
        let mut found = self.found.into_inner();
        found.sort();
        found.dedup();
        found
            .into_iter()
            .map(|(offset, message)| {
                let (line, column) = position(self.text, offset);
                PolicyMistake { line, column, message }
            })
            .collect()
    }
}

/// Line and column of an offset, both from 1.
fn position(text: &str, offset: usize) -> (u32, u32) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
}

impl<'d, 't> Section<'d, 't> {
    pub(crate) fn document(table: &'d Spanned<DeTable<'t>>, mistakes: &'d Mistakes<'t>) -> Self {
        Self::new(String::new(), table.get_ref(), table.span(), mistakes)
    }

    fn new(name: String, table: &'d DeTable<'t>, span: Range<usize>, mistakes: &'d Mistakes<'t>) -> Self {
        Self { name, table, span, mistakes, asked: BTreeSet::new() }
    }

    /// Where the table stands.
    pub(crate) fn span(&self) -> &Range<usize> {
        &self.span
    }

    /// The line of a place, from 1.
    pub(crate) fn line_of(&self, at: &Range<usize>) -> u32 {
        position(self.mistakes.text, at.start).0
    }

    pub(crate) fn mistake(&self, at: &Range<usize>, message: impl Into<String>) {
        self.mistakes.add(at, message);
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Where a key's value stands; the table itself where it has no such key.
    pub(crate) fn span_of(&self, key: &str) -> Range<usize> {
        self.table.get(key).map_or_else(|| self.span.clone(), Spanned::span)
    }

    fn value(&mut self, key: &'static str) -> Option<&'d Spanned<DeValue<'t>>> {
        self.asked.insert(key);
        self.table.get(key)
    }

    pub(crate) fn string(&mut self, key: &'static str) -> Option<Word> {
        let value = self.value(key)?;
        self.as_string(key, value)
    }

    /// A whole number from 0.
    pub(crate) fn number(&mut self, key: &'static str) -> Option<u32> {
        let value = self.value(key)?;
        let number = match value.get_ref() {
            DeValue::Integer(integer) => u32::from_str_radix(integer.as_str(), integer.radix()).ok(),
            _ => None,
        };
        if number.is_none() {
            self.wrong_type(key, value, "a whole number from 0");
        }
        number
    }

    /// `true` or `false`.
    pub(crate) fn flag(&mut self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        if let DeValue::Boolean(flag) = value.get_ref() {
            return Some(*flag);
        }
        self.wrong_type(key, value, "`true` or `false`");
        None
    }

    /// A number, whole or not.
    pub(crate) fn real(&mut self, key: &'static str) -> Option<f64> {
        let value = self.value(key)?;
        let number = as_real(value).filter(|number| number.is_finite());
        if number.is_none() {
            self.wrong_type(key, value, "a number");
        }
        number
    }

    /// A number from 0 to 1, without 1 itself.
    pub(crate) fn share(&mut self, key: &'static str) -> Option<f64> {
        let value = self.value(key)?;
        let share = as_real(value).filter(|share: &f64| (0.0..1.0).contains(share));
        if share.is_none() {
            self.wrong_type(key, value, "a share from 0 to below 1, such as 0.15");
        }
        share
    }

    /// A list of strings, each of them once.
    pub(crate) fn words(&mut self, key: &'static str) -> Option<Vec<Word>> {
        let value = self.value(key)?;
        self.as_words(key, value)
    }

    pub(crate) fn section(&mut self, key: &'static str) -> Option<Self> {
        let value = self.value(key)?;
        self.as_section(key, value)
    }

    /// The tables of `[[key]]`.
    pub(crate) fn sections(&mut self, key: &'static str) -> Option<Vec<Self>> {
        let value = self.value(key)?;
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong_type(key, value, "a list of tables");
            return None;
        };
        Some(items.iter().filter_map(|item| self.as_section(key, item)).collect())
    }

    /// A list whose items are strings or tables, each in its place.
    pub(crate) fn words_and_sections(&mut self, key: &'static str) -> Option<Vec<Item<Self>>> {
        let value = self.value(key)?;
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong_type(key, value, "a list of strings or tables");
            return None;
        };
        let read = |item: &'d Spanned<DeValue<'t>>| match item.get_ref() {
            DeValue::Table(_) => self.as_section(key, item).map(Item::Section),
            _ => self.as_string(key, item).map(Item::Word),
        };
        Some(items.iter().filter_map(read).collect())
    }

    /// Every key that nobody asked for yet with its string, or with its table.
    pub(crate) fn named_strings_and_sections(&mut self) -> Vec<(Word, Item<Self>)> {
        self.named(|section, key, value| match value.get_ref() {
            DeValue::Table(_) => section.as_section(key, value).map(Item::Section),
            _ => section.as_string(key, value).map(Item::Word),
        })
    }

    /// Every key that nobody asked for yet with its string; the keys are the author's own names.
    pub(crate) fn named_strings(&mut self) -> Vec<(Word, Word)> {
        self.named(Self::as_string)
    }

    /// Every key that nobody asked for yet with its list of strings.
    pub(crate) fn named_words(&mut self) -> Vec<(Word, Vec<Word>)> {
        self.named(Self::as_words)
    }

    /// Every key that nobody asked for yet with its table.
    pub(crate) fn named_sections(&mut self) -> Vec<(Word, Self)> {
        self.named(Self::as_section)
    }

    fn named<T>(&mut self, read: impl Fn(&Self, &str, &'d Spanned<DeValue<'t>>) -> Option<T>) -> Vec<(Word, T)> {
        let entries = self
            .table
            .iter()
            .filter(|(key, _)| !self.asked.contains(&**key.get_ref()))
            .filter_map(|(key, value)| {
                let word = Word { text: key.get_ref().to_string(), span: key.span() };
                read(self, &word.text, value).map(|value| (word, value))
            })
            .collect();
        // All keys are accounted for: `finish` has nothing to say of such a table, so nobody calls it.
        entries
    }

    /// Reports the keys that nobody asked for.
    pub(crate) fn finish(self) {
        for (key, _) in self.table.iter() {
            let name = key.get_ref();
            if self.asked.contains(&**name) {
                continue;
            }
            let meant = nearest(name, self.asked.iter().copied());
            let known = match (&*meant, self.asked.len()) {
                ([], 1..) => format!("; known here: {}", self.asked.iter().copied().collect::<Vec<_>>().join(", ")),
                _ => did_you_mean(&meant),
            };
            self.mistake(&key.span(), format!("unknown key `{name}`{}{known}", self.place()));
        }
    }

    fn place(&self) -> String {
        if self.name.is_empty() { String::new() } else { format!(" in `{}`", self.name) }
    }

    fn as_string(&self, key: &str, value: &Spanned<DeValue<'t>>) -> Option<Word> {
        if let DeValue::String(text) = value.get_ref() {
            if !text.is_empty() {
                return Some(Word { text: text.to_string(), span: value.span() });
            }
            self.mistake(&value.span(), format!("`{key}`{} is empty", self.place()));
            return None;
        }
        self.wrong_type(key, value, "a string");
        None
    }

    fn as_words(&self, key: &str, value: &Spanned<DeValue<'t>>) -> Option<Vec<Word>> {
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong_type(key, value, "a list of strings");
            return None;
        };
        let mut words: Vec<Word> = Vec::new();
        for item in items {
            if let Some(word) = self.as_string(key, item) {
                if words.iter().any(|earlier| earlier.text == word.text) {
                    self.mistake(&word.span, format!("`{}` stands twice in `{key}`", word.text));
                } else {
                    words.push(word);
                }
            }
        }
        Some(words)
    }

    fn as_section(&self, key: &str, value: &'d Spanned<DeValue<'t>>) -> Option<Self> {
        if let DeValue::Table(table) = value.get_ref() {
            let name = if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) };
            return Some(Self::new(name, table, value.span(), self.mistakes));
        }
        self.wrong_type(key, value, "a table");
        None
    }

    fn wrong_type(&self, key: &str, value: &Spanned<DeValue<'t>>, expected: &str) {
        let found = match value.get_ref() {
            DeValue::String(text) => format!("the string {text:?}"),
            DeValue::Integer(number) => number.to_string(),
            DeValue::Float(number) => number.as_str().to_owned(),
            DeValue::Boolean(value) => value.to_string(),
            DeValue::Datetime(time) => time.to_string(),
            DeValue::Array(_) => "a list".to_owned(),
            DeValue::Table(_) => "a table".to_owned(),
        };
        self.mistake(&value.span(), format!("`{key}`{} is {found}, expected {expected}", self.place()));
    }
}
