//! Parsed files of a tree. Helpers parse those of the walk ahead of evaluation, in its order; what evaluation wants
//! before a helper came to it, it parses itself.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{self, Scope};

use camino::{Utf8Path, Utf8PathBuf};
use foldhash::fast::RandomState;
use test_catalog::Problem;

use crate::syntax::SourceFile;
use crate::{read, syntax};

/// More helpers than this would only wait for each other's memory.
const MOST_HELPERS: usize = 7;

type Parsed = Result<Arc<SourceFile>, Problem>;

/// The files that the walk found, each parsed once, by whoever needs it first.
#[derive(Debug)]
pub(crate) struct Ahead<'t> {
    tree: &'t Utf8Path,
    files: Vec<(Utf8PathBuf, OnceLock<Parsed>)>,
    /// By the path.
    places: HashMap<Box<str>, usize, RandomState>,
    /// The first file that no helper has taken.
    next: AtomicUsize,
}

impl<'t> Ahead<'t> {
    /// Of files in the order in which evaluation will want them; one that is named twice is one.
    pub(crate) fn new<'f>(tree: &'t Utf8Path, order: impl Iterator<Item = &'f Utf8Path>) -> Self {
        let mut ahead = Self { tree, files: Vec::new(), places: HashMap::default(), next: AtomicUsize::new(0) };
        for file in order {
            if !ahead.places.contains_key(file.as_str()) {
                ahead.places.insert(file.as_str().into(), ahead.files.len());
                ahead.files.push((file.to_owned(), OnceLock::new()));
            }
        }
        ahead
    }

    /// Starts a helper for each further processor. One that cannot be started is done without.
    pub(crate) fn start_helpers<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>) {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..(processors - 1).min(MOST_HELPERS) {
            let helper = thread::Builder::new().stack_size(syntax::STACK_BYTES);
            if helper.spawn_scoped(scope, || self.help()).is_err() {
                break;
            }
        }
    }

    fn help(&self) {
        while let Some((path, parsed)) = self.files.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            parsed.get_or_init(|| read::source(path, self.tree));
        }
    }

    /// Lets the helpers end: nobody will ask for what is left.
    pub(crate) fn stop(&self) {
        self.next.store(self.files.len(), Ordering::Relaxed);
    }
}

/// All files that evaluation asked for, or may.
#[derive(Debug)]
pub(crate) struct Sources<'a> {
    ahead: &'a Ahead<'a>,
    /// Those that imports led to.
    imported: HashMap<Utf8PathBuf, Parsed>,
}

impl<'a> Sources<'a> {
    pub(crate) fn new(ahead: &'a Ahead<'a>) -> Self {
        Self { ahead, imported: HashMap::new() }
    }

    /// The parsed file.
    ///
    /// # Errors
    /// It cannot be read, or does not parse.
    pub(crate) fn get(&mut self, path: &Utf8Path) -> Parsed {
        let read = || read::source(path, self.ahead.tree);
        match self.ahead.places.get(path.as_str()) {
            Some(place) => self.ahead.files[*place].1.get_or_init(read).clone(),
            None => match self.imported.get(path) {
                Some(parsed) => parsed.clone(),
                None => self.imported.entry(path.to_owned()).or_insert(read()).clone(),
            },
        }
    }

    /// How many files those are.
    pub(crate) fn count(&self) -> usize {
        self.ahead.files.len() + self.imported.len()
    }
}
