//! Parsed files of a tree. Helpers parse ahead of evaluation: the files of the walk in its order, and what they import.
//! What evaluation wants before a helper came to it, it parses itself.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::{self, Scope};

use camino::{Utf8Path, Utf8PathBuf};
use foldhash::HashMap;
use test_catalog::Problem;

use crate::folders::lock;
use crate::imports::{INIT, Import, Imports};
use crate::syntax::SourceFile;
use crate::syntax::ast::{ExprKind, Stmt, StmtKind};
use crate::{read, syntax};

/// More helpers than this would only wait for each other's memory.
const MOST_HELPERS: usize = 7;

type Parsed = Result<Arc<SourceFile>, Problem>;

/// Each file parsed once, by whoever needs it first.
#[derive(Debug)]
pub(crate) struct Sources<'t> {
    tree: &'t Utf8Path,
    imports: &'t Imports,
    /// By path.
    files: Mutex<HashMap<Box<str>, Arc<Slot>>>,
    /// What no helper has taken yet.
    waiting: Mutex<VecDeque<Utf8PathBuf>>,
    asked: AtomicUsize,
}

#[derive(Debug, Default)]
struct Slot {
    parsed: OnceLock<Parsed>,
    /// Whether evaluation asked for it.
    asked: AtomicBool,
}

impl<'t> Sources<'t> {
    /// Of files in the order in which evaluation will want them.
    pub(crate) fn new<'f>(tree: &'t Utf8Path, imports: &'t Imports, order: impl Iterator<Item = &'f Utf8Path>) -> Self {
        Self {
            tree,
            imports,
            files: Mutex::default(),
            waiting: Mutex::new(order.map(Utf8Path::to_owned).collect()),
            asked: AtomicUsize::new(0),
        }
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

    /// Lets the helpers end: nobody will ask for what is left.
    pub(crate) fn stop(&self) {
        lock(&self.waiting).clear();
    }

    /// The parsed file.
    ///
    /// # Errors
    /// It cannot be read, or does not parse.
    pub(crate) fn get(&self, path: &Utf8Path) -> Parsed {
        let slot = self.slot(path).0;
        if !slot.asked.swap(true, Ordering::Relaxed) {
            self.asked.fetch_add(1, Ordering::Relaxed);
        }
        self.parsed(&slot, path).clone()
    }

    /// How many files evaluation asked for.
    pub(crate) fn count(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// The file's place, and whether it is new.
    fn slot(&self, path: &Utf8Path) -> (Arc<Slot>, bool) {
        let mut files = lock(&self.files);
        if let Some(slot) = files.get(path.as_str()) {
            return (slot.clone(), false);
        }
        let slot = Arc::<Slot>::default();
        files.insert(path.as_str().into(), slot.clone());
        (slot, true)
    }

    fn parsed<'s>(&self, slot: &'s Slot, path: &Utf8Path) -> &'s Parsed {
        slot.parsed.get_or_init(|| read::source(path, self.tree))
    }

    fn help(&self) {
        loop {
            let Some(path) = lock(&self.waiting).pop_front() else { return };
            let slot = self.slot(&path).0;
            if let Ok(file) = self.parsed(&slot, &path) {
                self.follow(&path, &file.body);
            }
        }
    }

    /// Puts what a block imports in front of what waits.
    fn follow(&self, from: &Utf8Path, body: &[Stmt]) {
        for statement in body {
            match &statement.kind {
                StmtKind::Import(names) => {
                    names.iter().for_each(|name| self.put_in_front(self.imports.resolve(from, 0, &name.name)));
                }
                StmtKind::ImportFrom { level, module, names } => {
                    let module = module.as_deref().unwrap_or_default();
                    let found = self.imports.resolve(from, *level, module);
                    // Of a package a name may be a module as well.
                    if matches!(&found, Import::File(path) if path.file_name() != Some(INIT)) || found == Import::Outside {
                        self.put_in_front(found);
                        continue;
                    }
                    for name in names {
                        let below =
                            if module.is_empty() { name.name.to_string() } else { format!("{module}.{}", name.name) };
                        self.put_in_front(self.imports.resolve(from, *level, &below));
                    }
                    self.put_in_front(found);
                }
                StmtKind::If { test, body, orelse } => {
                    let for_types = |name: &str| name == "TYPE_CHECKING";
                    let is_run =
                        !matches!(&test.kind, ExprKind::Name(name) | ExprKind::Attribute(_, name) if for_types(name));
                    if is_run {
                        self.follow(from, body);
                    }
                    self.follow(from, orelse);
                }
                StmtKind::Try { body, handlers, orelse, finally } => {
                    [body, orelse, finally].into_iter().for_each(|body| self.follow(from, body));
                    handlers.iter().for_each(|handler| self.follow(from, &handler.body));
                }
                StmtKind::With { body, .. } => self.follow(from, body),
                _ => {}
            }
        }
    }

    fn put_in_front(&self, import: Import) {
        let Import::File(path) = import else { return };
        let mut next = Some(path);
        // Its packages are imported before it.
        while let Some(path) = next {
            if !self.slot(&path).1 {
                return;
            }
            next = self.imports.package_of(&path);
            lock(&self.waiting).push_front(path);
        }
    }
}
