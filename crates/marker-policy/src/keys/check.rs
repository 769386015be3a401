//! A document held against the table of keys: what is unknown, of a wrong type, missing, or written wrongly.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::form::short;
use super::{DOCUMENT, Form, Table, Takes};
use crate::document::{Mistakes, as_real, day, whole_number};
use crate::nearest::{did_you_mean, nearest};
use crate::preset;

/// The longest example that a message shows.
const LONGEST_EXAMPLE: usize = 80;

/// A policy has one of these, or one that was meant to be.
const BEGINNINGS: [&str; 2] = ["extends", "categories"];

/// Behind so many mistakes nobody asks what was meant.
const MOST_PROPOSALS: usize = 200;

/// Adds every mistake of the document that can be told key by key.
pub(crate) fn check(document: &Spanned<DeTable<'_>>, mistakes: &Mistakes<'_>) {
    let is_meant = |key: &str| alike(key, &DOCUMENT).iter().any(|meant| BEGINNINGS.contains(&meant.as_str()));
    let found = document.get_ref();
    let begins = BEGINNINGS.iter().any(|key| found.contains_key(*key))
        || found.iter().take(MOST_PROPOSALS).any(|(key, _)| is_meant(key.get_ref()));
    if !begins {
        let start = preset::DEFAULT;
        let message = format!(
            "the policy has no categories: write them, or build on a preset, `extends = \"{start}\"`; `cargo xtask policy init` writes a file to begin with"
        );
        mistakes.add(&(0..0), message);
    }
    table("", &DOCUMENT, document.get_ref(), &document.span(), mistakes);
}

/// `name` is the table's own, empty for the document.
fn table(name: &str, table: &Table, found: &DeTable<'_>, span: &Range<usize>, mistakes: &Mistakes<'_>) {
    for (key, found) in found.iter() {
        let word = &**key.get_ref();
        if let Some(known) = table.key(word) {
            value(word, name, &known.takes, &format!("{} = {}", known.name, known.example), found, mistakes);
            continue;
        }
        match table.names {
            Some(names) => {
                if let Some(wrong) = name_mistake(names.form, word, name) {
                    mistakes.add(&key.span(), wrong);
                }
                value(word, name, &names.takes, names.example, found, mistakes);
            }
            None => mistakes.add(&key.span(), unknown(word, name, table, mistakes.count() < MOST_PROPOSALS)),
        }
    }
    for key in table.keys.iter().filter(|key| key.required && !found.contains_key(key.name)) {
        mistakes.add(span, format!("`{}`{} is missing", key.name, of(name)));
    }
}

fn name_mistake(form: Form, word: &str, table: &str) -> Option<String> {
    let wrong = form.mistake(word)?;
    Some(match form {
        Form::OneOf(words) => {
            let meant = did_you_mean(&nearest(word, words().into_iter().map(|(word, _)| word)));
            format!("unknown key `{}`{}{meant}", short(word), of(table))
        }
        _ => format!("a key{} is {wrong}", of(table)),
    })
}

fn unknown(word: &str, name: &str, table: &Table, propose: bool) -> String {
    let meant = if propose { alike(word, table) } else { Vec::new() };
    let more = match &*meant {
        [] => match places_of(word) {
            places if !places.is_empty() => format!("; it belongs in {places}"),
            _ => {
                let mut known: Vec<&str> = table.keys.iter().map(|key| key.name).collect();
                known.sort_unstable();
                format!("; known here: {}", known.join(", "))
            }
        },
        meant => did_you_mean(meant),
    };
    format!("unknown key `{}`{}{more}", short(word), of(name))
}

/// The keys that this one was probably meant to be: of like letters, or of the same beginning (`category`).
fn alike(word: &str, table: &Table) -> Vec<String> {
    const BEGINNING: usize = 5;
    let near = nearest(word, table.keys.iter().map(|key| key.name));
    if !near.is_empty() {
        return near;
    }
    let beginning = word.get(..BEGINNING);
    let same = table.keys.iter().filter(|key| beginning.is_some_and(|beginning| key.name.starts_with(beginning)));
    same.map(|key| key.name.to_owned()).collect()
}

/// The tables of the document that have such a key: `planning`.
fn places_of(word: &str) -> String {
    let mut places: Vec<String> = Vec::new();
    for key in DOCUMENT.keys {
        let Some(table) = key.takes.table() else { continue };
        if table.key(word).is_some() {
            places.push(match key.takes {
                Takes::Tables(_) => format!("`[[{}]]`", key.name),
                _ => format!("`[{}]`", key.name),
            });
        }
    }
    places.join(" or ")
}

