//! Python's `sys.modules` and `sys.path`, as far as they are of the tree, as they are at a moment of the session.
//!
//! Source of the rules: Python's import system. A name that is in `sys.modules` is not looked for again, and what lies in
//! a package is looked for in that package alone.

use camino::{Utf8Path, Utf8PathBuf};
use foldhash::HashMap;

use super::shared;
use super::value::Doubt;
use crate::find_spec::Spec;
use crate::imports::{INIT, Import, Imports};
use crate::options::ImportMode;
use crate::paths::is_within;
use crate::standard_library;

/// Linux has no longer paths, and so no module has a longer name.
pub(crate) const LONGEST_NAME: usize = 4_096;

/// What is imported by a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Module {
    File(Utf8PathBuf),
    /// Folders without `__init__.py`, or what pytest makes for one: it has nothing in it.
    Namespace(Vec<Utf8PathBuf>),
    /// One of Python's library, or of another one.
    Outside,
}

impl Module {
    /// Where it lies in the tree.
    pub(crate) fn place(&self) -> Option<&Utf8Path> {
        match self {
            Self::File(file) => Some(file),
            Self::Namespace(folders) => folders.first().map(|folder| &**folder),
            Self::Outside => None,
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

impl Entry {
    /// Whether it is that folder. As texts: paths are compared part by part.
    fn is_at(&self, folder: &Utf8Path) -> bool {
        self.folder.as_ref().is_some_and(|one| one.as_str() == folder.as_str())
    }
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
    pub(crate) fn imported(&mut self, name: &str, file: &Utf8Path, imports: &Imports, doubt: Option<Doubt>) {
        if !imports.takes_any_module() && !self.modules.contains_key(name) {
            self.note_namespaces(name, imports, doubt.as_ref());
        }
        match self.modules.get_mut(name) {
            None => self.insert(name, Module::File(file.to_owned()), doubt),
            Some((Module::File(known), known_doubt)) if known.as_str() == file.as_str() => {
                *known_doubt = known_doubt.take().and(doubt);
            }
            Some(_) => {}
        }
    }

    /// What has no `__init__.py` around a module is imported with it.
    fn note_namespaces(&mut self, name: &str, imports: &Imports, doubt: Option<&Doubt>) {
        for (end, _) in name.match_indices('.') {
            let package = &name[..end];
            if !self.modules.contains_key(package)
                && let Some(Spec::Namespace(folders)) = self.spec_of(package, imports)
            {
                self.insert(package, Module::Namespace(folders), doubt.cloned());
            }
        }
    }

    /// What is none of the tree's is imported by a name: it has it, also where a folder of the tree comes on the path that has
    /// it, too.
    pub(crate) fn imported_outside(&mut self, dotted: &str, imports: &Imports, doubt: Option<&Doubt>) {
        let top = dotted.split('.').next().unwrap_or_default();
        if self.find(top, imports).is_ok_and(|found| found == Import::Outside) {
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
        let is_it = |entry: &Entry| entry.doubt.is_none() && entry.is_at(root);
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
        if dotted.len() > LONGEST_NAME {
            return Ok(Import::Outside);
        }
        let known = |found: Import, doubt: &Option<Doubt>| match doubt {
            Some(doubt) if self.search(dotted, imports).is_ok_and(|other| other != found) => Err(doubt.clone()),
            _ => Ok(found),
        };
        if let Some((module, doubt)) = self.modules.get(dotted) {
            let found = match module {
                Module::File(file) => Import::File(file.clone()),
                Module::Namespace(_) => first_of(self.folders_of(dotted, imports)),
                Module::Outside => Import::Outside,
            };
            return known(found, doubt);
        }
        let mut packages = dotted.rmatch_indices('.').map(|(end, _)| (&dotted[..end], &dotted[end + 1..]));
        match packages.find(|(package, _)| self.modules.contains_key(*package)) {
            Some((package, rest)) => {
                let found = imports.spec_below(&self.folders_of(package, imports), rest);
                known(import_of(found), &self.modules[package].1)
            }
            None => self.search(dotted, imports),
        }
    }

    /// The folders in which is looked for what lies in a package that is imported; none for what is no package.
    ///
    /// Source: `_NamespacePath` of `importlib._bootstrap_external`, which is looked for again each time.
    pub(crate) fn folders_of(&self, package: &str, imports: &Imports) -> Vec<Utf8PathBuf> {
        match self.module(package) {
            Some(Module::File(file)) if file.file_name() == Some(INIT) => {
                file.parent().map(Utf8Path::to_owned).into_iter().collect()
            }
            Some(Module::Namespace(known)) => match self.spec_of(package, imports) {
                Some(Spec::Namespace(folders)) => folders,
                // What is a regular package by now is passed over.
                _ => known.clone(),
            },
            _ => Vec::new(),
        }
    }

    /// What a name stands for that is not imported yet, as far as that is certain.
    fn spec_of(&self, name: &str, imports: &Imports) -> Option<Spec> {
        let Some((package, last)) = name.rsplit_once('.') else {
            let certain: Vec<_> = self
                .candidates(name, &imports.roots_with(name), imports)
                .into_iter()
                .filter(|entry| entry.doubt.is_none())
                .collect();
            return imports.spec_below(&folders(&certain), name);
        };
        imports.spec_below(&self.folders_of(package, imports), last)
    }

    /// The folders on the path that have something of a name, in their order.
    fn candidates(&self, top: &str, roots: &[Utf8PathBuf], imports: &Imports) -> Vec<&Entry> {
        let has_top = |entry: &&Entry| {
            entry.folder.as_ref().is_some_and(|folder| match entry.from {
                From::Tree => imports.has_top(folder, top),
                From::Assumed | From::Pytest => roots.iter().any(|root| root.as_str() == folder.as_str()),
            })
        };
        self.path.iter().filter(has_top).collect()
    }

    /// What a name means of which nothing is imported yet.
    fn search(&self, dotted: &str, imports: &Imports) -> Result<Import, Doubt> {
        let top = dotted.split('.').next().unwrap_or_default();
        if top.is_empty() || standard_library::is_loaded(top) {
            return Ok(Import::Outside);
        }
        let roots = imports.roots_with(top);
        if roots.is_empty() && !self.path.iter().any(|entry| entry.from == From::Tree) {
            return Ok(Import::Outside);
        }
        let found_in = |entries: &[&Entry]| match entries {
            [] => Import::Outside,
            [Entry { folder: Some(folder), .. }] => imports.in_folder(folder, dotted),
            several => import_of(imports.spec_below(&folders(several), dotted)),
        };
        let all = self.candidates(top, &roots, imports);
        let (certain, perhaps): (Vec<&Entry>, Vec<&Entry>) = all.iter().partition(|entry| entry.doubt.is_none());
        let found = found_in(&certain);
        if let Some(doubt) = perhaps.first().and_then(|entry| entry.doubt.as_ref())
            && found_in(&all) != found
        {
            return Err(doubt.clone());
        }
        // Of a folder that is not known it is taken not to have what one folder alone is seen to have.
        if let (Import::File(file), true) = (&found, roots.len() > 1) {
            let holds = |entry: &&Entry| entry.folder.as_ref().is_some_and(|folder| is_within(file, folder));
            let before = self.path.iter().take_while(|entry| entry.doubt.is_some() || !holds(entry));
            if let Some(doubt) = before.filter(|entry| entry.folder.is_none()).find_map(|entry| entry.doubt.as_ref()) {
                return Err(doubt.clone());
            }
        }
        // Python's library is before every folder that is no package.
        let is_hidden = matches!(found, Import::Namespace(_)) && standard_library::has(top);
        Ok(if is_hidden { Import::Outside } else { found })
    }

    /// A folder that has what a name means beside tests, and is not on the path now: pytest puts it there for those.
    pub(crate) fn is_elsewhere(&self, dotted: &str, imports: &Imports) -> Option<Utf8PathBuf> {
        let top = dotted.split('.').next().unwrap_or_default();
        if standard_library::has(top) {
            return None;
        }
        let roots = imports.roots_with(top);
        let is_on_path = |root: &Utf8Path| self.path.iter().any(|entry| entry.is_at(root));
        let has = |root: &Utf8Path| matches!(imports.in_folder(root, dotted), Import::File(_));
        roots.iter().find(|root| imports.has_tests(root) && !is_on_path(root) && has(root)).cloned()
    }
}

fn folders(entries: &[&Entry]) -> Vec<Utf8PathBuf> {
    entries.iter().filter_map(|entry| entry.folder.clone()).collect()
}

fn import_of(found: Option<Spec>) -> Import {
    match found {
        Some(Spec::Module(file)) => Import::File(file),
        Some(Spec::Package(folder)) => Import::File(folder.join(INIT)),
        Some(Spec::Namespace(folders)) => first_of(folders),
        None => Import::Outside,
    }
}

/// A namespace package stands for the first of its folders.
fn first_of(folders: Vec<Utf8PathBuf>) -> Import {
    folders.into_iter().next().map_or(Import::Outside, Import::Namespace)
}
