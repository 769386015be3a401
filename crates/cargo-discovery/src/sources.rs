//! The files of a tree: the walk, and each Rust file read and parsed once.

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsStr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use ignore::WalkBuilder;
use rayon::prelude::*;
use test_catalog::{Position, Problem, ProblemKind, SourceSpan, TreePath};

use crate::manifest::{self, PlacedManifest};
use crate::syntax::{self, SourceFile, SyntaxError};
use crate::workspace::{Entry, Tree};

/// A file that is longer holds data, not a program.
const LONGEST: u64 = 16 * 1024 * 1024;

/// What the walk found, relative to the tree.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    pub manifests: Vec<Utf8PathBuf>,
    pub rust: BTreeSet<Utf8PathBuf>,
    pub problems: Vec<Problem>,
}

/// Whether a file or folder of the tree is, or holds, a Rust file or a manifest. [`walk`] may leave out what it finds: it
/// looks at names only, because most paths that are asked for are Python's.
pub(crate) fn has_rust(tree: &Utf8Path, path: &Utf8Path) -> bool {
    let mut waiting = vec![tree.join(path).into_std_path_buf()];
    while let Some(path) = waiting.pop() {
        let Ok(entries) = std::fs::read_dir(&path) else {
            if is_of_rust(&path) {
                return true;
            }
            continue;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            if is_of_rust(Path::new(&name)) {
                return true;
            }
            let is_left_out = is_build_output(&name) || name.as_encoded_bytes().starts_with(b".");
            if !is_left_out && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                waiting.push(entry.path());
            }
        }
    }
    false
}

fn is_of_rust(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs") || path.ends_with("Cargo.toml")
}

fn is_build_output(name: &OsStr) -> bool {
    name == "target" || name == "node_modules"
}

/// What lies in a folder, without build outputs, hidden folders and what a `.ignore` file names.
fn entries(folder: &Utf8Path) -> ignore::Walk {
    WalkBuilder::new(folder)
        .standard_filters(false)
        .hidden(true)
        .ignore(true)
        .filter_entry(|entry| {
            let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            entry.depth() == 0
                || !is_folder
                || !(is_build_output(entry.file_name()) || entry.path().join("CACHEDIR.TAG").is_file())
        })
        .build()
}

/// Walks a tree.
pub(crate) fn walk(tree: &Utf8Path) -> Walk {
    let mut walk = Walk::default();
    for entry in entries(tree) {
        let path = match entry {
            Ok(entry) => entry.into_path(),
            Err(error) => {
                walk.problems.push(unreadable(TreePath::new(""), error.to_string()));
                continue;
            }
        };
        // A path that is no UTF-8 is no module of anything: `mod` and manifests cannot name it.
        let Ok(path) = Utf8PathBuf::from_path_buf(path) else { continue };
        let Ok(inside) = path.strip_prefix(tree) else { continue };
        if inside.file_name() == Some("Cargo.toml") && path.is_file() {
            walk.manifests.push(inside.to_owned());
        } else if inside.extension() == Some("rs") && path.is_file() {
            walk.rust.insert(inside.to_owned());
        }
    }
    walk.manifests.sort();
    walk
}

pub(crate) fn unreadable(file: TreePath, message: String) -> Problem {
    Problem { kind: ProblemKind::Unreadable, message, at: SourceSpan::line(file, 1) }
}

/// Reads a text file of the tree.
pub(crate) fn read(tree: &Utf8Path, file: &Utf8Path) -> Result<String, Problem> {
    let path = tree.join(file);
    let length = path.metadata().map_or(0, |facts| facts.len());
    if length > LONGEST {
        let message = format!("the file has {length} bytes, which is more than {LONGEST}");
        return Err(unreadable(TreePath::new(file), message));
    }
    std::fs::read_to_string(path)
        .map_err(|error| unreadable(TreePath::new(file), format!("the file cannot be read: {error}")))
}

/// The tree as it lies on the disk.
pub(crate) struct Disk<'t> {
    pub tree: &'t Utf8Path,
}

