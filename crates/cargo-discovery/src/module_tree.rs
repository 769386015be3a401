//! The modules of one target, from its root file down, and the tests in them.
//!
//! Where the file of a `mod` lies is the Rust reference's, "Module source filenames" and "The path attribute".

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use test_catalog::{Ignored, Position, Problem, ProblemKind, Reason, SourceSpan, TreePath};

use crate::attribute::Attribute;
use crate::cfg::{CrateCfg, Predicate, Truth};
use crate::macros::TestMacros;
use crate::naming::{self, Resolved, Tests};
use crate::sources::Sources;
use crate::syntax::{Item, ItemKind, MacroCall, Parameter};
use crate::target::normal;

/// How deep modules may nest in files; `#[path]` can make a circle.
const DEEPEST: usize = 128;
/// How many modules a target may have; a file that two `mod`s name counts twice, and so do those below it.
const MOST_MODULES: usize = 50_000;

/// A test as its file and its modules tell it.
#[derive(Debug, Clone)]
pub(crate) struct FoundTest {
    pub name: String,
    pub ignored: Option<Ignored>,
    /// The condition of its existence, without `test`.
    pub cfg: Predicate,
    pub exists: Truth,
    pub at: SourceSpan,
    pub inexact: Option<Reason>,
}

/// What a walk through the modules found.
#[derive(Debug, Default)]
pub(crate) struct ModuleTree {
    pub tests: Vec<FoundTest>,
    /// Every file that some `mod` names, compiled or not.
    pub reached: BTreeSet<Utf8PathBuf>,
    pub problems: Vec<Problem>,
    /// The files with what is written around each, for those who look into the files themselves.
    pub visits: Vec<Visit>,
}

/// A file in a place of the module tree.
#[derive(Debug)]
pub(crate) struct Visit {
    pub file: TreePath,
    /// The file as the compiler names it: with the detours of `#[path]`.
    pub spelled: Utf8PathBuf,
    /// The module's path with `::` behind it, or nothing.
    pub path: String,
    pub cfg: Vec<Predicate>,
    pub inexact: Option<Reason>,
    /// The `mod` that names it; a root has none.
    pub declared: Option<Declaration>,
    /// Whether `include!` put it there.
    pub is_included: bool,
}

/// A `mod name;`
#[derive(Debug, Clone)]
pub(crate) struct Declaration {
    pub file: TreePath,
    pub spelled: Utf8PathBuf,
    pub line: u32,
    pub name: String,
}

/// Walks the modules of a target.
pub(crate) fn walk(root: &Utf8Path, sources: &Sources<'_>, cfg: &CrateCfg<'_>, macros: &TestMacros) -> ModuleTree {
    let mut walker = Walker { sources, cfg, macros, tree: ModuleTree::default(), modules: 0 };
    let folder = root.parent().map(Utf8Path::to_owned).unwrap_or_default();
    let scope = Scope {
        file: TreePath::new(root),
        spelled: root.to_owned(),
        declared: None,
        is_included: false,
        path: String::new(),
        cfg: Vec::new(),
        folder: Folder { path: folder, relative: None },
        inexact: None,
        depth: 0,
    };
    walker.file(root, scope);
    walker.tree
}

/// Where the files of child modules lie.
#[derive(Debug, Clone)]
struct Folder {
    /// What `#[path]` is relative to, with the detours that led there.
    path: Utf8PathBuf,
    /// The folder in it for children without `#[path]`, where the file is not a `mod.rs` or a root.
    relative: Option<String>,
}

impl Folder {
    fn of_children(&self) -> Utf8PathBuf {
        self.relative.as_ref().map_or_else(|| self.path.clone(), |relative| self.path.join(relative))
    }
}

/// What surrounds an item.
#[derive(Debug, Clone)]
struct Scope {
    file: TreePath,
    /// The file as the compiler names it.
    spelled: Utf8PathBuf,
    /// The `mod` that names the file, until that is entered.
    declared: Option<Declaration>,
    is_included: bool,
    /// The module's path with `::` behind it, or nothing.
    path: String,
    cfg: Vec<Predicate>,
    folder: Folder,
    inexact: Option<Reason>,
    depth: usize,
}

struct Walker<'w> {
    sources: &'w Sources<'w>,
    cfg: &'w CrateCfg<'w>,
    macros: &'w TestMacros,
    tree: ModuleTree,
    modules: usize,
}

