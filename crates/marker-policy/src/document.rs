//! A TOML document read key by key. What is wrong with a value by itself is told by
//! [`keys::check`](crate::keys::check): here, such a value is as good as none.

use std::cell::RefCell;
use std::ops::Range;

use chrono::NaiveDate;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::PolicyMistake;

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

/// A table of the document.
#[derive(Debug, Clone)]
pub(crate) struct Section<'d, 't> {
    table: &'d DeTable<'t>,
    span: Range<usize>,
    mistakes: &'d Mistakes<'t>,
}

/// What may be written in a short form and in a long one.
#[derive(Debug)]
pub(crate) enum Item<S> {
    Word(Word),
    Section(S),
}

/// A number, whole or not.
pub(crate) fn as_real(value: &Spanned<DeValue<'_>>) -> Option<f64> {
    let number: f64 = match value.get_ref() {
        DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
            #[expect(clippy::cast_precision_loss, reason = "a limit of a marker's argument needs no more than 53 bits")]
            Ok(whole) => whole as f64,
            Err(_) => return None,
        },
        DeValue::Float(float) => float.as_str().parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

/// A whole number from 0.
pub(crate) fn whole_number(value: &Spanned<DeValue<'_>>) -> Option<u32> {
    match value.get_ref() {
        DeValue::Integer(integer) => u32::from_str_radix(integer.as_str(), integer.radix()).ok(),
        _ => None,
    }
}

/// A day, as TOML has it or in quotes.
pub(crate) fn day(value: &Spanned<DeValue<'_>>) -> Option<NaiveDate> {
    match value.get_ref() {
        DeValue::Datetime(toml::value::Datetime { date: Some(date), time: None, offset: None }) => {
            NaiveDate::from_ymd_opt(date.year.into(), date.month.into(), date.day.into())
        }
        // `from_str` of a date takes spaces and signs, too.
        DeValue::String(text) if text.len() == "2027-03-31".len() && !text.contains([' ', '+']) => text.parse().ok(),
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

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.found.borrow().len()
    }

    /// All of them, in the order of the text.
    pub(crate) fn into_list(self) -> Vec<PolicyMistake> {
        let lines = Lines::of(self.text);
        let mut found = self.found.into_inner();
        found.sort();
        found.dedup();
        let mistake = |(offset, message)| {
            let (line, column) = lines.position(offset);
            PolicyMistake { line, column, message }
        };
        found.into_iter().map(mistake).collect()
    }
}

/// Where the lines of a text start.
#[derive(Debug)]
pub(crate) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(crate) fn of(text: &'t str) -> Self {
        let behind_newlines = text.match_indices('\n').map(|(newline, _)| newline + 1);
        Self { text, starts: std::iter::once(0).chain(behind_newlines).collect() }
    }

    /// Line and column of an offset, both from 1.
    pub(crate) fn position(&self, offset: usize) -> (u32, u32) {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = line.checked_sub(1).and_then(|index| self.starts.get(index)).copied().unwrap_or(0);
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count()) + 1;
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
    }
}

impl<'d, 't> Section<'d, 't> {
    pub(crate) fn document(table: &'d Spanned<DeTable<'t>>, mistakes: &'d Mistakes<'t>) -> Self {
        Self { table: table.get_ref(), span: table.span(), mistakes }
    }

    /// Where the table stands.
    pub(crate) fn span(&self) -> &Range<usize> {
        &self.span
    }

    /// The line of a place, from 1.
    pub(crate) fn line_of(&self, at: &Range<usize>) -> u32 {
        let before = self.mistakes.text.get(..at.start).unwrap_or(self.mistakes.text);
        u32::try_from(before.matches('\n').count() + 1).unwrap_or(u32::MAX)
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

    fn value(&self, key: &str) -> Option<&'d Spanned<DeValue<'t>>> {
        self.table.get(key)
    }

    pub(crate) fn string(&self, key: &str) -> Option<Word> {
        as_string(self.value(key)?)
    }

    /// A whole number from 0.
    pub(crate) fn number(&self, key: &str) -> Option<u32> {
        whole_number(self.value(key)?)
    }

    /// `true` or `false`.
    pub(crate) fn flag(&self, key: &str) -> Option<bool> {
        match self.value(key)?.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            _ => None,
        }
    }

