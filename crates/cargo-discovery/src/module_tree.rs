//! The modules of one target, from its root file down, and the tests in them.
//!
//! Where the file of a `mod` lies is the Rust reference's, "Module source filenames" and "The path attribute".

mod calls;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};
use test_catalog::{Ignored, Position, Problem, ProblemKind, Reason, SourceSpan, TreePath};

use crate::applied::{self, Resolved};
use crate::attribute::Attribute;
use crate::cfg::{CrateCfg, Predicate, Truth};
use crate::generated::{self, Candidate, Tests};
use crate::lock::Releases;
use crate::macros::TreeMacros;
use crate::manifest::Edition;
use crate::sources::Sources;
use crate::syntax::{Included, Item, ItemKind, Parameter};
use crate::target::normal;
use calls::MacroScope;

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
    pub reached: HashSet<Utf8PathBuf>,
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

/// What the modules of a target are walked with.
#[derive(Clone, Copy)]
pub(crate) struct Surroundings<'w> {
    pub sources: &'w Sources<'w>,
    pub cfg: &'w CrateCfg,
    pub macros: &'w TreeMacros<'w>,
    pub releases: Releases,
    /// The folder of the target's package.
    pub package: &'w Utf8Path,
    pub edition: Edition,
    /// Whether a build script of the package writes tests, as far as its text tells.
    pub generates_tests: bool,
    /// Whether the target is there for its tests: an integration test.
    pub is_of_tests: bool,
}

/// Walks the modules of a target.
pub(crate) fn walk(root: &Utf8Path, surroundings: Surroundings<'_>) -> ModuleTree {
    let mut walker =
        Walker { surroundings, macro_scope: MacroScope::default(), tree: ModuleTree::default(), modules: 0 };
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
        expanded_at: None,
        expansions: 0,
        aliases: Rc::default(),
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
    /// The macro call that the item comes from: its place is that of the call.
    expanded_at: Option<SourceSpan>,
    /// How many expansions it comes out of.
    expansions: usize,
    /// Names that the module's `use`s give.
    aliases: Rc<BTreeMap<String, Vec<String>>>,
}

impl Scope {
    /// The attributes under the names that they have where they come from.
    fn named<'a>(&self, attributes: &'a [Attribute]) -> Cow<'a, [Attribute]> {
        if self.aliases.is_empty() {
            return Cow::Borrowed(attributes);
        }
        attributes.iter().map(|one| one.renamed(&|name| self.aliases.get(name).cloned())).collect()
    }

    fn span(&self, at: Position) -> SourceSpan {
        self.expanded_at.clone().unwrap_or_else(|| SourceSpan::at(self.file.clone(), at))
    }
}

struct Walker<'w> {
    surroundings: Surroundings<'w>,
    macro_scope: MacroScope,
    tree: ModuleTree,
    modules: usize,
}

impl<'w> std::ops::Deref for Walker<'w> {
    type Target = Surroundings<'w>;

    fn deref(&self) -> &Self::Target {
        &self.surroundings
    }
}

