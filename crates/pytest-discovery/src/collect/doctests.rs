//! Doctests: of text files, and of the docstrings of modules.
//!
//! Source of the rules: `DoctestTextfile` and `DoctestModule` of `_pytest.doctest`, and `DocTestFinder` of Python's
//! `doctest`.

use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

use camino::Utf8Path;
use foldhash::HashSet;
use test_catalog::{NodeId, Problem, ProblemKind, SourceSpan, TreePath};

use super::{Collection, Item, ModuleNode, alike, own_marks};
use crate::doctest::{Refused, has_example};
use crate::eval::alike::Watch;
use crate::eval::shared::Shared;
use crate::eval::value::{Class, Doubt, Function, Module, Names, Value};
use crate::read;
use crate::syntax::ast::{Constant, ExprKind, Stmt, StmtKind};
use crate::walk::ModuleFile;

/// What assigns a docstring.
const DOC: &str = "__doc__";
/// What names more docstrings, or objects that have some.
const TEST: &str = "__test__";

/// One docstring with an example, or what may be one.
struct Found {
    name: String,
    at: SourceSpan,
    doubt: Option<Doubt>,
}

impl Collection<'_, '_> {
    /// A text file is one doctest. Whether it has an example.
    pub(crate) fn doctest_text(&mut self, file: &ModuleFile, node: TreePath, tree: &Utf8Path) -> bool {
        let path = TreePath::relative_to(&file.path, tree).unwrap_or_else(|| TreePath::new(&file.path));
        let at = SourceSpan::line(path.clone(), 1);
        let problem = |kind, message| Problem { kind, message, at: at.clone() };
        let has = match read::text(&file.path) {
            Ok(text) => has_example(&read::python_text(&text)),
            Err(error) => {
                self.problems.push(problem(ProblemKind::Unreadable, format!("cannot be read: {error}")));
                return true;
            }
        };
        match has {
            Ok(false) => return false,
            Ok(true) => {}
            Err(refused) => {
                self.problems.push(problem(ProblemKind::Collection, message(&refused)));
                return true;
            }
        }
        let name = file.path.file_name().unwrap_or_default().to_owned();
        self.doctests(file, &file_node(file, node, path), vec![Found { name, at, doubt: None }])
    }

    /// A file that a hook may collect in a way of its own stands for all of its tests.
    pub(crate) fn other_file(&mut self, file: &ModuleFile, node: TreePath, tree: &Utf8Path) {
        let path = TreePath::relative_to(&file.path, tree).unwrap_or_else(|| TreePath::new(&file.path));
        let at = SourceSpan::line(path.clone(), 1);
        self.doctests(file, &file_node(file, node, path), vec![Found { name: String::new(), at, doubt: None }]);
    }

    /// The docstrings of a module, its functions and classes. Whether one of them is a doctest that the argument selects.
    pub(crate) fn docstrings(&mut self, file: &ModuleFile, node: &Rc<ModuleNode>) -> bool {
        let module = &node.module;
        if module.ended.borrow().is_some() {
            self.lost_import(module);
            return true;
        }
        let name = module.name.clone();
        let mut finder = Finder { module, found: Vec::new(), refused: None, seen: HashSet::default() };
        finder.module(&name);
        if let Some(problem) = finder.refused {
            self.problems.push(problem);
            return true;
        }
        let mut found = finder.found;
        found.sort_by(|one, other| one.name.cmp(&other.name));
        // They begin with the module's name: where that is not known, the file stands for all of them.
        if self.interpreter.imports.takes_any_module() && self.config.ini.consider_namespace_packages {
            found.truncate(1);
            found.iter_mut().for_each(|one| one.name.clear());
        }
        self.doctests(file, node, found)
    }

