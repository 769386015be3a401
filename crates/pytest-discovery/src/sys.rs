//! Python's `sys.modules` and `sys.path`, as far as they are of the tree, as they are at a moment of the session.
//!
//! Source of the rules: Python's import system. A name that is in `sys.modules` is not looked for again, and what lies in
//! a package is looked for in that package alone.

use camino::{Utf8Path, Utf8PathBuf};
use foldhash::HashMap;

use crate::eval::shared;
use crate::eval::value::Doubt;
use crate::imports::{INIT, Import, Imports};
use crate::options::ImportMode;
use crate::standard_library;

/// What is imported by a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Module {
    File(Utf8PathBuf),
    /// A folder without `__init__.py`, or what pytest makes for one: it has nothing in it.
    Namespace(Utf8PathBuf),
    /// One of Python's library, or of another one.
    Outside,
}

impl Module {
    /// Where what lies in it is found, if it is a package.
    pub(crate) fn folder(&self) -> Option<&Utf8Path> {
        match self {
            Self::File(file) if file.file_name() == Some(INIT) => file.parent(),
            Self::Namespace(folder) => Some(folder),
            _ => None,
        }
    }
}

/// A folder of `sys.path`.
#[derive(Debug, Clone)]
struct Entry {
    /// `None` where it is not known which.
    folder: Option<Utf8PathBuf>,
    /// Why it may not be there.
    doubt: Option<Doubt>,
    from: From,
}

/// Who put a folder on `sys.path`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    /// It is taken to be there: the working directory, and what is installed for development.
    Assumed,
    /// pytest: for `pythonpath`, or for a file that it imports.
    Pytest,
    /// Code of the tree.
    Tree,
}

/// The modules that are imported, and where others are looked for.
#[derive(Debug)]
pub(crate) struct Sys {
    /// By name; with why they may not be there.
    modules: HashMap<Box<str>, (Module, Option<Doubt>)>,
    /// The first one is asked first.
    path: Vec<Entry>,
}

/// `sys.path` of a moment.
pub(crate) struct Path(Vec<Entry>);

impl Sys {
    /// As they are when pytest starts.
    pub(crate) fn new(imports: &Imports) -> Self {
        let entry = |folder: &Utf8PathBuf, from| Entry { folder: Some(folder.clone()), doubt: None, from };
        let pythonpath = imports.pythonpath().iter().map(|folder| entry(folder, From::Pytest));
        let path = pythonpath.chain(imports.assumed().iter().map(|folder| entry(folder, From::Assumed))).collect();
        Self { modules: HashMap::default(), path }
    }

    /// What is imported by a name, maybe.
    pub(crate) fn module(&self, name: &str) -> Option<&Module> {
        self.modules.get(name).map(|(module, _)| module)
    }

    /// Something is imported by a name, in the place of what was before.
    pub(crate) fn insert(&mut self, name: &str, module: Module, doubt: Option<Doubt>) {
        self.modules.insert(name.into(), (module, doubt));
    }

    /// The same, unless there is something of that name.
    pub(crate) fn keep_or_insert(&mut self, name: &str, module: impl FnOnce() -> Module, doubt: Option<Doubt>) {
        if !self.modules.contains_key(name) {
            self.insert(name, module(), doubt);
        }
    }

    /// A file is imported by a name, for certain or not; as long as another one has the name, it has.
    pub(crate) fn imported(&mut self, name: &str, file: &Utf8Path, doubt: Option<Doubt>) {
        match self.modules.get_mut(name) {
            None => self.insert(name, Module::File(file.to_owned()), doubt),
            Some((Module::File(known), known_doubt)) if known.as_str() == file.as_str() => {
                *known_doubt = known_doubt.take().and(doubt);
            }
            Some(_) => {}
        }
    }

    /// What is none of the tree's is imported by a name: it has it, also where a folder of the tree comes on the path that has
    /// it, too.
    pub(crate) fn imported_outside(&mut self, dotted: &str, imports: &Imports, doubt: Option<&Doubt>) {
        let top = dotted.split('.').next().unwrap_or_default();
        if !imports.roots_with(top).is_empty() && self.find(top, imports).is_ok_and(|found| found == Import::Outside) {
            self.keep_or_insert(top, || Module::Outside, doubt.cloned());
        }
    }

    /// The import of a file by a name raised: Python forgets it.
    pub(crate) fn raised(&mut self, name: &str, file: &Utf8Path) {
        if matches!(self.module(name), Some(Module::File(known)) if known == file) {
            self.modules.remove(name);
        }
    }

    /// Forgets what is imported by a name.
    pub(crate) fn remove(&mut self, name: &str) {
        self.modules.remove(name);
    }

    /// Puts the root of a file on the path, as pytest does before it imports the file.
    pub(crate) fn put_root(&mut self, root: &Utf8Path, mode: ImportMode) {
        // As texts: paths are compared part by part.
        let is_it = |entry: &Entry| {
            entry.doubt.is_none() && entry.folder.as_ref().is_some_and(|folder| folder.as_str() == root.as_str())
        };
        let entry = || Entry { folder: Some(root.to_owned()), doubt: None, from: From::Pytest };
        match mode {
            ImportMode::Prepend if self.path.first().is_none_or(|first| !is_it(first)) => {
                // What stands again behind it is never asked.
                self.path.retain(|known| !is_it(known));
                self.path.insert(0, entry());
            }
            ImportMode::Append if !self.path.iter().any(is_it) => self.path.push(entry()),
            _ => return,
        }
        shared::changed_for_all();
    }

