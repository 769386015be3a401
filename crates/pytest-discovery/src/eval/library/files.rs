//! `open(...)`: files of the tree, to be read as texts.

use std::rc::Rc;

use foldhash::HashMap;

use super::super::iterator::Feed;
use super::super::value::{Arguments, Iterator, Value};
use super::super::{Interpreter, MOST_TEXT};
use super::yaml;

/// How many files and documents are kept, and how large they are at most: a helper that reads a file is called again and again.
const MOST_KEPT: usize = 64;
const KEPT_BYTES: usize = 32 << 10;

/// What was read before.
#[derive(Debug, Default)]
pub(in crate::eval) struct ReadBefore {
    /// Files, by their paths as they were given.
    texts: HashMap<Box<str>, Rc<str>>,
    /// By their texts; nobody else has these objects.
    documents: HashMap<Box<str>, Value>,
}

impl Interpreter<'_> {
    /// The text of a file of the tree, with each end of a line as `\n` unless `newline=""` leaves them.
    pub(super) fn file_text(&mut self, path: &str, keep_newlines: bool) -> Option<String> {
        let text = match self.read_before.texts.get(path) {
            Some(text) => text.clone(),
            None => {
                let inside = self.inside(path)?;
                let size = inside.metadata().ok().filter(std::fs::Metadata::is_file)?.len();
                if size > MOST_TEXT as u64 {
                    self.charge(MOST_TEXT / 64);
                    return None;
                }
                let text: Rc<str> = std::fs::read_to_string(inside).ok()?.into();
                if text.len() <= KEPT_BYTES && self.read_before.texts.len() < MOST_KEPT {
                    self.read_before.texts.insert(path.into(), text.clone());
                }
                text
            }
        };
        self.charge(10 + text.len() / 64);
        let is_as_it_is = keep_newlines || !text.contains('\r');
        Some(if is_as_it_is { text.to_string() } else { text.replace("\r\n", "\n").replace('\r', "\n") })
    }

    /// `yaml.safe_load(...)` of a text: an object of its own each time.
    pub(super) fn yaml(&mut self, text: &str) -> Option<Value> {
        self.charge(text.len() / 16);
        if let Some(known) = self.read_before.documents.get(text).cloned()
            && let Some(copy) = self.deep_copy(&known)
        {
            return Some(copy);
        }
        let document = yaml::parse(text)?;
        if text.len() <= KEPT_BYTES
            && self.read_before.documents.len() < MOST_KEPT
            && let Some(copy) = self.deep_copy(&document)
        {
            self.read_before.documents.insert(text.into(), copy);
        }
        Some(document)
    }

    /// `open(path)` for reading a text: the lines that are left. `None` for all else.
    pub(super) fn opened(&mut self, path: &str, arguments: &Arguments, first: usize) -> Option<Value> {
        let text = |position: usize, name: &str| arguments.get(position, name).map(|value| value.as_str());
        let mode = text(first, "mode").unwrap_or(Some("r"))?;
        let encoding = text(first + 2, "encoding").unwrap_or(Some("utf-8"))?.to_ascii_lowercase();
        let newline = match arguments.get(first + 4, "newline") {
            None | Some(Value::None) => None,
            Some(value) => Some(value.as_str()?),
        };
        let plain = matches!(mode, "r" | "rt")
            && matches!(&*encoding, "utf-8" | "utf8")
            && matches!(newline, None | Some("" | "\n"))
            && arguments.only(&["mode", "buffering", "encoding", "errors", "newline"]);
        if !plain {
            return None;
        }
        let text = self.file_text(path, newline.is_some())?;
        // Where `\r` ends lines, they are split in another way.
        if newline.is_some() && text.replace("\r\n", "").contains('\r') {
            return None;
        }
        Some(Iterator::value(Feed::File(text.split_inclusive('\n').map(Value::str).collect())))
    }

    /// What is left of a file that was opened.
    pub(super) fn rest_of_file(&self, file: &Value) -> Option<String> {
        let Value::Iterator(iterator) = file else { return None };
        let Feed::File(lines) = &mut *iterator.0.borrow_mut() else { return None };
        if self.current_doubt().is_some() {
            return None;
        }
        let text = lines.iter().filter_map(Value::as_str).collect();
        lines.clear();
        Some(text)
    }

    /// A method of a file that was opened.
    pub(super) fn file_method(&self, file: &Value, name: &str, arguments: &Arguments) -> Option<Value> {
        if !arguments.positional.is_empty() || !arguments.keywords.is_empty() {
            return None;
        }
        match name {
            "read" => self.rest_of_file(file).map(Value::str),
            "readlines" => {
                let text = self.rest_of_file(file)?;
                Some(Value::list(text.split_inclusive('\n').map(Value::str).collect()))
            }
            "close" | "flush" => Some(Value::None),
            _ => None,
        }
    }
}

/// Whether it is a file that was opened.
pub(in crate::eval) fn is_file(value: &Value) -> bool {
    matches!(value, Value::Iterator(iterator) if matches!(&*iterator.0.borrow(), Feed::File(_)))
}