    fn doctests(&mut self, file: &ModuleFile, node: &Rc<ModuleNode>, found: Vec<Found>) -> bool {
        let doubt = file.doubt.clone().map(Doubt::from).or_else(|| {
            let mut plugins = self.plugins.reaching(&file.path);
            plugins.find_map(|plugin| plugin.other_collector(self.interpreter, &file.path).map(Into::into))
        });
        let hooks = self.plugins.hooks("pytest_itemcollected", Some(&file.path));
        self.told = hooks.into_iter().map(alike::Calls::new).collect();
        let before = self.items.len();
        let wanted = file.narrowed.as_ref().map(|argument| argument.names.as_slice());
        for one in found {
            if wanted.is_some_and(|names| !one.name.is_empty() && names != [one.name.as_str()]) {
                continue;
            }
            let node_id = NodeId::python(&node.node, Some(&*one.name).filter(|name| !name.is_empty()), None);
            let conditions = file.conditions.iter().chain(node.module.conditions.borrow().iter()).cloned().collect();
            let item = Rc::new(Item {
                module: node.clone(),
                classes: Rc::from([]),
                name: one.name.into(),
                id: None,
                function_id: node_id.clone(),
                node_id,
                function: None,
                own: own_marks::OwnMarks::default(),
                chain: Rc::from([]),
                open: None,
                hooks: Shared::default(),
                fixtures: Rc::from([]),
                names: Shared::default(),
                parameters: Box::default(),
                shadow: Box::default(),
                conditions: Shared::new(conditions),
                several: OnceCell::new(),
                span: one.at,
                doubt: Shared::new(one.doubt.or_else(|| doubt.clone())),
                sites: Arc::default(),
                param_at: None,
                config: self.session.config.clone(),
                watch: Watch::default(),
            });
            self.tell(&item);
            self.items.push(item);
        }
        self.items.len() > before
    }
}

fn file_node(file: &ModuleFile, node: TreePath, path: TreePath) -> Rc<ModuleNode> {
    Rc::new(ModuleNode {
        path: file.path.clone(),
        node,
        module: Rc::new(Module::of_text(&file.path, path)),
        ignored_by: file.ignored_by.clone(),
    })
}

/// Looks for docstrings in what a module defines.
struct Finder<'m> {
    module: &'m Rc<Module>,
    found: Vec<Found>,
    refused: Option<Problem>,
    /// What has two names is looked at under the first.
    seen: HashSet<*const ()>,
}