    /// `sys.path.insert(0, ...)`, of a folder that is known or not, under that doubt.
    pub(crate) fn put_in_front(&mut self, folder: Option<Utf8PathBuf>, doubt: Option<Doubt>) {
        self.path.insert(0, Entry { folder, doubt, from: From::Tree });
        shared::changed_for_all();
    }

    /// The path as it is now.
    pub(crate) fn path(&self) -> Path {
        Path(self.path.clone())
    }

    /// Makes it what it was.
    pub(crate) fn set_path(&mut self, path: Path) {
        self.path = path.0;
        shared::changed_for_all();
    }

    /// The folders that pytest put there.
    pub(crate) fn folders_of_pytest(&self) -> Vec<Utf8PathBuf> {
        let entries = self.path.iter().filter(|entry| entry.from == From::Pytest);
        entries.filter_map(|entry| entry.folder.clone()).collect()
    }

    /// What an absolute import of a name means.
    ///
    /// # Errors
    /// Why that is not known.
    pub(crate) fn find(&self, dotted: &str, imports: &Imports) -> Result<Import, Doubt> {
        let known = |found: Import, doubt: &Option<Doubt>| match doubt {
            Some(doubt) if self.search(dotted, imports).is_ok_and(|other| other != found) => Err(doubt.clone()),
            _ => Ok(found),
        };
        if let Some((module, doubt)) = self.modules.get(dotted) {
            match module {
                Module::File(file) => return known(Import::File(file.clone()), doubt),
                Module::Outside => return known(Import::Outside, doubt),
                // What it has is looked for on the path again each time.
                Module::Namespace(_) => return self.search(dotted, imports),
            }
        }
        let mut packages = dotted.rmatch_indices('.').map(|(end, _)| (&dotted[..end], &dotted[end + 1..]));
        match packages.find_map(|(package, rest)| Some((self.modules.get(package)?, rest))) {
            Some(((Module::Namespace(_), _), _)) | None => self.search(dotted, imports),
            Some(((module, doubt), rest)) => {
                let found = module.folder().map_or(Import::Outside, |folder| imports.in_package(folder, rest));
                known(found, doubt)
            }
        }
    }

    /// What a name means that is not imported yet.
    fn search(&self, dotted: &str, imports: &Imports) -> Result<Import, Doubt> {
        let top = dotted.split('.').next().unwrap_or_default();
        if top.is_empty() || standard_library::is_loaded(top) {
            return Ok(Import::Outside);
        }
        let roots = imports.roots_with(top);
        let has_top = |entry: &Entry, folder: &Utf8Path| match entry.from {
            From::Tree => imports.has_top(folder, top),
            From::Assumed | From::Pytest => roots.iter().any(|root| root.as_str() == folder.as_str()),
        };
        if roots.is_empty() && !self.path.iter().any(|entry| entry.from == From::Tree) {
            return Ok(Import::Outside);
        }
        let mut namespace = Import::Outside;
        let mut file = None;
        // What it may mean as well, and why it may not.
        let mut others: Vec<(Option<Import>, &Doubt)> = Vec::new();
        for entry in &self.path {
            let Some(folder) = &entry.folder else {
                others.extend(entry.doubt.as_ref().map(|doubt| (None, doubt)));
                continue;
            };
            if !has_top(entry, folder) {
                continue;
            }
            let found = match imports.in_folder(folder, dotted) {
                found @ Import::File(_) => found,
                // A regular package or module of this name hides what later roots have.
                Import::Outside if imports.is_regular(folder, top) => Import::Outside,
                found => {
                    if namespace == Import::Outside && entry.doubt.is_none() {
                        namespace = found;
                    }
                    continue;
                }
            };
            match &entry.doubt {
                Some(doubt) => others.push((Some(found), doubt)),
                None => {
                    file = Some(found);
                    break;
                }
            }
        }
        let is_several = roots.len() > 1;
        let found = match file {
            Some(found) => found,
            None if standard_library::has(top) => Import::Outside,
            None => namespace,
        };
        // Of a folder that is not known it is taken not to have what one folder alone is seen to have.
        let differs = |other: &Option<Import>| match other {
            Some(other) => *other != found,
            None => is_several && matches!(found, Import::File(_)),
        };
        match others.into_iter().find(|(other, _)| differs(other)) {
            Some((_, doubt)) => Err(doubt.clone()),
            None => Ok(found),
        }
    }

    /// A folder that has what a name means beside tests, and is not on the path now: pytest puts it there for those.
    pub(crate) fn is_elsewhere(&self, dotted: &str, imports: &Imports) -> Option<Utf8PathBuf> {
        let top = dotted.split('.').next().unwrap_or_default();
        let roots = imports.roots_with(top);
        if roots.is_empty() || standard_library::has(top) {
            return None;
        }
        let is_on_path = |root: &Utf8Path| self.path.iter().any(|entry| entry.folder.as_deref() == Some(root));
        let has = |root: &Utf8Path| matches!(imports.in_folder(root, dotted), Import::File(_));
        roots.iter().find(|root| imports.has_tests(root) && !is_on_path(root) && has(root)).cloned()
    }
}
