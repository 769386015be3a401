//! Which module pytest takes for a file: it imports files by name, and Python has one module of a name.
//!
//! Source of the rules: `import_path` of pytest's `_pytest.pathlib`, and Python's import system.

use camino::{Utf8Path, Utf8PathBuf};
use foldhash::HashMap;

use crate::imports::{INIT, Import, Imports};

/// What the import of a file gives where that is not the file's own module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Taken {
    /// The module of another file, which has the name: an `__init__.py` is not compared with what is imported, and with
    /// `importlib` no file is.
    Other(Utf8PathBuf),
    /// None: the name is another file's.
    Refused {
        /// What must not have been imported before: a module or package, by its name.
        what: String,
        /// The file that has the name.
        by: Utf8PathBuf,
    },
}

/// The modules that are imported so far.
#[derive(Debug, Default)]
pub(crate) struct ModuleNames {
    files: HashMap<Box<str>, Utf8PathBuf>,
    /// What went on `sys.path`, in its order.
    path: Vec<Utf8PathBuf>,
}

impl ModuleNames {
    /// Imports a file; `None` where that gives its own module.
    pub(crate) fn import(&mut self, file: &Utf8Path, imports: &Imports) -> Option<Taken> {
        let (root, name) = imports
            .name_in(file, &self.path)
            .unwrap_or_else(|| (imports.package_root(file), imports.module_name(file)));
        imports.put_on(&mut self.path, root);
        let (what, by) = match self.meaning(&name, root, file, imports) {
            Ok(found) if is_same(&found, file) => return None,
            Ok(found) if found.is_file() && (imports.takes_any_module() || file.file_name() == Some(INIT)) => {
                return Some(Taken::Other(found));
            }
            Ok(by) => (format!("module `{name}`"), by),
            Err(by) => (format!("package `{}`", name.split('.').next().unwrap_or_default()), by),
        };
        Some(Taken::Refused { what, by })
    }

    /// Forgets the module of a conftest outside packages: the next one is imported by the same name.
    pub(crate) fn forget(&mut self, name: &str) {
        self.files.remove(name);
    }

    /// The file that the name of another stands for, once it is imported; `Err` with the package in which there is none.
    fn meaning(
        &mut self,
        name: &str,
        root: &Utf8Path,
        file: &Utf8Path,
        imports: &Imports,
    ) -> Result<Utf8PathBuf, Utf8PathBuf> {
        if let Some(known) = self.files.get(name) {
            return Ok(known.clone());
        }
        let mut parents = name.rmatch_indices('.').map(|(end, _)| (&name[..end], &name[end + 1..]));
        let known = parents.find_map(|(parent, rest)| Some((self.files.get(parent)?.clone(), rest)));
        let Some((package, rest)) = known.filter(|_| !imports.takes_any_module()) else {
            let found = match imports.import_of(file, root, name, &self.path) {
                Import::File(found) | Import::Namespace(found) => found,
                Import::Outside => file.to_owned(),
            };
            if imports.takes_any_module() {
                self.files.insert(name.into(), found.clone());
                if imports.makes_parents() {
                    // They have nothing in them.
                    for (end, _) in name.match_indices('.') {
                        self.files.entry(name[..end].into()).or_insert_with(|| root.to_owned());
                    }
                }
            } else {
                self.insert(name, root, &found);
            }
            return Ok(found);
        };
        let folder = package.parent().filter(|_| package.file_name() == Some(INIT));
        match folder.map(|folder| (folder, imports.below(folder, rest))) {
            Some((folder, Import::File(found))) => {
                let root = folder.ancestors().nth(name.split('.').count() - rest.split('.').count());
                self.insert(name, root.unwrap_or(folder), &found);
                Ok(found)
            }
            _ => Err(package),
        }
    }

    /// A module, and the packages around it.
    fn insert(&mut self, name: &str, root: &Utf8Path, file: &Utf8Path) {
        let mut folder = root.to_owned();
        for (end, _) in name.match_indices('.') {
            folder.push(name[..end].rsplit('.').next().unwrap_or_default());
            self.files.entry(name[..end].into()).or_insert_with(|| folder.join(INIT));
        }
        self.files.insert(name.into(), file.to_owned());
    }
}

/// Whether two paths lead to one file.
fn is_same(one: &Utf8Path, other: &Utf8Path) -> bool {
    one == other || one.canonicalize_utf8().ok().is_some_and(|real| other.canonicalize_utf8().ok() == Some(real))
}
