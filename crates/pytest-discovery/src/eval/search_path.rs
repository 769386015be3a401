//! `sys.path`, as far as import-time code changes it.

use camino::Utf8Path;

use super::value::{Arguments, Value};
use super::{Frame, Interpreter};
use crate::paths::{absolute, is_within};
use crate::syntax::ast::Range;

impl Interpreter<'_> {
    /// `sys.path.insert(PLACE, FOLDER)`.
    pub(super) fn insert_path(&mut self, arguments: &Arguments, frame: &Frame, range: Range) {
        let is_front = matches!(arguments.plain().as_deref(), Some([Value::Int(place), _]) if place.sign() == num_bigint::Sign::NoSign);
        let folder = arguments.positional.get(1).map(|one| one.value.clone());
        // Behind others it decides less than is known of them.
        if let Some(folder) = folder.filter(|_| is_front) {
            self.put_in_front(&folder, frame, range);
        }
    }

    /// Puts the root of a file there, as pytest does before it imports the file.
    pub(crate) fn put_root(&mut self, file: &Utf8Path) {
        self.sys.put_root(self.imports.package_root(file), self.imports.mode());
    }

    /// A folder, or something that is not known, becomes the first of `sys.path`.
    pub(super) fn put_in_front(&mut self, folder: &Value, frame: &Frame, range: Range) {
        match folder {
            // Python takes no such object for a folder.
            Value::Path(_) => {}
            Value::Str(text) if let Some(path) = text.as_str() => {
                // What lies elsewhere is not read.
                let folder = Some(absolute(self.tree, path)).filter(|folder| is_within(folder, self.tree));
                if folder.is_some() {
                    self.sys.put_in_front(folder, self.current_doubt().cloned());
                }
            }
            _ => {
                let doubt = self.doubt(frame, range, "a folder that may be the first of `sys.path`");
                self.sys.put_in_front(None, Some(doubt));
            }
        }
    }
}