fn value(
    key: &str,
    table_name: &str,
    takes: &Takes,
    example: &str,
    found: &Spanned<DeValue<'_>>,
    mistakes: &Mistakes<'_>,
) {
    let inner = || if table_name.is_empty() { key.to_owned() } else { format!("{table_name}.{key}") };
    let wrong_type = || {
        let expected = match (takes, found.get_ref()) {
            (Takes::Tables(_), _) => format!("a list of tables: write `[[{}]]`", inner()),
            (Takes::Text(form), _) => form.expected(),
            (Takes::Texts(_), DeValue::String(text)) => format!("{}: write `[{:?}]`", takes.described(), short(text)),
            (Takes::Table(_), _) if example.len() <= LONGEST_EXAMPLE => format!("a table, such as `{example}`"),
            _ => takes.described(),
        };
        let (found, at) = (said(found), found.span());
        mistakes.add(&at, format!("`{}`{} is {found}, expected {expected}", short(key), of(table_name)));
    };
    let is_right = match (takes, found.get_ref()) {
        (Takes::Text(form) | Takes::TextOrTable(form, _), DeValue::String(text)) => {
            string(key, table_name, "is", *form, text, &found.span(), mistakes);
            true
        }
        (Takes::Texts(form), DeValue::Array(items)) => {
            list(key, table_name, *form, None, items, mistakes);
            true
        }
        (Takes::TextsOrTables(form, table), DeValue::Array(items)) => {
            list(key, table_name, *form, Some((table, inner())), items, mistakes);
            true
        }
        (Takes::Table(inside) | Takes::TextOrTable(_, inside), DeValue::Table(entries)) => {
            table(&inner(), inside, entries, &found.span(), mistakes);
            true
        }
        (Takes::Tables(inside), DeValue::Array(items)) => {
            for item in items {
                match item.get_ref() {
                    DeValue::Table(entries) => table(&inner(), inside, entries, &item.span(), mistakes),
                    _ => {
                        let message =
                            format!("`{}`{} has {}, expected a table", short(key), of(table_name), said(item));
                        mistakes.add(&item.span(), message);
                    }
                }
            }
            true
        }
        (Takes::Version(version), DeValue::Integer(_)) => {
            if whole_number(found) != Some(*version) {
                let message = format!("this is not a policy of version {version}, the only one known here");
                mistakes.add(&found.span(), message);
            }
            true
        }
        (Takes::Whole, _) => whole_number(found).is_some(),
        (Takes::Number, _) => as_real(found).is_some(),
        (Takes::Positive, _) => as_real(found).is_some_and(|number| number > 0.0),
        (Takes::Share, _) => as_real(found).is_some_and(|share| (0.0..1.0).contains(&share)),
        (Takes::Flag, DeValue::Boolean(_)) => true,
        (Takes::Day, _) => day(found).is_some(),
        _ => false,
    };
    if !is_right {
        wrong_type();
    }
}

fn string(key: &str, table: &str, verb: &str, form: Form, text: &str, at: &Range<usize>, mistakes: &Mistakes<'_>) {
    if let Some(wrong) = form.mistake(text) {
        mistakes.add(at, format!("`{}`{} {verb} {wrong}", short(key), of(table)));
    }
}

fn list(
    key: &str,
    name: &str,
    form: Form,
    tables: Option<(&Table, String)>,
    items: &[Spanned<DeValue<'_>>],
    mistakes: &Mistakes<'_>,
) {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for item in items {
        match (item.get_ref(), &tables) {
            (DeValue::String(text), _) => {
                string(key, name, "has", form, text, &item.span(), mistakes);
                // Of what may say more than its name, two with one name are told where the names are read.
                if !seen.insert(text) && tables.is_none() {
                    let message = format!("`{}` stands twice in `{}`", short(text), short(key));
                    mistakes.add(&item.span(), message);
                }
            }
            (DeValue::Table(entries), Some((inside, inner))) => table(inner, inside, entries, &item.span(), mistakes),
            _ => {
                let expected = if tables.is_some() { "a string or a table" } else { form.one() };
                let message = format!("`{}`{} has {}, expected {expected}", short(key), of(name), said(item));
                mistakes.add(&item.span(), message);
            }
        }
    }
}

/// Where a key stands: nothing for the document.
fn of(table: &str) -> String {
    if table.is_empty() { String::new() } else { format!(" in `{}`", short(table)) }
}

/// A value in words.
fn said(value: &Spanned<DeValue<'_>>) -> String {
    match value.get_ref() {
        DeValue::String(text) => format!("the string {:?}", short(text)),
        DeValue::Integer(number) => short(number.as_str()),
        DeValue::Float(number) => short(number.as_str()),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}
