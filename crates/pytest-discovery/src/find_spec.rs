//! What a dotted name means to Python before anything is imported: for `--pyargs` and for `-p`.
//!
//! Source of the rules: `importlib.util.find_spec`, and `search_pypath` of `_pytest.main`.

use camino::{Utf8Path, Utf8PathBuf};

use crate::config::IniOptions;
use crate::folders::Folders;
use crate::imports::INIT;
use crate::{projects, standard_library};

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Spec {
    /// A file.
    Module(Utf8PathBuf),
    /// A folder with `__init__.py`.
    Package(Utf8PathBuf),
    /// Folders without: all of that name on the path.
    Namespace(Vec<Utf8PathBuf>),
}

/// What a dotted name means on a `sys.path`; `None` where it is nothing of these folders, one of Python's library, or no
/// name.
pub(crate) fn find_spec(name: &str, path: &[Utf8PathBuf], folders: &Folders) -> Option<Spec> {
    let top = name.split('.').next().unwrap_or(name);
    // The library is before every folder that is no package, and what pytest imports itself is there already.
    let is_library = match find_below(top, path, folders) {
        Some(Spec::Module(_) | Spec::Package(_)) => standard_library::is_loaded(top),
        _ => standard_library::ships(top),
    };
    if is_library { None } else { find_below(name, path, folders) }
}

/// What a dotted name means in the folders of a package.
pub(crate) fn find_below(name: &str, path: &[Utf8PathBuf], on_disk: &Folders) -> Option<Spec> {
    if name.contains(['/', '\\']) {
        return None;
    }
    let mut folders = path.to_vec();
    let mut found = None;
    for part in name.split('.') {
        // What is no package has nothing below it.
        if part.is_empty() || matches!(found, Some(Spec::Module(_))) {
            return None;
        }
        let mut portions = Vec::new();
        found = None;
        for folder in &folders {
            let module = format!("{part}.py");
            let is_folder = on_disk.has_folder(folder, part);
            if is_folder && on_disk.has_file(&folder.join(part), INIT) {
                found = Some(Spec::Package(folder.join(part)));
            } else if on_disk.has_file(folder, &module) {
                found = Some(Spec::Module(folder.join(module)));
            } else if is_folder {
                portions.push(folder.join(part));
            }
            if found.is_some() {
                break;
            }
        }
        folders = match &found {
            Some(Spec::Package(folder)) => vec![folder.clone()],
            _ => portions.clone(),
        };
        found = found.or_else(|| (!portions.is_empty()).then_some(Spec::Namespace(portions)));
        found.as_ref()?;
    }
    found
}

/// What is on `sys.path` when pytest starts, as far as it lies in the tree: what `pythonpath` puts there, the working
/// directory, which `python -m pytest` adds, and the source roots of its project, which is taken to be installed for
/// development. Initial conftests add their own.
pub(crate) fn path_at_start(cwd: &Utf8Path, ini: Option<&IniOptions>) -> Vec<Utf8PathBuf> {
    let given = ini.into_iter().flat_map(|ini| ini.pythonpath.iter().cloned());
    let installed = projects::source_roots(cwd, std::iter::once(&*cwd.join(INIT)), &Folders::default());
    given.chain([cwd.to_owned()]).chain(installed).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_package_is_before_a_folder_that_is_none_wherever_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let tree = Utf8Path::from_path(folder.path()).unwrap();
        for file in ["a/p/in/m.py", "b/p/__init__.py", "b/p/n.py", "a/q/x.py", "b/q/y.py", "a/m.py"] {
            fs::create_dir_all(tree.join(file).parent().unwrap()).unwrap();
            fs::write(tree.join(file), "").unwrap();
        }
        let path = [tree.join("a"), tree.join("b")];
        let spec = |name| find_spec(name, &path, &Folders::default());
        assert_eq!(spec("p"), Some(Spec::Package(tree.join("b/p"))));
        assert_eq!(spec("p.n"), Some(Spec::Module(tree.join("b/p/n.py"))));
        assert_eq!(spec("p.in.m"), None);
        assert_eq!(spec("q"), Some(Spec::Namespace(vec![tree.join("a/q"), tree.join("b/q")])));
        assert_eq!(spec("q.y"), Some(Spec::Module(tree.join("b/q/y.py"))));
        for name in ["m.x", "", "..", "a/m", "nothing"] {
            assert_eq!(spec(name), None, "{name}");
        }
    }
}
