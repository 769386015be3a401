//! `sys.path`, as far as import-time code changes it.

use camino::{Utf8Path, Utf8PathBuf};
use test_catalog::{Reason, SourceSpan, TreePath};

use super::value::{Arguments, Doubt, Value};
use super::{Frame, Interpreter, shared};
use crate::imports::Import;
use crate::paths::absolute;
use crate::syntax::ast::Range;

/// Folders that were put in front of `sys.path`.
#[derive(Debug, Default)]
pub(super) struct InFront {
    /// The first one first, with the file that pytest imported when it was put there.
    folders: Vec<(Utf8PathBuf, Utf8PathBuf)>,
    /// Why it is not known what else there is, since pytest imported that file.
    doubt: Option<(Doubt, Utf8PathBuf)>,
}

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

    /// A folder, or something that is not known, becomes the first of `sys.path`.
    pub(super) fn put_in_front(&mut self, folder: &Value, frame: &Frame, range: Range) {
        shared::changed_for_all();
        let path = match folder {
            Value::Path(path) => Some(&**path),
            other => other.as_str(),
        };
        let by = self.outermost(&frame.module.path).to_owned();
        match path {
            // Python takes no such object for a folder.
            Some(_) if matches!(folder, Value::Path(_)) => {}
            Some(path) if self.current_doubt().is_none() => {
                let folder = absolute(self.tree, path);
                self.in_front.folders.insert(0, (folder, by));
            }
            _ => {
                let doubt = self.doubt(frame, range, "a folder that may be the first of `sys.path`");
                self.in_front.doubt = Some((doubt, by));
            }
        }
    }

    /// What an absolute import means behind such changes, where it means `usual` without them.
    pub(super) fn found_in_front(&self, from: &Utf8Path, dotted: &str, usual: Import) -> Result<Import, Doubt> {
        let outermost = self.outermost(from);
        let root = || self.imports.package_root(outermost);
        // pytest puts the root of each file that it imports in front again.
        let is_own = || {
            self.imports.puts_roots_in_front()
                && matches!(usual, Import::File(_))
                && self.imports.in_folder(root(), dotted) == usual
        };
        for (folder, by) in &self.in_front.folders {
            let is_first = by.as_str() == outermost.as_str();
            let found = self.imports.in_folder(folder, dotted);
            return match (found, &usual) {
                (found @ Import::File(_), usual) if found == *usual || is_first => Ok(found),
                _ if !is_first && is_own() => break,
                (Import::File(_), Import::File(other)) => Err(several(dotted, other)),
                (found @ Import::File(_), _) => Ok(found),
                _ => continue,
            };
        }
        match &self.in_front.doubt {
            Some((_, by)) if by.as_str() != outermost.as_str() && is_own() => Ok(usual),
            Some((doubt, _)) if matches!(usual, Import::File(_)) && self.imports.are_several(root(), dotted) => {
                Err(doubt.clone())
            }
            _ => Ok(usual),
        }
    }

    /// The file that is imported by nobody else here, for the sake of which this one is.
    fn outermost<'p>(&'p self, from: &'p Utf8Path) -> &'p Utf8Path {
        self.importing.first().map_or(from, |module| &module.path)
    }

    /// Whether `sys.path` has been changed so that this matters.
    pub(super) fn has_other_path(&self) -> bool {
        !self.in_front.folders.is_empty() || self.in_front.doubt.is_some()
    }
}

fn several(dotted: &str, file: &Utf8Path) -> Doubt {
    let text = format!("several folders of `sys.path` have `{dotted}`");
    Reason { text, at: SourceSpan::line(TreePath::new(file), 1) }.into()
}
