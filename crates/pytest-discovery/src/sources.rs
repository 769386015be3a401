//! Parsed files of a tree. Helpers parse ahead of evaluation: the files of the walk in its order, and what they import.
//! What evaluation wants before a helper came to it, it parses itself.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread::{self, Scope};

use camino::{Utf8Path, Utf8PathBuf};
use foldhash::HashMap;
use test_catalog::Problem;

use crate::PythonVersion;
use crate::folders::{Folders, lock};
use crate::imports::{INIT, Import, Imports};
use crate::read::Texts;
use crate::syntax::SourceFile;
use crate::syntax::ast::{ExprKind, Stmt, StmtKind};
use crate::walk::{ConftestIgnores, HookVerdict, Kept, ModuleFile, Session};
use crate::{read, syntax};

/// More helpers than this would only wait for each other's memory.
const MOST_HELPERS: usize = 7;

type Parsed = Result<Arc<SourceFile>, Problem>;

/// Each file parsed once, by whoever needs it first.
#[derive(Debug)]
pub(crate) struct Sources<'t> {
    tree: &'t Utf8Path,
    python: PythonVersion,
    texts: Texts,
    folders: Arc<Folders>,
    /// Known once the walk has found all files: what is parsed before is followed then.
    imports: OnceLock<Arc<Imports>>,
    /// By path.
    files: Mutex<HashMap<Box<str>, Arc<Slot>>>,
    waiting: Mutex<Queue>,
    more: Condvar,
    asked: AtomicUsize,
}

/// Files that no helper has taken yet.
#[derive(Debug, Default)]
struct Queue {
    files: VecDeque<Utf8PathBuf>,
    /// Helpers that wait for one.
    idle: usize,
    /// Whether nothing will be added but what these files import.
    is_complete: bool,
}

#[derive(Debug, Default)]
struct Slot {
    parsed: OnceLock<Parsed>,
    /// Whether evaluation asked for it.
    asked: AtomicBool,
}

/// Helpers at work, which end with it.
pub(crate) struct Helpers<'s, 't>(&'s Sources<'t>);

impl Drop for Helpers<'_, '_> {
    fn drop(&mut self) {
        self.0.complete(VecDeque::clear);
    }
}

impl<'t> Sources<'t> {
    pub(crate) fn new(tree: &'t Utf8Path, python: PythonVersion, texts: Texts, folders: Arc<Folders>) -> Self {
        Self {
            tree,
            python,
            texts,
            folders,
            imports: OnceLock::new(),
            files: Mutex::default(),
            waiting: Mutex::default(),
            more: Condvar::new(),
            asked: AtomicUsize::new(0),
        }
    }

