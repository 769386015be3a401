//! The scripts of a tree: files that scripts of CI run, each read once.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use test_catalog::{Position, Reason, TreePath};

use super::super::directory::Directory;
use super::super::expression::Contexts;
use super::super::template::Template;
use super::super::text::Text;
use super::command::ScriptCommands;
use super::glance::may_run_files;
use super::parser::{Parser, SyntaxError};
use super::source::Source;
use super::syntax::Body;

/// The files of one tree that scripts run may have so many bytes together.
const MOST_BYTES: usize = 1 << 25;

/// What was found in so many scripts is kept.
const MOST_KEPT: usize = 5_000;

/// What is looked for in scripts, and where the files are that they run. One serves all scripts of a tree: files are read
/// and parsed once.
pub struct Scripts<'a> {
    /// The names of programs whose commands are kept.
    pub(super) programs: &'a [&'a str],
    checkouts: &'a [String],
    read: &'a dyn Fn(&TreePath) -> Option<String>,
    known: RefCell<BTreeMap<TreePath, Option<Rc<ScriptFile>>>>,
    bytes_left: Cell<usize>,
    /// By the text of a step's script: whether it may run files.
    glances: RefCell<HashMap<Arc<str>, bool>>,
    /// What was found in each script. Combinations of a matrix and jobs that call the same action differ in little.
    followed: RefCell<HashMap<Script, Result<ScriptCommands, Reason>>>,
}

/// All that decides what is found in the script of a step.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Script {
    pub(super) file: TreePath,
    pub(super) at: Position,
    pub(super) source: Rc<Source>,
    pub(super) directory: Directory,
    pub(super) environment: Vec<(String, Text)>,
}

/// A file that a script runs.
pub(super) struct ScriptFile {
    pub(super) path: TreePath,
    pub(super) source: Rc<Source>,
    /// Set where the first line names the program that reads it.
    interpreter: Option<String>,
    body: RefCell<Option<Result<Rc<Body>, SyntaxError>>>,
    /// See [`Scripts::is_quiet`].
    is_quiet: RefCell<Option<bool>>,
}

/// Why there is no text of a file.
pub(super) enum Missing {
    /// It lies elsewhere.
    Outside,
    /// Where it lies is not known.
    Unknown,
    /// The tree has no such file, or it is no text, or too large.
    Unreadable,
}

impl<'a> Scripts<'a> {
    /// Looks for `programs`, such as `["cargo"]`. `read` gives the text of a file of the tree that is small enough to be
    /// read; `checkouts` are folders of CI's machines that hold the tree, beside the checkout itself.
    #[must_use]
    pub fn new(
        programs: &'a [&'a str],
        checkouts: &'a [String],
        read: &'a dyn Fn(&TreePath) -> Option<String>,
    ) -> Self {
        Self {
            programs,
            checkouts,
            read,
            known: RefCell::default(),
            bytes_left: Cell::new(MOST_BYTES),
            glances: RefCell::default(),
            followed: RefCell::default(),
        }
    }

    /// The file that stands at a place; places of files are told like those of folders.
    pub(super) fn file(&self, place: &Directory) -> Result<Rc<ScriptFile>, Missing> {
        let path = match place {
            Directory::Tree(path) => path.as_str(),
            Directory::Outside(path) => {
                let inside = |checkout: &String| path.strip_prefix(checkout.trim_end_matches('/'))?.strip_prefix('/');
                self.checkouts.iter().find_map(inside).ok_or(Missing::Outside)?
            }
            Directory::Unknown(_) => return Err(Missing::Unknown),
        };
        let path = TreePath::new(path);
        if let Some(known) = self.known.borrow().get(&path) {
            return known.clone().ok_or(Missing::Unreadable);
        }
        let file = (self.read)(&path).and_then(|text| {
            self.bytes_left.set(self.bytes_left.get().checked_sub(text.len())?);
            Some(Rc::new(ScriptFile::new(path.clone(), &text)))
        });
        self.known.borrow_mut().insert(path, file.clone());
        file.ok_or(Missing::Unreadable)
    }

    /// Whether a file surely runs neither one of the programs nor another file, whatever it is given.
    pub(super) fn is_quiet(&self, file: &ScriptFile) -> bool {
        let text = &file.source.text;
        let glance = || self.mentioned_in(text).is_none() && !may_run_files(&file.source);
        *file.is_quiet.borrow_mut().get_or_insert_with(glance)
    }

    /// Whether the script of a step may run files, whatever `${{ }}` gives.
    pub(super) fn may_run_files(&self, script: &Template) -> bool {
        let glance = || may_run_files(&Source::new(script, &Contexts::default()));
        *self.glances.borrow_mut().entry(Arc::clone(&script.scalar.text)).or_insert_with(glance)
    }

    /// What is found in a script, which is followed once.
    pub(super) fn once(
        &self,
        script: Script,
        follow: impl FnOnce(&Script) -> Result<ScriptCommands, Reason>,
    ) -> Result<ScriptCommands, Reason> {
        if let Some(known) = self.followed.borrow().get(&script) {
            return known.clone();
        }
        let found = follow(&script);
        let mut followed = self.followed.borrow_mut();
        if followed.len() < MOST_KEPT {
            followed.insert(script, found.clone());
        }
        found
    }

    /// The first of the programs that a text mentions.
    pub(super) fn mentioned_in(&self, text: &str) -> Option<&'a str> {
        self.programs.iter().copied().find(|program| text.contains(program))
    }
}

impl ScriptFile {
    fn new(path: TreePath, text: &str) -> Self {
        let interpreter = text.strip_prefix("#!").map(|rest| {
            let mut words = rest.lines().next().unwrap_or_default().split_whitespace();
            let program = words.next().unwrap_or_default();
            let name = |program: &str| program.rsplit('/').next().unwrap_or(program).to_owned();
            match name(program).as_str() {
                "env" => name(words.find(|word| !word.starts_with('-') && !word.contains('=')).unwrap_or_default()),
                other => other.to_owned(),
            }
        });
        Self {
            path,
            source: Rc::new(Source::of_file(text)),
            interpreter,
            body: RefCell::default(),
            is_quiet: RefCell::default(),
        }
    }

    /// Whether a shell that is followed reads it where it is started by its name. Without a first line that says so, bash does.
    pub(super) fn is_of_shell(&self) -> bool {
        self.interpreter.as_deref().is_none_or(|name| matches!(name, "bash" | "sh" | "dash" | "ksh"))
    }

    /// Its commands.
    pub(super) fn body(&self) -> Result<Rc<Body>, SyntaxError> {
        let parse = || Parser::new(&self.source).script().map(Rc::new);
        self.body.borrow_mut().get_or_insert_with(parse).clone()
    }
}