impl Finder<'_> {
    fn module(&mut self, name: &str) {
        let doubt = self.module.open.borrow().clone();
        let names = self.module.scope.names.borrow();
        self.docstring(name, &self.doc_of(&names, &self.module.file.body), self.line(1), doubt.as_ref());
        for (bound, binding) in names.iter() {
            let doubt = binding.doubt.as_ref().or(doubt.as_ref());
            match &binding.value {
                Value::Unknown(unknown) if self.may_define(bound) => {
                    self.found.push(Found {
                        name: format!("{name}.{bound}"),
                        at: unknown.at.clone(),
                        doubt: Some(unknown.clone()),
                    });
                }
                Value::Property(_) => {}
                value => self.value(&format!("{name}.{bound}"), value, doubt),
            }
        }
        match names.get(TEST).map(|binding| &binding.value) {
            None => {}
            Some(Value::Dict(dict)) => match &*dict.0.borrow() {
                Ok(pairs) => {
                    for (key, value) in pairs {
                        let Some(key) = key.as_str() else { continue };
                        let name = format!("{name}.{TEST}.{key}");
                        match value {
                            Value::Str(_) => {
                                let text = value.as_str().map(str::to_owned);
                                self.docstring(&name, &Doc::Known(text), self.line(1), doubt.as_ref());
                            }
                            value => self.value(&name, value, doubt.as_ref()),
                        }
                    }
                }
                Err(unknown) => self.refuse(format!("may have more doctests: {}", unknown.text), unknown.at.clone()),
            },
            Some(Value::Unknown(unknown)) => {
                self.refuse(format!("may have more doctests: {}", unknown.text), unknown.at.clone());
            }
            Some(_) => self.refuse("has a `__test__` that is no dictionary of docstrings".to_owned(), self.line(1)),
        }
    }

    /// A function, or a class and what it has.
    fn value(&mut self, name: &str, value: &Value, doubt: Option<&Doubt>) {
        match value {
            Value::Function(function) => self.function(name, function, doubt),
            Value::StaticMethod(inner) | Value::ClassMethod(inner) => self.value(name, inner, doubt),
            Value::Property(property) => self.value(name, &property.getter, doubt),
            Value::Fixture(fixture) => self.value(name, &fixture.function, doubt),
            // Each is an object of its own.
            Value::Method(method) => {
                if let Value::Function(function) = &method.1 {
                    self.seen.remove(&Rc::as_ptr(function).cast());
                    self.function(name, function, doubt);
                }
            }
            Value::Class(class) => self.class(name, class, doubt),
            _ => {}
        }
    }

    fn function(&mut self, name: &str, function: &Rc<Function>, doubt: Option<&Doubt>) {
        if !Rc::ptr_eq(&function.module, self.module) || !self.seen.insert(Rc::as_ptr(function).cast()) {
            return;
        }
        let (open, signature) = (function.open(), function.signature_doubt());
        let doubt = doubt.or(open.as_ref()).or(signature.as_ref());
        let at = self.module.file.span(function.def.range);
        self.docstring(name, &self.doc_of_function(function), at, doubt);
    }

    fn class(&mut self, name: &str, class: &Rc<Class>, doubt: Option<&Doubt>) {
        let names = class.names.borrow();
        let is_here = class.file.path == self.module.file.path && !names.contains_key("__module__");
        if !is_here || !self.seen.insert(Rc::as_ptr(class).cast()) {
            return;
        }
        let (bases, open, more) = (class.doubt.borrow(), class.open.borrow(), class.more.borrow());
        let doubt = doubt.or(bases.as_ref()).or(open.as_ref()).or(more.as_ref());
        let at = self.module.file.span(class.def.range);
        self.docstring(name, &self.doc_of(&names, &class.def.body), at, doubt);
        for (bound, binding) in names.iter() {
            self.value(&format!("{name}.{bound}"), &binding.value, binding.doubt.as_ref().or(doubt));
        }
    }

    fn docstring(&mut self, name: &str, doc: &Doc, at: SourceSpan, doubt: Option<&Doubt>) {
        let (text, doubt) = match doc {
            Doc::Known(text) => (text.as_deref().unwrap_or_default(), doubt),
            Doc::Unknown(unknown) => (">>> unknown", Some(unknown)),
        };
        match has_example(text) {
            Ok(true) => self.found.push(Found { name: name.to_owned(), at, doubt: doubt.cloned() }),
            Ok(false) => {}
            Err(refused) => self.refuse(message(&refused), at),
        }
    }

    fn refuse(&mut self, message: String, at: SourceSpan) {
        self.refused.get_or_insert(Problem { kind: ProblemKind::Collection, message, at });
    }

    /// `__doc__` of a function: of the one that it wraps, if nobody assigned another.
    fn doc_of_function(&self, function: &Function) -> Doc {
        if let Some(doc) = assigned(&function.attributes.borrow()) {
            return doc;
        }
        match &function.wrapped() {
            Some(inner) => self.doc_of_function(inner),
            None => Doc::Known(literal(function.def.body())),
        }
    }

    fn doc_of(&self, names: &Names, body: &[Stmt]) -> Doc {
        assigned(names).unwrap_or_else(|| Doc::Known(literal(body)))
    }

    /// Whether the module's text defines something of that name with an example.
    fn may_define(&self, name: &str) -> bool {
        self.module.file.text().is_none_or(|text| text.contains(">>>")) && defines(&self.module.file.body, name)
    }

    fn line(&self, line: u32) -> SourceSpan {
        SourceSpan::line(self.module.file.path.clone(), line)
    }
}

enum Doc {
    Known(Option<String>),
    Unknown(Doubt),
}

fn assigned(names: &Names) -> Option<Doc> {
    let binding = names.get(DOC)?;
    Some(match (&binding.doubt, &binding.value) {
        (Some(doubt), _) | (None, Value::Unknown(doubt)) => Doc::Unknown(doubt.clone()),
        (None, value) => Doc::Known(value.as_str().map(str::to_owned)),
    })
}

/// The string that a body begins with.
fn literal(body: &[Stmt]) -> Option<String> {
    match &body.first()?.kind {
        StmtKind::Expr(one) => match &one.kind {
            ExprKind::Constant(Constant::Str(text)) => text.as_str().map(str::to_owned),
            _ => None,
        },
        _ => None,
    }
}

fn defines(body: &[Stmt], name: &str) -> bool {
    body.iter().any(|statement| match &statement.kind {
        StmtKind::Function(def) => *def.name == *name,
        StmtKind::Class(def) => *def.name == *name,
        StmtKind::If { body, orelse, .. } => defines(body, name) || defines(orelse, name),
        StmtKind::Try { body, handlers, orelse, finally } => {
            [body, orelse, finally].into_iter().any(|block| defines(block, name))
                || handlers.iter().any(|handler| defines(&handler.body, name))
        }
        StmtKind::With { body, .. } => defines(body, name),
        _ => false,
    })
}

fn message(refused: &Refused) -> String {
    format!("has no doctests, since one {}", refused.0)
}
