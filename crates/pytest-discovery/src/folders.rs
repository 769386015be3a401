//! What folders hold, each read once: imports ask for the same few files thousands of times.

use std::fs;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use camino::Utf8Path;
use foldhash::HashMap;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
}

/// By name; `None` for what is no folder.
type Listing = Option<Arc<HashMap<String, Kind>>>;

/// Folders as they were when they were asked for first, by their paths as texts: a path's own hash takes it apart.
#[derive(Debug, Default)]
pub(crate) struct Folders(Mutex<HashMap<Box<str>, Listing>>);

impl Folders {
    pub(crate) fn is_folder(&self, path: &Utf8Path) -> bool {
        self.listing(path).is_some()
    }

    pub(crate) fn has_file(&self, folder: &Utf8Path, name: &str) -> bool {
        self.has(folder, name, Kind::File)
    }

    pub(crate) fn has_folder(&self, folder: &Utf8Path, name: &str) -> bool {
        self.has(folder, name, Kind::Folder)
    }

    fn has(&self, folder: &Utf8Path, name: &str, kind: Kind) -> bool {
        self.listing(folder).is_some_and(|listing| listing.get(name) == Some(&kind))
    }

    fn listing(&self, folder: &Utf8Path) -> Listing {
        let mut known = lock(&self.0);
        if let Some(listing) = known.get(folder.as_str()) {
            return listing.clone();
        }
        let listing = read(folder).map(Arc::new);
        known.insert(folder.as_str().into(), listing.clone());
        listing
    }
}

/// What a panic elsewhere left is whole: nothing panics between two changes.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read(folder: &Utf8Path) -> Option<HashMap<String, Kind>> {
    let entries = fs::read_dir(folder).ok()?.flatten();
    let kind = |entry: &fs::DirEntry| {
        let found = entry.file_type().ok()?;
        // What a link leads to counts.
        let found = if found.is_symlink() { fs::metadata(entry.path()).ok()?.file_type() } else { found };
        if found.is_dir() { Some(Kind::Folder) } else { found.is_file().then_some(Kind::File) }
    };
    Some(entries.filter_map(|entry| Some((entry.file_name().into_string().ok()?, kind(&entry)?))).collect())
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
        assert!(folders.has_file(path, "a.py") && !folders.has_folder(path, "a.py"));
        assert!(folders.has_folder(path, "below") && !folders.has_file(path, "below"));
        assert!(folders.is_folder(&path.join("below")) && !folders.is_folder(&path.join("a.py")));
        assert!(!folders.is_folder(&path.join("nowhere")));
    }
}
