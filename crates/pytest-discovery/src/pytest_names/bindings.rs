//! Which names a file gives to something else than pytest.

use foldhash::HashMap;

use super::PYTEST;
use crate::syntax::SourceFile;
use crate::syntax::ast::{Alias, Expr, ExprKind, Function, Pattern, Range, Stmt, StmtKind};
use crate::syntax::visit::{Node, walk};

/// The names that a file binds, in whatever scope.
#[derive(Debug, Default)]
pub(super) struct Bindings<'a> {
    others: HashMap<&'a str, Range>,
    /// The last `from MODULE import *`, unless it is pytest's.
    pub(super) last_star: Option<Range>,
}

impl<'a> Bindings<'a> {
    pub(super) fn of(file: &'a SourceFile) -> Self {
        let mut bindings = Self::default();
        walk(&file.body, &mut |node| {
            match node {
                Node::Statement(statement) => bindings.statement(statement),
                Node::Expression(expression) => bindings.expression(expression),
            }
            true
        });
        bindings
    }

    /// Where the name is first bound to something that is no import of pytest or of a part of it.
    pub(super) fn of_another(&self, name: &str) -> Option<Range> {
        self.others.get(name).copied()
    }

    fn bind(&mut self, name: &'a str, at: Range) {
        self.others.entry(name).or_insert(at);
    }

    fn statement(&mut self, statement: &'a Stmt) {
        let at = statement.range;
        match &statement.kind {
            StmtKind::Function(def) => {
                self.bind(&def.name, at);
                self.parameters(def);
            }
            StmtKind::Class(class) => self.bind(&class.name, at),
            StmtKind::Delete(targets) | StmtKind::Assign { targets, .. } => {
                targets.iter().for_each(|target| self.target(target));
            }
            StmtKind::AugAssign { target, .. } | StmtKind::AnnAssign { target, .. } => self.target(target),
            StmtKind::For(one) => self.target(&one.target),
            StmtKind::With { items, .. } => {
                items.iter().filter_map(|(_, to)| to.as_ref()).for_each(|to| self.target(to))
            }
            StmtKind::Match { cases, .. } => cases.iter().for_each(|case| self.pattern(&case.pattern, at)),
            StmtKind::Try { handlers, .. } => {
                handlers.iter().filter_map(|handler| handler.name.as_deref()).for_each(|name| self.bind(name, at));
            }
            StmtKind::Import(names) => names.iter().for_each(|alias| {
                if bound_to_pytest(alias).is_none() {
                    self.bind(first_part_or_alias(alias), at);
                }
            }),
            StmtKind::ImportFrom { level, module, names } => {
                let is_pytest = *level == 0 && module.as_deref() == Some(PYTEST);
                for alias in names {
                    let bound = alias.as_name.as_deref().unwrap_or(&alias.name);
                    match &*alias.name {
                        "*" if !is_pytest => self.last_star = self.last_star.max(Some(at)),
                        "*" => {}
                        "mark" if is_pytest && bound != PYTEST => {}
                        _ => self.bind(bound, at),
                    }
                }
            }
            StmtKind::Global(names) | StmtKind::Nonlocal(names) => names.iter().for_each(|name| self.bind(name, at)),
            StmtKind::TypeAlias(name) => self.bind(name, at),
            _ => {}
        }
    }

    fn expression(&mut self, expression: &'a Expr) {
        match &expression.kind {
            ExprKind::Walrus(target, _) => self.target(target),
            ExprKind::Lambda(def) => self.parameters(def),
            ExprKind::Comprehension(comprehension) => {
                comprehension.clauses.iter().for_each(|clause| self.target(&clause.target));
            }
            _ => {}
        }
    }

    fn parameters(&mut self, def: &'a Function) {
        def.parameters.iter().for_each(|parameter| self.bind(&parameter.name, def.range));
    }

    /// The names among what is assigned to; an attribute or an element binds none.
    fn target(&mut self, target: &'a Expr) {
        match &target.kind {
            ExprKind::Name(name) => self.bind(name, target.range),
            ExprKind::Tuple(items) | ExprKind::List(items) => items.iter().for_each(|item| self.target(item)),
            ExprKind::Starred(item) => self.target(item),
            _ => {}
        }
    }

    fn pattern(&mut self, pattern: &'a Pattern, at: Range) {
        match pattern {
            Pattern::Value(_) | Pattern::Capture(None) => {}
            Pattern::Capture(Some(name)) => self.bind(name, at),
            Pattern::Structure(names) => names.iter().for_each(|name| self.bind(name, at)),
            Pattern::Or(patterns) => patterns.iter().for_each(|one| self.pattern(one, at)),
        }
    }
}

/// The name that `import pytest`, `import pytest as NAME` or `import pytest.PART` binds to pytest itself.
pub(super) fn bound_to_pytest(alias: &Alias) -> Option<&str> {
    match (&*alias.name, alias.as_name.as_deref()) {
        (PYTEST, Some(name)) => Some(name),
        (name, None) if first_part(name) == PYTEST => Some(PYTEST),
        _ => None,
    }
}

fn first_part_or_alias(alias: &Alias) -> &str {
    alias.as_name.as_deref().unwrap_or_else(|| first_part(&alias.name))
}

fn first_part(dotted: &str) -> &str {
    dotted.split('.').next().unwrap_or(dotted)
}
