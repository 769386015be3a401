//! Which module pytest takes for a file: it imports files by name, and Python has one module of a name.
//!
//! Source of the rules: `import_path` of pytest's `_pytest.pathlib`, and Python's import system.

use camino::{Utf8Path, Utf8PathBuf};
use foldhash::HashMap;

use crate::find_spec::Spec;
use crate::imports::{INIT, Imports};
use crate::standard_library;

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

/// A module that is imported.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Module {
    File(Utf8PathBuf),
    /// A folder without `__init__.py`, or what pytest makes for one: it has nothing in it.
    Namespace(Utf8PathBuf),
    /// One of Python's library.
    Library,
}

impl Module {
    /// Where what lies in it is found, if it is a package.
    fn folder(&self) -> Option<&Utf8Path> {
        match self {
            Self::File(file) if file.file_name() == Some(INIT) => file.parent(),
            Self::Namespace(folder) => Some(folder),
            _ => None,
        }
    }

    fn of(spec: Spec) -> Self {
        match spec {
            Spec::Module(file) => Self::File(file),
            Spec::Package(folder) => Self::File(folder.join(INIT)),
            Spec::Namespace(folder) => Self::Namespace(folder),
        }
    }
}

/// The modules that are imported so far.
#[derive(Debug)]
pub(crate) struct ModuleNames {
    modules: HashMap<Box<str>, Module>,
    /// What is on `sys.path`, in its order, as far as it lies in the tree.
    path: Vec<Utf8PathBuf>,
    /// What `consider_namespace_packages` names files.
    namespaced: HashMap<Utf8PathBuf, String>,
}

impl ModuleNames {
    /// `path` is what is on `sys.path` before.
    pub(crate) fn new(path: Vec<Utf8PathBuf>) -> Self {
        Self { modules: HashMap::default(), path, namespaced: HashMap::default() }
    }

    /// What a file was imported by, if it lies in a namespace package.
    pub(crate) fn namespaced_name(&self, file: &Utf8Path) -> Option<String> {
        self.namespaced.get(file).cloned()
    }

    /// Imports a file; `None` where that gives its own module.
    pub(crate) fn import(&mut self, file: &Utf8Path, imports: &Imports) -> Option<Taken> {
        let (root, name) = match self.namespaced(file, imports) {
            Some((root, name)) => {
                self.namespaced.insert(file.to_owned(), name.clone());
                (root, name)
            }
            None => (imports.package_root(file), imports.module_name(file)),
        };
        imports.put_on(&mut self.path, root);
        let top = name.split('.').next().unwrap_or_default();
        let (what, by) = match self.meaning(&name, root, file, imports) {
            Ok(Module::File(found)) if is_same(&found, file) => return None,
            Ok(Module::File(found)) if imports.takes_any_module() || file.file_name() == Some(INIT) => {
                return Some(Taken::Other(found));
            }
            Ok(Module::File(by) | Module::Namespace(by)) => (format!("module `{name}`"), by),
            Err(Module::File(by) | Module::Namespace(by)) => (format!("package `{top}`"), by),
            Ok(Module::Library) | Err(Module::Library) => {
                (format!("module `{top}` of Python's library"), file.to_owned())
            }
        };
        Some(Taken::Refused { what, by })
    }

    /// Forgets the module of a conftest outside packages: the next one is imported by the same name.
    pub(crate) fn forget(&mut self, name: &str) {
        self.modules.remove(name);
    }

    /// What the name of a file stands for, once it is imported; `Err` with the package in which there is none.
    fn meaning(&mut self, name: &str, root: &Utf8Path, file: &Utf8Path, imports: &Imports) -> Result<Module, Module> {
        if let Some(known) = self.modules.get(name) {
            return Ok(known.clone());
        }
        if imports.takes_any_module() {
            let found =
                imports.import_of(file, root, name, &self.path).map_or(Module::File(file.to_owned()), Module::of);
            self.modules.insert(name.into(), found.clone());
            if imports.makes_parents() {
                for (end, _) in name.match_indices('.') {
                    self.modules.entry(name[..end].into()).or_insert_with(|| Module::Namespace(root.to_owned()));
                }
            }
            return Ok(found);
        }
        let mut parents = name.rmatch_indices('.').map(|(end, _)| (&name[..end], &name[end + 1..]));
        let known = parents.find_map(|(parent, rest)| Some((self.modules.get(parent)?.clone(), rest)));
        let Some((package, rest)) = known else {
            let found =
                imports.import_of(file, root, name, &self.path).map_or(Module::File(file.to_owned()), Module::of);
            self.insert(name, root, &found);
            return Ok(found);
        };
        let found = package.folder().and_then(|folder| Some((folder, imports.spec_below(folder, rest)?)));
        let Some((folder, found)) = found else { return Err(package) };
        let found = Module::of(found);
        let root = folder.ancestors().nth(name.split('.').count() - rest.split('.').count());
        self.insert(name, root.unwrap_or(folder), &found);
        Ok(found)
    }

    /// A module, and the packages around it.
    fn insert(&mut self, name: &str, root: &Utf8Path, module: &Module) {
        let mut folder = root.to_owned();
        for (end, _) in name.match_indices('.') {
            folder.push(name[..end].rsplit('.').next().unwrap_or_default());
            let init = folder.join(INIT);
            self.modules.entry(name[..end].into()).or_insert_with(|| Module::File(init));
        }
        self.modules.insert(name.into(), module.clone());
    }

    /// With `consider_namespace_packages`: the nearest folder from which a file can be imported already, and its name from
    /// there. What is tried imports packages, too.
    ///
    /// Source: `resolve_pkg_root_and_module_name` of `_pytest.pathlib`.
    fn namespaced<'p>(&mut self, file: &'p Utf8Path, imports: &Imports) -> Option<(&'p Utf8Path, String)> {
        if !imports.names_namespaces() {
            return None;
        }
        let own = Module::File(file.to_owned());
        let mut named = imports.package_root(file).ancestors().map(|root| (root, imports.name_from(root, file)));
        named.find(|(_, name)| self.spec(name, imports).as_ref() == Some(&own))
    }

    /// What a name means as things are.
    fn spec(&mut self, name: &str, imports: &Imports) -> Option<Module> {
        if let Some(known) = self.modules.get(name) {
            return Some(known.clone());
        }
        if let Some((parent, last)) = name.rsplit_once('.') {
            let folder = self.package(parent, imports)?;
            return imports.spec_below(&folder, last).map(Module::of);
        }
        match imports.spec(name, &self.path) {
            Some(found @ (Spec::Module(_) | Spec::Package(_))) => Some(Module::of(found)),
            _ if standard_library::ships(name) => Some(Module::Library),
            found => found.map(Module::of),
        }
    }

    /// Imports a package, and gives its folder.
    fn package(&mut self, name: &str, imports: &Imports) -> Option<Utf8PathBuf> {
        let found = self.spec(name, imports)?;
        self.modules.insert(name.into(), found.clone());
        found.folder().map(Utf8Path::to_owned)
    }
}

/// Whether two paths lead to one file.
fn is_same(one: &Utf8Path, other: &Utf8Path) -> bool {
    one.as_str() == other.as_str()
        || one.canonicalize_utf8().ok().is_some_and(|real| other.canonicalize_utf8().ok() == Some(real))
}
