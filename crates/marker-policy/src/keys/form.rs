//! How strings of a policy file are written.

use crate::duration;
use crate::location::{FileNamePattern, FolderPattern};
use crate::nearest::{did_you_mean, nearest};

/// How a string is written.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// Anything but the empty string.
    Any,
    /// One of these words, each with what it means.
    OneOf(fn() -> Vec<(&'static str, &'static str)>),
    /// A marker's name, as Python writes it behind `pytest.mark.`.
    Marker,
    /// A module or package of Python, with dots.
    Module,
    /// A folder of the tree and all below it; `{component}` stands for any one folder.
    Folder,
    /// A file or folder of the tree, or `.` for the tree itself.
    Path,
    /// A folder of another machine.
    AbsoluteFolder,
    /// How test files are named.
    FileName,
    /// `15 s`, `5 min`, `2 h`.
    Duration,
    /// The id of a test, a file, a folder, or a pattern of such.
    Tests,
}

/// A part of a path that is no placeholder, no `.` and no `..`.
const SEGMENT: &str = r"(?:[^/{}*?\\.][^/{}*?\\]*|\.[^/{}*?\\.][^/{}*?\\]*|\.\.[^/{}*?\\]+)";

impl Form {
    /// Whether a string is written so.
    pub(crate) fn takes(self, text: &str) -> bool {
        self.mistake(text).is_none()
    }

    /// What is wrong with a string, and what was probably meant: the string, then the rest of a sentence.
    pub(super) fn mistake(self, text: &str) -> Option<String> {
        if text.is_empty() {
            return Some("an empty string".to_owned());
        }
        match self {
            Self::Any => None,
            Self::OneOf(words) => {
                let words: Vec<&str> = words().into_iter().map(|(word, _)| word).collect();
                if words.contains(&text) {
                    return None;
                }
                let mut meant = nearest(text, words.iter().copied());
                let are_few = words.len() <= MOST_WORDS;
                let expected =
                    if are_few || meant.is_empty() { format!(", expected {}", listed(&words)) } else { String::new() };
                meant.truncate(if are_few { 1 } else { meant.len() });
                Some(format!("`{}`{expected}{}", short(text), did_you_mean(&meant)))
            }
            Self::Marker => (!is_marker(text)).then(|| {
                format!("`{}`, which cannot be a marker: letters, digits and `_`, no digit first", short(text))
            }),
            Self::Module => (!text.split('.').all(is_marker)).then(|| {
                format!(
                    "`{}`, which Python cannot import: names with dots between them, such as `vllm.engine`",
                    short(text)
                )
            }),
            Self::Folder => FolderPattern::parse(text).err().map(|wrong| quoted(text, &wrong)),
            Self::Path if text == "." => None,
            Self::Path => FolderPattern::parse(text).err().map(|wrong| quoted(text, &wrong)),
            Self::AbsoluteFolder => (!text.starts_with('/'))
                .then(|| quoted(text, "write an absolute folder of CI's machines: `/workspace`")),
            Self::FileName => FileNamePattern::parse(text).err().map(|wrong| quoted(text, &wrong)),
            Self::Duration => duration::parse(text)
                .is_none()
                .then(|| format!("`{}`, which is no duration; write `15 s`, `5 min` or `2 h`", short(text))),
            Self::Tests => crate::exemption::TestPattern::parse(text).err().map(|wrong| quoted(text, &wrong)),
        }
    }

    /// A regular expression that all such strings match and no others, in the words that JSON Schema has.
    pub(super) fn pattern(self) -> Option<String> {
        match self {
            Self::Any | Self::OneOf(_) => None,
            Self::Marker => Some(r"^[_\p{XID_Start}]\p{XID_Continue}*$".to_owned()),
            Self::Module => {
                Some(r"^[_\p{XID_Start}]\p{XID_Continue}*(?:\.[_\p{XID_Start}]\p{XID_Continue}*)*$".to_owned())
            }
            Self::Folder => Some(format!(r"^(?:{SEGMENT}/)*(?:{SEGMENT}|\{{component\}})(?:/{SEGMENT})*$")),
            Self::Path => Some(format!(r"^(?:\.|(?:{SEGMENT}/)*(?:{SEGMENT}|\{{component\}})(?:/{SEGMENT})*)$")),
            Self::AbsoluteFolder => Some("^/".to_owned()),
            Self::FileName => Some(r"^[^/{}]*\{component\}[^/{}]+\{flow\}[^/{}]*$".to_owned()),
            Self::Duration => Some("^[0-9]{1,9} *(?:s|min|h)$".to_owned()),
            Self::Tests => Some(r"^[^/\n](?:[^\n]*[^/\n])?$".to_owned()),
        }
    }

    /// One of them, in words.
    #[must_use]
    pub fn one(self) -> &'static str {
        match self {
            Self::Any | Self::OneOf(_) => "a string",
            Self::Marker => "a marker's name",
            Self::Module => "a module",
            Self::Folder => "a folder of the tree",
            Self::Path => "a path in the tree",
            Self::AbsoluteFolder => "an absolute folder",
            Self::FileName => "a pattern of file names",
            Self::Duration => "a duration, such as \"5 min\"",
            Self::Tests => "a test, a file, a folder or a pattern",
        }
    }

    /// What is expected where something else stands.
    pub(super) fn expected(self) -> String {
        match self.words().len() {
            1..=MOST_WORDS => listed(&self.words().into_iter().map(|(word, _)| word).collect::<Vec<_>>()),
            _ => self.one().to_owned(),
        }
    }

    /// Several of them, in words.
    #[must_use]
    pub fn several(self) -> &'static str {
        match self {
            Self::Any | Self::OneOf(_) => "strings",
            Self::Marker => "markers",
            Self::Module => "modules",
            Self::Folder => "folders of the tree",
            Self::Path => "paths in the tree",
            Self::AbsoluteFolder => "absolute folders",
            Self::FileName => "patterns of file names",
            Self::Duration => "durations",
            Self::Tests => "tests, files, folders or patterns",
        }
    }

    /// The words that there are, each with its meaning, where no others are taken.
    #[must_use]
    pub fn words(self) -> Vec<(&'static str, &'static str)> {
        if let Self::OneOf(words) = self { words() } else { Vec::new() }
    }
}

/// So many words are always listed; of more, only where none is near.
const MOST_WORDS: usize = 6;

/// What can stand behind `pytest.mark.`.
fn is_marker(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|first| first == '_' || unicode_ident::is_xid_start(first))
        && characters.all(unicode_ident::is_xid_continue)
}

fn quoted(text: &str, wrong: &str) -> String {
    format!("`{}`: {wrong}", short(text))
}

/// A string as a message shows it: a file may have one of any length.
pub(crate) fn short(text: &str) -> String {
    const MOST: usize = 80;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match &quoted[..] {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
