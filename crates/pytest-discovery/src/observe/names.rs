//! What the names of a module mean, as far as its imports say: `np.random.rand` is `numpy.random.rand`.

use std::borrow::Cow;

use foldhash::{HashMap, HashSet};

use crate::syntax::ast::{Alias, Expr, ExprKind, Function, Stmt, StmtKind};
use crate::syntax::visit::{Node, walk};

/// Names that imports bind. One that anything else binds too means nothing that is known.
#[derive(Debug, Clone, Default)]
pub(super) struct Names<'a> {
    imported: HashMap<&'a str, Cow<'a, str>>,
    others: HashSet<&'a str>,
}

impl<'a> Names<'a> {
    /// Those of a module, whatever condition its imports stand under.
    pub(super) fn of(body: &'a [Stmt]) -> Self {
        let mut names = Self::default();
        names.read(body, false);
        names
    }

    /// Those in a function of it.
    pub(super) fn within(&self, def: &'a Function) -> Self {
        let mut names = self.clone();
        names.parameters(def);
        names.read(def.body(), true);
        names
    }

    /// Reads what statements bind. Of a function everything counts, in whatever function inside of it.
    fn read(&mut self, body: &'a [Stmt], is_function: bool) {
        walk(body, &mut |node| match node {
            Node::Statement(statement) => {
                self.statement(statement);
                is_function || !matches!(statement.kind, StmtKind::Function(_) | StmtKind::Class(_))
            }
            // What comprehensions, walruses and lambdas bind.
            Node::Expression(expression) => {
                match &expression.kind {
                    ExprKind::Walrus(target, _) => self.bound(target),
                    ExprKind::Comprehension(comprehension) => {
                        comprehension.clauses.iter().for_each(|clause| self.bound(&clause.target));
                    }
                    ExprKind::Lambda(def) => self.parameters(def),
                    _ => {}
                }
                true
            }
        });
    }

    fn parameters(&mut self, def: &'a Function) {
        self.others.extend(def.parameters.iter().map(|parameter| &*parameter.name));
    }

    fn statement(&mut self, statement: &'a Stmt) {
        match &statement.kind {
            StmtKind::Import(names) => names.iter().for_each(|Alias { name, as_name }| match as_name {
                Some(as_name) => self.import(as_name, Cow::Borrowed(name)),
                // `import a.b` binds `a`.
                None => {
                    let first = name.split('.').next().unwrap_or(name);
                    self.import(first, Cow::Borrowed(first));
                }
            }),
            StmtKind::ImportFrom { level: 0, module: Some(module), names } => {
                for Alias { name, as_name } in names {
                    self.import(as_name.as_deref().unwrap_or(name), Cow::Owned(format!("{module}.{name}")));
                }
            }
            StmtKind::ImportFrom { names, .. } => {
                self.others.extend(names.iter().map(|one| one.as_name.as_deref().unwrap_or(&one.name)));
            }
            StmtKind::Function(def) => {
                self.others.insert(&def.name);
                self.parameters(def);
            }
            StmtKind::Class(class) => {
                self.others.insert(&class.name);
            }
            StmtKind::Assign { targets, .. } => targets.iter().for_each(|target| self.bound(target)),
            StmtKind::AugAssign { target, .. } | StmtKind::AnnAssign { target, .. } => self.bound(target),
            StmtKind::For(one) => self.bound(&one.target),
            StmtKind::With { items, .. } => items.iter().filter_map(|(_, target)| target.as_ref()).for_each(|target| {
                self.bound(target);
            }),
            StmtKind::Try { handlers, .. } => {
                self.others.extend(handlers.iter().filter_map(|handler| handler.name.as_deref()));
            }
            StmtKind::Global(names) | StmtKind::Nonlocal(names) => {
                self.others.extend(names.iter().map(|name| &**name));
            }
            _ => {}
        }
    }

    fn import(&mut self, name: &'a str, path: Cow<'a, str>) {
        match self.imported.get(name) {
            Some(before) if *before != path => {
                self.others.insert(name);
            }
            _ => {
                self.imported.insert(name, path);
            }
        }
    }

    fn bound(&mut self, target: &'a Expr) {
        match &target.kind {
            ExprKind::Name(name) => {
                self.others.insert(name);
            }
            ExprKind::Tuple(items) | ExprKind::List(items) => items.iter().for_each(|item| self.bound(item)),
            ExprKind::Starred(inner) => self.bound(inner),
            // `time.time = fake`: what is below the name is no longer what it was.
            ExprKind::Attribute(of, _) => self.bound(of),
            _ => {}
        }
    }

    /// The dotted path of what an expression names: `numpy.random.rand`; `None` where that is not known.
    pub(super) fn path(&self, expression: &Expr) -> Option<String> {
        match &expression.kind {
            ExprKind::Name(name) => {
                let name = &**name;
                let path = self.imported.get(name).filter(|_| !self.others.contains(name))?;
                Some(path.to_string())
            }
            ExprKind::Attribute(of, name) => Some(format!("{}.{name}", self.path(of)?)),
            _ => None,
        }
    }
}
