//! Which file of the tree an import may mean: in which folders, and as if all that are ever on `sys.path` were there at once.
//! What is there at a moment, `eval::sys` knows.

use std::sync::{Arc, Mutex};

use camino::{Utf8Path, Utf8PathBuf};

use crate::PytestVersion;
use crate::config::Config;
use crate::find_spec::{Spec, find_below, find_spec};
use crate::folders::{Folders, Kind, lock};
use crate::options::ImportMode;
use crate::paths::{absolute, is_within};
use crate::standard_library;
use foldhash::{HashMap, HashSet};

/// What a dotted name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Import {
    /// A file of the tree: a module, or a package's `__init__.py`.
    File(Utf8PathBuf),
    /// A folder of the tree without `__init__.py`.
    Namespace(Utf8PathBuf),
    /// Nothing of the tree: the standard library, an installed package, or nothing at all.
    Outside,
}

/// What makes a folder a package.
pub(crate) const INIT: &str = "__init__.py";
/// From here on `importlib` names a file in a package for its place in that, and takes dots out of other paths; and
/// `consider_namespace_packages` is there.
const NAMED_BY_PACKAGE: PytestVersion = PytestVersion::new(8, 1, 0);
/// Answers to imports with more dots are not kept.
const MOST_DOTS: usize = 16;

/// What dotted names mean.
type ByName = HashMap<Box<str>, Import>;

/// What is ever on `sys.path`, as far as it lies in the tree.
#[derive(Debug)]
pub(crate) struct Imports {
    tree: Utf8PathBuf,
    rootdir: Utf8PathBuf,
    pytest: PytestVersion,
    mode: ImportMode,
    /// `consider_namespace_packages`.
    names_namespaces: bool,
    /// All folders that are on it at some time.
    roots: Vec<Utf8PathBuf>,
    /// The same, to ask whether a folder is one of them.
    is_root: HashSet<Box<str>>,
    /// Those that test modules and conftests lie right in.
    with_tests: HashSet<Box<str>>,
    /// What the configuration puts there at the beginning.
    pythonpath: Vec<Utf8PathBuf>,
    /// What is taken to be there behind that.
    assumed: Vec<Utf8PathBuf>,
    /// For the first part of a dotted name: the roots that have it. Most imports mean nothing of the tree.
    tops: Mutex<HashMap<Box<str>, Arc<[Utf8PathBuf]>>>,
    /// By the folder that asks: the files of a folder import much the same.
    known: Mutex<HashMap<Box<str>, Answers>>,
    /// How long the path of the folder is that goes on `sys.path` for a folder's files.
    package_roots: Mutex<HashMap<Box<str>, usize>>,
    /// By the folder that is asked, and the dotted name.
    of_folders: Mutex<HashMap<Box<str>, ByName>>,
    folders: Arc<Folders>,
}

/// What the files of a folder were answered before.
#[derive(Debug)]
struct Answers {
    /// The folder that goes on `sys.path` for them.
    root: Arc<Utf8Path>,
    /// By the dotted name, for each number of dots before it.
    by_dots: Vec<ByName>,
}

