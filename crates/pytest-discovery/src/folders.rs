//! What folders hold, each read once: the walk reads them twice, and imports ask for the same few files thousands of
//! times.

use std::fs;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use camino::Utf8Path;
use foldhash::HashMap;

/// What a child of a folder is, or leads to as a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Folder,
    /// A socket, a link to nothing, ...
    Other,
}

/// What a folder holds.
#[derive(Debug)]
pub(crate) struct Child {
    pub(crate) name: Box<str>,
    pub(crate) kind: Kind,
    pub(crate) is_link: bool,
}

/// A folder as it was when it was asked for first.
#[derive(Debug)]
pub(crate) struct Folder {
    /// By name, in the order of its bytes.
    pub(crate) children: Vec<Child>,
    /// Names that are no UTF-8, as messages show them.
    pub(crate) unreadable: Vec<String>,
}

impl Folder {
    fn read(path: &Utf8Path) -> Result<Self, String> {
        let mut folder = Self { children: Vec::new(), unreadable: Vec::new() };
        for entry in fs::read_dir(path).map_err(|error| error.to_string())?.flatten() {
            let name = match entry.file_name().into_string() {
                Ok(name) => name.into_boxed_str(),
                Err(name) => {
                    folder.unreadable.push(format!("{name:?}"));
                    continue;
                }
            };
            let own = entry.file_type().ok();
            let is_link = own.is_some_and(|kind| kind.is_symlink());
            let kind = if is_link { fs::metadata(entry.path()).ok().map(|found| found.file_type()) } else { own };
            let kind = match kind {
                Some(kind) if kind.is_dir() => Kind::Folder,
                Some(kind) if kind.is_file() => Kind::File,
                _ => Kind::Other,
            };
            folder.children.push(Child { name, kind, is_link });
        }
        folder.children.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        Ok(folder)
    }

    fn child(&self, name: &str) -> Option<&Child> {
        self.children.binary_search_by(|child| (*child.name).cmp(name)).ok().map(|index| &self.children[index])
    }
}

/// A folder, or why it cannot be read.
pub(crate) type Listing = Result<Arc<Folder>, Arc<str>>;

/// By their paths as texts: a path's own hash takes it apart.
#[derive(Debug, Default)]
pub(crate) struct Folders(Mutex<HashMap<Box<str>, Listing>>);

impl Folders {
    pub(crate) fn is_folder(&self, path: &Utf8Path) -> bool {
        self.listing(path).is_ok()
    }

    pub(crate) fn has_file(&self, folder: &Utf8Path, name: &str) -> bool {
        self.has(folder, name, Kind::File)
    }

    pub(crate) fn has_folder(&self, folder: &Utf8Path, name: &str) -> bool {
        self.has(folder, name, Kind::Folder)
    }

    fn has(&self, folder: &Utf8Path, name: &str, kind: Kind) -> bool {
        self.listing(folder).is_ok_and(|listing| listing.child(name).is_some_and(|child| child.kind == kind))
    }

    /// Whether a path is that of a file, and of no link to one, in a folder that was asked for before.
    pub(crate) fn has_plain_file(&self, path: &Utf8Path) -> bool {
        self.has_listed(path, |child| child.kind == Kind::File && !child.is_link)
    }

    /// Whether a path is that of something that is no link, in a folder that was asked for before.
    pub(crate) fn has_no_link(&self, path: &Utf8Path) -> bool {
        // Of what is neither the system may not have said what it is.
        self.has_listed(path, |child| child.kind != Kind::Other && !child.is_link)
    }

    fn has_listed(&self, path: &Utf8Path, is_it: impl FnOnce(&Child) -> bool) -> bool {
        let Some((folder, name)) = path.as_str().rsplit_once('/') else { return false };
        let listing = lock(&self.0).get(folder).cloned();
        listing.is_some_and(|listing| listing.is_ok_and(|listing| listing.child(name).is_some_and(is_it)))
    }

    pub(crate) fn listing(&self, folder: &Utf8Path) -> Listing {
        let mut known = lock(&self.0);
        if let Some(listing) = known.get(folder.as_str()) {
            return listing.clone();
        }
        let listing = Folder::read(folder).map(Arc::new).map_err(Into::into);
        known.insert(folder.as_str().into(), listing.clone());
        listing
    }
}

/// What a panic elsewhere left is whole: nothing panics between two changes.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_holds_files_and_folders() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap();
        fs::create_dir(path.join("below")).unwrap();
        fs::write(path.join("a.py"), "").unwrap();
        let folders = Folders::default();
        assert!(!folders.has_plain_file(&path.join("a.py")), "nobody asked yet");
        assert!(folders.has_file(path, "a.py") && !folders.has_folder(path, "a.py"));
        assert!(folders.has_plain_file(&path.join("a.py")) && !folders.has_plain_file(&path.join("below")));
        assert!(folders.has_no_link(&path.join("below")) && !folders.has_no_link(&path.join("missing")));
        assert!(folders.has_folder(path, "below") && !folders.has_file(path, "below"));
        assert!(folders.is_folder(&path.join("below")) && !folders.is_folder(&path.join("a.py")));
        assert!(!folders.is_folder(&path.join("nowhere")));
    }
}
