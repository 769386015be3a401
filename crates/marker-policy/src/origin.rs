//! Where each value of a policy comes from: its own file, or one of the presets that it builds on.

use std::collections::BTreeMap;
use std::fmt;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::document::Lines;
use crate::keys::{DOCUMENT, Table, Takes};

/// Where a value stands. Nothing is written anywhere of one that is built in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The policy file, or the preset.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

/// `dynamo-2025-10:12`.
impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.file, self.line)
    }
}

/// A value's keys, from the document on; of a list, the item is the last.
type Path = Vec<String>;

/// The origin of each value that a file sets.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Origins(BTreeMap<Path, Origin>);

/// A file whose values are put on top.
struct Layer<'x> {
    file: &'x str,
    lines: Lines<'x>,
    origins: &'x mut BTreeMap<Path, Origin>,
}

impl Origins {
    /// Where the value under these keys comes from.
    pub(crate) fn of(&self, path: &[&str]) -> Option<&Origin> {
        let path: Path = path.iter().map(|key| (*key).to_owned()).collect();
        self.0.get(&path)
    }

    /// Puts a file's values on top, as the policy does.
    pub(crate) fn layer(&mut self, document: &Spanned<DeTable<'_>>, file: &str, text: &str) {
        let mut layer = Layer { file, lines: Lines::of(text), origins: &mut self.0 };
        layer.table(&DOCUMENT, document.get_ref(), &mut Path::new());
    }
}

impl Layer<'_> {
    fn table(&mut self, table: &Table, found: &DeTable<'_>, path: &mut Path) {
        // In the order of the keys that are known: `markers` takes the place of the members, then `add` adds to them.
        for key in table.keys {
            let Some(value) = found.get(key.name) else { continue };
            if let (true, Takes::Texts(_)) = (key.name == ADD, key.takes) {
                path.push(MEMBERS.to_owned());
                self.items(value, path);
            } else {
                path.push(key.name.to_owned());
                self.value(&key.takes, value, path, false);
            }
            path.pop();
        }
        let Some(names) = table.names else { return };
        for (name, value) in found.iter().filter(|(name, _)| table.key(name.get_ref()).is_none()) {
            path.push(name.get_ref().to_string());
            self.value(&names.takes, value, path, true);
            path.pop();
        }
    }

    fn value(&mut self, takes: &Takes, value: &Spanned<DeValue<'_>>, path: &mut Path, is_entry: bool) {
        match (takes, value.get_ref()) {
            (Takes::Table(inside), DeValue::Table(found)) => {
                if inside.whole || is_entry {
                    self.forget(path);
                }
                self.set(path, value);
                self.table(inside, found, path);
            }
            (Takes::Texts(_), _) => {
                self.forget(path);
                self.set(path, value);
                self.items(value, path);
            }
            (Takes::Tables(_), DeValue::Array(items)) => {
                self.forget(path);
                for (index, item) in items.iter().enumerate() {
                    path.push(index.to_string());
                    self.set(path, item);
                    path.pop();
                }
            }
            _ => {
                self.forget(path);
                self.set(path, value);
            }
        }
    }

    fn items(&mut self, value: &Spanned<DeValue<'_>>, path: &mut Path) {
        let DeValue::Array(items) = value.get_ref() else { return };
        for item in items {
            if let DeValue::String(text) = item.get_ref() {
                path.push(text.to_string());
                self.set(path, item);
                path.pop();
            }
        }
    }

    fn set(&mut self, path: &Path, value: &Spanned<DeValue<'_>>) {
        let (line, _) = self.lines.position(value.span().start);
        self.origins.insert(path.clone(), Origin { file: self.file.to_owned(), line });
    }

    /// What stood there before is replaced, with all that was in it.
    fn forget(&mut self, path: &Path) {
        let below: Vec<Path> = self
            .origins
            .range(path.clone()..)
            .map(|(key, _)| key)
            .take_while(|key| key.starts_with(path))
            .cloned()
            .collect();
        for key in below {
            self.origins.remove(&key);
        }
    }
}

/// The key that adds to another, of a category.
const ADD: &str = "add";
const MEMBERS: &str = "markers";
