//! Which module pytest takes for a file: it imports files by name, and Python has one module of a name.
//!
//! Source of the rules: `import_path` of pytest's `_pytest.pathlib`, and Python's import system.

use camino::{Utf8Path, Utf8PathBuf};
use foldhash::HashMap;

use crate::eval::sys::{Module, Sys};
use crate::find_spec::Spec;
use crate::imports::{INIT, Imports};
use crate::options::ImportMode;
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

/// What pytest names the files by that it imports.
#[derive(Debug, Default)]
pub(crate) struct ModuleNames {
    /// What `consider_namespace_packages` names files.
    namespaced: HashMap<Utf8PathBuf, String>,
}

impl ModuleNames {
    /// What a file was imported by, if it lies in a namespace package.
    pub(crate) fn namespaced_name(&self, file: &Utf8Path) -> Option<String> {
        self.namespaced.get(file).cloned()
    }

    /// Imports a file; `None` where that gives its own module.
    pub(crate) fn import(&mut self, file: &Utf8Path, sys: &mut Sys, imports: &Imports) -> Option<Taken> {
        let (root, name) = match namespaced(file, sys, imports) {
            Some((root, name)) => {
                self.namespaced.insert(file.to_owned(), name.clone());
                (root, name)
            }
            None => (imports.package_root(file), imports.module_name(file)),
        };
        sys.put_root(root, imports.mode());
        let top = name.split('.').next().unwrap_or_default();
        let (what, by) = match meaning(&name, root, file, sys, imports) {
            Ok(Module::File(found)) if is_same(&found, file) => return None,
            Ok(Module::File(found)) if imports.takes_any_module() || file.file_name() == Some(INIT) => {
                return Some(Taken::Other(found));
            }
            Ok(ref module) if let Some(by) = module.place() => (format!("module `{name}`"), by.to_owned()),
            Err(ref package) if let Some(by) = package.place() => (format!("package `{top}`"), by.to_owned()),
            Ok(_) | Err(_) => (format!("module `{top}` of Python's library"), file.to_owned()),
        };
        Some(Taken::Refused { what, by })
    }
}

/// What the name of a file stands for, once it is imported; `Err` with the package in which there is none.
fn meaning(name: &str, root: &Utf8Path, file: &Utf8Path, sys: &mut Sys, imports: &Imports) -> Result<Module, Module> {
    if let Some(known) = sys.module(name) {
        return Ok(known.clone());
    }
    let found_on_path = |sys: &Sys| {
        let found = imports.import_of(file, root, name, &sys.folders_of_pytest());
        found.map_or_else(|| Module::File(file.to_owned()), module_of)
    };
    if imports.takes_any_module() {
        let found = found_on_path(sys);
        sys.insert(name, found.clone(), None);
        if imports.makes_parents() {
            for (end, _) in name.match_indices('.') {
                sys.keep_or_insert(&name[..end], || Module::Namespace(vec![root.to_owned()]), None);
            }
        }
        return Ok(found);
    }
    let mut parents = name.rmatch_indices('.').map(|(end, _)| (&name[..end], &name[end + 1..]));
    let Some((parent, rest)) = parents.find(|(parent, _)| sys.module(parent).is_some()) else {
        let top = name.split('.').next().unwrap_or_default();
        let path = sys.folders_of_pytest();
        // A package that is before its own hides it.
        if imports.mode() == ImportMode::Append
            && imports.spec(name, &path).is_none()
            && let Some(package) = imports.spec(top, &path)
        {
            return Err(module_of(package));
        }
        let found = found_on_path(sys);
        insert(name, root, &found, sys);
        return Ok(found);
    };
    let folders = sys.folders_of(parent, imports);
    let Some(found) = imports.spec_below(&folders, rest) else {
        return Err(sys.module(parent).cloned().unwrap_or(Module::Outside));
    };
    let found = module_of(found);
    let within = folders.into_iter().find(|folder| found.place().is_some_and(|place| place.starts_with(folder)));
    let root = within.as_deref().and_then(|folder| folder.ancestors().nth(1 + parent.matches('.').count()));
    insert(name, root.unwrap_or(Utf8Path::new("")), &found, sys);
    Ok(found)
}

/// A module, and the packages around it.
fn insert(name: &str, root: &Utf8Path, module: &Module, sys: &mut Sys) {
    let mut folder = root.to_owned();
    for (end, _) in name.match_indices('.') {
        folder.push(name[..end].rsplit('.').next().unwrap_or_default());
        sys.keep_or_insert(&name[..end], || Module::File(folder.join(INIT)), None);
    }
    sys.insert(name, module.clone(), None);
}

/// With `consider_namespace_packages`: the nearest folder from which a file can be imported already, and its name from
/// there. What is tried imports packages, too.
///
/// Source: `resolve_pkg_root_and_module_name` of `_pytest.pathlib`.
fn namespaced<'p>(file: &'p Utf8Path, sys: &mut Sys, imports: &Imports) -> Option<(&'p Utf8Path, String)> {
    if !imports.names_namespaces() {
        return None;
    }
    let own = Module::File(file.to_owned());
    let mut named = imports.package_root(file).ancestors().map(|root| (root, imports.name_from(root, file)));
    named.find(|(_, name)| spec(name, sys, imports).as_ref() == Some(&own))
}

/// What a name means as things are.
fn spec(name: &str, sys: &mut Sys, imports: &Imports) -> Option<Module> {
    if let Some(known) = sys.module(name) {
        return Some(known.clone());
    }
    if let Some((parent, last)) = name.rsplit_once('.') {
        let folders = package(parent, sys, imports)?;
        return imports.spec_below(&folders, last).map(module_of);
    }
    match imports.spec(name, &sys.folders_of_pytest()) {
        Some(found @ (Spec::Module(_) | Spec::Package(_))) => Some(module_of(found)),
        _ if standard_library::ships(name) => Some(Module::Outside),
        found => found.map(module_of),
    }
}

/// Imports a package, and gives its folders.
fn package(name: &str, sys: &mut Sys, imports: &Imports) -> Option<Vec<Utf8PathBuf>> {
    let found = spec(name, sys, imports)?;
    sys.keep_or_insert(name, || found, None);
    Some(sys.folders_of(name, imports)).filter(|folders| !folders.is_empty())
}

fn module_of(spec: Spec) -> Module {
    match spec {
        Spec::Module(file) => Module::File(file),
        Spec::Package(folder) => Module::File(folder.join(INIT)),
        Spec::Namespace(folders) => Module::Namespace(folders),
    }
}

/// Whether two paths lead to one file.
fn is_same(one: &Utf8Path, other: &Utf8Path) -> bool {
    one.as_str() == other.as_str()
        || one.canonicalize_utf8().ok().is_some_and(|real| other.canonicalize_utf8().ok() == Some(real))
}
