//! The options of a launcher, as its manual has them.

use super::super::super::text::{Part, Text};
use super::table::{Launcher, Then};

/// The options at the start of some words.
#[derive(Debug, Default)]
pub(super) struct Options {
    /// By name, without dashes, with their values.
    pub(super) given: Vec<(String, Option<Text>)>,
    /// How many words they are.
    pub(super) words: usize,
    /// Where they end is not known: why.
    pub(super) doubt: Option<String>,
}

/// What an option takes.
enum Takes {
    Nothing,
    Value,
}

impl Options {
    /// Reads them.
    pub(super) fn read(words: &[Text], launcher: &Launcher) -> Self {
        let mut options = Self::default();
        while let Some(word) = words.get(options.words) {
            let start = word.known_start();
            match word.parts() {
                // What may be an image, a number of seconds or a script is taken for that.
                [Part::Unknown { .. }, ..] if !options.may_end_in(word, launcher) => {
                    options.doubt = Some(format!("what `{word}` stands for is not known"));
                    return options;
                }
                _ if !start.starts_with('-') || start == "-" => return options,
                _ => {}
            }
            options.words += 1;
            let next = words.get(options.words);
            let read = match start.strip_prefix("--") {
                Some("") if word.as_known().is_some() => return options,
                Some(_) => options.long(word, next, launcher),
                None => options.short(word, next, launcher),
            };
            if let Err(unknown) = read {
                options.doubt = Some(format!(
                    "whether the option `{unknown}` of `{}` takes a value is not known",
                    launcher.name.join(" ")
                ));
                return options;
            }
            // Behind `-m` of Python stands all that is the module's.
            if launcher.then == Then::ModuleOnly && options.value(&["m", "c"]).is_some() {
                return options;
            }
        }
        options
    }

    /// Whether they may end in front of a word that is not known.
    fn may_end_in(&self, word: &Text, launcher: &Launcher) -> bool {
        match launcher.then {
            Then::Container | Then::Behind(_) => true,
            Then::Shell => self.has(&["c"]) || !word.splits(),
            _ => false,
        }
    }

    /// The value of the last of these.
    pub(super) fn value(&self, names: &[&str]) -> Option<&Text> {
        self.given.iter().rev().filter(|(name, _)| names.contains(&name.as_str())).find_map(|(_, value)| value.as_ref())
    }

    /// The values of these, in order.
    pub(super) fn values<'o>(&'o self, names: &'o [&str]) -> impl Iterator<Item = &'o Text> {
        self.given.iter().filter(|(name, _)| names.contains(&name.as_str())).filter_map(|(_, value)| value.as_ref())
    }

    /// Whether one of these is given.
    pub(super) fn has(&self, names: &[&str]) -> bool {
        self.given.iter().any(|(name, _)| names.contains(&name.as_str()))
    }

    fn long(&mut self, word: &Text, next: Option<&Text>, launcher: &Launcher) -> Result<(), String> {
        let start = word.known_start().trim_start_matches('-');
        if let Some((name, _)) = start.split_once('=') {
            let value = word.strip_prefix(&format!("--{name}="));
            self.given.push((name.to_owned(), value));
            return Ok(());
        }
        let takes = match word.as_known() {
            Some(_) if launcher.long.contains(&start) => Takes::Nothing,
            Some(_) if launcher.long.iter().any(|option| option.strip_suffix('=') == Some(start)) => Takes::Value,
            _ => return Err(word.to_string()),
        };
        self.take(start, takes, next);
        Ok(())
    }

    fn short(&mut self, word: &Text, next: Option<&Text>, launcher: &Launcher) -> Result<(), String> {
        let start = word.known_start();
        for (at, letter) in start.char_indices().skip(1) {
            let Some(place) = launcher.short.find(letter).filter(|_| letter != ':') else {
                return Err(format!("-{letter}"));
            };
            let name = &start[at..at + letter.len_utf8()];
            if !launcher.short[place + letter.len_utf8()..].starts_with(':') {
                self.take(name, Takes::Nothing, None);
                continue;
            }
            let behind = word.strip_prefix(&start[..at + letter.len_utf8()]).filter(|rest| !rest.parts().is_empty());
            match behind {
                Some(value) => self.given.push((name.to_owned(), Some(value))),
                None => self.take(name, Takes::Value, next),
            }
            return Ok(());
        }
        // What is not known of it may be more letters.
        if word.as_known().is_some() { Ok(()) } else { Err(word.to_string()) }
    }

    fn take(&mut self, name: &str, takes: Takes, next: Option<&Text>) {
        let value = match takes {
            Takes::Nothing => None,
            Takes::Value => {
                self.words += 1;
                Some(next.cloned().unwrap_or_default())
            }
        };
        self.given.push((name.to_owned(), value));
    }
}