impl Imports {
    /// The path that pytest gives imports: the package roots of `files` (test modules and conftests, those that are
    /// loaded later in front), the configuration's `pythonpath`, the working directory, which `python -m pytest` adds,
    /// and the source roots of the tree's projects, which are taken to be installed for development.
    pub(crate) fn new<'f>(
        config: &Config,
        tree: &Utf8Path,
        files: impl DoubleEndedIterator<Item = &'f Utf8Path>,
        folders: Arc<Folders>,
    ) -> Self {
        // As the paths of files are.
        let tree = &*absolute(tree, "");
        let mut roots: Vec<Utf8PathBuf> = Vec::new();
        let has_init = |folder: &Utf8Path| folders.has_file(folder, INIT);
        let files: Vec<&Utf8Path> = files.collect();
        let installed = crate::projects::source_roots(tree, files.iter().copied(), &folders);
        let assumed: Vec<_> = [config.invocation_dir.clone()].into_iter().chain(installed).collect();
        let given = config.ini.pythonpath.iter().chain(&assumed).cloned();
        let is_alone = |file: &&&Utf8Path| root_by(file, has_init) == folder_of(file);
        let with_tests = files.iter().filter(is_alone).map(|file| folder_of(file).into()).collect();
        let of_files = files.into_iter().rev().map(|file| root_by(file, has_init).to_owned());
        let order: Vec<Utf8PathBuf> = match config.options.import_mode {
            ImportMode::Prepend => of_files.chain(given).collect(),
            ImportMode::Append => given.chain(of_files).collect(),
            ImportMode::Importlib => given.collect(),
        };
        let mut seen: HashSet<Box<str>> = HashSet::default();
        for root in order {
            if root.starts_with(tree) && seen.insert(root.as_str().into()) {
                roots.push(root);
            }
        }
        Self {
            tree: tree.to_owned(),
            rootdir: config.rootdir.clone(),
            pytest: config.pytest,
            mode: config.options.import_mode,
            names_namespaces: config.ini.consider_namespace_packages && config.pytest >= NAMED_BY_PACKAGE,
            roots,
            is_root: seen,
            with_tests,
            pythonpath: config.ini.pythonpath.clone(),
            assumed,
            tops: Mutex::default(),
            known: Mutex::default(),
            package_roots: Mutex::default(),
            of_folders: Mutex::default(),
            folders,
        }
    }

    /// What `from_file` means by `level` dots and a dotted name (which may be empty behind dots), if no file of its folder has asked before.
    pub(crate) fn resolve_anew(&self, from_file: &Utf8Path, level: u32, dotted: &str) -> Option<Import> {
        let folder = folder_of(from_file);
        let is_known = lock(&self.known)
            .get(folder)
            .and_then(|answers| answers.by_dots.get(level as usize))
            .is_some_and(|names| names.contains_key(dotted));
        (!is_known).then(|| self.resolve(from_file, level, dotted))
    }

    /// What `from_file` means by `level` dots and a dotted name (which may be empty behind dots); without dots, at some time.
    pub(crate) fn resolve(&self, from_file: &Utf8Path, level: u32, dotted: &str) -> Import {
        let folder = folder_of(from_file);
        let dots = level as usize;
        let mut root = None;
        if let Some(answers) = lock(&self.known).get(folder) {
            if let Some(known) = answers.by_dots.get(dots).and_then(|names| names.get(dotted)) {
                return known.clone();
            }
            root = Some(answers.root.clone());
        }
        let root = root.unwrap_or_else(|| self.package_root(from_file).into());
        let found = match level {
            0 => self.search(&root, dotted),
            // One dot is the file's own folder.
            _ => from_file.ancestors().nth(dots).map_or(Import::Outside, |above| self.below(above, dotted)),
        };
        if dots < MOST_DOTS {
            let mut known = lock(&self.known);
            let answers = known.entry(folder.into()).or_insert_with(|| Answers { root, by_dots: Vec::new() });
            answers.by_dots.resize_with(answers.by_dots.len().max(dots + 1), HashMap::default);
            answers.by_dots[dots].insert(dotted.into(), found.clone());
        }
        found
    }

    /// What an absolute import means, for a file whose own root is `own`.
    fn search(&self, own: &Utf8Path, dotted: &str) -> Import {
        let top = dotted.split('.').next().unwrap_or_default();
        if top.is_empty() || standard_library::is_loaded(top) {
            return Import::Outside;
        }
        let mut namespace = Import::Outside;
        let roots = self.roots_with(top);
        let own_has_top = || match self.is_root.contains(own.as_str()) {
            true => roots.iter().any(|root| root.as_str() == own.as_str()),
            false => self.has_top(own, top),
        };
        let first = (self.mode == ImportMode::Prepend && own_has_top()).then_some(own);
        for root in first.into_iter().chain(roots.iter().map(Utf8PathBuf::as_path)) {
            match self.below(root, dotted) {
                file @ Import::File(_) => return file,
                found @ Import::Namespace(_) if namespace == Import::Outside => namespace = found,
                // A regular package or module of this name hides what later roots have.
                Import::Outside if self.is_regular(root, top) => return Import::Outside,
                _ => {}
            }
        }
        if standard_library::has(top) { Import::Outside } else { namespace }
    }

    /// The dotted name of a file below the topmost of the packages that it is in; a package's own for its `__init__.py`.
    /// `importlib` names a file outside packages, and before 8.1 any, for its place below the rootdir.
    pub(crate) fn module_name(&self, file: &Utf8Path) -> String {
        let root = self.package_root(file);
        if self.mode == ImportMode::Importlib && (self.pytest < NAMED_BY_PACKAGE || root == folder_of(file)) {
            let root = if is_within(file, &self.rootdir) { &self.rootdir } else { Utf8Path::new("/") };
            let path = stem(file, root);
            let takes_dots = self.pytest >= NAMED_BY_PACKAGE;
            return if takes_dots { path.replace('.', "_") } else { path.to_owned() }.replace('/', ".");
        }
        stem(file, root).replace('/', ".")
    }

    /// Why pytest cannot import a file by any name.
    pub(crate) fn cannot_name(&self, file: &Utf8Path) -> Option<&'static str> {
        if self.mode != ImportMode::Importlib {
            if file.file_stem().is_some_and(|stem| stem.contains('.')) {
                return Some("has a dot in its name, so that pytest cannot import it: rename it");
            }
            let name = self.module_name(file);
            let top = name.split('.').next().unwrap_or_default();
            let is_taken = match self.mode {
                ImportMode::Append => standard_library::ships(top),
                _ => standard_library::is_loaded(top) && !standard_library::is_loaded_by_plugins(top),
            };
            return is_taken.then_some(
                "has, or lies in a package that has, the name of a module of Python's library, which is imported in its \
                 place: rename it",
            );
        }
        let begins_with_dot = self.pytest < NAMED_BY_PACKAGE && self.module_name(file).starts_with('.');
        begins_with_dot.then_some(
            "lies in a folder whose name begins with a dot, so that pytest cannot import it with `importlib`: rename the folder",
        )
    }

    /// Whether a path is known to be no link without asking the system.
    pub(crate) fn knows_no_link(&self, path: &Utf8Path) -> bool {
        self.folders.has_no_link(path)
    }

    /// Whether pytest looks for a name that leads through folders without `__init__.py`.
    pub(crate) fn names_namespaces(&self) -> bool {
        self.names_namespaces && self.mode != ImportMode::Importlib
    }

    /// The dotted name of a file from a folder above it.
    pub(crate) fn name_from(&self, root: &Utf8Path, file: &Utf8Path) -> String {
        stem(file, root).replace('/', ".")
    }

    /// Whether a plugin may have imported a module of Python's library that has its name, or that of its package.
    pub(crate) fn may_be_of_library(&self, file: &Utf8Path) -> bool {
        let name = self.module_name(file);
        self.mode == ImportMode::Prepend
            && standard_library::is_loaded_by_plugins(name.split('.').next().unwrap_or_default())
    }

    /// What a dotted name means on a `sys.path`.
    pub(crate) fn spec(&self, name: &str, path: &[Utf8PathBuf]) -> Option<Spec> {
        find_spec(name, path, &self.folders)
    }

    /// What a dotted name means in the folders of a package.
    pub(crate) fn spec_below(&self, folders: &[Utf8PathBuf], name: &str) -> Option<Spec> {
        find_below(name, folders, &self.folders)
    }

    /// What pytest's import of a file, whose root is `root`, finds where nothing of its name is imported yet; `path` is
    /// the `sys.path` of then.
    pub(crate) fn import_of(&self, file: &Utf8Path, root: &Utf8Path, name: &str, path: &[Utf8PathBuf]) -> Option<Spec> {
        match self.mode {
            ImportMode::Prepend => self.spec_below(&[root.to_owned()], name),
            ImportMode::Append => self.spec(name, path),
            ImportMode::Importlib if self.pytest < NAMED_BY_PACKAGE => {
                self.spec_below(&[folder_of(file).into()], name.rsplit('.').next().unwrap_or(name))
            }
            ImportMode::Importlib => None,
        }
    }

    /// How pytest imports files.
    pub(crate) fn mode(&self) -> ImportMode {
        self.mode
    }

    /// Whether pytest makes an empty module for each package that the name of what it imports has in it.
    pub(crate) fn makes_parents(&self) -> bool {
        self.mode == ImportMode::Importlib && self.pytest < NAMED_BY_PACKAGE
    }

    /// Whether pytest takes whatever module has the name of a file, without a look at where that lies.
    pub(crate) fn takes_any_module(&self) -> bool {
        self.mode == ImportMode::Importlib
    }

    /// The folder that goes on `sys.path` for a file.
    pub(crate) fn package_root<'p>(&self, file: &'p Utf8Path) -> &'p Utf8Path {
        let folder = folder_of(file);
        let known = lock(&self.package_roots).get(folder).copied();
        if let Some(root) = known.and_then(|length| file.as_str().get(..length)) {
            return Utf8Path::new(root);
        }
        let root = root_by(file, |folder| self.folders.has_file(folder, INIT));
        lock(&self.package_roots).insert(folder.into(), root.as_str().len());
        root
    }

    /// The outermost of the packages that a folder is in, or is.
    pub(crate) fn top_package<'p>(&self, folder: &'p Utf8Path) -> &'p Utf8Path {
        let root = root_by(&folder.join(INIT), |folder| self.folders.has_file(folder, INIT)).to_owned();
        folder.ancestors().take_while(|one| **one != *root).last().unwrap_or(folder)
    }

    /// The modules in a folder and below it; of more than so many, one more.
    pub(crate) fn modules_below(&self, folder: &Utf8Path, most: usize, found: &mut Vec<Utf8PathBuf>) {
        let Ok(listing) = self.folders.listing(folder) else { return };
        for child in &listing.children {
            if found.len() > most {
                return;
            }
            match child.kind {
                Kind::Folder if !child.is_link => self.modules_below(&folder.join(&*child.name), most, found),
                _ if child.name.ends_with(".py") => found.push(folder.join(&*child.name)),
                _ => {}
            }
        }
    }

    /// The `__init__.py` of the package that a file is in; a package is not in itself.
    pub(crate) fn package_of(&self, file: &Utf8Path) -> Option<Utf8PathBuf> {
        let folder = file.ancestors().nth(1 + usize::from(file.file_name() == Some(INIT)))?;
        self.is_package(folder).then(|| folder.join(INIT))
    }

    /// Whether a folder of the tree is a package, and none for want of an `__init__.py`.
    pub(crate) fn is_package(&self, folder: &Utf8Path) -> bool {
        folder.file_name().is_some_and(is_identifier)
            && is_within(folder, &self.tree)
            && self.folders.has_file(folder, INIT)
    }

    /// What a dotted name means in a folder of `sys.path`.
    pub(crate) fn in_folder(&self, folder: &Utf8Path, dotted: &str) -> Import {
        if let Some(known) = lock(&self.of_folders).get(folder.as_str()).and_then(|names| names.get(dotted)) {
            return known.clone();
        }
        let found = match dotted.split('.').next() {
            Some(top) if standard_library::is_loaded(top) => Import::Outside,
            _ => self.below(folder, dotted),
        };
        lock(&self.of_folders).entry(folder.as_str().into()).or_default().insert(dotted.into(), found.clone());
        found
    }

    /// Whether test modules or conftests lie right in a folder of `sys.path`.
    pub(crate) fn has_tests(&self, root: &Utf8Path) -> bool {
        self.with_tests.contains(root.as_str())
    }

    /// What the configuration puts on `sys.path`.
    pub(crate) fn pythonpath(&self) -> &[Utf8PathBuf] {
        &self.pythonpath
    }

    /// What is taken to be on `sys.path` from the beginning, behind what the configuration names: the working directory, and what is
    /// installed for development.
    pub(crate) fn assumed(&self) -> &[Utf8PathBuf] {
        &self.assumed
    }

    /// Those of the folders that may be on `sys.path` that have a folder or a module of the name.
    pub(crate) fn roots_with(&self, top: &str) -> Arc<[Utf8PathBuf]> {
        if let Some(known) = lock(&self.tops).get(top) {
            return known.clone();
        }
        let found: Arc<[Utf8PathBuf]> = self.roots.iter().filter(|root| self.has_top(root, top)).cloned().collect();
        lock(&self.tops).insert(top.into(), found.clone());
        found
    }

    /// Whether a folder has a folder or a module of the name.
    pub(crate) fn has_top(&self, root: &Utf8Path, top: &str) -> bool {
        self.folders.has_folder(root, top) || self.folders.has_file(root, &format!("{top}.py"))
    }

    fn below(&self, root: &Utf8Path, dotted: &str) -> Import {
        // Names are hostile input: none may lead out of the tree.
        if !is_within(root, &self.tree) || dotted.contains(['/', '\\']) {
            return Import::Outside;
        }
        let mut folder = root.to_owned();
        let mut parts = dotted.split('.').filter(|part| !part.is_empty()).peekable();
        // Down from folders that are there: what is not is not looked for on the disk.
        while let Some(part) = parts.next() {
            let is_folder = self.folders.has_folder(&folder, part);
            if parts.peek().is_none() && !(is_folder && self.folders.has_file(&folder.join(part), INIT)) {
                let module = format!("{part}.py");
                if self.folders.has_file(&folder, &module) {
                    return Import::File(folder.join(module));
                }
            }
            if !is_folder {
                return Import::Outside;
            }
            folder.push(part);
        }
        if self.folders.has_file(&folder, INIT) {
            Import::File(folder.join(INIT))
        } else if self.folders.is_folder(&folder) {
            Import::Namespace(folder)
        } else {
            Import::Outside
        }
    }

    /// Whether a folder has a regular package or a module of the name.
    fn is_regular(&self, root: &Utf8Path, top: &str) -> bool {
        (self.folders.has_folder(root, top) && self.folders.has_file(&root.join(top), INIT))
            || self.folders.has_file(root, &format!("{top}.py"))
    }
}