impl Walker<'_> {
    fn resolve<'a>(&self, attributes: &'a [Attribute]) -> Resolved<'a> {
        applied::resolve(attributes, &|predicate| self.cfg.evaluate(predicate))
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

    /// The scope with the names that `use`s among the items give, or may give.
    fn with_aliases(&self, items: &[Item], scope: &Scope) -> Scope {
        let mut inside = scope.clone();
        for item in items {
            let ItemKind::Alias { name, path } = &item.kind else { continue };
            let resolved = self.resolve(&item.attributes);
            if self.cfg.evaluate(&Predicate::all(resolved.cfg)) != Truth::No {
                Rc::make_mut(&mut inside.aliases).insert(name.clone(), path.clone());
            }
        }
        inside
    }

    fn items(&mut self, items: &[Item], scope: &Scope) {
        let scope = &self.with_aliases(items, scope);
        for item in items {
            let attributes = scope.named(&item.attributes);
            let resolved = self.resolve(&attributes);
            match &item.kind {
                ItemKind::Function { name, parameters, is_async } => {
                    self.function((name, parameters.as_deref(), *is_async), item.at, &resolved, scope);
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
                    let mark = self.macro_scope.mark();
                    self.items(&content.items, &inside);
                    self.leave(mark, &resolved);
                }
                ItemKind::Module { name, content: None } => {
                    let mark = self.macro_scope.mark();
                    self.module_file(name, item, &resolved, scope);
                    self.leave(mark, &resolved);
                }
                ItemKind::Block(items) => {
                    let mut inside = scope.clone();
                    inside.cfg.extend(resolved.cfg);
                    self.items(items, &inside);
                }
                ItemKind::Include(included) => self.include(included, item.at, &resolved, scope),
                ItemKind::Call(call) => self.call(call, item.at, &resolved, scope),
                ItemKind::Definition(definition) => self.declare(definition, &resolved, scope),
                ItemKind::Alias { .. } => {}
            }
        }
    }

    fn include(&mut self, included: &Included, at: Position, resolved: &Resolved<'_>, scope: &Scope) {
        let mut inside = scope.clone();
        inside.cfg.extend(resolved.cfg.iter().cloned());
        let path = match included {
            Included::FromFile(path) => scope.spelled.parent().unwrap_or(Utf8Path::new("")).join(path),
            Included::FromPackage(path) => self.package.join(path),
            Included::Generated => {
                if self.generates_tests || self.is_of_tests || inside.cfg.iter().any(Predicate::needs_test) {
                    let text = "`include!` of what a build script writes may hold tests".to_owned();
                    let at = scope.span(at);
                    self.one("include!".to_owned(), (None, Truth::Yes), at, &inside, Some(text));
                }
                return;
            }
        };
        inside.is_included = true;
        inside.depth += 1;
        let folder = inside.folder.clone();
        self.spelled_file(path, folder, inside);
    }

    /// At the end of a module, what it declared goes out of scope.
    fn leave(&mut self, mark: usize, resolved: &Resolved<'_>) {
        if !resolved.list.iter().any(|(attribute, _)| attribute.name() == Some("macro_use")) {
            self.macro_scope.leave(mark);
        }
    }

    fn inside(&self, name: &str, at: Position, resolved: &Resolved<'_>, scope: &Scope) -> Scope {
        let mut inside = Scope { aliases: Rc::default(), ..scope.clone() };
        inside.path = format!("{}{}::", scope.path, self.edition.written(name));
        inside.cfg.extend(resolved.cfg.iter().cloned());
        let names = resolved.list.iter().filter_map(|(attribute, _)| attribute.name());
        let may_make_tests = |name: &&str| name.contains("test") || self.macros.is_attribute(name);
        if let Some(attribute) = names.into_iter().find(may_make_tests) {
            let text = format!("`#[{attribute}]` on the module `{name}` decides what its tests become");
            let at = scope.span(at);
            inside.inexact = inside.inexact.or(Some(Reason { text, at }));
        }
        inside
    }

    fn module_file(&mut self, name: &str, item: &Item, resolved: &Resolved<'_>, scope: &Scope) {
        let at = scope.span(item.at);
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

    fn exists(&self, scope: &Scope) -> Truth {
        self.cfg.evaluate(&Predicate::all(scope.cfg.iter().cloned()))
    }

    fn function(
        &mut self,
        (name, parameters, is_async): (&str, Option<&[Parameter]>, bool),
        at: Position,
        resolved: &Resolved<'_>,
        scope: &Scope,
    ) {
        let applied = resolved.list.iter().find(|(attribute, _)| attribute.name() == Some("apply"));
        let candidate = Candidate { attributes: resolved, parameters, is_async };
        let tests = match applied {
            Some((apply, _)) => self.applied(apply, candidate),
            None => generated::tests(candidate, self.releases),
        };
        let at = scope.span(at);
        let mut inside = scope.clone();
        inside.cfg.extend(resolved.cfg.iter().cloned());
        let name = self.edition.written(name);
        let mut names = resolved.list.iter().filter_map(|(attribute, _)| attribute.name());
        let mut others = names.clone();
        match tests {
            // An attribute macro of the tree makes of a function what it likes; one on a test wraps it.
            Tests::None | Tests::Unclear(_)
                if let Some(attribute) = names.find(|name| self.macros.is_attribute(name)) =>
            {
                let text = format!("`#[{attribute}]` of this tree decides what tests it makes");
                self.one(format!("{attribute}!"), (None, Truth::Yes), at, &inside, Some(text));
            }
            Tests::None if let Some(attribute) = others.find(|name| self.macros.is_other_name_of_maker(name)) => {
                let text = format!("`#[{attribute}]` may be another name of an attribute that makes tests");
                self.one(name.to_owned(), applied::ignored(&resolved.list), at, &inside, Some(text));
            }
            Tests::None => {}
            Tests::One => self.one(name.to_owned(), applied::ignored(&resolved.list), at, &inside, None),
            Tests::Cases(cases) => {
                for case in cases {
                    self.one(format!("{name}::{}", case.name), case.ignored, at.clone(), &inside, None);
                }
            }
            Tests::Unclear(why) => {
                self.one(name.to_owned(), applied::ignored(&resolved.list), at, &inside, Some(why));
            }
        }
    }

    /// The tests of a function that takes attributes from a template.
    fn applied(&self, apply: &Attribute, function: Candidate<'_>) -> Tests {
        let name = apply.arguments().rsplit(':').next().unwrap_or_default().trim();
        let Some(template) = self.macros.template(name) else {
            return Tests::Unclear(format!(
                "the template `{name}` of `#[apply]` is not one that is declared once here"
            ));
        };
        let own = self.resolve(template.attributes);
        let (Some(parameters), Some(of_template)) = (function.parameters, template.parameters) else {
            return Tests::Unclear("the parameters of a template cannot be read".to_owned());
        };
        let parameters = generated::merged(parameters, of_template);
        let attributes = generated::with_template(&own, function.attributes);
        let candidate = Candidate { attributes: &attributes, parameters: Some(&parameters), ..function };
        generated::tests(candidate, self.releases)
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