impl Tree for Disk<'_> {
    fn is_file(&self, file: &Utf8Path) -> bool {
        self.tree.join(file).is_file()
    }

    fn entries(&self, folder: &Utf8Path) -> Vec<Entry> {
        let Ok(entries) = self.tree.join(folder).read_dir_utf8() else { return Vec::new() };
        let entry = |entry: camino::Utf8DirEntry| Entry {
            is_folder: entry.file_type().is_ok_and(|kind| kind.is_dir()),
            name: entry.file_name().to_owned(),
        };
        let mut entries: Vec<Entry> = entries.flatten().map(entry).collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        entries
    }

    fn manifest(&self, file: &Utf8Path) -> Result<PlacedManifest, Problem> {
        read(self.tree, file)
            .and_then(|text| manifest::read(file, text))
            .map_err(|problem| Problem { kind: ProblemKind::Manifest, ..problem })
    }
}

/// A parsed file, or why it has none.
pub(crate) type Parsed = Result<SourceFile, Problem>;

/// The Rust files of a tree, each parsed once.
pub(crate) struct Sources<'t> {
    tree: &'t Utf8Path,
    parsed: HashMap<Utf8PathBuf, Parsed>,
    /// Files that the walk passed over and a `mod` names.
    late: Mutex<HashMap<Utf8PathBuf, Option<Arc<Parsed>>>>,
}

/// A file of [`Sources`].
pub(crate) enum Found<'s> {
    Walked(&'s Parsed),
    Late(Arc<Parsed>),
}

impl Found<'_> {
    pub(crate) fn as_ref(&self) -> &Parsed {
        match self {
            Found::Walked(parsed) => parsed,
            Found::Late(parsed) => parsed,
        }
    }
}

impl<'t> Sources<'t> {
    /// Parses all files, on the threads of the pool that this is called in.
    pub(crate) fn parse(tree: &'t Utf8Path, files: &BTreeSet<Utf8PathBuf>) -> Self {
        let parsed = files.par_iter().map(|file| (file.clone(), parse(tree, file))).collect();
        Self { tree, parsed, late: Mutex::default() }
    }

    fn late(&self) -> MutexGuard<'_, HashMap<Utf8PathBuf, Option<Arc<Parsed>>>> {
        self.late.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The file, if there is one.
    pub(crate) fn get(&self, file: &Utf8Path) -> Option<Found<'_>> {
        if let Some(parsed) = self.parsed.get(file) {
            return Some(Found::Walked(parsed));
        }
        let mut late = self.late();
        let read = late.entry(file.to_owned()).or_insert_with(|| {
            let exists = self.tree.join(file).is_file();
            exists.then(|| Arc::new(parse(self.tree, file)))
        });
        read.clone().map(Found::Late)
    }

    /// The names of the Rust files right in a folder, without their extension, in order.
    pub(crate) fn beside(&self, folder: &Utf8Path) -> impl Iterator<Item = &str> {
        let inside = self.parsed.keys().filter(move |file| file.parent() == Some(folder));
        let mut names: Vec<&str> = inside.filter_map(|file| file.file_stem()).collect();
        names.sort_unstable();
        names.into_iter()
    }

    /// The text of a file, which need not be Rust.
    pub(crate) fn text(&self, file: &Utf8Path) -> Result<String, Problem> {
        read(self.tree, file)
    }

    pub(crate) fn walked(&self) -> impl Iterator<Item = (&Utf8PathBuf, &SourceFile)> {
        self.parsed.iter().filter_map(|(file, parsed)| Some((file, parsed.as_ref().ok()?)))
    }

    pub(crate) fn files_read(&self) -> usize {
        self.parsed.len() + self.late().values().flatten().count()
    }
}

fn parse(tree: &Utf8Path, file: &Utf8Path) -> Parsed {
    let text = read(tree, file)?;
    syntax::parse(&text).map_err(|SyntaxError { message, at }: SyntaxError| Problem {
        kind: ProblemKind::Syntax,
        message: format!("the file is no Rust: {message}"),
        at: SourceSpan::at(TreePath::new(file), Position { line: at.line.max(1), column: at.column.max(1) }),
    })
}