impl Walker<'_> {
    fn resolve<'a>(&self, attributes: &'a [Attribute]) -> Resolved<'a> {
        naming::resolve(attributes, &|predicate| self.cfg.evaluate(predicate))
    }

    fn problem(&mut self, kind: ProblemKind, message: String, at: SourceSpan) {
        let problem = Problem { kind, message, at };
        if !self.tree.problems.contains(&problem) {
            self.tree.problems.push(problem);
        }
    }

    /// Walks a file; false where there is none.
    fn file(&mut self, path: &Utf8Path, mut scope: Scope) -> bool {
        let Some(found) = self.sources.get(path) else { return false };
        self.tree.reached.insert(path.to_owned());
        self.modules += 1;
        if scope.depth > DEEPEST || self.modules > MOST_MODULES {
            let message = "modules nest without end here: a `#[path]` leads back to a file above it".to_owned();
            self.problem(ProblemKind::Syntax, message, SourceSpan::line(scope.file, 1));
            return true;
        }
        match found.as_ref() {
            Ok(file) => {
                scope.cfg.extend(self.resolve(&file.attributes).cfg);
                self.tree.visits.push(Visit {
                    file: scope.file.clone(),
                    spelled: scope.spelled.clone(),
                    path: scope.path.clone(),
                    cfg: scope.cfg.clone(),
                    inexact: scope.inexact.clone(),
                    declared: scope.declared.take(),
                    is_included: std::mem::take(&mut scope.is_included),
                });
                self.items(&file.items, &scope);
            }
            Err(problem) => self.problem(problem.kind, problem.message.clone(), problem.at.clone()),
        }
        true
    }

    fn items(&mut self, items: &[Item], scope: &Scope) {
        for item in items {
            let resolved = self.resolve(&item.attributes);
            match &item.kind {
                ItemKind::Function { name, parameters } => {
                    self.function(name, parameters.as_deref(), item.at, &resolved, scope);
                }
                ItemKind::Module { name, content: Some(content) } => {
                    let mut inside = self.inside(name, item.at, &resolved, scope);
                    inside.cfg.extend(self.resolve(&content.attributes).cfg);
                    let plain_folder = inside.folder.of_children().join(name.trim_start_matches("r#"));
                    inside.folder.path = match paths(&resolved).next() {
                        Some((path, _)) => inside.folder.path.join(path),
                        None => plain_folder,
                    };
                    inside.folder.relative = None;
                    self.items(&content.items, &inside);
                }
                ItemKind::Module { name, content: None } => self.module_file(name, item, &resolved, scope),
                ItemKind::Block(items) => {
                    let mut inside = scope.clone();
                    inside.cfg.extend(resolved.cfg);
                    self.items(items, &inside);
                }
                ItemKind::Include(Some(path)) => {
                    let mut inside = scope.clone();
                    inside.cfg.extend(resolved.cfg);
                    let beside = scope.file.as_path().parent().unwrap_or(Utf8Path::new("")).join(path);
                    if let Some(file) = normal(&beside) {
                        inside.file = TreePath::new(&file);
                        inside.spelled = scope.spelled.parent().unwrap_or(Utf8Path::new("")).join(path);
                        inside.is_included = true;
                        inside.depth += 1;
                        self.file(&file, inside);
                    }
                }
                ItemKind::Call(call) => self.call(call, item.at, resolved, scope),
                ItemKind::Include(None) | ItemKind::Definition(_) => {}
            }
        }
    }

    fn inside(&self, name: &str, at: Position, resolved: &Resolved<'_>, scope: &Scope) -> Scope {
        let mut inside = scope.clone();
        inside.path = format!("{}{name}::", scope.path);
        inside.cfg.extend(resolved.cfg.iter().cloned());
        let names = resolved.list.iter().filter_map(|(attribute, _)| attribute.name());
        if let Some(attribute) = names.into_iter().find(|name| name.contains("test")) {
            let text = format!("`#[{attribute}]` on the module `{name}` decides what its tests become");
            let at = SourceSpan::at(scope.file.clone(), at);
            inside.inexact = inside.inexact.or(Some(Reason { text, at }));
        }
        inside
    }

    fn module_file(&mut self, name: &str, item: &Item, resolved: &Resolved<'_>, scope: &Scope) {
        let at = SourceSpan::at(scope.file.clone(), item.at);
        let mut inside = self.inside(name, item.at, resolved, scope);
        inside.depth += 1;
        inside.declared = Some(Declaration {
            file: scope.file.clone(),
            spelled: scope.spelled.clone(),
            line: item.at.line,
            name: name.to_owned(),
        });
        let compiled = self.exists(&inside);
        let mut found = false;
        for (path, truth) in paths(resolved) {
            let spelled = scope.folder.path.join(path);
            let Some(file) = normal(&spelled) else { continue };
            let mut inside = inside.clone();
            if truth == Truth::Unknown {
                let text = "which file the module has depends on a condition that is not known".to_owned();
                inside.inexact = Some(Reason { text, at: at.clone() });
            }
            inside.folder = Folder { path: spelled.parent().unwrap_or(Utf8Path::new("")).to_owned(), relative: None };
            inside.file = TreePath::new(&file);
            inside.spelled = spelled;
            found |= self.file(&file, inside);
            if truth == Truth::Yes {
                break;
            }
        }
        if !paths(resolved).any(|(_, truth)| truth == Truth::Yes) {
            let plain = name.trim_start_matches("r#");
            let folder = scope.folder.of_children();
            let own = folder.join(plain);
            let beside = Folder { path: folder.clone(), relative: Some(plain.to_owned()) };
            let is_beside = self.spelled_file(folder.join(format!("{plain}.rs")), beside, inside.clone());
            if !is_beside {
                let file = own.join("mod.rs");
                found |= self.spelled_file(file, Folder { path: own, relative: None }, inside);
            }
            found |= is_beside;
        }
        if !found && compiled == Truth::Yes && scope.inexact.is_none() {
            let message = format!("the module `{name}` has no file in the tree: neither {name}.rs nor {name}/mod.rs");
            self.problem(ProblemKind::Unreadable, message, at);
        }
    }

    /// Walks a file whose path may have detours.
    fn spelled_file(&mut self, spelled: Utf8PathBuf, folder: Folder, mut scope: Scope) -> bool {
        let Some(file) = normal(&spelled) else { return false };
        scope.file = TreePath::new(&file);
        scope.spelled = spelled;
        scope.folder = folder;
        self.file(&file, scope)
    }

    fn call(&mut self, call: &MacroCall, at: Position, resolved: Resolved<'_>, scope: &Scope) {
        let at = SourceSpan::at(scope.file.clone(), at);
        let name = &call.name;
        let mut inside = scope.clone();
        inside.cfg.extend(resolved.cfg);
        let makes_tests = self.macros.makes_tests(name);
        if makes_tests {
            let text = format!("the macro `{name}!` makes tests, and only its expansion names them");
            self.one(format!("{name}!"), (None, Truth::Yes), at.clone(), &inside, Some(text));
        }
        let before = self.tree.tests.len();
        if let Some(items) = &call.items {
            // proptest passes the attributes and the name of each function on.
            if name != "proptest" || self.macros.is_defined(name) {
                let text =
                    format!("the arguments of `{name}!` look like tests, and the macro decides what they become");
                inside.inexact = inside.inexact.or(Some(Reason { text, at: at.clone() }));
            }
            self.items(items, &inside);
        }
        let unread = call.mentions_test && call.items.is_none() && name != "thread_local";
        let named_so = name.contains("test") && !self.macros.is_defined(name);
        if !makes_tests && before == self.tree.tests.len() && (unread || named_so) {
            let text = format!("the macro `{name}!` may make tests");
            self.one(format!("{name}!"), (None, Truth::Yes), at, &inside, Some(text));
        }
    }

    fn exists(&self, scope: &Scope) -> Truth {
        self.cfg.evaluate(&Predicate::all(scope.cfg.iter().cloned()))
    }

    fn function(
        &mut self,
        name: &str,
        parameters: Option<&[Parameter]>,
        at: Position,
        resolved: &Resolved<'_>,
        scope: &Scope,
    ) {
        let at = SourceSpan::at(scope.file.clone(), at);
        let tests = naming::made_by(&resolved.list, parameters);
        if tests == Tests::None {
            return;
        }
        let ignored = naming::ignored(&resolved.list);
        let mut inside = scope.clone();
        inside.cfg.extend(resolved.cfg.iter().cloned());
        match tests {
            Tests::None => {}
            Tests::One => self.one(name.to_owned(), ignored, at, &inside, None),
            Tests::Cases(cases) => {
                for case in cases {
                    self.one(format!("{name}::{case}"), ignored.clone(), at.clone(), &inside, None);
                }
            }
            Tests::Unclear(why) => self.one(name.to_owned(), ignored, at, &inside, Some(why)),
        }
    }

    fn one(
        &mut self,
        name: String,
        (ignored, is_ignored): (Option<Ignored>, Truth),
        at: SourceSpan,
        scope: &Scope,
        why: Option<String>,
    ) {
        let whole = Predicate::all(scope.cfg.iter().cloned());
        let exists = self.cfg.evaluate(&whole);
        let cfg = Predicate::all([whole.under_test()]);
        if cfg == Predicate::Literal(false) {
            return;
        }
        let why = why.or_else(|| match exists {
            Truth::Unknown => Some(format!("whether `{cfg}` holds is decided by a build script or by other packages")),
            _ if is_ignored == Truth::Unknown => {
                Some("whether it is ignored depends on an unknown condition".to_owned())
            }
            _ => None,
        });
        let inexact = why.map(|text| Reason { text, at: at.clone() }).or_else(|| scope.inexact.clone());
        self.tree.tests.push(FoundTest { name: format!("{}{name}", scope.path), ignored, cfg, exists, at, inexact });
    }
}

/// The `#[path]`s that apply or may apply.
fn paths<'r>(resolved: &'r Resolved<'_>) -> impl Iterator<Item = (&'r str, Truth)> {
    resolved.list.iter().filter_map(|(attribute, truth)| match attribute {
        Attribute::Path(path) => Some((path.as_str(), *truth)),
        _ => None,
    })
}