    /// Starts a helper for each further processor. One that cannot be started is done without.
    pub(crate) fn start_helpers<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>) -> Helpers<'scope, 't> {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..(processors - 1).min(MOST_HELPERS) {
            let helper = thread::Builder::new().name("parse".to_owned()).stack_size(syntax::STACK_BYTES);
            if helper.spawn_scoped(scope, || self.help()).is_err() {
                break;
            }
        }
        Helpers(self)
    }

    /// All files of the walk are found, and what they import can be followed.
    pub(crate) fn follow_imports(&self, imports: Arc<Imports>) {
        // Nobody else sets them.
        let _ = self.imports.set(imports);
        self.complete(|_| {});
    }

    fn complete(&self, change: impl FnOnce(&mut VecDeque<Utf8PathBuf>)) {
        let mut waiting = lock(&self.waiting);
        change(&mut waiting.files);
        waiting.is_complete = true;
        self.more.notify_all();
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
        if let Some(parsed) = slot.parsed.get() {
            return parsed.clone();
        }
        let parsed = self.parsed(&slot, path).clone();
        // What it imports is wanted next.
        if let (Ok(file), Some(imports)) = (&parsed, self.imports.get()) {
            self.follow(imports, path, &file.body);
        }
        parsed
    }

    /// The same for whoever looks at files beside evaluation.
    ///
    /// # Errors
    /// It cannot be read, or does not parse.
    pub(crate) fn beside(&self, path: &Utf8Path) -> Parsed {
        let slot = self.slot(path).0;
        self.parsed(&slot, path).clone()
    }

    /// Whether evaluation asked for a file.
    pub(crate) fn was_asked(&self, path: &Utf8Path) -> bool {
        lock(&self.files).get(path.as_str()).is_some_and(|slot| slot.asked.load(Ordering::Relaxed))
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
        slot.parsed.get_or_init(|| read::source(path, self.tree, self.python, self.texts, &self.folders))
    }

    fn help(&self) {
        let mut to_follow = Vec::new();
        while let Some(path) = self.next() {
            let slot = self.slot(&path).0;
            if let Ok(file) = self.parsed(&slot, &path) {
                to_follow.push((path, file.clone()));
            }
            if let Some(imports) = self.imports.get() {
                to_follow.drain(..).for_each(|(path, file)| self.follow(imports, &path, &file.body));
            }
        }
    }

    /// The next file to parse, once there is one.
    fn next(&self) -> Option<Utf8PathBuf> {
        let mut waiting = lock(&self.waiting);
        loop {
            if let Some(file) = waiting.files.pop_front() {
                return Some(file);
            }
            if waiting.is_complete {
                return None;
            }
            waiting.idle += 1;
            waiting = self.more.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            waiting.idle -= 1;
        }
    }

    /// Adds a file, and wakes a helper where one waits: to wake nobody is a call of the system, too.
    fn add(&self, add: impl FnOnce(&mut VecDeque<Utf8PathBuf>)) {
        let mut waiting = lock(&self.waiting);
        add(&mut waiting.files);
        if waiting.idle > 0 {
            self.more.notify_one();
        }
    }

    /// Puts what a block imports in front of what waits.
    fn follow(&self, imports: &Imports, from: &Utf8Path, body: &[Stmt]) {
        for statement in body {
            match &statement.kind {
                StmtKind::Import(names) => {
                    names.iter().for_each(|name| self.put_in_front(imports, imports.resolve_anew(from, 0, &name.name)));
                }
                StmtKind::ImportFrom { level, module, names } => {
                    let module = module.as_deref().unwrap_or_default();
                    let found = imports.resolve(from, *level, module);
                    let is_package = match &found {
                        Import::File(path) => path.file_name() == Some(INIT),
                        Import::Namespace(_) => true,
                        Import::Outside => false,
                    };
                    // Of a package a name may be a module as well.
                    for name in names.iter().filter(|_| is_package) {
                        let below =
                            if module.is_empty() { name.name.to_string() } else { format!("{module}.{}", name.name) };
                        self.put_in_front(imports, imports.resolve_anew(from, *level, &below));
                    }
                    self.put_in_front(imports, Some(found));
                }
                StmtKind::If { test, body, orelse } => {
                    let for_types = |name: &str| name == "TYPE_CHECKING";
                    let is_run =
                        !matches!(&test.kind, ExprKind::Name(name) | ExprKind::Attribute(_, name) if for_types(name));
                    if is_run {
                        self.follow(imports, from, body);
                    }
                    self.follow(imports, from, orelse);
                }
                StmtKind::Try { body, handlers, orelse, finally } => {
                    [body, orelse, finally].into_iter().for_each(|body| self.follow(imports, from, body));
                    handlers.iter().for_each(|handler| self.follow(imports, from, &handler.body));
                }
                StmtKind::With { body, .. } => self.follow(imports, from, body),
                _ => {}
            }
        }
    }

    /// What was asked for before was put there then, or is parsed by whoever asked.
    fn put_in_front(&self, imports: &Imports, import: Option<Import>) {
        let Some(Import::File(path)) = import else { return };
        let mut next = Some(path);
        // Its packages are imported before it.
        while let Some(path) = next {
            if !self.slot(&path).1 {
                return;
            }
            next = imports.package_of(&path);
            lock(&self.waiting).files.push_front(path);
        }
    }
}

/// A walk for which conftests say nothing: it gives every file that may be collected, for helpers to parse.
impl Session for &Sources<'_> {
    fn ignores(&mut self, conftest: &Utf8Path, _: &Kept) -> ConftestIgnores {
        self.add(|files| files.push_back(conftest.to_owned()));
        ConftestIgnores::default()
    }

    fn ask_hook(&mut self, _: &Utf8Path, _: &Utf8Path) -> HookVerdict {
        HookVerdict::Silent
    }

    fn found(&mut self, file: &ModuleFile) {
        if file.collector.imports() {
            self.add(|files| files.push_back(file.path.clone()));
        }
    }
}