/// The folder of a file. Paths are absolute, and `parent` takes them apart.
fn folder_of(file: &Utf8Path) -> &str {
    file.as_str().rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Whether a file can be imported by a name that leads through folders of a `sys.path`.
pub(crate) fn can_be_imported(file: &Utf8Path, path: &[Utf8PathBuf], folders: &Folders) -> bool {
    let own = Spec::Module(file.to_owned());
    let mut roots = file.ancestors().skip(1).filter(|root| path.iter().any(|known| known == root));
    roots.any(|root| find_spec(&stem(file, root).replace('/', "."), path, folders).as_ref() == Some(&own))
}

/// Puts the root of a file on a `sys.path`, as pytest does before it imports the file.
pub(crate) fn put_root_on(path: &mut Vec<Utf8PathBuf>, file: &Utf8Path, mode: ImportMode) {
    put_on(path, root_by(file, |folder| folder.join(INIT).is_file()), mode);
}

fn put_on(path: &mut Vec<Utf8PathBuf>, root: &Utf8Path, mode: ImportMode) {
    match mode {
        ImportMode::Prepend => {
            // As texts: paths are compared part by part.
            path.retain(|known| known.as_str() != root.as_str());
            path.insert(0, root.to_owned());
        }
        ImportMode::Append if !path.iter().any(|known| known == root) => path.push(root.to_owned()),
        _ => {}
    }
}

/// The path of a file inside a folder, a package's for its `__init__.py`, without the ending.
fn stem<'p>(file: &'p Utf8Path, root: &Utf8Path) -> &'p str {
    // The root is a beginning of the path: as texts, they need not be taken apart.
    let inside = file.as_str().get(root.as_str().len()..).unwrap_or_default().trim_start_matches('/');
    let stem = file.extension().and_then(|extension| inside.strip_suffix(extension)?.strip_suffix('.'));
    let stem = stem.unwrap_or(inside);
    stem.strip_suffix("/__init__").unwrap_or(stem)
}