    /// A number, whole or not.
    pub(crate) fn real(&self, key: &str) -> Option<f64> {
        as_real(self.value(key)?)
    }

    /// A day.
    pub(crate) fn day(&self, key: &str) -> Option<NaiveDate> {
        day(self.value(key)?)
    }

    /// A list of strings.
    pub(crate) fn words(&self, key: &str) -> Option<Vec<Word>> {
        as_words(self.value(key)?)
    }

    pub(crate) fn section(&self, key: &str) -> Option<Self> {
        self.as_section(self.value(key)?)
    }

    /// The tables of `[[key]]`.
    pub(crate) fn sections(&self, key: &str) -> Option<Vec<Self>> {
        let DeValue::Array(items) = self.value(key)?.get_ref() else { return None };
        Some(items.iter().filter_map(|item| self.as_section(item)).collect())
    }

    /// A list whose items are strings or tables, each in its place.
    pub(crate) fn words_and_sections(&self, key: &str) -> Option<Vec<Item<Self>>> {
        let DeValue::Array(items) = self.value(key)?.get_ref() else { return None };
        Some(items.iter().filter_map(|item| self.as_item(item)).collect())
    }

    /// Every key but `known` with its string, or with its table.
    pub(crate) fn named_strings_and_sections(&self) -> Vec<(Word, Item<Self>)> {
        self.named(&[], |value| self.as_item(value))
    }

    /// Every key but `known` with its string.
    pub(crate) fn named_strings(&self, known: &[&str]) -> Vec<(Word, Word)> {
        self.named(known, as_string)
    }

    /// Every key with its list of strings.
    pub(crate) fn named_words(&self) -> Vec<(Word, Vec<Word>)> {
        self.named(&[], as_words)
    }

    /// Every key with its table.
    pub(crate) fn named_sections(&self) -> Vec<(Word, Self)> {
        self.named(&[], |value| self.as_section(value))
    }

    fn named<T>(&self, known: &[&str], read: impl Fn(&'d Spanned<DeValue<'t>>) -> Option<T>) -> Vec<(Word, T)> {
        let others = self.table.iter().filter(|(key, _)| !known.contains(&&**key.get_ref()));
        let entry = |(key, value): (&Spanned<std::borrow::Cow<'t, str>>, &'d Spanned<DeValue<'t>>)| {
            Some((Word { text: key.get_ref().to_string(), span: key.span() }, read(value)?))
        };
        others.filter_map(entry).collect()
    }

    fn as_item(&self, value: &'d Spanned<DeValue<'t>>) -> Option<Item<Self>> {
        match value.get_ref() {
            DeValue::Table(_) => self.as_section(value).map(Item::Section),
            _ => as_string(value).map(Item::Word),
        }
    }

    fn as_section(&self, value: &'d Spanned<DeValue<'t>>) -> Option<Self> {
        let DeValue::Table(table) = value.get_ref() else { return None };
        Some(Self { table, span: value.span(), mistakes: self.mistakes })
    }
}

fn as_string(value: &Spanned<DeValue<'_>>) -> Option<Word> {
    match value.get_ref() {
        DeValue::String(text) if !text.is_empty() => Some(Word { text: text.to_string(), span: value.span() }),
        _ => None,
    }
}

fn as_words(value: &Spanned<DeValue<'_>>) -> Option<Vec<Word>> {
    let DeValue::Array(items) = value.get_ref() else { return None };
    Some(items.iter().filter_map(as_string).collect())
}
