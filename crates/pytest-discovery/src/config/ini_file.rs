//! INI files, to the letter of the `iniconfig` package that pytest reads them with.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use camino::Utf8Path;

use super::ConfigError;
use super::setting::{Line, Setting};

/// The sections of an INI file.
#[derive(Debug, Default, PartialEq)]
pub(super) struct IniFile {
    sections: BTreeMap<String, BTreeMap<String, Setting>>,
}

impl IniFile {
    /// Reads a file's text; `file` is for messages.
    pub(super) fn parse(file: &Utf8Path, text: &str) -> Result<Self, ConfigError> {
        let mut sections: BTreeMap<String, BTreeMap<String, Setting>> = BTreeMap::new();
        let mut section: Option<String> = None;
        // The value that an indented line continues: none directly behind a section's header.
        let mut open: Option<String> = None;
        for (number, line) in (1..).zip(lines(text.trim_start_matches('\u{feff}'))) {
            let wrong = |what: String| ConfigError::malformed(file, number, what);
            match parse_line(line).map_err(wrong)? {
                IniLine::Blank => {}
                IniLine::Section(name) => {
                    if name.is_empty() {
                        return Err(wrong("a section without a name".to_owned()));
                    }
                    if sections.insert(name.to_owned(), BTreeMap::new()).is_some() {
                        return Err(wrong(format!("section [{name}] stands here a second time: join the two")));
                    }
                    section = Some(name.to_owned());
                    open = None;
                }
                IniLine::Value { name, value } => {
                    let values = section.as_ref().and_then(|section| sections.get_mut(section));
                    let Some(values) = values else {
                        return Err(wrong(format!("`{name}` stands before any section: put it below [pytest]")));
                    };
                    let first = Line { text: value.to_owned(), line: number };
                    let kept = if value.is_empty() { vec![] } else { vec![first] };
                    match values.entry(name.to_owned()) {
                        Entry::Vacant(place) => place.insert(Setting::ini(kept, number)),
                        Entry::Occupied(_) => {
                            return Err(wrong(format!("`{name}` is set a second time: keep one of the two")));
                        }
                    };
                    open = Some(name.to_owned());
                }
                IniLine::Continuation(text) => {
                    let values = section.as_ref().and_then(|section| sections.get_mut(section));
                    let value = open.as_ref().and_then(|name| values?.get_mut(name));
                    let Some(value) = value else {
                        return Err(wrong("an indented line that continues no value: write `name = value`".to_owned()));
                    };
                    value.continue_with(Line { text: text.to_owned(), line: number });
                }
            }
        }
        Ok(Self { sections })
    }

    pub(super) fn has(&self, section: &str) -> bool {
        self.sections.contains_key(section)
    }

    pub(super) fn take(&mut self, section: &str) -> Option<BTreeMap<String, Setting>> {
        self.sections.remove(section)
    }
}

enum IniLine<'a> {
    Blank,
    Section(&'a str),
    Value { name: &'a str, value: &'a str },
    Continuation(&'a str),
}

fn parse_line(line: &str) -> Result<IniLine<'_>, String> {
    if line.trim_start_matches(is_space).starts_with(['#', ';']) {
        return Ok(IniLine::Blank);
    }
    let line = line.trim_end_matches(is_space);
    if line.is_empty() {
        return Ok(IniLine::Blank);
    }
    if line.starts_with('[') {
        // A comment may stand behind a header, and only there.
        let mut header = line;
        for mark in ['#', ';'] {
            header = header.split(mark).next().unwrap_or(header).trim_end_matches(is_space);
        }
        return Ok(match header.strip_suffix(']') {
            Some(inside) => IniLine::Section(inside.strip_prefix('[').unwrap_or(inside)),
            None => IniLine::Continuation(line),
        });
    }
    if line.starts_with(is_space) {
        return Ok(IniLine::Continuation(line.trim_matches(is_space)));
    }
    let split = line.split_once('=').filter(|(name, _)| !name.contains(':')).or_else(|| line.split_once(':'));
    let Some((name, value)) = split else {
        return Err(format!("`{line}` is neither a section nor `name = value`"));
    };
    Ok(IniLine::Value { name: name.trim_matches(is_space), value: value.trim_matches(is_space) })
}

/// What Python's `str.isspace` holds for space.
pub(crate) fn is_space(letter: char) -> bool {
    letter.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&letter)
}

/// Lines as Python's `str.splitlines` finds them; none behind a final line break.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some((at, letter)) = rest.char_indices().find(|(_, letter)| breaks_line(*letter)) else {
            return Some(std::mem::take(&mut rest));
        };
        let line = &rest[..at];
        let mut next = at + letter.len_utf8();
        if letter == '\r' && rest[next..].starts_with('\n') {
            next += 1;
        }
        rest = &rest[next..];
        Some(line)
    })
}

fn breaks_line(letter: char) -> bool {
    matches!(letter, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn value(text: &str, name: &str) -> Option<String> {
        let mut file = IniFile::parse("pytest.ini".into(), text).unwrap();
        file.take("pytest").and_then(|values| Some(values.get(name)?.text()))
    }

    #[test]
    fn comments_are_lines_and_never_ends_of_lines() {
        let text = "[pytest] ; mine\naddopts = -q # quiet\n  ; not this\n  -x\n";
        assert_eq!(value(text, "addopts").as_deref(), Some("-q # quiet\n-x"));
    }

    #[test]
    fn a_colon_left_of_the_equals_sign_separates() {
        assert_eq!(value("[pytest]\na:b = c\n", "a").as_deref(), Some("b = c"));
        assert_eq!(value("[pytest]\na = b:c\n", "a").as_deref(), Some("b:c"));
    }

    #[test]
    fn every_mistake_names_its_line() {
        for (text, line) in [
            ("a = b\n", 1),
            ("[pytest]\n\n[pytest]\n", 3),
            ("[pytest]\na = b\na = c\n", 3),
            ("[pytest]\n  a = b\n", 2),
            ("[pytest]\nwhat is this\n", 2),
            ("[]\n", 1),
        ] {
            let found = IniFile::parse("pytest.ini".into(), text);
            assert!(matches!(found, Err(ConfigError::Malformed { line: at, .. }) if at == line), "{text:?} {found:?}");
        }
    }
}