fn root_by(file: &Utf8Path, has_init: impl Fn(&Utf8Path) -> bool) -> &Utf8Path {
    let mut root = file.parent().unwrap_or(file);
    while root.file_name().is_some_and(is_identifier) && has_init(root) {
        match root.parent() {
            Some(above) => root = above,
            None => break,
        }
    }
    root
}

/// Python's `str.isidentifier`, as far as folder names go: letters, digits and `_`, no digit first.
fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|first| first == '_' || first.is_alphabetic())
        && characters.all(|character| character == '_' || character.is_alphanumeric())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::Invocation;

    #[test]
    fn imports_mean_files_of_the_tree_or_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let tree = Utf8Path::from_path(folder.path()).unwrap().canonicalize_utf8().unwrap();
        for path in ["tests/__init__.py", "tests/a/__init__.py", "tests/a/test_x.py", "tests/help.py", "ns/b.py"] {
            fs::create_dir_all(tree.join(path).parent().unwrap()).unwrap();
            fs::write(tree.join(path), "").unwrap();
        }
        let config = Config::locate(&Invocation { tree: tree.clone(), ..Invocation::default() }).unwrap();
        let test = tree.join("tests/a/test_x.py");
        let imports = Imports::new(&config, &tree, [test.as_path()].into_iter(), Arc::default());
        let file = |path: &str| Import::File(tree.join(path));
        assert_eq!(imports.module_name(&test), "tests.a.test_x");
        assert_eq!(imports.resolve(&test, 0, "tests.help"), file("tests/help.py"));
        assert_eq!(imports.resolve(&test, 2, "help"), file("tests/help.py"));
        assert_eq!(imports.resolve(&test, 1, ""), file("tests/a/__init__.py"));
        assert_eq!(imports.resolve(&test, 0, "ns"), Import::Namespace(tree.join("ns")));
        assert_eq!(imports.resolve(&test, 0, "ns.b"), file("ns/b.py"));
        assert_eq!(imports.resolve(&test, 0, "os.path"), Import::Outside);
        assert_eq!(imports.resolve(&test, 9, "x"), Import::Outside);
    }
}
