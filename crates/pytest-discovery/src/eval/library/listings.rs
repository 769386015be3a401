//! What folders of the tree hold. No order of it is known: a file system gives any.

use camino::{Utf8Path, Utf8PathBuf};

use super::super::value::{Arguments, Value};
use super::super::{Frame, Interpreter, MOST_ELEMENTS};
use super::paths::{normpath, text_of};
use crate::fnmatch::FnMatch;
use crate::syntax::ast::Range;

/// What has a meaning of its own in a pattern.
const WILD: [char; 3] = ['*', '?', '['];

impl Interpreter<'_> {
    /// The entries of a folder of the tree, in no known order: a set.
    pub(super) fn listing(&mut self, folder: &str, pattern: &str, all: bool) -> Option<Value> {
        let folder_path = self.inside(folder)?;
        let mut parts: Vec<&str> = pattern.split('/').collect();
        let last = parts.pop()?;
        let mut folders = vec![folder_path];
        for part in parts {
            let mut below = Vec::new();
            for folder in &folders {
                match part {
                    "**" => self.folders_below(folder, &mut below, 0)?,
                    part if part.contains(['*', '?', '[']) => {
                        let matcher = crate::fnmatch::FnMatch::new(part);
                        for (name, path) in entries(folder)? {
                            if path.is_dir() && matcher.matches(&name) {
                                below.push(path);
                            }
                        }
                    }
                    part => {
                        let path = folder.join(part);
                        if path.is_dir() {
                            below.push(self.inside(path.as_str())?);
                        }
                    }
                }
            }
            folders = below;
        }
        if last == "**" {
            return None;
        }
        let matcher = crate::fnmatch::FnMatch::new(last);
        let mut found = Vec::new();
        for folder in folders {
            for (name, path) in entries(&folder)? {
                if all || matcher.matches(&name) {
                    found.push(Value::Path(path.as_str().into()));
                }
            }
            self.charge(found.len());
            if found.len() > MOST_ELEMENTS || self.is_exhausted() {
                return None;
            }
        }
        Some(Value::set(found))
    }

    fn folders_below(&mut self, folder: &Utf8Path, found: &mut Vec<Utf8PathBuf>, depth: u32) -> Option<()> {
        if depth > 20 || found.len() > MOST_ELEMENTS || !self.step() {
            return None;
        }
        found.push(folder.to_owned());
        for (_, path) in entries(folder)? {
            // A link may lead in circles.
            if path.is_dir() && !path.is_symlink() {
                self.folders_below(&path, found, depth + 1)?;
            }
        }
        Some(())
    }

    /// `os.listdir(path)`
    pub(super) fn listdir(&mut self, arguments: &Arguments, frame: &Frame, range: Range) -> Option<Value> {
        let folder = match &arguments.plain()?[..] {
            [] => ".",
            [one] => text_of(one)?,
            _ => return None,
        };
        let folder = self.inside(&normpath(folder)?)?;
        if !folder.exists() {
            return Some(self.fail("FileNotFoundError", format!("no folder `{folder}`"), frame, range));
        }
        if !folder.is_dir() {
            return Some(self.fail("NotADirectoryError", format!("`{folder}` is no folder"), frame, range));
        }
        let names = entries(&folder)?.into_iter().map(|(name, _)| Value::str(name)).collect();
        self.in_no_order(names, frame, range)
    }

    /// `glob.glob(pattern)` of the entries of one folder.
    pub(super) fn glob(&mut self, arguments: &Arguments, frame: &Frame, range: Range) -> Option<Value> {
        let [pattern] = arguments.plain()?[..] else { return None };
        let pattern = pattern.as_str()?;
        let (folder, last) = match pattern.rsplit_once('/') {
            Some((folder, last)) => (Some(folder), last),
            None => (None, pattern),
        };
        if folder.is_some_and(|folder| folder.is_empty() || folder.contains(WILD)) || !last.contains(WILD) {
            return None;
        }
        let matcher = FnMatch::new(last);
        let at = self.inside(&normpath(folder.unwrap_or("."))?)?;
        let found = entries(&at)?.into_iter().map(|(name, _)| name);
        // What is hidden is only found by who asks for it.
        let found = found.filter(|name| matcher.matches(name) && (last.starts_with('.') || !name.starts_with('.')));
        let found =
            found.map(|name| Value::str(folder.map_or_else(|| name.clone(), |folder| format!("{folder}/{name}"))));
        let found = found.collect();
        self.in_no_order(found, frame, range)
    }

    fn in_no_order(&mut self, items: Vec<Value>, frame: &Frame, range: Range) -> Option<Value> {
        self.charge(items.len());
        if items.len() < 2 {
            return Some(Value::list(items));
        }
        let doubt = self.doubt(frame, range, "the order of what a folder holds");
        Some(self.list_in_any_order(items, &doubt))
    }
}

/// The entries of a folder, sorted by name.
fn entries(folder: &Utf8Path) -> Option<Vec<(String, Utf8PathBuf)>> {
    if !folder.is_dir() {
        return Some(Vec::new());
    }
    let mut found = Vec::new();
    for entry in folder.read_dir_utf8().ok()? {
        let entry = entry.ok()?;
        found.push((entry.file_name().to_owned(), entry.path().to_owned()));
        if found.len() > MOST_ELEMENTS {
            return None;
        }
    }
    found.sort();
    Some(found)
}
